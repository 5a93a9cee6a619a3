"""What lives, which input a unit is on, and the load of every unit; changed by one failed thing at a time.

A failure is followed down to the racks (what dies, what switches over) and back up (what loads change), so
it costs what it changes. `undo` puts back the very numbers that were there.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from igoudar.power.faults import faults
from igoudar.power.graph import Graph, Loop, Unit
from igoudar.power.racks import merged

Split = tuple[tuple[int, float], ...]
"""The suppliers of a unit and the share of its draw that each gives."""


@dataclass(slots=True)
class Change:
    """What one failure changed: the values before, by unit, rack ancestors (`mask`) or loop.

    `decided`: units that died, lost a thing or lost an input, and ancestors as -1 - number.
    """

    things: dict[int, int] = field(default_factory=dict)
    live: dict[int, bool] = field(default_factory=dict)
    split: dict[int, Split] = field(default_factory=dict)
    load: dict[int, float] = field(default_factory=dict)
    draw: dict[int, float] = field(default_factory=dict)
    loss: dict[int, float] = field(default_factory=dict)
    mask: dict[int, int] = field(default_factory=dict)
    heat: dict[int, float] = field(default_factory=dict)
    cold: dict[int, float] = field(default_factory=dict)
    decided: set[int] = field(default_factory=set)

    def switched(self, live: list[bool]) -> set[int]:
        """Units that live on and draw from others than before, or in other shares."""
        return {unit for unit in self.split if live[unit]}


class State:
    """The graph under the failures so far. Units, loops and rack ancestors are numbers; suppliers come first.

    Meters are units and, from `len(units)` on, loops: what has a load and a limit. Raises ValueError for a
    graph that has faults; `sound`: somebody knows that it has none. `mean`: with the year's mean of what
    cooling draws, not that of the design point.
    """

    def __init__(self, graph: Graph, *, mean: bool = False, sound: bool = False) -> None:
        if found := () if sound else faults(graph):
            raise ValueError("; ".join(fault.message for fault in found))
        self.units = _suppliers_first(graph)
        self.hangings, self.kinds = merged(graph)
        self.loops = sorted(graph.loops, key=lambda loop: loop.name)
        self.index = {unit.name: at for at, unit in enumerate(self.units)}
        self._mean, self._ambient = mean, graph.ambient_c
        self._connect()
        self._weigh()
        count = len(self.units)
        self.things = [0] * count
        self.live, self.load, self.draw = [False] * count, [0.0] * count, [0.0] * count
        self.loss, self.split = [0.0] * count, [()] * count  # type: list[float], list[Split]
        self.heat, self.cold = [0.0] * len(self.loops), [0.0] * len(self.loops)
        self.mask = [0] * len(self.hangings)
        self._begin()

    # what hangs on what

    def _connect(self) -> None:
        self.power = [self._numbers(unit.power.units if unit.power else ()) for unit in self.units]
        self.water = [self._numbers(unit.water.units if unit.water else ()) for unit in self.units]
        self.together = [unit.power is not None and unit.power.together for unit in self.units]
        self.consumers: list[list[int]] = [[] for _ in self.units]
        for unit in range(len(self.units)):
            for supplier in (*self.power[unit], *self.water[unit]):
                self.consumers[supplier].append(unit)
        self.feeds = [self._numbers(hanging.units) for hanging in self.hangings]
        self.hung: list[list[int]] = [[] for _ in self.units]
        for at, feeds in enumerate(self.feeds):
            for unit in dict.fromkeys(feeds):
                self.hung[unit].append(at)
        self.kinds_on: list[list[int]] = [[] for _ in self.hangings]
        for at, kind in enumerate(self.kinds):
            self.kinds_on[kind.hanging].append(at)

    def _numbers(self, names: Iterable[str]) -> tuple[int, ...]:
        return tuple(self.index[name] for name in names)

    def _weigh(self) -> None:
        """Limits, and the loops that heat given to each loop reaches."""
        self.limit = [unit.limit_w for unit in self.units]
        self.cooling = [unit.cooling_w(self._ambient) if unit.cools else 0.0 for unit in self.units]
        places = {loop.name: at for at, loop in enumerate(self.loops)}
        named: dict[str, Loop] = {loop.name: loop for loop in self.loops}
        self.onward: list[tuple[int, ...]] = []
        for loop in self.loops:
            chain = [loop]
            while chain[-1].rejects_to:
                chain.append(named[chain[-1].rejects_to])
            self.onward.append(tuple(places[link.name] for link in chain))
        self.heats = [places.get(unit.heats, -1) for unit in self.units]
        self.cools = [places.get(unit.cools, -1) for unit in self.units]
        self.rack_heat: list[tuple[tuple[int, float], ...]] = []
        for hanging in self.hangings:
            parts = ((hanging.air, 1 - hanging.liquid_share), (hanging.liquid, hanging.liquid_share))
            self.rack_heat.append(tuple((places[name], share) for name, share in parts if name and share))

    # one state

    def _begin(self) -> None:
        """Everything whole, from sources to racks and back."""
        change = Change()
        for at, unit in enumerate(self.units):
            self.things[at] = unit.count
            self._settle(at, change)
        for at, feeds in enumerate(self.feeds):
            self.mask[at] = self._alive_feeds(feeds)
            drawn, _ = self.hanging_draws(at, self.mask[at])
            for feed, watts in zip(feeds, drawn, strict=True):
                self.load[feed] += watts
            for kind in self.kinds_on[at]:
                held = sum(g.w * g.count for groups in self.kinds[kind].groups.values() for g in groups)
                lost = self.kinds[kind].draws(self.mask[at])[1]
                self._warm_racks(at, (held - lost) * len(self.kinds[kind].racks), change)
        for at in range(len(self.units)):
            if self.cools[at] >= 0 and self.live[at]:
                self.cold[self.cools[at]] += self.things[at] * self.cooling[at]
        self._rise(set(range(len(self.units))), dict.fromkeys(range(len(self.units)), ()), change)

    def _alive_feeds(self, feeds: tuple[int, ...]) -> int:
        return sum(1 << at for at, unit in enumerate(feeds) if self.live[unit])

    def hanging_draws(self, hanging: int, mask: int) -> tuple[tuple[float, ...], float]:
        """W from each feed and W lost, of all racks that hang there, with the feeds of `mask` alive."""
        drawn, lost = [0.0] * len(self.feeds[hanging]), 0.0
        for at in self.kinds_on[hanging]:
            kind = self.kinds[at]
            each, gone = kind.draws(mask)
            drawn = [w + more * len(kind.racks) for w, more in zip(drawn, each, strict=True)]
            lost += gone * len(kind.racks)
        return tuple(drawn), lost

    def _settle(self, at: int, change: Change) -> bool:
        """Whether the unit lives and what it is on, by its inputs; True where its consumers must look."""
        unit = self.units[at]
        enough = self.things[at] >= (1 if unit.cools else unit.needed)
        split = self._chosen(at)
        wet = not self.water[at] or any(self.live[supplier] for supplier in self.water[at])
        lives = enough and wet and (not self.power[at] or bool(split))
        split = split if lives else ()
        if split != self.split[at]:
            change.split.setdefault(at, self.split[at])
            self.split[at] = split
        if lives == self.live[at]:
            return False
        change.live.setdefault(at, self.live[at])
        self.live[at] = lives
        return True

    def _chosen(self, at: int) -> Split:
        alive = [supplier for supplier in self.power[at] if self.live[supplier]]
        if not alive or not self.together[at]:
            return ((alive[0], 1.0),) if alive else ()
        weights = [self.limit[supplier] * self.things[supplier] for supplier in alive]
        if not all(map(math.isfinite, weights)):
            weights = [1.0] * len(alive)
        return tuple((supplier, w / sum(weights)) for supplier, w in zip(alive, weights, strict=True))

    def _warm(self, loop: int, watts: float, change: Change) -> None:
        for onward in self.onward[loop] if loop >= 0 else ():
            change.heat.setdefault(onward, self.heat[onward])
            self.heat[onward] += watts

    def _warm_racks(self, hanging: int, watts: float, change: Change) -> None:
        for loop, share in self.rack_heat[hanging]:
            self._warm(loop, watts * share, change)

    # one failure

    def fail(self, at: int) -> Change:
        """One thing of a unit, if there is one left, no longer works."""
        change = Change()
        if self.things[at] == 0:
            return change
        change.things[at] = self.things[at]
        cold = self._cold_of(at)
        self.things[at] -= 1
        self._fall(at, cold, change)
        dirty = {at, *change.split, *change.live}
        for hanging, before in change.mask.items():
            dirty.update(self._shift(hanging, before, change))
        self._rise(dirty, change.split, change)
        return change

    def _cold_of(self, at: int) -> float:
        return self.things[at] * self.cooling[at] if self.live[at] else 0.0

    def _fall(self, first: int, cold: float, change: Change) -> None:
        """Down to the racks: who lives, and on which input."""
        queue, queued = [first], {first}
        while queue:
            at = heapq.heappop(queue)
            before = cold if at == first else self._cold_of(at)
            died = self._settle(at, change)
            change.decided.add(at)
            if (loop := self.cools[at]) >= 0 and self._cold_of(at) != before:
                change.cold.setdefault(loop, self.cold[loop])
                self.cold[loop] += self._cold_of(at) - before
            for consumer in self.consumers[at]:
                if consumer not in queued and (died or (at == first and self.together[consumer])):
                    queued.add(consumer)
                    heapq.heappush(queue, consumer)
            for hanging in self.hung[at] if died else ():
                change.decided.add(-1 - hanging)
                change.mask.setdefault(hanging, self.mask[hanging])
                self.mask[hanging] = self._alive_feeds(self.feeds[hanging])

    def _shift(self, hanging: int, before: int, change: Change) -> Iterator[int]:
        """Moves the load of racks to the feeds that are left; the units whose load that changes."""
        old, lost_before = self.hanging_draws(hanging, before)
        new, lost = self.hanging_draws(hanging, self.mask[hanging])
        for feed, was, now in zip(self.feeds[hanging], old, new, strict=True):
            if was != now:
                change.load.setdefault(feed, self.load[feed])
                self.load[feed] += now - was
                yield feed
        if lost != lost_before:
            self._warm_racks(hanging, lost_before - lost, change)

    def _rise(self, dirty: set[int], splits: dict[int, Split], change: Change) -> None:
        """Up to the sources: what each unit draws, with its losses. `splits`: what they were on before."""
        queue = [-at for at in dirty]
        heapq.heapify(queue)
        while queue:
            at = -heapq.heappop(queue)
            draw, loss = self._drawn(at)
            was, now = self.draw[at], draw
            change.draw.setdefault(at, was)
            change.loss.setdefault(at, self.loss[at])
            self.draw[at] = draw
            if loss != self.loss[at]:
                self._warm(self.heats[at], loss - self.loss[at], change)
                self.loss[at] = loss
            moved = dict.fromkeys((supplier for supplier, _ in self.split[at]), 0.0)
            for supplier, share in splits.get(at, self.split[at]):
                moved[supplier] = moved.get(supplier, 0.0) - share * was
            for supplier, share in self.split[at]:
                moved[supplier] += share * now
            for supplier, watts in moved.items():
                if watts:
                    change.load.setdefault(supplier, self.load[supplier])
                    self.load[supplier] += watts
                    if supplier not in dirty:
                        dirty.add(supplier)
                        heapq.heappush(queue, -supplier)

    def _drawn(self, at: int) -> tuple[float, float]:
        """What a unit draws, and what of that is heat where it stands."""
        unit = self.units[at]
        if not self.live[at]:
            return 0.0, 0.0
        own = min(self.things[at], unit.needed) * unit.draw_w * (unit.draw_share if self._mean else 1.0)
        loss = unit.loss_share * self.load[at] + unit.loss_fixed_w * self.things[at] + own
        return self.load[at] + loss, loss

    def undo(self, change: Change) -> None:
        """Only the last change that is not undone yet."""
        for name in ("things", "live", "split", "load", "draw", "loss", "mask", "heat", "cold"):
            values = getattr(self, name)
            for at, before in getattr(change, name).items():
                values[at] = before

    # meters

    def margin(self, meter: int) -> float:
        """What a living unit or a loop could carry more, in W; infinite for a unit that is off."""
        if meter >= len(self.units):
            return self.cold[meter - len(self.units)] - self.heat[meter - len(self.units)]
        return self.limit[meter] * self.things[meter] - self.load[meter] if self.live[meter] else math.inf

    def over(self, meter: int) -> bool:
        return self.margin(meter) < -self.slack(meter)

    def slack(self, meter: int) -> float:
        """What is rounding and no overload."""
        return slack(self.reading(meter)[0])

    def reading(self, meter: int) -> tuple[float, float]:
        """Load and limit, in W."""
        if meter >= len(self.units):
            return self.heat[meter - len(self.units)], self.cold[meter - len(self.units)]
        return self.load[meter], self.limit[meter] * self.things[meter]

    def meter_name(self, meter: int) -> str:
        count = len(self.units)
        return self.loops[meter - count].name if meter >= count else self.units[meter].name

    def touched(self, change: Change) -> list[int]:
        """The meters whose reading a change changed."""
        count = len(self.units)
        loops = {*change.heat, *change.cold}
        return sorted({*change.load, *change.things, *change.live, *(count + loop for loop in loops)})

    def per_watt(self, unit: int) -> dict[int, float]:
        """What one W more on a living unit is on every meter above it, as things are now."""
        count, found = len(self.units), {unit: 1.0}
        queue = [-unit]
        heats: dict[int, float] = {}
        while queue:
            at = -heapq.heappop(queue)
            watts, lossy = found[at], self.units[at].loss_share
            if lossy and self.heats[at] >= 0:
                for loop in self.onward[self.heats[at]]:
                    heats[count + loop] = heats.get(count + loop, 0.0) + lossy * watts
            for supplier, share in self.split[at]:
                if supplier not in found:
                    found[supplier] = 0.0
                    heapq.heappush(queue, -supplier)
                found[supplier] += share * watts * (1 + lossy)
        return found | heats


def slack(load_w: float) -> float:
    """What is rounding and no overload, of a load so large."""
    return 1e-6 + 1e-9 * abs(load_w)


def _suppliers_first(graph: Graph) -> tuple[Unit, ...]:
    units = {unit.name: unit for unit in sorted(graph.units, key=lambda unit: unit.name)}
    done: dict[str, Unit] = {}
    for name in units:
        stack = [name]
        while stack:
            waiting = [other for other in units[stack[-1]].inputs() if other not in done]
            if waiting:
                stack.append(waiting[0])
            else:
                at = stack.pop()
                done[at] = units[at]
    return tuple(done.values())
