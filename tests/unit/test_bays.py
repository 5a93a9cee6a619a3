"""Devices in bays of others: where they are, what feeds them, and what people see of them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from igoudar.cabling.labels import end_text
from igoudar.facility.graph import Racks, power_graph
from igoudar.hall.order_sheet import sheet
from igoudar.hall.work_order import work_order
from igoudar.inventory import load, load_hall, load_halls, read_documents
from igoudar.model import End, Inventory
from igoudar.origins import origins
from igoudar.resources import rack_record
from tests.errors import checkout, edit, run

DAY = date(2026, 11, 26)
CASE = Path(__file__).parents[1] / "errors/cases/bay-taken-twice.yaml"
CHASSIS = "chassis-1: {type: acme-chassis, role: equipment, number: 90, rack: %s, u: %s, serial: C1}\n"
BLADE = "blade-%d: {type: acme-blade, role: equipment, number: 9%d, bay: chassis-1/Slot %d, serial: B%d}\n"
BLADES = [BLADE % (n, n, n, n) for n in (1, 2)]
ROW = """rows:
  - hall: h1
    name: b
    racks: '01..02'
    type: generic-rack-47
    devices:
      - {name: 'chassis-{rack}', type: acme-chassis, role: equipment, status: planned, u: 20, number: 101}
      - {name: 'blade-{rack}-{u}', type: acme-blade, role: equipment, status: planned,
         bay: 'chassis-{rack}/Slot {u}', u: '1..2', number: 201}
overrides:
  blade-b01-2: {bay: chassis-b01/Slot 3}
  chassis-b02: {absent: true}
