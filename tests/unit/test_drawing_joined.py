"""What is alike is drawn and told as one: nothing is lost, and what stands out stays by itself."""

from __future__ import annotations

from collections import Counter
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from igoudar.drawing.chain import Chain, Link, Node
from igoudar.drawing.joined import joined
from igoudar.drawing.loud import standing_out
from igoudar.drawing.power import draw_power
from igoudar.drawing.spans import span, spans, wrapped
from igoudar.drawing.use import Use
from igoudar.quantities import POWER
from tests.unit.sheets import by_name, groups, judge, rects, words

DAY = date(2026, 11, 26)
ROWS = "abcdefghijklmnopqrst"


def node(key: str, alike: str, watts: float, *, last: bool = False) -> Node:
    powers = (Use(POWER, watts, 1000.0),) * 2 if last else ()
    ends = (f"{key}01", f"{key}20") if last else None
    return Node(key, key, alike, Use(POWER, watts, 1000.0), last, alike=alike, ends=ends, powers=powers)


def hall(watts: dict[str, float], kinds: dict[str, str]) -> Chain:
    """Two UPSs, and for each row a busway on each and racks on both."""
    nodes, links = [node(f"ups-{side}", "ups", 100) for side in "ab"], []
    for row, drawn_w in watts.items():
        nodes.append(node(row, "racks", drawn_w, last=True))
        for side in "ab":
            nodes.append(node(f"{row}-{side}", kinds[row], 300))
            links += [Link(f"ups-{side}", f"{row}-{side}", side.upper())]
            links += [Link(f"{row}-{side}", row, side.upper())]
    return Chain("Hall h", Use(POWER, 1, 2), nodes, links)


def test_rows_that_are_alike_are_one_and_those_that_stand_out_are_not() -> None:
    watts = dict.fromkeys(ROWS, 500.0) | {"c": 900.0, "d": 520.0}
    found = {n.name: n for n in joined(hall(watts, dict.fromkeys(ROWS, "busway"))).nodes}

    assert found.keys() == {
        "ups-a", "ups-b", "c", "c-a", "c-b",
        "a01 to b20, d01 to t20", "a-a to b-a, d-a to t-a", "a-b to b-b, d-b to t-b",
    }  # fmt: skip
    assert found["a-a to b-a, d-a to t-a"].kind == "19 x busway"
    racks = found["a01 to b20, d01 to t20"]
    assert (racks.kind, racks.use.amount, len(racks.parts)) == ("38 racks", 520.0, 19)


def test_a_small_chain_stays_as_it_is() -> None:
    chain = hall(dict.fromkeys("abc", 500.0), dict.fromkeys("abc", "busway"))
    assert joined(chain) is chain


@settings(max_examples=30)
@given(st.lists(st.sampled_from([100.0, 500.0, 900.0, 1100.0]), min_size=8, max_size=20), st.data())
def test_nothing_is_lost_where_boxes_are_joined(loads: list[float], data: st.DataObject) -> None:
    watts = dict(zip(ROWS, loads, strict=False))
    kinds = {row: data.draw(st.sampled_from(["busway", "other"])) for row in watts}
    chain = hall(watts, kinds)
    found = joined(chain)

    inside = [(part.key, box.key) for box in found.nodes for part in (box.parts or (box,))]
    assert Counter(key for key, _ in inside) == Counter(n.key for n in chain.nodes)
    into = dict(inside)
    links = {(into[k.source], into[k.target], k.feed) for k in chain.links}
    assert links == {(k.source, k.target, k.feed) for k in found.links}
    for box in found.nodes:
        assert len({(part.use.level, part.alike) for part in box.parts}) <= 1
        assert all(part.use.amount <= box.use.amount for part in box.parts)


def test_what_each_of_several_carries_is_told_below() -> None:
    watts = dict.fromkeys(ROWS, 500.0) | {"d": 520.0}
    root = judge(draw_power(hall(watts, dict.fromkeys(ROWS, "busway")), "made", DAY))

    box = by_name(root, "node")["a01 to t20"]
    assert "at most 520 W of 1 kW" in [text.said for text in words(box)]
    assert len(rects(box)) > len(rects(by_name(root, "node")["ups-a"]))  # a sheet behind
    assert [text.said for text in words(groups(root, "parts")[0])] == [
        "a01 to t20: 40 racks",
        "52 %, 520 W of 1 kW: d01 to d20",
        "50 %, 500 W of 1 kW: a01 to c20, e01 to t20",
    ]


def test_spans_say_once_what_names_begin_with() -> None:
    rows = [["g-1-a01", "g-1-a02", "g-1-a03"], ["g-1-b01", "g-1-b02"]]

    assert span("g-1-a01", "g-1-a20") == "g-1-a01 to a20"
    assert span("a1", "a1") == "a1"
    assert [*spans(rows, {"g-1-a01", "g-1-a02", "g-1-b02"})] == ["g-1-a01 to a02", "b02"]
    assert [*spans(rows, {"g-1-a01", "g-1-a03"})] == ["g-1-a01", "a03"]
    assert wrapped(["a", "b", "c"], 100, 2) == ["a, b, c"]
    assert wrapped(["a", "b", "c"], 0, 2) == ["a,", "b,", "c"]


def test_neighbours_that_carry_the_same_are_told_as_one() -> None:
    rows = [[f"{row}{n:02}" for n in range(1, 21)] for row in "ab"]
    uses = {name: Use(POWER, 900.0, 1000.0) for row in rows for name in row}
    uses |= {"a05": Use(POWER, 1100.0, 1000.0), "b01": Use(POWER, 100.0, 1000.0)}

    assert [*standing_out(uses, rows, (60.0, 30))] == [
        ("Above their limit: 1 rack", True),
        ("a05  110 %, 1.1 kW of 1 kW", False),
        ("", False),
        ("Above 80 % of it: 38 racks", True),
        ("38 racks, 90 %, 900 W of 1 kW each:", False),
        ("  a01 to a04, a06 to a20, b02 to b20", False),
        ("", False),
    ]


@settings(max_examples=30)
@given(st.lists(st.sampled_from([500.0, 850.0, 900.0, 1200.0]), min_size=1, max_size=60), st.integers(6, 30))
def test_racks_that_stand_out_fit_and_are_all_counted(loads: list[float], room: int) -> None:
    names = [f"r{n:02}" for n in range(len(loads))]
    uses = {name: Use(POWER, watts, 1000.0) for name, watts in zip(names, loads, strict=True)}
    told = [*standing_out(uses, [names], (60.0, room))]

    assert len(told) <= room
    heads = sum(int(words.split(": ")[1].split()[0]) for words, bold in told if bold)
    assert heads == sum(watts > 800 for watts in loads)
