"""What testers measure against plan and budget, and what of it is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igoudar.assemble import Documents
from igoudar.cabling.laid import Pull
from igoudar.cabling.measured import mismatches, over_links
from igoudar.cabling.pulls import pulls_of
from igoudar.cabling.tested import Tested as Kept
from igoudar.cabling.tested import joined, named_now, read_tested, with_tested, written
from igoudar.errors import Where
from igoudar.model import CableStatus, Inventory
from igoudar.one_hall import of_hall
from igoudar.yaml_source import with_scalars
from tests import cabling_hall
from tests.cabling_hall import GOODS, Size, bare, cabled, planned
from tests.unit.test_panels import PATH, site

DAY = date(2026, 11, 20)
LINK = "b1/swp1 -- b2/swp1"
CORD, TRUNK, OTHER = "b1/swp1 -- p1/front/1", "p1/rear/1 -- p2/rear/1", "b2/swp1 -- p2/front/1"


def row(label: int, cable: str, loss_db: float | None = None, **more: object) -> Kept:
    return Kept(label, cable, Where("h1.csv", label + 1), DAY, loss_db, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def panels() -> tuple[Inventory, dict[str, Pull]]:
    inventory, _ = site("plate", *PATH)
    return inventory, dict(pulls_of(inventory).by_key)


def test_the_pieces_of_a_link_have_its_planned_loss_among_them(
    panels: tuple[Inventory, dict[str, Pull]],
) -> None:
    """By hand: each cord 5 m and the pair at its front, the trunk 30 m alone."""
    _, pulls = panels

    assert [pulls[key].loss_db for key in (CORD, TRUNK, OTHER)] == [0.765, 0.09, 0.765]
    assert pulls[LINK].loss_db == pytest.approx(0.765 + 0.09 + 0.765)


@pytest.mark.parametrize(
    ("cable", "loss", "wrong"),
    [(CORD, 1.765, False), (CORD, 1.766, True), (TRUNK, 1.09, False), (TRUNK, 1.1, True), (TRUNK, 2.9, True)],
)
def test_a_piece_is_held_against_its_own_plan(
    panels: tuple[Inventory, dict[str, Pull]], cable: str, loss: float, wrong: bool
) -> None:
    """By hand: what is planned and 0.5 dB for each plug of OM4 at the tester's; SR bears 2.9 dB."""
    found = [f for _, f in mismatches([row(7, cable, loss)], panels[1], GOODS)]

    assert [f.code for f in found] == ["measured-loss"] * wrong
    assert all("1 dB for its plugs at the tester's" in f.expected for f in found)


def test_no_cable_may_lose_more_than_the_optics_bear(panels: tuple[Inventory, dict[str, Pull]]) -> None:
    pull = replace(panels[1][CORD], loss_db=2.5)
    ((_, found),) = mismatches([row(7, CORD, 3.0)], {CORD: pull}, GOODS)

    assert found.expected == "at most 2.9 dB, what 10GBASE-SR bears"


def test_pieces_lose_together_what_the_optics_bear(panels: tuple[Inventory, dict[str, Pull]]) -> None:
    """1.5 + 0.6 + 0.765 planned = 2.865 are borne by 2.9 dB, 1.5 + 0.6 + 1.0 are not."""
    _, pulls = panels
    some = {CORD: row(1, CORD, 1.5), TRUNK: row(2, TRUNK, 0.6)}
    ((link, found),) = over_links({**some, OTHER: row(3, OTHER, 1.0)}, pulls)

    assert not [*over_links(some, pulls)]
    assert (link.key, found.subject, found.where.line) == (LINK, f"cable {LINK}", 2)
    assert "loses 3.1 dB in 3 pieces, 3 of them tested; the worst is 1, " + CORD in found.message
    assert not [*over_links({**some, OTHER: row(3, OTHER, 1.0)}, pulls, {"c1/port1 -- c2/port1"})]


