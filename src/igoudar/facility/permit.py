"""May these units be taken out now: the answer as a permit to work says it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from igoudar.errors import BadInput, Finding, Where, first_and_more, nearest
from igoudar.facility.graph import power_graph
from igoudar.model import Inventory
from igoudar.power import Graph, Outage, Overload, analyse, faults, lines, outage
from igoudar.quantities import POWER, shown


@dataclass(frozen=True, slots=True)
class Permit:
    """`units` as they were asked for: one thing of each, named twice two.

    `left`: by unit how many of its things are left. `last_feeds`: (rack, letter) that live in racks that
    lose a feed. `unbuffered`: what such a battery would carry over a break.
    """

    units: tuple[str, ...]
    left: tuple[tuple[str, int, int], ...]
    outage: Outage
    last_feeds: tuple[tuple[str, str], ...]
    unbuffered: tuple[str, ...]

    @property
    def granted(self) -> bool:
        return self.outage.harmless


def permit(inventory: Inventory, units: Sequence[str], where: str) -> Permit:
    """Raises BadInput for units that there are not, and for a plant whose graph cannot be read."""
    plant = inventory.plant
    graph = readable_graph(inventory, where)
    if unknown := [*_unknown(inventory, units, where)]:
        raise BadInput(unknown)
    found = outage(graph, units)
    left = tuple(
        (name, plant.units[name].count - list(units).count(name), plant.units[name].count)
        for name in dict.fromkeys(units)
    )
    dead = set(found.feeds)
    hit = {rack for rack, _ in found.feeds}
    last = tuple(
        sorted(
            (rack.name, letter)
            for rack in graph.racks
            if rack.name in hit
            for letter, _ in rack.feeds
            if (rack.name, letter) not in dead
        )
    )
    bridges = {name for name in units if plant.bridges(name)}
    bridged = (unit for unit in plant.units.values() if unit.power and bridges & set(unit.power.units))
    return Permit(tuple(units), left, found, last, tuple(sorted(unit.name for unit in bridged)))


def readable_graph(inventory: Inventory, where: str) -> Graph:
    """Raises BadInput for a site without units, and where the graph has faults."""
    site = inventory.site
    if not inventory.plant.units:
        said = f"{site.name} has no units"
        raise BadInput([Finding("no-units", site.where, said, "a section 'units' in a file of the site")])
    graph = power_graph(inventory)
    if wrong := faults(graph):
        raise BadInput(Finding(f.code, f.where or Where(where), f.message, f.expected, f.hint) for f in wrong)
    return graph


def every_failure(inventory: Inventory, where: str) -> tuple[list[str], list[str]]:
    """What single failures lose or overload, and what two do together, one line for all of like kinds."""
    graph = readable_graph(inventory, where)
    report = analyse(graph)
    singles = []
    for single in report.singles:
        lost = f"up to {shown(POWER, single.lost_w[1])} lost" if single.losses else ""
        over = ", ".join(map(str, single.overloads))
        singles.append(f"{single.element}: {'; '.join(filter(None, (lost, over)))}")
    return sorted(singles), [str(line) for line in lines(report, graph.kinds())]


def _unknown(inventory: Inventory, units: Iterable[str], where: str) -> Iterator[Finding]:
    plant = inventory.plant
    for name in dict.fromkeys(units):
        count = list(units).count(name)
        if name not in plant.units:
            said = f"there is no unit {name!r}"
            expected = "a name under 'units'"
            yield Finding("unknown-unit", Where(where), said, expected, nearest(name, plant.units))
        elif count > plant.units[name].count:
            said = f"{name} is named {count} times"
            expected = f"at most {plant.units[name].count}, as many as there are"
            yield Finding("more-than-there-are", Where(where), said, expected)


def text(permit: Permit, site: str, day: str) -> Iterator[str]:
    """Line by line, for paper."""
    yield f"Permit to work, {site}, {day}"
    yield ""
    for name, left, count in permit.left:
        yield f"out: {name}" + (f", {left} of {count} are left" if count > 1 else "")
    yield f"may be taken out: {'yes' if permit.granted else 'NO'}"
    yield from _section("lost", [*_losses(permit)])
    yield from _section("overloaded", [*_overloads(permit.outage.overloads)])
    yield from _section("loses a feed", [*_feeds(permit.outage.feeds)])
    if permit.unbuffered:
        yield from _section("carries nothing over a break", list(permit.unbuffered))
    yield from _section("must not fail meanwhile", [*_standing(permit)])


def _section(title: str, lines: list[str]) -> Iterator[str]:
    yield ""
    yield f"{title}:" if lines else f"{title}: nothing"
    yield from (f"  {line}" for line in lines)


def _losses(permit: Permit) -> Iterator[str]:
    for loss in permit.outage.losses:
        each = f"{shown(POWER, loss.low_w)} in " + ("each of " if len(loss.racks) > 1 else "")
        yield f"{each}{_run(loss.racks)}"


def _overloads(overloads: Iterable[Overload]) -> Iterator[str]:
    """Feeds that carry the same in one line, with all their racks."""
    racks: dict[tuple[str, float, float], list[str]] = defaultdict(list)
    for over in overloads:
        if over.racks:
            racks[over.name, over.load_w, over.limit_w] += over.racks
        else:
            yield str(over)
    for (name, load_w, limit_w), names in racks.items():
        each = "each " if len(names) > 1 else ""
        yield f"feed {name} of {_run(names)}: {each}{load_w:.0f} W of {limit_w:.0f} W"


def _feeds(feeds: Iterable[tuple[str, str]]) -> Iterator[str]:
    """By letter, with the racks."""
    racks: dict[str, list[str]] = defaultdict(list)
    for rack, letter in feeds:
        racks[letter].append(rack)
    for letter, names in sorted(racks.items()):
        yield f"feed {letter} of {_run(names)}"


def _standing(permit: Permit) -> Iterator[str]:
    for name, watts in permit.outage.must_stand:
        yield f"{name}: " + (f"{shown(POWER, watts)} would be lost" if watts else "an overload would follow")
    for line in _feeds(permit.last_feeds):
        yield f"{line}, with its cords and power supplies"


MOST = 8


def _run(names: Iterable[str]) -> str:
    return first_and_more(sorted(names), MOST)


def as_json(permit: Permit) -> dict[str, object]:
    out = permit.outage
    return {
        "units": list(permit.units),
        "granted": permit.granted,
        "lost_w": out.lost_w,
        "losses": [{"racks": list(loss.racks), "w": loss.low_w} for loss in out.losses],
        "overloads": [
            {"name": over.name, "racks": list(over.racks), "load_w": over.load_w, "limit_w": over.limit_w}
            for over in out.overloads
        ],
        "feeds": [{"rack": rack, "feed": letter} for rack, letter in out.feeds],
        "must_stand": [{"unit": name, "lost_w": watts} for name, watts in out.must_stand],
        "unbuffered": list(permit.unbuffered),
        "last_feeds": [{"rack": rack, "feed": letter} for rack, letter in permit.last_feeds],
    }
