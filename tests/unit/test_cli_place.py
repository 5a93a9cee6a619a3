"""`igoudar place`, as it is typed: what it proposes for the lab, what it writes, what does not fit."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from igoudar.errors import Where
from igoudar.inventory import load, load_whole, read_documents
from igoudar.placement import place
from igoudar.placement.fitted import with_modules
from igoudar.placement.request import read_request
from igoudar.placement.site import problem_of
from tests.errors import run
from tests.repository import repository

REQUEST = """
devices:
  - {type: generic-server-2, count: 20, role: server, names: 'web-{n}', ports: {100gbase-x-qsfp28: 1}}
  - {type: generic-server-2, count: 3, role: server, names: 'mon-{n}', draw: 180 W, apart: {group: mon}}
  - {type: generic-tall, count: 2, role: server, names: 'gpu-{n}'}
"""
TALL = """
manufacturer: Generic
model: Eight units
slug: generic-tall
u_height: 8
is_full_depth: true
weight: 120
weight_unit: kg
power-ports:
  - {name: PSU1, type: iec-60320-c20, maximum_draw: 4000, allocated_draw: 3000}
  - {name: PSU2, type: iec-60320-c20, maximum_draw: 4000, allocated_draw: 3000}
interfaces:
  - {name: eth0, type: 1000base-t, mgmt_only: true}
"""
PROPOSED = """\
rack  U           devices                type
a01   U1 to U8    gpu-1                  generic-tall
a01   U9          web-1                  generic-server-2
a01   U12 to U19  gpu-2                  generic-tall
a01   U20 to U28  web-2 to web-10   9 x  generic-server-2
a01   U29         mon-1                  generic-server-2
a02   U1 to U9    web-11 to web-19  9 x  generic-server-2
a02   U12         web-20                 generic-server-2
a02   U13         mon-2                  generic-server-2
a05   U1          mon-3                  generic-server-2
25 devices in 3 racks, 0 of them opened for it
  no placement opens fewer
