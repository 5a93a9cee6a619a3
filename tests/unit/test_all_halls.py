"""The check of one hall finds what halls share, as the check of the whole site does, and nothing more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from igoudar import checks
from igoudar.all_halls import shared_of
from igoudar.compiler import check_hall, describe
from igoudar.day import today
from igoudar.errors import Finding, in_order
from igoudar.hall.schema import OverrideIn
from igoudar.inventory import load, read_documents
from igoudar.model import Inventory
from igoudar.yaml_source import locate
from tests.errors import ROOT, checkout
from tests.small_campus import EVERY, small_campus

KINDS = ("campus", "building", "energy", "unit", "loop", "hall", "rack", "scheme")


def units_and_loops(inventory: Inventory, hall: str) -> set[str]:
    """What a hall hangs on, and what cools it: from its racks up, by names alone."""
    plant = inventory.plant
    racks = [rack for rack in inventory.racks.values() if rack.hall == hall]
    found = {f"unit {unit}" for rack in racks for unit in rack.feeds.values()}
    found |= {f"loop {loop.name}" for loop in plant.loops.values() if loop.hall == hall}
    before = -1
    while before != len(found):
        before = len(found)
        for unit in plant.units.values():
            if f"loop {unit.cools}" in found:
                found.add(f"unit {unit.name}")
            if f"unit {unit.name}" in found:
                inputs = [
                    *(unit.power.units if unit.power else ()),
                    *(unit.water.units if unit.water else ()),
                ]
                found |= {f"unit {name}" for name in inputs}
                found |= {f"loop {unit.room}"} if unit.room else set()
        found |= {
            f"loop {loop.to}" for loop in plant.loops.values() if f"loop {loop.name}" in found and loop.to
        }
    return found


def about(inventory: Inventory, hall: str) -> set[str]:
    """Objects in which a hall has a part."""
    plant, number = inventory.plant, inventory.halls[hall].building
    found = {"campus", "energy", f"hall {hall}", *units_and_loops(inventory, hall)}
    found |= {f"rack {rack.name}" for rack in inventory.racks.values() if rack.hall == hall}
    found |= {f"building {b.name}" for b in inventory.buildings.values() if b.number == number}
    return found | {f"scheme {p.name}" for p in plant.schemes.values() if not p.halls or hall in p.halls}


def looked_at(findings: tuple[Finding, ...]) -> set[Finding]:
    return {f for f in findings if f.subject.split(" ")[0] in KINDS}


def subject(finding: Finding) -> str:
    """Of two failures: their hall."""
    return finding.subject.partition(" / ")[0]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("twice", [False, True])
def test_each_hall_finds_what_the_whole_finds_of_what_it_shares(
    seed: int, twice: bool, tmp_path: Path
) -> None:
    root = small_campus(checkout(tmp_path), seed, twice=twice)
    place = (root / "inventory/lab", root)
    inventory, documents = load(*place), read_documents(*place)
    whole = looked_at(in_order(locate(checks.check(describe(inventory, root)), root)))
    assert whole
    assert not twice or any(finding.code == "double-failure" for finding in whole)
    told: set[Finding] = set()
    for hall in EVERY:
        found = looked_at(check_hall(documents, place, hall, today()))
        assert found <= whole
        mine = about(inventory, hall)
        assert {f for f in whole if subject(f) in mine} <= found
        # what another hall's loss brings onto a unit that is shared is said, too
        assert {f.code for f in found if subject(f) not in mine} <= {"single-overload", "scheme-in-pairs"}
        told |= found
    assert told == whole


def test_what_is_said_of_a_hall_by_name_counts_out_that_hall_alone() -> None:
    """`srv-g01-2-a07-1` has the name of the hall a07-1 in it, too."""
    documents = read_documents(ROOT / "inventory/dakhla", ROOT)
    (file, site), *more = documents.sites
    told = site.model_copy(
        update={"overrides": {"srv-g01-2-a07-1": OverrideIn.model_validate({"draw": "480 W"})}}
    )
    less, copies = shared_of(replace(documents, sites=[(file, told), *more]), ["g01-3"])
    plain, _ = shared_of(documents, ["g01-3"])
    assert less.part is not None
    assert plain.part is not None
    assert less.part.halls - plain.part.halls == {"g01-2"}
    assert len(plain.part.halls) < 8, "one of each of three kinds, and what is written down"
    assert copies
