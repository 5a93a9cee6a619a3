"""Checks of racks and places, and waivers: sums, faces, limits, and who answers for what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igoudar import checks
from igoudar.errors import Finding, Severity, Where
from igoudar.hall.places import Basis, Campus, Climate, Cooling, Limits, TypeFacts
from igoudar.hardware import RackType
from igoudar.model import Device, Face, Inventory
from igoudar.waivers import MOST_DAYS, Waiver, waive
from tests import factory

AT = Where("site.yaml", 1)
TODAY = date(2026, 11, 26)


@pytest.fixture(scope="module")
def site() -> Inventory:
    return factory.site(leaves=2)


def found(inventory: Inventory) -> list[Finding]:
    return [*checks.check(factory.plan(inventory).design)]


def codes(inventory: Inventory) -> set[str]:
    return {finding.code for finding in found(inventory)}


def known(site: Inventory, watts: float = 400, kg: float = 10) -> Inventory:
    """Everybody says what it draws and weighs; the rack may draw and carry just that."""
    facts = {slug: TypeFacts(AT, "test", allocated_w=watts, kg=kg) for slug in site.types}
    many = len([d for d in site.devices.values() if d.rack == "h1-r1"])
    rack = replace(site.racks["h1-r1"], power_w=many * watts, load_kg=many * kg)
    return replace(site, facts=facts, racks={**site.racks, "h1-r1": rack})


def with_device(site: Inventory, name: str, **more: object) -> Inventory:
    device: Device = replace(site.devices[name], **more)  # type: ignore[arg-type]
    return replace(site, devices={**site.devices, name: device})


def test_a_rack_that_is_just_full_is_good(site: Inventory) -> None:
    assert not codes(known(site)) & {"rack-over-power", "rack-over-load", "no-draw", "no-weight"}


def test_one_watt_more_is_told_with_the_amount(site: Inventory) -> None:
    first = next(iter(site.devices))
    (over,) = (f for f in found(with_device(known(site), first, draw_w=401.0)) if f.code == "rack-over-power")

    many = len(site.devices)
    assert (over.subject, over.amount, over.unit) == ("rack h1-r1", 400 * many + 1, "W")
    assert f"401 W of it {first}" in over.message


def test_a_draw_that_nobody_says_is_an_error_and_no_sum(site: Inventory) -> None:
    lacks = replace(known(site, watts=1e6), facts={})

    assert "no-draw" in codes(lacks)
    assert "rack-over-power" not in codes(lacks)


def test_a_mass_that_nobody_says_is_a_warning(site: Inventory) -> None:
    facts = {slug: TypeFacts(AT, "test", allocated_w=400) for slug in site.types}
    (told,) = (f for f in found(replace(known(site), facts=facts)) if f.code == "no-weight")

    assert (told.severity, told.subject) == (Severity.WARNING, "rack h1-r1")


def share(inventory: Inventory, one: str, other: str) -> bool:
    """Whether these two are told to stand in one another's place."""
    told = f"{other} and {one} are both on"
    return any(f.code == "same-u" and f.message.startswith(told) for f in found(inventory))


def test_two_of_half_depth_share_a_unit_on_two_faces(site: Inventory) -> None:
    one, other = [*site.devices][:2]
    both = with_device(with_device(site, one, u=40), other, u=40, face=Face.REAR)
    half = {slug: replace(kind, full_depth=False) for slug, kind in site.types.items()}

    assert share(both, one, other)
    assert not share(replace(both, types=half), one, other)
    assert share(replace(with_device(both, other, face=Face.FRONT), types=half), one, other)


def test_what_stands_beside_the_units_takes_none(site: Inventory) -> None:
    one, other = [*site.devices][:2]

    assert not share(with_device(with_device(site, one, u=0), other, u=0), one, other)


def rack_type(**more: object) -> RackType:
    told = RackType("rack-48", "generic", "rack", "4-post-cabinet", 19, 48, kg=180, load_kg=1500)
    sizes = {"outer_width_mm": 600.0, "outer_depth_mm": 1200.0, "mounting_depth_mm": 750.0}
    return replace(told, **(sizes | more))  # type: ignore[arg-type]


def in_rack_of(site: Inventory, kind: RackType) -> Inventory:
    rack = replace(site.racks["h1-r1"], type=kind.slug, load_kg=1200.0)
    facts = {slug: TypeFacts(AT, "test", kg=1, depth_mm=750) for slug in site.types}
    return replace(site, racks={"h1-r1": rack}, rack_types={kind.slug: kind}, facts=facts)


def test_a_device_fits_between_the_rails(site: Inventory) -> None:
    assert "too-deep" not in codes(in_rack_of(site, rack_type()))
    assert "too-deep" in codes(in_rack_of(site, rack_type(mounting_depth_mm=749.0)))
    assert "too-deep" not in codes(in_rack_of(site, rack_type(mounting_depth_mm=None)))


