"""Checks of racks and places, and waivers: sums, faces, limits, and who answers for what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igoudar import checks
from igoudar.checks import entries, mounting, racks
from igoudar.errors import Finding, Severity, Where
from igoudar.hall.draw import draw_of
from igoudar.hall.places import Basis, Building, Campus, Climate, Cooling, Limits, TypeFacts
from igoudar.hardware import RackType
from igoudar.hardware.parts import Bay, Components, Door, Inlet
from igoudar.model import Device, Face, Inventory, Status
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


def drawn(site: Inventory, stated: list[float | None], needed: int | None = None) -> float | None:
    """What a server draws whose inlets state this each."""
    inlets = tuple(Inlet(f"PSU{n}", "iec-60320-c14", 635, watts) for n, watts in enumerate(stated))
    kind = replace(site.types["server"], parts=Components(inlets=inlets))
    facts = {"server": TypeFacts(AT, "test", psus_needed=needed)}
    inventory = replace(site, types={**site.types, "server": kind}, facts=facts)
    server = next(device for device in site.devices.values() if device.type == "server")
    return draw_of(inventory, server).allocated_w


@pytest.mark.parametrize(
    ("stated", "needed", "watts"),
    [
        ([360, 360], None, 360),  # a Dell S5232F-ON of the library: 635 W a PSU, 360 W at each
        ([200, 360], None, 360),
        ([None, 75], None, 75),
        ([500, 500, 500, 500], None, 1000),
        ([500, 500, 500, 500], 3, 1500),
        ([0, 0], None, 0),
        ([None, None], None, None),
        ([40], None, 40),
    ],
)
def test_redundant_psus_do_not_add_up(
    site: Inventory, stated: list[float | None], needed: int | None, watts: float | None
) -> None:
    assert drawn(site, stated, needed) == watts


def planned(site: Inventory) -> Inventory:
    devices = {name: replace(device, status=Status.PLANNED) for name, device in site.devices.items()}
    return replace(site, devices=devices)


def severities(site: Inventory, code: str) -> set[Severity]:
    design: Any = SimpleNamespace(inventory=site)
    told = [*racks.check(design), *mounting.check(design)]
    return {finding.severity for finding in told if finding.code == code}


def bare(site: Inventory) -> Inventory:
    """Nobody says anything of types; racks have a load, rails of a known depth and feeds, and no power."""
    kind = rack_type()
    rack = replace(site.racks["h1-r1"], type=kind.slug, load_kg=1200.0, power_w=None)
    return replace(site, racks={"h1-r1": rack}, rack_types={kind.slug: kind}, facts={})


@pytest.mark.parametrize("code", ["no-draw", "no-weight", "no-depth"])
def test_a_gap_is_an_error_where_something_stands(site: Inventory, code: str) -> None:
    assert severities(bare(site), code) == {Severity.ERROR}
    assert severities(planned(bare(site)), code) == {Severity.WARNING}


def test_a_gap_is_of_racks_to_which_it_matters(site: Inventory) -> None:
    made = bare(site)
    rack = replace(made.racks["h1-r1"], feeds={}, load_kg=None, type="")
    alone = replace(made, racks={"h1-r1": rack})
    assert not codes(alone) & {"no-draw", "no-rack-power", "no-weight", "no-depth"}

    limits = Limits({Cooling.AIR_DIRECT: 25_000})
    for held in (
        halls(alone, power_w=1e6),
        replace(halls(alone, cooling=Cooling.AIR_DIRECT), limits=limits),
        replace(alone, campus=campus(1e9, Basis.IT)),
        replace(alone, buildings={"b": Building("b", 1, AT, power_w=1e9)}),
    ):
        assert codes(held) >= {"no-draw", "no-rack-power"}
    assert not codes(replace(alone, buildings={"b": Building("b", 2, AT, power_w=1e9)})) & {"no-draw"}


@pytest.mark.parametrize(("own", "wrong"), [(None, False), (800.0, False), (800.1, True)])
def test_no_device_draws_more_than_its_nameplate(site: Inventory, own: float | None, wrong: bool) -> None:
    facts = {slug: TypeFacts(AT, "test", nameplate_w=800, allocated_w=400, kg=1) for slug in site.types}
    first = next(iter(site.devices))
    made = with_device(replace(site, facts=facts), first, draw_w=own)
    assert [f.subject for f in found(made) if f.code == "over-nameplate"] == [f"device {first}"] * wrong


BAYS = Components(module_bays=(Bay("PSU1", "1"), Bay("PSU2", "2")))


@pytest.mark.parametrize(
    ("more", "watts", "wrong"),
    [
        ({"parts": BAYS}, 400, True),
        ({"parts": BAYS}, 0, False),
        ({"parts": BAYS, "powered": False}, 400, False),
        ({"parts": replace(BAYS, inlets=(Inlet("PSU1", "iec-60320-c14"),))}, 400, False),
        ({}, 400, False),
    ],
)
def test_power_supplies_in_bays_need_an_inlet(
    site: Inventory, more: dict[str, object], watts: float, wrong: bool
) -> None:
    server = replace(site.types["server"], **more)  # type: ignore[arg-type]
    made = known(replace(site, types={**site.types, "server": server}), watts=watts)
    expected = {Severity.ERROR} if wrong else set()
    assert severities(made, "no-power-inlet") == expected


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


def test_a_spot_of_the_floor_is_one_racks_without_a_plan_of_it_too(site: Inventory) -> None:
    rack = replace(site.racks["h1-r1"], at="B03")
    beside = replace(rack, name="h1-r99", position=99)

    def said(at: str) -> bool:
        racks = {**site.racks, rack.name: rack, beside.name: replace(beside, at=at)}
        return "same-place" in codes(replace(site, racks=racks))

    assert site.cabling is None
    assert [said("B03"), said("B3"), said("B04"), said("C03"), said("")] == [True, True, False, False, False]


def test_a_rack_may_be_cooled_otherwise_than_its_hall(site: Inventory) -> None:
    limits = Limits({Cooling.AIR_INDIRECT: 25_000, Cooling.DLC: 600_000})
    rack = replace(site.racks["h1-r1"], power_w=132_000)
    hot = replace(halls(site, cooling=Cooling.AIR_INDIRECT), limits=limits, racks={"h1-r1": rack})

    assert "too-hot" in codes(hot)
    assert "too-hot" not in codes(replace(hot, racks={"h1-r1": replace(rack, cooling=Cooling.DLC)}))


def no_power(site: Inventory, **more: object) -> Inventory:
    """Everybody draws 400 W in a rack that states no power."""
    made = known(site)
    rack = replace(made.racks["h1-r1"], power_w=None, **more)  # type: ignore[arg-type]
    return replace(made, racks={"h1-r1": rack})


def test_what_stands_in_a_rack_without_a_power_counts(site: Inventory) -> None:
    """For hall, building and campus; of a rack that states less than stands in it, too."""
    total, made = 400.0 * len(site.devices), no_power(site)
    built = {"b": Building("b", 1, AT, power_w=total - 1)}

    assert "hall-over-power" not in codes(halls(made, power_w=total))
    assert "hall-over-power" in codes(halls(made, power_w=total - 1))
    short = replace(made, racks={"h1-r1": replace(made.racks["h1-r1"], power_w=100.0)})
    assert "hall-over-power" in codes(halls(short, power_w=total - 1))
    assert "building-over-power" in codes(replace(made, buildings=built))
    assert "campus-over-power" in codes(replace(made, campus=campus(total - 1, Basis.IT)))
    assert "campus-over-power" not in codes(replace(made, campus=campus(total, Basis.IT)))


def test_a_rack_without_a_power_is_as_hot_as_what_stands_in_it(site: Inventory) -> None:
    first, total = next(iter(site.devices)), 400.0 * len(site.devices)
    made = replace(no_power(site), limits=Limits({Cooling.AIR_DIRECT: total}))
    warm = halls(made, cooling=Cooling.AIR_DIRECT)
    (hot,) = (f for f in found(with_device(warm, first, draw_w=401.0)) if f.code == "too-hot")

    assert "too-hot" not in codes(warm)
    assert (hot.subject, hot.amount, hot.unit) == ("rack h1-r1", total + 1, "W")
    assert hot.message.startswith("what stands in rack h1-r1 draws")
    assert told(overridden(warm, first, draw_w=401.0), "too-hot") == (f"overrides.{first}.draw", "power")
    full = overridden(halls(no_power(site), power_w=total), first, draw_w=401.0)
    assert told(full, "hall-over-power") == (f"overrides.{first}.draw", "power")


def test_how_a_hall_is_cooled_is_asked_where_a_rack_draws(site: Inventory) -> None:
    made = replace(no_power(site), campus=campus(1e9, Basis.IT))

    assert "cooling-not-said" in codes(made)
    assert "cooling-not-said" not in codes(replace(made, facts={}))


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


def overridden(site: Inventory, name: str, **more: object) -> Inventory:
    """A device as an override has it: its row's line is kept in what it is instead of."""
    old = site.devices[name]
    line = Where("rows.yaml", 0, f"overrides.{name}")
    return with_device(site, name, where=line, instead_of=old, **more)


