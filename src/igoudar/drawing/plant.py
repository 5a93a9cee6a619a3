"""The chain that the power graph tells of a hall: from sources to racks, with what it shares with others.

What a unit carries is judged with one thing of any unit of the chain out, whichever is worst for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from igoudar.derive.ports import natural
from igoudar.drawing.chain import MOST_RACKS, Chain, Link, Node, grouped_racks, racks_node
from igoudar.drawing.spans import span
from igoudar.drawing.use import Use, racks_of, standing, summed, uses_of
from igoudar.errors import CheckFailed, Finding
from igoudar.facility.graph import power_graph
from igoudar.facility.plant import Kind, PlantUnit
from igoudar.hall.places import Rack
from igoudar.model import Inventory
from igoudar.power import Graph, State, faults
from igoudar.power.flow import Change
from igoudar.quantities import POWER, TEMPERATURE, shown

MINUTE_KWH_A_WATT = 60_000.0  # minutes that a kWh lasts for a W


def chain_of_hall(inventory: Inventory, hall: str) -> Chain:
    """Raises CheckFailed for a graph that cannot be read."""
    graph = power_graph(inventory)
    if wrong := faults(graph):
        raise CheckFailed(
            Finding(f.code, f.where or inventory.halls[hall].where, f.message, f.expected, f.hint)
            for f in wrong
        )
    return _Told(inventory, graph, hall).chain()


@dataclass(frozen=True, slots=True)
class _Reading:
    """W of load and of what can be carried; no limit where nobody says one."""

    load_w: float
    limit_w: float | None

    @property
    def share(self) -> float:
        return self.load_w / self.limit_w if self.limit_w else 0.0


@dataclass(slots=True)
class _Told:
    inventory: Inventory
    graph: Graph
    hall: str
    state: State = field(init=False)
    racks: list[Rack] = field(init=False)
    units: dict[str, PlantUnit] = field(init=False)
    now: dict[str, _Reading] = field(init=False)
    worst: dict[str, _Reading] = field(init=False)

    def __post_init__(self) -> None:
        self.state = State(self.graph)
        self.racks = racks_of(self.inventory, self.hall)
        self.units = self._above()
        self.now = {name: self.reading(unit) for name, unit in self.units.items()}
        self.worst = dict(self.now)
        for name in self.units:
            self._without(name)

    def _above(self) -> dict[str, PlantUnit]:
        """What feeds the hall's racks, what stands in it, and all that these hang on."""
        known = self.inventory.plant.units
        waiting = [unit for rack in self.racks for unit in rack.feeds.values()]
        waiting += [unit.name for unit in known.values() if unit.hall == self.hall]
        found: dict[str, PlantUnit] = {}
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = known[name]
                waiting += _inputs(known[name])
        return dict(sorted(found.items(), key=lambda item: natural(item[0])))

    def _without(self, name: str) -> None:
        change: Change = self.state.fail(self.state.index[name])
        for other, unit in self.units.items():
            found = self.reading(unit)
            if found.share > self.worst[other].share:
                self.worst[other] = found
        self.state.undo(change)

    def reading(self, unit: PlantUnit) -> _Reading:
        """As things are now. A cooler has its part of the heat, a battery what would hang on it."""
        state, at = self.state, self.state.index[unit.name]
        kind = self.inventory.plant.types[unit.type]
        if kind.kind is Kind.BATTERY and self.inventory.plant.bridges(unit.name):
            users = [u for u in self.units.values() if unit.name in _inputs(u)]
            load = sum(state.draw[state.index[user.name]] for user in users)
            return _Reading(load, (kind.capacity_w or 0.0) * state.things[at])
        if unit.cools:
            loop, own = state.cools[at], state.things[at] * state.cooling[at] * state.live[at]
            return _Reading(state.heat[loop] * own / state.cold[loop] if own else 0.0, own)
        if not state.live[at]:
            return _Reading(0.0, None)
        load, limit = state.reading(at)
        return _Reading(load, limit) if load else _Reading(state.draw[at], None)

    # what is drawn

    def chain(self) -> Chain:
        uses = uses_of(self.inventory, self.racks, standing(self.inventory))
        groups = grouped_racks(self.racks) if len(self.racks) <= MOST_RACKS else self._by_row()
        merged = self._merged(groups)
        nodes = [self._unit(names) for names in _turned(merged).values()]
        nodes += [racks_node(name, racks, uses) for name, racks in groups.items()]
        total = summed(POWER, [use.power for use in uses.values()], self.inventory.halls[self.hall].power_w)
        return Chain(f"Hall {self.hall}", total, nodes, [*self._links(groups, merged)], self._notes())

    def _by_row(self) -> Mapping[str, Sequence[Rack]]:
        """Those of a row whose feeds come from the same."""
        units = self.inventory.plant.units
        found: dict[object, list[Rack]] = {}
        for rack in self.racks:
            feeds = tuple((feed, _alike(units[unit], rack)) for feed, unit in sorted(rack.feeds.items()))
            found.setdefault((rack.row, feeds), []).append(rack)
        return {span(racks[0].name, racks[-1].name): racks for racks in found.values()}

    def _merged(self, groups: Mapping[str, Sequence[Rack]]) -> dict[str, str]:
        """Unit -> the first of those that are drawn as one: one for each rack of a group, alike."""
        found = {name: name for name in self.units}
        for racks in groups.values():
            for feed in racks[0].feeds:
                names = list(dict.fromkeys(rack.feeds[feed] for rack in racks))
                found |= dict.fromkeys(names, names[0])
        return found

    def _unit(self, names: Sequence[str]) -> Node:
        worst = max((self.worst[name] for name in names), key=lambda reading: reading.share)
        now = max((self.now[name] for name in names), key=lambda reading: reading.share)
        unit = self.units[names[0]]
        limit = None if worst.limit_w in (None, float("inf")) else worst.limit_w
        return Node(
            f"unit {names[0]}",
            span(names[0], names[-1]),
            self._kind(unit, len(names), worst.load_w),
            Use(POWER, worst.load_w, limit),
            last=not any(names[0] in _inputs(other) for other in self.units.values())
            and not any(names[0] in rack.feeds.values() for rack in self.racks),
            now=now.share if limit else None,
            alike=f"{len(names)} {unit.needed} of {unit.count} {unit.type}",
            ends=(names[0], names[-1]),
        )

    def _kind(self, unit: PlantUnit, many: int, load_w: float) -> str:
        kind = self.inventory.plant.types[unit.type]
        said = (
            f"{unit.needed} of {unit.count} "
            if unit.needed != unit.count
            else f"{unit.count} " * (unit.count > 1)
        )
        said = f"{many * unit.count} " if many > 1 else said
        if kind.energy_kwh and load_w and self.inventory.plant.bridges(unit.name):
            minutes = kind.energy_kwh * unit.count * MINUTE_KWH_A_WATT / load_w
            return f"{said}{kind.kind}, {minutes:.0f} min"
        return f"{said}{kind.kind}"

    def _links(self, groups: Mapping[str, Sequence[Rack]], merged: Mapping[str, str]) -> Iterator[Link]:
        sides, found = self._sides(), dict[tuple[str, str], Link]()
        for name, unit in self.units.items():
            on = {self.state.units[at].name for at, _ in self.state.split[self.state.index[name]]}
            for source in _inputs(unit):
                side = sides[name] or sides[source]
                feed = side if len(side) == 1 and source in on else ""
                ends = merged[source], merged[name]
                found.setdefault(ends, Link(f"unit {ends[0]}", f"unit {ends[1]}", feed, source not in on))
        yield from found.values()
        for group, racks in groups.items():
            for feed, fed_by in sorted(racks[0].feeds.items()):
                yield Link(f"unit {merged[fed_by]}", f"rack {group}", feed)

    def _sides(self) -> dict[str, str]:
        """The feeds of the hall's racks that each unit gives now, such as A."""
        found: dict[str, set[str]] = {name: set() for name in self.units}
        for rack in self.racks:
            for feed, unit in rack.feeds.items():
                found[unit].add(feed)
        for at in range(len(self.state.units) - 1, -1, -1):  # suppliers come first
            name = self.state.units[at].name
            for supplier, _ in self.state.split[at] if name in found else ():
                found[self.state.units[supplier].name] |= found[name]
        return {name: "".join(sorted(letters)) for name, letters in found.items()}

    def _notes(self) -> tuple[str, ...]:
        ambient = shown(TEMPERATURE, self.graph.ambient_c)
        return (
            "Each bar: what a unit carries of what it can, with one thing of any unit out, the worst for it."
            " The dark mark is where it stands with all alive.",
            f"Cooling takes heat, at {ambient} outside. A battery has the load of its UPS, for so long."
            " 2 of 3: as many are needed of those that there are. Units of several halls carry all of them.",
        )


def _inputs(unit: PlantUnit) -> tuple[str, ...]:
    return unit.power.units if unit.power else ()


def _alike(unit: PlantUnit, rack: Rack) -> object:
    """Itself, or what it is like where it is one rack's own."""
    own = rack.name in unit.name
    return (unit.type, unit.where, unit.power) if own else unit.name


def _turned(merged: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, first in merged.items():
        found.setdefault(first, []).append(name)
    return found
