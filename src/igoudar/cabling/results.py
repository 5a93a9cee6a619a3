"""What comes back from the hall: results of a tester, and patch lists with their ticks. Both are CSV files.

Columns of a tester: `label`, and of `loss_db`, `length_m` and `wire_map` what it measured. Of a list of ours:
`label` and `done`. Other columns are let pass. A file of a French office, with semicolons and decimal commas,
reads the same.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from igoudar.cabling.goods import Goods
from igoudar.cabling.laid import Pull
from igoudar.errors import Finding, Severity, Where, nearest
from igoudar.hall.units import Table
from igoudar.model import Cable, CableStatus
from igoudar.quantities import DISTANCE, LOSS, shown

MEASURED = ("loss_db", "length_m", "wire_map")
COLUMNS = ("label", "done", *MEASURED)
MOST_DIGITS = 9
YES, NO = {"yes", "y", "x", "1", "true", "done", "oui"}, {"", "no", "n", "0", "false", "non"}
SEEN = ("pass", "ok")
BROKEN = re.compile(r"\b(fail|open|short|split|revers|mis-?wir|broken)", re.ASCII)
"""Words of testers for a wire that is not as it should be, whatever the article."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A line of a tester; None or empty where it did not look."""

    line: int
    label: str
    loss_db: float | None = None
    length_m: float | None = None
    wire_map: str = ""


@dataclass(frozen=True, slots=True)
class Ticked:
    """A line of a patch list."""

    line: int
    label: str
    done: bool


@dataclass(frozen=True, slots=True)
class Returned:
    """`findings` are about lines that cannot be read."""

    file: str
    measured: tuple[Measured, ...] = ()
    ticked: tuple[Ticked, ...] = ()
    findings: tuple[Finding, ...] = ()


def read_returned(table: Table, file: str) -> Returned:
    """What a table of COLUMNS and others holds follows from its columns."""
    names = {*table.columns}
    if table.findings:
        return Returned(file, findings=table.findings)
    if "label" not in names or not {*MEASURED, "done"} & names:
        found = ", ".join(table.columns[:8])
        expected = f"`label`, and `done` or some of {', '.join(MEASURED)}"
        wrong = Finding("wrong-columns", Where(file, 1), f"the columns are {found}", expected)
        return Returned(file, findings=(wrong,))
    findings: list[Finding] = []
    if "done" in names:  # a list of ours, which has a column `length_m` too
        ticked = tuple(_ticked(row, where, findings) for where, row in table.rows)
        return Returned(file, ticked=ticked, findings=tuple(findings))
    measured = tuple(_measured(row, where, findings) for where, row in table.rows)
    return Returned(file, measured, findings=tuple(findings))


def _measured(row: Mapping[str, str], where: Where, findings: list[Finding]) -> Measured:
    numbers: dict[str, float | None] = {}
    for key in ("loss_db", "length_m"):
        text = row.get(key, "")
        try:
            numbers[key] = float(text) if text else None
        except ValueError:
            numbers[key] = math.nan
        value = numbers[key]
        if value is not None and not (math.isfinite(value) and value >= 0):
            said = f"{key} is {row[key]!r}"
            findings.append(Finding("wrong-value", where, said, "a number of at least 0, without a unit"))
            numbers[key] = None
    return Measured(where.line, row["label"], numbers["loss_db"], numbers["length_m"],
                    row.get("wire_map", "").lower())  # fmt: skip


def _ticked(row: Mapping[str, str], where: Where, findings: list[Finding]) -> Ticked:
    word = row["done"].lower()
    if word not in YES | NO:
        said = f"done is {row['done']!r}"
        findings.append(Finding("wrong-value", where, said, "yes, or nothing"))
    return Ticked(where.line, row["label"], word in YES)


