"""What comes back from the hall: results of a tester, and patch lists with their ticks. Both are CSV files.

Columns of a tester: `label`, and of `loss_db`, `length_m` and `wire_map` what it measured. Of a list of ours:
`label` and `done`. Of both `day`, where it is not that on which they come. Other columns are let pass. A file
of a French office, with semicolons and decimal commas, reads the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from igoudar.cabling.goods import Goods
from igoudar.cabling.laid import Pull
from igoudar.cabling.measured import mismatches, over_links
from igoudar.cabling.tested import (
    MOST_DIGITS,
    MOST_LETTERS,
    Tested,
    has_entry,
    joined,
    read_amount,
    read_day,
)
from igoudar.errors import Finding, Severity, Where, nearest
from igoudar.hall.units import Table
from igoudar.model import Cable, CableStatus

MEASURED = ("loss_db", "length_m", "wire_map")
COLUMNS = ("label", "done", "day", *MEASURED)
YES, NO = {"yes", "y", "x", "1", "true", "done", "oui"}, {"", "no", "n", "0", "false", "non"}
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Measured:
    """A line of a tester; None or empty where it did not look."""

    where: Where
    label: str
    day: date | None = None
    loss_db: float | None = None
    length_m: float | None = None
    wire_map: str = ""


@dataclass(frozen=True, slots=True)
class Ticked:
    """A line of a patch list."""

    where: Where
    label: str
    done: bool
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Returned:
    """`findings` are about lines that cannot be read."""

    measured: tuple[Measured, ...] = ()
    ticked: tuple[Ticked, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Matched:
    """Lines of a file with the cables that they are about; `findings` of those that are about none."""

    measured: tuple[Tested, ...] = ()
    done: tuple[tuple[Ticked, int, Cable], ...] = ()
    findings: tuple[Finding, ...] = ()


def read_returned(table: Table, file: str) -> Returned:
    """What a table of COLUMNS and others holds follows from its columns."""
    names = {*table.columns}
    if table.findings:
        return Returned(findings=table.findings)
    if "label" not in names or not {*MEASURED, "done"} & names:
        found = ", ".join(table.columns[:8])
        expected = f"`label`, and `done` or some of {', '.join(MEASURED)}"
        wrong = Finding("wrong-columns", Where(file, 1), f"the columns are {found}", expected)
        return Returned(findings=(wrong,))
    findings: list[Finding] = []
    if "done" in names:  # a list of ours, which has a column `length_m` too
        ticked = tuple(_ticked(row, where, findings) for where, row in table.rows)
        return Returned(ticked=ticked, findings=tuple(findings))
    measured = tuple(_measured(row, where, findings) for where, row in table.rows)
    return Returned(measured, findings=tuple(findings))


def _value(
    row: Mapping[str, str], key: str, read: Callable[[Any], _Value], at: tuple[Where, list[Finding]]
) -> _Value | None:
    text, (where, findings) = row.get(key, ""), at
    try:
        return read(text) if text else None
    except ValueError as error:
        findings.append(Finding("wrong-value", where, f"{key} is {text!r}", str(error)))
        return None


def _measured(row: Mapping[str, str], where: Where, findings: list[Finding]) -> Measured:
    at = where, findings
    loss, length = (_value(row, key, read_amount, at) for key in ("loss_db", "length_m"))
    wire_map = row.get("wire_map", "").lower()
    if len(wire_map) > MOST_LETTERS:
        said = f"wire_map has {len(wire_map):,} letters"
        findings.append(Finding("wrong-value", where, said, f"at most {MOST_LETTERS}"))
    return Measured(where, row["label"], _value(row, "day", read_day, at), loss, length, wire_map)


def _ticked(row: Mapping[str, str], where: Where, findings: list[Finding]) -> Ticked:
    word = row["done"].lower()
    if word not in YES | NO:
        said = f"done is {row['done']!r}"
        findings.append(Finding("wrong-value", where, said, "yes, or nothing"))
    return Ticked(where, row["label"], word in YES, _value(row, "day", read_day, (where, findings)))


def matched(returned: Returned, cables: Mapping[int, Cable], today: date) -> Matched:
    """`cables`: by label. Unknown cables, and those that come twice, are told."""
    found = list(returned.findings)
    first: dict[int, Where] = {}
    measured: list[Tested] = []
    done: list[tuple[Ticked, int, Cable]] = []
    lines: list[Measured | Ticked] = [*returned.measured, *returned.ticked]
    for line in lines:
        number = _number(line.label)
        wrong = _unmatched(line, number, cables, first)
        if wrong is not None:
            found.append(wrong)
            continue
        first[number] = line.where
        if isinstance(line, Measured):
            values = (line.loss_db, line.length_m, line.wire_map)
            key, day = cables[number].key, line.day or today
            measured.append(Tested(number, key, line.where, day, *values))
        elif line.done:
            done.append((line, number, cables[number]))
    return Matched(tuple(measured), tuple(done), tuple(found))


def _unmatched(
    line: Measured | Ticked, number: int, cables: Mapping[int, Cable], first: Mapping[int, Where]
) -> Finding | None:
    if len(line.label) > MOST_DIGITS and line.label.isdigit():
        said = f"a label of {len(line.label):,} digits"
        return Finding("wrong-value", line.where, said, f"at most {MOST_DIGITS} digits")
    if number not in cables:
        hint = nearest(line.label, (str(known) for known in cables))
        said = f"there is no cable with the label {line.label!r}"
        return Finding("unknown-cable", line.where, said, "the number on its label", hint)
    if number in first:
        said, see = f"the cable {number} is there already", first[number]
        return Finding("cable-twice", line.where, said, "each cable once a file", see=see)
    return None


def judged(
    lines: Matched, pulls: Mapping[str, Pull], goods: Goods, kept: Collection[Tested] = ()
) -> tuple[Finding, ...]:
    """Everything that is not as planned. `kept`: what is known already of other pieces of links."""
    mine = {row.cable for row in lines.measured}
    told = mismatches(lines.measured, pulls, goods)
    links = over_links(joined(kept, lines.measured), pulls, mine) if mine else ()
    ticked = (finding for tick in lines.done for finding in _done(*tick))
    return (*lines.findings, *(finding for _, finding in (*told, *links)), *ticked)


def _done(tick: Ticked, number: int, cable: Cable) -> Iterator[Finding]:
    """What the inventory does not know yet."""
    called, where, info = f"{number}, {cable.key},", tick.where, Severity.INFO
    if cable.status is CableStatus.PLANNED:
        said = f"{called} is pulled and still planned"
        yield Finding("pulled", where, said, hint="--write makes it `connected`", severity=info,
                      see=cable.where)  # fmt: skip
    elif cable.status is CableStatus.DECOMMISSIONING:
        said = f"{called} is taken out"
        yield Finding("taken-out", where, said, hint="delete the entry", severity=info,
                      see=cable.where)  # fmt: skip


def connected(lines: Matched, today: date) -> tuple[list[Tested], list[Cable]]:
    """What ticks change: lines to keep of cables that a rule gives, and cables of which the entry says it."""
    pulled = [tick for tick in lines.done if tick[2].status is CableStatus.PLANNED]
    kept = [
        Tested(number, cable.key, line.where, status=CableStatus.CONNECTED, since=line.day or today)
        for line, number, cable in pulled
        if not has_entry(cable)
    ]
    return kept, [cable for _, _, cable in pulled if has_entry(cable)]


def untouched(returned: Returned, cables: Mapping[int, Cable]) -> list[int]:
    """Labels that the file does not have, or does not tick."""
    seen = {line.label for line in returned.measured} | {t.label for t in returned.ticked if t.done}
    return sorted(cables.keys() - {_number(label) for label in seen})


def _number(label: str) -> int:
    """0, which no cable has, for what is no number; spreadsheets write zeros before it."""
    return int(label) if label.isascii() and label.isdigit() and len(label) <= MOST_DIGITS else 0
