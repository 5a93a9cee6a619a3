"""A report of `igoudar.power` said pair by pair, so that it can be held against a plain count."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from igoudar.power import Crowd, Double, Element, Graph, Report, Single
from igoudar.power.report import Kind, Push, Which
from tests.unit.power_oracle import Failure

Harm = tuple[float, dict[str, float]]
"""W lost and the load of what is overloaded."""
Pair = tuple[Failure, Failure]


def members(graph: Graph, element: Element, only_w: float | None = None) -> Iterator[Failure]:
    """The failures that an element stands for; a unit of several things once for each."""
    if element.kind is Kind.UNIT:
        counts = {unit.name: unit.count for unit in graph.units}
        for name in element.names:
            yield from [("unit", name)] * counts[name]
        return
    for rack in graph.racks:
        if rack.name not in element.names:
            continue
        if element.psus is None:
            yield ("feed", rack.name, element.feed)
            continue
        watts = {w for w, _ in element.psus.watts if only_w in (None, w)}
        for device in rack.devices:
            same = tuple(psu.feed for psu in device.psus) == element.psus.feeds
            if same and device.psus_needed == element.psus.needed and device.allocated_w in watts:
                yield ("psu", rack.name, device.name, element.psus.at)


def rack_of(failure: Failure) -> str:
    return "" if failure[0] == "unit" else str(failure[1])


def harm(graph: Graph, said: Single | Double, failure: Failure) -> Harm:
    """`failure`: the one whose rack and device it is about, the last metre's if there is one."""
    over: dict[str, float] = {}
    for overload in said.overloads:
        if not overload.racks:
            over[overload.name] = overload.load_w - overload.limit_w
        for rack in overload.racks:
            if rack_of(failure) in ("", rack):
                over[f"{rack}/{overload.name}"] = overload.load_w - overload.limit_w
    if not said.losses:
        return 0.0, over
    if failure[0] == "psu":
        devices = {(rack.name, device.name): device for rack in graph.racks for device in rack.devices}
        return devices[str(failure[1]), str(failure[2])].allocated_w, over
    if failure[0] == "feed":
        return next(loss.low_w for loss in said.losses if rack_of(failure) in loss.racks), over
    return said.lost_w[0], over


def singles(graph: Graph, report: Report) -> Iterator[tuple[Failure, Harm]]:
    for single in report.singles:
        for failure in members(graph, single.element):
            yield failure, harm(graph, single, failure)


def doubles(graph: Graph, report: Report) -> Iterator[tuple[Pair, Harm]]:
    for double in report.doubles:
        for pair in pairs_of(graph, double):
            yield pair, harm(graph, double, pair[1])
    for crowd in report.crowds:
        yield from crowded(graph, crowd)


def pairs_of(graph: Graph, double: Double) -> Iterator[Pair]:
    first, second = [*members(graph, double.first)], [*members(graph, double.second)]
    if double.which is Which.SAME_UNIT:
        yield from combinations(first, 2)
        return
    for one in first:
        for two in second:
            if double.which is Which.SAME_RACK and rack_of(one) != rack_of(two):
                continue
            if double.which is Which.SAME_DEVICE and one[:3] != two[:3]:
                continue
            yield one, two


def crowded(graph: Graph, crowd: Crowd) -> Iterator[tuple[Pair, Harm]]:
    assert crowd.worst_over.excess_w > 0
    single: list[tuple[int, Push, Failure]] = []
    for at, push in enumerate(crowd.members):
        only = push.w if push.element.psus else None
        single += [(at, push, failure) for failure in members(graph, push.element, only)]
    for (place, push, one), (other, more, two) in combinations(single, 2):
        total = crowd.load_w + push.push_w + more.push_w
        if total - crowd.limit_w <= 1e-6 + 1e-9 * total or (place, other) in crowd.apart:
            continue
        if one[0] == two[0] == "unit" and place == other:
            continue
        same_rack = rack_of(one) == rack_of(two) != ""
        if same_rack and ("feed" in (one[0], two[0]) or one[:3] == two[:3]):
            continue
        if crowd.racks and not same_rack:
            continue
        name = f"{rack_of(one)}/{crowd.name}" if crowd.racks else crowd.name
        yield (one, two), (0.0, {name: total - crowd.limit_w})
