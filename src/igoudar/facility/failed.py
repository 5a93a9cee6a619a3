"""Single and double failures as findings, rated by the availability class of the halls that they reach.

Of a hall without a class nothing is promised, and nothing is said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from igoudar.errors import Finding, Severity, Where, and_more
from igoudar.facility.pairs import pairs_of
from igoudar.facility.rest import Concern, Rest
from igoudar.facility.served import NOWHERE, Halls, Served, served
from igoudar.hall.places import Hall
from igoudar.model import Inventory
from igoudar.power import Crowd, Double, Element, Graph, Report, Single, analyse, rated
from igoudar.power.flow import State
from igoudar.power.report import Kind, Loss, Overload
from igoudar.quantities import POWER, shown

PROMISES = {
    2: "class 2: a warning where one thing loses a load",
    3: "class 3: nothing lost with any one thing out",
    4: "class 4: nothing lost with any one thing out and one failure more",
}
TWICE = 4  # the class that promises something of two failures
Row = Single | Double | Crowd


@dataclass(slots=True)
class _Rows:
    singles: list[Single] = field(default_factory=list)
    doubles: list[Double] = field(default_factory=list)
    crowds: list[Crowd] = field(default_factory=list)


def failures(
    inventory: Inventory, graph: Graph, state: State, rest: tuple[Rest, Concern] | None = None
) -> Iterator[Finding]:
    """Only what some class promises is analysed.

    `rest`: the halls that are not counted out, and what concerns those that are judged.
    """
    highest = max((hall.availability or 0 for hall in inventory.halls.values()), default=0)
    if highest < 2:
        return
    judged = inventory.halls.values() if rest is None else [inventory.halls[name] for name in rest[0].halls]
    twice = any((hall.availability or 0) >= TWICE for hall in judged)
    beside = rest[1].beside(state) if rest and not twice else frozenset()
    report = analyse(graph, state, doubles=twice, beside=beside)
    view = _View(inventory, graph, rest)
    for level, rows in sorted(_by_level(view, report).items()):
        part = replace(
            report, singles=tuple(rows.singles), doubles=tuple(rows.doubles), crowds=tuple(rows.crowds)
        )
        yield from _singles(view, part, level)
        yield from _doubles(view, part, level)


class _View:
    """Which halls a row reaches, and where things are written."""

    def __init__(self, inventory: Inventory, graph: Graph, rest: tuple[Rest, Concern] | None = None) -> None:
        self.inventory = inventory
        self.concern = rest[1] if rest else None
        self.lines = rest[0].lines() if rest else {n: rack.where for n, rack in inventory.racks.items()}
        self.hall_of = (
            rest[1].hall_of if rest else {name: rack.hall for name, rack in inventory.racks.items()}
        )
        self.feeds = {rack.name: len(rack.feeds) for rack in graph.racks}
        self.served: Served = rest[1].served if rest else served(graph, self.hall_of)
        self.kinds = graph.kinds()

    def concerns(self, about: str, over: Overload | None) -> bool:
        """Whether an object is one of the halls that are judged, or what it overloads."""
        if self.concern is None or self.concern.concerns(about):
            return True
        return over is not None and not self.concern.halls.isdisjoint(self._reached(over.name, over.racks))

    def halls(self, row: Row) -> Halls:
        if isinstance(row, Crowd):
            return self._reached(row.name, row.racks)
        found = {self.hall_of[rack] for loss in row.losses for rack in loss.racks}
        return frozenset(found).union(*(self._reached(over.name, over.racks) for over in row.overloads))

    def _reached(self, name: str, racks: tuple[str, ...]) -> Halls:
        if racks:
            return frozenset(self.hall_of[rack] for rack in racks)
        return self.served.units.get(name, NOWHERE) | self.served.loops.get(name, NOWHERE)

    def promising(self, halls: Halls, level: int) -> Hall:
        """The first hall that is promised so much."""
        known: Mapping[str, Hall] = self.inventory.halls
        return next(known[name] for name in sorted(halls) if known[name].availability == level)

    def line_of(self, name: str) -> Where:
        """Of a unit, a loop or a rack."""
        plant = self.inventory.plant
        thing = plant.units.get(name) or plant.loops.get(name)
        return thing.where if thing else self.lines[name]

    def places(self, element: Element) -> Iterator[tuple[Element, str, Where]]:
        """Each of what is alike, its object and its line."""
        for name in element.names:
            one = replace(element, names=(name,))
            if element.kind is Kind.UNIT:
                yield one, f"unit {name}", self.inventory.plant.units[name].where
            else:
                yield one, f"rack {name}", self.lines[name]


def _by_level(view: _View, report: Report) -> dict[int, _Rows]:
    """Each row at the highest class that it reaches; a row that reaches none is left out."""
    found: dict[int, _Rows] = defaultdict(_Rows)

    def level_of(row: Row) -> int:
        return max((view.inventory.halls[hall].availability or 0 for hall in view.halls(row)), default=0)

    for single in report.singles:
        found[level_of(single)].singles.append(single)
    for double in report.doubles:
        found[level_of(double)].doubles.append(double)
    for crowd in report.crowds:
        found[level_of(crowd)].crowds.append(crowd)
    return {level: rows for level, rows in found.items() if level}


def _singles(view: _View, part: Report, level: int) -> Iterator[Finding]:
    for row in rated(part, level):
        if row.severity is Severity.INFO or not isinstance(row.row, Single):
            continue
        single, severity = row.row, row.severity
        see = view.promising(view.halls(single), level).where.at("availability")
        harms = tuple(_harms(view, single))
        for one, about, where in view.places(single.element) if harms else ():
            for code, harm, watts, over in harms:
                if not view.concerns(about, over):
                    continue
                yield Finding(
                    code,
                    where,
                    f"without {one}, {harm}",
                    PROMISES[level],
                    severity=severity,
                    see=see,
                    subject=about,
                    amount=watts,
                    unit=POWER.base,
                )


def _harms(view: _View, single: Single) -> Iterator[tuple[str, str, float, Overload | None]]:
    """What is lost with a PSU is lost with a feed, and what one feed alone does not keep on, loads say."""
    element = single.element
    said = element.kind is Kind.PSU or (element.kind is Kind.FEED and view.feeds[element.names[0]] > 1)
    if single.losses and not said:
        yield "single-loss", _lost(single.losses, single.lost_w[1]), single.lost_w[1], None
    for over in single.overloads:
        yield "single-overload", _overloaded(view, over), over.load_w, over


def _lost(losses: tuple[Loss, ...], most_w: float) -> str:
    racks = sorted({rack for loss in losses for rack in loss.racks})
    more = and_more(len(racks))
    return f"up to {shown(POWER, most_w)} are lost, in rack {racks[0]}{more}"


def _overloaded(view: _View, over: Overload) -> str:
    load, limit = shown(POWER, over.load_w), shown(POWER, over.limit_w)
    if over.racks:
        more = and_more(len(over.racks))
        return f"feed {over.name} of rack {over.racks[0]}{more} carries {load} of {limit}"
    if view.kinds[over.name] == "loop":
        return f"loop {over.name} takes {limit} of {load} of heat"
    return f"{over.name} carries {load} of {limit}"


def _doubles(view: _View, part: Report, level: int) -> Iterator[Finding]:
    """Those that class 4 forbids, of each hall that is promised it, one line for each pair of things."""
    rows: dict[str, list[Double | Crowd]] = defaultdict(list)
    for row in (rated_.row for rated_ in rated(part, level) if rated_.severity is Severity.ERROR):
        if not isinstance(row, Single):
            for name in view.halls(row):
                rows[name].append(row)
    for name in sorted(rows):
        hall: Hall = view.inventory.halls[name]
        if hall.availability != level or (view.concern and name not in view.concern.halls):
            continue
        for pair in pairs_of(rows[name], name, view.hall_of):
            yield Finding(
                "double-failure",
                view.line_of(pair.at),
                str(pair),
                PROMISES[level],
                see=hall.where.at("availability"),
                subject=f"hall {name} / {pair.name}",
                amount=round(pair.worst.amount_w, 3),
                unit=POWER.base,
            )