stranded: 0 W; no placement with so many racks strands less than 0 W
exit 0
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Without rPDUs: placement knows nothing of outlets."""
    root = repository(tmp_path)
    devices = root / "inventory/lab/devices.yaml"
    lines = devices.read_text("utf-8").splitlines(keepends=True)
    devices.write_text("".join(line for line in lines if "generic-rpdu" not in line), "utf-8")
    (root / "inventory/types/generic/generic-tall.yaml").write_text(TALL, "utf-8")
    (root / "wanted.yaml").write_text(REQUEST, "utf-8")
    return root


def asked(root: Path, text: str) -> str:
    (root / "wanted.yaml").write_text(text, "utf-8")
    return run("place lab wanted.yaml", root)


def test_what_is_proposed(root: Path) -> None:
    assert run("place lab wanted.yaml", root) == PROPOSED
    assert run("place lab wanted.yaml", root) == PROPOSED, "and again"
    assert not (root / "inventory/lab/placed").exists()


def test_the_same_as_json(root: Path) -> None:
    said = run("place lab wanted.yaml --json", root)
    told: Any = json.loads(said[: said.rindex("exit ")])
    gpu = {"name": "gpu-1", "type": "generic-tall", "role": "server", "number": 9, "rack": "a01", "u": 1}
    assert told["devices"][0] == gpu
    assert len(told["devices"]) == 25
    assert {key: told[key] for key in ("opened", "left", "stopped", "gap_percent", "written")} == {
        "opened": [],
        "left": [],
        "stopped": False,
        "gap_percent": 0.0,
        "written": "",
    }


def test_what_is_written_is_inventory_that_passes_the_check(root: Path) -> None:
    assert run("place lab wanted.yaml --write", root).splitlines()[-2:] == [
        "inventory/lab/placed/wanted.yaml: written",
        "exit 0",
    ]
    lines = (root / "inventory/lab/placed/wanted.yaml").read_text("utf-8").splitlines()
    assert lines[:3] == [
        "# Placed by `igoudar place` for wanted.yaml.",
        "devices:",
        "  gpu-1: {type: generic-tall, role: server, number: 9, rack: a01, u: 1, status: planned}",
    ]
    mon = "type: generic-server-2, role: server, number: 21, rack: a01, u: 29, draw: 180 W, status: planned"
    assert f"  mon-1: {{{mon}}}" in lines
    said = run("check lab", root).splitlines()
    assert not [line for line in said if "warning" not in line and not line.startswith("exit")]
    assert said[-1] == "exit 0"


def test_nothing_is_overwritten_and_no_name_is_given_twice(root: Path) -> None:
    run("place lab wanted.yaml --write", root)
    file = root / "inventory/lab/placed/wanted.yaml"
    before = file.read_text("utf-8")
    said = "the file is there already; expected a free name; nothing was changed; rename the request"
    refused = f"inventory/lab/placed/wanted.yaml: {said}\nexit 2\n"
    assert run("place lab wanted.yaml --write", root) == refused
    again = run("place lab wanted.yaml", root)
    assert "devices[0].names: web-1 and 19 more are there already" in again
    assert "say `first: 21`" in again
    assert file.read_text("utf-8") == before


def test_what_stands_does_not_move_and_is_counted(root: Path) -> None:
    """A second request goes around what the first one placed."""
    run("place lab wanted.yaml --write", root)
    said = asked(root, "devices: [{type: generic-server-2, count: 1, role: server, names: x}]")
    assert said.splitlines()[1].split() == ["a02", "U14", "x", "generic-server-2"]


def test_a_request_in_the_site_is_refused(root: Path) -> None:
    (root / "inventory/lab/wanted.yaml").write_text(REQUEST, "utf-8")
    said = run("place lab inventory/lab/wanted.yaml", root)
    assert said.startswith("inventory/lab/wanted.yaml: the request lies in the folder of the site")
    assert said.endswith("exit 2\n")


def test_a_request_that_is_not_there(root: Path) -> None:
    said = run("place lab nothing.yaml", root)
    assert said.startswith("nothing.yaml: the file cannot be read: no such file")


@pytest.mark.parametrize(
    ("devices", "why"),
    [
        (
            "type: generic-server-2, count: 7, names: 'm-{n}', apart: {group: m}",
            "m-{n}: 2 of 7 fit nowhere: at most 1 of m per rack in 5 racks; one more would fit into a01 with "
            "an exception from the rule: at most 1 of m per rack",
        ),
        (
            "type: generic-tall, count: 1, names: x, draw: 11.5 kW",
            "x: 1 of 1 fit nowhere: power in 5 racks; one more would fit into a01 with 330 W more of power",
        ),
        (
            "type: generic-heavy, count: 1, names: x, draw: 1 W",
            "x: 1 of 1 fit nowhere: weight in 5 racks; one more would fit into a01 with 47 kg more of weight",
        ),
        (
            "type: generic-server-2, count: 1, names: x, ports: {400gbase-x-osfp: 2}",
            "x: 1 of 1 fit nowhere: free 400gbase-x-osfp ports in 5 racks; one more would fit into a01 with "
            "2 more of free 400gbase-x-osfp ports",
        ),
        (
            "type: generic-higher, count: 1, names: x, draw: 1 W",
            "x: 1 of 1 fit nowhere: U together in 5 racks; one more would fit into a01 with 40 U together "
            "instead of 30",
        ),
    ],
)
def test_what_does_not_fit_is_said_with_the_reason(root: Path, devices: str, why: str) -> None:
    for name, old, new in (
        ("heavy", "weight: 120", "weight: 1200"),
        ("higher", "u_height: 8", "u_height: 40"),
    ):
        other = TALL.replace("generic-tall", f"generic-{name}").replace(old, new)
        (root / f"inventory/types/generic/{name}.yaml").write_text(other, "utf-8")
    lines = asked(root, f"devices: [{{{devices}, role: server}}]").splitlines()
    assert lines[-2:] == [why, "exit 3"]
    assert "nothing was written: not all devices fit" in run("place lab wanted.yaml --write", root)
    assert not (root / "inventory/lab/placed").exists()


MANY = "devices: [{type: generic-server-2, count: 106, role: server, names: 'web-{n}'}]\n"


def test_what_a_busway_does_not_carry_is_left_out_and_said(root: Path) -> None:
    power = root / "inventory/lab/power.yaml"
    power.write_text(power.read_text("utf-8").replace("breaker: 125 A", "breaker: 63 A"), "utf-8")
    (root / "wanted.yaml").write_text(MANY, "utf-8")
    lines = run("place lab wanted.yaml --write", root).splitlines()

    assert lines[-2:] == ["nothing was written: not all devices fit", "exit 3"]
    (said,) = (line for line in lines if line.startswith("web-{n}: "))
    assert " of 106 fit nowhere: power of busway-" in said
    assert "as the only feed in 5 racks, power in 2 racks; one more would fit into a03 with" in said
    assert not [line for line in lines if "too much" in line]
    assert not (root / "inventory/lab/placed").exists()


def test_the_search_goes_round_a_busway_that_carries_less(root: Path) -> None:
    """a01 and a02 are on busways behind 20 A: of 11 kW at 80 % what stands there leaves some 8 kW."""
    power, hall = root / "inventory/lab/power.yaml", root / "inventory/lab/hall.yaml"
    weak = "".join(
        f"  busway-{new}: {{type: busway-160, hall: h1, room: room, from: ups-{old}, breaker: 20 A}}\n"
        for new, old in (("c", "a"), ("d", "b"))
    )
    power.write_text(power.read_text("utf-8").replace("  cooler-a:", f"{weak}  cooler-a:"), "utf-8")
    lines = hall.read_text("utf-8").replace("busway-a, B: busway-b", "busway-c, B: busway-d", 2)
    hall.write_text(lines, "utf-8")
    count = MANY.replace("106", "60")
    (root / "wanted.yaml").write_text(count, "utf-8")
    told = json.loads(run("place lab wanted.yaml --json", root).removesuffix("exit 0\n"))

    assert told["over"] == []
    assert told["left"] == []
    weakly = [device for device in told["devices"] if device["rack"] in ("a01", "a02")]
    assert 0 < len(weakly) < 20


def test_the_power_of_a_hall_is_a_limit_of_what_stands_in_it(root: Path) -> None:
    hall = root / "inventory/lab/hall.yaml"
    text = hall.read_text("utf-8").replace(" power: 12.5 kW,", "").replace("power: 70 kW", "power: 6 kW")
    hall.write_text(text, "utf-8")
    lines = run("place lab wanted.yaml --write", root).splitlines()

    assert [line for line in lines if "20 of 20 fit nowhere: power of hall h1 in 5 racks" in line]
    assert lines[-1] == "exit 3"


def test_limits_that_nobody_knows_are_said(root: Path) -> None:
    hall = root / "inventory/lab/hall.yaml"
    known = "type: generic-rack-47, power: 12.5 kW, load: 1.2 t,"
    hall.write_text(hall.read_text("utf-8").replace(known, "height: 47 U,"), "utf-8")
    lines = run("place lab wanted.yaml", root).splitlines()
    assert "not known, and so no limit: power of 5 racks; load of 5 racks" in lines


def test_a_rack_with_a_draw_that_nobody_knows_counts_as_full(root: Path) -> None:
    facts = root / "inventory/types/overrides.yaml"
    facts.write_text(facts.read_text("utf-8").replace("allocated: 60 W, ", ""), "utf-8")
    lines = run("place lab wanted.yaml", root).splitlines()
    assert "counts as full, for want of a03: what a generic-oob-48 draws" in lines
    assert not [line for line in lines if line.startswith("a03 ")]


def test_the_order_of_the_files_is_nothing(root: Path) -> None:
    request = read_request(root / "wanted.yaml", "wanted.yaml", root)
    inventory = load(root / "inventory/lab", root)
    first = place(problem_of(inventory, request).problem)
    for seed in range(3):
        shuffled: Any = {}
        for section in ("devices", "racks", "cables"):
            items = list(getattr(inventory, section).items())
            random.Random(seed).shuffle(items)
            shuffled[section] = dict(items)
        assert place(problem_of(replace(inventory, **shuffled), request).problem) == first


BOX = """
manufacturer: Acme
model: Box
slug: acme-box
u_height: 1
is_full_depth: true
weight: 10
weight_unit: kg
airflow: front-to-rear
module-bays:
  - {name: PSU1, position: '1'}
  - {name: PSU2, position: '2'}
