"""Placement against a search that tries everything, and what people expect of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from igoudar.placement import place
from igoudar.placement.problem import Apart, DeviceClass, Effort, Face, Per, Problem, Rack, Span
from tests.unit import placement_oracle as oracle

HEIGHT = 6
WATTS = st.sampled_from([100.0, 250.5, 300.0, 499.9])
MASSES = st.sampled_from([5.0, 8.5, 20.0])
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
def problems(draw: st.DrawFn) -> Problem:
    faces = draw(st.booleans())
    return Problem(
        tuple(draw(racks(n, faces=faces)) for n in range(draw(st.integers(1, 3)))),
        tuple(draw(classes(n, faces=faces)) for n in range(draw(st.integers(1, 3)))),
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
    filled = oracle.counts_of(problem, placement)
    assert all(oracle.inside(problem, rack, filled[rack.name]) for rack in problem.racks)
    assert oracle.together(problem, filled)
    assert not oracle.overlaps(problem, placement)
    assert placement.stranded_w == pytest.approx(oracle.strands(problem, filled), abs=1e-3)
    left, opened, _ = oracle.best(problem)
    assert placement.bounds.left <= left
    if placement.bounds.left == left == sum(item.count for item in placement.left):
        assert placement.bounds.opened <= opened
    placed = {c.name: sum(counts[at] for counts in filled.values()) for at, c in enumerate(problem.classes)}
    missing = {item.device: item.count for item in placement.left}
    assert {c.name: c.count - placed[c.name] for c in problem.classes if c.count > placed[c.name]} == missing
