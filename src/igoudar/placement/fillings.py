"""Racks that are alike, how one of them can be filled, and a first placement by filling one after another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from igoudar.placement.limits import (
    TOLERANCE,
    Filling,
    Limit,
    Stranding,
    Wide,
    WideKey,
    limits_of,
    stranding,
    together,
    wider,
    wides_of,
)
from igoudar.placement.problem import Problem, Rack


@dataclass(frozen=True, slots=True)
class RackClass:
    """Racks with equal room; `racks` in the order in which they are filled.

    `wides`: the limits over more than one rack that count in these. `idle_w`: stranded as they are.
    """

    racks: tuple[Rack, ...]
    limits: tuple[Limit, ...]
    strands: Stranding
    wides: tuple[Wide, ...]
    idle_w: float

    @property
    def rack(self) -> Rack:
        return self.racks[0]

    @property
    def opens(self) -> bool:
        return not self.rack.open

    def stranded_w(self, filling: Filling) -> float:
        """What the filling adds: in a rack that was not in use, all of it."""
        return self.strands.of(filling) - self.idle_w


def rack_classes(problem: Problem) -> tuple[RackClass, ...]:
    """In the order of the first rack of each, those in use before the others."""
    alike: dict[tuple[object, ...], list[Rack]] = {}
    for rack in problem.racks:
        limits = tuple((limit.what, limit.each, limit.room) for limit in limits_of(problem, rack))
        phases = tuple((phase.what, phase.room_w, phase.each) for phase in rack.phases)
        key = (not rack.open, rack.front, rack.rear, limits, wides_of(problem, rack), phases)
        alike.setdefault(key, []).append(rack)
    found = [_class(problem, racks) for racks in alike.values()]
    return tuple(sorted(found, key=lambda c: c.opens))


def _class(problem: Problem, racks: Sequence[Rack]) -> RackClass:
    rack, strands = racks[0], stranding(problem, racks[0])
    idle_w = strands.of((0,) * len(problem.classes)) if rack.open else 0.0
    return RackClass(tuple(racks), limits_of(problem, rack), strands, wides_of(problem, rack), idle_w)


def room_left(problem: Problem, fillings: Mapping[str, Filling]) -> dict[WideKey, float]:
    """The limits over more than one rack, with the racks filled like that."""
    room = wider(problem)
    for rack in problem.racks:
        if any(fillings[rack.name]):
            for wide in wides_of(problem, rack):
                room[wide.key] -= wide.used(fillings[rack.name])
    return room


def allowed(problem: Problem, kind: RackClass, filling: Filling) -> bool:
    """Whether such a rack alone can take it: every sum, and U together."""
    return all(limit.kept(filling) for limit in kind.limits) and together(problem, kind.rack, filling)


def most(problem: Problem, kind: RackClass, at: int) -> int:
    """How many of a class one empty rack takes at most by its sums, and of those that are asked for."""
    found = problem.classes[at].count
    for limit in kind.limits:
        if limit.each[at] > 0:
            found = min(found, int((limit.most + TOLERANCE) / limit.each[at]))
    return found


def first_fit(problem: Problem, kinds: Sequence[RackClass]) -> list[tuple[int, Filling, int]]:
    """Each rack in turn takes what is hardest to place first. Feasible, seldom best.

    The fillings by rack class, with how many racks of each.
    """
    found: list[tuple[int, Filling, int]] = []
    left = [c.count for c in problem.classes]
    room = wider(problem)
    order = _hardest_first(problem, kinds)
    for number, kind in enumerate(kinds):
        used = 0
        while used < len(kind.racks):
            filling = _filled(problem, kind, order, left, room)
            if not any(filling):
                break
            times = _repeats(kind, used, filling, left)
            found.append((number, filling, times))
            used += times
            left = [rest - n * times for rest, n in zip(left, filling, strict=True)]
            for wide in kind.wides:
                room[wide.key] -= wide.used(filling) * times
    return found


def _repeats(kind: RackClass, used: int, filling: Filling, left: Sequence[int]) -> int:
    """As often as all of it is still wanted; once where a limit over several racks has to be looked at."""
    whole = min(rest // n for rest, n in zip(left, filling, strict=True) if n)
    return 1 if kind.wides else max(1, min(whole, len(kind.racks) - used))


def _hardest_first(problem: Problem, kinds: Sequence[RackClass]) -> list[int]:
    """Those of which the fewest go into a rack; equal ones in the order of the request."""
    best = [max((most(problem, kind, at) for kind in kinds), default=0) for at in range(len(problem.classes))]
    return sorted(range(len(problem.classes)), key=lambda at: (best[at], at))


def _filled(
    problem: Problem,
    kind: RackClass,
    order: Sequence[int],
    left: Sequence[int],
    room: Mapping[WideKey, float],
) -> Filling:
    filling = [0] * len(problem.classes)
    for at in order:
        high = min(left[at], most(problem, kind, at))
        for wide in kind.wides:
            if each := wide.each[at]:
                rest = room[wide.key] - wide.used(tuple(filling))
                high = min(high, max(0, int((rest + TOLERANCE) / each)))
        low = 0
        while low < high:  # what a rack takes of a class, it takes fewer of
            filling[at] = (low + high + 1) // 2
            if allowed(problem, kind, tuple(filling)):
                low = filling[at]
            else:
                high = filling[at] - 1
        filling[at] = low
    return tuple(filling)


DEAR = 20  # looks at a filling that one with phases costs


@dataclass(slots=True)
class Counting:
    """Fillings counted out, until `left` of them have been looked at; with phases each costs more."""

    left: int

    @property
    def complete(self) -> bool:
        return self.left > 0

    def below(
        self, problem: Problem, kind: RackClass, prices: Sequence[float], limit: float
    ) -> Iterator[Filling]:
        """Every filling whose sum of `prices` is at most `limit`; prices that are gains are negative."""
        tops = [most(problem, kind, at) for at in range(len(prices))]
        gains = [min(0.0, price) * top for price, top in zip(prices, tops, strict=True)]
        yield from self._deeper(problem, kind, (), limit, (tuple(prices), tops, gains))

    def _deeper(
        self,
        problem: Problem,
        kind: RackClass,
        begun: Filling,
        limit: float,
        terms: tuple[Filling | tuple[float, ...], list[int], list[float]],
    ) -> Iterator[Filling]:
        prices, tops, gains = terms
        at, size = len(begun), len(prices)
        if at == size:
            if any(begun):
                yield begun
            return
        for count in range(tops[at] + 1):
            self.left -= DEAR if kind.rack.phases else 1
            filling = (*begun, count)
            if self.left <= 0 or not allowed(problem, kind, filling + (0,) * (size - at - 1)):
                return
            rest = limit - prices[at] * count
            if rest >= sum(gains[at + 1 :]) - 1e-9:
                yield from self._deeper(problem, kind, filling, rest, terms)
