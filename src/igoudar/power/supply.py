"""What loops are cooled to by outside temperature, and how much heat they take there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from igoudar.power.graph import Graph, Loop, Unit, on_curve


@dataclass(frozen=True, slots=True)
class Supply:
    """`celsius` is None where `unknown` names a unit that does not say what it supplies, or nothing cools."""

    celsius: float | None
    unknown: str = ""


@dataclass(slots=True)
class Supplies:
    """Of a graph without `faults`."""

    graph: Graph
    _loops: dict[str, Loop] = field(init=False)
    _coolers: dict[str, list[Unit]] = field(init=False)

    def __post_init__(self) -> None:
        self._loops = {loop.name: loop for loop in self.graph.loops}
        self._coolers = defaultdict(list)
        for unit in self.graph.units:
            if unit.cools:
                self._coolers[unit.cools].append(unit)

    def coolers(self, loop: str) -> list[Unit]:
        return self._coolers[loop]

    def way(self, loop: str) -> Iterator[str]:
        """Of its heat: the loop, and those that take it on."""
        while loop:
            yield loop
            loop = self._loops[loop].rejects_to

    def at(self, loop: str, ambient_c: float) -> Supply:
        """The warmest that any of its coolers gives while it takes no more heat than it can."""
        onward, found = self._loops[loop].rejects_to, []
        for unit in self._coolers[loop]:
            celsius = on_curve(unit.supply, ambient_c)
            if celsius is None and unit.approach_k is not None:
                into = self.at(onward, ambient_c) if onward else Supply(ambient_c)
                if into.celsius is None:
                    return into
                celsius = into.celsius + unit.approach_k
            if celsius is None:
                return Supply(None, unit.name)
            found.append(celsius)
        return Supply(max(found, default=None))

    def turns(self, loop: str, low_c: float, high_c: float) -> list[float]:
        """Outside temperatures between which nothing bends: the worst of all of them is at one of these."""
        points = {low_c, high_c}
        for each in self.way(loop):
            for unit in self._coolers[each]:
                points |= {celsius for celsius, _ in (*unit.cooling, *unit.supply)}
        return sorted(celsius for celsius in points if low_c <= celsius <= high_c)

    def capacity_w(self, loop: str, ambient_c: float) -> float:
        """Heat that the needed things of its coolers take."""
        return sum(unit.needed * unit.cooling_w(ambient_c) for unit in self._coolers[loop])
