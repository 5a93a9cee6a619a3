"""`check --hall` of a hall that is tied to others says of it what the whole site says, and no more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from igoudar import checks
from igoudar.allocate import allocate
from igoudar.compiler import check_hall, compile_halls, describe
from igoudar.day import today
from igoudar.errors import BadInput, CheckFailed, Finding, Where, in_order
from igoudar.inventory import load, read_documents
from igoudar.ledger import Ledger, dump_ledger
from igoudar.one_hall import OF_TIES, halls_of
from igoudar.waivers import waive
from igoudar.yaml_source import locate
from tests.errors import checkout, run
from tests.several_halls import several_halls

Edit = tuple[str, str, str]  # a file of the site, old and new text; without old, what is added

KINDS = """
hall_kinds:
  small:
    power: 10 kW
    cooling: air-indirect
    units:
      '{hall}-cool': {type: air-handler-40, count: 2, needed: 1, cools: '{hall}-air', from: ups-a}
      '{hall}-board': {type: board-250, from: board-a}
    loops:
      '{hall}-air': {medium: air, air: 100 m³}
    rows:
      - name: a
        racks: '01..02'
        names: '{hall}-{row}{rack}'
        type: generic-rack-47
        power: 1 kW
        feeds: {A: busway-a, B: busway-b}
        devices:
          - {name: 'box-{rack}-{n}', type: generic-server-2, role: server, status: planned, u: 1}
          - {name: 'top-{rack}', type: generic-switch-32, role: leaf, nos: frr, status: planned, u: 40}
hall_series:
  - {kind: small, buildings: 3, halls: '1..2', number: 1, names: 'k{hall}'}
"""
MORE_UNITS = """
units:
  more: {type: air-handler-40, hall: k1, cools: k1-air, from: ups-a}
"""
BEHIND = """
units:
  more: {type: board-250, from: k1-cool}
  last: {type: board-250, from: [more, board-a]}
"""
LOOPS = """
loops:
  warm: {hall: k2, medium: liquid, to: far}
  far: {to: k1-air}
"""
PROMISE = """
schemes:
  own: {halls: [k1, k2], scheme: 2N, blocks: ups}
"""
WAIVER = """
waivers:
  - {code: no-rack-type, object: rack h2-a01, reason: r, person: p, until: 2026-12-31}
"""
FLOOR = """
  halls:
    k1: {tile: 600 mm, rows: {a: B01}, trays: [{name: d, carries: data, begin: B01, end: B02, height: 2 m}]}
"""
FLOORS = """
  kinds:
    small:
      {tile: 600 mm, rows: {a: B01}, trays: [{name: d, carries: data, begin: B01, end: B02, height: 2 m}]}
"""
FED = """
units:
  more: {type: busway-160, from: k1-board}
racks:
  z1: {hall: h1, row: z, position: 1, type: generic-rack-47, power: 1 kW, feeds: {A: more, B: k2-board}}
"""
RULE = "  in_racks:\n    - {devices: server, hall: k1, port: eth1, to: leaf, u: 1..2, onto: swp5..6}\n"
SUBNET = "  lent:\n    subnets: {more: {ipv4: 172.16.8.0/24, servers: [srv-h4-a02-1]}}\n  loan:\n"
LENT = "  - {a: srv-h2-b02-2/eth2, b: leaf-h3-b02/swp20, length: 20 m}\n"
CABLE = "  - {a: srv-h4-a02-1/eth2, b: leaf-h2-a01/swp22, length: 20 m}\n"
HALL = ("number: 3, power: 20 kW", "number: 3, power: 2 kW")
BY_NUMBER = """
    - {devices: server, hall: h4, row: a, positions: 2..2, numbers: 3..4, ports: eth2, to: leaf,
       to_numbers: 3..3, onto: swp11..12, length: 20 m}
"""
OF_OTHERS = """
    - {devices: server, hall: h2, row: a, positions: 2..2, numbers: 3..4, ports: eth3, to: leaf,
       to_halls: 3..3, to_numbers: 3..3, onto: swp11..12, length: 20 m}
