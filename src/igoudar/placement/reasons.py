"""Why a device fits nowhere, in words: which limits bind in how many racks, where the least is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from igoudar.placement.limits import (
    KILO,
    TOLERANCE,
    Filling,
    Limit,
    WideKey,
    limits_of,
    wides_of,
)
from igoudar.placement.problem import Problem, Rack
from igoudar.placement.seating import Room
from igoudar.placement.space import shape_of, spans_of, starts
from igoudar.quantities import MASS, POWER, shown

TOGETHER = "U together"


@dataclass(frozen=True, slots=True)
class Standing:
    """A placement as it is: what each rack got, what it has left then, and what limits over racks leave."""

    problem: Problem
    fillings: Mapping[str, Filling]
    left: Mapping[str, Room]
    room: Mapping[WideKey, float]


@dataclass(frozen=True, slots=True)
class Lack:
    """What one rack lacks for one more device: `needs` of it, where `has` is left."""

    what: str
    needs: float
    has: float
    unit: str

    @property
    def share(self) -> float:
        """How much of the need is missing."""
        return (self.needs - self.has) / self.needs

    def __str__(self) -> str:
        if self.what == TOGETHER:
            return f"{self.needs:g} U together instead of {self.has:g}"
        if self.unit == "devices":
            return f"an exception from the rule: {self.what}"
        return f"{self._said(self.needs - self.has)} more of {self.what}"

    def _said(self, amount: float) -> str:
        kinds = {POWER.base: POWER, MASS.base: MASS}
        return shown(kinds[self.unit], amount) if self.unit in kinds else f"{amount:g}"


def why(standing: Standing, at: int, count: int) -> str:
    """For `count` devices of class `at`, none of which fits anywhere."""
    problem = standing.problem
    found = [(rack, lacks(standing, rack, at)) for rack in problem.racks]
    if not found:
        return "there is no rack"
    binding = Counter(lack.what for _, missing in found for lack in missing)
    listed = ", ".join(
        f"{what} in {n} rack{'s' if n > 1 else ''}"
        for what, n in sorted(binding.items(), key=lambda i: (-i[1], i[0]))
    )
    rack, missing = min(found, key=lambda item: (len(item[1]), sum(lack.share for lack in item[1])))
    needed = " and ".join(str(lack) for lack in missing)
    return f"{listed}; one more would fit into {rack.name} with {needed}"


def lacks(standing: Standing, rack: Rack, at: int) -> list[Lack]:
    """Every limit that one more device of class `at` would break in the rack."""
    problem, device = standing.problem, standing.problem.classes[at]
    filling = standing.fillings[rack.name]
    found = [
        Lack(limit.what, limit.each[at], _rest(limit, filling), limit.unit)
        for limit in limits_of(problem, rack)
        if limit.each[at] > 0 and limit.what != "U" and _rest(limit, filling) + TOLERANCE < limit.each[at]
    ]
    found += _wide(standing, rack, at, {lack.what for lack in found})
    shape = shape_of(device)
    free, rooms = standing.left[rack.name]
    longest = max((span.units for span in spans_of(free.of(shape.face))), default=0)
    if longest < shape.units:
        found.append(Lack(TOGETHER, shape.units, longest, "U"))
    elif not found:
        found += _phases(rack, at, rooms, [low for low, _ in starts(free, shape)])
    return found


def _phases(rack: Rack, at: int, rooms: Sequence[float], lows: Sequence[int]) -> list[Lack]:
    """At the U where the least is missing of the phases that it is on there."""

    def missing(low: int) -> list[Lack]:
        return [
            Lack(phase.what, each, max(room, 0.0), POWER.base)
            for phase, room in zip(rack.phases, rooms, strict=True)
            if (each := phase.each[at][low]) and max(room, 0.0) + TOLERANCE < each
        ]

    return min((missing(low) for low in lows), key=lambda lacks: sum(lack.share for lack in lacks))


def _rest(limit: Limit, filling: Filling) -> float:
    return limit.room - limit.used(filling)


def _wide(standing: Standing, rack: Rack, at: int, said: set[str]) -> list[Lack]:
    """Limits over more than one rack, as all of these are filled now. Of what is shared, the scarcest."""
    found: list[Lack] = []
    scarce: list[Lack] = []
    for wide in wides_of(standing.problem, rack):
        what, rest, each = wide.key[0], standing.room[wide.key], wide.each[at]
        if not each or rest + TOLERANCE >= each or what in said:
            continue
        if wide.unit == "devices":
            found.append(Lack(what, 1, rest, wide.unit))
        else:
            scarce.append(Lack(what, each * KILO, rest * KILO, POWER.base))
    return [*found, *sorted(scarce, key=lambda lack: lack.has - lack.needs)[:1]]
