"""Floor plans, one-line diagrams and matrices of cables: to scale, complete, and nothing on anything else."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import date
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from igoudar.drawing.cables import draw_cables
from igoudar.drawing.chain import Chain, Link, Node, feeds_of_racks, loud_words
from igoudar.drawing.floor import read_floor
from igoudar.drawing.hall import draw_hall
from igoudar.drawing.letters import fit
from igoudar.drawing.plant import chain_of_hall
from igoudar.drawing.power import draw_power
from igoudar.drawing.use import FILLS, Level, Use
from igoudar.hall.places import Hall, Rack
from igoudar.hardware.parts import RackType
from igoudar.inventory import load
from igoudar.model import Cable, CableStatus, Device, End, Inventory, Role
from igoudar.quantities import POWER
from tests import factory
from tests.unit.sheets import SVG, Area, by_name, drawn, grey, groups, judge, lines, page, rects, words

ROOT = Path(__file__).parents[2]
DAY = date(2026, 11, 26)
FLOOR = read_floor(ROOT)
EMPTY = replace(factory.site(leaves=1, vpcs=0), devices={}, cables={}, racks={}, facts={})
WIDE = RackType("wide", "x", "wide", "4-post-cabinet", 19, 47, outer_width_mm=800, outer_depth_mm=1070)
MEDIA = ("", "dac", "om4", "cat6a")
names = st.text("abcxyz019", min_size=1, max_size=3)


def rack(name: str, row: str, position: int, **more: object) -> Rack:
    return replace(Rack(name, "h1", row, position, 47, factory.AT), **more)  # type: ignore[arg-type]


def server(name: str, standing: Rack, watts: float | None) -> Device:
    return Device(name, "server", Role.SERVER, 1, standing.hall, standing.name, 1, factory.AT, draw_w=watts)


@st.composite
def halls(draw: st.DrawFn) -> Inventory:
    """Rows of racks at any positions, some wide, each with a server."""
    racks, devices = {}, {}
    for row in draw(st.lists(names, min_size=1, max_size=12, unique=True)):
        places = draw(st.lists(st.integers(1, draw(st.sampled_from([8, 40, 9999]))), min_size=1, max_size=24))
        for number, position in enumerate(places):
            name = f"{row}-{number}"
            limit = draw(st.sampled_from([None, 1000.0]))
            racks[name] = rack(name, row, position, power_w=limit, type=draw(st.sampled_from(["", "wide"])))
            watts = draw(st.sampled_from([None, 0.0, 500.0, 800.0, 820.0, 1000.0, 1100.0]))
            devices[f"srv-{name}"] = server(f"srv-{name}", racks[name], watts)
    return replace(EMPTY, racks=racks, devices=devices, rack_types={"wide": WIDE})


def scale_of(svg: str) -> float:
    (said,) = (
        text.said for text in words(groups(drawn(svg), "title-block")[0]) if text.said.startswith("1:")
    )
    return float(said.split()[0].removeprefix("1:"))


@settings(max_examples=40)
@given(halls())
def test_racks_stand_to_scale_each_once(site: Inventory) -> None:
    svg = draw_hall(site, "h1", FLOOR, DAY)
    root, scale = judge(svg), scale_of(svg)
    found = {name: rects(group)[-1] for name, group in by_name(root, "rack").items()}

    assert found.keys() == site.racks.keys()
    for name, box in found.items():
        w, d = (800, 1070) if site.racks[name].type else (600, 1200)
        assert (box.right - box.left, box.bottom - box.top) == pytest.approx((w / scale, d / scale), abs=2e-3)
    aisles = [rects(group)[0] for group in groups(root, "aisle")]
    for one, other in combinations([*found.values(), *aisles], 2):
        assert not one.meets(other)
    for row in {r.row for r in site.racks.values()}:
        across = sorted((r.position, found[r.name].left) for r in site.racks.values() if r.row == row)
        assert [x for _, x in across] == sorted(x for _, x in across)


@settings(max_examples=40)
@given(halls())
def test_a_rack_is_filled_by_its_share_of_power(site: Inventory) -> None:
    root = judge(draw_hall(site, "h1", FLOOR, DAY))
    for name, group in by_name(root, "rack").items():
        watts, limit = site.devices[f"srv-{name}"].draw_w or 0, site.racks[name].power_w
        level = "unknown" if limit is None else "over" if watts > 1000 else "near" if watts > 800 else "calm"
        assert group.get("data-level") == level
        frame, filled = rects(group)[-1], rects(group)[1]
        if limit is not None:
            share = (filled.bottom - filled.top) / (frame.bottom - frame.top)
            assert share == pytest.approx(min(watts / limit, 1), abs=1e-3)
            assert filled.bottom == pytest.approx(frame.bottom, abs=2e-3)


def test_holes_stay_holes_and_positions_line_up() -> None:
    racks = {
        f"{r}{n}": rack(f"{r}{n}", r, n) for r, places in (("a", (2, 3, 6)), ("b", (3,))) for n in places
    }
    svg = draw_hall(replace(EMPTY, racks=racks), "h1", FLOOR, DAY)
    left = {
        name: rects(group)[-1].left * scale_of(svg) for name, group in by_name(judge(svg), "rack").items()
    }

    beside = {name: left[name] - left["a2"] for name in left}
    assert beside == pytest.approx({"a2": 0, "a3": 600, "a6": 2400, "b3": 600}, abs=1)


def test_numbers_that_count_through_the_rows_leave_no_empty_floor() -> None:
    racks = {f"{r}{n}": rack(f"{r}{n}", r, base + n) for r, base in (("a", 100), ("b", 2000)) for n in (1, 3)}
    svg = draw_hall(replace(EMPTY, racks=racks), "h1", FLOOR, DAY)
    left = {
        name: rects(group)[-1].left * scale_of(svg) for name, group in by_name(judge(svg), "rack").items()
    }

    assert left["a1"] == left["b1"]
    assert left["b3"] - left["b1"] == pytest.approx(1200, abs=1)


def test_levels_differ_in_a_grey_print() -> None:
    shades = sorted(grey(FILLS[level]) for level in (Level.CALM, Level.OVER, Level.UNKNOWN))

    assert all(lighter - darker > 0.08 for darker, lighter in pairwise(shades))
    assert grey(FILLS[Level.OVER]) < 0.3  # and white words are read on it; NEAR has a hatch besides


def test_each_row_has_its_sum_and_the_fullest_are_named() -> None:
    racks = {f"a{n:02}": rack(f"a{n:02}", "a", n, power_w=1000.0) for n in range(1, 21)}
    devices = {f"s{n}": server(f"s{n}", racks[f"a{n:02}"], 850.0 + 10 * n) for n in range(1, 21)}
    root = judge(draw_hall(replace(EMPTY, racks=racks, devices=devices), "h1", FLOOR, DAY))

    (row,) = groups(root, "row", name="a")
    assert "20 racks, 19.1 kW of 20 kW" in [text.said for text in words(row)]
    told = [text.said for text in words(groups(root, "loud")[0])]
    assert "Above their limit: 5 racks" in told
    assert "Above 80 % of it: 15 racks" in told
    assert told[told.index("Above their limit: 5 racks") + 1] == "a20  105 %, 1.05 kW of 1 kW"


def test_four_hundred_racks_fit_on_a4() -> None:
    rows = "abcdefghijklmnopqrst"
    racks = {f"{r}{n:02}": rack(f"{r}{n:02}", r, n, power_w=1000.0) for r in rows for n in range(1, 21)}
    devices = {f"s-{name}": server(f"s-{name}", one, 840.0) for name, one in racks.items()}
    site = replace(EMPTY, racks=racks, devices=devices)
    floor = judge(draw_hall(site, "h1", FLOOR, DAY))  # A4 would have letters that nobody reads
    assert page(floor) == Area(0, 0, 420, 594)
    assert min(text.size for text in words(floor)) >= 1.8
    for svg in (
        draw_power(feeds_of_racks(site, "h1"), "made", DAY),
        draw_cables(site, "h1", DAY),
    ):
        assert sorted((page(judge(svg)).right, page(judge(svg)).bottom)) == [210, 297]


@st.composite
def chains(draw: st.DrawFn) -> Chain:
    """Any chain without loops: links lead from lower to higher numbers, some to racks."""
    many = draw(st.integers(1, 14))
    nodes, links = [], []
    for number in range(many):
        limit = draw(st.none() | st.floats(1, 1e6))
        last = number > 2 and draw(st.booleans())
        nodes.append(Node(f"k{number}", f"name-{number}", "unit", Use(POWER, 1000, limit), last))
        able = [n.key for n in nodes[:-1] if not n.last]
        sources = draw(st.lists(st.sampled_from(able), max_size=4, unique=True)) if able else []
        feeds = st.tuples(st.sampled_from(["", "A", "B"]), st.booleans())
        links += [Link(source, f"k{number}", *draw(feeds)) for source in sources]
    return Chain("Hall h1", Use(POWER, 1000, 2000), nodes, links)


Segment = tuple[float, float, float, float]


def segments(group: object) -> list[Segment]:
    """Each level or upright, from its lower to its higher end."""
    found = []
    for (x1, y1), (x2, y2) in lines(group):  # type: ignore[arg-type]
        assert abs(x1 - x2) < 1e-6 or abs(y1 - y2) < 1e-6
        found.append((min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)))
    return found


def touch(one: Segment, other: Segment) -> bool:
    return (
        one[0] <= other[2] + 0.01
        and other[0] <= one[2] + 0.01
        and one[1] <= other[3] + 0.01
        and other[1] <= one[3] + 0.01
    )


@settings(max_examples=150)
@given(chains())
def test_lines_lead_from_each_unit_to_what_it_feeds_and_nowhere_else(chain: Chain) -> None:
    root = judge(draw_power(chain, "made", DAY))
    boxes = {name.replace("name-", "k"): rects(group)[0] for name, group in by_name(root, "node").items()}
    nets = {group.get("data-source", ""): segments(group) for group in groups(root, "links")}

    assert boxes.keys() == {node.key for node in chain.nodes}
    for one, other in combinations(boxes.values(), 2):
        assert not one.meets(other)
    for one, other in combinations(nets, 2):
        for a in nets[one]:
            for b in nets[other]:  # they may cross, not lie on each other
                level = a[1] == a[3] and b[1] == b[3] and abs(a[1] - b[1]) < 0.05
                upright = a[0] == a[2] and b[0] == b[2] and abs(a[0] - b[0]) < 0.05
                assert not (level and min(a[2], b[2]) - max(a[0], b[0]) > 0.05) or joined(one, other)
                assert not (upright and min(a[3], b[3]) - max(a[1], b[1]) > 0.05)
    for found in nets.values():
        for x1, y1, x2, y2 in found:
            assert not [box for box in boxes.values() if box.meets(Area(x1, y1, x2, y2), 0.1)]
    assert {*ends(nets, boxes)} == {(link.source, link.target) for link in chain.links}


def joined(one: str, other: str) -> bool:
    """Whether one is the other's way through a column."""
    return one.startswith(f"{other} > ") or other.startswith(f"{one} > ")


