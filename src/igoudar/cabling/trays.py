"""What is known of the ways that cables take in a hall. Lengths on a floor are in mm, of cables in m."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from igoudar.errors import Where


class Carries(StrEnum):
    """What may lie in a tray. Norms and the law want both apart."""

    DATA = "data"
    POWER = "power"


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """A place on the floor's grid: `x_mm` by the digits of AJ05, `y_mm` by its letters."""

    x_mm: float
    y_mm: float


@dataclass(frozen=True, slots=True)
class Tray:
    """A straight piece along one axis of the grid, `a` before `b`, `height_mm` above the floor."""

    name: str
    carries: Carries
    a: Spot
    b: Spot
    height_mm: float
    where: Where


@dataclass(frozen=True, slots=True)
class Floor:
    """The grid of a hall. `rows`: where position 1 of a row is; others follow along x, `pitch_mm` apart."""

    hall: str
    tile_mm: float
    pitch_mm: float
    rows: Mapping[str, Spot]
    trays: tuple[Tray, ...]
    where: Where


@dataclass(frozen=True, slots=True)
class Cabling:
    """What a site says of its cables. Slack is what is left at each end: in one rack, or over trays."""

    where: Where
    slack_rack_m: float
    slack_tray_m: float
    floors: Mapping[str, Floor] = field(default_factory=dict)
