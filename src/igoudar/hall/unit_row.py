"""What stands at a place of a rack as one line of text, as people read it in a preview. Pure.

    srv-a03-1 | generic-server-2 | SN000017 | active
    device, type, serial, status; ` | 2 U` where it is not one U high, ` | in <bay>` where it is in another

One value a box, for the reason that `cable_row` has. A box whose modules are recorded keeps its fields, so
that a preview shows the module that changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from igoudar.errors import IgoudarError
from igoudar.hall.cable_row import BETWEEN

FIELDS = ("device", "type", "serial", "status")
INSIDE = "in "
Told = Mapping[str, Any]


def row_of(box: Told) -> str | Told:
    """A bar in a value becomes a stroke."""
    if "modules" in box:
        return box
    values = [box[name] for name in FIELDS]
    values += [box["height"]] if "height" in box else []
    values += [f"{INSIDE}{box['bay']}"] if "bay" in box else []
    return BETWEEN.join(value.replace("|", "/") for value in values)


def told_by(row: str | Told) -> Told:
    """The inverse of `row_of`. What an older igoudar recorded has the fields as they are."""
    if isinstance(row, Mapping):
        return row
    values = row.split(BETWEEN)
    if len(values) < len(FIELDS):
        raise IgoudarError(f"a box in a rack is recorded as {row!r}; expected {BETWEEN.join(FIELDS)}")
    told = dict(zip(FIELDS, values, strict=False))
    for value in values[len(FIELDS) :]:
        key = "bay" if value.startswith(INSIDE) else "height"
        told[key] = value.removeprefix(INSIDE)
    return told


def rows_of(racks: Mapping[str, Told]) -> dict[str, Any]:
    """The record of a row of racks, with a line for each box."""
    return _each(racks, row_of)


def record_of(racks: Mapping[str, Told]) -> dict[str, Any]:
    return _each(racks, told_by)


def _each(racks: Mapping[str, Told], made: Callable[[Any], str | Told]) -> dict[str, Any]:
    return {
        rack: {**told, "units": {place: made(box) for place, box in told["units"].items()}}
        if "units" in told
        else told
        for rack, told in racks.items()
    }
