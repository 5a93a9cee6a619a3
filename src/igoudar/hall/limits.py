"""Limits that hold wherever one builds, from `inventory/data/hall.yaml`: data with unit and source."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from igoudar.errors import Finding
from igoudar.hall.places import Cooling, Limits
from igoudar.quantities import Metres, Watts
from igoudar.schema import Entry, Source, one_of
from igoudar.validated import data_file

FILE = "inventory/data/hall.yaml"


class _PowerIn(Entry):
    power: Watts
    source: Source


class _SaltIn(Entry):
    distance: Metres
    source: Source


class _LimitsIn(Entry):
    cooling: dict[Annotated[Cooling, one_of(Cooling)], _PowerIn] = Field(default_factory=dict)
    salt: _SaltIn | None = None


class _File(Entry):
    limits: _LimitsIn


def read_limits(root: Path) -> tuple[Limits, list[Finding]]:
    """Those of a checkout; none where it has no such file."""
    file, findings = data_file(root, FILE, _File)
    if file is None:
        return Limits(), findings
    rack_w = {kind: entry.power for kind, entry in file.limits.cooling.items()}
    return Limits(rack_w, file.limits.salt.distance if file.limits.salt else None), findings
