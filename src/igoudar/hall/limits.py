"""Limits that hold wherever one builds, from `inventory/data/hall.yaml`: data with unit and source."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from igoudar.errors import Finding
from igoudar.hall.places import Cooling, Limits
from igoudar.quantities import Metres, Millimetres, Percent, Watts
from igoudar.schema import Entry, Source, one_of
from igoudar.validated import data_file

FILE = "inventory/data/hall.yaml"
Entries = Annotated[int, Field(ge=1, le=100_000)]


class _PowerIn(Entry):
    power: Watts
    source: Source


class _SaltIn(Entry):
    distance: Metres
    source: Source


class _DoorsIn(Entry):
    before: Millimetres
    behind: Millimetres
    open: Percent
    source: Source


class _EntriesIn(Entry):
    cords: Entries
    cables: Entries
    source: Source


class _LimitsIn(Entry):
    doors: _DoorsIn | None = None
    entries: _EntriesIn | None = None
    cooling: dict[Annotated[Cooling, one_of(Cooling)], _PowerIn] = Field(default_factory=dict)
    salt: _SaltIn | None = None


class _File(Entry):
    limits: _LimitsIn


def read_limits(root: Path) -> tuple[Limits, list[Finding]]:
    """Those of a checkout; none where it has no such file."""
    file, findings = data_file(root, FILE, _File)
    if file is None:
        return Limits(), findings
    told = file.limits
    limits = Limits(
        rack_w={kind: entry.power for kind, entry in told.cooling.items()},
        salt_m=told.salt.distance if told.salt else None,
        before_mm=told.doors.before if told.doors else None,
        behind_mm=told.doors.behind if told.doors else None,
        open_share=told.doors.open / 100 if told.doors else None,
        cords=told.entries.cords if told.entries else None,
        cables=told.entries.cables if told.entries else None,
    )
    return limits, findings
