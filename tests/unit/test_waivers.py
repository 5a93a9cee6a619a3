"""Limits of waivers: of the kind that the finding is, and held against what is worse of it."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from igoudar.errors import Finding, Severity, Where
from igoudar.meaning import known
from igoudar.quantities import KINDS, read
from igoudar.waivers import Waiver, WaiverIn, waive

TODAY, UNTIL = date(2026, 11, 26), "2026-12-31"
AT, HERE = Where("inventory/lab/hall.yaml", 3), Where("inventory/lab/waivers.yaml", 2)
AMOUNTS = {code: entry.amount for code, entry in known().items() if entry.amount}


def waiver(code: str, limit: str | None) -> Waiver:
    told = {"code": code, "object": "hall h1", "reason": "it is known", "person": "amina", "until": UNTIL}
    entry = WaiverIn.model_validate(told | ({"limit": limit} if limit else {}))
    return Waiver(**dict(entry), where=HERE)


def finding(code: str, amount: float | None, *, less: bool = False) -> Finding:
    unit = "" if amount is None else AMOUNTS[code]
    return Finding(code, AT, "so", subject="hall h1", amount=amount, unit=unit, less_is_worse=less)


def test_findings_are_of_each_kind_that_people_may_write_a_limit_in() -> None:
    assert {*AMOUNTS.values()} == {"W", "kg", "kg/m²", "m³", "°C", "K", "s", "m", "mm", "dB", "%", "kWh"}


@given(st.data())
def test_a_limit_never_covers_what_is_worse_and_covers_all_else(data: st.DataObject) -> None:
    code = data.draw(st.sampled_from(sorted(AMOUNTS)))
    kind = KINDS[AMOUNTS[code]]
    within = st.floats(max(kind.low, -1e6), min(kind.high, 1e6))
    limit = f"{data.draw(within):.6f} {kind.base}"
    number, less = read(kind, limit), data.draw(st.booleans())
    near = st.sampled_from([number, number * (1 + 1e-12), number * (1 - 1e-12), number + 1, number - 1])
    amount = data.draw(near | within | st.floats(-1e6, 1e6))

    found, *more = waive([finding(code, amount, less=less)], [waiver(code, limit)], TODAY)

    worse = amount < number if less else amount > number
    assert (found.severity is Severity.INFO) is not worse
    assert [wrong.code for wrong in more] == (["waiver-exceeded"] if worse else [])


@given(st.sampled_from(sorted(AMOUNTS)), st.sampled_from(sorted(KINDS)))
def test_a_limit_is_read_in_the_kind_of_its_finding_alone(code: str, other: str) -> None:
    mine, theirs = KINDS[AMOUNTS[code]], KINDS[other]
    assert waiver(code, mine.example).limit == (read(mine, mine.example), mine.base)
    if not {*theirs.units} & {*mine.units}:
        with pytest.raises(ValidationError, match=mine.name):
            waiver(code, theirs.example)


@pytest.mark.parametrize("code", sorted(code for code, e in known().items() if e.waive and not e.amount))
def test_what_has_no_amount_has_no_limit(code: str) -> None:
    with pytest.raises(ValidationError, match="no limit"):
        waiver(code, "13 kW")


def test_nothing_is_covered_up_to_a_limit_where_nobody_knows_how_much_it_is() -> None:
    found, wrong = waive([finding("single-loss", None)], [waiver("single-loss", "5 kW")], TODAY)

    assert found.severity is Severity.ERROR
    assert "nobody knows" in wrong.message


def test_a_limit_of_what_may_not_be_waived_is_no_second_mistake() -> None:
    for code, said in (("yaml-tag", "not-to-waive"), ("no-such-code", "unknown-code")):
        assert [f.code for f in waive([], [waiver(code, "5 furlongs")], TODAY)] == [said]