def ends(nets: dict[str, list[Segment]], boxes: dict[str, Area]) -> list[tuple[str, str]]:
    """Who is joined to whom, by following the lines: a net is what its source and its passings draw."""
    found = []
    for source, own in boxes.items():
        mine = [
            s for name, net in nets.items() if name == source or name.startswith(f"{source} > ") for s in net
        ]
        reached = [s for s in mine if abs(s[0] - own.right) < 0.01 or abs(s[1] - own.bottom) < 0.01]
        while more := [s for s in mine if s not in reached and any(touch(s, r) for r in reached)]:
            reached += more
        assert len({*reached}) == len({*mine})
        for target, box in boxes.items():
            if any(abs(s[2] - box.left) < 0.01 and box.top < s[1] < box.bottom for s in reached) or any(
                abs(s[3] - box.top) < 0.01 and box.left < s[0] < box.right for s in reached
            ):  # what is in series hangs below
                found.append((source, target))
    return found


@given(chains(), st.randoms(use_true_random=False))
def test_the_order_of_a_chain_is_not_seen(chain: Chain, chance: random.Random) -> None:
    nodes, links = [*chain.nodes], [*chain.links]
    chance.shuffle(nodes)
    chance.shuffle(links)

    assert draw_power(replace(chain, nodes=nodes, links=links), "m", DAY) == draw_power(chain, "m", DAY)


