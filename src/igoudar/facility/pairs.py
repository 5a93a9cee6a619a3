"""What two failures do together, told of one hall and one pair of things: the object of one waiver.

A pair is of units, or of feeds or PSUs of racks, each of which is named: what comes later is another pair.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from igoudar.errors import first_and_more, in_runs
from igoudar.power import Crowd, Double, Element
from igoudar.power.report import Kind, Which
from igoudar.quantities import POWER, shown

FEW = 2  # racks that people are told by name
Ends = dict[str, set[str]]
"""Words of each of the two, or of those of which any two are meant, and the racks that stand behind them."""


@dataclass(frozen=True, slots=True)
class Worst:
    """The worst of a pair's failures: how much is lost, and how much is too much of `load_w`."""

    lost_w: float
    excess_w: float
    load_w: float
    said: str

    @property
    def amount_w(self) -> float:
        return self.lost_w or self.load_w

    def order(self) -> tuple[float, float, float, str]:
        return self.lost_w, self.excess_w, self.load_w, self.said


@dataclass(slots=True)
class Pair:
    """`at`: the unit, loop or rack where it is told. `crowd`: any two of the ends are meant."""

    harm: str
    at: str
    crowd: bool
    which: Which
    worst: Worst
    ends: Ends = field(default_factory=dict)
    pairs: int = 0

    def add(self, ends: Ends, pairs: int, worst: Worst) -> None:
        for words, racks in ends.items():
            self.ends.setdefault(words, set()).update(racks)
        self.pairs += pairs
        self.worst = max(self.worst, worst, key=Worst.order)

    @property
    def name(self) -> str:
        """Exact, of all racks."""
        all_ = {words: in_runs(_sorted(racks)) for words, racks in self.ends.items()}
        return f"{self._said(all_)}, {self.harm}"

    def __str__(self) -> str:
        few = {words: first_and_more(_sorted(racks), FEW) for words, racks in self.ends.items()}
        pairs = "1 pair" if self.pairs == 1 else f"{self.pairs} pairs"
        return f"{self._said(few)}: {pairs}, {self.harm}{self.worst.said}"

    def _said(self, racks: Mapping[str, str]) -> str:
        """Units first."""
        order = sorted(racks, key=lambda words: (bool(racks[words]), words))
        ends = [f"{words} {racks[words]}".strip() for words in order]
        which = "" if self.which is Which.ANY else f" ({self.which})"
        return f"two of {', '.join(ends)}{which}" if self.crowd else f"{' and '.join(ends)}{which}"


def pairs_of(rows: Iterable[Double | Crowd], hall: str, hall_of: Mapping[str, str]) -> list[Pair]:
    """In order of their names. `hall_of`: by rack."""
    here, found = _Here(hall, hall_of), dict[tuple[object, ...], Pair]()
    for row in rows:
        pair, ends, pairs = here.crowd(row) if isinstance(row, Crowd) else here.double(row)
        # any two of a crowd are one pair; of others those that differ in no more than their racks
        key = (pair.harm, pair.crowd, pair.which, () if pair.crowd else tuple(sorted(ends)))
        found.setdefault(key, pair).add(ends, pairs, pair.worst)
    return sorted(found.values(), key=lambda pair: pair.name)


Told = tuple[Pair, Ends, int]


@dataclass(frozen=True, slots=True)
class _Here:
    """What a row is in one hall."""

    hall: str
    hall_of: Mapping[str, str]

    def racks(self, racks: Iterable[str]) -> list[str]:
        return [rack for rack in racks if self.hall_of[rack] == self.hall]

    def end(self, element: Element) -> Ends:
        """All racks where what happens in this hall is by those of others."""
        if element.kind is Kind.UNIT:
            return {" or ".join(_sorted(element.names)): set()}
        words = f"feed {element.feed} of" if element.kind is Kind.FEED else f"PSUs on {element.feed} in"
        return {words: {*(self.racks(element.names) or element.names)}}

    def double(self, row: Double) -> Told:
        elements = (row.first, row.second)
        ends = {**self.end(row.first), **self.end(row.second)}
        over = max(row.overloads, key=lambda each: each.excess_w, default=None)
        local = next((e for e in elements if e.kind is not Kind.UNIT), None)
        losses = [(loss.low_w, len(self.racks(loss.racks))) for loss in row.losses if self.racks(loss.racks)]
        if local is None:
            lost_w, such, pairs = sum(w * racks for w, racks in losses), "", row.pairs
        else:
            lost_w, such = row.lost_w[1] if losses else 0.0, f", such as {row.first} with {row.second}"
            (racks,) = self.end(local).values()
            pairs = row.pairs * len(racks) // len(local.names)
        harm = "a load is lost" if losses else "something is overloaded"
        lost = f", up to {shown(POWER, round(lost_w))}" if losses else ""
        excess_w, load_w = (over.excess_w, over.load_w) if over else (0.0, 0.0)
        worst = Worst(lost_w, excess_w, load_w, f"{lost}{such}{f': {over}' if over else ''}")
        return Pair(harm, self.at(elements), False, row.which, worst), ends, pairs

    def at(self, elements: Sequence[Element]) -> str:
        """The first unit, or else the first rack."""
        units = [name for element in elements if element.kind is Kind.UNIT for name in element.names]
        return min(units or set[str]().union(*self.end(elements[0]).values()))

    def crowd(self, row: Crowd) -> Told:
        ends: Ends = {}
        for push in row.members:
            for words, racks in self.end(push.element).items():
                ends.setdefault(words, set()).update(racks)
        over, such = row.worst_over, f", such as {row.worst[0]} with {row.worst[1]}"
        worst = Worst(0.0, over.excess_w, over.load_w, f"{such}: {over}")
        what = f"a feed {row.name} of a rack" if row.racks else row.name
        which = Which.SAME_RACK if row.racks else Which.ANY
        at = min(self.racks(row.racks) or row.racks) if row.racks else row.name
        return Pair(f"{what} is overloaded", at, True, which, worst), ends, row.pairs


def _sorted(names: Iterable[str]) -> list[str]:
    """crac-2 before crac-10."""
    return sorted(names, key=lambda name: (len(name), name))
