"""What a rack that draws otherwise is on the meters above it, and which of them it overloads.

A meter is a unit or a loop (see `flow.State`), or -1 - n for the n-th feed of the rack itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from igoudar.power.flow import State, slack
from igoudar.power.last_metre import Moved
from igoudar.power.racks import Group, RackKind

Reading = tuple[float, float]
"""Load and limit, in W."""


@dataclass(frozen=True, slots=True)
class Affine:
    """W on each meter: `fixed`, and `each` for every unit of an amount."""

    fixed: dict[int, float]
    each: dict[int, float]

    def at(self, meter: int, amount: float) -> float:
        return self.fixed.get(meter, 0.0) + self.each.get(meter, 0.0) * amount


class Footing:
    """What racks of the same ancestors stand on, under the failures that the state has now."""

    __slots__ = ("_above", "_heat", "_readings", "mask")

    def __init__(self, state: State, hanging: int, readings: Callable[[int], Reading]) -> None:
        count = len(state.units)
        self.mask = state.mask[hanging]
        self._readings = readings
        self._above = [
            {**state.per_watt(unit), -1 - feed: 1.0} if self.mask >> feed & 1 else {}
            for feed, unit in enumerate(state.feeds[hanging])
        ]
        self._heat = [
            (count + onward, share)
            for loop, share in state.rack_heat[hanging]
            for onward in state.onward[loop]
        ]

    def on_meters(self, moved: Moved) -> dict[int, float]:
        """W more on each meter; less heat where load is lost."""
        found: dict[int, float] = {}
        drawn, lost = moved
        for above, watts in zip(self._above, drawn, strict=True):
            if watts:
                for meter, share in above.items():
                    found[meter] = found.get(meter, 0.0) + watts * share
        if lost:
            for meter, share in self._heat:
                found[meter] = found.get(meter, 0.0) - lost * share
        return found

    def reading(self, rack: RackKind, meter: int) -> Reading:
        if meter >= 0:
            return self._readings(meter)
        return rack.draws(self.mask)[0][-1 - meter], rack.feed_w[-1 - meter]


def exceeds(reading: Reading, push: float) -> bool:
    """Whether a load and a push are more than the limit, and not by rounding."""
    load, limit = reading
    return load + push - limit > slack(load + push)


@dataclass(frozen=True, slots=True)
class Judged:
    """A push on a rack's meters; `alone` are those of each failure in it, by itself in the whole graph."""

    rack: RackKind
    push: Affine
    alone: tuple[Affine, ...]


def overloaded(
    judged: Judged, amounts: tuple[Group, ...], now: Footing, whole: Footing
) -> Iterator[tuple[Group, tuple[tuple[int, float, float], ...]]]:
    """The amounts with which meters are overloaded that are not so without the push, nor by one alone.

    With each amount the meters, their load and their limit.
    """
    suspects: list[int] = []
    for meter in {**judged.push.fixed, **judged.push.each}:
        most = max(judged.push.at(meter, amounts[0].w), judged.push.at(meter, amounts[-1].w))
        if most > 0:
            reading = now.reading(judged.rack, meter)
            fine = not exceeds(reading, 0.0) and not exceeds(whole.reading(judged.rack, meter), 0.0)
            if fine and exceeds(reading, most):
                suspects.append(meter)
    for group in amounts if suspects else ():
        found = []
        for meter in sorted(suspects):
            load, limit = now.reading(judged.rack, meter)
            push, before = judged.push.at(meter, group.w), whole.reading(judged.rack, meter)
            alone = any(exceeds(before, single.at(meter, group.w)) for single in judged.alone)
            if not alone and exceeds((load, limit), push):
                found.append((meter, load + push, limit))
        if found:
            yield group, tuple(found)
