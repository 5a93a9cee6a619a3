"""Routes through trays, against a search over the places of the grid that knows nothing of crossings."""

from __future__ import annotations

import heapq
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igoudar.cabling.goods import RackSize
from igoudar.cabling.route import Mount, NoRoute, Route, Router
from igoudar.cabling.schema import place
from igoudar.cabling.trays import Cabling, Carries, Floor, Spot, Tray
from igoudar.errors import Where
from igoudar.hall.places import Rack

AT = Where("site.yaml", 1)
TILE = 600
SIZE = RackSize(unit_mm=44.45, open_unit_mm=48, base_mm=90)
Cell = tuple[int, int]


def rack(name: str, cell: Cell) -> Rack:
    return Rack(name, "h1", "a", 1, 47, AT, at=f"{chr(ord('A') + cell[1] - 1)}{cell[0]:02}")


def tray(name: str, begin: Cell, end: Cell, height: int = 2500, carries: Carries = Carries.DATA) -> Tray:
    a, b = sorted((begin, end))
    return Tray(name, carries, Spot(a[0] * TILE, a[1] * TILE), Spot(b[0] * TILE, b[1] * TILE), height, AT)


def router(*trays: Tray) -> Router:
    floor = Floor("h1", TILE, TILE, {}, tuple(sorted(trays, key=lambda t: t.name)), AT)
    return Router(Cabling(AT, 0.3, 0.5, {"h1": floor}), SIZE)


def between(made: Router, a: tuple[Cell, int], b: tuple[Cell, int]) -> Route | NoRoute | None:
    return made.route(Mount(rack("r1", a[0]), a[1]), Mount(rack("r2", b[0]), b[1]))


def test_up_along_the_row_across_and_down() -> None:
    made = router(tray("row-b", (1, 2), (9, 2)), tray("row-f", (1, 6), (9, 6)), tray("cross", (9, 2), (9, 6)))

    found = between(made, ((3, 2), 42), ((4, 6), 10))

    up, down = 2500 - 90 - 41 * 44.45, 2500 - 90 - 9 * 44.45
    assert found == Route(
        pytest.approx((up + (6 + 4 + 5) * TILE + down) / 1000 + 2 * 0.5, abs=1e-3),
        ("row-b", "cross", "row-f"),
    )


def test_the_way_is_longer_than_the_distance_between_two_racks() -> None:
    """Racks back to back, whose trays meet at the end of the row only."""
    made = router(tray("row-b", (1, 2), (9, 2)), tray("row-c", (1, 3), (9, 3)), tray("cross", (9, 2), (9, 3)))
    found = between(made, ((1, 2), 42), ((1, 3), 42))

    assert isinstance(found, Route)
    assert found.length_m > 17 * TILE / 1000


def test_in_a_rack_a_cable_runs_along_its_side() -> None:
    made, where = router(), rack("r1", (1, 1))

    assert made.route(Mount(where, 42), Mount(where, 2)) == Route(round(40 * 44.45 / 1000 + 0.6, 3))


def test_a_rack_under_power_only_has_no_way_and_says_what_is_there() -> None:
    made = router(tray("row", (1, 1), (4, 1)), tray("busway", (1, 1), (9, 1), carries=Carries.POWER))
    found = between(made, ((1, 1), 1), ((7, 1), 1))

    assert isinstance(found, NoRoute)
    assert (found.rack, found.strange) == ("r2", ("busway",))


def test_trays_that_do_not_meet_lead_nowhere() -> None:
    made = router(tray("one", (1, 1), (4, 1)), tray("two", (5, 1), (9, 1)))
    found = between(made, ((1, 1), 1), ((7, 1), 1))

    assert isinstance(found, NoRoute)
    assert not found.rack


def test_a_hall_without_a_floor_has_no_lengths() -> None:
    other = replace(rack("r1", (1, 1)), hall="h2")

    assert router().route(Mount(other, 1), Mount(replace(other, name="r2"), 1)) is None


@pytest.mark.parametrize(
    ("text", "cell"), [("A01", (1, 1)), ("Z9", (9, 26)), ("AA1", (1, 27)), ("AJ05", (5, 36))]
)
def test_places_of_the_grid(text: str, cell: Cell) -> None:
    assert place(text) == cell


def walked(trays: list[Tray], a: tuple[Cell, int], b: tuple[Cell, int]) -> float | None:
    """Dijkstra over (place, tray): a step along a tray, or onto another one at the same place."""
    cells: dict[str, set[Cell]] = {}
    for one in trays:
        (x1, y1), (x2, y2) = ((round(spot.x_mm / TILE), round(spot.y_mm / TILE)) for spot in (one.a, one.b))
        cells[one.name] = {(x, y) for x in range(x1, x2 + 1) for y in range(y1, y2 + 1)}
    height = {one.name: one.height_mm for one in trays}
    low, high = (90 + (u - 1) * 44.45 for _, u in (a, b))
    heap = [(abs(height[n] - low), (a[0], n)) for n in cells if a[0] in cells[n]]
    heapq.heapify(heap)
    best: dict[tuple[Cell, str], float] = {}
    while heap:
        mm, (cell, name) = heapq.heappop(heap)
        if (cell, name) in best:
            continue
        best[cell, name] = mm
        x, y = cell
        for near in ((x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)):
            if near in cells[name]:
                heapq.heappush(heap, (mm + TILE, (near, name)))
        for other, places in cells.items():
            if cell in places:
                heapq.heappush(heap, (mm + abs(height[name] - height[other]), (cell, other)))
    ends = [mm + abs(height[name] - high) for (cell, name), mm in best.items() if cell == b[0]]
    return min(ends) / 1000 + 1.0 if ends else None


CELLS = st.tuples(st.integers(1, 8), st.integers(1, 8))
PIECES = st.tuples(CELLS, st.integers(0, 7), st.booleans(), st.sampled_from([-300, 2300, 2500, 2700]))
ENDS = st.tuples(CELLS, st.integers(1, 47))


@given(st.lists(PIECES, max_size=7), ENDS, ENDS)
def test_the_length_is_that_of_the_shortest_walk(
    pieces: list[tuple[Cell, int, bool, int]], a: tuple[Cell, int], b: tuple[Cell, int]
) -> None:
    trays = []
    for n, ((x, y), more, across, height) in enumerate(pieces):
        end = (x, min(y + more, 8)) if across else (min(x + more, 8), y)
        trays.append(tray(f"t{n}", (x, y), end, height))
    expected = walked(trays, a, b)
    found = between(router(*trays), a, b)
    back = between(router(*reversed(trays)), b, a)

    if expected is None:
        assert isinstance(found, NoRoute)
        assert isinstance(back, NoRoute)
    else:
        assert isinstance(found, Route)
        assert isinstance(back, Route)
        assert found.length_m == pytest.approx(expected, abs=1e-3)
        assert back.length_m == found.length_m
        assert set(found.trays) <= {t.name for t in trays}
