"""What racks share, as sums: units and loops with all alive and with things out, feeds alone, halls. Pure.

Loads are sums of what racks draw while the same things are out, so each becomes one limit of the search. Only
those are here that what is asked for could reach, and of those that count alike the one with the least room.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from igoudar.facility.envelope import Need, needs
from igoudar.facility.graph import power_graph
from igoudar.facility.plant import Medium, Promise
from igoudar.facility.served import NOWHERE, served
from igoudar.facility.standstill import Standing, Warming, warmings
from igoudar.model import Inventory
from igoudar.placement.feeds import PROMISED, TWICE, psus_in
from igoudar.placement.known import rack_draws
from igoudar.placement.problem import Problem, Shared
from igoudar.placement.request import DevicesIn, RequestFile
from igoudar.power import FeedLoad, Graph, State, analyse, faults, settle
from igoudar.power.racks import pattern_of, shares_of
from igoudar.power.report import Element, Kind
from igoudar.power.schemes import Scheme

MOST = 2.0  # with losses on its way, no W is more than so many on any meter
MOST_RACKS = 20  # of which one feed out is a limit of its own; others follow where it is still broken

Alike = tuple[str, tuple[tuple[str, str], ...]]  # hall and feeds: such racks load the same
Takes = Mapping[Alike, tuple[float, ...]]  # W by class
Taken = Mapping[Alike, Sequence[Mapping[int, float]]]  # by class, of one device: W on every meter
Key = tuple[tuple[tuple[Alike, tuple[float, ...]], ...], tuple[tuple[str, tuple[float, ...]], ...]]
Out = tuple[str, ...]  # units of which a thing is out; twice, two


def shared_of(inventory: Inventory, request: RequestFile, problem: Problem) -> tuple[Shared, ...]:
    """All but those of two things out."""
    sums = _Sums(inventory, request, problem)
    sums.halls()
    graph = power_graph(inventory)
    if inventory.plant.units and not faults(graph):
        levels = _levels(inventory, graph)
        settled = settle(graph)
        chosen = _of_known_phases(problem, settled.state)
        legs = {
            unit.name: 3 * max(unit.legs_w) - unit.load_w
            for unit in settled.loads.units
            if unit.name not in chosen
        }
        sums.meters(settled.state, (), range(len(graph.units) + len(graph.loops)), legs)
        sums.feeds_alone(graph, settled.loads.feeds)
        for unit in settled.state.units:
            sums.without(settled.state, (unit.name,), lambda name: levels(name) >= PROMISED)
        for promise in inventory.plant.schemes.values():
            _blocks_out(sums, graph, promise)
    return sums.found()


def _of_known_phases(problem: Problem, state: State) -> set[str]:
    """Units onto whose lightest phases new devices can go: their U says which."""
    feeds = {phase.unit for rack in problem.racks for phase in rack.phases}
    return {state.meter_name(meter) for feed in feeds for meter in state.per_watt(state.index[feed])}


def two_out(
    before: Inventory, after: Inventory, request: RequestFile, problem: Problem
) -> tuple[Shared, ...]:
    """Of the pairs that overload something with the devices of a proposal."""
    sums, graph = _Sums(before, request, problem), power_graph(before)
    levels, state = _levels(before, graph), State(graph)
    report = analyse(power_graph(after))
    pairs = [(double.first, double.second) for double in report.doubles if double.overloads]
    for pair in [*pairs, *(crowd.worst for crowd in report.crowds)]:
        if all(element.kind is Kind.UNIT for element in pair):
            sums.without(state, _first_of(pair), lambda name: levels(name) >= TWICE)
    return sums.found()


def restarts(
    before: Inventory, after: Inventory, request: RequestFile, problem: Problem
) -> tuple[Shared, ...]:
    """What halls may give off that would be too warm, with the devices of a proposal, before cooling is back.

    What a device takes up by its mass counts up to what it gives off itself.
    """
    graph, later = power_graph(before), power_graph(after)
    asked = [need for need in needs(after, later) if isinstance(need, Need)]
    there = Standing(after, later, State(later))
    state = State(graph)
    sums, site = _Sums(before, request, problem), Standing(before, graph, state)
    stopped = {need.taking: there.stopped(need.taking) for need in asked}
    if found := [*warmings(site, asked, stopped)]:
        taken = sums.taken(state)
        for warming in found:
            sums.warmed(state, taken, warming)
    return sums.found()


def one_feed_out(
    before: Inventory, after: Inventory, request: RequestFile, problem: Problem
) -> tuple[Shared, ...]:
    """Of the racks of which one feed, when it fails, overloads a unit with the devices of a proposal."""
    sums, state = _Sums(before, request, problem), State(power_graph(before))
    found = [
        (over.excess_w, over.name, (rack, single.element.feed))
        for single in analyse(power_graph(after), doubles=False).singles
        if single.element.kind is Kind.FEED
        for over in single.overloads
        if not over.racks
        for rack in single.element.names
    ]
    taken = sums.taken(state) if found else {}
    for _, meter, out in sorted(found, key=lambda each: (-each[0], each[1:]))[:MOST_RACKS]:
        sums.feed_out(state, taken, meter, out)
    return sums.found()


def _on(meter: int, by: Iterable[Mapping[int, float]]) -> tuple[float, ...]:
    return tuple(each.get(meter, 0.0) for each in by)


def _letters(alike: Alike) -> tuple[str, ...]:
    return tuple(letter for letter, _ in alike[1])


def _first_of(pair: tuple[Element, Element]) -> Out:
    return tuple(element.names[0] for element in pair)


def _levels(inventory: Inventory, graph: Graph) -> Callable[[str], int]:
    """The highest availability class that hangs on a unit or a loop."""
    found = served(graph, {name: rack.hall for name, rack in inventory.racks.items()})

    def level(name: str) -> int:
        halls = found.units.get(name, NOWHERE) | found.loops.get(name, NOWHERE)
        return max((inventory.halls[hall].availability or 0 for hall in halls), default=0)

    return level


def _blocks_out(sums: _Sums, graph: Graph, promise: Promise) -> None:
    """What a scheme says of its blocks, of the racks of its halls alone."""
    racks = sums.inventory.racks
    halls = set(promise.halls or sums.inventory.halls)
    own = tuple(rack for rack in graph.racks if rack.feeds and racks[rack.name].hall in halls)
    state = State(replace(graph, racks=own))
    for unit in state.units if promise.scheme is not Scheme.N else ():
        if unit.kind == str(promise.blocks):
            things = 1 if promise.scheme is Scheme.N_PLUS_1 else unit.count
            sums.without(state, (unit.name,) * things, lambda _: True, halls)


def _moved(state: State, rack: str, letter: str) -> dict[int, float]:
    """W more on every meter by what stands in a rack, when one of its feeds fails."""
    kind = next(kind for kind in state.kinds if rack in kind.racks)
    hanging, mask = state.hangings[kind.hanging], state.mask[kind.hanging]
    before = kind.draws(mask)[0]
    after = kind.draws(mask & ~(1 << hanging.letters.index(letter)))[0]
    found: dict[int, float] = defaultdict(float)
    for unit, was, now in zip(state.feeds[kind.hanging], before, after, strict=True):
        for meter, watts in state.per_watt(unit).items() if was != now else ():
            found[meter] += (now - was) * watts
    return found


@dataclass(slots=True)
class _Sums:
    inventory: Inventory
    request: RequestFile
    problem: Problem
    _alike: dict[Alike, list[str]] = field(default_factory=lambda: defaultdict(list))
    _found: dict[Key, tuple[str, float]] = field(default_factory=dict)
    _loops: dict[tuple[str, Medium | None], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for rack in self.problem.racks:
            there = self.inventory.racks[rack.name]
            self._alike[there.hall, tuple(sorted(there.feeds.items()))].append(rack.name)
        for loop in self.inventory.plant.loops.values():
            self._loops[loop.hall, loop.medium] = loop.name

    def found(self) -> tuple[Shared, ...]:
        return tuple(
            Shared(
                what,
                max(0.0, room),
                {rack: each for alike, each in takes for rack in self._alike[alike]} | dict(own),
            )
            for (takes, own), (what, room) in self._found.items()
        )

    def add(
        self, what: str, room: float, takes: Takes, own: Mapping[str, tuple[float, ...]] | None = None
    ) -> None:
        """`own`: of racks that take another amount than those alike. Nothing where all that is asked fits."""
        counts = [device.count for device in self.problem.classes]
        largest = [max(each) for each in zip(*takes.values(), *(own or {}).values(), strict=True)]
        if sum(count * watts for count, watts in zip(counts, largest, strict=True)) <= room:
            return
        alike = tuple((alike, each) for alike, each in takes.items() if any(each))
        key = (alike, tuple((own or {}).items()))
        if any(key) and room < self._found.get(key, ("", room + 1))[1]:
            self._found[key] = what, room

    def halls(self) -> None:
        """A rack with a device of which nobody knows the draw counts as its whole power."""
        drawn = rack_draws(self.inventory, self.request)
        draws = tuple(device.draw_w for device in self.problem.classes)
        none = (0.0,) * len(draws)
        for name in dict.fromkeys(hall for hall, _ in self._alike):
            hall = self.inventory.halls[name]
            if hall.power_w is not None:
                used = sum(drawn[rack.name] for rack in self.inventory.racks.values() if rack.hall == name)
                takes = {alike: draws if alike[0] == name else none for alike in self._alike}
                self.add(f"power of hall {name}", hall.power_w - used, takes)

    def feeds_alone(self, graph: Graph, feeds: Iterable[FeedLoad]) -> None:
        """Units that racks name as feeds, with all their racks on them alone."""
        alone: dict[str, float] = defaultdict(float)
        for feed in feeds:
            alone[feed.unit] += feed.alone_w
        for unit in graph.units:
            if unit.name in alone:
                takes = {alike: tuple(self._alone(alike, unit.name)) for alike in self._alike}
                room = unit.limit_w * unit.count - alone[unit.name]
                self.add(f"power of {unit.name} as the only feed", room, takes)

    def _alone(self, alike: Alike, unit: str) -> Iterator[float]:
        letters = {letter for letter, name in alike[1] if name == unit}
        for entry, device in zip(self.request.devices, self.problem.classes, strict=True):
            psus, needed = psus_in(self.inventory, entry.type, _letters(alike))
            yield device.draw_w if sum(psu in letters for psu in psus) >= needed else 0.0

    def without(
        self, state: State, out: Out, counts: Callable[[str], bool], halls: set[str] | None = None
    ) -> None:
        """With things out, the meters that this changes and that `counts`; `halls`: only racks of these."""
        changes = [state.fail(state.index[name]) for name in out]
        touched = {meter for change in changes for meter in state.touched(change)}
        meters = (meter for meter in sorted(touched) if counts(state.meter_name(meter)))
        self.meters(state, out, meters, {}, halls)
        for change in reversed(changes):
            state.undo(change)

    def meters(
        self,
        state: State,
        out: Out,
        meters: Iterable[int],
        legs: Mapping[str, float],
        halls: set[str] | None = None,
    ) -> None:
        """`legs`: by unit what its largest phase takes of it beyond its load."""
        most = MOST * sum(device.count * device.draw_w for device in self.problem.classes)
        near = {}
        for meter in meters:
            room = state.margin(meter) - max(0.0, legs.get(state.meter_name(meter), 0.0))
            if room < most:
                near[meter] = room
        if not near:
            return
        taken = self.taken(state, halls)
        said = f" without {' and '.join(dict.fromkeys(out))}" if out else ""
        for meter, room in near.items():
            takes = {alike: _on(meter, by) for alike, by in taken.items()}
            kind = "power of" if meter < len(state.units) else "cooling of loop"
            self.add(f"{kind} {state.meter_name(meter)}{said}", room, takes)

    def feed_out(self, state: State, taken: Taken, name: str, out: tuple[str, str]) -> None:
        """`name`: of a meter; `out`: a rack and its feed that fails. What stands there moves as well."""
        rack, letter = out
        meter = [state.meter_name(at) for at in range(len(state.units) + len(state.loops))].index(name)
        moved = _moved(state, rack, letter).get(meter, 0.0)
        mine = next((alike for alike, names in self._alike.items() if rack in names), None)
        takes = {alike: _on(meter, by) for alike, by in taken.items()}
        own = {} if mine is None else {rack: _on(meter, self._taken(state, mine, letter))}
        what = f"power of {name} without feed {letter} of rack {rack}"
        self.add(what, state.margin(meter) - moved, takes, own)

    def warmed(self, state: State, taken: Taken, warming: Warming) -> None:
        hall, kgs = warming.need.hall.name, [device.kg for device in self.problem.classes]
        meter = len(state.units) + [loop.name for loop in state.loops].index(warming.loop)
        takes: dict[Alike, tuple[float, ...]] = {}
        for alike, by in taken.items():
            kg_w = warming.kg_w if alike[0] == hall else 0.0
            heat = zip(_on(meter, by), kgs, strict=True)
            takes[alike] = tuple(max(0.0, w - kg * kg_w) for w, kg in heat)
        what = f"heat to {warming.need.medium} of hall {hall} until its cooling is back"
        self.add(what, warming.room_w, takes)

    def taken(self, state: State, halls: set[str] | None = None) -> Taken:
        """Of all racks as things are now; `halls`: only racks of these count."""
        none: Sequence[Mapping[int, float]] = [{} for _ in self.problem.classes]
        return {
            alike: none if halls is not None and alike[0] not in halls else self._taken(state, alike)
            for alike in self._alike
        }

    def _taken(self, state: State, alike: Alike, dead: str = "") -> list[Mapping[int, float]]:
        """What one device of each class is on every meter above such racks, without the feed `dead`."""
        hall, feeds = alike
        units = [state.index[name] for _, name in feeds]
        letters = _letters(alike)
        living = (state.live[unit] and letter != dead for letter, unit in zip(letters, units, strict=True))
        mask = sum(1 << at for at, lives in enumerate(living) if lives)
        per_watt = [state.per_watt(unit) if state.live[unit] else {} for unit in units]
        found: list[Mapping[int, float]] = []
        for entry, device in zip(self.request.devices, self.problem.classes, strict=True):
            psus, needed = psus_in(self.inventory, entry.type, letters)
            shares = shares_of(pattern_of(letters, psus, needed), len(units), mask) if psus else None
            taken: dict[int, float] = defaultdict(float)
            for share, above in zip(shares or (), per_watt, strict=bool(shares)):
                for meter, watts in above.items():
                    taken[meter] += device.draw_w * share * watts
            for meter, watts in self._heat(state, hall, entry) if shares else ():
                taken[meter] += device.draw_w * watts
            found.append(taken)
        return found

    def _heat(self, state: State, hall: str, entry: DevicesIn) -> Iterator[tuple[int, float]]:
        facts = self.inventory.facts.get(entry.type)
        liquid = facts.liquid_share if facts else 0.0
        names = [loop.name for loop in state.loops]
        for medium, share in ((Medium.AIR, 1 - liquid), (Medium.LIQUID, liquid)):
            if share and (name := self._loops.get((hall, medium))):
                for onward in state.onward[names.index(name)]:
                    yield len(state.units) + onward, share
