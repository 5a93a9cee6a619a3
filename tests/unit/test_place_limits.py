"""`igoudar place` where more than the room of a rack limits it: each limit binds, and one more is wrong."""

from __future__ import annotations

import json
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
