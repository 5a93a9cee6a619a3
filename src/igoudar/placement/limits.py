"""The limits of a rack as sums over device classes, and the power that a filling strands.

A filling is how many of each class stand in a rack: a tuple in the order of `Problem.classes`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from igoudar.placement.problem import Apart, Per, Problem, Rack
from igoudar.placement.seating import stand_together
from igoudar.placement.space import free_of, shape_of

Filling = tuple[int, ...]
KILO = 1000.0
TOLERANCE = 1e-6  # of W, kg and ports: sums of decimals as people write them are not exact


@dataclass(frozen=True, slots=True)
class Limit:
    """The sum of `each` (by class) over what is put in is at most `room`. `what` is for people.

    `room` is below 0 where more stands there than may; what needs nothing of it can still come.
    """

    what: str
    unit: str
    each: tuple[float, ...]
    room: float

    def used(self, filling: Filling) -> float:
        return sum(each * count for each, count in zip(self.each, filling, strict=True))

    @property
    def most(self) -> float:
        return max(self.room, 0.0)

    def kept(self, filling: Filling) -> bool:
        return self.used(filling) <= self.most + TOLERANCE


def limits_of(problem: Problem, rack: Rack) -> tuple[Limit, ...]:
    """All limits that are sums; U together is not among them (`igoudar.placement.space`)."""
    return (*_capacities(problem, rack), *_rules(problem, rack))


def _capacities(problem: Problem, rack: Rack) -> Iterator[Limit]:
    classes = problem.classes
    free = free_of(rack)
    units = tuple(float(shape_of(c).face_units) for c in classes)
    yield Limit("U", "U of a face", units, float(free.front.bit_count() + free.rear.bit_count()))
    draws = tuple(c.draw_w for c in classes)
    if rack.power_w is not None:
        yield Limit("power", "W", draws, rack.power_w)
    if rack.cooling_w is not None:
        yield Limit("cooling", "W", draws, rack.cooling_w)
    if rack.load_kg is not None:
        yield Limit("weight", "kg", tuple(c.kg for c in classes), rack.load_kg)
    if rack.ports is not None:
        for kind in sorted({kind for c in classes for kind in c.ports}):
            each = tuple(float(c.ports.get(kind, 0)) for c in classes)
            yield Limit(f"free {kind} ports", "ports", each, float(rack.ports.get(kind, 0)))


def _rules(problem: Problem, rack: Rack) -> Iterator[Limit]:
    for apart in aparts(problem):
        each = tuple(float(apart in c.apart) for c in problem.classes)
        standing = rack.groups.get(apart.group, 0)
        yield Limit(rule(apart), "devices", each, float(apart.at_most - standing))
    outside = tuple(float(not c.in_zone(rack)) for c in problem.classes)
    if any(outside):
        yield Limit("zone", "devices", outside, 0.0)
    for words in dict.fromkeys(rack.barred.values()):
        each = tuple(float(rack.barred.get(c.name) == words) for c in problem.classes)
        yield Limit(words, "devices", each, 0.0)


def aparts(problem: Problem) -> tuple[Apart, ...]:
    return tuple(sorted({apart for c in problem.classes for apart in c.apart}))


def rule(apart: Apart) -> str:
    """As it is said: `at most 1 of mon per rack`."""
    words = {Per.RACK: "rack", Per.ROW: "row", Per.FEEDS: "pair of feeds"}
    return f"at most {apart.at_most} of {apart.group} per {words[apart.per]}"


WideKey = tuple[str, str]  # what is limited, and where


@dataclass(frozen=True, slots=True)
class Wide:
    """A limit over more than one rack: what a device of each class in this one takes of it."""

    key: WideKey
    unit: str
    each: tuple[float, ...]

    def used(self, filling: Filling) -> float:
        return sum(each * count for each, count in zip(self.each, filling, strict=True))


def wides_of(problem: Problem, rack: Rack) -> tuple[Wide, ...]:
    """Of those in which something of the rack may count. What racks share is in kW: so are costs."""
    found = [
        Wide(
            (rule(apart), rack.scope(apart.per)),
            "devices",
            tuple(float(apart in c.apart) for c in problem.classes),
        )
        for apart in aparts(problem)
        if apart.per is not Per.RACK
    ]
    for shared in problem.shared:
        if any(each := shared.each.get(rack.name, ())):
            found.append(Wide((shared.what, ""), "kW", tuple(watts / KILO for watts in each)))
    return tuple(found)


def wider(problem: Problem) -> dict[WideKey, float]:
    """The limits over more than one rack: how much may still be put into all of them."""
    room: dict[WideKey, float] = {}
    for apart in aparts(problem):
        if apart.per is not Per.RACK:
            for rack in problem.racks:
                key = (rule(apart), rack.scope(apart.per))
                room[key] = room.get(key, apart.at_most) - rack.groups.get(apart.group, 0)
    return room | {(shared.what, ""): shared.room_w / KILO for shared in problem.shared}


def together(problem: Problem, rack: Rack, filling: Filling) -> bool:
    return stand_together(rack, problem.classes, filling)


@dataclass(frozen=True, slots=True)
class Stranding:
    """Stranded W: the largest of 0 and of these affine functions (constant, slope by class) of a filling.

    Each says what power is left beyond what one other capacity can still use, with the class that draws
    most for it. No slope is negative, so taking a device out never strands more.
    """

    lines: tuple[tuple[float, tuple[float, ...]], ...] = ()

    def of(self, filling: Filling) -> float:
        values = (c + sum(s * n for s, n in zip(slopes, filling, strict=True)) for c, slopes in self.lines)
        return max(0.0, *values) if self.lines else 0.0


def stranding(problem: Problem, rack: Rack) -> Stranding:
    if rack.power_w is None:
        return Stranding()
    allowed = [at for at, c in enumerate(problem.classes) if c.may_stand_in(rack)]
    lines = []
    for limit in _capacities(problem, rack):
        if limit.what == "power" or not allowed or any(not limit.each[at] for at in allowed):
            continue  # what some class does not need at all strands nothing
        density = max(problem.classes[at].draw_w / limit.each[at] for at in allowed)
        slopes = tuple(
            density * e - c.draw_w if at in allowed else 0.0
            for at, (e, c) in enumerate(zip(limit.each, problem.classes, strict=True))
        )
        lines.append((rack.power_w - density * limit.room, slopes))
    return Stranding(tuple(lines))
