"""Which halls hang on what: on a unit by feeds and by what it cools, on a loop by the heat that it takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter

from igoudar.power.graph import Graph, Rack

Halls = frozenset[str]
NOWHERE: Halls = frozenset()


@dataclass(frozen=True, slots=True)
class Served:
    units: Mapping[str, Halls]
    loops: Mapping[str, Halls]


def served(graph: Graph, hall_of: Mapping[str, str]) -> Served:
    """`hall_of`: by rack. The graph has no `faults`, so that no chain closes."""
    units: dict[str, set[str]] = defaultdict(set)
    loops: dict[str, set[str]] = defaultdict(set)
    for rack in graph.racks:
        for _, name in rack.feeds:
            units[name].add(hall_of[rack.name])
        for loop in _loops(rack):
            loops[loop].add(hall_of[rack.name])
    onward = {loop.name: [loop.rejects_to] if loop.rejects_to else [] for loop in graph.loops}
    _hand_up(onward, loops)
    for unit in graph.units:
        if unit.cools:
            units[unit.name] |= loops[unit.cools]
    _hand_up({unit.name: [*unit.inputs()] for unit in graph.units}, units)
    return Served(_frozen(units), _frozen(loops))


def _loops(rack: Rack) -> Iterable[str]:
    shares = ((rack.air, 1 - rack.liquid_share), (rack.liquid, rack.liquid_share))
    return (loop for loop, share in shares if loop and share)


def _hand_up(onward: Mapping[str, list[str]], halls: dict[str, set[str]]) -> None:
    """What serves one serves all that it serves: consumers first."""
    for name in reversed([*TopologicalSorter(onward).static_order()]):
        for supplier in onward.get(name, ()):
            halls[supplier] |= halls[name]


def _frozen(halls: Mapping[str, set[str]]) -> dict[str, Halls]:
    return {name: frozenset(found) for name, found in halls.items()}
