"""The graph whole: load of every unit, feed, phase and loop, and what is wrong before anything fails."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace

from igoudar.power.flow import State, slack
from igoudar.power.graph import LEGS, Device, Fault, Graph, Loop, Rack, Unit
from igoudar.quantities import POWER, SHARE

Legs = tuple[float, float, float]
NONE: Legs = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class UnitLoad:
    """Load and limit of all things of a unit, and its load by phase. In W."""

    name: str
    load_w: float
    limit_w: float
    legs_w: Legs

    @property
    def imbalance(self) -> float:
        return imbalance(self.legs_w)


@dataclass(frozen=True, slots=True)
class FeedLoad:
    """One feed of a rack: with all feeds alive, and with this one alone (devices that it can carry)."""

    rack: str
    feed: str
    unit: str
    load_w: float
    alone_w: float
    legs_w: Legs
    alone_legs_w: Legs
    off_alone: tuple[str, ...]  # devices that need more PSUs than are on it
    racks: int = 1  # so many alike ones, of which this is the first


@dataclass(frozen=True, slots=True)
class LoopHeat:
    name: str
    heat_w: float
    capacity_w: float


@dataclass(frozen=True, slots=True)
class Loads:
    """Of the whole graph at its design point."""

    units: tuple[UnitLoad, ...]
    feeds: tuple[FeedLoad, ...]
    loops: tuple[LoopHeat, ...]
    it_w: float


def imbalance(legs: Legs) -> float:
    """How far the phase that is farthest from the mean is from it, as a share of the mean."""
    mean = sum(legs) / 3
    return max(abs(leg - mean) for leg in legs) / mean if mean else 0.0


@dataclass(frozen=True, slots=True)
class Settled:
    """A graph with all alive, for whoever asks several things of it."""

    state: State
    loads: Loads


def settle(graph: Graph, *, sound: bool = False) -> Settled:
    """Raises ValueError for a graph that has `faults`; `sound`: somebody knows that it has none."""
    state = State(graph, sound=sound)
    return Settled(state, _loads(graph, state))


def loads(graph: Graph) -> Loads:
    """Raises ValueError for a graph that has `faults`."""
    return settle(graph).loads


def _loads(graph: Graph, state: State) -> Loads:
    racks = sorted(graph.racks, key=lambda rack: rack.name)
    feeds = tuple(_feeds(state, racks))
    legs = unit_legs(state, ((feed.unit, scaled(feed.legs_w, feed.racks)) for feed in feeds))
    units = tuple(
        UnitLoad(unit.name, state.load[at], unit.limit_w * unit.count, legs[at])
        for at, unit in enumerate(state.units)
    )
    loops = tuple(LoopHeat(loop.name, state.heat[at], state.cold[at]) for at, loop in enumerate(state.loops))
    it_w = sum(feed.load_w * feed.racks for feed in feeds)
    return Loads(tuple(sorted(units, key=lambda unit: unit.name)), feeds, loops, it_w)


def _feeds(state: State, racks: list[Rack]) -> Iterator[FeedLoad]:
    """Of many racks that have the very same devices once."""
    known: dict[tuple[int, tuple[str, ...], frozenset[str]], tuple[FeedLoad, ...]] = {}
    for rack in racks:
        alive, letters = alive_feeds(state, rack), tuple(sorted(letter for letter, _ in rack.feeds))
        same = (id(rack.devices), letters, alive)
        if same not in known:
            known[same] = tuple(feed_loads(rack, alive))
        for feed, (_, unit) in zip(known[same], sorted(rack.feeds), strict=True):
            yield replace(feed, rack=rack.name, unit=unit, racks=1 + len(rack.more))


def alive_feeds(state: State, rack: Rack) -> frozenset[str]:
    return frozenset(letter for letter, unit in rack.feeds if state.live[state.index[unit]])


def feed_loads(rack: Rack, alive: Set[str]) -> Iterator[FeedLoad]:
    """Of each feed of a rack, by letter, with the feeds of `alive`."""
    normal = by_feed(rack, alive)
    for letter, unit in sorted(rack.feeds):
        alone = by_feed(rack, alive & {letter}).get(letter, NONE)
        off = tuple(
            device.name
            for device in rack.devices
            if sum(psu.feed == letter for psu in device.psus) < device.psus_needed
        )
        legs = normal.get(letter, NONE)
        yield FeedLoad(rack.name, letter, unit, sum(legs), sum(alone), legs, alone, off, 1 + len(rack.more))


def by_feed(rack: Rack, alive: Set[str]) -> dict[str, Legs]:
    """W on each phase of each feed, with no more than these alive."""
    found: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for device in rack.devices:
        for letter, leg, watts in _psu_loads(device, alive):
            for at, name in enumerate(LEGS):
                found[letter][at] += watts / 3 if not leg else watts * (leg == name)
    return {letter: (legs[0], legs[1], legs[2]) for letter, legs in found.items()}


def _psu_loads(device: Device, alive: Set[str]) -> Iterator[tuple[str, str, float]]:
    living = [psu for psu in device.psus if psu.feed in alive]
    for psu in living if len(living) >= device.psus_needed else ():
        yield psu.feed, psu.leg, device.allocated_w / len(living)


def scaled(legs: Legs, racks: int) -> Legs:
    """Of so many alike racks."""
    return legs[0] * racks, legs[1] * racks, legs[2] * racks


def unit_legs(state: State, feeds: Iterable[tuple[str, Legs]]) -> list[Legs]:
    """By unit its load on each phase; what has no phase, and what a unit balances, is a third on each.

    `feeds`: units that racks name as feeds, and what the racks draw from them.
    """
    found = [[0.0, 0.0, 0.0] for _ in state.units]
    for name, legs in feeds:
        for at, watts in enumerate(legs):
            found[state.index[name]][at] += watts
    for unit in reversed(range(len(state.units))):
        own, lossy = state.units[unit], 1 + state.units[unit].loss_share
        rest = state.draw[unit] - sum(found[unit]) * lossy
        for supplier, share in state.split[unit]:
            for at in range(3):
                drawn = state.draw[unit] / 3 if own.balances else found[unit][at] * lossy + rest / 3
                found[supplier][at] += drawn * share
    return [(each[0], each[1], each[2]) for each in found]


@dataclass(frozen=True, slots=True)
class Balance:
    """`most`: what a phase may be off the mean of the three, as a share of it.

    Judged where the largest phase carries more than the share `above` of what it may; a unit of which nobody
    says what it carries is not judged.
    """

    most: float = 1.0
    above: float = 0.0

    def judges(self, load: UnitLoad) -> bool:
        return math.isfinite(load.limit_w) and max(load.legs_w) > self.above * load.limit_w / 3 + slack(0.0)


def load_faults(graph: Graph, balance: Balance, settled: Settled | None = None) -> tuple[Fault, ...]:
    """What is wrong before anything fails; sorted."""
    settled = settled or settle(graph)
    now, units = settled.loads, {unit.name: unit for unit in graph.units}
    racks = {rack.name: rack for rack in graph.racks}
    found = [
        *(fault for load in now.units for fault in _unit_faults(units[load.name], load, balance)),
        *(fault for feed in now.feeds for fault in _feed_faults(racks[feed.rack], feed)),
        *_alone_faults(now, units),
        *_heat_faults(graph, now),
        *_psu_faults(graph),
        *_shared_faults(settled.state, racks),
    ]
    return tuple(sorted(set(found), key=lambda fault: (fault.name, fault.code, fault.message)))


def _too_much(code: str, thing: Unit | Rack | Loop, told: tuple[str, float], expected: str) -> Fault:
    """`told`: the message, and the W that it tells."""
    return Fault(
        code, thing.name, told[0], expected, where=thing.where, amount=round(told[1], 3), unit=POWER.base
    )


def _largest(legs: Legs) -> tuple[str, float]:
    most = max(legs)
    return LEGS[legs.index(most)], most


def _over(load: float, limit: float) -> bool:
    return load - limit > slack(load)


def _unit_faults(unit: Unit, load: UnitLoad, balance: Balance) -> Iterator[Fault]:
    who = f"{unit.kind} {unit.name}"
    breaker = None if unit.breaker_w is None else unit.breaker_w * unit.count
    if breaker is not None and _over(load.load_w, breaker):
        said = f"{who} carries {load.load_w:.0f} W behind a breaker for {breaker:.0f} W"
        yield _too_much("breaker-below-load", unit, (said, load.load_w), "a breaker above the load")
    elif _over(load.load_w, load.limit_w):
        said = f"{who} carries {load.load_w:.0f} W of {load.limit_w:.0f} W"
        yield _too_much("overload", unit, (said, load.load_w), "no more than it can carry")
    elif _over(max(load.legs_w), load.limit_w / 3):
        leg, most_w = _largest(load.legs_w)
        said = f"{leg} of {who} carries {most_w:.0f} W of {load.limit_w / 3:.0f} W"
        yield _too_much("phase-overload", unit, (said, most_w), "a third of its capacity at most")
    if balance.judges(load) and load.imbalance > balance.most + 1e-9:
        legs = ", ".join(f"{leg} {w:.0f} W" for leg, w in zip(LEGS, load.legs_w, strict=True))
        said = f"{who} is {load.imbalance:.0%} out of balance: {legs}"
        much = round(load.imbalance * 100, 3)
        yield Fault(
            "phase-imbalance",
            unit.name,
            said,
            f"at most {balance.most:.0%}",
            where=unit.where,
            amount=much,
            unit=SHARE.base,
        )


def _feed_faults(rack: Rack, feed: FeedLoad) -> Iterator[Fault]:
    """A feed's tap-off in use, and with the whole rack on it."""
    who, limit_w = f"feed {feed.feed} of rack {rack.name}", rack.limit_w(feed.feed)
    if limit_w is not None:
        for load, legs, how in (
            (feed.load_w, feed.legs_w, "carries"),
            (feed.alone_w, feed.alone_legs_w, "alone carries"),
        ):
            leg, most_w = _largest(legs)
            if _over(load, limit_w):
                told = f"{who} {how} {load:.0f} W behind a breaker for {limit_w:.0f} W", load
            elif _over(most_w, limit_w / 3):
                of = f"{limit_w / 3:.0f} W, a third of its breaker"
                told = f"{who} {how} {most_w:.0f} W on {leg} of {of}", most_w
            else:
                continue
            code = "breaker-below-load" if how == "carries" else "feed-alone-overload"
            yield _too_much(code, rack, told, "each feed alone carries its rack")
            break
    if feed.off_alone and len(rack.feeds) > 1:
        said = f"{who} alone cannot keep {', '.join(feed.off_alone)} on: too few of their PSUs are on it"
        yield Fault("feed-alone-loses", rack.name, said, "each feed alone carries its rack", where=rack.where)


