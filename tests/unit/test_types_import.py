"""`igoudar types import`, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.errors import run
from tests.repository import repository

DEVICE = "---\nmanufacturer: Acme\nmodel: {model}\nslug: acme-{slug}\nu_height: 2\nis_full_depth: true\n"
RACK = (
    "manufacturer: Acme\nmodel: Tall\nslug: acme-tall\nform_factor: 4-post-cabinet\nwidth: 19\nu_height: 47\n"
)
PSU = "manufacturer: Acme\nmodel: PSU-1\npower-ports:\n  - {name: 'PSU{module}', type: iec-60320-c14}\n"

WITHOUT_UNIT = "weight: a mass has no unit; expected weight_unit: one of kg, g, lb, oz"
BAD = f"device-types/Acme/Bad.yaml: {WITHOUT_UNIT}"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout, and a library beside its inventory."""
    root = repository(tmp_path)
    for path, text in (
        ("device-types/Acme/One.yaml", DEVICE.format(model="Box One", slug="one")),
        ("device-types/Acme/Two.yml", DEVICE.format(model="Two", slug="two") + "weigth: 9\n"),
        ("device-types/Acme/Bad.yaml", DEVICE.format(model="Bad", slug="bad") + "weight: 9\n"),
        ("device-types/Other/one.yaml", DEVICE.format(model="Box", slug="other")),
        ("module-types/Acme/PSU-1.yaml", PSU),
        ("rack-types/Acme/Tall.yaml", RACK),
    ):
        (root / "library" / path).parent.mkdir(parents=True, exist_ok=True)
        (root / "library" / path).write_text(text, "utf-8")
    return root


def typed(root: Path, command: str) -> tuple[list[str], int]:
    *lines, last = run(command, root).splitlines()
    return lines, int(last.removeprefix("exit "))


def test_what_is_there_and_what_is_odd_in_it(root: Path) -> None:
    lines, status = typed(root, "types import library")
    assert status == 0
    assert lines == [
        "name        kind    manufacturer  model    U   file",
        "acme-one    device  Acme          Box One  2   device-types/Acme/One.yaml",
        "acme-two    device  Acme          Two      2   device-types/Acme/Two.yml",
        "acme-other  device  Acme          Box      2   device-types/Other/one.yaml",
        "PSU-1       module  Acme          PSU-1    0   module-types/Acme/PSU-1.yaml",
        "acme-tall   rack    Acme          Tall     47  rack-types/Acme/Tall.yaml",
        BAD,
        "device-types/Acme/Two.yml: weigth: warning: the key 'weigth' is not of the format, and what it "
        "says is not used; did you mean 'weight'?",
        "5 types, 1 error, 1 warning",
    ]


def test_the_same_as_json(root: Path) -> None:
    said = run("types import library --json", root)
    told: Any = json.loads(said[: said.rindex("exit ")])
    assert [entry["name"] for entry in told["types"]] == [
        "acme-one",
        "acme-two",
        "acme-other",
        "PSU-1",
        "acme-tall",
    ]
    assert len(told["findings"]) == 2


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("acme-one", "device-types/Acme/One.yaml"),
        ("two", "device-types/Acme/Two.yml"),
        ("psu-1", "module-types/Acme/PSU-1.yaml"),
        ("acme-tall", "rack-types/Acme/Tall.yaml"),
    ],
)
def test_a_type_comes_in_as_it_is_with_its_origin(root: Path, name: str, target: str) -> None:
    lines, status = typed(root, f"types import library {name}")
    assert status == 0
    assert lines[-1].endswith(f": inventory/types/{target}")
    origin, _, text = (root / "inventory/types" / target).read_text("utf-8").partition("\n")
    assert origin.startswith(f"# {target} of library, as it was on ")
    assert text == (root / "library" / target).read_text("utf-8").removeprefix("---\n")
    assert typed(root, "check lab")[1] == 0
    assert typed(root, f"types import library {name}")[1] == 0, "again, and nothing to do"


def test_what_is_there_is_left_alone(root: Path) -> None:
    typed(root, "types import library acme-one")
    file = root / "inventory/types/device-types/Acme/One.yaml"
    file.write_text(file.read_text("utf-8") + "weight: 3\nweight_unit: kg\n", "utf-8")
    lines, status = typed(root, "types import library acme-one")
    assert status == 2
    said = "another type, or a changed one, is there already; expected a free name; nothing was changed"
    assert lines == [f"inventory/types/device-types/Acme/One.yaml: {said}"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("one", "one: 2 types are called so; expected acme-one, acme-other"),
        (
            "acme",
            "acme: the library has no such type; did you mean acme-one, acme-two, acme-other, acme-tall?",
        ),
        ("acme-tow", "acme-tow: the library has no such type; did you mean acme-two, acme-one, acme-tall?"),
        ("nothing", "nothing: the library has no such type; without NAME all are listed"),
        (
            "bad",
            BAD,
        ),
    ],
)
def test_what_cannot_be_brought_in(root: Path, name: str, said: str) -> None:
    lines, status = typed(root, f"types import library {name}")
    assert status == 2
    assert lines == [said]
    assert not (root / "inventory/types/device-types").exists()
