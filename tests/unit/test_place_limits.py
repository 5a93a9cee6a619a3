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