def test_a_loop_is_refused() -> None:
    use = Use(POWER, 1, None)
    nodes = [Node("a", "a", "unit", use), Node("b", "b", "unit", use)]

    with pytest.raises(ValueError, match="loop"):
        draw_power(Chain("x", use, nodes, [Link("a", "b"), Link("b", "a")]), "m", DAY)


def test_a_unit_counts_all_its_racks() -> None:
    racks = {
        "a1": rack("a1", "a", 1, power_w=1000.0, feeds={"A": "bus-a", "B": "bus-b"}),
        "a2": rack("a2", "a", 2, power_w=2000.0, feeds={"A": "bus-a"}),
        "a3": rack("a3", "a", 3),
    }
    devices = {f"s{n}": server(f"s{n}", racks[f"a{n}"], 100.0 * n) for n in (1, 2, 3)}
    chain = feeds_of_racks(replace(EMPTY, racks=racks, devices=devices), "h1")

    uses = {node.name: (node.use.amount, node.use.limit) for node in chain.nodes}
    assert uses["bus-a"] == (300, 3000)
    assert uses["bus-b"] == (100, 1000)
    assert uses["a3"] == (300, None)
    assert {(link.source, link.target, link.feed) for link in chain.links} == {
        ("unit bus-a", "rack a1", "A"),
        ("unit bus-b", "rack a1", "B"),
        ("unit bus-a", "rack a2", "A"),
    }


