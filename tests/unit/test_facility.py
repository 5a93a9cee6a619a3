"""From what people write of power and cooling to the graph, and from what the graph says to findings."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igoudar import checks
from igoudar.errors import Finding, Severity, Where, lines
from igoudar.facility.graph import as_designed, power_graph
from igoudar.facility.judged import judge
from igoudar.facility.library import read_facility
from igoudar.facility.plant import Medium, Plant, PlantLoop, PlantUnit
from igoudar.facility.served import served
from igoudar.hall.places import Rack, TypeFacts
from igoudar.hardware.parts import Inlet
from igoudar.inventory import load
from igoudar.model import Inventory
from igoudar.power import Graph, Input, Loop, Source, Unit, faults, loads
from igoudar.power import Rack as PowerRack
from igoudar.waivers import Waiver, waive
from tests import factory
from tests.errors import ROOT, run
from tests.repository import repository

AT = Where("site.yaml", 1)


@pytest.fixture(scope="module")
def lab() -> Inventory:
    return load(ROOT / "inventory/lab", ROOT)


def with_inlets(inventory: Inventory, slug: str, count: int, needed: int | None = None) -> Inventory:
    kind, known = inventory.types[slug], inventory.facts[slug]
    inlets = tuple(Inlet(f"PSU{n}", "iec-60320-c14") for n in range(count))
    types = {**inventory.types, slug: replace(kind, parts=replace(kind.parts, inlets=inlets))}
    facts = {**inventory.facts, slug: replace(known, psus_needed=needed)}
    return replace(inventory, types=types, facts=facts)


def with_unit(inventory: Inventory, name: str, **more: object) -> Inventory:
    changed = replace(inventory.plant.units[name], **more)  # type: ignore[arg-type]
    plant = replace(inventory.plant, units={**inventory.plant.units, name: changed})
    return replace(inventory, plant=plant)


def with_class(inventory: Inventory, level: int | None) -> Inventory:
    halls = {name: replace(hall, availability=level) for name, hall in inventory.halls.items()}
    return replace(inventory, halls=halls)


def rack_of(graph: Graph, name: str) -> PowerRack:
    return next(rack for rack in graph.racks if rack.name == name)


# types


def test_all_types_that_are_there_can_be_read() -> None:
    library, findings = read_facility(ROOT / "inventory/types", "types", ROOT)

    assert findings == []
    assert {str(kind.kind) for kind in library.types.values()} >= {
        "transformer", "board", "ups", "busway", "sts", "battery", "cdu", "chiller", "dry-cooler", "pump",
        "wind", "solar", "hydrogen", "grid-tie",
    }  # fmt: skip
    board = library.types["board-250"]
    assert board.capacity_va == pytest.approx(173_205, abs=1)  # 250 A at 400 V on three phases
    assert 0 < library.limits.breaker_share <= 1


def test_without_a_folder_there_are_no_types(tmp_path: Path) -> None:
    library, findings = read_facility(tmp_path, "types", tmp_path)
    assert (library.types, findings) == ({}, [])


# the graph


def test_the_lab_is_a_graph_that_can_be_read(lab: Inventory) -> None:
    graph = power_graph(lab)

    assert faults(graph) == ()
    assert {unit.name for unit in graph.units} == set(lab.plant.units)
    assert graph.ambient_c == 47
    assert loads(graph).it_w == pytest.approx(8550)


def test_devices_without_an_inlet_are_one_shelf_on_all_feeds(lab: Inventory) -> None:
    bare = with_inlets(with_inlets(lab, "generic-server-2", 0), "generic-switch-32", 0)
    (shelf,) = rack_of(power_graph(bare), "a01").devices

    assert (shelf.allocated_w, shelf.psus_needed) == (350 + 2 * 490, 1)
    assert [psu.feed for psu in shelf.psus] == ["A", "B"]


def test_psus_alternate_over_the_feeds(lab: Inventory) -> None:
    alone = replace(lab, cords={})
    rack = rack_of(power_graph(with_inlets(alone, "generic-server-2", 3, needed=2)), "a01")
    server = next(device for device in rack.devices if device.name == "srv-1")

    assert [psu.feed for psu in server.psus] == ["A", "B", "A"]
    assert server.psus_needed == 2
    assert sum(device.allocated_w for device in rack.devices) == 1330


def test_a_device_may_say_itself_what_it_draws(lab: Inventory) -> None:
    server = replace(lab.devices["srv-1"], draw_w=900.0)
    graph = power_graph(replace(lab, devices={**lab.devices, "srv-1": server}))

    assert loads(graph).it_w == pytest.approx(8550 + 410)


def test_what_nobody_says_counts_as_the_budget_of_the_rack(lab: Inventory) -> None:
    facts = {slug: known for slug, known in lab.facts.items() if slug != "generic-server-2"}
    graph = power_graph(replace(lab, facts=facts))

    assert [device.allocated_w for device in rack_of(graph, "a01").devices] == [350, 12_150]
    assert sum(device.allocated_w for device in rack_of(graph, "a03").devices) == 3230


def test_full_each_rack_draws_what_it_may(lab: Inventory) -> None:
    assert loads(as_designed(lab, power_graph(lab))).it_w == pytest.approx(5 * 12_500)


def test_a_breaker_carries_a_share_of_its_current_on_three_phases(lab: Inventory) -> None:
    kind, share = lab.plant.types["busway-160"], lab.plant.limits.breaker_share
    (busway,) = (unit for unit in power_graph(lab).units if unit.name == "busway-a")
    watts = 3 * 230.94 * kind.power_factor * share  # of one ampere, phase by phase

    assert busway.breaker_w == pytest.approx(125 * watts, rel=1e-4)
    assert dict(rack_of(power_graph(lab), "a01").feed_w) == pytest.approx(
        {"A": 32 * watts, "B": 32 * watts}, rel=1e-4
    )
    weaker = with_unit(lab, "busway-b", tap_off_a=16.0)
    assert dict(rack_of(power_graph(weaker), "a01").feed_w) == pytest.approx(
        {"A": 32 * watts, "B": 16 * watts}, rel=1e-4
    )
    bare = with_unit(lab, "busway-b", tap_off_a=None)
    assert [*dict(rack_of(power_graph(bare), "a01").feed_w)] == ["A"], "nothing bounds the other"


def test_heat_goes_to_liquid_as_the_devices_say(lab: Inventory) -> None:
    plant = replace(
        lab.plant,
        loops={**lab.plant.loops, "water": PlantLoop("water", AT, "h1", Medium.LIQUID)},
    )
    facts = {**lab.facts, "generic-switch-32": replace(lab.facts["generic-switch-32"], liquid_share=0.8)}
    rack = rack_of(power_graph(replace(lab, plant=plant, facts=facts)), "a01")

    assert rack.liquid_share == pytest.approx(350 * 0.8 / 1330)
    assert (rack.air, rack.liquid) == ("room", "water")
    assert rack_of(power_graph(lab), "a01").liquid == ""


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from([60, 350, 490])), min_size=1, max_size=6))
def test_feeds_carry_what_the_psus_on_them_draw(devices: list[tuple[int, int]]) -> None:
    """Against a sum by hand: a PSU draws its part of its device, a shelf is halved."""
    site = factory.site(leaves=2, vpcs=0)
    box = next(iter(site.devices.values()))
    kind = site.types[box.type]
    inlet = Inlet("PSU", "iec-60320-c14")
    slugs = {
        f"t{n}": replace(kind, parts=replace(kind.parts, inlets=(inlet,) * psus))
        for n, (psus, _) in enumerate(devices)
    }
    boxes = {f"d{n}": replace(box, name=f"d{n}", type=f"t{n}") for n in range(len(devices))}
    facts = {f"t{n}": TypeFacts(AT, "test", allocated_w=w, psus_needed=1) for n, (_, w) in enumerate(devices)}
    rack = replace(site.racks[box.rack], feeds={"B": "two", "A": "one"})
    named = replace(site, types=slugs, devices=boxes, facts=facts, racks={rack.name: rack}, plant=PLANT)

    by_hand: dict[str, float] = defaultdict(float)
    for psus, watts in devices:
        for n in range(psus or 2):
            by_hand["AB"[n % 2]] += watts / (psus or 2)
    found = {feed.feed: feed.load_w for feed in loads(power_graph(named)).feeds}
    assert found == pytest.approx({"A": by_hand["A"], "B": by_hand["B"]})


def plant_of(**units: PlantUnit) -> Plant:
    library, _ = read_facility(ROOT / "inventory/types", "types", ROOT)
    return Plant(types=library.types, units=units, limits=library.limits)


PLANT = plant_of(
    one=PlantUnit(name="one", type="battery-500", where=AT),
    two=PlantUnit(name="two", type="battery-500", where=AT),
)


# who hangs on what


def chains(rng: Random) -> Graph:
    """Units that hang on earlier ones, loops that hand on to earlier ones, racks anywhere."""
    loops = tuple(Loop(f"l{n}", f"l{rng.randrange(n)}" if n and rng.random() < 0.6 else "") for n in range(4))
    units: list[Unit] = []
    for n in range(rng.randint(1, 8)):
        above = [unit.name for unit in units]
        fed = above and rng.random() < 0.8
        units.append(
            Unit(
                name=f"u{n}",
                kind="unit",
                power=Input(tuple(rng.sample(above, rng.randint(1, min(2, len(above)))))) if fed else None,
                source=None if fed else Source(True, True),
                cools=rng.choice(["", "l0", "l1", "l2", "l3"]),
                cooling=((50.0, 1.0),),
            )
        )
    names = [unit.name for unit in units]
    racks = tuple(
        PowerRack(
            name=f"r{n}",
            feeds=tuple(zip("AB", rng.sample(names, min(2, len(names))), strict=False)),
            air=rng.choice(["", "l0", "l1", "l2", "l3"]),
        )
        for n in range(4)
    )
    return Graph(tuple(units), racks, loops)


@pytest.mark.parametrize("seed", range(60))
def test_a_unit_serves_what_can_be_reached_from_it(seed: int) -> None:
    graph = chains(Random(seed))
    hall_of = {rack.name: f"h-{rack.name}" for rack in graph.racks}
    units = {unit.name: unit for unit in graph.units}
    onward = {loop.name: loop.rejects_to for loop in graph.loops}

    def carries(loop: str, heat: str) -> bool:
        """Whether the heat of `heat` passes `loop`."""
        return bool(heat) and (heat == loop or carries(loop, onward[heat]))

    def feeds(unit: str, other: str) -> bool:
        return unit == other or any(feeds(unit, above) for above in units[other].inputs())

    found = served(graph, hall_of)
    for name in units:
        below = {other for other in units if feeds(name, other)}
        cooled = {units[other].cools for other in below} - {""}
        reached = {
            hall_of[rack.name]
            for rack in graph.racks
            if {unit for _, unit in rack.feeds} & below or any(carries(loop, rack.air) for loop in cooled)
        }
        assert found.units.get(name, frozenset()) == reached


# findings


def codes(findings: list[Finding]) -> set[str]:
    return {finding.code for finding in findings if finding.severity is Severity.ERROR}


def test_nothing_is_said_of_the_lab_nor_of_a_site_without_units(lab: Inventory) -> None:
    assert [*judge(lab)] == []
    assert [*judge(replace(with_unit(lab, "ups-a", needed=9), plant=Plant()))] == []
    assert not [f for f in checks.check(factory.plan(factory.site()).design) if f.code.startswith("single")]


def four_hundred(lab: Inventory, feeds: dict[str, str], **more: object) -> Inventory:
    """A hall of 400 racks of one line, each with a server of 10 W."""
    row = Where("inventory/lab/rows.yaml", 3, "rows[0]")
    racks = {
        f"b{n:03}": Rack(f"b{n:03}", "h1", "b", n, 47, row, feeds, **more)  # type: ignore[arg-type]
        for n in range(400)
    }
    server = lab.devices["srv-1"]
    boxes = {f"x{n}": replace(server, name=f"x{n}", rack=f"b{n:03}", draw_w=10.0) for n in range(400)}
    return replace(lab, racks={**lab.racks, **racks}, devices={**lab.devices, **boxes})


def test_four_hundred_racks_are_told_one_by_one_and_shown_in_one_line(lab: Inventory) -> None:
    found = [f for f in judge(four_hundred(lab, {})) if f.code == "no-feed"]
    assert [f.subject for f in found] == [f"rack b{n:03}" for n in range(400)]
    ((_, line),) = lines(found)
    assert "rack b000" in line
    assert line.endswith("and 399 more of this kind at this line")

    found = [f for f in judge(four_hundred(lab, {"A": "busway-a"})) if "rack b" in f.subject]
    assert Counter((f.code, f.amount) for f in found) == {
        ("single-loss", 10.0): 400,  # of one of them
        ("scheme-feeds", None): 400,
    }
    assert len({f.subject for f in found}) == 400
    assert all(f.subject.split()[1] in f.message for f in found)


def test_a_waiver_of_one_rack_ends_with_that_rack_alone(lab: Inventory) -> None:
    """Not when racks come or go beside it, as long as it is found."""
    day = date(2026, 11, 24)
    waiver = Waiver("no-feed", "rack b007", "until it is wired", "amina", day, None, AT)
    many = [*judge(four_hundred(lab, {}))]
    few = [f for f in many if f.subject in ("rack b007", "rack b008")]

    for found in (many, few):
        (waived,) = [f for f in waive(found, [waiver], day) if f.severity is Severity.INFO]
        assert waived.subject == "rack b007"
    assert [f.code for f in waive(few[1:], [waiver], day)] == ["no-feed", "waiver-matches-nothing"]


def test_two_racks_on_one_unit_are_two_findings(lab: Inventory) -> None:
    shared = with_unit(lab, "busway-b", power=Input(("ups-a",)))
    found = [f for f in judge(shared) if f.code == "feeds-share-unit"]

    assert len({f.subject for f in found}) == len(found) == 5
    assert all(f"of {f.subject} are both on" in f.message for f in found)


@pytest.mark.parametrize(("level", "severity"), [(None, None), (1, None), (2, "warning"), (3, "error")])
def test_the_class_of_the_hall_decides(lab: Inventory, level: int | None, severity: str | None) -> None:
    rack = replace(lab.racks["a05"], feeds={"A": "busway-a"})
    single = with_class(replace(lab, racks={**lab.racks, "a05": rack}), level)
    found = [f for f in judge(single) if f.code == "single-loss" and f.subject == "unit ups-a"]

    assert [str(f.severity) for f in found] == ([severity] if severity else [])


def test_a_unit_that_both_feeds_share(lab: Inventory) -> None:
    shared = with_unit(lab, "busway-b", power=Input(("ups-a",)))
    told = {level: [*judge(with_class(shared, level))] for level in (None, 2, 3)}
    by_class = {level: [f for f in found if f.code == "feeds-share-unit"] for level, found in told.items()}

    assert {level: {str(f.severity) for f in found} for level, found in by_class.items()} == {
        None: {"error"},
        2: {"warning"},
        3: {"error"},
    }
    assert codes(told[3]) >= {"single-loss", "scheme-feeds"}


def test_what_is_said_of_a_failure_is_not_said_again_of_the_scheme(lab: Inventory) -> None:
    shared = with_unit(lab, "busway-b", power=Input(("ups-a",)))

    assert "scheme-loses" not in codes([*judge(shared)])
    assert "scheme-loses" in codes([*judge(with_class(shared, None))])


def test_class_4_forbids_what_two_do_together_outside_a_rack(lab: Inventory) -> None:
    found = [*judge(with_class(lab, 4))]

    assert codes(found) == {"double-failure"}
    assert not [f for f in found if "same rack" in f.message or "both in one rack" in f.message]
    pairs = {f.subject: f for f in found}
    assert len(pairs) == len(found)
    assert "hall h1 / ups-a and ups-b, a load is lost" in pairs
    feeds = pairs["hall h1 / ups-a and feed B of a01 to a05, a load is lost"]
    assert (feeds.amount, str(feeds.where)) == (3230.0, "inventory/lab/power.yaml: units.ups-a")
    assert "ups-a and feed B of a01, a02 and 3 more: 5 pairs, a load is lost, up to 3.23 kW" in feeds.message


def test_a_waiver_of_a_pair_covers_that_pair_of_that_hall_alone(lab: Inventory) -> None:
    hall, day = with_class(lab, 4).halls["h1"], date(2026, 12, 31)
    one = replace(with_class(lab, 4), racks={n: r for n, r in lab.racks.items() if n != "a05"})
    moved = replace(with_class(lab, 4), halls={"h1": hall, "h2": replace(hall, name="h2")})
    moved = replace(moved, racks={**lab.racks, "a05": replace(lab.racks["a05"], hall="h2")})
    one = replace(one, devices={n: d for n, d in lab.devices.items() if d.rack != "a05"})
    pair = "ups-a and feed B of a01 to a04, a load is lost"
    waiver = Waiver("double-failure", f"hall h1 / {pair}", "until it is mended", "amina", day, None, AT)

    for site in (one, moved):  # the same racks in the hall, alone and with another hall on the same units
        told = waive(judge(site), [waiver], day)
        assert [f.subject for f in told if f.severity is Severity.INFO] == [f"hall h1 / {pair}"]
        assert "waiver-matches-nothing" not in codes(told)
    halls = {f.subject for f in judge(moved) if f.code == "double-failure"}
    assert {"hall h1 / ups-a and ups-b, a load is lost", "hall h2 / ups-a and ups-b, a load is lost"} <= halls
    assert "waiver-matches-nothing" in codes(
        waive(judge(with_class(lab, 4)), [waiver], day)
    )  # with one more rack


@pytest.mark.parametrize("old", ["board and ups, a load is lost", "psu and ups, a load is lost"])
def test_a_waiver_of_kinds_of_things_is_told_the_pairs_there_are(lab: Inventory, old: str) -> None:
    day = date(2026, 12, 31)
    waiver = Waiver("double-failure", old, "until it is mended", "amina", day, None, AT)
    (wrong,) = [f for f in waive(judge(with_class(lab, 4)), [waiver], day) if f.code != "double-failure"]

    assert wrong.code == "waiver-matches-nothing"
    assert "'hall h1 / " in wrong.hint


@given(st.randoms(use_true_random=False))
def test_the_order_of_the_files_changes_nothing(rng: Random) -> None:
    lab = load_once()
    broken = with_unit(with_unit(lab, "busway-b", power=Input(("ups-a",))), "busway-a", breaker_a=6.0)

    def mixed(things: object) -> dict[str, object]:
        items = [*things.items()]  # type: ignore[attr-defined]
        return dict(rng.sample(items, len(items)))

    plant = replace(broken.plant, units=mixed(broken.plant.units), loops=mixed(broken.plant.loops))  # type: ignore[arg-type]
    other = replace(
        broken,
        plant=plant,
        racks=mixed(broken.racks),  # type: ignore[arg-type]
        devices=mixed(broken.devices),  # type: ignore[arg-type]
    )
    assert sorted(map(str, judge(other))) == sorted(map(str, judge(broken)))


LAB: list[Inventory] = []


def load_once() -> Inventory:
    if not LAB:
        LAB.append(load(ROOT / "inventory/lab", ROOT))
    return LAB[0]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path)


# energy


PROFILE = """demand kWh,wind kWh,sun kWh
""" + "\n".join(f"1000,{600 + 10 * month},{300 + 20 * month}" for month in range(12))


def test_a_profile_shows_what_no_annual_sum_does(root: Path) -> None:
    plan = root / "inventory/lab/power.yaml"
    written = plan.read_text()
    (root / "inventory/lab/profiles").mkdir()
    (root / "inventory/lab/profiles/year.csv").write_text(PROFILE)
    by_hand = sum(min(1000, 900 + 30 * month) for month in range(12)) / 12_000

    plan.write_text(written.replace("matching: annual", "matching: monthly, profile: year"))
    assert f"give {by_hand:.1%} of what is used, by monthly matching" in run("check lab", root)
    plan.write_text(written.replace("matching: annual", "matching: annual, profile: year"))
    assert run("check lab", root).endswith("exit 0\n")
    plan.write_text(
        written.replace("matching: annual", "matching: monthly, profile: year").replace("100 %", "98 %")
    )
    assert run("check lab", root).endswith("exit 0\n")


# permits


def test_one_side_may_be_taken_out(root: Path) -> None:
    *lines, status = run("impact lab ups-a", root).splitlines()

    assert status == "exit 0"
    assert "may be taken out: yes" in lines
    assert "  feed A of a01, a02, a03, a04, a05" in lines
    assert "  busway-b: 8.55 kW would be lost" in lines
    assert "  feed B of a01, a02, a03, a04, a05, with its cords and power supplies" in lines


def test_both_sides_may_not(root: Path) -> None:
    *lines, status = run("impact lab ups-a busway-b", root).splitlines()

    assert status == "exit 3"
    assert "may be taken out: NO" in lines
    assert "  1.33 kW in each of a01, a02, a04, a05" in lines


def test_a_side_whose_end_would_overload_feeds_may_not(root: Path) -> None:
    """2 A carry 1.05 kW, 351 W a phase: a rack of 1.33 kW alone is more, and all such racks are named."""
    power = root / "inventory/lab/power.yaml"
    power.write_text(power.read_text().replace("tap_off: 32 A", "tap_off: 2 A"))
    lines = run("impact lab ups-a", root).splitlines()

    assert "may be taken out: NO" in lines
    assert "  feed B of a01, a02, a04, a05: each 1330 W of 1053 W" in lines

    power.write_text(power.read_text().replace("tap_off: 2 A", "tap_off: 2.6 A"))
    lines = run("impact lab ups-a", root).splitlines()
    assert "may be taken out: NO" in lines
    assert "  feed B on L1 of a01, a02, a04, a05: each 490 W of 456 W" in lines


def test_a_battery_for_minutes_feeds_nothing(root: Path) -> None:
    lines = run("impact lab board-a", root).splitlines()
    assert "  feed A of a01, a02, a03, a04, a05" in lines
    assert lines[-1] == "exit 0"
    assert run("impact lab board-a board-b", root).endswith("exit 3\n")


def test_a_battery_for_hours_feeds(lab: Inventory) -> None:
    big = replace(lab.plant.types["battery-80"], energy_kwh=4 * 85.0)
    stored = replace(lab, plant=replace(lab.plant, types={**lab.plant.types, "battery-80": big}))
    small, large = (
        next(unit for unit in power_graph(site).units if unit.name == "ups-a").power for site in (lab, stored)
    )

    assert small == Input(("board-a",))
    assert large == Input(("board-a", "battery-a"))


def test_what_rides_through_nothing_without_its_battery(root: Path) -> None:
    lines = run("impact lab battery-a", root).splitlines()

    assert lines[lines.index("carries nothing over a break:") + 1] == "  ups-a"
    assert "loses a feed: nothing" in lines


def test_a_thing_of_several(root: Path) -> None:
    said = run("impact lab wind", root)
    assert "out: wind, 3 of 4 are left" in said
    assert said.endswith("exit 0\n")
    assert run("impact lab wind wind wind wind wind", root).endswith("exit 2\n")


def test_a_permit_for_machines(root: Path) -> None:
    said = run("impact lab ups-a ups-b --json", root)
    found = json.loads(said[: said.rindex("exit ")])

    assert said.endswith("exit 3\n")
    assert (found["granted"], found["lost_w"]) == (False, 8550)
    assert sum(len(loss["racks"]) * loss["w"] for loss in found["losses"]) == 8550
    assert len(found["feeds"]) == 10


def test_without_a_unit_every_failure_is_reported(root: Path) -> None:
    said = run("impact lab", root)
    assert said.startswith("one failure: nothing\ntwo failures together:\n")
    assert "\n  ups and ups: 1 pair, a load is lost, up to 8.6 kW; such as ups-a with ups-b\n" in said
    assert said.endswith("exit 0\n")

    hall = root / "inventory/lab/hall.yaml"
    hall.write_text(hall.read_text().replace("A: busway-a, B: busway-b", "A: busway-a", 1))
    said = run("impact lab --json", root)
    found = json.loads(said[: said.rindex("exit ")])
    assert "busway-a: up to 1.33 kW lost" in found["singles"]
    assert said.endswith("exit 3\n")


def test_without_units_there_is_nothing_to_take_out(root: Path) -> None:
    (root / "inventory/lab/power.yaml").unlink()
    assert "section 'units'" in run("impact lab ups-a", root)
