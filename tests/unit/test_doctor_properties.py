"""Random halls, random hands, missing evidence: what the doctor calls exact is so."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from igoudar.doctor import Diagnosis, End, Kind, Medium, Movement, Observation, Plan, Trunk, diagnose
from tests.cable_world import DARK_DBM, CableWorld, end, plan_of, planned

Links = dict[End, End]
TRUNK_CABLES = 4


@st.composite
def worlds(draw: st.DrawFn, cables: int = 24, most_hands: int = 6) -> CableWorld:
    """Servers of four racks on two switches, a trunk between the switches, free ports; then some hands."""
    ends = [(f"{r}{n}/eth{k}", f"s{k}/swp{n}{r}") for r in "abcd" for n in (1, 2) for k in (1, 2)]
    ends += [(f"s1/t{n}", f"s2/t{n}") for n in range(TRUNK_CABLES)]
    made = planned(ends[-cables:], draw(st.sampled_from(list(Medium))))
    trunk = Trunk("t", tuple((end(f"s1/t{n}"), end(f"s2/t{n}")) for n in range(TRUNK_CABLES)))
    racks = {e.device: e.device[0] for c in made for e in (c.a, c.b)} | {"a1": "a"}
    world = CableWorld(plan_of(made, racks, (trunk,)), (end("s1/free"), end("s2/free"), end("a1/free")))
    for _ in range(draw(st.integers(0, most_hands))):
        _hand(world, random.Random(draw(st.integers(0, 10**6))))
    return world


def _hand(world: CableWorld, dice: random.Random) -> None:
    ports = [e for c in world.plan.cables for e in (c.a, c.b)]
    match dice.randrange(8):
        case 0 | 1:
            world.exchange(*dice.sample(ports, 2))
        case 2:
            world.exchange(dice.choice(ports), dice.choice(world.free))
        case 3:
            world.turn([end(f"s2/t{n}") for n in range(TRUNK_CABLES)])
        case 4:
            one, two = dice.sample("abcd", 2)
            for n in (1, 2):
                for k in (1, 2):
                    world.exchange(end(f"s{k}/swp{n}{one}"), end(f"s{k}/swp{n}{two}"))
        case 5:
            world.pull(dice.randrange(len(world.plan.cables)))
        case 6:
            world.mute.add(dice.choice(ports))
            world.one_way_speech = dice.random() < 0.7
        case 7:
            world.turn(dice.sample(ports, 3))


def asked(world: CableWorld, unseen: Iterable[End] = ()) -> Diagnosis:
    return diagnose(world.plan, world.observed(set(unseen)), dark_dbm=DARK_DBM)


def put_right(links: Links, movements: Iterable[Movement]) -> Links:
    """What is joined after hands did that; dead optics are replaced where they are."""
    moves = {move.source: move.target for m in movements for move in m.moves}
    after = {moves.get(one, one): moves.get(two, two) for one, two in links.items()}
    assert len(after) == len(links), "two plugs in one port"
    for movement in movements:
        one, two = movement.ends[0], movement.ends[-1]
        if movement.kind is Kind.MISSING:
            assert one not in after
            assert two not in after
            after |= {one: two, two: one}
        if movement.kind is Kind.EXTRA:
            assert after.pop(one) == two
            assert after.pop(two) == one
    return after


def far(plan: Plan) -> Links:
    return {c.a: c.b for c in plan.cables} | {c.b: c.a for c in plan.cables}


@given(worlds(), st.randoms(use_true_random=False))
def test_what_is_said_puts_everything_right(world: CableWorld, dice: random.Random) -> None:
    """All is observed: any candidate of each statement, done, gives the plan; so do the moves instead."""
    world.mute.clear()
    found = asked(world)
    assert all(s.candidates and not s.unseen for s in found.statements)
    chosen = [m for s in found.statements for m in dice.choice(s.candidates)]
    links = world.joined()
    for one, two in (m.ends for m in chosen if m.kind is Kind.DEAD_OPTIC):
        assert not {one, two} & links.keys(), "no light is no dead optic where a living plug is"
        links |= {one: two, two: one}  # a plug in each, by that candidate
    assert put_right(links, chosen) == far(world.plan)
    instead = [replace(m, moves=m.instead) if m.instead else m for m in chosen]
    assert put_right(links, instead) == far(world.plan)


def true_of(movement: Movement, links: Links, plan: Plan, mute: set[End]) -> bool:
    """Whether the plugs are where the movement takes them from, or nothing is where it says so."""
    one, two = movement.ends[0], movement.ends[-1]
    if movement.kind is Kind.MISSING:
        return links.get(one) != two
    if movement.kind is Kind.EXTRA:
        return links.get(one) == two
    if movement.kind is Kind.DEAD_OPTIC:
        return bool({one, two} & mute) or links.get(one) != two
    meant, target = far(plan), {m.source: m.target for m in movement.moves}
    return all(
        target.get(other, other) == meant[m.target]
        if (other := links.get(m.source)) is not None
        else bool(movement.group)  # of a trunk or a rack a cable may be missing as well
        for m in movement.moves
    )


@settings(max_examples=300)
@given(worlds(), st.randoms(use_true_random=False), st.floats(0, 0.5))
def test_what_is_exact_is_true_and_no_swap_is_wrong(
    world: CableWorld, dice: random.Random, share: float
) -> None:
    ports = [*far(world.plan), *world.free]
    found = asked(world, [p for p in ports if dice.random() < share])
    links = world.joined()
    for movement in found.exact():
        assert true_of(movement, links, world.plan, world.mute), movement
    swaps = (Kind.SWAPPED_PAIR, Kind.SWAPPED_RACKS)
    for movement in (m for m in found.exact() if m.kind in swaps):
        back = {m.target: m.source for m in movement.moves}
        assert all(back[m.source] == m.target for m in movement.moves), "a swap is an exchange"


@given(worlds(), st.randoms(use_true_random=False), st.floats(0, 0.7), st.floats(0, 0.3))
def test_no_plug_is_moved_to_where_it_is(
    world: CableWorld, dice: random.Random, unseen: float, strange: float
) -> None:
    """With ends that nobody saw, and with ends that hear a chassis that nobody knows."""
    ports = [*far(world.plan), *world.free]
    seen = world.observed([p for p in ports if dice.random() < unseen])
    for port in seen:
        if dice.random() < strange:
            seen[port] = Observation("mac:stranger", dice.choice(ports).port, link=True)
    found = diagnose(world.plan, seen, dark_dbm=DARK_DBM)
    every = [m for s in found.statements for c in s.candidates for m in c]
    assert not [m for m in every for move in (*m.moves, *m.instead) if move.source == move.target]


def matchings(ports: list[End]) -> Iterator[Links]:
    """Every way in which plugs can join some of the ports, two by two."""
    if not ports:
        yield {}
        return
    first, *rest = ports
    yield from matchings(rest)
    for other in rest:
        for more in matchings([p for p in rest if p != other]):
            yield more | {first: other, other: first}


def allowed(links: Links, seen: dict[End, Observation]) -> bool:
    """Whether a world could have said that, with all transmitters alive."""
    for port, told in seen.items():
        joined = links.get(port)
        heard = End(told.chassis.removeprefix("mac:"), told.port) if told.chassis else None
        if joined != heard:
            return False
    return True


@settings(max_examples=150)
@given(worlds(cables=TRUNK_CABLES, most_hands=3), st.randoms(use_true_random=False), st.floats(0, 0.6))
def test_what_is_exact_holds_in_every_world_that_fits_the_observations(
    world: CableWorld, dice: random.Random, share: float
) -> None:
    world.mute.clear()
    world.free = world.free[:2]
    links = {a: b for a, b in world.joined().items() if a.device != "a1" and b.device != "a1"}
    ports = [*far(world.plan), *world.free]
    seen = {p: o for p, o in world.observed().items() if dice.random() >= share}
    if any(p.device == "a1" for p in world.joined()):
        return
    worlds_left = [w for w in matchings(ports) if allowed(w, seen)]
    assert links in worlds_left
    for movement in diagnose(world.plan, seen, dark_dbm=DARK_DBM).exact():
        assert all(true_of(movement, w, world.plan, set()) for w in worlds_left), movement


def fewest_plugs(plan: Plan, links: Links) -> int:
    """Every way to make planned cables of the found ones is tried; one laid or taken out is two plugs."""
    found = [pair for pair in links.items() if pair[0] < pair[1]]
    meant = [(c.a, c.b) for c in plan.cables]
    slots: list[tuple[End, End] | None] = [*meant, *[None] * len(found)]
    best = 10**9
    for chosen in permutations(range(len(slots)), len(found)):
        cost = 2 * (len(meant) - sum(slots[c] is not None for c in chosen))
        for (one, two), slot in zip(found, (slots[c] for c in chosen), strict=True):
            if slot is None:
                cost += 2
            else:
                cost += min((one != slot[0]) + (two != slot[1]), (one != slot[1]) + (two != slot[0]))
        best = min(best, cost)
    return best


@settings(max_examples=60)
@given(worlds(cables=TRUNK_CABLES, most_hands=4))
def test_every_candidate_moves_as_few_plugs_as_can_be(world: CableWorld) -> None:
    world.mute.clear()
    cost = {Kind.MISSING: 2, Kind.EXTRA: 2}
    statements, links = asked(world).statements, world.joined()
    wanted = fewest_plugs(world.plan, links)
    for pick in (0, -1):
        chosen = [m for s in statements for m in s.candidates[pick]]
        if not any(m.kind is Kind.DEAD_OPTIC for m in chosen):
            plugs = [cost.get(m.kind, sum(move.source in links for move in m.moves)) for m in chosen]
            assert sum(plugs) == wanted


@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(world: CableWorld, dice: random.Random) -> None:
    seen = list(world.observed([p for p in far(world.plan) if dice.random() < 0.1]).items())
    before = diagnose(world.plan, dict(seen), dark_dbm=DARK_DBM)
    dice.shuffle(seen)
    cables = [replace(c, a=c.b, b=c.a) if dice.random() < 0.5 else c for c in world.plan.cables]
    dice.shuffle(cables)
    plan = replace(
        world.plan, cables=tuple(cables), racks=dict(sorted(world.plan.racks.items(), reverse=True))
    )
    assert diagnose(plan, dict(seen), dark_dbm=DARK_DBM) == before


@given(worlds())
def test_each_cable_is_counted_once(world: CableWorld) -> None:
    found = asked(world)
    named = {e for s in found.statements for e in s.ends}
    wrong = sum(c.a in named or c.b in named for c in world.plan.cables)
    assert found.good + len(found.unproven) + wrong == found.planned == len(world.plan.cables)