def test_many_racks_are_drawn_by_row_and_feeds() -> None:
    racks = {
        f"{r}{n}": rack(f"{r}{n}", r, n, feeds={"A": f"bus-{r}" if n < 15 else "bus-z"}, power_w=10.0)
        for r in "ab"
        for n in range(1, 21)
    }
    chain = feeds_of_racks(replace(EMPTY, racks=racks), "h1")

    assert [(node.name, node.kind) for node in chain.nodes if node.last] == [
        ("a1 to a14", "14 racks"),
        ("a15 to a20", "6 racks"),
        ("b1 to b14", "14 racks"),
        ("b15 to b20", "6 racks"),
    ]
    judge(draw_power(chain, "made", DAY))


@st.composite
def cabled(draw: st.DrawFn) -> Inventory:
    """Two halls, a server in each rack, cables between any two of them."""
    many = draw(st.integers(1, 30))
    racks = {f"r{n}": rack(f"r{n}", f"row{n % 4}", n) for n in range(many)}
    racks |= {f"x{n}": replace(rack(f"x{n}", "z", n), hall="h2") for n in range(2)}
    devices = {f"s-{name}": server(f"s-{name}", one, 1.0) for name, one in racks.items()}
    cables = {}
    pairs = st.tuples(st.sampled_from([*devices]), st.sampled_from([*devices]))
    for number, (a, b) in enumerate(draw(st.lists(pairs, max_size=60))):
        made = Cable(
            End(a, f"a{number}"), End(b, f"b{number}"), factory.AT,
            draw(st.sampled_from(CableStatus)), draw(st.sampled_from(MEDIA)),
        )  # fmt: skip
        cables[made.key] = made
    halls = {name: Hall(name, 1, n, factory.AT) for n, name in enumerate(("h1", "h2"))}
    return replace(EMPTY, halls=halls, racks=racks, devices=devices, cables=cables)


