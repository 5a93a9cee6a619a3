"""`igoudar check` compares with the commit that is changed, or says that it could not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.errors import run
from tests.repository import git, repository


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path)


def test_a_tenant_in_use_may_not_vanish(root: Path) -> None:
    (root / "inventory/lab/tenants/portail.yaml").unlink()
    lines = run("check lab", root).splitlines()

    assert lines[-2:] == ["lab: 1 error, 7 warnings", "exit 3"]
    assert (
        "main:inventory/lab/tenants/portail.yaml:4: vpcs.pub: the VPC portail/pub vanishes and still has "
        "srv-8; expected a VPC without servers: take them out of its subnets first"
    ) in lines


def test_what_is_committed_is_the_new_base(root: Path) -> None:
    (root / "inventory/lab/tenants/portail.yaml").unlink()
    git(root, "commit", "-q", "-am", "it went")

    assert run("check lab", root).endswith("lab: 0 errors, 7 warnings\nexit 0\n")
    assert "portail/pub vanishes" in run("check lab --base HEAD~1", root)


def test_without_a_base_it_says_that_it_could_not_look(root: Path) -> None:
    git(root, "branch", "-m", "trunk")
    said = run("check lab", root)

    assert "info: not compared with main, so what may not vanish or move was not looked at" in said
    assert said.endswith("exit 0\n")
    assert run("check lab --base nowhere", root).endswith("exit 2\n")


def test_a_device_that_stands_keeps_its_number_and_its_address(root: Path) -> None:
    file = root / "inventory/lab/devices.yaml"
    text = file.read_text("utf-8")
    line = 1 + text[: text.index("  leaf-4:")].count("\n")
    changed = text.replace(
        "leaf-4: {type: generic-switch-32, role: leaf, number: 4",
        "leaf-4: {type: generic-switch-32, role: leaf, number: 5",
    )
    assert changed != text
    file.write_text(changed, "utf-8")
    said = run("check lab", root)

    assert said.endswith("exit 3\n")
    assert (
        f"inventory/lab/devices.yaml:{line}: devices.leaf-4.number: leaf-4 is active with the number 4, and "
        "would have 5; expected the number 4, as long as it stands; to change it: status: decommissioning "
        "and an update first, and the new number in a change after that; "
        f"see main:inventory/lab/devices.yaml:{line}: devices.leaf-4.number"
    ) in said.splitlines()


def test_a_rack_that_holds_devices_does_not_vanish(root: Path) -> None:
    hall, devices = root / "inventory/lab/hall.yaml", root / "inventory/lab/devices.yaml"
    before = hall.read_text("utf-8"), devices.read_text("utf-8")
    hall.write_text(f"{before[0]}  a06: {{hall: h1, row: a, position: 6, height: 47 U}}\n", "utf-8")
    told = "type: generic-server-2, role: server, number: 9, rack: a06, u: 1, serial: X9, oob: 192.0.2.109/24"
    devices.write_text(f"{before[1]}  srv-9: {{{told}}}\n", "utf-8")
    git(root, "commit", "-q", "-am", "one rack more")
    hall.write_text(before[0], "utf-8")
    devices.write_text(before[1], "utf-8")
    said = run("check lab", root)

    line = before[0].count("\n") + 1
    assert said.endswith("exit 3\n")
    assert (
        f"main:inventory/lab/hall.yaml:{line}: racks.a06: the rack a06 vanishes and still holds srv-9; "
        "expected an empty rack: move its devices, or decommission them first"
    ) in said.splitlines()
    devices.write_text(f"{before[1]}  srv-9: {{{told.replace('a06', 'a05')}}}\n", "utf-8")
    assert "vanishes" not in run("check lab", root)
