"""A stack of some halls has the records that the whole site has of them, and no more than it needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from igoudar import program, resources
from igoudar.compiler import Compiled, compile_halls, compile_site
from igoudar.day import today
from igoudar.errors import CheckFailed
from igoudar.group_inputs import server_group_inputs
from igoudar.inventory import read_documents
from igoudar.scope import within
from igoudar.some_halls import part_of
from igoudar.stack_files import stacks_of
from tests.errors import checkout

HALLS = """
halls:
  h2: {building: 1, number: 2, power: 20 kW, cooling: air-indirect}
  h3: {building: 1, number: 3, power: 20 kW, cooling: air-indirect}
  h4: {building: 2, number: 1, power: 20 kW, cooling: air-indirect}
overrides:
  srv-h2-a01-2: {draw: 20 W}
  srv-h4-a01-2: {draw: 20 W}
cables:
  - {a: srv-h2-b02-2/eth2, b: leaf-h3-b02/swp20, length: 20 m}
  - {a: srv-1/eth2, b: srv-h4-a01-1/eth2, length: 20 m, status: planned}
rows:
"""
ROW = """
  - hall: HALL
    name: [a, b]
    racks: '01..03'
    names: '{hall}-{row}{rack}'
    height: 47 U
    power: 100 W
    feeds: {A: busway-a, B: busway-b}
    devices:
      - {name: 'srv-{rack}-{n}', type: generic-server-2, role: server, status: STATUS, draw: 10 W,
         u: '1..2', racks: '01..02', oob: 192.0.2.OOB0/24}
      - {name: 'leaf-{rack}', type: generic-switch-32, role: leaf, nos: frr, status: STATUS, draw: 10 W,
         u: 42, racks: '01..02', oob: 192.0.2.OOB8/24}
      - {name: 'spine-{rack}', type: generic-switch-32, role: spine, nos: frr, status: STATUS, draw: 10 W,
         u: 40, racks: '03..03', oob: 192.0.2.NEXT2/24}
      - {name: 'super-{rack}', type: generic-switch-32, role: super-spine, status: STATUS, draw: 10 W,
         u: 38, racks: '03..03'}
"""
FLOOR = """
    HALL:
      tile: 600 mm
      rows: {a: B01, b: E01}
      trays:
        - {name: data-a, carries: data, begin: B01, end: B03, height: 2500 mm}
        - {name: data-b, carries: data, begin: E01, end: E03, height: 2500 mm}
        - {name: across, carries: data, begin: B01, end: E01, height: 2600 mm}
"""
IN_RACKS = "    - {devices: server, hall: HALL, port: eth1, to: leaf, u: 1..2, onto: swp1..2}\n"
MESHES = """
    - {devices: leaf, hall: HALL, numbers: 1..4, ports: swp31..32, to: spine, to_numbers: 1..2, onto: swp1..4}
    - {devices: spine, hall: HALL, numbers: 1..2, ports: swp21..24, to: super-spine, to_halls: 2..3,
       to_numbers: 1..2, onto: swp1..4, length: 20 m}
"""
TENANT = """
tenant: both
vpcs:
  shared:
    subnets: {web: {ipv4: 172.16.1.0/24, servers: [srv-h2-a01-1, srv-h3-a01-1, srv-h3-b02-1]}}
  third:
    own: [185.10.10.0/24]
    subnets: {edge: {ipv4: 185.10.10.0/26, public: true, servers: [srv-h3-a02-1]}}
