"""A stack of some halls has the records that the whole site has of them, and no more than it needs."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import pulumi
import pytest

import stacks
from igoudar import compiler, program, resources
from igoudar.compiler import Compiled, compile_halls, compile_site
from igoudar.day import today
from igoudar.errors import CheckFailed, Severity
from igoudar.inventory import load_halls, read_documents
from igoudar.ledger import Ledger, dump_ledger
from igoudar.scope import within
from igoudar.some_halls import part_of
from igoudar.stack_files import stacks_of
from tests.errors import checkout
from tests.several_halls import EVERY, several_halls

CHOICES = [list(c) for c in chain.from_iterable(combinations(EVERY, n) for n in range(1, len(EVERY)))]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = several_halls(checkout(tmp_path_factory.mktemp("four")))
    numbers = compiled(root).plan.numbers
    (root / "inventory/lab/ledger.yaml").write_text(dump_ledger(Ledger(numbers)), "utf-8")
    return root


@pytest.fixture(scope="module")
def whole(root: Path) -> Compiled:
    return compiled(root)


def compiled(root: Path, *halls: str) -> Compiled:
    folder = root / "inventory/lab"
    if halls:
        return compile_halls(folder, halls, root=root, today=today())
    return compile_site(folder, root=root, today=today())


Registered = dict[tuple[str, str], Any]


def registered(part: Compiled, root: Path, monkeypatch: pytest.MonkeyPatch) -> Registered:
    """Every record of the stack with all its inputs, by kind and name."""
    found: Registered = {}

    class Record(pulumi.Resource):
        def __init__(self, token: str, name: str, props: Mapping[str, Any], _: object = None) -> None:
            assert (token, name) not in found
            found[token, name] = dict(props)

    with monkeypatch.context() as patched:
        patched.chdir(root)
        patched.setattr(resources, "Record", Record)
        patched.setattr(pulumi, "get_stack", lambda: "stack")
        patched.setattr(pulumi.ComponentResource, "__init__", lambda *_: None)
        patched.setattr(pulumi.ComponentResource, "register_outputs", lambda *_: None)
        stacks.register(part, frozenset(stacks.LAYERS))
    return found


def test_the_site_has_no_mistakes_and_all_ties(whole: Compiled) -> None:
    assert not [f for f in whole.findings if f.severity is Severity.ERROR]
    assert not whole.plan.provisional
    vpcs, leaves = whole.design.inventory.vpcs, {p.owner: p.leaves for p in whole.design.tenants.subnets}
    assert leaves["both/lent/db"] == ("leaf-h2-b02", "leaf-h3-b02")
    assert leaves["both/far/db"] == ("leaf-h2-b01", "leaf-h2-b02", "leaf-h3-b01", "leaf-h4-a01")
    assert leaves["both/fourth/db"] == ("leaf-h3-a01", "leaf-h4-b02")
    assert "both/empty" in {f"{v.tenant}/{v.name}" for v in vpcs.values()}
    cables = whole.design.inventory.cables
    assert len([c for c in cables.values() if c.via]) == 3
    assert "spare-h3-b01/swp1 -- spine-h2-a03/swp26" in cables
    assert "spine-h2-a03/swp24 -- super-more/swp1" in cables


@pytest.mark.parametrize("halls", CHOICES, ids="-".join)
def test_records_are_those_of_the_whole_site(
    root: Path, whole: Compiled, halls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole_sites = all_compiled(monkeypatch)
    part = compiled(root, *halls)
    wanted = registered(within(whole, halls), root, monkeypatch)
    found = registered(within(part, halls), root, monkeypatch)
    assert {*found} == {*wanted}
    for record, inputs in wanted.items():
        assert found[record] == inputs, record
    assert len(whole_sites) == ("h4" in halls), "all are compiled for management hosts"


def all_compiled(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Sites that were compiled with all halls since."""
    found: list[Path] = []

    def counted(folder: Path, **told: Any) -> Compiled:
        found.append(folder)
        return compile_site(folder, **told)

    monkeypatch.setattr(compiler, "compile_site", counted)
    return found


