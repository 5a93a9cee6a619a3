"""What the record of a rack says of its feeds and its heat."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from igoudar.facility.graph import Racks
from igoudar.inventory import load
from igoudar.model import Inventory
from igoudar.resources import rack_record
from tests.errors import ROOT


@pytest.fixture(scope="module")
def lab() -> Inventory:
    return load(ROOT / "inventory/lab", ROOT)


def told(inventory: Inventory, rack: str = "a01") -> dict[str, Any]:
    names = [device.name for device in inventory.devices.values() if device.rack == rack]
    return rack_record(Racks(inventory), rack, names)


def test_each_feed_is_told_with_the_other_and_alone_and_by_phase(lab: Inventory) -> None:
    """350 W and twice 490 W, each with a cord on A and on B, which are tapped off with 32 A."""
    record = told(lab)

    assert record["power"] == "1.33 kW of 12.5 kW"
    assert record["heat"] == {"air": "1.33 kW"}
    assert record["load"]["A"] == record["load"]["B"] == "665 W, alone 1.33 kW of 16.849 kW"
    assert record["load"]["A alone"] == "L1 490 W, L2 490 W, L3 350 W of 5.616 kW each"


def test_without_cords_no_phase_is_told(lab: Inventory) -> None:
    assert [*told(replace(lab, cords={}))["load"]] == ["A", "B"]


def test_heat_goes_to_what_takes_it(lab: Inventory) -> None:
    facts = {**lab.facts, "generic-switch-32": replace(lab.facts["generic-switch-32"], liquid_share=0.8)}

    assert told(replace(lab, facts=facts))["heat"] == {"air": "1.05 kW", "liquid": "280 W"}


def test_a_device_of_which_nobody_knows_the_draw_makes_the_sums_unknown(lab: Inventory) -> None:
    facts = {slug: known for slug, known in lab.facts.items() if slug != "generic-switch-32"}
    record = told(replace(lab, facts=facts))

    assert record["power"] == "980 W and 1 unknown of 12.5 kW"
    assert record["heat"] == "unknown"
    assert record["load"] == {"A": "unknown", "B": "unknown"}


def test_what_changes_in_one_rack_changes_no_other(lab: Inventory) -> None:
    devices = {name: device for name, device in lab.devices.items() if name != "srv-1"}
    cords = {key: cord for key, cord in lab.cords.items() if "srv-1/" not in key}
    without = replace(lab, devices=devices, cords=cords)

    assert told(without) != told(lab)
    assert told(without, "a02") == told(lab, "a02")