def told(inventory: Inventory, code: str) -> tuple[str, str]:
    """Path of the line that is blamed, and of the one to see."""
    (finding,) = (f for f in found(inventory) if f.code == code)
    return finding.where.path, finding.see.path if finding.see else ""


def test_the_override_that_fills_a_rack_is_blamed(site: Inventory) -> None:
    """The larger one alone, both together; and the row, where it would be too much without them."""
    one, other, *_ = site.devices
    both = overridden(overridden(known(site), one, draw_w=420.0), other, draw_w=401.0)
    full = replace(both, racks={"h1-r1": replace(both.racks["h1-r1"], power_w=400.0 * len(site.devices) + 5)})
    short = replace(both, racks={"h1-r1": replace(both.racks["h1-r1"], power_w=100.0)})

    assert told(full, "rack-over-power") == (f"overrides.{one}.draw", "power")
    assert told(both, "rack-over-power") == (f"overrides.{one}.draw", "power")  # both together
    assert told(short, "rack-over-power") == ("power", "")


def test_a_rack_s_own_override_is_blamed(site: Inventory) -> None:
    made = known(site)
    old = made.racks["h1-r1"]
    line = Where("rows.yaml", 0, "overrides.h1-r1")
    poor = replace(old, where=line, instead_of=old, power_w=1000.0, load_kg=10.0)
    low = replace(old, where=line, instead_of=replace(old, height=47), height=2)
    one = next(iter(site.devices))

    assert told(replace(made, racks={"h1-r1": poor}), "rack-over-power") == ("overrides.h1-r1.power", "power")
    assert told(replace(made, racks={"h1-r1": poor}), "rack-over-load") == ("overrides.h1-r1.load", "load")
    tall = with_device(replace(made, racks={"h1-r1": low}), one, u=3)
    assert told(tall, "outside-rack") == ("overrides.h1-r1.height", "u")
    assert told(overridden(tall, one, u=50), "outside-rack") == ("u", "")  # both would be wrong alone


