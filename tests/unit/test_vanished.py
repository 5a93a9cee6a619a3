"""What may not simply go from one commit to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from igoudar.model import Inventory, Status
from igoudar.vanished import vanished
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