@settings(max_examples=60)
@given(cabled())
def test_every_bundle_is_counted_once(site: Inventory) -> None:
    root = judge(draw_cables(site, "h1", DAY))
    by_row = sum(one.hall == "h1" for one in site.racks.values()) > 24

    def end(device: str) -> str:
        one = site.racks[site.devices[device].rack]
        return f"hall {one.hall}" if one.hall != "h1" else f"row {one.row}" if by_row else one.name

    pairs = [tuple(sorted((end(c.a.device), end(c.b.device)))) for c in site.cables.values()]
    wanted = Counter(pair for pair in pairs if pair != ("hall h2", "hall h2"))
    told = {
        tuple(sorted((group.get("data-from", ""), group.get("data-to", "")))): group
        for group in groups(root, "bundle")
    }
    assert {pair: int(group.get("data-total", "")) for pair, group in told.items()} == wanted
    assert all(str(wanted[pair]) in [text.said for text in words(group)] for pair, group in told.items())
    ends = by_name(root, "end")
    assert {name for name in ends if name != "hall h2"} == {
        f"row {one.row}" if by_row else one.name for one in site.racks.values() if one.hall == "h1"
    }
    boxes = [rects(group)[0] for group in told.values()]
    assert not [pair for pair in combinations(boxes, 2) if pair[0].meets(pair[1])]


def test_a_bundle_tells_its_media_and_what_is_planned() -> None:
    racks = {name: rack(name, "a", number) for number, name in enumerate(("a1", "a2"), 1)}
    devices = {f"s-{name}": server(f"s-{name}", one, 1.0) for name, one in racks.items()}
    cables = {}
    for number, medium in enumerate(("dac", "dac", "om4")):
        status = CableStatus.PLANNED if medium == "om4" else CableStatus.CONNECTED
        made = Cable(End("s-a1", f"p{number}"), End("s-a2", f"p{number}"), factory.AT, status, medium)
        cables[made.key] = made
    root = judge(draw_cables(replace(EMPTY, racks=racks, devices=devices, cables=cables), "h1", DAY))

    (bundle,) = groups(root, "bundle")
    assert {text.said for text in words(bundle)} == {"3", "2 dac", "1 om4"}
    assert bundle.findall(f"{SVG}rect")[1].get("stroke-dasharray")
    listed = [text.said for text in words(groups(root, "largest")[0])]
    assert {"a1 – a2", "3", "2 dac, 1 om4, 1 planned"} <= {*listed}


def test_what_holds_for_all_cables_is_said_once() -> None:
    racks = {name: rack(name, "a", number) for number, name in enumerate(("a1", "a2"), 1)}
    devices = {f"s-{name}": server(f"s-{name}", one, 1.0) for name, one in racks.items()}
    connected = CableStatus.CONNECTED
    cables = [Cable(End("s-a1", p), End("s-a2", p), factory.AT, connected, "om4") for p in ("p1", "p2")]
    site = replace(EMPTY, racks=racks, devices=devices, cables={cable.key: cable for cable in cables})
    root = judge(draw_cables(site, "h1", DAY))

    assert [text.said for text in words(root) if "om4" in text.said] == ["om4"]
    assert "om4" in [text.said for text in words(groups(root, "totals")[0])]


def test_cables_of_the_lab_are_what_is_bought() -> None:
    """Media follow from the ports, lengths from the ways; cords for power are no cables for data."""
    root = judge(draw_cables(load(ROOT / "inventory" / "lab", ROOT), "h1", DAY))
    told = [text.said for text in words(groups(root, "totals")[0])]
    listed = [text.said for text in words(groups(root, "largest")[0])]

    counts = dict(zip(told[::2], told[1::2], strict=True))
    assert counts["cables"] == "44"
    assert (counts["cat6a"], counts["dac"], counts["aoc"], counts["power cords"]) == ("19", "19", "4", "44")
    assert counts["medium not stated"] == "2"  # to what is not ours
    assert listed[1:4] == ["a01 – a03", "5", "2 aoc 100G qsfp28, 3 cat6a 1G 8p8c, 5 m"]
    # a DAC of 5 m bears 5 m
    assert listed[listed.index("a04 – a05") + 2] == "1 dac 25G sfp28, 5 m, 1 near the limit"
    lowest = max(text.area.bottom for text in words(groups(root, "totals")[0]))
    assert lowest > page(root).bottom * 0.75


