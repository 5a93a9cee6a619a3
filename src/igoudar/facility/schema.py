"""What people write of facility units: their types, one a file, and the sections of a site that use them.

Quantities carry their unit. In a type each number stands with its source: `{value: 500 kVA, source: ...}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BeforeValidator, Field

from igoudar.facility.plant import Kind, Medium
from igoudar.power.energy import Rule
from igoudar.power.graph import Input
from igoudar.power.schemes import Scheme
from igoudar.quantities import (
    Amperes,
    Celsius,
    CubicMetres,
    Kelvins,
    KilowattHours,
    LitresAKilowattHour,
    Percent,
    Seconds,
    VoltAmperes,
    Volts,
    Watts,
)
from igoudar.schema import Entry, Label, NamePattern, Source, counted, one_of
from igoudar.validated import LABEL, NAME_PATTERN

_Value = TypeVar("_Value")
Factor = Annotated[float, Field(gt=0, le=1, strict=False)]


class Sourced(Entry, Generic[_Value]):
    """A number, and who says it."""

    value: _Value
    source: Source


class PointIn(Entry):
    """`supply`: of the air or water that it gives while it takes no more than `heat`."""

    ambient: Celsius
    heat: Watts
    supply: Celsius | None = None


class CurveIn(Entry):
    """Heat taken away by outside temperature, and what it supplies; straight between the points."""

    points: Annotated[list[PointIn], Field(min_length=1)]
    source: Source


class FacilityTypeIn(Entry):
    """What one thing is like. `KEYS` says which of these a kind needs, and which it may have.

    `approach`: what it supplies is so much warmer than where it gives its heat to, the outside or a loop.
    `restart`: from power to full cooling. `lowest`: outside, below which it stands still or takes harm.
    """

    kind: Annotated[Kind, one_of(Kind)]
    power: Sourced[Watts] | None = None
    apparent: Sourced[VoltAmperes] | None = None
    current: Sourced[Amperes] | None = None
    voltage: Sourced[Volts] | None = None
    power_factor: Sourced[Factor] | None = None
    loss: Sourced[Percent] | None = None
    no_load_loss: Sourced[Watts] | None = None
    double_conversion: bool = False
    draw: Sourced[Watts] | None = None
    mean_draw: Sourced[Percent] | None = None
    cooling: CurveIn | None = None
    water: Sourced[LitresAKilowattHour] | None = None
    approach: Sourced[Kelvins] | None = None
    restart: Sourced[Seconds] | None = None
    lowest: Sourced[Celsius] | None = None
    local: bool | None = None
    renewable: bool | None = None
    capacity_factor: Sourced[Percent] | None = None
    energy: Sourced[KilowattHours] | None = None


_AMPERES = ("current", "voltage", "power_factor")
_COOLING = (("cooling", "draw", "mean_draw"), ("water", "approach", "restart"))
_OUTSIDE = (_COOLING[0], (*_COOLING[1], "lowest"))
_NATURE = ("power", "local", "renewable", "capacity_factor")
KEYS: dict[Kind, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Kind.TRANSFORMER: (("apparent", "voltage", "power_factor", "loss", "no_load_loss"), ()),
    Kind.BOARD: (_AMPERES, ("loss",)),
    Kind.UPS: (
        ("apparent", "voltage", "power_factor", "loss", "no_load_loss"),
        ("double_conversion", "draw", "mean_draw"),
    ),
    Kind.BUSWAY: (_AMPERES, ("loss",)),
    Kind.STS: (_AMPERES, ("loss",)),
    Kind.CDU: _COOLING,
    Kind.CHILLER: _OUTSIDE,
    Kind.DRY_COOLER: _OUTSIDE,
    Kind.AIR_HANDLER: _OUTSIDE,
    Kind.PUMP: (("draw", "mean_draw"), ("restart",)),
    Kind.WIND: (_NATURE, ()),
    Kind.SOLAR: (_NATURE, ()),
    Kind.HYDROGEN: (("power", "local", "renewable"), ("capacity_factor",)),
    Kind.BATTERY: (("power", "energy"), ()),
    Kind.GRID_TIE: (("power", "local", "renewable"), ()),
}
"""Kind -> keys that a type of it needs, and further ones that it may have."""


def _input(pattern: str) -> Callable[[Any], Input]:
    """A name; names in order of preference; or names that give together."""

    def read(value: Any) -> Input:
        together = isinstance(value, dict) and [*value] == ["together"]
        names = value["together"] if together else [value] if isinstance(value, str) else value
        if not isinstance(names, list) or not names or not all(_fits(pattern, name) for name in names):
            raise ValueError("the name of a unit, [preferred, other], or {together: [names]}")
        return Input(tuple(names), together)

    return read


def _fits(pattern: str, value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


Names = Annotated[Input | None, BeforeValidator(_input(LABEL))]
NamePatterns = Annotated[Input | None, BeforeValidator(_input(NAME_PATTERN))]


class UnitParts(Entry):
    """`needed` of `count` alike things carry the load; without it all are needed."""

    type: Label
    count: Annotated[int, Field(ge=1, le=1000)] = 1
    needed: Annotated[int, Field(ge=1, le=1000)] | None = None
    breaker: Amperes | None = None
    tap_off: Amperes | None = None


class UnitIn(UnitParts):
    """`from`: what feeds it, nothing for a source. `water`: without any of these it stands still."""

    power: Names = Field(default=None, alias="from")
    water: Names = None
    hall: Label | None = None
    room: Label | None = None
    cools: Label | None = None


class KindUnitIn(UnitParts):
    """One in each hall of a kind; one for each of `rows`, and of `racks` as counted, where there are any.

    Words of names: hall, building, row, rack.
    """

    power: NamePatterns = Field(default=None, alias="from")
    water: NamePatterns = None
    room: NamePattern | None = None
    cools: NamePattern | None = None
    rows: list[Label] = Field(default_factory=list)
    racks: Annotated[tuple[str, ...], BeforeValidator(counted)] = ()


class LoopParts(Entry):
    """`air`, `water`: how much of them it holds, tanks included, which warms before devices do."""

    medium: Annotated[Medium | None, one_of(Medium)] = None
    air: CubicMetres | None = None
    water: CubicMetres | None = None


class KindLoopIn(LoopParts):
    """`medium`: it takes the heat of the racks of its hall."""

    to: NamePattern | None = None


class LoopIn(LoopParts):
    """`hall` and `medium`: the heat of whose racks it takes. `to`: the loop that takes its heat on."""

    hall: Label | None = None
    to: Label | None = None


class PromiseIn(Entry):
    """The redundancy of the units of one kind, `blocks`; without `halls` of all."""

    scheme: Annotated[Scheme, one_of(Scheme)]
    blocks: Annotated[Kind, one_of(Kind)]
    halls: list[Label] = Field(default_factory=list)


class EnergyIn(Entry):
    """`matching`: over which time renewable energy must match what is used. `local`: own sources only.

    `profile`: the name of a file of `profiles/`, without which only annual matching can be shown.
    """

    renewable: Percent
    matching: Annotated[Rule, one_of(Rule)]
    local: bool = False
    profile: Label | None = None


class ShareIn(Entry):
    share: Percent
    source: Source


class ImbalanceIn(ShareIn):
    """`above`: judged where the largest phase carries more than this share of what it may."""

    above: Percent


class ToleranceIn(Entry):
    pue: Annotated[float, Field(ge=0, le=1, strict=False)]
    wue: LitresAKilowattHour
    source: Source


class StoreIn(Entry):
    lasts: Seconds
    source: Source


class LimitsFile(Entry):
    """`inventory/data/power.yaml`. `store`: how long a battery lasts that feeds rather than bridges."""

    breaker: ShareIn
    imbalance: ImbalanceIn
    store: StoreIn
    tolerance: ToleranceIn
