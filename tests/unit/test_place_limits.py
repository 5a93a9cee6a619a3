"""`igoudar place` where more than the room of a rack limits it: each limit binds, and one more is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from igoudar.errors import Severity
from igoudar.facility.judged import judge
from igoudar.inventory import load
from tests.errors import run
from tests.repository import repository

MANY = "devices: [{type: generic-server-2, count: 106, role: server, names: 'web-{n}'}]\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Without rPDUs."""
    root = repository(tmp_path)
    devices = root / "inventory/lab/devices.yaml"
    lines = devices.read_text("utf-8").splitlines(keepends=True)
    devices.write_text("".join(line for line in lines if "generic-rpdu" not in line), "utf-8")
    return root


def edit(root: Path, file: str, *pairs: tuple[str, str]) -> None:
    path = root / "inventory" / file
    text = path.read_text("utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, "utf-8")


def place(root: Path, text: str, more: str = "") -> dict[str, Any]:
    (root / "wanted.yaml").write_text(text, "utf-8")
    said = run(f"place lab wanted.yaml --json {more}", root)
    told: dict[str, Any] = json.loads(said[: said.rindex("exit ")])
    return told


def errors(root: Path) -> Iterator[str]:
    """Codes of what is wrong with the loads of the site."""
    found = judge(load(root / "inventory/lab", root))
    return (finding.code for finding in found if finding.severity is Severity.ERROR)


def with_one_more(root: Path, told: dict[str, Any], rack: str, u: int) -> None:
    """The proposal as inventory, and one server more."""
    wanted = [*told["devices"], told["devices"][0] | {"name": "more", "number": 999, "rack": rack, "u": u}]
    lines = (
        f"  {d['name']}: {{type: {d['type']}, role: {d['role']}, number: {d['number']}, rack: {d['rack']}, "
        f"u: {d['u']}, status: planned}}\n"
        for d in wanted
    )
    (root / "inventory/lab/more.yaml").write_text("devices:\n" + "".join(lines), "utf-8")


WARM = (("[ups-a, board-a]", "board-a"), ("[ups-b, board-b]", "board-b"), ("air: 150 m³", "air: 400 m³"))


def test_a_hall_is_not_too_warm_before_its_cooling_is_back(root: Path) -> None:
    edit(root, "lab/power.yaml", *WARM)
    assert [*errors(root)] == []
    told = place(root, MANY)
    (left,) = told["left"]

    assert told["over"] == []
    assert left["why"].startswith("heat to air of hall h1 until its cooling is back in 5 racks")
    assert 0 < len(told["devices"]) == 106 - left["count"]
    with_one_more(root, told, "a04", 40)
    assert "warm-before-restart" in errors(root)


def test_what_fits_before_the_cooling_is_back_is_inventory_that_passes(root: Path) -> None:
    edit(root, "lab/power.yaml", *WARM)
    count = len(place(root, MANY)["devices"])
    told = place(root, MANY.replace("106", str(count)), "--write")

    assert (told["left"], told["written"]) == ([], "inventory/lab/placed/wanted.yaml")
    assert [*errors(root)] == []


def test_batteries_that_carry_longer_than_a_hall_stays_cool_are_told(root: Path) -> None:
    """It is a warning of `check`: what is proposed stays proposed."""
    edit(root, "lab/power.yaml", *WARM[:2], ("air: 150 m³", "air: 4000 m³"))
    told = place(root, MANY.replace("106", "60"))

    assert (told["left"], told["over"]) == ([], [])
    assert any("its batteries carry its racks for" in line for line in told["warned"])


SCHEME = "schemes:\n  hall: {halls: [h1], scheme: 2N, blocks: ups}\n"
THREE = """\
manufacturer: Generic
model: Needs two of three
slug: generic-three
u_height: 1
is_full_depth: true
weight: 10
weight_unit: kg
power-ports:
  - {name: PSU1, type: iec-60320-c14, allocated_draw: 100}
  - {name: PSU2, type: iec-60320-c14, allocated_draw: 100}
  - {name: PSU3, type: iec-60320-c14, allocated_draw: 100}
"""
FACTS = "  generic-three: {psus_needed: 2, depth: 700 mm, airflow: front-to-rear, source: assumed}\n"
NEEDS = "devices: [{type: generic-three, count: 3, role: server, names: 'three-{n}'}]\n"


def three(root: Path) -> None:
    (root / "inventory/types/three.yaml").write_text(THREE, "utf-8")
    edit(root, "types/overrides.yaml", ("overrides:\n", f"overrides:\n{FACTS}"))


def test_what_one_feed_alone_does_not_keep_on_fits_into_no_rack(root: Path) -> None:
    """One of its three power supplies is on B, and it needs two."""
    three(root)
    (left,) = place(root, NEEDS)["left"]

    assert left["why"] == (
        "each feed alone keeps it on in 5 racks; one more would fit into a01 with an exception from the "
        "rule: each feed alone keeps it on"
    )


def test_where_somebody_answers_for_it_it_does(root: Path) -> None:
    three(root)
    edit(root, "lab/hall.yaml", ("availability: 3", "availability: 1"))
    edit(root, "lab/power.yaml", (SCHEME, ""))
    waiver = (
        "waivers:\n  - {code: feed-alone-loses, object: rack a02, reason: a test, person: amina, "
        "until: 2027-03-31}\n"
    )
    (root / "inventory/lab/waivers.yaml").write_text(waiver, "utf-8")
    told = place(root, NEEDS)

    assert (told["left"], told["over"]) == ([], [])
    assert {device["rack"] for device in told["devices"]} == {"a02"}


@pytest.mark.parametrize(
    ("feeds", "rule"), [("{A: busway-a}", "two feeds a rack"), ("{}", "a rack with feeds")]
)
def test_a_rack_that_one_failure_darkens_gets_nothing_where_nothing_may_be_lost(
    root: Path, feeds: str, rule: str
) -> None:
    rack = f"racks:\n  a06: {{hall: h1, row: a, position: 6, height: 47 U, load: 1.2 t, feeds: {feeds}}}\n"
    (root / "inventory/lab/rack.yaml").write_text(rack, "utf-8")
    one_a_rack = "names: 'm-{n}', apart: {group: m}"
    told = place(root, f"devices: [{{type: generic-server-2, count: 6, role: server, {one_a_rack}}}]\n")
    (left,) = told["left"]

    assert {device["rack"] for device in told["devices"]} == {f"a0{n}" for n in range(1, 6)}
    assert left["count"] == 1
    assert f"{rule} in 1 rack" in left["why"]
    edit(root, "lab/hall.yaml", ("availability: 3", "availability: 1"))
    fits = "left" if feeds == "{}" else "devices"
    told = place(root, f"devices: [{{type: generic-server-2, count: 6, role: server, {one_a_rack}}}]\n")
    assert len(told[fits]) == (1 if feeds == "{}" else 6)


def redundant(root: Path) -> None:
    """No single unit takes a side out; each UPS has seven things of 4 kVA, of which six carry it."""
    text = (root / "inventory/types/facility/ups-80.yaml").read_text("utf-8")
    small = text.replace("80 kVA, source", "4 kVA, source").replace("800 W", "10 W")
    (root / "inventory/types/facility/ups-4.yaml").write_text(small, "utf-8")
    spare = ", count: 2, needed: 1,"
    edit(
        root,
        "lab/power.yaml",
        ("ups-80, hall: h1, room: room,", "ups-4, hall: h1, count: 7, needed: 6,"),
        ("{type: board-250, hall: h1,", f"{{type: board-250, hall: h1{spare}"),
        ("{type: busway-160, hall: h1,", f"{{type: busway-160, hall: h1{spare}"),
        (SCHEME, ""),
        *WARM[:2],
        ("air: 150 m³", "air: 4000 m³"),
    )


def test_units_carry_each_rack_of_which_one_feed_fails(root: Path) -> None:
    redundant(root)
    assert [*errors(root)] == []
    told = place(root, MANY)
    (left,) = told["left"]

    assert told["over"] == []
    assert "power of ups-a without feed B of rack a01 in 1 rack" in left["why"]
    with_one_more(root, told, "a04", 45)
    assert set(errors(root)) == {"single-overload"}
    count = len(told["devices"])
    (root / "inventory/lab/more.yaml").unlink()
    assert place(root, MANY.replace("106", str(count)), "--write")["left"] == []
    assert [*errors(root)] == []


STRONG = "devices: [{type: generic-server-2, count: 30, role: server, names: 'web-{n}', draw: 2.5 kW}]\n"


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """With rPDUs, whose outlets change their phase from one U to the next."""
    return repository(tmp_path)


def in_blocks(root: Path) -> None:
    """All outlets of the lower third of an rPDU are on one phase, and so on."""
    file = root / "inventory/types/generic/generic-rpdu-54.yaml"
    outlet = re.compile(r"name: outlet(\d+),(.*)feed_leg: .")
    by_block = outlet.sub(
        lambda m: f"name: outlet{m[1]},{m[2]}feed_leg: {'ABC'[min(2, (int(m[1]) - 1) // 16)]}",
        file.read_text("utf-8"),
    )
    file.write_text(by_block, "utf-8")


def test_each_phase_of_a_feed_alone_carries_what_stands_on_it(whole: Path) -> None:
    """5.6 kW a phase: two servers, where the power of the rack would let four stand in a row from below."""
    count = len(place(whole, STRONG)["devices"])
    told = place(whole, STRONG.replace("30", str(count)), "--write")

    assert 0 < count < 30
    assert (told["left"], told["over"]) == ([], [])
    assert [*errors(whole)] == []
    (whole / "inventory/lab/placed/wanted.yaml").unlink()
    first = [device for device in told["devices"] if device["rack"] == told["devices"][0]["rack"]]
    for n, device in enumerate(first):
        device["u"] = 1 + 3 * n
    with_one_more(whole, told | {"devices": first}, "a02", 45)
    lines = (whole / "inventory/lab/more.yaml").read_text("utf-8")
    heavy = lines.replace("status: planned", "draw: 2.5 kW, status: planned")
    (whole / "inventory/lab/more.yaml").write_text(heavy, "utf-8")
    assert "feed-alone-overload" in errors(whole)


def test_what_a_phase_does_not_carry_is_said(whole: Path) -> None:
    """Two of 3.5 kW are too much for one phase, and what stands in the racks is on two of the three."""
    three = STRONG.replace("30", "16").replace("2.5 kW", "3.5 kW")
    edit(whole, "lab/hall.yaml", ("power: 12.5 kW", "power: 17 kW"), ("power: 70 kW", "power: 90 kW"))
    (left,) = place(whole, three)["left"]

    assert left["count"] == 1
    assert "L3 of feed A in 4 racks, L3 of feed B in 4 racks" in left["why"]


def test_a_feed_has_the_room_of_its_own_tap_off(whole: Path) -> None:
    three = STRONG.replace("30", "16").replace("2.5 kW", "3.5 kW")
    edit(whole, "lab/hall.yaml", ("power: 12.5 kW", "power: 17 kW"), ("power: 70 kW", "power: 90 kW"))
    side = "busway-b: {type: busway-160, hall: h1, room: room, from: ups-b, breaker: 125 A, tap_off: "
    edit(whole, "lab/power.yaml", (f"{side}32 A", f"{side}63 A"))
    (left,) = place(whole, three)["left"]

    assert "L3 of feed A in 4 racks" in left["why"]
    assert "of feed B" not in left["why"]


def test_devices_stand_apart_where_the_phases_of_a_unit_would_be_out_of_balance(whole: Path) -> None:
    in_blocks(whole)
    assert [*errors(whole)] == []
    told = place(whole, MANY.replace("106", "30"), "--write")

    assert (told["left"], told["over"]) == ([], [])
    assert len({(device["u"] - 1) // 16 for device in told["devices"] if device["rack"] == "a01"}) == 3
    assert [*errors(whole)] == []
    (whole / "inventory/lab/placed/wanted.yaml").unlink()
    for n, device in enumerate(told["devices"]):
        device |= {"rack": f"a0{(1, 2, 4, 5)[n % 4]}", "u": (n // 4) + 1}
    with_one_more(whole, told, "a03", 1)
    assert "phase-imbalance" in errors(whole)


def test_an_imbalance_that_no_place_mends_is_refused_by_its_name(whole: Path) -> None:
    """One device is all the load that there is room for."""
    in_blocks(whole)
    one = "devices: [{type: generic-server-2, count: 3, role: server, names: 'web-{n}', draw: 5.5 kW}]\n"
    told = place(whole, one, "--write")

    assert told["written"] == ""
    assert any("busway busway-a is" in line and "out of balance" in line for line in told["over"])
    assert not (whole / "inventory/lab/placed").exists()


def test_outlets_that_the_ledger_gives_are_judged_with_their_phase(whole: Path) -> None:
    """Nobody can choose them by a U: each gets the next free one, after the 12th on L1."""
    by_ledger = "{u: 47, onto: outlet47, rest: outlet1..46}"
    edit(whole, "lab/cabling.yaml", ("{u: 1..47, onto: outlet1..47}", by_ledger))
    file = whole / "inventory/types/generic/generic-rpdu-54.yaml"
    outlet = re.compile(r"(name: outlet(?:1[3-9]|[2-5].),.*feed_leg:) .")
    file.write_text(outlet.sub(r"\1 A", file.read_text("utf-8")), "utf-8")
    assert [*errors(whole)] == []
    told = place(whole, MANY.replace("106", "60"), "--write")

    assert (told["left"], told["written"]) == ([], "")
    assert any("L1 of busway busway-a carries" in line or "out of balance" in line for line in told["over"])
