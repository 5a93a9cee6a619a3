"""Work orders: what the staff does between two records of a row's racks."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igoudar.compiler import compile_site
from igoudar.facility.graph import Racks
from igoudar.hall.cable_order import cable_order
from igoudar.hall.order_sheet import sheet
from igoudar.hall.work_order import boxes, work_order
from igoudar.resources import cabling_records, rack_record
from tests import factory

DAY = date(2026, 11, 26)


def rack(**places: str) -> dict[str, object]:
    """`u10="srv-1 S1"` and so on."""
    units = {}
    for place, told in places.items():
        name, _, serial = told.partition(" ")
        units[place.replace("_", " ")] = {
            "device": name,
            "type": "server",
            "serial": serial,
            "status": "active",
        }
    return {
        "height": 47,
        "feeds": {"A": "busway-a"},
        "power": "1 kW of 12.5 kW",
        "mass": "36 kg",
        "units": units,
    }


BEFORE = {"a01": rack(u10="srv-1 S1", u11="srv-2 S2", u12_rear="panel-1 S3"), "a02": rack(u10="srv-3 S4")}


def test_two_servers_more() -> None:
    after = BEFORE | {
        "a01": rack(u10="srv-1 S1", u11="srv-2 S2", u12_rear="panel-1 S3", u13="srv-9", u14="srv-8 S8")
    }
    text = work_order("h1-a", BEFORE, after, DAY).markdown()

    assert text.split("\n")[:8] == [
        "# Work order: row h1-a", "", "2026-11-26. Tick each line when it is done.", "",
        "## Put in", "",
        "- [ ] a01 u13: **srv-9**, server, serial to be noted",
        "- [ ] a01 u14: **srv-8**, server, serial S8",
    ]  # fmt: skip
    assert "### a01" in text
    assert "### a02" not in text
    assert "feeds A from busway-a; power 1 kW of 12.5 kW; mass 36 kg" in text
    rows = [line for line in text.split("\n") if line.startswith("| u")]
    assert [row.split()[1] for row in rows] == ["u14", "u13", "u12", "u11", "u10"]


def test_moved_exchanged_and_taken_out() -> None:
    after = {"a01": rack(u20="srv-1 S1", u11="srv-2 S9"), "a02": rack(u10="srv-3 S4")}
    text = work_order("h1-a", BEFORE, after, DAY).markdown()

    assert "## Take out\n\n- [ ] a01 u12 (rear): **panel-1**, server, serial S3\n" in text
    assert "## Move\n\n- [ ] a01 u10 → a01 u20: **srv-1**, server, serial S1\n" in text
    assert "- [ ] a01 u11: **srv-2**, server, serial S9; the old one has the serial S2\n" in text
    assert "## Put in" not in text


def test_another_box_at_another_place_is_no_move() -> None:
    after = {"a01": rack(u20="srv-1 S9", u11="srv-2 S2", u12_rear="panel-1 S3"), "a02": rack(u10="srv-3 S4")}
    text = work_order("h1-a", BEFORE, after, DAY).markdown()

    assert "## Move" not in text
    assert "- [ ] a01 u10: **srv-1**, server, serial S1\n" in text
    assert "- [ ] a01 u20: **srv-1**, server, serial S9\n" in text


def test_racks_and_feeds_are_work_too() -> None:
    other = dict(rack(u10="srv-3 S4")) | {"feeds": {"B": "busway-b"}}
    text = work_order("h1-a", BEFORE, {"a02": other, "a03": rack()}, DAY).markdown()

    assert "- [ ] a01: take it away\n" in text
    assert "- [ ] a02: connect feed B to busway-b\n- [ ] a02: disconnect feed A from busway-a\n" in text
    assert "- [ ] a03: set it up, 47 U\n- [ ] a03: connect feed A to busway-a\n" in text


def test_nothing_to_do_is_no_order() -> None:
    other = {name: told | {"power": "2 kW of 12.5 kW"} for name, told in BEFORE.items()}

    assert (
        work_order("h1-a", BEFORE, BEFORE, DAY).markdown()
        == work_order("h1-a", BEFORE, other, DAY).markdown()
        == ""
    )


DAC = {"ends": "", "article": "dac", "length": "3 m", "status": "connected"}
CABLES = {
    "leaf-1/swp1 -- spine-1/swp1": {**DAC, "label": 17},
    "leaf-1/swp2 -- spine-2/swp1": {**DAC, "label": 9},
}
NEW_CABLE = {"label": 0, "ends": "", "article": "", "length": "", "status": "connected"}


def test_cables_are_pulled_exchanged_and_taken_out_by_label() -> None:
    first, second = CABLES
    after = {
        first: CABLES[first] | {"length": "5 m"},
        second: CABLES[second] | {"status": "decommissioning"},
        "leaf-2/swp1 -- spine-1/swp2": NEW_CABLE,
    }

    assert cable_order("h1", CABLES, after, DAY).markdown().split("\n")[4:] == [
        "## Take out", "",
        "- [ ] **9** leaf-1/swp2 → spine-2/swp1: dac, 3 m", "",
        "## Exchange", "",
        "- [ ] **17** leaf-1/swp1 → spine-1/swp1: dac, 5 m; before: dac, 3 m", "",
        "## Pull", "",
        "- [ ] **no label yet** (`igoudar plan`, where there is a cabling.yaml) leaf-2/swp1 → spine-1/swp2: "
        "article and length to be chosen", "",
    ]  # fmt: skip
    assert cable_order("h1", CABLES, CABLES, DAY).markdown() == ""
    (pull,) = cable_order("h1", {}, CABLES, DAY).sections
    assert (pull.title, [line.label for line in pull.lines]) == ("Pull", [9, 17])


def test_cables_are_pulled_rack_by_rack_and_their_places_are_told() -> None:
    ends = (
        "0H1.A10-2:swp1/0H1.A12-1:swp1",
        "0H1.A10-1:swp1/0H1.A02-40:swp10",
        "0H1.A02-40:swp9/0H1.A03-1:eth0",
    )
    cables = {
        f"x-{at}/p -- y-{at}/p": DAC | {"ends": told, "label": 100 + at} for at, told in enumerate(ends)
    }
    (pull,) = cable_order("h1", {}, cables | {"a/1 -- b/1": NEW_CABLE}, DAY).sections

    assert [line.label for line in pull.lines] == [102, 101, 100, 0]
    assert pull.lines[0].markdown() == ("**102** x-2/p → y-2/p: dac, 3 m; 0H1.A02-40:swp9 to 0H1.A03-1:eth0")


def test_the_lab_s_cables_are_recorded_with_label_and_length() -> None:
    root = Path(__file__).parents[2]
    (told,) = cabling_records(compile_site(root / "inventory/lab", root=root, today=DAY)).values()

    assert len(told) == 88
    assert told["leaf-1/swp1 -- spine-1/swp1"]["label"] > 0
    assert [key for key, cable in told.items() if not cable["length"]] == [
        "border-1/swp3 -- far-north/eth1",
        "border-2/swp3 -- far-south/eth1",
    ], "what carries a wave leaves the hall"


def printed(pdf: bytes) -> str:
    """The words on its pages, as a PDF's own streams have them."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    return b"".join(zlib.decompress(s) for s in streams if s[:1] == b"x").decode("latin-1")


