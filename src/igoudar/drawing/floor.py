"""What is drawn of racks and rooms where the inventory says nothing: `inventory/data/floor.yaml`, in mm."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from igoudar.hall.places import OPEN_IN, Rack
from igoudar.hardware.parts import RackType
from igoudar.quantities import LENGTH, quantity
from igoudar.schema import Entry, Source
from igoudar.validated import needed_file

FILE = "inventory/data/floor.yaml"
MM_AN_INCH = 25.4
Length = Annotated[float, quantity(LENGTH, low=1, high=20_000)]


class _RackIn(Entry):
    width: Length
    depth: Length
    rim: Length
    source: Source


class _UnitIn(Entry):
    usual: Length
    open_rack: Length
    source: Source


class _AisleIn(Entry):
    cold: Length
    hot: Length
    source: Source


class _FloorIn(Entry):
    rack: _RackIn
    unit: _UnitIn
    aisle: _AisleIn


class _File(Entry):
    floor: _FloorIn


@dataclass(frozen=True, slots=True)
class Floor:
    """`open_unit_mm`: height of a U of Open Rack, whose rails are 21 inches apart."""

    rack_w_mm: float
    rack_d_mm: float
    rim_mm: float
    unit_mm: float
    open_unit_mm: float
    cold_mm: float
    hot_mm: float


@dataclass(frozen=True, slots=True)
class RackSize:
    """Outer size of a rack, the width between its rails, and what its frame takes below the lowest U."""

    w_mm: float
    d_mm: float
    h_mm: float
    rails_mm: float
    unit_mm: float
    rim_mm: float


def read_floor(root: Path) -> Floor:
    """That of a checkout. Raises BadInput."""
    floor = needed_file(root, FILE, _File).floor
    return Floor(
        rack_w_mm=floor.rack.width,
        rack_d_mm=floor.rack.depth,
        rim_mm=floor.rack.rim,
        unit_mm=floor.unit.usual,
        open_unit_mm=floor.unit.open_rack,
        cold_mm=floor.aisle.cold,
        hot_mm=floor.aisle.hot,
    )


def rack_size(floor: Floor, rack: Rack, kind: RackType | None) -> RackSize:
    """What its type says comes first."""
    unit = floor.open_unit_mm if rack.width_in == OPEN_IN else floor.unit_mm
    inner, rails = rack.height * unit, rack.width_in * MM_AN_INCH
    outer = (kind.outer_height_mm if kind else None) or inner + 2 * floor.rim_mm
    outer = max(outer, inner)
    wide = max((kind.outer_width_mm if kind else None) or floor.rack_w_mm, rails)
    deep = (kind.outer_depth_mm if kind else None) or floor.rack_d_mm
    return RackSize(wide, deep, outer, rails, unit, (outer - inner) / 2)
