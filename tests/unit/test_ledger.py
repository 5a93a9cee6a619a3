"""The ledger's small print; whole histories are in `test_ledger_histories`."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igoudar.errors import BadInput, Where
from igoudar.ledger import (
    Ledger,
    Request,
    allocate_numbers,
    clashes,
    dump_ledger,
    parse_ledger,
    read_ledger,
    renamed,
    updated,
    without_clashes,
)

TODAY = date(2026, 11, 25)
AT = Where("site.yaml", 3, "here")
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,8}(/[a-z0-9]{1,5}){0,2}", fullmatch=True)
DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))


def ask(owner: str, was: tuple[str, ...] = (), low: int = 1, high: int = 9, kind: str = "vlan") -> Request:
    scope = owner.rpartition("/")[0] if kind == "host" else ""
    return Request(kind, owner, low, high, AT, was, scope)


@given(
    st.dictionaries(
        st.sampled_from(["vlan", "host"]), st.dictionaries(NAMES, st.integers(0, 2**24), min_size=1)
    ),
    st.dictionaries(
        st.sampled_from(["vlan", "host"]), st.dictionaries(st.tuples(NAMES, st.integers(0, 99)), DAYS)
    ),
)
def test_what_is_written_is_read_again(
    numbers: dict[str, dict[str, int]], resting: dict[str, dict[tuple[str, int], date]]
) -> None:
    slots = {
        kind: {f"{scope}:{n}": day for (scope, n), day in rows.items()}
        for kind, rows in resting.items()
        if rows
    }
    ledger = Ledger(numbers, slots)

    assert parse_ledger(dump_ledger(ledger), "ledger.yaml") == ledger


def test_an_empty_ledger_is_a_file_too() -> None:
    assert parse_ledger(dump_ledger(Ledger()), "ledger.yaml") == Ledger()


def test_a_new_owner_does_not_take_the_number_of_one_renamed_after_it() -> None:
    """`a` is asked for before `b`, which keeps a number that `a` would have liked."""
    alone = allocate_numbers([ask("a")], Ledger(), TODAY).numbers["vlan"]["a"]
    ledger = Ledger({"vlan": {"old": alone}})

    given_now = allocate_numbers([ask("a"), ask("b", was=("old",))], ledger, TODAY).numbers["vlan"]

    assert given_now["b"] == alone
    assert given_now["a"] != alone


def test_a_name_that_somebody_bears_is_not_inherited() -> None:
    ledger = Ledger({"vlan": {"web": 7}})

    numbers = allocate_numbers([ask("web"), ask("www", was=("web",))], ledger, TODAY).numbers["vlan"]

    assert numbers["web"] == 7
    assert numbers["www"] != 7


def test_a_rename_onto_a_name_that_is_gone_keeps_its_own_number_and_the_other_rests() -> None:
    ledger = Ledger({"vlan": {"web": 7, "old": 3}})

    allocation = allocate_numbers([ask("web", was=("old",))], ledger, TODAY)
    after = updated(allocation, TODAY)

    assert after.numbers == {"vlan": {"web": 3}}
    assert after.resting == {"vlan": {":7": TODAY}}


def test_rests_follow_a_renamed_subnet() -> None:
    ledger = Ledger({"host": {"t/v/old/s": 3}}, {"host": {"t/v/old:5": TODAY - timedelta(days=3)}})
    request = ask("t/v/new/s", was=("t/v/old/s",), kind="host")

    after = updated(allocate_numbers([request], ledger, TODAY), TODAY)

    assert after.numbers == {"host": {"t/v/new/s": 3}}
    assert after.resting == {"host": {"t/v/new:5": TODAY - timedelta(days=3)}}


@pytest.mark.parametrize(("days", "free"), [(0, False), (29, False), (30, True), (31, True)])
def test_a_released_number_rests_for_thirty_days(days: int, free: bool) -> None:
    ledger = Ledger({}, {"vlan": {":4": TODAY - timedelta(days=days)}})

    allocation = allocate_numbers([ask("a", low=4, high=4)], ledger, TODAY)

    assert (allocation.numbers == {"vlan": {"a": 4}}) is free
    assert [f.code for f in allocation.findings] == ([] if free else ["pool-exhausted"])


def test_a_number_outside_of_its_pool_does_not_move() -> None:
    allocation = allocate_numbers([ask("a", low=10, high=20)], Ledger({"vlan": {"a": 4}}), TODAY)

    assert allocation.numbers == {"vlan": {"a": 4}}
    assert [str(f) for f in allocation.findings] == [
        "ledger.yaml: numbers.vlan.a: the vlan 4 of a lies outside of its pool; expected a number of 10-20; "
        "widen the pool again; numbers in use do not move"
    ]


def test_hosts_of_two_subnets_may_have_one_number_and_vlans_may_not() -> None:
    rows = {"t/v/a/s1": 5, "t/v/b/s2": 5}

    assert clashes(Ledger({"host": rows})) == []
    assert [f.message for f in clashes(Ledger({"vlan": rows}))] == [
        "vlan 5 is held by t/v/a/s1 and by t/v/b/s2"
    ]


def test_of_three_that_clash_every_one_is_named() -> None:
    found = clashes(Ledger({"vlan": {"c": 5, "a": 5, "b": 5}}))

    assert [f.message for f in found] == ["vlan 5 is held by a and by b", "vlan 5 is held by a and by c"]


@pytest.mark.parametrize(
    ("base", "kept"),
    [({"a": 5}, {"a"}), ({"b": 5}, {"b"}), ({}, {"a"}), ({"a": 5, "b": 5}, {"a", "b"}), ({"b": 6}, {"a"})],
)
def test_who_was_applied_keeps_the_number(base: dict[str, int], kept: set[str]) -> None:
    ledger = Ledger({"vlan": {"a": 5, "b": 5}})

    left = without_clashes(ledger, Ledger({"vlan": base}), [ask("a"), ask("b")])

    assert set(left.numbers["vlan"]) == kept


def test_who_was_applied_under_an_old_name_keeps_the_number() -> None:
    ledger, base = Ledger({"vlan": {"a": 5, "www": 5}}), Ledger({"vlan": {"web": 5}})

    left = without_clashes(ledger, base, [ask("a"), ask("www", was=("web",))])

    assert left.numbers == {"vlan": {"www": 5}}


def test_a_clash_that_a_rename_makes_is_seen() -> None:
    """On one branch a server got 5 in `new`; on the other, where it was `old` still, another got 5."""
    ledger = Ledger({"host": {"t/v/new/s1": 5, "t/v/old/s2": 5}})
    wanted = [ask("t/v/new/s1", kind="host"), ask("t/v/new/s2", was=("t/v/old/s2",), kind="host")]

    found = allocate_numbers(wanted, ledger, TODAY).findings

    assert clashes(ledger) == []
    assert [f.message for f in found] == ["host 5 is held by t/v/new/s1 and by t/v/new/s2"]
    resolved = without_clashes(renamed(ledger, wanted), Ledger({"host": {"t/v/old/s2": 5}}), wanted)
    assert resolved.numbers == {"host": {"t/v/new/s2": 5}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("numbers: [1]\n", "ledger.yaml:1: numbers: this is not a table"),
        ("numbers: {vlan: {a: true}}\n", "ledger.yaml:1: numbers.vlan.a: True does not fit"),
        ("numbers: {vlan: {a: 1.5}}\n", "ledger.yaml:1: numbers.vlan.a: 1.5 does not fit"),
        ("numbers: {}\nresting: {vlan: {':x': '2026-01-01'}}\n", 'ledger.yaml:2: resting.vlan[":x"]: '),
        ("numbers: {}\nresting: {vlan: {':1': soon}}\n", 'ledger.yaml:2: resting.vlan[":1"]: '),
        ("other: {}\n", "ledger.yaml:1: this is not a ledger"),
        ("- 1\n", "ledger.yaml:1: this is not a ledger"),
    ],
)
def test_what_is_no_ledger_is_said_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "ledger.yaml").write_text(text)

    with pytest.raises(BadInput) as caught:
        read_ledger(tmp_path / "ledger.yaml", "ledger.yaml", tmp_path)

    assert str(caught.value).startswith(message)


def test_an_absent_ledger_is_an_empty_one_and_a_broken_link_is_not(tmp_path: Path) -> None:
    assert read_ledger(tmp_path / "ledger.yaml", "ledger.yaml", tmp_path) == Ledger()
    (tmp_path / "ledger.yaml").symlink_to("nowhere")
    with pytest.raises(BadInput, match="cannot be read"):
        read_ledger(tmp_path / "ledger.yaml", "ledger.yaml", tmp_path)