EDITS = {
    "a number that is not in the ledger": [
        ("ledger.yaml", "    leaf-h2-a01/swp1 -- srv-h2-a01-1/eth1:", "    gone/swp1 -- gone/eth1:")
    ],
    "a number that goes with a rename": [
        ("more.yaml", "panel-2", "panel-9"),
        ("more.yaml", "panel-9: {", "panel-9: {was: panel-2, "),
    ],
    "tails of one port for several halls": [
        (
            "more.yaml",
            "overrides:\n",
            "  big: {type: generic-spine-128, role: super-spine, number: 9, rack: h3-a03, u: 10,"
            " serial: SN9003, draw: 10 W}\noverrides:\n",
        ),
        (
            "more.yaml",
            "rows:\n\n  - hall",
            "  - {a: leaf-h2-a01/swp28, b: big/swp1s0, length: 20 m}\n"
            "  - {a: leaf-h3-a01/swp28, b: big/swp1s1, length: 20 m, medium: aoc}\nrows:\n\n  - hall",
        ),
    ],
    "servers on leaves by number": [
        (
            "cabling.yaml",
            "  meshes:\n",
            "  meshes:\n    - {devices: server, hall: h4, row: a, positions: 2..2, numbers: 3..4,"
            " ports: eth2, to: leaf, to_numbers: 3..3, onto: swp11..12, length: 20 m}\n",
        )
    ],
}


NUMBERED = ("tails of one port for several halls", "servers on leaves by number")


@pytest.mark.parametrize("edit", EDITS)
def test_where_a_part_cannot_tell_all_halls_are_compiled(
    root: Path, edit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = root / "inventory/lab"
    before = {name: (site / name).read_text("utf-8") for name in ("ledger.yaml", "more.yaml", "cabling.yaml")}
    try:
        for name, old, new in EDITS[edit]:
            text = (site / name).read_text("utf-8")
            assert old in text
            (site / name).write_text(text.replace(old, new), "utf-8")
        whole = compiled(root)
        if edit in NUMBERED:
            (site / "ledger.yaml").write_text(dump_ledger(Ledger(whole.plan.numbers)), "utf-8")
        wanted = registered(within(whole, ["h2"]), root, monkeypatch)
        whole_sites = all_compiled(monkeypatch)
        assert registered(within(compiled(root, "h2"), ["h2"]), root, monkeypatch) == wanted
        assert len(whole_sites) == 1
    finally:
        for name, text in before.items():
            (site / name).write_text(text, "utf-8")


def test_of_other_halls_there_is_what_a_hall_is_tied_to(root: Path) -> None:
    folder = root / "inventory/lab"
    part = compiled(root, "h3")
    devices = part.design.inventory.devices.values()
    assert {d.name for d in devices if d.hall == "h4"} >= {"mgmt-1", "srv-h4-b02-1", "leaf-h4-b02"}
    assert {d.role for d in devices if d.hall == "h1"} >= {"border", "upstream"}
    assert {*part.switches} == {d.name for d in devices if d.hall == "h3" and d.role in ("leaf", "spine")}
    tied = part_of(read_documents(folder, root), ["h1"])
    assert tied is not None
    assert tied.part is not None
    assert tied.part.elsewhere >= {("both", "shared"), ("both", "fourth")}
    assert ("fisc", "prod") not in tied.part.elsewhere
    assert {*load_halls(folder, root, ["h3"]).devices} == {device.name for device in devices}


def test_a_hall_that_is_wrong_stops_its_own_stack(root: Path) -> None:
    file = root / "inventory/lab/more.yaml"
    before = file.read_text("utf-8")
    head, third = before.split("  - hall: h3")
    file.write_text(f"{head}  - hall: h3{third.replace('power: 3 kW', 'power: 30 W', 1)}", "utf-8")
    stacks = {stack.name: stack for stack in stacks_of(root / "inventory/lab", root)}
    try:
        assert program.prepare(stacks["two"], root, real=False).switches
        with pytest.raises(CheckFailed, match="h3-a01"):
            program.prepare(stacks["rest"], root, real=False)
    finally:
        file.write_text(before, "utf-8")


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        ("h2, h9", "there is no hall 'h9'"),
        ("h1,h2", "both have h1"),
        ("h4", "no stack of the site has the hall h2"),
    ],
)
def test_slices_are_compared_with_those_of_other_stacks(root: Path, scope: str, said: str) -> None:
    file = root / "Pulumi.two.yaml"
    before = file.read_text("utf-8")
    file.write_text(before.replace("scope: h2", f"scope: {scope}"), "utf-8")
    (stack,) = [stack for stack in stacks_of(root / "inventory/lab", root) if stack.name == "two"]
    try:
        with pytest.raises(CheckFailed, match=said):
            program.prepare(stack, root, real=False)
    finally:
        file.write_text(before, "utf-8")
