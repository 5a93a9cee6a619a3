"""Results of testers and ticks that are kept: `inventory/<site>/tested/<hall>.csv`, one line a cable.

A line is of the cable with these ends: its label, by which people and testers call it, is another cable's one
day. A status is kept here only of a cable that a rule gives; of one that is written down its entry has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from igoudar.cable_key import cable_key, device_of, ends_of
from igoudar.errors import Finding, Where
from igoudar.hall.units import as_text, read_table, validated_row
from igoudar.model import Cable, CableStatus, Inventory
from igoudar.schema import Entry

FOLDER = "tested"
COLUMNS = ("label", "cable", "tested", "loss_db", "length_m", "wire_map", "status", "since")
NEEDED = ("label", "cable")
MOST_DIGITS, MOST_LETTERS = 9, 64


def read_day(value: Any) -> date:
    """Raises ValueError."""
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError("a day such as 2026-11-26") from None


def read_amount(value: Any) -> float:
    """Raises ValueError."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not 0 <= number < float("inf"):  # NaN is neither
        raise ValueError("a number of at least 0, without a unit")
    return number


def _label(value: Any) -> int:
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise ValueError(f"the number on its label, of at most {MOST_DIGITS} digits")
    return int(text)


def _key(value: Any) -> str:
    ends = ends_of(str(value))
    if len(ends) != 2 or not all(device_of(end) not in ("", end) for end in ends):
        raise ValueError("both ends such as leaf-1/swp1 -- srv-1/eth1")
    return cable_key(*ends)


def _status(value: Any) -> CableStatus:
    if value != CableStatus.CONNECTED:
        raise ValueError(f"{CableStatus.CONNECTED}, or nothing")
    return CableStatus.CONNECTED


Day = Annotated[date | None, BeforeValidator(read_day)]
Amount = Annotated[float | None, BeforeValidator(read_amount)]


class TestedIn(Entry):
    label: Annotated[int, BeforeValidator(_label)]
    cable: Annotated[str, BeforeValidator(_key)]
    tested: Day = None
    loss_db: Amount = None
    length_m: Amount = None
    wire_map: Annotated[str, AfterValidator(str.lower)] = Field(default="", max_length=MOST_LETTERS)
    status: Annotated[CableStatus | None, BeforeValidator(_status)] = None
    since: Day = None


@dataclass(frozen=True, slots=True)
class Tested:
    """`cable` is its key. None or empty: not measured. `status` since `since`: what a tick says."""

    label: int
    cable: str
    where: Where
    tested: date | None = None
    loss_db: float | None = None
    length_m: float | None = None
    wire_map: str = ""
    status: CableStatus | None = None
    since: date | None = None

    def over(self, before: Tested) -> Tested:
        """What is known of the cable now: what is not measured or ticked anew stays."""
        return replace(
            self,
            tested=self.tested or before.tested,
            loss_db=before.loss_db if self.loss_db is None else self.loss_db,
            length_m=before.length_m if self.length_m is None else self.length_m,
            wire_map=self.wire_map or before.wire_map,
            status=self.status or before.status,
            since=self.since or before.since,
        )


def read_tested(folder: Path, shown: str) -> tuple[list[Tested], list[Finding]]:
    """Of all files of a site, in their order, and everything that is no result."""
    rows: list[Tested] = []
    findings: list[Finding] = []
    for path in sorted((folder / FOLDER).glob("*.csv")):
        table = read_table(path, f"{shown}/{FOLDER}/{path.name}", NEEDED, COLUMNS)
        findings += table.findings
        for where, row in table.rows:
            entry, wrong = validated_row(row, where, TestedIn)
            findings += wrong
            if entry is not None:
                rows.append(Tested(where=where, **dict(entry)))
                findings += _without_day(rows[-1])
    return rows, [*findings, *_twice(rows)]


def _without_day(row: Tested) -> Iterator[Finding]:
    measured = row.loss_db is not None or row.length_m is not None or bool(row.wire_map)
    for there, day, column in ((measured, row.tested, "tested"), (row.status, row.since, "since")):
        if there and day is None:
            said = f"there is no day in {column!r}"
            yield Finding("wrong-cell", row.where, said, "a day such as 2026-11-26")


def _twice(rows: Iterable[Tested]) -> Iterator[Finding]:
    first: dict[int | str, Tested] = {}
    for row in rows:
        others = [first.setdefault(name, row) for name in (row.label, row.cable)]
        other = next((other for other in others if other is not row), None)
        if other is not None:
            same = f"label {row.label}" if other.label == row.label else f"cable {row.cable}"
            said = f"the {same} is there already"
            yield Finding("cable-twice", row.where, said, "one line a cable", see=other.where)


def written(rows: Iterable[Tested]) -> str:
    """The text of a file, sorted by label."""
    ordered = sorted(rows, key=lambda row: (row.label, row.cable))
    return as_text([COLUMNS, *([_cell(getattr(row, column)) for column in COLUMNS] for row in ordered)])


def _cell(value: Any) -> str:
    return "" if value is None else f"{value:.10g}" if isinstance(value, float) else str(value)


def joined(kept: Iterable[Tested], new: Iterable[Tested]) -> dict[str, Tested]:
    """By cable, what is new over what was kept."""
    found = {row.cable: row for row in kept}
    for row in new:
        found[row.cable] = row.over(found[row.cable]) if row.cable in found else row
    return found


def with_tested(inventory: Inventory) -> Inventory:
    """The site with what its lines say: results of cables by their keys now, and ticks as their status."""
    if not inventory.tested:
        return inventory
    rows = named_now(inventory, inventory.tested)
    ticked = {row.cable: row.status for row in rows if row.status is not None}
    return replace(
        inventory,
        tested=tuple(rows),
        cables=_as_ticked(inventory.cables, ticked),
        cords=_as_ticked(inventory.cords, ticked),
    )


def named_now(inventory: Inventory, rows: Sequence[Tested]) -> list[Tested]:
    """Lines of cables whose devices were renamed since, under the names of now."""
    names = {device.was: name for name, device in inventory.devices.items() if device.was}
    known = {cable.key for cable in inventory.laid()} if names else set()

    def renamed(row: Tested) -> Tested:
        ends = [end.partition("/") for end in ends_of(row.cable)]
        key = cable_key(*(f"{names.get(device, device)}/{port}" for device, _, port in ends))
        return replace(row, cable=key) if key in known else row

    return [row if row.cable in known else renamed(row) for row in rows] if names else [*rows]


def has_entry(cable: Cable) -> bool:
    """Whether people wrote it down themselves; a rule may give it, too."""
    return cable.where.path.startswith("cables[")


def _as_ticked(cables: Mapping[str, Cable], ticked: Mapping[str, CableStatus]) -> Mapping[str, Cable]:
    changed = {
        key: replace(cables[key], status=status)
        for key, status in ticked.items()
        if key in cables and not has_entry(cables[key]) and cables[key].status is CableStatus.PLANNED
    }
    return {**cables, **changed} if changed else cables
