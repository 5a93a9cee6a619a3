"""What people write of places: campus, buildings, halls, rows of alike racks, racks, and what differs.

Quantities carry their unit and are plain numbers in one unit inside (`igoudar.quantities`).
"""

from __future__ import annotations

import re
from calendar import month_name
from typing import Annotated, Any, NamedTuple

from pydantic import (
    BeforeValidator,
    Field,
    PlainValidator,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from igoudar.facility.schema import KindLoopIn, KindUnitIn, PromiseIn
from igoudar.hall.places import Basis, Cooling, Zone
from igoudar.model import Face, Role, Status
from igoudar.quantities import (
    HEIGHT,
    OPEN_HEIGHT,
    TEMPERATURE,
    Celsius,
    CubicMetres,
    DeviceWatts,
    FloorLoad,
    Kilograms,
    LitresAKilowattHour,
    Metres,
    Watts,
    quantity,
    read,
    shown,
)
from igoudar.schema import (
    Bay,
    BayPattern,
    BoxIn,
    ClassName,
    DeviceNumber,
    Entry,
    Label,
    Letter,
    Level,
    Mac,
    Modules,
    NamePattern,
    Network4,
    PublicKey,
    Serial,
    Source,
    counted,
    counted_levels,
    one_of,
)
from igoudar.validated import LABEL


class RackHeight(NamedTuple):
    """As many U, or OU of an open rack."""

    units: int
    open: bool

    def __str__(self) -> str:
        return f"{self.units} {'OU' if self.open else 'U'}"


def _height(value: Any) -> RackHeight:
    open_rack = isinstance(value, str) and value.strip().endswith("OU")
    height = read(OPEN_HEIGHT if open_rack else HEIGHT, value)
    if height != int(height) or height < 1:
        raise ValueError("whole units of a rack such as 47 U, or 44 OU of an open rack")
    return RackHeight(int(height), open_rack)


def _names(value: Any) -> tuple[str, ...]:
    names = value if isinstance(value, list) else [value]
    if not names or not all(isinstance(name, str) and re.fullmatch(LABEL, name) for name in names):
        raise ValueError("a name such as b, or a list of names: a-z, 0-9 and -")
    return tuple(names)


def _given(value: Any) -> Any:
    if value is None:
        raise ValueError("a value, or no such key")
    return value


Count = Annotated[tuple[str, ...], BeforeValidator(counted)]
Height = Annotated[RackHeight, PlainValidator(_height)]
Levels = Annotated[tuple[str, ...], BeforeValidator(counted_levels)]
ClassNumber = Annotated[int, Field(ge=1, le=4)]
Feeds = dict[Letter, Label]
GridPlace = Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,2}[0-9]{1,3}$")]
Extreme = Annotated[float, quantity(TEMPERATURE, high=60)]


class CapacityIn(Entry):
    """What the campus is built for. `basis`: of the whole facility, or of the IT load alone."""

    power: Watts
    basis: Annotated[Basis, one_of(Basis)]


class ClimateIn(Entry):
    """Months from January, means of daily highs and lows. `extreme`: the hottest hour to design for.

    `extreme_low`: the coldest, which not everybody knows. `dew_point`: the highest of each month, for halls
    that let outside air in.
    """

    high: Annotated[list[Celsius], Field(min_length=12, max_length=12)]
    low: Annotated[list[Celsius], Field(min_length=12, max_length=12)]
    extreme: Extreme
    extreme_low: Celsius | None = None
    dew_point: Annotated[list[Celsius] | None, Field(min_length=12, max_length=12)] = None
    source: Source

    @field_validator("low")
    @classmethod
    def _below_the_high(cls, low: list[float], info: ValidationInfo) -> list[float]:
        for month, (least, most) in enumerate(zip(low, info.data.get("high", low), strict=True), 1):
            if least > most:
                raise ValueError(f"at most {shown(TEMPERATURE, most)} in {month_name[month]}, the high")
        return low

    @field_validator("extreme")
    @classmethod
    def _above_the_highs(cls, extreme: float, info: ValidationInfo) -> float:
        if extreme < (most := max(info.data.get("high", [extreme]))):
            raise ValueError(f"at least {shown(TEMPERATURE, most)}, the highest of the months")
        return extreme

    @field_validator("extreme_low")
    @classmethod
    def _below_the_lows(cls, extreme: float | None, info: ValidationInfo) -> float | None:
        least = min(info.data.get("low", [extreme]))
        if extreme is not None and extreme > least:
            raise ValueError(f"at most {shown(TEMPERATURE, least)}, the lowest of the months")
        return extreme

    @field_validator("dew_point")
    @classmethod
    def _no_warmer_than_air(cls, found: list[float] | None, info: ValidationInfo) -> list[float] | None:
        """Air holds no more than it can at its own temperature; a mean high is below that of some days."""
        most = info.data.get("extreme")
        if found and most is not None and max(found) > most:
            raise ValueError(f"at most {shown(TEMPERATURE, most)}, the extreme")
        return found


class CampusIn(Entry):
    capacity: CapacityIn
    distance_to_sea: Metres
    climate: ClimateIn
    water_a_year: CubicMetres
    design_pue: Annotated[float, Field(ge=1, le=5, strict=False)]
    design_wue: LitresAKilowattHour


class BuildingIn(Entry):
    number: Annotated[int, Field(ge=1, le=93)]
    floors: Annotated[int, Field(ge=1, le=99)] = 1
    power: Watts | None = None


