"""What carries power, cooling and water of a site, as frozen values.

W, VA, A, V, kWh, °C; shares from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from igoudar.errors import Where
from igoudar.power.energy import Profile, Rule
from igoudar.power.graph import Input
from igoudar.power.loads import Balance
from igoudar.power.schemes import Scheme


class Kind(StrEnum):
    TRANSFORMER = "transformer"
    BOARD = "board"
    UPS = "ups"
    BUSWAY = "busway"
    STS = "sts"
    CDU = "cdu"
    CHILLER = "chiller"
    DRY_COOLER = "dry-cooler"
    AIR_HANDLER = "air-handler"
    PUMP = "pump"
    WIND = "wind"
    SOLAR = "solar"
    HYDROGEN = "hydrogen"
    BATTERY = "battery"
    GRID_TIE = "grid-tie"


OUTSIDE = frozenset({Kind.CHILLER, Kind.DRY_COOLER, Kind.AIR_HANDLER})  # where their heat goes to no loop
SOURCES = frozenset({Kind.WIND, Kind.SOLAR, Kind.HYDROGEN, Kind.BATTERY, Kind.GRID_TIE})


class Medium(StrEnum):
    """What carries the heat of racks away."""

    AIR = "air"
    LIQUID = "liquid"


@dataclass(frozen=True, slots=True, kw_only=True)
class FacilityType:
    """What each thing of a unit is like; as `power.Unit` has it. `voltage_v`: between two phases.

    `double_conversion`: it draws equally from three phases whatever its load does. `restart_s`: from power to
    full cooling. `lowest_c`: the outside temperature that it takes; None where nobody says it.
    """

    name: str
    kind: Kind
    where: Where
    capacity_w: float | None = None
    capacity_va: float | None = None
    voltage_v: float | None = None
    power_factor: float = 1.0
    loss_share: float = 0.0
    loss_fixed_w: float = 0.0
    double_conversion: bool = False
    draw_w: float = 0.0
    draw_share: float = 1.0
    cooling: tuple[tuple[float, float], ...] = ()
    supply: tuple[tuple[float, float], ...] = ()
    approach_k: float | None = None
    restart_s: float | None = None
    lowest_c: float | None = None
    water_l_per_kwh: float = 0.0
    local: bool = False
    renewable: bool = False
    capacity_factor: float | None = None
    energy_kwh: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantUnit:
    """`room`: the loop that its losses heat. `breaker_a`: of each thing; `tap_off_a`: of each rack on it."""

    name: str
    type: str
    where: Where
    count: int = 1
    needed: int = 1
    power: Input | None = None
    water: Input | None = None
    hall: str = ""
    room: str = ""
    cools: str = ""
    breaker_a: float | None = None
    tap_off_a: float | None = None


@dataclass(frozen=True, slots=True)
class PlantLoop:
    """`medium`: what of the heat of its hall's racks it takes; without one it takes that of other loops.

    `air_m3`, `water_m3`: what it holds; None where nobody says it.
    """

    name: str
    where: Where
    hall: str = ""
    medium: Medium | None = None
    to: str = ""
    air_m3: float | None = None
    water_m3: float | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """The redundancy that is declared for halls, of the units of one kind."""

    name: str
    scheme: Scheme
    blocks: Kind
    halls: tuple[str, ...]
    where: Where


@dataclass(frozen=True, slots=True)
class Energy:
    """What is promised: `renewable`, a share, matched by a rule; `local`: from the site's own sources."""

    renewable: float
    rule: Rule
    local: bool
    where: Where
    profile: Profile | None = None


@dataclass(frozen=True, slots=True)
class PowerLimits:
    """`breaker_share`: what a breaker carries all day.

    `store_s`: a battery that lasts less at full power bridges, and feeds nothing. Tolerances are in the unit
    of the figure.
    """

    breaker_share: float = 1.0
    balance: Balance = field(default_factory=Balance)
    store_s: float = 0.0
    pue: float = 0.0
    wue: float = 0.0


@dataclass(frozen=True, slots=True)
class Plant:
    types: Mapping[str, FacilityType] = field(default_factory=dict)
    units: Mapping[str, PlantUnit] = field(default_factory=dict)
    loops: Mapping[str, PlantLoop] = field(default_factory=dict)
    schemes: Mapping[str, Promise] = field(default_factory=dict)
    energy: Energy | None = None
    limits: PowerLimits = field(default_factory=PowerLimits)

    def bridges(self, name: str) -> bool:
        """Whether a unit is a battery that carries its load for minutes only."""
        kind = self.types[self.units[name].type]
        if kind.kind is not Kind.BATTERY or kind.energy_kwh is None or not kind.capacity_w:
            return False
        return kind.energy_kwh * 3.6e6 / kind.capacity_w < self.limits.store_s
