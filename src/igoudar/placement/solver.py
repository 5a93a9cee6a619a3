"""HiGHS, as we use it: one thread, no output, the same answer on every run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import highspy

INFINITY = highspy.kHighsInf


@dataclass(frozen=True, slots=True)
class Solved:
    """`bound`: no solution is below it. `values` is empty where none was found."""

    value: float
    bound: float
    values: tuple[float, ...]
    duals: tuple[float, ...]
    out_of_time: bool


class _Quiet(highspy.Highs):
    """We use no callbacks, and their set-up says who HiGHS is before anybody can turn its output off."""

    def enableCallbacks(self) -> None:  # noqa: N802 - HiGHS's name
        self.silent()


class Model:
    """A linear or integer program that is minimised; rows and variables are numbered as they come."""

    def __init__(self) -> None:
        self._highs = _Quiet()  # type: ignore[no-untyped-call]
        self.columns = self.rows = 0
        self._integers: set[int] = set()
        for name, value in (
            ("threads", 1),
            ("parallel", "off"),
            ("random_seed", 0),
            ("mip_rel_gap", 0.0),
        ):
            self._highs.setOptionValue(name, value)

    def variable(self, high: float, cost: float = 0.0, *, integer: bool = False) -> int:
        """From 0 to `high`."""
        self._highs.addVar(0.0, high)
        if cost:
            self._highs.changeColCost(self.columns, cost)
        if integer:
            self.make_integer([self.columns])
        self.columns += 1
        return self.columns - 1

    def make_integer(self, columns: Iterable[int], *, integer: bool = True) -> None:
        kind = highspy.HighsVarType.kInteger if integer else highspy.HighsVarType.kContinuous
        for column in columns:
            self._highs.changeColIntegrality(column, kind)
            (self._integers.add if integer else self._integers.discard)(column)

    def row(self, low: float, high: float, terms: Mapping[int, float]) -> int:
        named = {column: value for column, value in terms.items() if value}
        self._highs.addRow(low, high, len(named), [*named], [*named.values()])
        self.rows += 1
        return self.rows - 1

    def column(self, cost: float, terms: Mapping[int, float]) -> int:
        """A variable without an upper end that stands in rows already there."""
        named = {row: value for row, value in terms.items() if value}
        self._highs.addCol(cost, 0.0, INFINITY, len(named), [*named], [*named.values()])
        self.columns += 1
        return self.columns - 1

    def costs(self, costs: Mapping[int, float]) -> None:
        for column, cost in costs.items():
            self._highs.changeColCost(column, cost)

    def most(self, highs: Mapping[int, float]) -> None:
        """New upper ends of variables."""
        for column, high in highs.items():
            self._highs.changeColBounds(column, 0.0, high)

    def solve(self, *, nodes: int = 1_000_000, seconds: float = INFINITY, gap: float = 1e-6) -> Solved:
        """`gap`: how far from the best an integer solution may stay, in units of the cost.

        An integer search is not told of a solution in hand: HiGHS 1.16 then takes what presolve set aside
        of its cost for nothing, and calls it the best.
        """
        highs = self._highs
        for name, value in (
            ("mip_max_nodes", nodes),
            ("time_limit", highs.getRunTime() + seconds),
            ("mip_abs_gap", gap),
        ):
            highs.setOptionValue(name, value)
        highs.run()
        info, status, solution = highs.getInfo(), highs.getModelStatus(), highs.getSolution()
        found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        return Solved(
            value=info.objective_function_value if found else INFINITY,
            bound=info.mip_dual_bound if self._integers else info.objective_function_value,
            values=tuple(solution.col_value) if found else (),
            duals=tuple(solution.row_dual) if not self._integers and found else (),
            out_of_time=status == highspy.HighsModelStatus.kTimeLimit,
        )
