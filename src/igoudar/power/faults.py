"""What makes a graph unreadable, and what is wrong with one that can be read before anything fails."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from igoudar.errors import nearest
from igoudar.power.graph import LEGS, Fault, Graph, Loop, Rack, Unit

Thing = Unit | Rack | Loop


def faults(graph: Graph) -> tuple[Fault, ...]:
    """All that must be mended before load flows; sorted. Nothing else of this package takes such a graph."""
    found = [*_names(graph), *_numbers(graph), *_references(graph)]
    if not found:
        found += [*_rings(graph), *_cooling(graph)]
    return tuple(sorted(found, key=lambda fault: (fault.name, fault.code, fault.message)))


def _fault(code: str, thing: Thing, message: str, expected: str = "", hint: str = "") -> Fault:
    return Fault(code, thing.name, message, expected, hint, thing.where)


def _names(graph: Graph) -> Iterator[Fault]:
    for things in (graph.units, graph.racks, graph.loops):
        seen: set[str] = set()
        for thing in things:
            if thing.name in seen:
                yield _fault("duplicate-name", thing, f"{thing.name} is there twice", "a name of its own")
            seen.add(thing.name)
    for rack in graph.racks:
        yield from _repeated(rack, "device", [device.name for device in rack.devices])
        yield from _repeated(rack, "feed", [letter for letter, _ in rack.feeds])
    for unit in graph.units:
        yield from _repeated(unit, "input", list(unit.inputs()))


def _repeated(thing: Thing, what: str, names: list[str]) -> Iterator[Fault]:
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield _fault("duplicate-name", thing, f"{what} {name} of {thing.name} is there twice", "each once")


def _numbers(graph: Graph) -> Iterator[Fault]:
    for unit in graph.units:
        for name in ("capacity_w", "capacity_va", "breaker_w"):
            yield from _amount(unit, name, getattr(unit, name), above=True)
        for name in ("loss_share", "loss_fixed_w", "draw_w", "water_l_per_kwh"):
            yield from _amount(unit, name, getattr(unit, name))
        yield from _share(unit, "draw_share", unit.draw_share)
        yield from _share(unit, "power_factor", unit.power_factor)
        if unit.source is not None and unit.source.capacity_factor is not None:
            yield from _share(unit, "capacity_factor", unit.source.capacity_factor)
        if not 1 <= unit.needed <= unit.count:
            said = f"{unit.name} needs {unit.needed} of {unit.count}"
            yield _fault("needs-more-than-there-are", unit, said, f"1 to {unit.count}")
        yield from _curve(unit)
    for rack in graph.racks:
        for letter, watts in rack.feed_w:
            yield from _amount(rack, f"feed_w of {letter}", watts, above=True)
        yield from _share(rack, "liquid_share", rack.liquid_share)
        for device in rack.devices:
            yield from _amount(rack, f"{device.name}: allocated_w", device.allocated_w)
            yield from _amount(rack, f"{device.name}: psu_w", device.psu_w, above=True)


def _amount(thing: Thing, name: str, value: float | None, *, above: bool = False) -> Iterator[Fault]:
    if value is not None and (not math.isfinite(value) or value < 0 or (above and value == 0)):
        expected = "a finite number above 0" if above else "a finite number, at least 0"
        yield _fault("not-an-amount", thing, f"{name} of {thing.name} is {value:g}", expected)


def _share(thing: Thing, name: str, value: float) -> Iterator[Fault]:
    if not 0 <= value <= 1 or (name == "power_factor" and value == 0):  # NaN is neither
        yield _fault("not-a-share", thing, f"{name} of {thing.name} is {value:g}", "a number from 0 to 1")


def _curve(unit: Unit) -> Iterator[Fault]:
    heats = [celsius for celsius, _ in unit.cooling]
    if not all(math.isfinite(c) and math.isfinite(w) and w >= 0 for c, w in unit.cooling):
        yield _fault("not-an-amount", unit, f"cooling of {unit.name} has no finite numbers", "°C and W")
    elif any(low >= high for low, high in pairwise(heats)):
        said = f"the ambient temperatures of the cooling of {unit.name} do not rise"
        yield _fault("curve-does-not-rise", unit, said, "each above the one before")


def _references(graph: Graph) -> Iterator[Fault]:
    units, loops = {unit.name for unit in graph.units}, {loop.name for loop in graph.loops}
    for unit in graph.units:
        yield from _known(unit, "unit", unit.inputs(), units)
        yield from _known(unit, "loop", filter(None, (unit.heats, unit.cools)), loops)
        yield from _fed(unit)
    for loop in graph.loops:
        yield from _known(loop, "loop", filter(None, (loop.rejects_to,)), loops)
    for rack in graph.racks:
        yield from _known(rack, "unit", (name for _, name in rack.feeds), units)
        yield from _known(rack, "loop", filter(None, (rack.air, rack.liquid)), loops)
        yield from _psus(rack)


def _known(thing: Thing, what: str, names: Iterable[str], known: set[str]) -> Iterator[Fault]:
    for name in names:
        if name not in known:
            said = f"{thing.name} names the {what} {name}, which there is not"
            yield _fault(f"unknown-{what}", thing, said, f"a {what} of the graph", nearest(name, known))


def _fed(unit: Unit) -> Iterator[Fault]:
    empty = any(given is not None and not given.units for given in (unit.power, unit.water))
    if empty or (unit.power is None and unit.source is None):
        said = f"{unit.kind} {unit.name} has no feed and is no source"
        yield _fault("no-feed", unit, said, "what it is fed from", "name its input, or say what source it is")
    if unit.source is not None and unit.power is not None:
        said = f"{unit.kind} {unit.name} is a source and has a feed"
        yield _fault("source-with-feed", unit, said, "one of the two")


def _psus(rack: Rack) -> Iterator[Fault]:
    letters = {letter for letter, _ in rack.feeds}
    for device in rack.devices:
        who = f"{device.name} in {rack.name}"
        for feed in sorted({psu.feed for psu in device.psus} - letters):
            said = f"a PSU of {who} is on feed {feed}"
            yield _fault("unknown-feed", rack, said, f"one of {', '.join(sorted(letters)) or 'none'}")
        for leg in sorted({psu.leg for psu in device.psus} - {"", *LEGS}):
            yield _fault("unknown-leg", rack, f"a PSU of {who} is on leg {leg}", f"one of {', '.join(LEGS)}")
        if not 1 <= device.psus_needed <= max(len(device.psus), 1):
            said = f"{who} needs {device.psus_needed} of {len(device.psus)} PSUs"
            yield _fault("needs-more-than-there-are", rack, said, f"1 to {len(device.psus)}")
        if not device.psus and device.allocated_w > 0:
            yield _fault("no-psu", rack, f"{who} draws {device.allocated_w:g} W and has no PSU", "a PSU")


def _rings(graph: Graph) -> Iterator[Fault]:
    units = {unit.name: unit for unit in graph.units}
    loops = {loop.name: loop for loop in graph.loops}
    for chain in _circles({name: tuple(unit.inputs()) for name, unit in units.items()}):
        said = f"{' from '.join([*chain, chain[0]])}: the chain closes on itself"
        yield _fault("loop-in-chain", units[chain[0]], said, "a chain that ends at a source")
    onward = {name: (loop.rejects_to,) if loop.rejects_to else () for name, loop in loops.items()}
    for chain in _circles(onward):
        said = f"{' to '.join([*chain, chain[0]])}: heat goes round"
        yield _fault("loop-in-chain", loops[chain[0]], said, "a loop that gives its heat to the outside")


def _circles(onward: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """One circle for each that a walk in order of names meets, from its least name on."""
    done: set[str] = set()
    for start in sorted(onward):
        path: dict[str, int] = {}
        stack = [(start, iter(onward[start]))] if start not in done else []
        if stack:
            path[start] = 0
        while stack:
            name, nexts = stack[-1]
            after = next(nexts, None)
            if after is None:
                stack.pop()
                done.add(name)
                del path[name]
            elif after in path:
                circle = [*path][path[after] :]
                least = circle.index(min(circle))
                yield (*circle[least:], *circle[:least])
            elif after not in done:
                path[after] = len(stack)
                stack.append((after, iter(onward[after])))


def _cooling(graph: Graph) -> Iterator[Fault]:
    for unit in graph.units:
        if unit.cools and not unit.cooling:
            said = f"{unit.name} cools {unit.cools} and takes no heat"
            yield _fault("no-cooling-capacity", unit, said, "heat in W by ambient temperature")
        elif unit.cooling and graph.ambient_c > unit.cooling[-1][0]:
            said = f"{unit.name} is known up to {unit.cooling[-1][0]:g} °C, not at {graph.ambient_c:g} °C"
            yield _fault("ambient-not-covered", unit, said, "its capacity at that temperature")