class HallParts(Entry):
    """What a hall states itself, and a kind for all of its halls.

    `power` is IT load. `availability` and `protection` are classes of EN 50600 (1 to 4).
    `air_class`, `water_class`: the envelope that its racks need, such as A2 and W40.
    """

    floor: Annotated[int, Field(ge=-9, le=99)] = 0
    zone: Annotated[Zone | None, one_of(Zone)] = None
    power: Watts | None = None
    availability: ClassNumber | None = None
    protection: ClassNumber | None = None
    cooling: Annotated[Cooling | None, one_of(Cooling)] = None
    salt_filtration: bool = False
    floor_load: FloorLoad | None = None
    air_class: ClassName | None = None
    water_class: ClassName | None = None


class HallIn(HallParts):
    building: Annotated[int, Field(ge=1, le=93)]
    number: Annotated[int, Field(ge=0, le=99)]


class RackParts(Entry):
    """What a rack states itself, and a row for all of its racks. `load`: what may stand in it.

    `power`: what the rack may draw; each feed alone must carry it. Feed name -> unit that feeds it.
    `cold`: the side where the cold aisle lies.
    """

    type: Label | None = None
    height: Height | None = None
    feeds: Feeds = Field(default_factory=dict)
    power: Watts | None = None
    load: Kilograms | None = None
    cooling: Annotated[Cooling | None, one_of(Cooling)] = None
    cold: Annotated[Face | None, one_of(Face)] = None
    air_class: ClassName | None = None
    water_class: ClassName | None = None


class RackIn(RackParts):
    """`at` is the place on the floor's grid, such as AJ05."""

    hall: Label
    row: Label
    position: Annotated[int, Field(ge=1, le=9999)]
    at: GridPlace | None = None


class StandingIn(BoxIn):
    """Devices of a row: one for each `u` of each rack of it, or of those in `racks`.

    `number` is that of the first; it counts on by place, so that a rack without leaves a hole. So does `oob`.
    What may grow says how much is counted for it: `every` devices a rack, `every_row` racks a row.
    With `bay`, of a parent in the same rack, `u` counts the bays; words of it are those of names.
    """

    name: NamePattern
    u: Levels
    bay: BayPattern | None = None
    racks: Count | None = None
    number: DeviceNumber = 1
    every: Annotated[int, Field(ge=1, le=1000)] | None = None
    every_row: Annotated[int, Field(ge=1, le=1000)] | None = None
    oob: Network4 | None = None


class RowParts(RackParts):
    """Rows of alike racks. `names`: how racks are called; words: hall, row, rack (as counted).

    With several names the rows are counted on, one after the other, as if they were one. `feeds` may name
    units by the words hall, row and name, that of the rack.
    """

    name: Annotated[tuple[str, ...], BeforeValidator(_names)]
    racks: Count
    names: NamePattern = "{row}{rack}"
    feeds: dict[Letter, NamePattern] = Field(default_factory=dict)
    devices: list[StandingIn] = Field(default_factory=list)


class RowIn(RowParts):
    hall: Label


class KindIn(HallParts):
    """A kind of hall: what each of them is, its rows, and the power and cooling of its own.

    `schemes` are of all halls of the kind.
    """

    rows: Annotated[list[RowParts], Field(min_length=1)]
    units: dict[NamePattern, KindUnitIn] = Field(default_factory=dict)
    loops: dict[NamePattern, KindLoopIn] = Field(default_factory=dict)
    schemes: dict[Label, PromiseIn] = Field(default_factory=dict)


class SeriesIn(Entry):
    """Alike halls of some buildings, each building with the same ones. Words of `names`: building, hall.

    `number` is that of the first hall in each building.
    """

    kind: Label
    buildings: Count
    halls: Count
    names: NamePattern
    number: Annotated[int, Field(ge=0, le=99)] = 1
    zone: Annotated[Zone | None, one_of(Zone)] = None


class OverrideIn(Entry):
    """What one expanded object states otherwise. `absent`: it is not there, and its place stays empty.

    `modules`: of the bays that differ; `none` leaves one empty.
    """

    _none_is_no_value = field_validator("*", mode="before")(_given)

    absent: bool = False
    type: Label | None = None
    role: Annotated[Role | None, one_of(Role)] = None
    nos: Label | None = None
    pod: Annotated[int, Field(ge=1, le=99)] | None = None
    status: Annotated[Status | None, one_of(Status)] = None
    face: Annotated[Face | None, one_of(Face)] = None
    u: Level | None = None
    bay: Bay | None = None
    draw: DeviceWatts | None = None
    feed: Letter | None = None
    modules: Modules | None = None
    serial: Serial | None = None
    oob: Network4 | None = None
    oob_mac: Mac | None = None
    host_key: PublicKey | None = None
    drained: bool | None = None
    cordoned: bool | None = None
    adopt: bool | None = None
    roles: list[str] | None = None
    settings: dict[str, dict[str, Any]] | None = None
    height: Height | None = None
    feeds: Feeds | None = None
    power: Watts | None = None
    load: Kilograms | None = None
    cooling: Annotated[Cooling | None, one_of(Cooling)] = None
    cold: Annotated[Face | None, one_of(Face)] = None
    air_class: ClassName | None = None
    water_class: ClassName | None = None
    at: GridPlace | None = None
