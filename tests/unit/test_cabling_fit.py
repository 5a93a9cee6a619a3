"""What joins two ports: the goods that the project ships, against what the trade sells."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igoudar.cabling.catalogue import read_goods
from igoudar.cabling.fit import Choice, Ends, Fitter, Misfit, Wish, break_out, join
from igoudar.cabling.goods import Goods

ROOT = Path(__file__).parents[2]
GOODS, WRONG = read_goods(ROOT)
SFP, QSFP, QSFPDD = "25gbase-x-sfp28", "100gbase-x-qsfp28", "400gbase-x-qsfpdd"


def ends(a: str, b: str) -> Ends:
    made = join(GOODS.ports[a], GOODS.ports[b], GOODS)
    assert isinstance(made, Ends)
    return made


def tails(host: str, far: str) -> Ends:
    made = break_out(GOODS.ports[host], GOODS.ports[far])
    assert isinstance(made, Ends)
    return made


def chosen(ends: Ends, need_m: float, goods: Goods = GOODS, **wish: object) -> tuple[str, float] | str:
    """Article and length, or the word of the first reason against it."""
    found = Fitter(goods).choose(ends, need_m, Wish(**wish))  # type: ignore[arg-type]
    if isinstance(found, list):
        return found[0].code
    return found[0].article, found[1]


def test_the_goods_can_be_read() -> None:
    assert not WRONG


@pytest.mark.parametrize(
    ("a", "b", "need", "expected"),
    [
        (SFP, SFP, 2.6, ("dac 25G sfp28", 3)),
        (SFP, SFP, 5.0, ("dac 25G sfp28", 5)),
        (SFP, SFP, 5.1, ("aoc 25G sfp28", 7)),
        (QSFP, QSFP, 3.1, ("aoc 100G qsfp28", 5)),
        (QSFP, QSFP, 31, ("om4-mpo12", 50)),
        (QSFP, QSFP, 60, ("os2-lc", 75)),
        (QSFPDD, QSFPDD, 2.9, ("dac 400G qsfpdd", 3)),
        (QSFPDD, QSFPDD, 70, ("os2-mpo12", 75)),
        (QSFPDD, QSFPDD, 120, ("os2-lc", 150)),
        (QSFPDD, "400gbase-x-osfp", 1, ("dac 400G qsfpdd to osfp", 1)),
        ("800gbase-x-osfp", "800gbase-x-osfp", 1.6, ("dac 800G osfp", 2)),
        ("1000base-t", "1000base-t", 16, ("cat6a 1G 8p8c", 20)),
        (QSFPDD, QSFPDD, 201, "longer-than-stock"),
        ("800gbase-x-osfp", "800gbase-x-osfp", 2.1, "over-reach"),
    ],
)
def test_the_first_that_fits_and_reaches(
    a: str, b: str, need: float, expected: tuple[str, float] | str
) -> None:
    assert chosen(ends(a, b), need) == expected
    assert chosen(ends(b, a), need) in (expected, ("dac 400G osfp to qsfpdd", 1))


def test_a_small_plug_in_a_large_port_takes_an_adapter() -> None:
    made = ends(QSFP, SFP)

    assert made.adapters == ("qsa28",)
    assert chosen(made, 2.2) == ("dac 25G sfp28", 2.5)


@pytest.mark.parametrize(("a", "b"), [(SFP, "1000base-t"), (QSFP, QSFPDD), ("10gbase-t", "10gbase-x-sfpp")])
def test_ports_of_another_rate_or_kind_do_not_meet(a: str, b: str) -> None:
    for one, other in ((a, b), (b, a)):
        made = join(GOODS.ports[one], GOODS.ports[other], GOODS)
        assert isinstance(made, Misfit)
        assert made.code == "rate-mismatch"


@pytest.mark.parametrize(
    ("host", "far", "medium", "expected"),
    [
        (QSFP, SFP, "", ("dac 100G qsfp28 to 4 sfp28", 2.5)),
        (QSFPDD, QSFP, "", ("dac 400G qsfpdd to 4 qsfp28", 2.5)),
        (QSFPDD, QSFP, "dr", ("os2-mpo12-4lc", 3)),
        (QSFP, SFP, "sr", ("om4-mpo12-4lc", 3)),
        (QSFPDD, QSFP, "fr", "no-breakout"),
        (QSFPDD, QSFP, "lr", "no-breakout"),
    ],
)
def test_what_can_be_broken_out(host: str, far: str, medium: str, expected: tuple[str, float] | str) -> None:
    assert chosen(tails(host, far), 2.2, medium=medium) == expected


@pytest.mark.parametrize(("host", "far"), [(SFP, QSFP), (QSFP, QSFP), ("10gbase-t", "1000base-t")])
def test_what_has_no_even_parts_cannot_be_broken_out(host: str, far: str) -> None:
    assert isinstance(break_out(GOODS.ports[host], GOODS.ports[far]), Misfit)


@pytest.mark.parametrize(
    ("medium", "cord", "code"),
    [
        ("sr", "om4-mpo12-male", "wrong-gender"),
        ("sr", "om4-mpo12-a", "wrong-polarity"),
        ("sr", "os2-mpo12", "wrong-fibre"),
        ("sr", "om4-lc", "wrong-connector"),
        ("sr", "om4-mpo12-4lc", "wrong-tails"),
        ("fr", "os2-lc-apc", "wrong-polish"),
        ("aoc", "om4-lc", "cord-without-optics"),
    ],
)
def test_a_cord_must_meet_both_modules(medium: str, cord: str, code: str) -> None:
    assert chosen(ends(QSFP, QSFP), 2, medium=medium, cord=cord) == code


def test_loss_is_that_of_the_fibre_and_of_every_mated_pair() -> None:
    found = Fitter(GOODS).choose(ends(QSFP, QSFP), 45, Wish("sr"))
    assert not isinstance(found, list)

    assert found[0].loss_db(50, 2, GOODS) == pytest.approx(50 / 1000 * 3.0 + 2 * 0.75)
    assert chosen(ends(QSFP, QSFP), 45, medium="sr", mated=2) == ("om4-mpo12", 50)
    assert chosen(ends(QSFP, QSFP), 45, medium="sr", mated=3) == "over-budget"
    assert chosen(ends(QSFP, QSFP), 45, mated=3) == ("os2-lc", 50)  # another medium bears it


def test_a_medium_without_stock_enough_names_the_longest() -> None:
    found = Fitter(GOODS).choose(ends(SFP, SFP), 5.5, Wish("dac"))

    assert isinstance(found, list)
    assert "5 m, the longest that is stocked" in found[0].expected


KINDS = st.sampled_from(sorted(GOODS.ports))
PICKS = st.sampled_from(["", *GOODS.media])


@given(KINDS, KINDS, st.floats(0.1, 250), PICKS, st.integers(0, 4))
def test_what_is_chosen_holds_all_that_is_asked(a: str, b: str, need: float, medium: str, mated: int) -> None:
    made = join(GOODS.ports[a], GOODS.ports[b], GOODS)
    if isinstance(made, Misfit):
        return
    found = Fitter(GOODS).choose(made, need, Wish(medium, mated=mated))
    longer = Fitter(GOODS).choose(made, need + 1, Wish(medium, mated=mated))
    if isinstance(found, list):
        assert isinstance(longer, list)  # what is too long does not become good by being longer
        return
    choice, length = found
    stock = choice.stock_m
    assert length == stock[bisect_left(stock, need)]
    assert need <= length <= choice.reach_m
    assert medium in ("", choice.medium.name)
    assert _meets(choice)
    loss, budget = choice.loss_db(length, mated, GOODS), choice.budget_db
    assert loss is None or budget is None or loss <= budget


def _meets(choice: Choice) -> bool:
    cord, plug = choice.cord, choice.link.plug
    if cord is None or plug is None:
        return cord is None and plug is None
    pins = {plug.gender, cord.near.gender}
    same = replace(plug, gender="") == replace(cord.near, gender="")
    return same and pins in ({""}, {"male", "female"})
