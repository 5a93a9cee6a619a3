"""What is known of single boxes: `inventory/<site>/units/<hall>.csv`, one a line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from igoudar.errors import HINTS, Finding, Where, nearest
from igoudar.model import Device
from igoudar.schema import Entry, Label, Mac, PublicKey, Serial

FOLDER = "units"
BOX = ("serial", "oob_mac", "host_key")
DECIMAL = re.compile(r"^([-+]?\d+),(\d+)$", re.ASCII)
COLUMNS = ("name", "serial", "asset", "oob_mac", "host_key")


class UnitIn(Entry):
    name: Label
    serial: Serial
    asset: str = Field(default="", max_length=64)
    oob_mac: Mac | None = None
    host_key: PublicKey | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """A box that has a name in the site."""

    name: str
    serial: str
    asset: str
    oob_mac: str
    host_key: str
    where: Where


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a CSV file with the lines that they stand on; `findings` say what is no row."""

    rows: tuple[tuple[Where, dict[str, str]], ...] = ()
    findings: tuple[Finding, ...] = ()
    columns: tuple[str, ...] = ()


def read_table(
    path: Path, shown: str, needed: Iterable[str], known: Iterable[str], *, others: bool = False
) -> Table:
    """A CSV file as `table_of` says. Never raises for what a file may hold."""
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        said = "this is not UTF-8" if isinstance(error, UnicodeDecodeError) else "the file cannot be read"
        return Table(findings=(Finding("no-csv", Where(shown), said, "a readable CSV file in UTF-8"),))
    return table_of(text, shown, needed, known, others=others)


def table_of(
    text: str, shown: str, needed: Iterable[str], known: Iterable[str], *, others: bool = False
) -> Table:
    """A head of known columns, in any case, and `others` where they are let pass.

    With semicolons between cells, as a French office writes, `2,1` is 2.1.
    """
    text = text.lstrip("\ufeff")
    first = text.lstrip().partition("\n")[0]
    comma = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=comma, strict=True)
    rows: list[tuple[Where, list[str]]] = []
    try:
        for row in reader:
            if any(cells := [cell.strip() for cell in row]):
                rows.append((Where(shown, reader.line_num), cells))
    except csv.Error as error:
        at = Where(shown, reader.line_num)
        return Table(findings=(Finding("no-csv", at, f"this is no CSV: {error}", "a CSV file"),))
    named = {column.lower(): column for column in known}
    if not rows:
        expected = f"a head: {','.join(needed)}"
        return Table(findings=(Finding("no-csv", Where(shown), "the file is empty", expected),))
    (where, head), *body = rows
    head = [named.get(cell.lower(), cell) for cell in head]
    wrong = [*_head(where, head, tuple(needed), tuple(named.values()), others=others)]
    wrong += [
        Finding("no-csv", at, f"the line has {len(row)} cells", f"{len(head)}, as many as the head")
        for at, row in body
        if len(row) != len(head)
    ]
    if wrong:
        return Table(findings=tuple(wrong), columns=tuple(head))
    if comma == ";":
        body = [(at, [DECIMAL.sub(r"\1.\2", cell) for cell in row]) for at, row in body]
    found = ((at, dict(zip(head, row, strict=True))) for at, row in body)
    return Table(tuple(found), columns=tuple(head))


def as_text(rows: Iterable[Iterable[str]]) -> str:
    """Rows as a CSV file; the first is its head."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _head(
    where: Where, head: list[str], needed: tuple[str, ...], known: tuple[str, ...], *, others: bool
) -> Iterator[Finding]:
    for column in () if others else head:
        if column not in known:
            said, expected = f"there is no column {column!r}", f"some of {', '.join(known)}"
            yield Finding("unknown-column", where, said, expected, nearest(column, known))
    for column in sorted({column for column in known if head.count(column) > 1}):
        yield Finding("unknown-column", where, f"the column {column!r} stands twice", "each column once")
    for column in needed:
        if column not in head:
            yield Finding("missing-column", where, f"the column {column!r} is missing", ", ".join(known))


def validated_row(row: Mapping[str, str], where: Where, kind: type[Entry]) -> tuple[Any, list[Finding]]:
    """A row as one of our models; empty cells say nothing."""
    try:
        return kind.model_validate({key: cell for key, cell in row.items() if cell}), []
    except ValidationError as error:
        return None, [_wrong_cell(item, where) for item in error.errors(include_url=False)]


def _wrong_cell(item: ErrorDetails, where: Where) -> Finding:
    column = item["loc"][0]
    if item["type"] == "missing":
        return Finding("wrong-cell", where, f"there is no {column}", "a value in this column")
    expected = str(item.get("ctx", {}).get("error", "")) or "another value"
    return Finding("wrong-cell", where, f"{column}: {item['input']!r} does not fit", expected)


def read_units(folder: Path, shown: str) -> tuple[dict[str, Unit], list[Finding]]:
    """Of all files `units/*.csv` of a site, by name of the device."""
    units: dict[str, Unit] = {}
    findings: list[Finding] = []
    for path in sorted((folder / FOLDER).glob("*.csv")):
        table = read_table(path, f"{shown}/{FOLDER}/{path.name}", ("name", "serial"), COLUMNS)
        findings += table.findings
        for where, row in table.rows:
            entry, wrong = validated_row(row, where, UnitIn)
            findings += wrong
            if entry is None:
                continue
            unit = Unit(
                entry.name, entry.serial, entry.asset, entry.oob_mac or "", entry.host_key or "", where
            )
            if (other := units.setdefault(unit.name, unit)) is not unit:
                said = f"{unit.name!r} is there already"
                findings.append(Finding("duplicate-name", where, said, "one box a name", see=other.where))
    return units, [*findings, *_one_asset_a_box(units)]


def _one_asset_a_box(units: Mapping[str, Unit]) -> Iterator[Finding]:
    first: dict[str, Unit] = {}
    for unit in units.values():
        other = first.setdefault(unit.asset, unit) if unit.asset else unit
        if other is not unit:
            said = f"the asset tag {unit.asset} is that of {other.name} too"
            yield Finding("duplicate-asset", unit.where, said, "each asset tag once", see=other.where)


def put_in(devices: dict[str, Device], units: Mapping[str, Unit]) -> Iterator[Finding]:
    """Let each device have what is known of its box; a device that states it itself is told both places."""
    hints = HINTS
    for name, unit in units.items():
        device = devices.get(name)
        if device is None:
            hint = nearest(name, devices) if (hints := hints - 1) >= 0 else ""
            yield Finding(
                "unknown-device", unit.where, f"there is no device {name!r}", "a device of the site", hint
            )
            continue
        if device.serial:
            said = f"{name} states its serial itself"
            yield Finding("serial-twice", unit.where, said, "one of the two", see=device.where.at("serial"))
            continue
        own = {key: getattr(device, key) for key in BOX if getattr(device, key)}
        told = {key: getattr(unit, key) for key in BOX if getattr(unit, key)} | own
        lines = {key: unit.where for key in told if key not in own}
        devices[name] = replace(device, box=lines, **told)


def written(units: Iterable[Unit]) -> str:
    """The text of a file, sorted by name."""
    ordered = sorted(units, key=lambda unit: unit.name)
    return as_text([COLUMNS, *([getattr(unit, column) for column in COLUMNS] for unit in ordered)])