def _alone_faults(now: Loads, units: dict[str, Unit]) -> Iterator[Fault]:
    """Units that racks name as feeds, with all their racks on them alone; a phase that is too full already
    is not said again."""
    alone: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for feed in now.feeds:
        for at, watts in enumerate(feed.alone_legs_w):
            alone[feed.unit][at] += watts * feed.racks
    loaded = {load.name: load for load in now.units}
    for name, (one, two, three) in alone.items():
        unit, limit, load = units[name], loaded[name].limit_w, one + two + three
        leg, most_w = _largest((one, two, three))
        if _over(load, limit):
            said, much = f"{unit.kind} {name} carries {load:.0f} W of {limit:.0f} W", load
        elif _over(most_w, limit / 3) and not _over(max(loaded[name].legs_w), limit / 3):
            said, much = f"{leg} of {unit.kind} {name} carries {most_w:.0f} W of {limit / 3:.0f} W", most_w
        else:
            continue
        told = f"{said} when it is the only feed of its racks", much
        yield _too_much("feed-alone-overload", unit, told, "each feed alone carries its racks")


def _heat_faults(graph: Graph, now: Loads) -> Iterator[Fault]:
    loops = {loop.name: loop for loop in graph.loops}
    for loop in now.loops:
        if _over(loop.heat_w, loop.capacity_w):
            said = f"loop {loop.name} takes {loop.capacity_w:.0f} W of {loop.heat_w:.0f} W of heat"
            at = f"cooling for all of it at {graph.ambient_c:g} °C"
            yield _too_much("cooling-short", loops[loop.name], (said, loop.heat_w), at)


