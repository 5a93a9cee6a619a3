"""Limits that hold wherever one builds, from `inventory/data/hall.yaml`: data with unit and source."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field

from igoudar.errors import Finding
from igoudar.hall.places import Cooling, Envelope, Limits, Warmth
from igoudar.quantities import Celsius, Kelvins, MassHeat, Metres, Millimetres, Percent, VolumeHeat, Watts
from igoudar.schema import ClassName, Entry, Source, one_of
from igoudar.validated import data_file

FILE = "inventory/data/hall.yaml"
Entries = Annotated[int, Field(ge=1, le=100_000)]


class _PowerIn(Entry):
    """`air`: what of it may be left to the room's air."""

    power: Watts
    air: Watts | None = None
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


class _EnvelopeIn(Entry):
    high: Celsius
    low: Celsius | None = None
    dew_point: Celsius | None = None
    dew_point_low: Celsius | None = None
    source: Source


class _MixingIn(Entry):
    rise: Kelvins
    source: Source


class _VolumeIn(Entry):
    value: VolumeHeat
    source: Source


class _DevicesIn(Entry):
    value: MassHeat
    share: Percent
    source: Source


class _WarmthIn(Entry):
    air: _VolumeIn
    water: _VolumeIn
    devices: _DevicesIn


class _LimitsIn(Entry):
    doors: _DoorsIn | None = None
    entries: _EntriesIn | None = None
    cooling: dict[Annotated[Cooling, one_of(Cooling)], _PowerIn] = Field(default_factory=dict)
    salt: _SaltIn | None = None
    air_classes: dict[ClassName, _EnvelopeIn] = Field(default_factory=dict)
    water_classes: dict[ClassName, _EnvelopeIn] = Field(default_factory=dict)
    mixing: _MixingIn | None = None
    warmth: _WarmthIn | None = None


class _File(Entry):
    limits: _LimitsIn


def read_limits(root: Path) -> tuple[Limits, list[Finding]]:
    """Those of a checkout; none where it has no such file."""
    file, findings = data_file(root, FILE, _File)
    if file is None:
        return Limits(), findings
    told = file.limits
    return Limits(
        rack_w={kind: entry.power for kind, entry in told.cooling.items()},
        salt_m=told.salt.distance if told.salt else None,
        before_mm=told.doors.before if told.doors else None,
        behind_mm=told.doors.behind if told.doors else None,
        open_share=told.doors.open / 100 if told.doors else None,
        cords=told.entries.cords if told.entries else None,
        cables=told.entries.cables if told.entries else None,
        left_w={kind: entry.air for kind, entry in told.cooling.items() if entry.air is not None},
        air=_envelopes(told.air_classes),
        water=_envelopes(told.water_classes),
        mixing_k=told.mixing.rise if told.mixing else 0.0,
        warmth=None if told.warmth is None else _warmth(told.warmth),
    ), findings


def _envelopes(entries: Mapping[str, _EnvelopeIn]) -> dict[str, Envelope]:
    return {
        name: Envelope(entry.high, entry.low, entry.dew_point, entry.dew_point_low)
        for name, entry in entries.items()
    }


def _warmth(entry: _WarmthIn) -> Warmth:
    return Warmth(entry.air.value, entry.water.value, entry.devices.value, entry.devices.share / 100)
