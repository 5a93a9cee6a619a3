"""Each kind of mistake, seeded by hand into a small hall, and what the doctor says of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from igoudar.doctor import (
    Certainty,
    Diagnosis,
    End,
    Kind,
    Medium,
    Move,
    Movement,
    Observation,
    Plan,
    PlannedCable,
    Trunk,
    diagnose,
)
from tests.cable_world import DARK, DARK_DBM, EMPTY, CableWorld, end, plan_of, planned

RACKS = {"s1": "net", "s2": "net", **{f"{r}{n}": r for r in ("p", "q") for n in (1, 2)}}
CABLES = planned(
    [
        *(
            (f"{r}{n}/eth{k}", f"s{k}/swp{10 * at + n}")
            for at, r in enumerate("pq")
            for n in (1, 2)
            for k in (1, 2)
        ),
        *((f"s1/swp40s{n}", f"s2/swp5{n}") for n in range(4)),
    ]
)
TRUNK = Trunk("s1/swp40", tuple((c.a, c.b) for c in CABLES[-4:]))
PLAN = plan_of(CABLES, RACKS, (TRUNK,))
FREE = (end("s1/swp30"), end("s2/swp30"))


@pytest.fixture
def world() -> CableWorld:
    return CableWorld(PLAN, FREE)


def asked(world: CableWorld, *unseen: str) -> Diagnosis:
    return diagnose(world.plan, world.observed({end(e) for e in unseen}), dark_dbm=DARK_DBM)


def only(found: Diagnosis) -> Movement:
    (statement,) = found.statements
    ((movement,),) = statement.candidates
    assert statement.certainty is Certainty.EXACT
    return movement


def moves(movement: Movement) -> list[str]:
    return [f"{m.source} > {m.target}" for m in movement.moves]


def kinds(found: Diagnosis) -> list[list[list[str]]]:
    return [[[str(m.kind) for m in c] for c in s.candidates] for s in found.statements]


def test_a_hall_as_planned_needs_nothing(world: CableWorld) -> None:
    assert asked(world) == Diagnosis(12, 12, (), ())


def test_a_swapped_pair_says_both_ways_to_put_it_right(world: CableWorld) -> None:
    world.exchange(end("s1/swp1"), end("s1/swp11"))
    found = asked(world)
    swap = only(found)
    assert (swap.kind, found.good) == (Kind.SWAPPED_PAIR, 10)
    assert moves(swap) == ["s1/swp1 > s1/swp11", "s1/swp11 > s1/swp1"]
    assert [str(m.source) for m in swap.instead] == ["p1/eth1", "q1/eth1"]
    assert found.statements[0].evidence[0] == "p1/eth1 hears s1/swp11, link up, module in, -2.5 dBm"


def test_one_end_that_hears_is_evidence_for_both(world: CableWorld) -> None:
    world.exchange(end("s1/swp1"), end("s1/swp11"))
    assert only(asked(world, "p1/eth1", "q1/eth1")).kind is Kind.SWAPPED_PAIR
    assert only(asked(world, "p1/eth1", "s1/swp1")).kind is Kind.SWAPPED_PAIR


def test_half_a_swap_that_nobody_saw_is_not_called_one(world: CableWorld) -> None:
    world.exchange(end("s1/swp1"), end("s1/swp11"))
    (statement,) = asked(world, "p1/eth1", "s1/swp11").statements
    assert statement.certainty is Certainty.AMBIGUOUS
    assert [str(e) for e in statement.unseen] == ["p1/eth1", "s1/swp11"]
    assert kinds(asked(world, "p1/eth1", "s1/swp11")) == [
        [["swapped pair"], ["missing", "wrong port"], ["wrong port", "missing"]]
    ]


def test_a_ring_of_three_is_no_swap(world: CableWorld) -> None:
    world.turn([end("s1/swp1"), end("s1/swp2"), end("s1/swp12")])
    ring = only(asked(world))
    assert ring.kind is Kind.RING
    assert moves(ring) == ["s1/swp1 > s1/swp12", "s1/swp12 > s1/swp2", "s1/swp2 > s1/swp1"]


@pytest.mark.parametrize("by", [1, 2, 3])
def test_a_rotated_trunk_is_said_once(world: CableWorld, by: int) -> None:
    for _ in range(by):
        world.turn([far for _, far in TRUNK.cables])
    trunk = only(asked(world))
    assert (trunk.kind, trunk.group, trunk.by, len(trunk.moves)) == (Kind.ROTATED_TRUNK, ("s1/swp40",), by, 4)
    assert Move(end(f"s2/swp5{by}"), end("s2/swp50")) in trunk.moves
    assert Move(end("s1/swp40s0"), end(f"s1/swp40s{by}")) in trunk.instead


def test_a_rotated_trunk_with_a_cable_that_is_gone(world: CableWorld) -> None:
    world.turn([far for _, far in TRUNK.cables])
    world.pull(9)
    assert kinds(asked(world)) == [[["rotated trunk"]], [["missing"]]]


def test_two_cables_of_a_trunk_that_changed_places_are_a_swapped_pair(world: CableWorld) -> None:
    world.exchange(end("s2/swp50"), end("s2/swp53"))
    assert only(asked(world)).kind is Kind.SWAPPED_PAIR


def test_swapped_racks_are_said_once(world: CableWorld) -> None:
    for n in (1, 2):
        for k in (1, 2):
            world.exchange(end(f"s{k}/swp{n}"), end(f"s{k}/swp{10 + n}"))
    racks = only(asked(world))
    assert (racks.kind, racks.group, len(racks.moves)) == (Kind.SWAPPED_RACKS, ("p", "q"), 8)


def test_racks_of_which_one_cable_stayed_are_swapped_pairs(world: CableWorld) -> None:
    for n, k in ((1, 1), (1, 2), (2, 1)):
        world.exchange(end(f"s{k}/swp{n}"), end(f"s{k}/swp{10 + n}"))
    assert kinds(asked(world)) == [[["swapped pair"]]] * 3


def test_a_cable_between_swapped_racks_may_have_stayed() -> None:
    between = planned([("p1/eth9", "q2/eth9")])
    world = CableWorld(plan_of((*CABLES, *between), RACKS))
    for n in (1, 2):
        for k in (1, 2):
            world.exchange(end(f"s{k}/swp{n}"), end(f"s{k}/swp{10 + n}"))
    assert only(asked(world)).kind is Kind.SWAPPED_RACKS
    world.exchange(end("q2/eth9"), end("s1/swp12"))
    assert Kind.SWAPPED_RACKS not in {m.kind for m in asked(world).exact()}


def test_swapped_racks_with_a_cable_that_nobody_saw_are_likely_and_not_sure(world: CableWorld) -> None:
    for n in (1, 2):
        for k in (1, 2):
            world.exchange(end(f"s{k}/swp{n}"), end(f"s{k}/swp{10 + n}"))
    (statement,) = asked(world, "p1/eth1", "s1/swp11").statements
    assert statement.certainty is Certainty.AMBIGUOUS
    assert kinds(asked(world, "p1/eth1", "s1/swp11")) == [[["swapped racks"]]]
    assert [str(e) for e in statement.unseen] == ["p1/eth1", "s1/swp11"]


def test_a_plug_in_a_free_port(world: CableWorld) -> None:
    world.exchange(end("s1/swp1"), FREE[0])
    wrong = only(asked(world))
    assert (wrong.kind, moves(wrong)) == (Kind.WRONG_PORT, ["s1/swp30 > s1/swp1"])
    assert only(asked(world, "s1/swp30")) == wrong
    (statement,) = asked(world, "s1/swp1").statements
    assert (statement.certainty, statement.unseen) == (Certainty.AMBIGUOUS, (end("s1/swp1"),))


def test_plugs_that_each_went_one_on(world: CableWorld) -> None:
    world.exchange(end("s1/swp1"), FREE[0])
    world.exchange(end("s1/swp1"), end("s1/swp2"))
    (statement,) = asked(world).statements
    assert statement.is_exact
    assert [moves(m) for m in statement.candidates[0]] == [["s1/swp1 > s1/swp2"], ["s1/swp30 > s1/swp1"]]


def test_a_cable_between_ports_of_two_others_has_two_explanations(world: CableWorld) -> None:
    world.exchange(end("s1/swp1"), end("s1/swp11"))
    world.pull(4)
    (statement,) = asked(world).statements
    assert statement.certainty is Certainty.AMBIGUOUS
    assert kinds(asked(world)) == [[["missing", "wrong port"], ["wrong port", "missing"]]]


def test_a_missing_cable(world: CableWorld) -> None:
    world.pull(0)
    missing = only(asked(world))
    assert (missing.kind, missing.why) == (Kind.MISSING, "no module in p1/eth1 and in s1/swp1")
    assert not asked(world, "p1/eth1").statements[0].is_exact
    found = asked(world, "p1/eth1", "s1/swp1")
    assert (found.statements, found.unproven, found.good) == ((), ((end("p1/eth1"), end("s1/swp1")),), 11)


@pytest.mark.parametrize("speech", [True, False])
def test_light_one_way_is_a_dead_optic(world: CableWorld, speech: bool) -> None:
    world.mute.add(end("s1/swp1"))
    world.one_way_speech = speech
    dead = only(asked(world))
    assert (dead.kind, [str(e) for e in dead.ends]) == (Kind.DEAD_OPTIC, ["s1/swp1", "p1/eth1"])


@pytest.mark.parametrize(
    ("medium", "module", "said"),
    [
        (Medium.OPTICS, True, [["dead optic"], ["missing"]]),
        (Medium.UNKNOWN, None, [["dead optic"], ["missing"]]),
        (Medium.ASSEMBLY, True, [["dead optic"]]),
        (Medium.ASSEMBLY, None, [["dead optic"], ["missing"]]),
        (Medium.COPPER, None, [["missing"]]),
        (Medium.OPTICS, False, [["missing"]]),
    ],
)
def test_no_light_either_way(medium: Medium, module: bool | None, said: list[list[str]]) -> None:
    plan = plan_of(planned([("a/1", "b/1")], medium))
    at = Observation(silent=True, link=False, module=module)
    assert kinds(diagnose(plan, {end("a/1"): at, end("b/1"): at}, dark_dbm=DARK_DBM)) == [said]


def test_a_swap_with_a_dead_optic_is_both(world: CableWorld) -> None:
    world.exchange(end("s1/swp1"), end("s1/swp11"))
    world.mute.add(end("p1/eth1"))
    (statement,) = asked(world).statements
    assert statement.is_exact
    assert kinds(asked(world)) == [[["swapped pair", "dead optic"]]]
    assert statement.candidates[0][1].ends == (end("p1/eth1"), end("s1/swp11"))


def test_a_link_that_is_up_without_a_name_is_no_dead_optic(world: CableWorld) -> None:
    """Light goes both ways at p1/eth1, so it is not the dark s1/swp1 that answers."""
    seen = world.observed() | {end("p1/eth1"): Observation(silent=True, link=True), end("s1/swp1"): DARK}
    (statement,) = diagnose(PLAN, seen, dark_dbm=DARK_DBM).statements
    assert statement.certainty is Certainty.AMBIGUOUS
    seen[FREE[0]] = Observation(silent=True, link=True)
    (statement,) = diagnose(PLAN, seen, dark_dbm=DARK_DBM).statements
    assert [[m.kind for m in c] for c in statement.candidates] == [[Kind.WRONG_PORT], [Kind.MISSING]]


def test_light_from_nowhere_in_a_free_port_may_be_the_other_end(world: CableWorld) -> None:
    lit = Observation(silent=True, link=False, module=True, rx_dbm=-3.0)
    seen = world.observed() | {end("p1/eth1"): lit, end("s1/swp1"): DARK, FREE[0]: lit}
    (statement,) = diagnose(PLAN, seen, dark_dbm=DARK_DBM).statements
    assert [[m.kind for m in c] for c in statement.candidates] == [[Kind.DEAD_OPTIC], [Kind.WRONG_PORT]]


def test_a_cable_that_nobody_planned(world: CableWorld) -> None:
    world.plugs.append([FREE[0], FREE[1]])
    extra = only(asked(world))
    assert (extra.kind, extra.ends) == (Kind.EXTRA, FREE)


def test_two_cables_where_one_is_planned(world: CableWorld) -> None:
    world.exchange(end("s1/swp1"), FREE[0])
    world.plugs.append([end("s1/swp1"), FREE[1]])
    assert kinds(asked(world)) == [[["extra", "wrong port"], ["wrong port", "extra"]]]


def test_a_stranger_is_a_port_like_any_other(world: CableWorld) -> None:
    seen = world.observed() | {end("p1/eth1"): Observation("02:99", "ge-0/0/1"), end("s1/swp1"): DARK}
    (statement,) = diagnose(PLAN, seen, dark_dbm=DARK_DBM).statements
    assert statement.is_exact
    assert moves(statement.candidates[0][0]) == ["unknown chassis 02:99/ge-0/0/1 > s1/swp1"]


def test_a_stranger_may_be_the_planned_neighbour_that_nobody_saw(world: CableWorld) -> None:
    """What p1/eth1 hears: a chassis that is none of the known ones, at the port that is meant."""
    seen = world.observed({end("s1/swp1")}) | {end("p1/eth1"): Observation("02:99", "swp1")}
    (statement,) = diagnose(PLAN, seen, dark_dbm=DARK_DBM).statements
    assert (statement.certainty, statement.unseen) == (Certainty.AMBIGUOUS, (end("s1/swp1"),))
    ((movement,),) = statement.candidates
    assert movement.kind is Kind.WRONG_PORT
    assert moves(movement) == ["unknown chassis 02:99/swp1 > s1/swp1"]
    assert movement.why == "an unknown neighbour; as planned if unknown chassis 02:99 is s1"


def test_a_stranger_at_another_port_of_the_planned_device_is_in_a_wrong_port(world: CableWorld) -> None:
    plan = replace(PLAN, ports={"s1": frozenset({"swp1", "swp2"})})
    seen = world.observed({end("s1/swp1")}) | {end("p1/eth1"): Observation("02:99", "swp2")}
    (statement,) = diagnose(plan, seen, dark_dbm=DARK_DBM).statements
    assert [m.why for (m,) in statement.candidates] == ["an unknown neighbour"]


def test_what_cannot_be_true_together_is_said_as_such(world: CableWorld) -> None:
    """q1/eth1 still remembers a neighbour of before, which another end hears as well."""
    seen = world.observed() | {end("q1/eth1"): Observation("mac:s1", "swp1")}
    found = diagnose(PLAN, seen, dark_dbm=DARK_DBM)
    (contradiction,) = found.statements
    assert contradiction.certainty is Certainty.CONTRADICTORY
    assert [str(e) for e in contradiction.ends] == ["p1/eth1", "q1/eth1", "s1/swp1", "s1/swp11"]
    assert "q1/eth1 hears s1/swp1" in contradiction.evidence
    assert (found.good, contradiction.candidates) == (10, ())


@pytest.mark.parametrize(
    "told",
    [
        Observation("mac:s1", "swp1", others=(("mac:s2", "swp1"),)),
        Observation("mac:p1", "eth1"),
    ],
)
def test_two_neighbours_on_one_port_or_oneself_is_a_contradiction(
    world: CableWorld, told: Observation
) -> None:
    found = diagnose(PLAN, world.observed() | {end("p1/eth1"): told}, dark_dbm=DARK_DBM)
    assert found.statements[0].certainty is Certainty.CONTRADICTORY
    assert not [s for s in found.statements if s.is_exact]


def test_an_empty_cage_that_is_heard_is_a_contradiction(world: CableWorld) -> None:
    found = diagnose(PLAN, world.observed() | {end("p1/eth1"): EMPTY}, dark_dbm=DARK_DBM)
    assert [s.certainty for s in found.statements] == [Certainty.CONTRADICTORY]


# ends that speak no LLDP

SILENT = PlannedCable(end("box/eth1"), end("s1/swp60"))
OTHER = PlannedCable(end("box/eth2"), end("s2/swp60"))


def mac_plan(*cables: PlannedCable, **known: frozenset[str]) -> Plan:
    identities = {"mac:s1": "s1", "mac:s2": "s2", "02:b0": "box"}
    macs = {"02:b1": End("box", "eth1"), "02:b2": End("box", "eth2")}
    return Plan(cables, {}, (), identities, macs, known)


def test_a_learnt_mac_is_evidence_like_lldp() -> None:
    at = {SILENT.b: Observation(mac="02:b1"), OTHER.b: Observation(mac="02:b2")}
    assert diagnose(mac_plan(SILENT, OTHER), at, dark_dbm=DARK_DBM).good == 2
    at = {SILENT.b: Observation(mac="02:b2"), OTHER.b: Observation(mac="02:b1")}
    assert only(diagnose(mac_plan(SILENT, OTHER), at, dark_dbm=DARK_DBM)).kind is Kind.SWAPPED_PAIR


def test_a_device_without_a_port_is_one_of_its_ports() -> None:
    cables = (SILENT, OTHER, PlannedCable(end("x/1"), end("s1/swp61")))
    at = {SILENT.b: Observation(mac="02:b1"), OTHER.b: DARK, cables[2].b: Observation(mac="02:b0")}
    at[end("x/1")] = DARK
    plan = mac_plan(*cables)
    found = diagnose(plan, at, dark_dbm=DARK_DBM)
    assert not [s for s in found.statements if s.is_exact]
    known = replace(plan, ports={"box": frozenset({"eth1", "eth2"})})
    (statement,) = diagnose(known, at, dark_dbm=DARK_DBM).statements
    assert statement.certainty is Certainty.AMBIGUOUS, "two planned cables, one found"
    assert {m.kind for c in statement.candidates for m in c} >= {Kind.WRONG_PORT, Kind.MISSING}


def test_an_address_that_nobody_knows_proves_nothing() -> None:
    found = diagnose(mac_plan(SILENT), {SILENT.b: Observation(mac="02:ff")}, dark_dbm=DARK_DBM)
    assert (found.good, found.statements, len(found.unproven)) == (0, (), 1)


def test_the_planned_device_without_a_port_proves_nothing_and_is_no_fault() -> None:
    found = diagnose(mac_plan(SILENT), {SILENT.b: Observation(mac="02:b0")}, dark_dbm=DARK_DBM)
    assert (found.good, found.statements, len(found.unproven)) == (0, (), 1)


def test_a_chassis_that_nobody_knows_may_be_the_one_that_is_meant(world: CableWorld) -> None:
    """p1 told nobody its own address: what s1 and s2 hear there is neither right nor wrong."""
    plan = replace(PLAN, identities={i: d for i, d in PLAN.identities.items() if d != "p1"})
    seen = {e: o for e, o in world.observed().items() if e.device != "p1"}
    found = diagnose(plan, seen, dark_dbm=DARK_DBM)
    assert (found.statements, found.good, len(found.unproven)) == ((), 10, 2)
    world.exchange(end("s1/swp1"), end("s1/swp11"))
    seen = {e: o for e, o in world.observed().items() if e.device != "p1"}
    (statement,) = diagnose(plan, seen, dark_dbm=DARK_DBM).statements
    assert [[m.kind for m in c] for c in statement.candidates] == [[Kind.SWAPPED_PAIR], [Kind.WRONG_PORT] * 2]
    assert statement.certainty is Certainty.AMBIGUOUS
    serials = replace(plan, identities={**plan.identities, "S-P1": "p1"})
    assert diagnose(serials, seen, dark_dbm=DARK_DBM).statements[0].certainty is Certainty.AMBIGUOUS
