"""A change that overloads a feed, exceeds a cable's reach or breaks the renewable promise fails a preview.

Of the whole site, and of a stack that has one of its halls.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stacks.checkout import Checkout, make

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

FAILS = 1
MORE = "inventory/lab/more.yaml"
SECOND = """\
halls:
  h2: {building: 1, number: 2, power: 100 kW, cooling: air-indirect}
rows:
  - hall: h2
    name: a
    racks: '01..10'
    names: '{hall}-{row}{rack}'
    height: 47 U
    feeds: {A: busway-a, B: busway-b}
    devices:
      - {name: 'box-{rack}-{n}', type: generic-server-2, role: server, status: planned, draw: 10 W,
         u: '1..20'}
      - {name: 'more-{rack}', type: generic-switch-32, role: equipment, status: planned, draw: 9 W, u: 30}
cables:
  - {a: more-h2-a01/swp1, b: more-h2-a02/swp1, medium: dac, length: 2 m, status: planned}
"""
CHANGES = [
    (
        MORE,
        "draw: 10 W",
        "draw: 300 W",
        "power.yaml:12: units.busway-a: busway busway-a carries 68640 W of 65818 W when it is the only feed",
    ),
    (
        MORE,
        "length: 2 m",
        "length: 5 m",
        "more.yaml:15: cables[0]: more-h2-a01/swp1 -- more-h2-a02/swp1: 5 m of dac 100G qsfp28 are beyond",
    ),
    (
        "inventory/types/facility/wind-30.yaml",
        "renewable: true",
        "renewable: false",
        "power.yaml:23: energy.renewable: renewable local sources give",
    ),
]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    made = make(tmp_path)
    (made.folder / MORE).write_text(SECOND, "utf-8")
    made.edit("inventory/lab/campus.yaml", "power: 200 kW", "power: 300 kW")
    return made


@pytest.mark.parametrize("scope", ["", "h2"])
def test_a_change_that_must_not_be_built_fails_the_preview(checkout: Checkout, scope: str) -> None:
    """What the racks of both halls draw is too much, not what those of one do."""
    if scope:
        site = "  igoudar:site: lab\n"
        checkout.edit("Pulumi.lab.yaml", site, f"{site}  igoudar:scope: {scope}\n")
        (checkout.folder / "Pulumi.two.yaml").write_text(
            "config:\n  igoudar:site: lab\n  igoudar:scope: h1\n", "utf-8"
        )
    checkout.run("preview")
    for file, old, new, said in CHANGES:
        checkout.edit(file, old, new)
        assert said in checkout.run("preview", status=FAILS)
        checkout.edit(file, new, old)
