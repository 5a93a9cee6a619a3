"""Racks with what they have left, device classes to be placed, and the answer: frozen values, no files.

Power in W, mass in kg, height in U. A limit that is None is not known and not used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Face(StrEnum):
    """Which side of the rack a device takes: a full-depth one both, one of half depth its own."""

    BOTH = "both"
    FRONT = "front"
    REAR = "rear"


class Per(StrEnum):
    """What `at_most` of a group is counted in: a rack, a row, or all racks on the same pair of feeds."""

    RACK = "rack"
    ROW = "row"
    FEEDS = "feeds"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """`units` U together, from U `low` upwards."""

    low: int
    units: int


@dataclass(frozen=True, slots=True, order=True)
class Apart:
    """At most so many devices of the group in one rack, row or pair of feeds."""

    group: str
    at_most: int
    per: Per


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase of one feed of a rack: what it carries more while that feed is alone.

    `each`: by class, and by U from 0, W of a device whose lowest U that is. `unit` and `leg`: what it is of.
    """

    what: str
    room_w: float
    each: tuple[tuple[float, ...], ...]
    unit: str = ""
    leg: str = ""


@dataclass(frozen=True, slots=True)
class Rack:
    """What a rack has left beside the devices that stand in it, which never move.

    `power_w`: what the weakest of its feeds can still carry alone. `cooling_w`, `load_kg` likewise.
    `ports`: free switch ports by kind. `groups`: how many of an anti-affinity group stand in it.
    `row` and `feeds` name the scopes of `Apart`. `open`: it is in use, and taking it costs nothing.
    `barred`: class of devices that it takes none of -> the rule, in words. `phases`: where a U has one.
    """

    name: str
    row: str
    feeds: str
    front: tuple[Span, ...]
    rear: tuple[Span, ...]
    power_w: float | None = None
    cooling_w: float | None = None
    load_kg: float | None = None
    ports: Mapping[str, int] | None = None
    groups: Mapping[str, int] = field(default_factory=dict)
    zone: str = ""
    open: bool = False
    barred: Mapping[str, str] = field(default_factory=dict)
    phases: tuple[Phase, ...] = ()

    def scope(self, per: Per) -> str:
        return {Per.RACK: self.name, Per.ROW: self.row, Per.FEEDS: self.feeds}[per]


@dataclass(frozen=True, slots=True)
class DeviceClass:
    """`count` equal devices. `zones`: where they may stand; None is anywhere. `ports`: needed, by kind."""

    name: str
    units: int
    count: int
    draw_w: float = 0.0
    kg: float = 0.0
    face: Face = Face.BOTH
    ports: Mapping[str, int] = field(default_factory=dict)
    apart: tuple[Apart, ...] = ()
    zones: frozenset[str] | None = None

    def may_stand_in(self, rack: Rack) -> bool:
        return self.in_zone(rack) and self.name not in rack.barred

    def in_zone(self, rack: Rack) -> bool:
        return self.zones is None or rack.zone in self.zones


@dataclass(frozen=True, slots=True)
class Shared:
    """What several racks share `room_w` of. `what` is for people, and no other has it.

    `each`: by rack what one device of each class takes of it, in W; a rack that is not there takes nothing.
    """

    what: str
    room_w: float
    each: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Problem:
    """Racks in the order in which they are filled; `heavy_low` False keeps the order of the classes.

    `carried`: W on phases of units, by unit and phase; where it is given, devices stand at the U that keeps
    those most even, else as low as they can.
    """

    racks: tuple[Rack, ...]
    classes: tuple[DeviceClass, ...]
    heavy_low: bool = True
    shared: tuple[Shared, ...] = ()
    carried: Mapping[tuple[str, str], float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to look. `seconds` is a brake for one integer search: what it stopped is not repeatable.

    `rounds` of column generation, `nodes` of one integer search, `fillings` counted out to close a gap.
    """

    rounds: int = 400
    nodes: int = 2_000
    fillings: int = 20_000
    seconds: float = 60.0


@dataclass(frozen=True, slots=True, order=True)
class Seat:
    """Device `number` (from 0) of a class stands in `rack` from U `u` upwards."""

    rack: str
    u: int
    device: str
    number: int


@dataclass(frozen=True, slots=True)
class Left:
    """`count` devices of a class that fit nowhere, and why, in words."""

    device: str
    count: int
    why: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """No placement leaves fewer devices, or, with as few, opens fewer racks, or then strands less.

    `stranded_w` holds for as many racks as were opened.
    """

    left: int
    opened: int
    stranded_w: float


@dataclass(frozen=True, slots=True)
class Placement:
    """`seats` in the order of the racks, then of U. `opened`: racks that were not in use before.

    `stranded_w`: power left in the racks used that their U, cooling, load or ports cannot use any more with
    the densest of the classes; of racks in use before, only what this placement adds to it.
    `stopped`: a limit of time ended a search, so another run may answer otherwise.
    """

    seats: tuple[Seat, ...]
    opened: tuple[str, ...]
    left: tuple[Left, ...]
    stranded_w: float
    bounds: Bounds
    stopped: bool = False

    @property
    def gap_percent(self) -> float:
        """How many more racks are opened than the bound says are needed, in percent of it."""
        more = len(self.opened) - self.bounds.opened
        return 100.0 * more / max(self.bounds.opened, 1)
