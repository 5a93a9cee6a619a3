"""What nobody says of racks and types: how bad it is, and where it is nobody's business."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from igoudar.checks import mounting, unsaid
from igoudar.errors import Finding, Severity, Where
from igoudar.hall.facts import FILE, read_facts
from igoudar.hall.places import Limits, TypeFacts
from igoudar.hardware import RackType
from igoudar.hardware.parts import Components, Door
from igoudar.model import Inventory, Status
from tests import factory

AT = Where("types/overrides.yaml", 1, "overrides.x")
DOOR = Door(100.0, 0.8)
CABINET = RackType("r", "Acme", "R", "4-post-cabinet", 19, 47, mounting_depth_mm=1000, front=DOOR, rear=DOOR)
AIRY = TypeFacts(AT, "test", allocated_w=10, airflow="front-to-rear")


@pytest.fixture
def site() -> Inventory:
    """One leaf in a cabinet, of which everything is said."""
    made = factory.site()
    leaf = replace(made.devices["leaf-1"], u=40)
    rack = replace(made.racks[leaf.rack], type="r", load_kg=1000.0)
    return replace(
        made,
        devices={"leaf-1": leaf},
        racks={rack.name: rack},
        rack_types={"r": CABINET},
        facts={leaf.type: AIRY},
    )


def told(site: Inventory) -> list[Finding]:
    design: Any = SimpleNamespace(inventory=site)
    return [*unsaid.check(design)]


def mounting_codes(site: Inventory) -> set[str]:
    deep = {slug: replace(facts, depth_mm=900.0, before_mm=500.0) for slug, facts in site.facts.items()}
    design: Any = SimpleNamespace(inventory=replace(site, facts=deep, limits=Limits(open_share=0.8)))
    return {f.code for f in mounting.check(design)}


def codes(site: Inventory, **leaf: object) -> set[str]:
    changed = replace(site.devices["leaf-1"], **leaf)  # type: ignore[arg-type]
    return {f.code for f in told(replace(site, devices={"leaf-1": changed}))}


def of_type(site: Inventory, facts: TypeFacts | None, **more: object) -> Inventory:
    slug = site.devices["leaf-1"].type
    kind = replace(site.types[slug], **more)  # type: ignore[arg-type]
    return replace(site, types={slug: kind}, facts={slug: facts} if facts else {})


def in_cabinet(site: Inventory, **more: object) -> Inventory:
    return replace(site, rack_types={"r": replace(CABINET, **more)})  # type: ignore[arg-type]


def test_nothing_is_told_where_all_is_said(site: Inventory) -> None:
    assert told(site) == []


@pytest.mark.parametrize(
    ("airflow", "watts", "powered", "unsaid"),
    [
        ("", 10, None, True),
        ("", 10, False, True),  # a tray on a busbar
        ("", None, None, True),
        ("", None, False, False),  # a panel
        ("", 0, None, False),
        ("passive", 10, None, False),
    ],
)
def test_the_airflow_of_what_draws_power(
    site: Inventory, airflow: str, watts: float | None, powered: bool | None, unsaid: bool
) -> None:
    facts = TypeFacts(AT, "test", allocated_w=watts)
    made = of_type(site, facts, airflow=airflow, powered=powered, parts=Components())
    assert ("no-airflow" in codes(made)) is unsaid
    assert "no-airflow" not in codes(made, u=0)


@pytest.mark.parametrize(
    ("doors", "lacking"),
    [
        ({"front": None}, "front.clear, front.open"),
        ({"rear": Door(100.0)}, "rear.open"),
        ({"front": Door(None, 1.0), "rear": Door(0.0, None)}, "front.clear, rear.open"),
    ],
)
def test_doors_of_a_cabinet(site: Inventory, doors: dict[str, Door | None], lacking: str) -> None:
    (finding,) = told(in_cabinet(site, **doors))
    assert finding.code == "no-doors"
    assert f"nobody says {lacking} of" in finding.message


@pytest.mark.parametrize(
    ("watts", "powered", "unsaid"),
    [(10, None, True), (10, False, True), (None, None, True), (None, False, False), (0, None, False)],
)
def test_the_power_of_a_rack_in_which_something_draws(
    site: Inventory, watts: float | None, powered: bool | None, unsaid: bool
) -> None:
    facts = replace(AIRY, allocated_w=watts)
    made = in_rack(of_type(site, facts, powered=powered), power_w=None)
    assert ("no-rack-power" in codes(made)) is unsaid
    assert ("no-rack-power" in codes(made, u=0)) is unsaid, "beside the U it draws, too"
    assert "no-rack-power" not in codes(in_rack(made, power_w=0.0))
    assert "no-rack-power" not in codes(in_rack(made, feeds={}))


def test_the_power_of_a_rack_of_what_is_planned_is_a_warning(site: Inventory) -> None:
    (finding,) = told(in_rack(site, power_w=None))
    assert (finding.code, finding.severity) == ("no-rack-power", Severity.ERROR)
    assert "the 10 W that are known" in finding.message
    leaf = replace(site.devices["leaf-1"], status=Status.PLANNED)
    (finding,) = told(in_rack(replace(site, devices={"leaf-1": leaf}), power_w=None))
    assert finding.severity is Severity.WARNING


def in_rack(site: Inventory, **more: object) -> Inventory:
    return replace(site, racks={n: replace(rack, **more) for n, rack in site.racks.items()})  # type: ignore[arg-type]


def on_floor(site: Inventory, carries: float | None) -> Inventory:
    halls = {name: replace(hall, floor_kg_m2=carries) for name, hall in site.halls.items()}
    return replace(site, halls=halls)


@pytest.mark.parametrize("name", ["", "gone"])
def test_a_rack_without_a_type_is_held_against_nothing(site: Inventory, name: str) -> None:
    """Of one that is not there, references tell."""
    (finding,) = told(in_rack(site, type=name))
    (rack,) = site.racks
    assert (finding.code, finding.subject) == ("no-rack-type", f"rack {rack}")
    assert finding.severity is Severity.ERROR
    assert codes(in_rack(site, type=name), u=0) == {"no-rack-type"}, "its mass is on the floor, too"
    assert told(replace(in_rack(site, type=name), devices={})) == []


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("changed", [{"type": ""}, {"load_kg": None}])
def test_what_is_planned_alone_is_warned_of(site: Inventory, status: Status, changed: dict[str, Any]) -> None:
    made = in_rack(site, **changed)
    leaf = replace(site.devices["leaf-1"], status=status)
    (finding,) = told(replace(made, devices={"leaf-1": leaf}))
    assert finding.severity is (Severity.WARNING if status is Status.PLANNED else Severity.ERROR)


FORMS = ("4-post-cabinet", "4-post-frame", "2-post-frame", "wall-cabinet", "wall-frame")
KEYS = {
    "load": "load_kg", "depth": "mounting_depth_mm",
    "outer_width": "outer_width_mm", "outer_depth": "outer_depth_mm", "weight": "kg",
}  # fmt: skip


@given(said=st.sets(st.sampled_from(sorted(KEYS))), floor=st.none() | st.just(1500.0))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("form", FORMS)
def test_what_nobody_says_of_the_size_of_a_rack(
    site: Inventory, said: set[str], floor: float | None, form: str
) -> None:
    """A frame of two posts has no depth; a footprint is of use where the floor says what it carries."""
    sizes = {field: 100.0 if key in said else None for key, field in KEYS.items()}
    kind = replace(CABINET, form_factor=form, **sizes)  # type: ignore[arg-type]
    made = in_rack(on_floor(site, floor), load_kg=sizes["load_kg"])
    found = [f for f in told(replace(made, rack_types={"r": kind})) if f.code == "no-rack-size"]

    needed = [*KEYS][: 2 if floor is None else len(KEYS)]
    lacking = [key for key in needed if key not in said and (key, form) != ("depth", "2-post-frame")]
    assert len(found) == bool(lacking)
    assert not lacking or f"nobody says {', '.join(lacking)} of a r," in found[0].message


def test_what_is_lacking_only_by_an_override_is_told_there(site: Inventory) -> None:
    bare = replace(CABINET, slug="bare", mounting_depth_mm=None)
    ((name, rack),) = site.racks.items()
    changed = replace(rack, type="bare", where=Where("rows.yaml", 9, f"overrides.{name}"), instead_of=rack)
    made = replace(site, racks={name: changed}, rack_types={"r": CABINET, "bare": bare})
    (finding,) = told(made)
    assert finding.code == "no-rack-size"
    assert (finding.where, finding.see) == (changed.where.at("type"), rack.where.at("type"))


def test_a_frame_has_no_doors_and_one_beside_the_u_meets_none(site: Inventory) -> None:
    assert told(in_cabinet(site, form_factor="4-post-frame", front=None, rear=None)) == []
    assert codes(in_cabinet(site, front=None), u=0) == set()


def test_a_cabinet_may_have_no_door(site: Inventory, tmp_path: Path) -> None:
    said = "racks: {r: {front: none, rear: {clear: 100 mm, open: 80 %}, source: test}}"
    (tmp_path / FILE).write_text(said, "utf-8")
    facts, wrong = read_facts(tmp_path, FILE)
    kind = facts.racks["r"].of(replace(CABINET, front=None))

    assert (wrong, kind.front, kind.rear) == ([], Door(inf, 1.0), Door(100.0, 0.8))
    assert told(replace(site, rack_types={"r": kind})) == []
    assert mounting_codes(replace(site, rack_types={"r": kind})) == set()


@pytest.mark.parametrize("code", ["no-airflow", "no-doors"])
def test_a_gap_is_an_error_where_something_stands(site: Inventory, code: str) -> None:
    bare = in_cabinet(of_type(site, None), front=None)
    for status, bad in ((Status.ACTIVE, Severity.ERROR), (Status.PLANNED, Severity.WARNING)):
        leaf = replace(site.devices["leaf-1"], status=status)
        found = told(replace(bare, devices={"leaf-1": leaf}))
        assert {f.severity for f in found if f.code == code} == {bad}
