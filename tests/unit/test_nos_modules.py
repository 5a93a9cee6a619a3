"""What a NOS folder names is found: its driver, its validators and its role are nobody else's list."""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from igoudar import live, vendors
from igoudar.compiler import compile_site
from igoudar.drivers import driver
from igoudar.validate import validator
from tests import golden
from tests.errors import checkout, run

NOS = vendors.load(golden.ROOT / "templates")
MODULES = golden.ROOT / "src" / "igoudar"


def modules(folder: str) -> list[str]:
    return sorted(p.stem for p in (MODULES / folder).glob("*.py") if p.stem != "__init__")


@pytest.mark.parametrize("name", modules(vendors.DRIVERS))
def test_every_driver_says_who_it_is(name: str) -> None:
    access: Any = SimpleNamespace(host="leaf-1")

    assert driver(name, access).name == "leaf-1"


@pytest.mark.parametrize("name", modules(vendors.VALIDATORS))
def test_every_validator_takes_an_image_a_host_and_a_text(name: str) -> None:
    assert list(inspect.signature(validator(name)).parameters) == ["root", "host", "text"]


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose NOS has the driver `bare`; a package of our modules in which that one is written."""
    root = checkout(tmp_path / "checkout")
    description = root / "templates/frr/device.yaml"
    description.write_text(description.read_text().replace("driver: frr", "driver: bare"))
    for folder in (vendors.DRIVERS, vendors.VALIDATORS):
        shutil.copytree(vendors.PACKAGE / folder, tmp_path / "package" / folder)
    monkeypatch.setattr(vendors, "PACKAGE", tmp_path / "package")
    return root


def driver_says(root: Path, text: str) -> None:
    (root.parent / "package" / vendors.DRIVERS / "bare.py").write_text(text)


@pytest.mark.parametrize("text", ["", 'GOES_BACK = ""\n', 'GOES_BACK = "hope"\n'])
def test_a_nos_that_nobody_would_put_back_is_refused(bare: Path, text: str) -> None:
    driver_says(bare, text)
    said = run("check lab", bare)
    assert said.splitlines() == [
        "templates/frr/device.yaml:3: driver: the driver 'bare' has neither an agent on the switch nor the "
        "switch's own commit-confirm, so a change that is cut off would stay half done; expected a driver "
        "with GOES_BACK = 'agent' or 'commit-confirm'",
        "lab: 1 error, 0 warnings",
        "exit 2",
    ]


def test_a_commit_confirm_alone_waits_for_the_operator_and_check_says_so(bare: Path) -> None:
    driver_says(bare, 'GOES_BACK = "commit-confirm"\n')
    said = run("check lab", bare)
    assert "cannot ask the witnesses by itself; expected in_doubt: operator" in said
    assert said.endswith("exit 2\n")
    description = bare / "templates/frr/device.yaml"
    description.write_text(description.read_text().replace("in_doubt: device", "in_doubt: operator"))
    said = run("check lab", bare)
    assert "in_doubt: warning: spine-1, spine-2, border-1" in said
    assert "`igoudar recover` makes such a switch whole" in said
    assert said.endswith("exit 0\n")


def test_live_texts_are_read_by_the_driver_of_the_nos(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def fake(name: str, access: str) -> Any:
        asked.append(name)
        return SimpleNamespace(
            read=lambda paths, disguise: SimpleNamespace(texts=dict.fromkeys(paths, access)),
            close=lambda: None,
        )

    def reach(inventory: Any, root: Path) -> Mapping[str, str]:
        return {name: f"at {name}" for name in inventory.devices}

    monkeypatch.setattr("igoudar.apply.reach.driver", fake)
    monkeypatch.setattr("igoudar.apply.reach.access_map", reach)
    texts = live.live_texts(golden.compiled("lab"), golden.ROOT)

    assert set(asked) == {NOS["frr"].driver}
    assert texts["leaf-1"]["/etc/frr/frr.conf"] == "at leaf-1"


def test_a_switch_has_the_role_of_its_nos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = checkout(tmp_path)
    monkeypatch.setattr("stacks.servers.SWITCH", ("base",), raising=False)
    shutil.copytree(root / "templates/frr", root / "templates/other")
    description = root / "templates/other/device.yaml"
    description.write_text(description.read_text().replace("role: frr_switch", "role: unbound"))
    devices = root / "inventory/lab/devices.yaml"
    before, leaf, after = devices.read_text().partition("  leaf-2:")
    devices.write_text(before.replace("nos: frr", "nos: other") + leaf + after)
    hosts = compile_site(root / "inventory/lab", root=root, today=golden.TODAY).hosts

    assert [role for role in hosts["leaf-1"] if role in ("frr_switch", "unbound")] == ["unbound"]
    assert [role for role in hosts["leaf-2"] if role in ("frr_switch", "unbound")] == ["frr_switch"]