def judged(
    returned: Returned, cables: Mapping[int, Cable], pulls: Mapping[str, Pull], goods: Goods
) -> tuple[Finding, ...]:
    """Unknown cables, those that come twice, and everything that is not as planned. `cables`: by label."""
    found = list(returned.findings)
    first: dict[int, int] = {}
    lines: list[Measured | Ticked] = [*returned.measured, *returned.ticked]
    for line in lines:
        where = Where(returned.file, line.line)
        if len(line.label) > MOST_DIGITS and line.label.isdigit():
            said = f"a label of {len(line.label):,} digits"
            found.append(Finding("wrong-value", where, said, f"at most {MOST_DIGITS} digits"))
            continue
        number = _number(line.label)
        if number not in cables:
            hint = nearest(line.label, (str(known) for known in cables))
            said = f"there is no cable with the label {line.label!r}"
            found.append(Finding("unknown-cable", where, said, "the number on its label", hint))
            continue
        if number in first:
            see = Where(returned.file, first[number])
            said = f"the cable {number} is there already"
            found.append(Finding("cable-twice", where, said, "each cable once a file", see=see))
            continue
        first[number] = line.line
        cable = cables[number]
        if isinstance(line, Measured):
            pull = pulls.get(cable.key)
            found += _mismatches(line, (number, cable), pull, (where, goods)) if pull else ()
        elif line.done:
            found += _done(f"{number}, {cable.key},", cable, where)
    return tuple(found)


def _done(called: str, cable: Cable, where: Where) -> Iterator[Finding]:
    """What the inventory does not know yet."""
    if cable.status is CableStatus.PLANNED:
        said, hint = f"{called} is pulled and still planned", "write `status: connected`"
        yield Finding("pulled", where, said, hint=hint, severity=Severity.INFO, see=cable.where)
    elif cable.status is CableStatus.DECOMMISSIONING:
        said = f"{called} is taken out"
        yield Finding("taken-out", where, said, hint="delete the entry", severity=Severity.INFO,
                      see=cable.where)  # fmt: skip


def _mismatches(
    line: Measured, named: tuple[int, Cable], pull: Pull, at: tuple[Where, Goods]
) -> Iterator[Finding]:
    (number, cable), (where, goods) = named, at
    called, choice = f"{number}, {cable.key},", pull.choice
    budget = choice.budget_db if choice else None
    about = f"cable {cable.key}"
    if choice and line.loss_db is not None and budget is not None and line.loss_db > budget:
        said = f"{called} loses {shown(LOSS, line.loss_db)}"
        expected = f"at most {shown(LOSS, budget)}, what {choice.link.module} bears"
        yield Finding("measured-loss", where, said, expected, "clean both ends, then measure again",
                      subject=about)  # fmt: skip
    planned = pull.length_m
    if line.length_m is not None and planned is not None:
        leeway = goods.length_share * planned + goods.length_m
        if abs(line.length_m - planned) > leeway:
            said = f"{called} is {shown(DISTANCE, line.length_m)} long"
            expected = f"{shown(DISTANCE, planned)}, give or take {shown(DISTANCE, leeway)}"
            yield Finding("measured-length", where, said, expected, "is it the cable of this label?",
                          subject=about)  # fmt: skip
    wanted = choice.wire_map if choice else ""
    seen = not line.wire_map or line.wire_map in (wanted, *SEEN)
    if not seen and (wanted or BROKEN.search(line.wire_map)):
        said = f"{called} has the wire map {line.wire_map!r}"
        expected = f"{wanted!r}, of {choice.article}" if choice and wanted else f"{SEEN[0]!r}, or nothing"
        yield Finding("measured-wire-map", where, said, expected, subject=about)


def untouched(returned: Returned, cables: Mapping[int, Cable]) -> list[int]:
    """Labels that the file does not have, or does not tick."""
    seen = {line.label for line in returned.measured} | {t.label for t in returned.ticked if t.done}
    return sorted(cables.keys() - {_number(label) for label in seen})


def _number(label: str) -> int:
    """0, which no cable has, for what is no number; spreadsheets write zeros before it."""
    return int(label) if label.isascii() and label.isdigit() and len(label) <= MOST_DIGITS else 0