def test_an_order_is_printed_with_boxes_codes_and_racks() -> None:
    after = {"a01": rack(u20="srv-1 S1", u11="srv-2 S9"), "a02": rack(u10="srv-3 S4")}
    order = work_order("h1-a", BEFORE, after, DAY)
    pdf = sheet(order)
    words = "".join(re.findall(r"\((.*?)\) Tj", printed(pdf)))

    assert pdf == sheet(order)
    assert pdf.count(b"/Type /Page\n") == 1 + len(order.racks) == 2
    for said in ("panel-1", "a01 u10 to a01", "the old one", "a01, as it stands afterwards", "page 1 of 2"):
        assert said in words, said
    codes = sheet(cable_order("h1", {}, CABLES, DAY))
    assert printed(codes).count(" re") > 200, "two codes of squares"


def test_what_a_printer_has_no_letter_for_is_no_error() -> None:
    assert sheet(work_order("ligne é→ж", {}, {"a01": rack(u10="srv-1 S1")}, DAY)).startswith(b"%PDF-")


PLACES = st.dictionaries(
    st.sampled_from(["u01", "u02", "u03", "u04 rear"]),
    st.sampled_from(["a 1", "b 2", "b 3", "c 4"]),
    max_size=4,
)


@given(PLACES, PLACES)
def test_who_follows_the_order_comes_to_the_record(first: dict[str, str], second: dict[str, str]) -> None:
    """Each box of either record is in exactly the section that it belongs to."""

    def record(places: dict[str, str]) -> dict[str, object]:
        unique = {told.split()[0]: place for place, told in places.items()}
        return {
            "a01": rack(**{p.replace(" ", "_"): t for p, t in places.items() if unique[t.split()[0]] == p})
        }

    before, after = record(first), record(second)
    text, old, new = work_order("r", before, after, DAY).markdown(), boxes(before), boxes(after)
    told = {line.split("**")[1] for line in text.split("\n") if line.startswith("- [ ]")}
    differs = {n for n in old.keys() | new.keys() if old.get(n) != new.get(n)}

    assert told == differs


@pytest.mark.parametrize(("limit", "said"), [(12_500.0, "of 12.5 kW"), (None, "")])
def test_a_record_says_what_is_drawn_of_what_may_be(limit: float | None, said: str) -> None:
    site = factory.site(leaves=1)
    racks = {"h1-r1": replace(site.racks["h1-r1"], power_w=limit)}
    name = next(iter(site.devices))
    told = rack_record(Racks(replace(site, racks=racks, facts={})), "h1-r1", [name])

    assert told["power"] == f"0 W and 1 unknown {said}".strip()
    assert [box["device"] for box in told["units"].values()] == [name]


def test_a_rack_that_counts_down_is_walked_from_the_bottom_and_drawn_from_the_top() -> None:
    before = {"a01": rack() | {"counts": "down"}}
    after = {"a01": rack(u01="srv-1", u12="srv-2") | {"counts": "down"}}
    after["a01"]["units"] |= {"u12.5": dict(after["a01"]["units"]["u12"]) | {"device": "half"}}  # type: ignore[operator]
    text = work_order("h1-a", before, after, DAY).markdown()

    assert [line.split()[4] for line in text.split("\n") if line.startswith("- [ ]")] == [
        "u12.5:", "u12:", "u01:",
    ]  # fmt: skip
    assert [row.split()[1] for row in text.split("\n") if row.startswith("| u")] == ["u01", "u12", "u12.5"]
    new = work_order("h1-a", {}, {"a02": rack() | {"counts": "down", "unit": "OU"}}, DAY).markdown()
    assert "- [ ] a02: set it up, 47 OU, its U counted from the top\n" in new
