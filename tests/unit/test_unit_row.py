"""A box in a rack's record as a line: it comes back as it was, whatever it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igoudar.errors import IgoudarError
from igoudar.hall.unit_row import record_of, row_of, rows_of, told_by

BOX = {"device": "srv-1", "type": "server", "serial": "", "status": "active"}
WORDS = st.text(st.characters(codec="ascii", categories=["L", "N", "P"], exclude_characters="|"), max_size=9)


@st.composite
def boxes(draw: st.DrawFn) -> dict[str, Any]:
    box: dict[str, Any] = {key: draw(WORDS) for key in BOX}
    more = {"height": "2.5 U", "bay": f"chassis-1/{draw(WORDS)}", "modules": {"PSU1": draw(WORDS)}}
    return box | {key: value for key, value in more.items() if draw(st.booleans())}


@given(box=boxes())
def test_a_box_comes_back_from_its_line(box: dict[str, Any]) -> None:
    assert told_by(row_of(box)) == box
    record: dict[str, Any] = {"a01": {"height": 47, "units": {"u10": box}}, "a02": {"height": 42}}
    assert record_of(rows_of(record)) == record_of(record) == record


def test_a_line_reads_as_one_stands_before_the_rack() -> None:
    assert row_of(BOX | {"height": "2 U"}) == "srv-1 | server |  | active | 2 U"
    assert row_of(BOX | {"bay": "chassis-1/Slot 1"}) == "srv-1 | server |  | active | in chassis-1/Slot 1"
    assert row_of(BOX | {"serial": "A|B"}) == "srv-1 | server | A/B | active"


def test_the_modules_of_a_box_are_values_of_their_own() -> None:
    fitted = BOX | {"modules": {"PSU1": "PSU-800"}}
    assert row_of(fitted) == fitted


def test_what_is_no_line_is_said() -> None:
    with pytest.raises(IgoudarError, match="a box in a rack is recorded as 'srv-1'; expected device"):
        told_by("srv-1")