def test_the_floor_carries_the_rack_and_what_is_in_it(site: Inventory) -> None:
    """A rack of 180 kg with 1 kg a device, over 0.72 m²; where nobody says a mass, all of its 1,200 kg."""
    made = in_rack_of(site, rack_type())
    least = (180 + len(site.devices)) / 0.72
    unknown = replace(made, facts={})

    assert "floor-overload" not in codes(halls(made, floor_kg_m2=least + 0.1))
    assert "floor-overload" in codes(halls(made, floor_kg_m2=least - 0.1))
    assert "floor-overload" not in codes(halls(unknown, floor_kg_m2=1917.0))
    assert "floor-overload" in codes(halls(unknown, floor_kg_m2=1916.0))


def campus(power_w: float, basis: Basis, sea_m: float = 5000) -> Campus:
    climate = Climate((20,) * 12, (10,) * 12, 40, "test")
    return Campus(power_w, basis, sea_m, climate, 1e6, 1.25, 0.2, AT)


def halls(site: Inventory, **more: object) -> Inventory:
    return replace(site, halls={n: replace(h, **more) for n, h in site.halls.items()})  # type: ignore[arg-type]


def test_the_basis_decides_whether_losses_count(site: Inventory) -> None:
    built = halls(site, power_w=80_000.0)

    assert "campus-over-power" not in codes(replace(built, campus=campus(80_000, Basis.IT)))
    assert "campus-over-power" in codes(replace(built, campus=campus(99_999, Basis.FACILITY)))
    assert "campus-over-power" not in codes(replace(built, campus=campus(100_000, Basis.FACILITY)))


def test_a_rack_may_be_cooled_otherwise_than_its_hall(site: Inventory) -> None:
    limits = Limits({Cooling.AIR_INDIRECT: 25_000, Cooling.DLC: 600_000})
    rack = replace(site.racks["h1-r1"], power_w=132_000)
    hot = replace(halls(site, cooling=Cooling.AIR_INDIRECT), limits=limits, racks={"h1-r1": rack})

    assert "too-hot" in codes(hot)
    assert "too-hot" not in codes(replace(hot, racks={"h1-r1": replace(rack, cooling=Cooling.DLC)}))


def test_salt_is_filtered_near_the_sea_only(site: Inventory) -> None:
    near = replace(site, campus=campus(1e9, Basis.IT, sea_m=499), limits=Limits(salt_m=500))

    assert "no-salt-filtration" in codes(near)
    assert "no-salt-filtration" not in codes(halls(near, salt_filtration=True))
    assert "no-salt-filtration" not in codes(replace(near, campus=campus(1e9, Basis.IT, sea_m=500)))


OVER = Finding("rack-over-power", AT, "too much", subject="rack a05", amount=1300.0, unit="W")
OTHER = replace(OVER, subject="rack a06")


def waiver(**more: object) -> Waiver:
    told = Waiver("rack-over-power", "rack a05", "it is split soon", "amina", TODAY, (1300.0, "W"), AT)
    return replace(told, **more)  # type: ignore[arg-type]


def errors(findings: Iterable[Finding]) -> set[str]:
    return {f.code for f in findings if f.severity is Severity.ERROR}


def test_a_waiver_covers_its_one_finding_to_its_last_day() -> None:
    told = waive([OVER, OTHER], [waiver()], TODAY)

    assert [f.severity for f in told] == [Severity.INFO, Severity.ERROR]
    assert "amina: it is split soon" in str(told[0])


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"until": TODAY - timedelta(days=1)}, "waiver-expired"),
        ({"until": TODAY + timedelta(days=MOST_DAYS + 1)}, "waiver-too-long"),
        ({"limit": (1299.9, "W")}, "waiver-exceeded"),
        ({"limit": (1300.0, "kg")}, "waiver-limit"),
    ],
)
def test_one_that_does_not_hold_covers_nothing(more: dict[str, object], code: str) -> None:
    assert errors(waive([OVER], [waiver(**more)], TODAY)) == {"rack-over-power", code}


@pytest.mark.parametrize("more", [{"object": "rack a5"}, {"code": "rack-over-load"}])
def test_one_that_matches_nothing_is_an_error(more: dict[str, object]) -> None:
    assert errors(waive([OVER], [waiver(**more)], TODAY)) == {"rack-over-power", "waiver-matches-nothing"}


@given(st.lists(st.sampled_from(["a", "b", "c"]), unique=True), st.sets(st.sampled_from(["a", "b", "c"])))
def test_what_is_left_is_what_nobody_answers_for(racks: list[str], waived: set[str]) -> None:
    findings = [replace(OVER, subject=f"rack {rack}") for rack in racks]
    waivers = [waiver(object=f"rack {rack}") for rack in sorted(waived)]
    left = {
        f.subject
        for f in waive(findings, waivers, TODAY)
        if f.code == OVER.code and f.severity is Severity.ERROR
    }

    assert left == {f"rack {rack}" for rack in racks if rack not in waived}
