"""What rack PDUs and outlets have read, as CSV: an import, and `inventory/<site>/readings/<hall>.csv`.

A line is a feed of a rack, or with `device` an outlet of one. Watts, or amps and volts: without a power
factor their product counts whole, which is never less than what is drawn. Of several readings of one point
the highest counts, and points are added up, so that what is measured is never said too low.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from igoudar.errors import Finding, Where
from igoudar.hall.units import as_text, read_table, validated_row
from igoudar.schema import Entry, Label, Letter

FOLDER = "readings"
COLUMNS = (
    "time", "rack", "feed", "device", "outlet", "leg", "watts", "amps", "volts", "power_factor",
)  # fmt: skip
KEPT = ("time", "rack", "feed", "device", "outlet", "leg", "watts")
NEEDED = ("time", "rack")
PARTS = ("feed", "outlet", "leg")


def _number(high: float) -> BeforeValidator:
    def read(value: Any) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not 0 <= number <= high:  # NaN is neither
            raise ValueError(f"a plain number from 0 to {high:,.0f}")
        return number

    return BeforeValidator(read)


def _time(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        moment = datetime.min
    if moment.tzinfo is None:
        raise ValueError("a time with its zone such as 2026-11-24T10:00:00Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time whose year in UTC is 1 to 9999") from None


class ReadingIn(Entry):
    """`leg` is one phase of a feed, where the PDU tells them apart."""

    time: Annotated[datetime, BeforeValidator(_time)]
    rack: Label
    feed: Letter | None = None
    device: Label | None = None
    outlet: str = Field(default="", max_length=64)
    leg: Literal["", "L1", "L2", "L3"] = ""
    watts: Annotated[float | None, _number(1e6)] = None
    amps: Annotated[float | None, _number(1e4)] = None
    volts: Annotated[float | None, _number(1e3)] = None
    power_factor: Annotated[float, _number(1)] = 1.0

    def w(self) -> float | None:
        if self.watts is not None:
            return self.watts
        known = self.amps is not None and self.volts is not None
        return (self.amps or 0) * (self.volts or 0) * self.power_factor if known else None


@dataclass(frozen=True, slots=True)
class Point:
    """What is read: a feed of a rack, or an outlet of a device in it (`feed` empty: all of its outlets)."""

    rack: str
    feed: str
    device: str
    outlet: str
    leg: str

    def __str__(self) -> str:
        parts = (f"feed {self.feed}" if self.feed else "", f"outlet {self.outlet}" if self.outlet else "")
        said = " ".join(part for part in (*parts, self.leg) if part)
        about = self.device or f"rack {self.rack}"
        return f"{said} of {about}" if said else about


@dataclass(frozen=True, slots=True)
class Reading:
    point: Point
    w: float
    time: datetime
    where: Where


def read_readings(path: Path, shown: str) -> tuple[list[Reading], list[Finding]]:
    """The highest of each point, in the order of the file, and everything that is no reading."""
    table = read_table(path, shown, NEEDED, COLUMNS)
    findings = list(table.findings)
    highest: dict[Point, Reading] = {}
    seen: dict[tuple[Point, datetime], Where] = {}
    for where, row in table.rows:
        entry, wrong = validated_row(row, where, ReadingIn)
        findings += wrong
        if entry is None:
            continue
        reading, wrong = _reading(entry, where)
        findings += wrong
        if reading is None:
            continue
        first = seen.setdefault((reading.point, reading.time), where)
        if first is not where:
            said = f"{reading.point} is read twice at {reading.time.isoformat()}"
            expected = "a reading each; `outlet` and `leg` tell points of one feed apart"
            findings.append(Finding("reading-twice", where, said, expected, see=first))
        before = highest.setdefault(reading.point, reading)
        if reading.w > before.w:
            highest[reading.point] = reading
    return list(highest.values()), [*findings, *_counted_twice([*highest.values()])]


def _counted_twice(readings: Sequence[Reading]) -> Iterator[Finding]:
    """Points are added up: a whole beside one of its parts, such as a feed beside its phase, counts twice."""
    alike: dict[frozenset[str], list[Reading]] = defaultdict(list)
    for reading in readings:
        alike[frozenset(part for part in PARTS if getattr(reading.point, part))].append(reading)
    for one, other in combinations(alike, 2):
        common = sorted(one & other)
        seen = {_place(reading.point, common): reading for reading in reversed(alike[one])}
        for reading in alike[other]:
            if (first := seen.get(_place(reading.point, common))) is not None:
                said = f"{reading.point} and {first.point} share what they read, which would count twice"
                expected = "either the whole, or its parts by `outlet` or `leg`"
                yield Finding("reading-counts-twice", reading.where, said, expected, see=first.where)


def _place(point: Point, parts: Iterable[str]) -> tuple[str, ...]:
    return (point.rack, point.device, *(getattr(point, part) for part in parts))


def _reading(entry: ReadingIn, where: Where) -> tuple[Reading | None, list[Finding]]:
    point = Point(entry.rack, entry.feed or "", entry.device or "", entry.outlet, entry.leg)
    watts, wrong = entry.w(), []
    if watts is None:
        given = [word for word in ("amps", "volts") if getattr(entry, word) is not None]
        said = f"{point} has {f'{given[0]} alone' if given else 'no amount'}"
        wrong.append(Finding("no-watts", where, said, "watts, or amps and volts"))
    if not point.feed and not point.device:
        said = f"nobody says of which feed of rack {point.rack} this is"
        wrong.append(Finding("no-point", where, said, "a feed A or B, or the device at the outlet"))
    return (Reading(point, watts or 0, entry.time, where) if not wrong else None), wrong


def read_kept(folder: Path, shown: str) -> tuple[list[Reading], list[Finding]]:
    """Of all files of a site."""
    readings, findings = [], []
    for path in sorted((folder / FOLDER).glob("*.csv")):
        found, wrong = read_readings(path, f"{shown}/{FOLDER}/{path.name}")
        readings += found
        findings += wrong
    return readings, findings


def merged(kept: Iterable[Reading], new: Sequence[Reading]) -> list[Reading]:
    """What was read anew takes the place of all that was known of the same feed of a rack or device.

    A reading of a device without a feed is of all of them.
    """
    again: dict[str, set[str]] = defaultdict(set)
    for reading in new:
        again[_thing(reading.point)].add(reading.point.feed)
    return [*(reading for reading in kept if not _known_anew(reading.point, again)), *new]


def _known_anew(point: Point, again: Mapping[str, set[str]]) -> bool:
    feeds = again.get(_thing(point), set())
    return bool(feeds) and ("" in feeds or not point.feed or point.feed in feeds)


def _thing(point: Point) -> str:
    return f"device {point.device}" if point.device else f"rack {point.rack}"


def written(readings: Iterable[Reading]) -> str:
    """The text of a file, sorted by point."""
    rows: list[tuple[str, ...]] = [
        (r.time.isoformat(), p.rack, p.feed, p.device, p.outlet, p.leg, f"{r.w:.10g}")
        for r in readings
        for p in (r.point,)
    ]
    return as_text([KEPT, *sorted(rows, key=lambda row: row[1:])])


def by_device(readings: Iterable[Reading]) -> Iterator[tuple[str, list[Reading]]]:
    found: dict[str, list[Reading]] = defaultdict(list)
    for reading in readings:
        if reading.point.device:
            found[reading.point.device].append(reading)
    yield from found.items()


def by_rack(readings: Iterable[Reading]) -> Iterator[tuple[str, list[Reading]]]:
    """Readings of whole feeds."""
    found: dict[str, list[Reading]] = defaultdict(list)
    for reading in readings:
        if not reading.point.device:
            found[reading.point.rack].append(reading)
    yield from found.items()
