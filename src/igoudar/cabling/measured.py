"""Results of a tester against the plan: what a cable may lose, how long it is, how it is wired. Pure.

A cable is held against what it loses by plan, with what the tester's own plugs add at both ends, and never
against more than the optics bear. The pieces of a link through panels lose together what its optics bear.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from igoudar.cabling.goods import Goods
from igoudar.cabling.laid import Pull
from igoudar.cabling.tested import Tested
from igoudar.errors import Finding
from igoudar.model import Cable
from igoudar.quantities import DISTANCE, LOSS, shown

SEEN = ("pass", "ok")
BROKEN = re.compile(r"\b(fail|open|short|split|revers|mis-?wir|broken)", re.ASCII)
"""Words of testers for a wire that is not as it should be, whatever the article."""
CLEAN = "clean both ends, then measure again"
Told = tuple[Cable, Finding]


def mismatches(rows: Iterable[Tested], pulls: Mapping[str, Pull], goods: Goods) -> Iterator[Told]:
    """Everything that is not as planned, with the cable that it is about."""
    for row in rows:
        pull = pulls.get(row.cable)
        if pull is None:
            continue
        for judge in (_loss, _length, _wire_map):
            found = judge(row, pull, goods)
            if found is not None:
                yield pull.cable, found


def over_links(
    rows: Mapping[str, Tested], pulls: Mapping[str, Pull], about: AbstractSet[str] | None = None
) -> Iterator[Told]:
    """Links through panels of which the pieces lose too much together, as measured, else as planned.

    `rows` by cable; `about`: only links of which one of these cables is a piece.
    """
    for pull in pulls.values():
        pieces = pull.cable.via
        if pieces and (about is None or not about.isdisjoint(pieces)):
            found = _together(pull, rows, pulls)
            if found is not None:
                yield pull.cable, found


def _together(pull: Pull, rows: Mapping[str, Tested], pulls: Mapping[str, Pull]) -> Finding | None:
    """The worst piece is the one that loses most above its plan."""
    link, choice = pull.cable, pull.choice
    budget = choice.budget_db if choice else None
    measured = {key: loss for key in link.via if key in rows and (loss := rows[key].loss_db) is not None}
    if choice is None or budget is None or not measured:
        return None
    planned = {key: pulls[key].loss_db or 0.0 for key in link.via}
    total = round(math.fsum((planned | measured).values()), 4)
    if total <= budget:
        return None
    worst = max(measured, key=lambda key: measured[key] - planned[key])
    lost = f"{shown(LOSS, measured[worst])} instead of {shown(LOSS, planned[worst])}"
    said = (
        f"{link.key} loses {shown(LOSS, total)} in {len(link.via)} pieces, {len(measured)} of them tested; "
        f"the worst is {rows[worst].label}, {worst}, with {lost}"
    )
    expected, about = f"at most {shown(LOSS, budget)}, what {choice.link.module} bears", f"cable {link.key}"
    return Finding("measured-link-loss", rows[worst].where, said, expected, CLEAN, subject=about)


def _loss(row: Tested, pull: Pull, goods: Goods) -> Finding | None:
    may = _may_lose(pull, goods)
    if row.loss_db is None or may is None or row.loss_db <= may[0]:
        return None
    said = f"{row.label}, {row.cable}, loses {shown(LOSS, row.loss_db)}"
    expected = f"at most {shown(LOSS, may[0])}, {may[1]}"
    return Finding("measured-loss", row.where, said, expected, CLEAN, subject=f"cable {row.cable}")


def _may_lose(pull: Pull, goods: Goods) -> tuple[float, str] | None:
    """And why; None where no optics and no fibre say it."""
    choice = pull.choice
    if choice is None:
        return None
    budget, bears = choice.budget_db, f"what {choice.link.module} bears"
    if choice.cord is None or pull.loss_db is None:
        return None if budget is None else (budget, bears)
    plugs = 2 * goods.plugs_db.get(choice.cord.near.fibre, 0.0)
    most = round(pull.loss_db + plugs, 4)
    if budget is not None and budget <= most:
        return budget, bears
    planned, at_ends = shown(LOSS, pull.loss_db), shown(LOSS, plugs)
    return most, f"{planned} as planned and {at_ends} for its plugs at the tester's"


def _length(row: Tested, pull: Pull, goods: Goods) -> Finding | None:
    planned = pull.length_m
    if row.length_m is None or planned is None:
        return None
    leeway = goods.length_share * planned + goods.length_m
    if abs(row.length_m - planned) <= leeway:
        return None
    said = f"{row.label}, {row.cable}, is {shown(DISTANCE, row.length_m)} long"
    expected = f"{shown(DISTANCE, planned)}, give or take {shown(DISTANCE, leeway)}"
    hint = "is it the cable of this label?"
    return Finding("measured-length", row.where, said, expected, hint, subject=f"cable {row.cable}")


def _wire_map(row: Tested, pull: Pull, goods: Goods) -> Finding | None:
    choice = pull.choice
    wanted = choice.wire_map if choice else ""
    if not row.wire_map or row.wire_map in (wanted, *SEEN):
        return None
    if not wanted and not BROKEN.search(row.wire_map):
        return None
    said = f"{row.label}, {row.cable}, has the wire map {row.wire_map!r}"
    expected = f"{wanted!r}, of {choice.article}" if choice and wanted else f"{SEEN[0]!r}, or nothing"
    return Finding("measured-wire-map", row.where, said, expected, subject=f"cable {row.cable}")