def _psu_faults(graph: Graph) -> Iterator[Fault]:
    for rack in graph.racks:
        for device in rack.devices:
            each = device.allocated_w / device.psus_needed
            if device.psu_w is not None and _over(each, device.psu_w):
                said = f"{device.name} in {rack.name} draws {device.allocated_w:g} W, {each:g} W from each of"
                said = f"{said} {device.psus_needed} PSUs of {device.psu_w:g} W"
                much, unit, where = round(each, 3), POWER.base, device.where
                yield Fault(
                    "psu-below-load", rack.name, said, "PSUs for it", where=where, amount=much, unit=unit
                )


def _shared_faults(state: State, racks: Mapping[str, Rack]) -> Iterator[Fault]:
    """Feeds of one rack that meet below the sources, in use; said of the unit nearest to the rack."""
    for at, feeds in enumerate(state.feeds):
        names = sorted(name for kind in state.kinds_on[at] for name in state.kinds[kind].racks)
        letters = state.hangings[at].letters
        above = [{unit for unit in state.per_watt(feed) if unit < len(state.units)} for feed in feeds]
        for one in range(len(feeds)):
            for two in range(one + 1, len(feeds)):
                both = {unit for unit in above[one] & above[two] if state.units[unit].source is None}
                if both:
                    unit = state.units[max(both)]
                    spare = unit.count > unit.needed
                    code = "feeds-share-group" if spare else "feeds-share-unit"
                    for name in (name for name in names if name in racks):
                        said = f"feeds {letters[one]} and {letters[two]} of rack {name} are both on"
                        said, where = f"{said} {unit.kind} {unit.name}", racks[name].where
                        yield Fault(code, name, said, "feeds that meet only at the sources", where=where)