TESTS = st.builds(
    Kept,
    label=st.just(1),
    cable=st.just(CORD),
    where=st.just(Where("tested/h1.csv", 2)),
    tested=st.just(DAY),
    loss_db=st.none() | st.integers(0, 9999).map(lambda n: n / 1000),
    length_m=st.none() | st.integers(0, 9999).map(lambda n: n / 10),
    wire_map=st.sampled_from(["", "straight", "open 3,6", 'short "1"']),
    status=st.none() | st.just(CableStatus.CONNECTED),
    since=st.just(DAY),
)


@given(TESTS, TESTS)
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, a: Kept, b: Kept) -> None:
    folder: Path = tmp_path_factory.mktemp("site")
    (folder / "tested").mkdir()
    rows = [a, replace(b, label=2, cable=TRUNK)]
    (folder / "tested/h1.csv").write_text(written(reversed(rows)), "utf-8")
    again, findings = read_tested(folder, "site")

    assert findings == []
    assert again == [replace(r, where=Where("site/tested/h1.csv", n)) for n, r in enumerate(rows, 2)]


def test_what_is_measured_anew_takes_the_place_and_the_rest_stays() -> None:
    kept = row(1, CORD, 1.5, wire_map="open", status=CableStatus.CONNECTED, since=DAY)
    later = date(2026, 11, 26)
    new = Kept(1, CORD, Where("results.csv", 2), later, 0.3)

    assert joined([kept, row(2, TRUNK, 0.1)], [new]) == {
        CORD: replace(kept, where=new.where, tested=later, loss_db=0.3),
        TRUNK: row(2, TRUNK, 0.1),
    }


def test_a_result_goes_with_a_renamed_device(panels: tuple[Inventory, dict[str, Pull]]) -> None:
    inventory, _ = panels
    renamed = replace(inventory.devices["b1"], was="old-box")
    after = replace(inventory, devices={**inventory.devices, "b1": renamed})
    rows = [row(1, "old-box/swp1 -- p1/front/1"), row(2, TRUNK), row(3, "old-box/swp9 -- p1/front/9")]

    assert [r.cable for r in named_now(after, rows)] == [CORD, TRUNK, rows[2].cable]


def test_a_tick_connects_the_cable_of_a_rule() -> None:
    inventory, _ = cabled(planned(bare(Size(1, 1, 2, 1)), "srv-a01-1"))
    waiting = [key for key, cable in inventory.cables.items() if cable.status is CableStatus.PLANNED]
    first, second, *rest = waiting
    entry = replace(inventory.cables[second], where=Where("cables.yaml", 0, "cables[0]"))
    ticks = [row(n, key, status=CableStatus.CONNECTED) for n, key in enumerate((first, second, "a/b -- c/d"))]
    changed = replace(inventory, cables={**inventory.cables, second: entry}, tested=tuple(ticks))
    after = with_tested(changed).cables

    assert {key for key in waiting if after[key].status is CableStatus.PLANNED} == {second, *rest}


def test_a_hall_has_the_results_of_its_own_cables() -> None:
    rows = [row(1, "a/1 -- b/1"), row(2, "a/2 -- c/1")]
    documents = Documents(tested=rows)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("igoudar.one_hall.halls_of", lambda _: ["h1"])
        patched.setattr("igoudar.one_hall.names_of", lambda *_: iter(("a", "b")))
        assert of_hall(documents, "h1").tested == rows[:1]


@pytest.mark.parametrize("before", ["", "\ufeff", "# é ☃\r\n"])
@pytest.mark.parametrize("value", ["planned", '"planned"', "'planned'"])
def test_scalars_change_in_their_place(before: str, value: str) -> None:
    text = (
        before
        + "cables:\n  - {a: x/1, status: "
        + value
        + "}  # here\n  - status: "
        + value
        + "\n    b: planned\n"
    )
    changes = {f"cables[{n}].status": ("planned", "connected") for n in (0, 1, 2)}
    after, left = with_scalars(text, changes | {"cables[0].a": ("planned", "connected")})

    assert left == ["cables[2].status", "cables[0].a"]
    assert after == text.replace("status: " + value, "status: connected")


def test_goods_say_what_plugs_lose_by_fibre() -> None:
    assert cabling_hall.GOODS.plugs_db == {"om4": 0.5, "os2": 0.75}
