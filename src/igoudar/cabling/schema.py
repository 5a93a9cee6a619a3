"""What people write of trays and slack: the section `cabling` of a site, once in it."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from igoudar.cabling.trays import Cabling, Carries, Floor, Spot, Tray
from igoudar.errors import Finding, Where
from igoudar.quantities import DISTANCE, LENGTH, Millimetres, quantity
from igoudar.schema import Entry, Label, one_of

_PLACE = re.compile(r"([A-Z]{1,2})([0-9]{1,3})")
Place = tuple[int, int]  # by digits and by letters, each from 1


def place(text: Any) -> Place:
    """`AJ05` of the floor's grid: letters for one axis, digits for the other. Raises ValueError."""
    match = _PLACE.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError("a place on the floor's grid such as AJ05")
    letters = 0
    for letter in match[1]:
        letters = letters * 26 + ord(letter) - ord("A") + 1
    return int(match[2]), letters


GridPlace = Annotated[Place, BeforeValidator(place)]
Tile = Annotated[float, quantity(LENGTH, low=100, high=5000)]
TrayHeight = Annotated[float, quantity(LENGTH, low=-5000, high=20_000)]  # below: under a raised floor
Slack = Annotated[float, quantity(DISTANCE, high=20)]


class TrayIn(Entry):
    """A straight piece between two places, both included. `height`: above the floor."""

    name: Label
    carries: Annotated[Carries, one_of(Carries)]
    begin: GridPlace
    end: GridPlace
    height: TrayHeight


class FloorIn(Entry):
    """`rows`: where position 1 of a row stands; the others follow by digits, a `pitch` (else a tile) apart.

    A rack that has `at` stands there.
    """

    tile: Tile
    pitch: Millimetres | None = None
    rows: dict[Label, GridPlace] = Field(default_factory=dict)
    trays: list[TrayIn] = Field(default_factory=list)


class SlackIn(Entry):
    """What is left at each end of a cable: of one that stays in its rack, and of one that leaves it."""

    rack: Slack
    tray: Slack


class CablingIn(Entry):
    slack: SlackIn
    halls: dict[Label, FloorIn] = Field(default_factory=dict)


def cabling_of(entry: CablingIn, where: Where, findings: list[Finding]) -> Cabling:
    """As frozen values; what is wrong with a tray goes to `findings`."""
    floors = {
        hall: _floor(hall, floor, where.at("halls").at(hall), findings) for hall, floor in entry.halls.items()
    }
    return Cabling(where, entry.slack.rack, entry.slack.tray, floors)


def _floor(hall: str, entry: FloorIn, where: Where, findings: list[Finding]) -> Floor:
    tile = entry.tile
    trays: dict[str, Tray] = {}
    for number, tray in enumerate(entry.trays):
        here = where.at("trays").at(number)
        a, b = sorted((tray.begin, tray.end))
        if a != b and a[0] != b[0] and a[1] != b[1]:
            said = f"the tray {tray.name} is not straight"
            expected = "two places with the same letters or the same digits"
            findings.append(Finding("tray-not-straight", here, said, expected, "write a tray for each piece"))
        if tray.name in trays:
            said, see = f"{tray.name!r} is there already", trays[tray.name].where
            findings.append(Finding("duplicate-name", here, said, "each name once in a hall", see=see))
        trays[tray.name] = Tray(tray.name, tray.carries, _spot(a, tile), _spot(b, tile), tray.height, here)
    rows = {row: _spot(first, tile) for row, first in entry.rows.items()}
    ordered = tuple(trays[name] for name in sorted(trays))
    return Floor(hall, tile, entry.pitch or tile, rows, ordered, where)


def _spot(at: Place, tile_mm: float) -> Spot:
    return Spot(at[0] * tile_mm, at[1] * tile_mm)
