"""The program over fillings: how many racks of each class are filled how, and what a price proves.

Three goals one after another, each with what the one before reached as a limit: leave the fewest devices,
open the fewest racks, strand the least power. The price of a device class is its dual value; for any prices
that are not negative, the sum of the best fillings at them is a bound (Lagrange), which is what is reported.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from igoudar.placement.fillings import RackClass
from igoudar.placement.limits import KILO, Filling, WideKey
from igoudar.placement.pricing import Priced
from igoudar.placement.problem import Effort, Problem
from igoudar.placement.solver import INFINITY, Model, Solved

Chosen = list[tuple[int, Filling, int]]  # class of racks, how each is filled, how many of them


class Goal(Enum):
    LEFT = auto()
    OPENED = auto()
    STRANDED = auto()


@dataclass(frozen=True, slots=True)
class Stage:
    """A goal, and the limits that earlier ones set. Costs are devices, racks, or kW."""

    goal: Goal
    most_left: float = INFINITY
    most_opened: float = INFINITY

    @property
    def whole(self) -> bool:
        """Whether the cost is a whole number, so that a bound can be rounded up."""
        return self.goal is not Goal.STRANDED

    def cost(self, kind: RackClass, filling: Filling) -> float:
        if self.goal is Goal.STRANDED:
            return kind.stranded_w(filling) / KILO
        return float(self.goal is Goal.OPENED and kind.opens)

    def rounded(self, bound: float) -> float:
        """Never below 0; a whole cost that is a little over a number is that number, for safety."""
        return max(0.0, math.ceil(bound - 1e-5) if self.whole else bound)


@dataclass(frozen=True, slots=True)
class Prices:
    """None is negative. `device` by class, `rack` by rack class; the others are of the limits that bind."""

    device: tuple[float, ...]
    rack: tuple[float, ...]
    wide: dict[WideKey, float]
    opened: float
    left: float

    def of(self, kind: RackClass) -> tuple[float, ...]:
        """What one more device of each class costs in such a rack; gains are negative."""
        return tuple(
            sum(self.wide[wide.key] * wide.each[at] for wide in kind.wides) - price
            for at, price in enumerate(self.device)
        )

    def of_rack(self, stage: Stage, kind: RackClass) -> float:
        return (self.opened + float(stage.goal is Goal.OPENED)) * kind.opens


@dataclass(frozen=True, slots=True)
class Open:
    """What is still to be done: devices by class, racks by rack class, room by limit over racks.

    `opened` and `left` are what the limits of the stage leave.
    """

    devices: tuple[int, ...]
    racks: tuple[int, ...]
    room: Mapping[WideKey, float]
    opened: float
    left: float


@dataclass(frozen=True, slots=True)
class Relaxed:
    """`whole`: the racks of the answer that are whole ones."""

    cost: float
    prices: Prices
    whole: Chosen


class Master:
    """The program of one stage; fillings are added as they are found.

    `penalty`: a device that is left beyond the limit costs so much; infinite where none may be.
    """

    def __init__(
        self,
        problem: Problem,
        kinds: Sequence[RackClass],
        stage: Stage,
        rest: Open,
        penalty: float = INFINITY,
    ) -> None:
        self.problem, self.kinds, self.stage, self.rest = problem, kinds, stage, rest
        self.model, self.fillings = Model(), dict[tuple[int, Filling], int]()
        add, cost = self.model, float(stage.goal is Goal.LEFT)
        self.lefts = [add.variable(INFINITY, cost) for _ in problem.classes]
        self.wanted = [
            add.row(n, INFINITY, {left: 1.0}) for n, left in zip(rest.devices, self.lefts, strict=True)
        ]
        self.racks = [add.row(-INFINITY, n, {}) for n in rest.racks]
        self.wide = {key: add.row(-INFINITY, max(room, 0.0), {}) for key, room in rest.room.items()}
        self.left = add.row(-INFINITY, rest.left, dict.fromkeys(self.lefts, 1.0))
        self.opened = add.row(-INFINITY, rest.opened, {})
        if penalty < INFINITY:
            add.column(penalty, {self.left: -1.0})

    def add(self, number: int, filling: Filling) -> bool:
        """A filling for racks of class `number`; False where it is there already."""
        if (number, filling) in self.fillings:
            return False
        kind = self.kinds[number]
        terms = {row: float(n) for row, n in zip(self.wanted, filling, strict=True)}
        terms[self.racks[number]] = 1.0
        terms[self.opened] = float(kind.opens)
        for wide in kind.wides:
            terms[self.wide[wide.key]] = wide.used(filling)
        self.fillings[number, filling] = self.model.column(self.stage.cost(kind, filling), terms)
        return True

    def relaxed(self) -> Relaxed:
        """The cost over the fillings so far, in parts of racks, and the prices that prove it."""
        solved = self.model.solve()
        duals = solved.duals
        prices = Prices(
            device=tuple(max(0.0, duals[row]) for row in self.wanted),
            rack=tuple(max(0.0, -duals[row]) for row in self.racks),
            wide={key: max(0.0, -duals[row]) for key, row in self.wide.items()},
            opened=max(0.0, -duals[self.opened]),
            left=max(0.0, -duals[self.left]),
        )
        whole = {key: math.floor(solved.values[column] + 1e-6) for key, column in self.fillings.items()}
        return Relaxed(solved.value, prices, [(*key, times) for key, times in whole.items() if times])

    def bound(self, prices: Prices, best: Sequence[Priced]) -> float:
        """What no placement costs less than; `best` is the best filling of each rack class."""
        rest = self.rest
        total = sum(p * n for p, n in zip(prices.device, rest.devices, strict=True))
        total -= sum(price * max(rest.room[key], 0.0) for key, price in prices.wide.items())
        for price, most in ((prices.opened, rest.opened), (prices.left, rest.left)):
            total -= price * most if price else 0.0
        own = float(self.stage.goal is Goal.LEFT)
        for n, price in zip(rest.devices, prices.device, strict=True):
            total += n * min(0.0, own + prices.left - price)
        return total + sum(n * p.bound for n, p in zip(rest.racks, best, strict=True))

    def whole(self, effort: Effort) -> Solved:
        """In whole racks, by the fillings so far."""
        self.model.make_integer(range(self.model.columns))
        gap = 0.999 if self.stage.whole else 1e-6
        solved = self.model.solve(nodes=effort.nodes, seconds=effort.seconds, gap=gap)
        self.model.make_integer(range(self.model.columns), integer=False)
        return solved

    def chosen(self, solved: Solved) -> Chosen:
        counts = ((key, round(solved.values[column])) for key, column in self.fillings.items())
        return sorted((number, filling, times) for (number, filling), times in counts if times)