"""
PSU = """
manufacturer: Acme
model: PSU-800
weight: 1.5
weight_unit: kg
power-ports:
  - {name: 'PSU{module}', type: iec-60320-c14, maximum_draw: 800, allocated_draw: 300}
"""


def test_modules_of_a_request_are_those_of_what_is_placed(root: Path) -> None:
    """Of two PSUs one carries the box; without them nobody knows what it draws."""
    (root / "inventory/types/box.yaml").write_text(BOX, "utf-8")
    (root / "inventory/types/psu.yaml").write_text(PSU, "utf-8")
    plain = "devices:\n  - {type: acme-box, count: 2, role: equipment, names: 'box-{n}'}\n"
    assert "what a acme-box draws is not known" in asked(root, plain)
    both = plain.replace("'}", "', modules: {PSU1: PSU-800, PSU2: PSU-800}}")
    assert "box-1 to box-2  2 x  acme-box\n" in asked(root, both)
    assert "exit 0" in run("place lab wanted.yaml --write", root)
    bays = '{"PSU1": "PSU-800", "PSU2": "PSU-800"}'
    written = (root / "inventory/lab/placed/wanted.yaml").read_text("utf-8")
    assert f"type: acme-box, role: equipment, number: 1, rack: a01, u: 1, modules: {bays}" in written
    inventory = load(root / "inventory/lab", root)
    assert len(inventory.types[inventory.devices["box-1"].type].parts.inlets) == 2


def test_draw_and_mass_of_a_request_are_those_with_its_modules(root: Path) -> None:
    (root / "inventory/types/box.yaml").write_text(BOX, "utf-8")
    (root / "inventory/types/psu.yaml").write_text(PSU, "utf-8")
    bays = "modules: {PSU1: PSU-800, PSU2: PSU-800}"
    line = f"devices: [{{type: acme-box, count: 1, role: equipment, names: x, {bays}}}]"
    (root / "wanted.yaml").write_text(line, "utf-8")
    documents, place_of = read_documents(root / "inventory/lab", root), (root / "inventory/lab", root)
    request = read_request(root / "wanted.yaml", "wanted.yaml", root)
    fitted, inventory, found = with_modules(
        request, load_whole(documents, place_of), documents.modules, Where("wanted.yaml")
    )
    (box,) = problem_of(inventory, fitted).problem.classes
    assert (box.draw_w, box.kg, found) == (300.0, 13.0, [])
