"""Modules of single devices: each device is of a type that has what its modules bring, everywhere alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from igoudar.compiler import compile_site
from igoudar.facility.graph import Racks, power_graph
from igoudar.hall.draw import draw_of, weight_of
from igoudar.hall.work_order import work_order
from igoudar.hardware import DeviceType, ModuleType, fitted, read_library
from igoudar.inventory import load
from igoudar.model import Inventory
from igoudar.origins import origins
from igoudar.resources import rack_record
from tests.errors import checkout, run

DAY = date(2026, 11, 26)
SHARED = Path(__file__).parents[3] / "shared/data/devicetype-library"
BOX = {
    "manufacturer": "Acme",
    "model": "Box",
    "slug": "acme-box",
    "part_number": "B-1",
    "u_height": 1,
    "is_full_depth": True,
    "weight": 10,
    "weight_unit": "kg",
    "interfaces": [{"name": "eth0", "type": "1000base-t", "mgmt_only": True}],
    "module-bays": [
        {"name": "PSU1", "position": "1"},
        {"name": "PSU2", "position": "2"},
        {"name": "Slot", "position": "7"},
    ],
}
PSU = {
    "manufacturer": "Acme",
    "model": "PSU-800",
    "weight": 1.5,
    "weight_unit": "kg",
    "power-ports": [
        {"name": "PSU{module}", "type": "iec-60320-c14", "maximum_draw": 800, "allocated_draw": 200}
    ],
}
CARD = {
    "manufacturer": "Acme",
    "model": "CARD",
    "module-bays": [{"name": "Cage {module}/1", "position": "{module}/1"}],
}
OPTIC = {
    "manufacturer": "Acme",
    "model": "OPTIC",
    "interfaces": [{"name": "eth{module}", "type": "100gbase-x-qsfp28"}],
}
FACTS = "  acme-box: {allocated: 300 W, depth: 700 mm, airflow: front-to-rear, source: assumed}\n"
SUPPLIES = {"PSU1": "PSU-800", "PSU2": "PSU-800"}


def alone(**modules: Any) -> dict[str, Any]:
    """A box that is written down by itself."""
    own: dict[str, Any] = {"type": "acme-box", "role": "equipment", "number": 90, "rack": "a01", "u": 20}
    return {"devices": {"box-1": own | {"serial": "BOX1"} | modules}}


def row(**overrides: Any) -> dict[str, Any]:
    standing = {"name": "box-{n}", "type": "acme-box", "role": "equipment", "status": "planned", "u": "1..3"}
    own = {"hall": "h1", "name": "b", "racks": "01", "type": "generic-rack-48", "load": "1.2 t"}
    feeds = {"A": "busway-a", "B": "busway-b"}
    boxes = [standing | {"number": 101, "modules": SUPPLIES}]
    return {"rows": [own | {"feeds": feeds, "power": "3 kW", "devices": boxes}], "overrides": overrides}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = checkout(tmp_path)
    for name, told in (("box", BOX), ("psu", PSU), ("card", CARD), ("optic", OPTIC)):
        (made / f"inventory/types/{name}.yaml").write_text(yaml.safe_dump(told), "utf-8")
    facts = made / "inventory/types/overrides.yaml"
    facts.write_text(facts.read_text("utf-8").replace("overrides:\n", f"overrides:\n{FACTS}"), "utf-8")
    return made


def lab(root: Path, told: dict[str, Any]) -> Inventory:
    (root / "inventory/lab/boxes.yaml").write_text(yaml.safe_dump(told), "utf-8")
    return load(root / "inventory/lab", root)


def test_power_supplies_in_bays_are_those_of_the_device(root: Path) -> None:
    inventory = lab(root, alone(modules=SUPPLIES))
    box = inventory.devices["box-1"]

    assert box.type == "acme-box (PSU-800 in PSU1 to PSU2)"
    assert inventory.types[box.type].bare == "acme-box"
    assert weight_of(inventory, box) == 13.0
    draw = draw_of(inventory, box)
    assert (draw.allocated_w, draw.cap_w, draw.psus, draw.needed) == (300, 800, 2, 1)
    (rack,) = [rack for rack in power_graph(inventory).racks if rack.name == "a01"]
    (hung,) = [device for device in rack.devices if device.name == "box-1"]
    assert [(psu.feed, psu.leg) for psu in hung.psus] == [("A", "L2"), ("B", "L2")]
    cords = [key for key in inventory.cords if key.startswith("box-1/")]
    assert cords == ["box-1/PSU1 -- rpdu-a01-a/outlet20", "box-1/PSU2 -- rpdu-a01-b/outlet20"]
    (error,) = [line for line in run("check lab", root).splitlines() if "expected every number" in line]
    assert "box-1/PSU1 -- rpdu-a01-a/outlet20 and 1 more has no label in the ledger" in error


def test_a_device_is_as_one_whose_type_has_it_all_in_its_file(root: Path) -> None:
    """Nothing that comes after can tell them apart."""
    by_modules = lab(root, alone(modules=SUPPLIES))
    whole = BOX | {"weight": 13}
    ports = [{**PSU["power-ports"][0], "name": f"PSU{n}"} for n in (1, 2)]
    (root / "inventory/types/box.yaml").write_text(yaml.safe_dump(whole | {"power-ports": ports}), "utf-8")
    by_file = lab(root, alone())

    assert {*by_modules.cords} == {*by_file.cords}
    assert power_graph(by_modules) == power_graph(by_file)
    known, made = by_file.types["acme-box"], by_modules.types[by_modules.devices["box-1"].type]
    assert replace(made, slug=known.slug, chassis="") == known


def test_modules_bring_bays_and_ports(root: Path) -> None:
    told = SUPPLIES | {"Cage 7/1": "OPTIC", "Slot": "Acme/CARD"}
    inventory = lab(root, alone(modules=told))
    box = inventory.types[inventory.devices["box-1"].type]

    assert box.data_ports == ("eth7/1",)
    assert box.slug == "acme-box (PSU-800 in PSU1 to PSU2, Acme/CARD in Slot, OPTIC in Cage 7/1)"
    (root / "inventory/lab/wire.yaml").write_text(
        "cables:\n  - {a: box-1/eth7/1, b: leaf-1/swp20, medium: dac}\n", "utf-8"
    )
    cables = load(root / "inventory/lab", root).cables
    assert "box-1/eth7/1 -- leaf-1/swp20" in cables


def test_modules_of_two_makers_that_are_called_alike_make_two_types(root: Path) -> None:
    other = PSU | {"manufacturer": "Other", "weight": 4}
    (root / "inventory/types/other.yaml").write_text(yaml.safe_dump(other), "utf-8")
    one, two = alone(modules={"PSU1": "Acme/PSU-800"}), alone(modules={"PSU1": "Other/PSU-800"})
    second = two["devices"]["box-1"] | {"u": 21, "number": 91, "serial": "BOX2"}
    inventory = lab(root, {"devices": one["devices"] | {"box-2": second}})

    masses = [weight_of(inventory, inventory.devices[name]) for name in ("box-1", "box-2")]
    assert masses == [11.5, 14.0]


def test_an_override_says_the_bays_that_differ(root: Path) -> None:
    inventory = lab(
        root, row(**{"box-2": {"modules": {"Slot": "CARD"}}, "box-3": {"modules": {"PSU2": "none"}}})
    )
    told = {name: inventory.devices[name].type for name in ("box-1", "box-2", "box-3")}

    assert told == {
        "box-1": "acme-box (PSU-800 in PSU1 to PSU2)",
        "box-2": "acme-box (PSU-800 in PSU1 to PSU2, CARD in Slot)",
        "box-3": "acme-box (PSU-800 in PSU1)",
    }
    before = inventory.devices["box-3"].instead_of
    assert before is not None
    assert before.type == told["box-1"]
    assert len([slug for slug, kind in inventory.types.items() if kind.chassis]) == 3
    assert not [slug for slug in inventory.written_types() if "(" in slug]


def test_without_overrides_of_the_type_its_file_and_the_modules_tell(root: Path) -> None:
    facts = root / "inventory/types/overrides.yaml"
    facts.write_text(facts.read_text("utf-8").replace(FACTS, ""), "utf-8")
    inventory = lab(root, alone(modules=SUPPLIES))
    box = inventory.devices["box-1"]

    assert (weight_of(inventory, box), draw_of(inventory, box).allocated_w) == (13.0, 200)


def record(root: Path, told: dict[str, Any]) -> dict[str, Any]:
    (root / "inventory/lab/boxes.yaml").write_text(yaml.safe_dump(told), "utf-8")
    inventory = compile_site(root / "inventory/lab", root=root, today=DAY).design.inventory
    standing = [name for name, device in inventory.devices.items() if device.rack == "a01"]
    return {"a01": rack_record(Racks(inventory), "a01", standing)}


def test_the_record_and_the_work_order_name_the_modules(root: Path) -> None:
    both = record(root, alone(modules=SUPPLIES))
    card = record(root, alone(modules={"PSU1": "PSU-800", "PSU2": "PSU-800", "Slot": "CARD"}))

    assert both["a01"]["units"]["u20"] == {
        "device": "box-1", "type": "acme-box", "serial": "BOX1", "status": "active", "modules": SUPPLIES,
    }  # fmt: skip
    text = work_order("h1-a", {"a01": {"units": {}}}, both, DAY).markdown()
    assert "u20: **box-1**, acme-box with PSU-800 in PSU1 to PSU2, serial BOX1" in text
    text = work_order("h1-a", both, card, DAY).markdown()
    assert "## Modules\n\n- [ ] a01 u20: **box-1**, bay Slot: put in CARD\n" in text
    assert "Exchange" not in text
    text = work_order("h1-a", card, both, DAY).markdown()
    assert "- [ ] a01 u20: **box-1**, bay Slot: take out CARD\n" in text


def test_a_delivered_box_is_of_the_type_without_modules(root: Path) -> None:
    lab(root, row(**{"box-3": {"modules": {"PSU2": "none"}}}))
    note = "serial,type,part_number\nS1,acme-box,\nS2,,B-1\nS3,acme-box,B-1\n"
    (root / "note.csv").write_text(note, "utf-8")

    said = run("receive lab note.csv --write", root).splitlines()
    assert [line.split()[:2] for line in said[1:4]] == [["box-1", "S1"], ["box-2", "S2"], ["box-3", "S3"]]
    assert said[-1] == "exit 0"


def test_explain_says_where_the_modules_stand(root: Path) -> None:
    lab(root, row(**{"box-3": {"modules": {"Slot": "CARD"}}}))
    (story,) = origins(root / "inventory/lab", root, "box-3")
    told = {origin.what: (origin.value, str(origin.by)) for origin in story.origins}

    assert told["type"] == ("acme-box", "pattern")
    assert told["module in PSU1"] == ("PSU-800", "pattern")
    assert told["module in Slot"] == ("CARD", "override")
    assert told["PSUs"][0] == "2"
    assert told["mass"] == ("13 kg, its modules included", "type file")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the library is not beside this checkout")
def test_every_power_supply_of_the_library_goes_into_every_bay_with_a_position() -> None:
    kinds = [read.type for _, read in read_library(SHARED)]
    modules = [kind for kind in kinds if isinstance(kind, ModuleType) and kind.parts.inlets]
    chassis = [kind for kind in kinds if isinstance(kind, DeviceType) and kind.parts.module_bays]

    assert len(modules) > 5
    for kind in chassis:
        first = next((bay for bay in kind.parts.module_bays if bay.position), None)
        for module in modules if first else ():
            assert first is not None
            made = fitted(kind, {first.name: module}, "", {first.name: module.model})
            said = {misfit.code for misfit in made.misfits}
            assert said <= {"part-twice"}
            if not said:
                assert len(made.type.parts.inlets) == len(kind.parts.inlets) + len(module.parts.inlets)
