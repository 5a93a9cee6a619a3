"""`explain SITE OBJECT`: each value with the line that it comes from, in the order in which places count."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from igoudar.errors import BadInput
from igoudar.origins import By, origins
from tests.errors import run
from tests.two_halls import FILE, two_halls

MORE = """\
overrides:
  box-h2-b02-2: {draw: 200 W, face: rear}
  h2-b02: {power: 2 kW, cooling: rdhx}
  box-h2-b01-2: {type: dell-s5232f-on}
  h2-b03: {type: generic-rack-48}
  h2-c03: {absent: true}
"""
SWITCH = """\
manufacturer: Dell
model: S5232F-ON
slug: dell-s5232f-on
u_height: 1
is_full_depth: true
interfaces:
  - {name: eth1, type: 100gbase-x-qsfp28}
power-ports:
  - {name: PSU1, type: iec-60320-c14, maximum_draw: 635, allocated_draw: 350}
  - {name: PSU2, type: iec-60320-c14, maximum_draw: 635, allocated_draw: 360}
"""
UNITS = "name,serial,asset,oob_mac,host_key\nbox-h2-b01-1,XY17,,,\nbox-h2-b02-2,XY18,,,\n"
TYPES = "inventory/types/overrides.yaml"
Told = tuple[str, By, str, int]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = two_halls(tmp_path_factory.mktemp("told"), MORE)
    (root / "inventory/types/s5232f.yaml").write_text(SWITCH, "utf-8")
    (root / "inventory/lab/units").mkdir()
    (root / "inventory/lab/units/h2.csv").write_text(UNITS, "utf-8")
    return root


def told(root: Path, wanted: str) -> dict[str, Told]:
    (story,) = origins(root / "inventory/lab", root, wanted)
    return {o.what: (o.value, o.by, o.where.file, o.where.line) for o in story.origins}


def line(root: Path, file: str, text: str) -> int:
    """Of the only line that has this text."""
    (number,) = [n for n, row in enumerate((root / file).read_text("utf-8").splitlines(), 1) if text in row]
    return number


def test_a_rack_of_a_row(root: Path) -> None:
    values = told(root, "h2-b01")
    assert values["power"] == ("3 kW", By.PATTERN, FILE, 9)
    assert values["height"] == ("47 U", By.PATTERN, FILE, 8)
    assert values["row"] == ("b", By.PATTERN, FILE, 5)
    assert values["position"] == ("1", By.PATTERN, FILE, 6)
    assert values["feed B"] == ("busway-b", By.PATTERN, FILE, 11)
    assert values["cooling"] == ("chiller", By.WRITTEN, FILE, 2)
    limits = "inventory/data/hall.yaml"
    assert values["most by cooling"] == ("25 kW", By.DATA, limits, line(root, limits, "    chiller:"))


def test_an_override_comes_before_the_row(root: Path) -> None:
    values = told(root, "rack h2-b02")
    assert values["power"] == ("2 kW", By.OVERRIDE, FILE, 16)
    assert values["cooling"] == ("rdhx", By.OVERRIDE, FILE, 16)
    assert values["load"] == ("900 kg", By.PATTERN, FILE, 10)
    assert values["most by cooling"][0] == "60 kW"


def test_another_type_brings_its_own_height_and_load(root: Path) -> None:
    values, file = told(root, "h2-b03"), "inventory/types/generic/rack-48u.yaml"
    assert values["type"] == ("generic-rack-48", By.OVERRIDE, FILE, 18)
    assert values["height"] == ("48 U", By.TYPE, file, line(root, file, "u_height"))
    assert values["load"] == ("1.5 t", By.TYPE, file, line(root, file, "max_weight"))
    assert values["most cables"][:3] == ("600", By.FACTS, TYPES)


def test_a_box(root: Path) -> None:
    values, server = told(root, "device box-h2-b01-1"), line(root, TYPES, "  generic-server-2:")
    assert values["serial"] == ("XY17", By.UNITS, "inventory/lab/units/h2.csv", 2)
    assert values["draw"] == ("490 W", By.FACTS, TYPES, server + 1)
    assert values["status"] == ("planned", By.PATTERN, FILE, 13)
    assert values["rack"] == ("h2-b01", By.PATTERN, FILE, 6)
    assert values["pod"] == ("1", By.DEFAULT, FILE, 13)
    assert values["height"] == ("1 U", By.TYPE, "inventory/types/generic/generic-server-2.yaml", 5)
    other = told(root, "box-h2-b02-2")
    assert other["draw"] == ("200 W", By.OVERRIDE, FILE, 15)
    assert other["face"] == ("rear", By.OVERRIDE, FILE, 15)
    assert other["serial"] == ("XY18", By.UNITS, "inventory/lab/units/h2.csv", 3)


def test_what_a_type_states_at_each_of_its_redundant_inlets(root: Path) -> None:
    file = "inventory/types/s5232f.yaml"
    draw = ("360 W, of 1 of 2 PSUs", By.TYPE, file, line(root, file, "allocated_draw: 360"))
    assert told(root, "box-h2-b01-2")["draw"] == draw


def test_what_is_absent(root: Path) -> None:
    assert told(root, "h2-c03") == {"absent": ("yes", By.OVERRIDE, FILE, 19)}


def test_a_unit_and_its_type(root: Path) -> None:
    values, file = told(root, "unit ups-a"), "inventory/lab/power.yaml"
    assert values["from"] == ("board-a, else battery-a", By.WRITTEN, file, line(root, file, "  ups-a:"))
    assert values["needed"] == ("1", By.DEFAULT, file, line(root, file, "  ups-a:"))
    of_type = "inventory/types/facility/ups-80.yaml"
    assert values["its apparent"] == ("80 kVA", By.TYPE, of_type, line(root, of_type, "apparent:"))
    assert told(root, "loop room")["air"] == ("150 m³", By.WRITTEN, file, line(root, file, "  room: {"))
    assert told(root, "h1")["power"] == ("70 kW", By.WRITTEN, "inventory/lab/hall.yaml", 3)


LEDGER, CABLES, GOODS = (
    "inventory/lab/ledger.yaml",
    "inventory/lab/cables.yaml",
    "inventory/data/cabling.yaml",
)


@pytest.mark.parametrize(
    "wanted",
    ["744994", "cable 744994", "srv-1/eth1", "srv-1/eth1 -- leaf-1/swp11", "leaf-1/swp11 -- srv-1/eth1"],
)
def test_a_cable_by_its_number_or_its_ends(root: Path, wanted: str) -> None:
    values = told(root, wanted)
    key = "leaf-1/swp11 -- srv-1/eth1"
    assert values["label"] == ("744994", By.LEDGER, LEDGER, line(root, LEDGER, f"{key}:"))
    assert values["a"] == ("srv-1/eth1", By.WRITTEN, CABLES, line(root, CABLES, "srv-1/eth1,"))
    assert values["medium"] == ("dac", By.DATA, GOODS, line(root, GOODS, "  dac:"))
    assert values["reach"][0] == "5 m"


def test_a_cord_of_a_rule(root: Path) -> None:
    values, file = told(root, "border-1/PSU1"), "inventory/lab/cabling.yaml"
    rule = line(root, file, "{u: 1..47")
    assert values["b"] == ("rpdu-a03-a/outlet43", By.RULE, file, rule)
    assert values["cord"][:3] == ("c14-c13", By.DATA, GOODS)


def test_a_number_has_its_source(root: Path) -> None:
    (story,) = origins(root / "inventory/lab", root, "box-h2-b01-1")
    sources = {o.what: o.source for o in story.origins}
    assert sources["draw"] == "as generic-server-0"
    assert sources["status"] == ""
    assert str(story).count("source: as generic-server-0") == 1


@pytest.mark.parametrize(
    ("wanted", "said"),
    [("h2-b1", "did you mean 'h2-b01'"), ("unit a01", "has no 'unit a01'"), ("12", "no '12'")],
)
def test_no_such_object(root: Path, wanted: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        origins(root / "inventory/lab", root, wanted)


def test_on_the_command_line(root: Path) -> None:
    """Two ends are one cable, although `--` between them is lost; a site alone is no object."""
    assert run("explain lab srv-1/eth1 -- leaf-1/swp11", root) == run("explain lab 744994", root)
    said = run("explain lab rack h2-b02 --json", root)
    (story,) = json.loads(said[: said.rindex("exit ")])
    assert story["object"] == "rack h2-b02"
    power = {"what": "power", "value": "2 kW", "by": "override", "file": FILE, "line": 16, "source": ""}
    assert {**power, "path": "overrides.h2-b02.power"} in story["values"]
    assert "lab is a site: name an object of it" in run("explain lab", root)
