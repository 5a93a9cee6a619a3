"""Quantities: what people write, what is refused, and that what is printed is read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igoudar.quantities import (
    APPARENT,
    CURRENT,
    DISTANCE,
    ENERGY,
    HEIGHT,
    LENGTH,
    LOAD,
    LOSS,
    MASS,
    POWER,
    SHARE,
    TEMPERATURE,
    TIME,
    VOLTAGE,
    VOLUME,
    WATER_USE,
    Kind,
    read,
    shown,
)

KINDS = (
    APPARENT, CURRENT, DISTANCE, ENERGY, HEIGHT, LENGTH, LOAD, LOSS, MASS, POWER, SHARE, TEMPERATURE,
    TIME, VOLTAGE, VOLUME, WATER_USE,
)  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "text", "number"),
    [
        (POWER, "12.5 kW", 12500),
        (POWER, "490W", 490),
        (APPARENT, "2.5 MVA", 2_500_000),
        (MASS, "1.2 t", 1200),
        (MASS, "3000 lb", 1360.77711),
        (LENGTH, "42 in", 1066.8),
        (DISTANCE, "1.5 km", 1500),
        (HEIGHT, "47 U", 47),
        (TEMPERATURE, "-3 °C", -3),
        (TIME, "10 min", 600),
        (ENERGY, "6 GWh", 6e6),
        (LOAD, "1500 kg/m2", 1500),
        (VOLUME, "500 L", 0.5),
        (SHARE, "85 %", 85),
    ],
)
def test_it_is_read_in_the_base_unit(kind: Kind, text: str, number: float) -> None:
    assert read(kind, text) == pytest.approx(number, rel=1e-9)


@pytest.mark.parametrize(
    "text", [12.5, 12, True, None, "12.5", "kW", "12,5 kW", "1e999 W", "nan W", "12.5 kw"]
)
def test_what_has_no_unit_or_is_no_number_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"12\.5 kW|from 0 to"):
        read(POWER, text)


@pytest.mark.parametrize("text", ["12 kVA", "12 kWh", "12 A", "12 mW", "12 U"])
def test_another_unit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is none of W, kW, MW, GW"):
        read(POWER, text)


def test_what_nobody_means_is_refused() -> None:
    with pytest.raises(ValueError, match="from 0 to 1e\\+11 W"):
        read(POWER, "-3 kW")


def test_much_is_shown_in_plain_digits() -> None:
    assert shown(VOLUME, 12_345_678) == "12345678 m³"
    assert shown(POWER, 1960.04) == "1.96 kW"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@given(number=st.floats(min_value=0, max_value=90).map(lambda n: round(n, 3)))
def test_what_is_shown_is_read_back(kind: Kind, number: float) -> None:
    assert read(kind, shown(kind, number)) == pytest.approx(number, rel=1e-3, abs=1e-3)
