"""Numbers of U on a rack's rail: from any first one, up or down, in halves."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from igoudar.cabling.goods import RackSize
from igoudar.cabling.route import Mount, Route, Router
from igoudar.cabling.trays import Cabling
from igoudar.errors import Where
from igoudar.hall import levels
from igoudar.hall.places import OPEN_IN, Rack
from igoudar.hall.schema import Height, Levels
from igoudar.schema import Level

AT = Where("hall.yaml", 1)


def rack(height: int, first: int = 1, *, descending: bool = False, **more: Any) -> Rack:
    return Rack("a01", "h1", "a", 1, height, AT, first=first, descending=descending, **more)


@pytest.mark.parametrize(
    ("frame", "u", "units", "low", "high"),
    [
        (rack(47), 1, 1, 0, 1),
        (rack(47), 46, 2, 45, 47),
        (rack(47), 12.5, 0.5, 11.5, 12),
        (rack(47), 12, 1.5, 11, 12.5),
        (rack(40, 5), 5, 1, 0, 1),
        (rack(40, 5), 44, 1, 39, 40),
        (rack(47, descending=True), 1, 1, 46, 47),
        (rack(47, descending=True), 46, 2, 0, 2),
        (rack(47, descending=True), 1, 0.5, 46.5, 47),
        (rack(47, descending=True), 1.5, 0.5, 46, 46.5),
        (rack(40, 5, descending=True), 44, 1, 0, 1),
    ],
)
def test_what_a_device_covers(frame: Rack, u: float, units: float, low: float, high: float) -> None:
    assert levels.span(frame, u, units) == (low, high)
    assert levels.number_at(frame, low, units) == u


def netbox(frame: Rack) -> list[float]:
    """Its half U from the top to the bottom, as `Rack.units` of NetBox 4 lists them."""
    halves = [frame.first + n / 2 for n in range(2 * frame.height)]
    return halves if frame.descending else halves[::-1]


frames = st.builds(
    lambda height, first, down: rack(height, first, descending=down),
    st.integers(1, 60),
    st.integers(1, 30),
    st.booleans(),
)


@given(frames, st.integers(0, 200), st.integers(1, 20))
def test_netbox_takes_the_same_places(frame: Rack, at: int, halves: int) -> None:
    """NetBox gives a device the half U from its position upwards in number."""
    u, units, listed = at / 2, halves / 2, netbox(frame)
    taken = [u + n / 2 for n in range(halves)]
    covered = levels.span(frame, u, units)

    assert covered.inside(frame) is set(taken).issubset(listed)
    if covered.inside(frame):
        places = sorted(2 * frame.height - 1 - listed.index(number) for number in taken)
        assert [*covered.halves()] == places
        assert {levels.number_of(frame, half) for half in covered.halves()} == {int(n) for n in taken}


@given(frames)
def test_numbers_rise_or_fall_and_sort_from_the_bottom(frame: Rack) -> None:
    counted = [*levels.numbers(frame)]

    assert counted == [int(u) for u in netbox(frame)[::-2]]
    assert sorted([*counted, 0], key=lambda u: levels.rising(frame, u)) == [0, *counted]


def test_how_numbers_are_written() -> None:
    assert [levels.digits(u) for u in (1, 12, 1.5, 12.5, 0)] == ["01", "12", "01.5", "12.5", "00"]
    assert str(levels.whole(12.0)) == "12"


@pytest.mark.parametrize("value", [0, 1, 12, 12.5, 200])
def test_a_place_is_read_as_it_is_written(value: float) -> None:
    assert repr(TypeAdapter(Level).validate_python(value)) == repr(value)


@pytest.mark.parametrize("value", [0.5, -1, 12.25, 201, "12", True, None, float("nan"), float("inf")])
def test_what_is_no_place(value: Any) -> None:
    with pytest.raises(ValidationError, match="a number of the rack's rail such as 12"):
        TypeAdapter(Level).validate_python(value)


@pytest.mark.parametrize(
    ("value", "given"),
    [
        (12.5, ("12.5",)),
        ("1..2/0.5", ("1", "1.5", "2")),
        ("10.5..14.5/2", ("10.5", "12.5", "14.5")),
        ("01..03", ("01", "02", "03")),
        (7, ("7",)),
    ],
)
def test_a_row_counts_in_halves(value: Any, given: tuple[str, ...]) -> None:
    assert TypeAdapter(Levels).validate_python(value) == given


@pytest.mark.parametrize("value", [1.25, "1..0.5", "1..2/0.0", "2.5..1.5", [1], True])
def test_what_a_row_cannot_count(value: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Levels).validate_python(value)


def test_a_height_is_in_u_or_in_ou() -> None:
    read = TypeAdapter(Height).validate_python

    assert (read("47 U"), read("44 OU")) == ((47, False), (44, True))
    assert str(read("44 OU")) == "44 OU"
    for value in ("47", 47, "47.5 U", "0 OU", "44 mm"):
        with pytest.raises(ValidationError):
            read(value)


def test_a_cable_climbs_by_the_units_of_its_rack() -> None:
    """From U2 to U12: 10 U of 44.45 mm, 10 OU of 48 mm; and as far where the rail counts down."""
    cabling = Cabling(AT, slack_rack_m=0.0, slack_tray_m=0.0)
    router = Router(cabling, RackSize(unit_mm=44.45, open_unit_mm=48, base_mm=90))

    def length(frame: Rack) -> Route | object:
        return router.route(Mount(frame, 2), Mount(frame, 12))

    assert length(rack(47)) == Route(0.445)
    assert length(rack(47, descending=True)) == Route(0.445)
    assert length(rack(44, width_in=OPEN_IN)) == Route(0.48)
    assert router.route(Mount(rack(47, descending=True), 0), Mount(rack(47, descending=True), 47)) == Route(0)
