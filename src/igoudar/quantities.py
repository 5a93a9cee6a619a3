"""Quantities as people write them, `12.5 kW` or `1.2 t`, read into plain numbers of one unit each.

A bare number is refused, and so is a unit of another kind: kVA is no power, kWh no kW. pint does the
conversion; which units a kind takes is said here, so that a preview says the same on every machine.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Annotated, Any

from pydantic import BeforeValidator

_WRITTEN = re.compile(r"([-+]?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)\s*([^\s0-9.].*)")


@dataclass(frozen=True, slots=True)
class Kind:
    """`base` is the unit of the plain numbers inside. `low` and `high`, in `base`, bound what is believable.

    `units` is how people spell them; the first is the base.
    """

    name: str
    units: tuple[str, ...]
    example: str
    low: float = 0.0
    high: float = math.inf

    @property
    def base(self) -> str:
        return self.units[0]


POWER = Kind("a power", ("W", "kW", "MW", "GW"), "12.5 kW", high=1e11)
APPARENT = Kind("an apparent power", ("VA", "kVA", "MVA"), "2.5 MVA", high=1e11)
CURRENT = Kind("a current", ("A", "kA"), "32 A", high=1e5)
VOLTAGE = Kind("a voltage", ("V", "kV"), "400 V", high=1e6)
ENERGY = Kind("an energy", ("kWh", "MWh", "GWh"), "250 kWh", high=1e10)
MASS = Kind("a mass", ("kg", "g", "t", "lb"), "1.2 t", high=1e6)
LENGTH = Kind("a length", ("mm", "cm", "m", "in", "ft"), "1200 mm", high=1e7)
DISTANCE = Kind("a distance", ("m", "km", "ft"), "350 m", high=1e8)
HEIGHT = Kind("a height in units of a rack", ("U",), "47 U", high=100)
OPEN_HEIGHT = Kind("a height in units of an open rack", ("OU",), "44 OU", high=100)
TEMPERATURE = Kind("a temperature", ("°C", "degC"), "27 °C", low=-90, high=150)
DIFFERENCE = Kind("a difference of temperatures", ("K",), "8 K", high=100)
VOLUME_HEAT = Kind("a heat capacity of a volume", ("kJ/(m³·K)",), "1.2 kJ/(m³·K)", high=1e5)
MASS_HEAT = Kind("a heat capacity of a mass", ("kJ/(kg·K)",), "0.5 kJ/(kg·K)", high=100)
TIME = Kind("a time", ("s", "min", "h"), "10 min", high=1e8)
VOLUME = Kind("a volume", ("m³", "m3", "L"), "112000 m³", high=1e12)
SHARE = Kind("a share", ("%",), "85 %", high=100)
LOSS = Kind("a loss", ("dB",), "0.5 dB", high=100)
LOAD = Kind("a load on a floor", ("kg/m²", "kg/m2"), "1500 kg/m²", high=1e5)
WATER_USE = Kind("water for energy", ("L/kWh",), "0.2 L/kWh", high=100)

KINDS = {
    kind.base: kind
    for kind in (
        POWER, APPARENT, CURRENT, VOLTAGE, ENERGY, MASS, LENGTH, DISTANCE, HEIGHT, OPEN_HEIGHT, TEMPERATURE,
        DIFFERENCE, VOLUME_HEAT, MASS_HEAT, TIME, VOLUME, SHARE, LOSS, LOAD, WATER_USE,
    )
}  # fmt: skip
"""By the unit of the plain numbers, which is of one kind alone."""

_PINT = {"°C": "degC", "m³": "m**3", "m3": "m**3", "kg/m²": "kg/m**2", "kg/m2": "kg/m**2",
         "%": "percent", "VA": "volt_ampere",
         "kVA": "kilovolt_ampere", "MVA": "megavolt_ampere"}  # fmt: skip
_SELDOM = frozenset({"lb", "in", "ft", "cm", "g", "m3", "kg/m2", "degC", "L"})  # not printed by us
# kinds of one unit, which need no conversion
_ITSELF = frozenset({"U", "OU", "dB", "%", "K", "kJ/(m³·K)", "kJ/(kg·K)"})


@cache
def _registry() -> Any:
    import pint  # noqa: PLC0415 - half a second, for those who write a unit that must be converted

    return pint.UnitRegistry()


def read(kind: Kind, text: Any) -> float:
    """The plain number, in `kind.base`. Raises ValueError that says what is expected."""
    wanted = f"{kind.name} with its unit such as {kind.example}"
    if isinstance(text, bool) or not isinstance(text, str):
        raise ValueError(wanted)
    return _read(kind, text.strip(), wanted)


@lru_cache(maxsize=10_000)
def _read(kind: Kind, text: str, wanted: str) -> float:
    match = _WRITTEN.fullmatch(text)
    if match is None:
        raise ValueError(wanted)
    if match[2] not in kind.units:
        raise ValueError(f"{wanted}; {match[2]!r} is none of {', '.join(kind.units)}")
    number = _converted(float(match[1]), match[2], kind)
    if not math.isfinite(number) or not kind.low <= number <= kind.high:
        raise ValueError(f"{kind.name} from {kind.low:g} to {kind.high:g} {kind.base}")
    return number


def _converted(number: float, unit: str, kind: Kind) -> float:
    if unit == kind.base or unit in _ITSELF:
        return number
    units = _registry()
    given = units.Quantity(number, _PINT.get(unit, unit))
    # kW of 12.5 is 12500 W to the last digit, not 12499.999: what is printed again must be what was written
    return float(f"{given.to(_PINT.get(kind.base, kind.base)).magnitude:.12g}")


def quantity(kind: Kind, low: float | None = None, high: float | None = None) -> BeforeValidator:
    """For a field of what people write. `low`, `high`: in the base unit, where the kind's are too wide."""
    bounded = Kind(
        kind.name,
        kind.units,
        kind.example,
        kind.low if low is None else low,
        kind.high if high is None else high,
    )
    return BeforeValidator(lambda value: read(bounded, value))


