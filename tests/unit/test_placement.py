"""Placement against a search that tries everything, and what people expect of it."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from igoudar.placement import place
from igoudar.placement.problem import (
    Apart,
    DeviceClass,
    Effort,
    Face,
    Per,
    Phase,
    Placement,
    Problem,
    Rack,
    Shared,
    Span,
)
from igoudar.placement.space import Shape, free_of, seated
from tests.unit import placement_oracle as oracle

HEIGHT = 6
WATTS = st.sampled_from([100.0, 250.5, 300.0, 499.9])
MASSES = st.sampled_from([5.0, 8.5, 20.0])
SHAPES = st.tuples(st.integers(1, 4), st.sampled_from(Face))
APARTS = st.builds(Apart, st.sampled_from(["mon", "dns"]), st.just(1), st.sampled_from(Per))


@st.composite
def spans(draw: st.DrawFn) -> tuple[Span, ...]:
    """Free U with holes; two runs never touch."""
    free = draw(st.lists(st.booleans(), min_size=HEIGHT, max_size=HEIGHT))
    found: list[Span] = []
    for u, is_free in enumerate(free, 1):
        if is_free and found and found[-1].low + found[-1].units == u:
            found[-1] = Span(found[-1].low, found[-1].units + 1)
        elif is_free:
            found.append(Span(u, 1))
    return tuple(found)


@st.composite
def racks(draw: st.DrawFn, number: int, *, faces: bool) -> Rack:
    front = draw(spans())
    return Rack(
        name=f"r{number}",
        row=draw(st.sampled_from(["row1", "row2"])),
        feeds=draw(st.sampled_from(["ab", "cd"])),
        front=front,
        rear=draw(spans()) if faces else front,
        power_w=draw(st.none() | st.sampled_from([-50.0, 0.0, 500.0, 801.0, 1500.0])),
        cooling_w=draw(st.none() | st.sampled_from([400.0, 750.4, 1500.0])),
        load_kg=draw(st.none() | st.sampled_from([10.0, 28.5, 60.0])),
        ports=draw(st.none() | st.sampled_from([{}, {"25g": 1}, {"25g": 4, "1g": 2}])),
        groups=draw(st.sampled_from([{}, {}, {"mon": 1}])),
        zone=draw(st.sampled_from(["", "private"])),
        open=draw(st.booleans()),
        barred=draw(st.sampled_from([{}, {}, {"c0": "none of it"}, {"c0": "none", "c1": "nor of it"}])),
    )


@st.composite
def classes(draw: st.DrawFn, number: int, *, faces: bool) -> DeviceClass:
    return DeviceClass(
        name=f"c{number}",
        units=draw(st.integers(1, 3)),
        count=draw(st.integers(1, 3)),
        draw_w=draw(WATTS),
        kg=draw(MASSES),
        face=draw(st.sampled_from(Face)) if faces else Face.BOTH,
        ports=draw(st.sampled_from([{}, {}, {"25g": 1}, {"25g": 2, "1g": 1}])),
        apart=tuple(draw(st.lists(APARTS, max_size=2, unique=True))),
        zones=draw(st.sampled_from([None, None, frozenset({"private"})])),
    )


@st.composite
def shared(draw: st.DrawFn, number: int, racks: list[str], kinds: tuple[DeviceClass, ...]) -> Shared:
    """Of each W that is drawn in some racks so much."""
    parts = draw(st.dictionaries(st.sampled_from(racks), st.sampled_from([0.5, 1.0, 1.06])))
    each = {rack: tuple(part * kind.draw_w for kind in kinds) for rack, part in parts.items()}
    return Shared(f"s{number}", draw(st.sampled_from([0.0, 300.0, 650.5, 1200.0])), each)


@st.composite
def phases(draw: st.DrawFn, kinds: tuple[DeviceClass, ...]) -> tuple[Phase, ...]:
    """Two, which alternate by U or by halves of the rack; a device is on one of them, or evenly on both."""
    rooms = draw(st.none() | st.tuples(*[st.sampled_from([-10.0, 0.0, 260.0, 500.0, 900.0, inf])] * 2))
    if rooms is None:
        return ()
    leg = draw(st.sampled_from([lambda u: u % 2, lambda u: int(u > HEIGHT / 2)]))
    known = [draw(st.booleans()) for _ in kinds]
    each = [
        tuple(
            tuple(c.draw_w * (float(leg(u) == at) if by_u else 0.5) for u in range(HEIGHT + 1))
            for c, by_u in zip(kinds, known, strict=True)
        )
        for at in range(2)
    ]
    return tuple(Phase(f"L{at}", room, each[at], "a", f"L{at}") for at, room in enumerate(rooms))


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    faces = draw(st.booleans())
    kinds = tuple(draw(classes(n, faces=faces)) for n in range(draw(st.integers(1, 3))))
    names = [f"r{n}" for n in range(draw(st.integers(1, 3)))]
    evenly = {("a", "L0"): draw(st.sampled_from([0.0, 400.0])), ("a", "L1"): 0.0}
    return Problem(
        tuple(replace(draw(racks(n, faces=faces)), phases=draw(phases(kinds))) for n in range(len(names))),
        kinds,
        carried=draw(st.sampled_from([{}, evenly])),
        shared=tuple(draw(shared(n, names, kinds)) for n in range(draw(st.integers(0, 2)))),
    )


@settings(max_examples=300, deadline=None)
@given(problem=problems())
def test_it_is_what_trying_everything_finds(problem: Problem) -> None:
    left, opened, stranded = oracle.best(problem)
    placement = place(problem)
    found = sum(item.count for item in placement.left)
    assert (found, len(placement.opened)) == (left, opened)
    assert placement.stranded_w == pytest.approx(stranded, abs=1e-3)
    assert not placement.stopped
    assert placement.bounds.left == left
    assert placement.bounds.opened == opened
    assert placement.bounds.stranded_w == pytest.approx(stranded, abs=1.0)


@settings(max_examples=200, deadline=None)
@given(problem=problems(), effort=st.sampled_from([Effort(), Effort(rounds=1, nodes=1, fillings=1)]))
def test_every_limit_holds_and_no_bound_is_beaten(problem: Problem, effort: Effort) -> None:
    placement = place(problem, effort)
    assert place(problem, effort) == placement
    filled = oracle.counts_of(problem, placement)
    assert all(oracle.inside(problem, rack, filled[rack.name]) for rack in problem.racks)
    assert oracle.together(problem, filled)
    assert not oracle.overlaps(problem, placement)
    assert oracle.phases_kept(problem, placement)
    assert placement.stranded_w == pytest.approx(oracle.strands(problem, filled), abs=1e-3)
    left, opened, _ = oracle.best(problem)
    assert placement.bounds.left <= left
    if placement.bounds.left == left == sum(item.count for item in placement.left):
        assert placement.bounds.opened <= opened
    placed = {c.name: sum(counts[at] for counts in filled.values()) for at, c in enumerate(problem.classes)}
    missing = {item.device: item.count for item in placement.left}
    assert {c.name: c.count - placed[c.name] for c in problem.classes if c.count > placed[c.name]} == missing


RACK = Rack("r1", "h1/a", "a+b", (Span(1, 42),), (Span(1, 42),), 12500.0, 25000.0, 1200.0)


def seats(placement: Placement) -> dict[str, list[tuple[str, int]]]:
    found: dict[str, list[tuple[str, int]]] = {}
    for seat in placement.seats:
        found.setdefault(seat.device, []).append((seat.rack, seat.u))
    return found


def test_heavy_devices_stand_low_unless_told_otherwise() -> None:
    light = DeviceClass("light", 1, 2, 100, 9)
    heavy = DeviceClass("heavy", 4, 1, 900, 80)
    problem = Problem((RACK,), (light, heavy))
    assert seats(place(problem)) == {"heavy": [("r1", 1)], "light": [("r1", 5), ("r1", 6)]}
    as_asked = place(replace(problem, heavy_low=False))
    assert seats(as_asked) == {"light": [("r1", 1), ("r1", 2)], "heavy": [("r1", 3)]}


def test_a_light_device_gives_way_where_only_so_all_fit() -> None:
    """2 and 3 U are free: what is heavier would be put first and leave 1 U at the wrong place."""
    runs = (Span(1, 3), Span(6, 2))
    rack = replace(RACK, front=runs, rear=runs)
    problem = Problem((rack,), (DeviceClass("two", 2, 1, 100, 50), DeviceClass("three", 3, 1, 100, 10)))
    assert seats(place(problem)) == {"three": [("r1", 1)], "two": [("r1", 6)]}


def test_free_units_that_are_not_together_hold_nothing_tall() -> None:
    runs = (Span(1, 3), Span(6, 3))
    problem = Problem((replace(RACK, front=runs, rear=runs),), (DeviceClass("four", 4, 1, 100, 10),))
    (left,) = place(problem).left
    assert left.why == "U together in 1 rack; one more would fit into r1 with 4 U together instead of 3"


def test_half_depth_devices_stand_back_to_back() -> None:
    front = DeviceClass("front", 1, 2, 10, 1, Face.FRONT)
    rear = DeviceClass("rear", 2, 1, 10, 1, Face.REAR)
    rack = replace(RACK, front=(Span(1, 2),), rear=(Span(1, 2),))
    assert seats(place(Problem((rack,), (front, rear)))) == {
        "front": [("r1", 1), ("r1", 2)],
        "rear": [("r1", 1)],
    }


def test_a_rack_in_use_is_taken_before_one_is_opened() -> None:
    used = replace(RACK, name="r2", open=True)
    placement = place(Problem((RACK, used), (DeviceClass("c", 1, 3, 100, 9),)))
    assert {seat.rack for seat in placement.seats} == {"r2"}
    assert placement.opened == ()


def test_of_as_many_racks_those_are_opened_that_strand_less() -> None:
    """Both classes need one rack; the one with little cooling would leave power that nothing can use."""
    hot = replace(RACK, name="r0", cooling_w=6000.0)
    placement = place(Problem((hot, RACK), (DeviceClass("c", 1, 10, 500, 9),)))
    assert placement.opened == ("r1",)
    assert (placement.stranded_w, placement.bounds.stranded_w) == (0.0, 0.0)


def crowd(number: int) -> Problem:
    """Racks no two of which are alike, and devices for most of their room."""
    racks = []
    for n in range(number):
        taken = n * 7 % 11
        runs = (Span(1, 12 + n % 5), Span(20 + taken, 22 - taken))
        power = 12500.0 - 37 * n
        row = f"row{n // 10}"
        racks.append(Rack(f"r{n:03}", row, "ab", runs, runs, power, power - 300, 900.0, open=n % 3 == 0))
    sizes = (
        ("web", 1, 8, 350, 14),
        ("db", 2, 3, 820, 28),
        ("store", 4, 1, 1100, 62),
        ("gpu", 8, 1, 4200, 120),
    )
    some = (Apart("gpu", 9, Per.ROW),)
    return Problem(
        tuple(racks),
        tuple(
            DeviceClass(name, units, each * number * 3 // 4, watts, kg, apart=some if name == "gpu" else ())
            for name, units, each, watts, kg in sizes
        ),
    )


def test_many_racks_come_within_two_percent_of_the_bound() -> None:
    problem = crowd(24)
    placement = place(problem)
    filled = oracle.counts_of(problem, placement)
    assert not placement.left
    assert placement.bounds.opened > 0
    assert placement.gap_percent <= 2
    assert oracle.together(problem, filled)
    assert not oracle.overlaps(problem, placement)
    for rack in problem.racks:
        draw = sum(c.draw_w * n for c, n in zip(problem.classes, filled[rack.name], strict=True))
        assert rack.cooling_w is not None
        assert draw <= rack.cooling_w


def with_phases(problem: Problem, room_w: float, us: int) -> Problem:
    """Three a feed, which change every so many U."""
    each = [
        tuple(tuple(c.draw_w * (u // us % 3 == at) for u in range(43)) for c in problem.classes)
        for at in range(3)
    ]
    phases = tuple(
        Phase(f"L{at + 1} of feed {feed}", room_w, each[at], feed, f"L{at + 1}")
        for feed in "AB"
        for at in range(3)
    )
    return replace(problem, racks=tuple(replace(rack, phases=phases) for rack in problem.racks))


@pytest.mark.parametrize(("room_w", "us"), [(4500.0, 1), (4500.0, 14), (5600.0, 1)])
def test_with_phases_that_bind_they_come_as_near(room_w: float, us: int) -> None:
    """Of 4.5 kW one large device leaves too little for any other on its phase."""
    problem = with_phases(crowd(4), room_w, us)
    placement = place(problem)
    filled = oracle.counts_of(problem, placement)
    assert not placement.left
    assert placement.bounds.opened > 0
    assert placement.gap_percent <= 2
    assert oracle.together(problem, filled)
    assert oracle.phases_kept(problem, placement)
    assert not oracle.overlaps(problem, placement)


def test_what_a_phase_lacks_is_said() -> None:
    """U are free on one phase alone, which has no room for a third."""
    runs = (Span(1, 4),)
    each = (tuple(500.0 * (u in (1, 2)) for u in range(5)),)
    rack = replace(RACK, front=runs, rear=runs, phases=(Phase("L1 of feed A", 600.0, each),))
    (left,) = place(Problem((rack,), (DeviceClass("c", 1, 4, 500, 5),))).left
    assert (left.count, left.why) == (
        1, "L1 of feed A in 1 rack; one more would fit into r1 with 400 W more of L1 of feed A",
    )  # fmt: skip


@given(
    free=spans(),
    faces=spans(),
    shapes=st.lists(st.tuples(st.integers(1, 4), st.sampled_from(Face)), max_size=5),
)
def test_devices_are_seated_exactly_where_trying_everything_seats_them(
    free: tuple[Span, ...], faces: tuple[Span, ...], shapes: list[tuple[int, Face]]
) -> None:
    rack = replace(RACK, front=free, rear=faces)
    devices = [DeviceClass(f"d{n}", units, 1, face=face) for n, (units, face) in enumerate(shapes)]
    found = seated(free_of(rack), [Shape(units, face) for units, face in shapes])
    assert (found is not None) == oracle.stands(oracle.cells(rack), devices)
    if found is not None:
        taken = [oracle.takes(device, u) for device, u in zip(devices, found[0], strict=True)]
        assert sum(map(len, taken)) == len(set().union(*taken))
        assert set().union(*taken) <= oracle.cells(rack)


def test_where_the_relaxed_program_proves_too_little_all_fillings_are_counted_out() -> None:
    """Three devices in racks of 2 U, of which only one strands power: in halves of racks it would be half."""
    runs = (Span(5, 2),)
    silent = Rack("r0", "h1/a", "a+b", runs, runs)
    measured = replace(silent, name="r1", power_w=500.0)
    placement = place(Problem((silent, measured), (DeviceClass("c", 1, 3, 100, 5),)))
    assert placement.stranded_w == pytest.approx(300)
    assert placement.bounds.stranded_w == pytest.approx(300)