"""
BOXES = (
    "srv-{}01-1",
    "srv-{}01-2",
    "srv-{}02-1",
    "srv-{}02-2",
    "leaf-{}01",
    "leaf-{}02",
    "spine-{}03",
    "super-{}03",
)
LINKED = ("h2", "h3")  # by super-spines, a VPC and a cable


def row(hall: str, status: str, first: int) -> str:
    text = ROW.replace("HALL", hall).replace("STATUS", status)
    return text.replace("OOB", str(first)).replace("NEXT", str(first + 1))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lab with three halls more, of which the last has nothing to do with the others."""
    root = checkout(tmp_path_factory.mktemp("four"))
    site = root / "inventory/lab"
    rows = row("h2", "active", 11) + row("h3", "active", 13) + row("h4", "planned", 15)
    (site / "more.yaml").write_text(HALLS + rows, "utf-8")
    told = (site / "cabling.yaml").read_text("utf-8")
    floors, racks, meshes = (
        "".join(text.replace("HALL", h) for h in LINKED) for text in (FLOOR, IN_RACKS, MESHES)
    )
    told = told.replace("  halls:\n", f"  halls:{floors}")
    (site / "cabling.yaml").write_text(f"{told}  in_racks:\n{racks}  meshes:\n{meshes}", "utf-8")
    (site / "tenants/both.yaml").write_text(TENANT, "utf-8")
    power = site / "power.yaml"
    power.write_text(power.read_text("utf-8").replace("renewable: 100 %", "renewable: 90 %"), "utf-8")
    (site / "units").mkdir()
    boxes = (box.format(f"{hall}-{row}") for hall in LINKED for row in "ab" for box in BOXES)
    units = "".join(f"{box},SN{number:04}\n" for number, box in enumerate(boxes))
    (site / "units/more.csv").write_text(f"name,serial\n{units}", "utf-8")
    for stack, scope in (("lab", "h1"), ("two", "h2"), ("rest", "h3,h4")):
        text = f"config:\n  igoudar:site: lab\n  igoudar:scope: {scope}\n"
        (root / f"Pulumi.{stack}.yaml").write_text(text, "utf-8")
    return root


@pytest.fixture(scope="module")
def whole(root: Path) -> Compiled:
    return compile_site(root / "inventory/lab", root=root, today=today())


def recorded(compiled: Compiled) -> Iterator[tuple[str, Any]]:
    """Every record of the stack, by name."""
    design = compiled.design
    yield "switches", resources.switches_inputs(compiled, "stack", "")
    yield "cables", resources.cabling_records(compiled)
    for row in design.hall.rows:
        for rack in row.racks:
            yield rack, resources.rack_record(design.inventory, rack, row.devices[rack])
    for group in design.servers.groups:
        hosts = {name: compiled.hosts[name] for name in group.hosts}
        serials = {name: design.inventory.devices[name].serial for name in group.hosts}
        yield f"group {group.name}", server_group_inputs(compiled.folder, group.name, hosts, serials)
    for circuit in design.uplinks.circuits:
        yield circuit.wave.name, resources.circuit_record(design.inventory, circuit)
    for session in design.uplinks.sessions:
        yield session.session.name, resources.session_record(session)
    for vpc in design.inventory.vpcs.values():
        yield vpc.full_name, resources.vpc_record(compiled.plan, vpc)


@pytest.mark.parametrize("halls", [["h2"], ["h3", "h4"], ["h1"]])
def test_records_are_those_of_the_whole_site(root: Path, whole: Compiled, halls: list[str]) -> None:
    part = compile_halls(root / "inventory/lab", halls, root=root, today=today())
    wanted, found = dict(recorded(within(whole, halls))), dict(recorded(within(part, halls)))
    assert found == wanted
    assert halls == ["h1"] or {"leaf-h3-a01", "leaf-h2-a01"} & {*found["switches"]}


def test_of_other_halls_there_is_what_a_hall_is_tied_to(root: Path) -> None:
    part = compile_halls(root / "inventory/lab", ["h2"], root=root, today=today())
    devices = part.design.inventory.devices.values()
    assert {d.name for d in devices if d.hall == "h4"} == set(), "h4 is of another building"
    assert {d.role for d in devices if d.hall == "h1"} >= {"management", "border"}
    assert {*part.switches} == {d.name for d in devices if d.hall == "h2" and d.role in ("leaf", "spine")}
    tied = part_of(read_documents(root / "inventory/lab", root), ["h4"]).part
    assert tied is not None
    assert (tied.rows, tied.bare, tied.near) == (frozenset(), frozenset(), frozenset())
    assert tied.elsewhere >= {("both", "shared"), ("both", "third"), ("fisc", "prod")}


def test_a_hall_that_is_wrong_stops_its_own_stack(root: Path) -> None:
    file = root / "inventory/lab/more.yaml"
    before = file.read_text("utf-8")
    head, third = before.split("  - hall: h3")
    file.write_text(f"{head}  - hall: h3{third.replace('power: 3 kW', 'power: 100 W', 1)}", "utf-8")
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