def test_a_rack_with_nothing_but_power_cords() -> None:
    lab = load(ROOT / "inventory" / "lab", ROOT)
    found = groups(judge(draw_cables(replace(lab, cables={}), "h1", DAY)), "bundle")
    (bundle,) = (group for group in found if group.get("data-to") == "a01")
    assert {text.said for text in words(bundle)} == {"0", "6 power cords"}


def test_sheets_of_the_lab() -> None:
    lab = load(ROOT / "inventory" / "lab", ROOT)

    assert by_name(judge(draw_hall(lab, "h1", FLOOR, DAY)), "rack").keys() == lab.racks.keys()
    chain = feeds_of_racks(lab, "h1")
    assert by_name(judge(draw_power(chain, "lab", DAY)), "node").keys() == {
        *lab.racks, "busway-a", "busway-b"
    }  # fmt: skip
    bundles = groups(judge(draw_cables(lab, "h1", DAY)), "bundle")
    assert sum(int(group.get("data-total", "")) for group in bundles) == len(lab.cables)


def test_the_chain_of_the_lab_leads_from_sources_to_racks_by_both_feeds() -> None:
    """By hand: without board-a, ups-b carries 8.55 kW, 0.3 % loss of its busway and 10 kW of its coolers."""
    chain = chain_of_hall(load(ROOT / "inventory/lab", ROOT), "h1")
    nodes, links = {node.name: node for node in chain.nodes}, {(k.source, k.target): k for k in chain.links}

    assert {name for name, node in nodes.items() if node.last} == {
        "a01", "a02", "a03", "a04", "a05", "cooler-a", "cooler-b",
    }  # fmt: skip
    assert nodes["ups-b"].use.amount == pytest.approx(8550 * 1.003 + 10_000)
    assert nodes["ups-b"].use.limit == pytest.approx(80_000 * 0.99)
    assert nodes["ups-b"].now == pytest.approx((4275 * 1.003 + 10_000) / 79_200)
    assert nodes["battery-b"].kind.startswith("battery, ")
    assert links["unit battery-b", "unit ups-b"].reserve
    assert (links["unit busway-a", "rack a01"].feed, links["unit busway-b", "rack a01"].feed) == ("A", "B")
    assert (links["unit board-a", "unit ups-a"].feed, links["unit wind", "unit board-b"].feed) == ("A", "B")
    judge(draw_power(chain, "lab", DAY))


@pytest.mark.parametrize(
    ("watts", "said"),
    [
        ([1330], "rack, over its limit"),
        ([900], "rack, near its limit"),
        ([100], "rack"),
        ([1330, 900, 810, 100], "4 racks, 1 over, 2 near the limit"),
    ],
)
def test_racks_of_a_chain_say_which_are_over_and_which_are_near(watts: list[float], said: str) -> None:
    assert loud_words([Use(POWER, w, 1000.0) for w in watts]) == said


def test_a_sentence_that_is_too_long_loses_its_end() -> None:
    said, _ = fit("20 racks, 3 near the limit", 20.0, (2.0, 2.0), head=True)
    assert said.endswith("…")
    assert "20 racks, 3 near the limit".startswith(said[:-1])
    assert len(said) > 8


def test_what_is_near_its_limit_at_its_worst_stands_out() -> None:
    lab = load(ROOT / "inventory/lab", ROOT)
    small = replace(lab.plant.types["ups-80"], capacity_va=20_000.0)
    plant = replace(lab.plant, types={**lab.plant.types, "ups-80": small})
    ups = next(n for n in chain_of_hall(replace(lab, plant=plant), "h1").nodes if n.name == "ups-a")

    assert ups.now is not None
    assert (ups.now < 0.8, ups.use.level) == (True, Level.NEAR)  # 14.3 now and 18.6 then, of 19.8 kW
