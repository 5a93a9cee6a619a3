"""The best filling of one rack for given prices of the classes: a small integer program a rack class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from igoudar.placement.fillings import RackClass, allowed, most
from igoudar.placement.limits import KILO, Filling
from igoudar.placement.problem import Face, Problem
from igoudar.placement.seating import Places, by_phases, frame_of
from igoudar.placement.solver import INFINITY, Model
from igoudar.placement.space import Free, Run, Shape, free_of, runs_of, shape_of, starts


@dataclass(frozen=True, slots=True)
class Priced:
    """`bound`: no filling of the rack costs less. `filling` costs `value`; the empty one costs 0."""

    filling: Filling
    value: float
    bound: float

    def pays(self, rack: float) -> bool:
        """Whether it is better than what such racks hold now, where one is worth `rack`."""
        return self.value < -rack - 1e-7 and any(self.filling)


class Pricer:
    """The programs of one rack class, kept between prices. That with phases is slow: it is asked last."""

    def __init__(self, problem: Problem, kind: RackClass) -> None:
        self.problem, self.kind = problem, kind
        self._simple = Program(problem, kind, by_phase=False)
        self._whole: Program | None = None

    def best(
        self, prices: Sequence[float], fixed: float, wanted: Sequence[int], *, stranding: bool
    ) -> Priced:
        """Of all fillings with at most what is `wanted`, at `prices` by class and `fixed` a rack.

        With `stranding`, each kW that it strands costs 1 more.
        """
        fixed -= self.kind.idle_w / KILO if stranding else 0.0
        none = (0,) * len(self.problem.classes)
        filling, value, bound = self._simple.solve(prices, wanted, stranding=stranding)
        stands = any(filling) and allowed(self.problem, self.kind, filling)
        if any(filling) and not stands and self.kind.rack.phases:
            self._whole = self._whole or Program(self.problem, self.kind, by_phase=True)
            filling, value, bound = self._whole.solve(prices, wanted, stranding=stranding)
            stands = any(filling) and allowed(self.problem, self.kind, filling)
        return Priced(filling if stands else none, value + fixed, min(0.0, bound + fixed))


class Program:
    """Fillings of one rack class as an integer program. `by_phase`: U and phases together, each U a variable;
    else each for itself, which may allow more than can stand.
    """

    def __init__(self, problem: Problem, kind: RackClass, *, by_phase: bool) -> None:
        self.problem, self.kind = problem, kind
        self.model = Model()
        self.tops = [most(problem, kind, at) for at in range(len(problem.classes))]
        self.counts = [self.model.variable(top, integer=True) for top in self.tops]
        for limit in kind.limits:
            self.model.row(-INFINITY, limit.most, dict(zip(self.counts, limit.each, strict=True)))
        frame = frame_of(kind.rack, problem.classes)
        if by_phase:
            Places(self.model, frame, self.counts)
        else:
            if frame.rooms:
                by_phases(self.model, frame, self.counts)
            self._seat()
        self.stranded = self.model.variable(INFINITY)  # kW
        for constant, slopes in kind.strands.lines:
            terms = {n: -slope / KILO for n, slope in zip(self.counts, slopes, strict=True)}
            self.model.row(constant / KILO, INFINITY, {**terms, self.stranded: 1.0})

    def solve(
        self, prices: Sequence[float], wanted: Sequence[int], *, stranding: bool
    ) -> tuple[Filling, float, float]:
        """The best filling, empty where none was found, what it costs, and what none costs less than."""
        costs: dict[int, float] = dict(zip(self.counts, prices, strict=True))
        self.model.costs({**costs, self.stranded: float(stranding)})
        self.model.most({n: min(t, w) for n, t, w in zip(self.counts, self.tops, wanted, strict=True)})
        solved = self.model.solve()
        filling = tuple(round(solved.values[n]) for n in self.counts) if solved.values else ()
        return filling, solved.value, solved.bound

    def _seat(self) -> None:
        """U together: how many of each height stand in each run; where faces overlap, the U of each device
        is a variable of its own, which takes longer.
        """
        free = free_of(self.kind.rack)
        shapes = sorted({shape_of(c) for c in self.problem.classes})
        runs = runs_of(free, frozenset(shape.face for shape in shapes))
        if runs is None:
            self._by_unit(free, shapes)
        else:
            self._by_run(runs, shapes)

    def _by_run(self, runs: Sequence[Run], shapes: Sequence[Shape]) -> None:
        inside = {
            (shape, number): self.model.variable(run.units // shape.units, integer=True)
            for number, run in enumerate(runs)
            for shape in shapes
            if shape.face in run.faces
        }
        for shape in shapes:
            self._split(shape, [column for (other, _), column in inside.items() if other == shape])
        for number, run in enumerate(runs):
            for face in (Face.FRONT, Face.REAR):
                terms = {
                    column: float(shape.units)
                    for (shape, at), column in inside.items()
                    if at == number and shape.face in (face, Face.BOTH)
                }
                self.model.row(-INFINITY, run.units, terms)

    def _by_unit(self, free: Free, shapes: Sequence[Shape]) -> None:
        stands: dict[tuple[Shape, int], int] = {}
        for shape in shapes:
            for low, _ in starts(free, shape):
                stands[shape, low] = self.model.variable(1, integer=True)
            self._split(shape, [column for (other, _), column in stands.items() if other == shape])
        for face in (Face.FRONT, Face.REAR):
            for unit in range(free.of(face).bit_length()):
                over = [
                    column
                    for (shape, low), column in stands.items()
                    if low <= unit < low + shape.units and shape.face in (face, Face.BOTH)
                ]
                self.model.row(-INFINITY, 1, dict.fromkeys(over, 1.0))

    def _split(self, shape: Shape, parts: Sequence[int]) -> None:
        """As many devices of a shape as stand at all its places together."""
        counts = [n for n, c in zip(self.counts, self.problem.classes, strict=True) if shape_of(c) == shape]
        self.model.row(0, 0, {**dict.fromkeys(counts, 1.0), **dict.fromkeys(parts, -1.0)})