def shown(kind: Kind, number: float) -> str:
    """As people write it: in the largest unit in which it is at least 1, to three digits after the point."""
    best = kind.base
    for unit in kind.units[1:]:
        if unit in _SELDOM:
            continue
        if abs(_factor(kind, unit) * number) >= 1:
            best = unit
    return f"{round(number * _factor(kind, best), 3):.12g} {best}"


@cache
def _factor(kind: Kind, unit: str) -> float:
    """How many of `unit` one base unit is."""
    if unit == kind.base:
        return 1.0
    units = _registry()
    return float(units.Quantity(1.0, _PINT.get(kind.base, kind.base)).to(_PINT.get(unit, unit)).magnitude)


Watts = Annotated[float, quantity(POWER)]
# Of one device: some 132 kW for a whole rack of accelerators; kW written for W is above it.
DeviceWatts = Annotated[float, quantity(POWER, high=150_000)]
VoltAmperes = Annotated[float, quantity(APPARENT)]
Amperes = Annotated[float, quantity(CURRENT)]
Volts = Annotated[float, quantity(VOLTAGE)]
KilowattHours = Annotated[float, quantity(ENERGY)]
Kilograms = Annotated[float, quantity(MASS)]
Millimetres = Annotated[float, quantity(LENGTH)]
Metres = Annotated[float, quantity(DISTANCE)]
Celsius = Annotated[float, quantity(TEMPERATURE)]
Kelvins = Annotated[float, quantity(DIFFERENCE)]
VolumeHeat = Annotated[float, quantity(VOLUME_HEAT)]
MassHeat = Annotated[float, quantity(MASS_HEAT)]
Seconds = Annotated[float, quantity(TIME)]
CubicMetres = Annotated[float, quantity(VOLUME)]
Percent = Annotated[float, quantity(SHARE)]
Decibels = Annotated[float, quantity(LOSS)]
FloorLoad = Annotated[float, quantity(LOAD)]
LitresAKilowattHour = Annotated[float, quantity(WATER_USE)]
