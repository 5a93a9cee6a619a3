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
class Among:
    """Which devices a rule is about: of a role, halls, row, positions or pod, where it says so.

    `halls` None: of all; none where no hall is of the kind that the rule says.
    """

    role: str
    halls: frozenset[str] | None = None
    row: str = ""
    positions: frozenset[int] = frozenset()
    pod: int = 0


@dataclass(frozen=True, slots=True)
class RackRule:
    """The port of each device in a rack goes to the switch of that rack, or of the one `beside` positions on.

    A device on the n-th of `u` gets the n-th of `onto`; one on another U a port that the ledger picks of
    `rest`: what comes before the number, lowest, highest. `to_u`: where the switch is, if there are several.
    """

    devices: Among
    port: str
    to: str
    to_u: int
    beside: int
    u: tuple[int, ...]
    onto: tuple[str, ...]
    rest: tuple[str, int, int] | None
    medium: str
    where: Where


@dataclass(frozen=True, slots=True)
class MeshRule:
    """Every device to every other one: the n-th of `ports` goes to the device whose number is the n-th of
    `to_numbers`, there onto the one of `onto` that stands where the device's own number stands in `numbers`.

    `links`: so many ports one after the other lead to the same device, at both ends. `to_halls`: numbers of
    halls of the same building, of each of which all of `to_numbers` follow; `onto` counts on by the device's
    own hall. `length_m`: of each cable, where no trays say it.
    """

    devices: Among
    numbers: tuple[int, ...]
    ports: tuple[str, ...]
    to: str
    to_numbers: tuple[int, ...]
    onto: tuple[str, ...]
    medium: str
    where: Where
    links: int = 1
    to_halls: tuple[int, ...] = ()
    length_m: float | None = None


@dataclass(frozen=True, slots=True)
class CordRule:
    """PSUs of each device to the rPDUs of its rack: its PSUs alternate over the feeds, A first.

    A device on the n-th of `u` gets the n-th `each` outlets of `onto` on the rPDU of every feed; one on
    another U outlets that the ledger picks of `rest`, as in `RackRule`. `medium`: a power cord of the goods,
    else what fits. Racks without rPDUs are left out.
    """

    devices: Among
    u: tuple[int, ...]
    onto: tuple[str, ...]
    each: int
    rest: tuple[str, int, int] | None
    medium: str
    where: Where


@dataclass(frozen=True, slots=True)
class Cabling:
    """What a site says of its cables. Slack is what is left at each end: in one rack, or over trays.

    `labels`: the numbers that cables may have, both included; `label_planned`: whether cables to what is
    planned, and stands nowhere yet, have one.
    """

    where: Where
    slack_rack_m: float
    slack_tray_m: float
    floors: Mapping[str, Floor] = field(default_factory=dict)
    in_racks: tuple[RackRule, ...] = ()
    meshes: tuple[MeshRule, ...] = ()
    cords: tuple[CordRule, ...] = ()
    labels: tuple[int, int] = (100_000, 999_999)
    label_planned: bool = True
