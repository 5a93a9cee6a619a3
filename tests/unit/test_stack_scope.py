"""Several stacks over one site: each resource in one of them, and a run that has what its file says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest

import stacks
from igoudar import program
from igoudar.compiler import Compiled
from igoudar.errors import BadInput
from igoudar.resources import cabling_records
from igoudar.scope import within
from igoudar.stack_files import StackFile, stacks_of
from tests import golden
from tests.errors import checkout, run

OVER_THERE = ("border-2", "leaf-3", "leaf-4", "srv-7")


@pytest.fixture
def halls() -> Compiled:
    """The lab, as if some of its devices, and a row of their own, stood in a second hall."""
    whole = golden.compiled("lab")
    inventory, rows = whole.design.inventory, whole.design.hall.rows
    devices = {n: replace(d, hall="h2") if n in OVER_THERE else d for n, d in inventory.devices.items()}
    second = {**inventory.halls, "h2": replace(inventory.halls["h1"], name="h2")}
    return replace(
        whole,
        design=replace(
            whole.design,
            inventory=replace(inventory, devices=devices, halls=second),
            hall=replace(whole.design.hall, rows=(*rows, replace(rows[0], hall="h2"))),
        ),
    )


def registered(compiled: Compiled) -> Iterator[tuple[str, str]]:
    """What the stacks make resources of, and what stands in these."""
    design = compiled.design
    yield from (("switch", name) for name in compiled.switches)
    yield from (("base", name) for name in compiled.base)
    yield from (("host", name) for name in compiled.hosts)
    yield from (("member", name) for group in design.servers.groups for name in group.hosts)
    yield from (("row", f"{row.hall}-{row.row}") for row in design.hall.rows)
    yield from (("cable", key) for cables in cabling_records(compiled).values() for key in cables)
    yield from (("circuit", circuit.wave.name) for circuit in design.uplinks.circuits)
    yield from (("session", edge.session.name) for edge in design.uplinks.sessions)
    yield from (("vpc", name) for name in design.inventory.vpcs)


def test_every_resource_is_in_one_scope(halls: Compiled) -> None:
    first, second = list(registered(within(halls, ["h1"]))), list(registered(within(halls, ["h2"])))

    assert sorted(first + second) == sorted(registered(halls))
    assert {kind for kind, _ in second} >= {
        "switch", "base", "host", "member", "row", "cable", "circuit", "session",
    }  # fmt: skip
    assert {name for kind, name in second if kind == "switch"} == {"border-2", "leaf-3", "leaf-4"}
    assert all(group.hosts for group in within(halls, ["h2"]).design.servers.groups)


def test_all_halls_are_the_whole_site(halls: Compiled) -> None:
    assert within(halls, ["h2", "h1"]) is halls


def test_stacks_that_share_no_layer_share_a_hall(tmp_path: Path) -> None:
    root = checkout(tmp_path)
    for name, layers in (("lab", "hall, tenants"), ("two", "networks,uplinks,servers")):
        text = f"config:\n  igoudar:site: lab\n  igoudar:layers: {layers}\n"
        (root / f"Pulumi.{name}.yaml").write_text(text)

    assert "0 errors" in run("check lab", root)


def test_a_site_is_named_from_the_checkout_wherever_the_command_runs(tmp_path: Path) -> None:
    root = checkout(tmp_path)
    (root / "Pulumi.two.yaml").write_text("config:\n  igoudar:site: inventory/lab\n")

    assert [stack.name for stack in stacks_of(root / "inventory" / "lab", root)] == ["lab", "two"]
    assert run("check lab", root / "stacks").endswith("exit 3\n")


# the program


@pytest.fixture
def begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Calls of `register`; the checkout is the folder that the program runs in."""
    calls: list[Any] = []
    monkeypatch.chdir(checkout(tmp_path))
    monkeypatch.setattr(stacks, "register", lambda *told: calls.append(told))
    monkeypatch.setattr(pulumi, "get_stack", lambda: "lab")
    monkeypatch.setattr(pulumi, "export", lambda name, value: None)
    monkeypatch.setattr(pulumi.log, "warn", lambda said: None)
    yield calls
    pulumi.runtime.set_all_config({})


def start(monkeypatch: pytest.MonkeyPatch, told: Mapping[str, str], *, preview: bool = False) -> None:
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: preview)
    pulumi.runtime.set_all_config({f"igoudar:{key}": value for key, value in told.items()})
    program.run()


LAB = {"site": "lab", "secrets": "file:.igoudar/secrets/lab.yaml"}


def test_a_run_without_a_value_registers_nothing(begun: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    start(monkeypatch, LAB, preview=True)
    assert len(begun) == 1, "a preview needs no store"

    with pytest.raises(pulumi.RunError, match=r"^Pulumi\.lab\.yaml:3: .*the store cannot be read"):
        start(monkeypatch, LAB)
    assert len(begun) == 1

    store = Path(".igoudar/secrets/lab.yaml")
    store.parent.mkdir(parents=True)
    store.touch(0o600)
    marks = [secret.mark for secret in golden.compiled("lab").design.inventory.secrets.values()]
    store.write_text("".join(f"{mark.removeprefix('secret:')}: one\n" for mark in marks))
    start(monkeypatch, LAB)
    assert len(begun) == 2


def test_a_run_that_brings_no_text_needs_no_store(begun: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    file = Path("Pulumi.lab.yaml")
    file.write_text("config:\n  igoudar:site: lab\n  igoudar:layers: hall, tenants\n")
    start(monkeypatch, {"site": "lab", "layers": "hall, tenants"})

    ((_, layers),) = begun
    assert layers == {"hall", "tenants"}


def test_a_run_with_other_settings_than_its_file_registers_nothing(
    begun: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(pulumi.RunError, match=r"^Pulumi\.lab\.yaml: this run has other settings"):
        start(monkeypatch, {**LAB, "scope": "h1"}, preview=True)
    assert begun == []


def test_a_stack_without_a_file_has_no_part_of_a_site(tmp_path: Path) -> None:
    stack = StackFile("elsewhere", LAB)

    with pytest.raises(BadInput, match=r"^Pulumi\.elsewhere\.yaml: "):
        program.prepare(stack, checkout(tmp_path), real=False)