def test_of_two_on_one_u_the_overridden_one_is_blamed(site: Inventory) -> None:
    first, second = sorted(site.devices)[:2]
    apart = replace(
        site, devices={n: replace(d, u=k * 2) for k, (n, d) in enumerate(site.devices.items(), 1)}
    )

    def both(name: str, onto: str) -> tuple[str, str]:
        return told(overridden(apart, name, u=apart.devices[onto].u), "same-u")

    assert both(first, second) == (f"overrides.{first}.u", "u")
    assert both(second, first) == (f"overrides.{second}.u", "u")


def doors(**more: object) -> RackType:
    """800 mm between the rails, 100 mm to the doors on both sides."""
    return rack_type(mounting_depth_mm=800.0, front=Door(100), rear=Door(100), **more)


def in_doors(site: Inventory, kind: RackType, **facts: object) -> set[str]:
    """Codes of one leaf in such a rack."""
    made = with_device(replace(site, devices={"leaf-1": site.devices["leaf-1"]}, cables={}), "leaf-1", u=40)
    told = TypeFacts(AT, "test", kg=1, **facts)  # type: ignore[arg-type]
    made = replace(in_rack_of(made, kind), facts={"switch": told}, vpcs={}, waves={}, sessions={})
    limits = Limits(before_mm=76, behind_mm=76, open_share=0.63)
    return {f.code for f in mounting.check(SimpleNamespace(inventory=replace(made, limits=limits)))}


@pytest.mark.parametrize(
    ("facts", "shut"),
    [
        ({}, False),
        ({"depth_mm": 800}, False),
        ({"depth_mm": 800, "behind_mm": 101}, True),
        ({"depth_mm": 700, "behind_mm": 200}, False),
        ({"depth_mm": 700, "behind_mm": 201}, True),
        ({"before_mm": 100}, False),
        ({"before_mm": 101}, True),
    ],
)
def test_a_device_its_plugs_and_bends_stay_behind_the_doors(
    site: Inventory, facts: dict[str, object], shut: bool
) -> None:
    assert ("door-too-near" in in_doors(site, doors(), **facts)) is shut


def test_air_passes_doors_that_are_open_enough(site: Inventory) -> None:
    breathes = {"airflow": "front-to-rear"}
    for share, shut in ((0.63, False), (0.62, True)):
        kind = rack_type(front=Door(None, 1.0), rear=Door(None, share))
        assert ("door-shut-to-air" in in_doors(site, kind, **breathes)) is shut
        assert "door-shut-to-air" not in in_doors(site, kind)


@pytest.mark.parametrize(("width", "fits"), [((19,), True), ((21,), False), ((21, 19), True)])
def test_a_device_fits_the_rails(site: Inventory, width: tuple[int, ...], fits: bool) -> None:
    assert ("wrong-width" not in in_doors(site, rack_type(), widths_in=width)) is fits


def test_cables_between_racks_are_counted_at_both(site: Inventory) -> None:
    """Four from each of two leaves and two borders to two spines, in a rack of their own; those to the far
    side and to servers stay in theirs."""
    spines = {n: replace(d, rack="r2") for n, d in site.devices.items() if n.startswith("spine")}
    racks = {**site.racks, "r2": replace(site.racks["h1-r1"], name="r2", position=2)}
    apart = replace(site, devices={**site.devices, **spines}, racks=racks)

    def over(most: int) -> set[str]:
        limited = SimpleNamespace(inventory=replace(apart, limits=Limits(cables=most)))
        return {f.subject for f in entries.check(limited) if f.code == "too-many-cables"}

    assert over(8) == set()
    assert over(7) == {"rack h1-r1", "rack r2"}