"""
DEVICES, UPLINKS, MORE, KIND = "devices.yaml", "uplinks.yaml", "more.yaml", "kinds.yaml"
TENANTS, CABLING, WAIVERS = "tenants/both.yaml", "cabling.yaml", "waivers.yaml"
BORDER = "border-2: {type: generic-switch-32, role: border, number: 2, rack: a03, u: 42"
FAR = "far-south: {type: generic-router-4, role: upstream, number: 2, rack: a03, u: 32"
LEAVES = tuple((DEVICES, f"border-{n}: {{", f"border-{n}: {{status: decommissioning, ") for n in "12")
THERE: tuple[Edit, ...] = (
    (DEVICES, BORDER, "border-2: {type: generic-switch-32, role: border, number: 2, rack: h2-a03, u: 20"),
    (DEVICES, FAR, "far-south: {type: generic-router-4, role: upstream, number: 2, rack: h2-a03, u: 22"),
    (UPLINKS, "classes: [commercial]", "classes: [sovereign, commercial]"),
)
EDITS: dict[str, tuple[Edit, ...]] = {
    "as it is": (),
    "a server without its second cable": ((MORE, LENT, ""),),
    "a cable to another hall too many": ((TENANTS, "  lent:\n", SUBNET), (MORE, LENT, LENT + CABLE)),
    "a hall with a mistake beside": ((MORE, *HALL),),
    "servers on leaves by number": ((CABLING, "  meshes:\n", f"  meshes:\n{BY_NUMBER}"),),
    "servers on leaves of other halls": ((CABLING, "  meshes:\n", f"  meshes:\n{OF_OTHERS}"),),
    "an exit in another hall": THERE,
    "a border leaves, and another hall has an exit": (*THERE, LEAVES[0]),
    "the only borders leave": (*THERE, *LEAVES),
    "the border of another hall's far end leaves": (*THERE[1:], *LEAVES),
    "the far end of a wave is in another hall": THERE[1:2],
    "a fabric without a spine": (
        (DEVICES, "spine-1: {", "spine-1: {status: offline, "),
        (DEVICES, "spine-2: {", "spine-2: {status: decommissioning, "),
    ),
    "series": ((KIND, "", KINDS),),
    "units of one of a series": ((KIND, "", KINDS + MORE_UNITS),),
    "a unit behind one of a series": ((KIND, "", KINDS + BEHIND),),
    "a rack that hangs on some of a series": ((KIND, "", KINDS + FED),),
    "floors of a series, and units of one": (
        (KIND, "", KINDS + MORE_UNITS),
        (CABLING, "\n  halls:\n", FLOORS + "  halls:\n"),
    ),
    "loops of one of a series": ((KIND, "", KINDS + LOOPS),),
    "a unit of a series that is misspelt": (
        (KIND, "", KINDS + MORE_UNITS.replace("hall: k1", "hall: k9").replace("ups-a", "ups-c")),
    ),
    "promises, floors and rules of one of a series": (
        (KIND, "", KINDS + PROMISE),
        (CABLING, "\n  halls:\n", FLOOR),
        (CABLING, "  in_racks:\n", RULE),
    ),
    "a waiver of a rack elsewhere": ((WAIVERS, "", WAIVER),),
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return several_halls(checkout(tmp_path_factory.mktemp("tied")))


@contextmanager
def edited(root: Path, edits: tuple[Edit, ...]) -> Iterator[tuple[Path, Path]]:
    site = root / "inventory/lab"
    before = {name: path.read_text("utf-8") if (path := site / name).exists() else None for name, *_ in edits}
    try:
        for name, old, new in edits:
            text = (site / name).read_text("utf-8") if (site / name).exists() else ""
            assert not old or text.count(old) == 1, (name, old)
            (site / name).write_text(text.replace(old, new) if old else text + new, "utf-8")
        yield site, root
    finally:
        for name, known in before.items():
            if known is None:
                (site / name).unlink()
            else:
                (site / name).write_text(known, "utf-8")


def of_all(place: tuple[Path, Path]) -> tuple[Finding, ...]:
    inventory = load(*place)
    found = waive(checks.check(describe(inventory, place[1])), inventory.waivers, today())
    return in_order(locate(found, place[1]))


def of_each(place: tuple[Path, Path]) -> dict[str, tuple[bool, tuple[Finding, ...]]]:
    """By hall; whether it can be read."""
    documents, found = read_documents(*place), {}
    for hall in halls_of(documents):
        try:
            found[hall] = True, check_hall(documents, place, hall, today())
        except BadInput as error:
            found[hall] = False, error.findings
    return found


def keys(findings: Iterable[Finding]) -> set[tuple[str, Where, str]]:
    return {(f.code, f.where, f.subject) for f in findings}


@pytest.mark.parametrize("edit", EDITS)
def test_a_hall_says_no_more_than_the_whole_and_of_its_ties_all(root: Path, edit: str) -> None:
    """Of a site that cannot be read only that is compared."""
    with edited(root, EDITS[edit]) as place:
        halls = of_each(place)
        try:
            readable, whole = True, of_all(place)
        except BadInput as error:
            readable, whole = False, error.findings
    for hall, (alone, found) in halls.items():
        assert alone or not readable, hall
        if alone is readable:
            assert keys(found) <= keys(whole), hall
    assert readable or keys(whole) == {
        key for alone, found in halls.values() if not alone for key in keys(found)
    }
    ties = {f for f in whole if f.code in OF_TIES}
    assert {f for _, found in halls.values() for f in found if f.code in OF_TIES} == ties


def test_what_is_wrong_with_another_hall_is_not_said_of_one_that_is_tied_to_it(root: Path) -> None:
    """Leaves of the third hall have a type that is not there; the second has a server on one of them."""
    text = (root / "inventory/lab" / MORE).read_text("utf-8")
    third = text[text.index("  - hall: h3") : text.index("  - hall: h4")]
    wrong = third.replace("type: generic-switch-32, role: leaf", "type: generic-switch-23, role: leaf")
    with edited(root, ((MORE, third, wrong),)) as place:
        halls = of_each(place)
    assert [hall for hall, (alone, _) in halls.items() if not alone] == ["h3"]
    assert {f.code for f in halls["h2"][1]} == {"bogon-exception", "envelope-not-shown", "whole-not-judged"}


def test_a_stack_keeps_the_last_exit(root: Path) -> None:
    """The stack of which it leaves, and no other."""
    with edited(root, (*THERE, *LEAVES, ("ledger.yaml", "", ""))) as (site, _):
        numbers = allocate(describe(load(site, root), root), Ledger(), today()).numbers
        (site / "ledger.yaml").write_text(dump_ledger(Ledger(numbers)), "utf-8")
        for hall in ("h1", "h2"):
            with pytest.raises(CheckFailed, match="no other border that is in service is an exit"):
                compile_halls(site, [hall], root=root, today=today())
        compile_halls(site, ["h3"], root=root, today=today())


def test_a_hall_that_is_tied_to_others_is_checked_as_it_is_typed(root: Path) -> None:
    assert run("check lab --hall h2", root).splitlines()[-2:] == [
        "hall h2 of lab: 0 errors, 5 warnings",
        "exit 0",
    ]
