"""A cable's record as a line of text, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igoudar.errors import IgoudarError
from igoudar.hall.as_found import SEEN
from igoudar.hall.cable_row import FIELDS, record_of, row_of, rows_of, told_by

WORDS = st.text(st.sampled_from("aA1./ |-"), max_size=12)
VALUES = (460368, "0H1.A02-42:swp11/0H1.A02-10:eth1", "dac 25G sfp28", "2.5 m", "connected")
TOLD = dict(zip(FIELDS, VALUES, strict=True))


@st.composite
def records(draw: st.DrawFn) -> dict[str, dict[str, object]]:
    told = st.fixed_dictionaries(
        {"label": st.integers(0, 99999), **dict.fromkeys(FIELDS[1:], WORDS)}, optional={SEEN: st.text()}
    )
    return draw(st.dictionaries(WORDS, told, max_size=3))


def test_it_is_a_line_that_people_read() -> None:
    assert row_of(TOLD) == "460368 | 0H1.A02-42:swp11/0H1.A02-10:eth1 | dac 25G sfp28 | 2.5 m | connected"
    assert row_of({**TOLD, SEEN: "missing | or dead"}).endswith("2.5 m | connected | seen: missing | or dead")
    bare = {"label": 0, "ends": "", "article": "", "length": "", "status": "unplanned"}
    assert row_of(bare) == "0 |  |  |  | unplanned"


def test_what_an_older_igoudar_recorded_is_taken_as_it_is() -> None:
    assert record_of({"a/p -- b/p": {**TOLD, "label": 460368.0}}) == {"a/p -- b/p": TOLD}


@pytest.mark.parametrize("row", ["", "7 | a", "seven | a/b | c | 1 m | connected"])
def test_another_line_is_told(row: str) -> None:
    with pytest.raises(IgoudarError, match=r"expected label \| ends \| article"):
        told_by(row)


@given(records())
def test_nothing_is_lost_but_a_bar(record: dict[str, dict[str, object]]) -> None:
    kept = {
        key: {name: _without_bar(value) if name in FIELDS else value for name, value in told.items()}
        for key, told in record.items()
    }
    assert record_of(rows_of(record)) == kept


def _without_bar(value: object) -> object:
    return value.replace("|", "/") if isinstance(value, str) else value
