"""Places of a site as frozen values, and what is known of types and rooms. Powers in W, masses in kg."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from igoudar.errors import Where

USUAL_IN, OPEN_IN = 19, 21  # between rails, as the trade counts them; Open Rack counts in OU


class Zone(StrEnum):
    """Track of a hall, above its tenants."""

    SOVEREIGN = "sovereign"
    PRIVATE = "private"
    EMBASSY = "embassy"


class Basis(StrEnum):
    """Of what a capacity is told."""

    FACILITY = "facility"
    IT = "it"


class Cooling(StrEnum):
    """How heat leaves a rack or a hall. `dlc`: liquid to the chip; `rdhx`: exchangers in rear doors."""

    AIR_DIRECT = "air-direct"
    AIR_INDIRECT = "air-indirect"
    RDHX = "rdhx"
    DLC = "dlc"
    EVAPORATIVE_DIRECT = "evaporative-direct"
    EVAPORATIVE_INDIRECT = "evaporative-indirect"
    SEAWATER = "seawater"
    DRY_COOLER = "dry-cooler"
    CHILLER = "chiller"

    @property
    def outside_air(self) -> bool:
        """Whether air from outside goes through the room, with its moisture."""
        return self in (Cooling.AIR_DIRECT, Cooling.EVAPORATIVE_DIRECT)


@dataclass(frozen=True, slots=True)
class Climate:
    """Means of the daily highs and lows of each month from January, and the hottest hour, in degrees C.

    `extreme_low_c`: the coldest; None where nobody knows it. `dew_point_c`: the highest of each month; empty
    where nobody says it.
    """

    high_c: tuple[float, ...]
    low_c: tuple[float, ...]
    extreme_c: float
    source: str
    dew_point_c: tuple[float, ...] = ()
    extreme_low_c: float | None = None

    @property
    def coldest_c(self) -> float:
        """That is known: the extreme, or the lowest mean."""
        return min(self.low_c) if self.extreme_low_c is None else self.extreme_low_c


@dataclass(frozen=True, slots=True)
class Campus:
    """`power_w` is of the whole facility or of the IT load, as `basis` says. `water_m3`: a year."""

    power_w: float
    basis: Basis
    sea_m: float
    climate: Climate
    water_m3: float
    design_pue: float
    design_wue: float
    where: Where


@dataclass(frozen=True, slots=True)
class Building:
    name: str
    number: int
    where: Where
    floors: int = 1
    power_w: float | None = None


@dataclass(frozen=True, slots=True)
class Hall:
    """`power_w` is IT load. `availability` and `protection` are classes of EN 50600.

    `air_class` and `water_class`: the envelope that its racks need, a name of `Limits`.
    """

    name: str
    building: int
    number: int
    where: Where
    floor: int = 0
    zone: Zone | None = None
    power_w: float | None = None
    availability: int | None = None
    protection: int | None = None
    cooling: Cooling | None = None
    salt_filtration: bool = False
    floor_kg_m2: float | None = None
    air_class: str = ""
    water_class: str = ""


@dataclass(frozen=True, slots=True)
class Rack:
    """`height` in U, of an open rack (`width_in` 21) in OU. `feeds`: `A` and `B` -> the unit that feeds it.

    `power_w`: what it may draw, and each of its feeds carries alone. `load_kg`: what may stand in it.
    `cold`: the side of it where its cold aisle lies, front or rear; empty where nobody says it.
    `first` is the lowest number on its rail, of the lowest U, or of the highest where it counts downwards.
    `instead_of`: what its row gave, where an override says otherwise.
    """

    name: str
    hall: str
    row: str
    position: int
    height: int
    where: Where
    feeds: Mapping[str, str] = field(default_factory=dict)
    type: str = ""
    power_w: float | None = None
    load_kg: float | None = None
    cooling: Cooling | None = None
    at: str = ""
    cold: str = ""
    width_in: int = USUAL_IN
    first: int = 1
    descending: bool = False
    air_class: str = ""
    water_class: str = ""
    instead_of: Rack | None = None

    @property
    def unit(self) -> str:
        return "OU" if self.width_in == OPEN_IN else "U"


@dataclass(frozen=True, slots=True)
class TypeFacts:
    """What is said of a hardware type beside its file; None where nothing is.

    `widths_in`: between which rails it is made to stand. `before_mm` and `behind_mm`: what plugs, handles and
    the bends of cables take up before its front and behind its back.
    """

    where: Where
    source: str
    nameplate_w: float | None = None
    allocated_w: float | None = None
    psus_needed: int | None = None
    kg: float | None = None
    depth_mm: float | None = None
    airflow: str = ""
    liquid_share: float = 0.0
    widths_in: tuple[int, ...] = (USUAL_IN,)
    before_mm: float | None = None
    behind_mm: float | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """What devices allow at their inlet, in degrees C; None: no limit there.

    `dew_point_c` is the highest, `dry_point_c` the lowest dew point.
    """

    high_c: float
    low_c: float | None = None
    dew_point_c: float | None = None
    dry_point_c: float | None = None


@dataclass(frozen=True, slots=True)
class Warmth:
    """What one K more takes up. `devices`: kJ of a kg of what stands in the air, of which `share` follows."""

    air_kj_m3: float
    water_kj_m3: float
    devices_kj_kg: float
    share: float


@dataclass(frozen=True, slots=True)
class Limits:
    """`rack_w`: what a rack may draw, by how it is cooled; `left_w`: what of it may be left to the air.

    `salt_m`: nearer to the sea, salt is filtered. `mixing_k`: what air gains on its way to the inlets.
    `before_mm`: between the rails and a door before network devices, for the bends of their cables;
    `behind_mm`: between the back of a device and a door. `open_share`: of a door by which devices breathe.
    `cords` of devices and `cables` from other racks: as many as the openings and managers of a rack take.
    """

    rack_w: Mapping[Cooling, float] = field(default_factory=dict)
    salt_m: float | None = None
    before_mm: float | None = None
    behind_mm: float | None = None
    open_share: float | None = None
    cords: int | None = None
    cables: int | None = None
    left_w: Mapping[Cooling, float] = field(default_factory=dict)
    air: Mapping[str, Envelope] = field(default_factory=dict)
    water: Mapping[str, Envelope] = field(default_factory=dict)
    mixing_k: float = 0.0
    warmth: Warmth | None = None
