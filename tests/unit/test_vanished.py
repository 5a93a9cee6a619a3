"""What may not simply go from one commit to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from netaddr import IPNetwork

from igoudar.errors import Where
from igoudar.model import Inventory, Status
from igoudar.vanished import moved, vanished
from tests import factory


@pytest.fixture(scope="module")
def base() -> Inventory:
    return factory.site()


def without(kept: Mapping[str, Any], *names: str) -> dict[str, Any]:
    assert set(names) <= set(kept)
    return {name: value for name, value in kept.items() if name not in names}


def codes(base: Inventory, now: Inventory) -> list[str]:
    return [finding.code for finding in vanished(base, now)]


def test_nothing_changed_and_nothing_vanished(base: Inventory) -> None:
    assert codes(base, base) == []


def test_an_active_switch_does_not_just_go(base: Inventory) -> None:
    now = replace(base, devices=without(base.devices, "leaf-1"))

    (found,) = vanished(base, now)
    assert found.code == "switch-vanishes"
    assert "leaf-1 leaves the inventory while it is active" in found.message


def test_a_switch_goes_after_its_decommissioning_or_under_another_name(base: Inventory) -> None:
    leaving = factory.with_device(base, "leaf-1", status=Status.DECOMMISSIONING)
    renamed = {**without(base.devices, "leaf-1"), "leaf-x": replace(base.devices["leaf-1"], was="leaf-1")}

    assert codes(leaving, replace(leaving, devices=without(leaving.devices, "leaf-1"))) == []
    assert codes(base, replace(base, devices=renamed)) == []


def test_a_rack_goes_when_it_is_empty(base: Inventory) -> None:
    rack = base.devices["leaf-1"].rack
    held = [d.name for d in base.devices.values() if d.rack == rack]
    now = replace(base, racks=without(base.racks, rack))
    other = {n: replace(d, rack="elsewhere") if n in held else d for n, d in now.devices.items()}

    (found,) = vanished(base, now)
    assert found.code == "rack-occupied"
    assert all(name in found.message for name in held)
    assert codes(base, replace(now, devices=other)) == []


def test_a_rack_goes_when_its_devices_stand_elsewhere_under_another_name(base: Inventory) -> None:
    rack = base.devices["leaf-1"].rack
    heirs = {f"{n}-x": replace(d, name=f"{n}-x", was=n, rack="elsewhere") for n, d in base.devices.items()}
    now = replace(base, racks=without(base.racks, rack), devices=heirs)

    assert "rack-occupied" not in codes(base, now)
    stays = {**heirs, "leaf-1-x": replace(heirs["leaf-1-x"], rack=rack)}
    assert "rack-occupied" in codes(base, replace(now, devices=stays))


STANDING = {Status.STAGED, Status.ACTIVE, Status.OFFLINE}


@pytest.mark.parametrize("status", Status)
def test_what_stands_keeps_number_and_address(base: Inventory, status: Status) -> None:
    before = factory.with_device(base, "leaf-1", status=status, number=7, oob=IPNetwork("10.64.0.1/16"))
    after = factory.with_device(before, "leaf-1", number=8, oob=IPNetwork("10.64.0.9/16"))
    said = [(f.code, f.message) for f in moved(before, after)]

    assert [*moved(before, before)] == []
    assert said == (
        [
            ("number-moved", f"leaf-1 is {status} with the number 7, and would have 8"),
            ("oob-moved", f"leaf-1 is {status} with the oob address 10.64.0.1, and would have 10.64.0.9"),
        ]
        if status in STANDING
        else []
    )


def test_another_name_or_mask_moves_nothing_and_a_lost_address_does(base: Inventory) -> None:
    leaf = replace(base.devices["leaf-1"], oob=IPNetwork("10.64.0.1/16"))
    before = factory.with_device(base, "leaf-1", oob=leaf.oob)
    rest = without(base.devices, "leaf-1")

    def after(**more: object) -> list[str]:
        heir = replace(leaf, name="leaf-x", was="leaf-1", **more)  # type: ignore[arg-type]
        return [f.message for f in moved(before, replace(base, devices={**rest, "leaf-x": heir}))]

    assert after() == []
    assert after(oob=IPNetwork("10.64.0.1/15")) == []
    assert after(oob=None) == ["leaf-1 is active with the oob address 10.64.0.1, and would have none"]
    assert [*moved(replace(before, devices={**rest, "leaf-1": replace(leaf, oob=None)}), before)] == []


def test_what_a_row_counts_is_told_how_to_stay(base: Inventory) -> None:
    counted = Where("hall.yaml", 0, "rows[0].devices[0]")
    before = factory.with_device(base, "leaf-1", number=7)
    (found,) = moved(before, factory.with_device(before, "leaf-1", number=9, where=counted))

    assert found.where.path == "rows[0].devices[0].number"
    assert found.hint.startswith("`every` and `every_row` keep what a row counts where it is")


def test_a_vpc_goes_when_it_has_no_servers(base: Inventory) -> None:
    key, vpc = next((k, v) for k, v in base.vpcs.items() if any(s.servers for s in v.subnets))
    empty = replace(vpc, subnets=tuple(replace(subnet, servers=()) for subnet in vpc.subnets))
    now = replace(base, vpcs=without(base.vpcs, key))
    renamed = {**now.vpcs, "renamed": replace(vpc, name="renamed", was=vpc.name)}

    assert codes(base, now) == ["vpc-in-use"]
    assert codes(replace(base, vpcs={**base.vpcs, key: empty}), now) == []
    assert codes(base, replace(base, vpcs=renamed)) == []


@pytest.mark.parametrize("how", ["wave", "session", "system", "border"])
def test_the_last_exit_of_a_class_stays(base: Inventory, how: str) -> None:
    first, second = base.waves
    only = factory.with_wave(
        factory.with_wave(base, first, classes=("embassy",)), second, classes=("public",)
    )
    wave = only.waves[first]
    sessions = {n: s for n, s in only.sessions.items() if s.wave != first}
    now = {
        "wave": replace(only, waves=without(only.waves, first), sessions=sessions),
        "session": replace(only, sessions=sessions),
        "system": replace(
            only, systems={**only.systems, wave.system: replace(only.systems[wave.system], in_service=False)}
        ),
        "border": factory.with_device(only, wave.border.device, status=Status.DECOMMISSIONING),
    }[how]

    lost = [finding for finding in vanished(only, now) if "embassy" in finding.message]
    assert [finding.code for finding in lost] == ["last-exit"]