devices:
  blade-9: {type: acme-blade, role: equipment, number: 99, bay: chassis-b01/Slot 2, status: planned}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The lab with types of a chassis and of its blades."""
    root = checkout(tmp_path)
    case: Any = yaml.safe_load(CASE.read_text("utf-8"))
    for change in case["edits"]:
        edit(root, change)
    return root


def written(root: Path, text: str) -> Inventory:
    (root / "inventory/lab/blades.yaml").write_text(text, "utf-8")
    return load(root / "inventory/lab", root)


def of(rack: str, u: int, blades: list[str] = BLADES) -> str:
    return "devices:\n" + "".join(f"  {line}" for line in (CHASSIS % (rack, u), *blades))


def record(inventory: Inventory, *names: str) -> dict[str, Any]:
    found = Racks(inventory)
    devices = inventory.devices.values()
    return {name: rack_record(found, name, [d.name for d in devices if d.rack == name]) for name in names}


def test_it_is_where_its_parent_is_and_goes_with_it(root: Path) -> None:
    for rack, u in (("a01", 20), ("a02", 30)):
        blade = written(root, of(rack, u)).devices["blade-2"]
        assert (blade.rack, blade.hall, blade.u, blade.bay) == (rack, "h1", u, End("chassis-1", "Slot 2"))


def test_it_takes_no_unit_and_needs_no_depth(root: Path) -> None:
    written(root, of("a01", 20))
    said = run("check lab", root)
    assert "lab: 1 error, 7 warnings" in said  # a cord that the ledger does not know yet
    assert "blade" not in said


def test_its_draw_and_mass_count_in_the_rack(root: Path) -> None:
    bare, full = (record(written(root, of("a01", 20, own)), "a01")["a01"] for own in ([], BLADES))
    assert (bare["power"], full["power"]) == ("1.63 kW of 12.5 kW", "2.53 kW of 12.5 kW")
    kg = [float(told["mass"].split()[0]) for told in (bare, full)]
    assert round(kg[1] - kg[0], 6) == 12


def test_its_parent_feeds_what_has_no_inlet(root: Path) -> None:
    graph = power_graph(written(root, of("a01", 20)))
    rack = next(rack for rack in graph.racks if rack.name == "a01")
    chassis = next(device for device in rack.devices if device.name == "chassis-1")
    assert chassis.allocated_w == 300 + 2 * 450
    assert not [device for device in rack.devices if "blade" in device.name]


def test_what_has_inlets_feeds_itself(root: Path) -> None:
    types = root / "inventory/types/blade.yaml"
    text = types.read_text("utf-8").replace("is_powered: false", "is_powered: true")
    types.write_text(text + "power-ports:\n  - {name: P, type: iec-60320-c14}\n", "utf-8")
    rack = next(rack for rack in power_graph(written(root, of("a01", 20))).racks if rack.name == "a01")
    drawn = {device.name: device.allocated_w for device in rack.devices}
    assert (drawn["chassis-1"], drawn["blade-1"], drawn["blade-2"]) == (300, 450, 450)


def test_record_and_work_order_name_the_bay(root: Path) -> None:
    empty, full = (record(written(root, of("a01", 20, own)), "a01") for own in ([], BLADES))
    told = full["a01"]["units"]["u20 chassis-1/Slot 1"]
    assert (told["device"], told["bay"]) == ("blade-1", "chassis-1/Slot 1")
    order = work_order("h1-a", empty, full, DAY)
    assert "- [ ] a01 u20 in chassis-1/Slot 1: **blade-1**, acme-blade, serial B1" in order.markdown()
    assert sheet(order).startswith(b"%PDF")
    swapped = record(written(root, of("a01", 20, [BLADE % (1, 1, 3, 1), BLADES[1]])), "a01")
    moved = (
        "- [ ] a01 u20 in chassis-1/Slot 1 → a01 u20 in chassis-1/Slot 3: **blade-1**, acme-blade, serial B1"
    )
    assert moved in work_order("h1-a", full, swapped, DAY).markdown()


def test_only_the_parent_is_moved_and_what_is_in_it_comes_out_first(root: Path) -> None:
    one, other = (record(written(root, of(*place)), "a01", "a02") for place in (("a01", 20), ("a02", 30)))
    lines = [line for line in work_order("h1-a", one, other, DAY).markdown().splitlines() if "[ ]" in line]
    assert lines == ["- [ ] a01 u20 → a02 u30: **chassis-1**, acme-chassis, serial C1"]
    gone = record(written(root, "devices: {}\n"), "a01", "a02")
    out = [line for line in work_order("h1-a", one, gone, DAY).markdown().splitlines() if "[ ]" in line]
    assert [line.split("**")[1] for line in out] == ["blade-1", "blade-2", "chassis-1"]


def test_a_label_tells_blades_of_one_parent_apart(root: Path) -> None:
    inventory = written(root, of("a01", 20))
    assert [end_text(inventory, End(f"blade-{n}", "eth0")) for n in (1, 2)] == [
        "0H1.A01-20.Slot1:eth0",
        "0H1.A01-20.Slot2:eth0",
    ]


def test_rows_count_bays(root: Path) -> None:
    inventory = written(root, ROW)
    seats = {name: (d.rack, d.u, str(d.bay)) for name, d in inventory.devices.items() if d.bay}
    assert seats == {
        "blade-9": ("b01", 20, "chassis-b01/Slot 2"),
        "blade-b01-1": ("b01", 20, "chassis-b01/Slot 1"),
        "blade-b01-2": ("b01", 20, "chassis-b01/Slot 3"),
    }  # those of an absent chassis are not there either


def test_one_hall_has_what_is_in_its_bays(root: Path) -> None:
    whole = written(root, ROW)
    folder = root / "inventory/lab"
    alone = load_hall(read_documents(folder, root), (folder, root), "h1")
    for part in (alone, load_halls(folder, root, ["h1"])):
        assert {n: d.rack for n, d in part.devices.items()} == {n: d.rack for n, d in whole.devices.items()}


def test_the_elevation_has_it_inside_its_parent(root: Path) -> None:
    written(root, of("a01", 20))
    assert run("draw rack lab a01 --out a01.svg", root).endswith("exit 0\n")
    text = (root / "a01.svg").read_text("utf-8")
    assert "blade-1 in chassis-1/Slot 1: acme-blade" in text
    assert text.count('data-name="blade-1"') == 1  # at the face of its parent
    assert ">Slot 3<" in text


def test_where_its_place_comes_from(root: Path) -> None:
    written(root, of("a01", 20))
    (story,) = origins(root / "inventory/lab", root, "blade-1")
    told = {origin.what: origin.value for origin in story.origins}
    assert (told["bay"], told["rack"], told["u"]) == ("chassis-1/Slot 1", "a01", "20")
