"""Links through patch panels: who is joined to whom, and what reach and loss make of all pieces together."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igoudar.cabling.derived import with_derived
from igoudar.cabling.goods import Goods
from igoudar.cabling.labels import Label
from igoudar.cabling.lists import Cables, all_cables, bill, patch_list
from igoudar.cabling.numbers import cable_requests
from igoudar.cabling.pulls import pulls_of
from igoudar.doctor.site import plan_of
from igoudar.errors import Finding
from igoudar.hardware.parts import Components, DeviceType, Passive, Through
from igoudar.ledger import Ledger
from igoudar.model import Cable, CableStatus, Device, End, Inventory, Role
from igoudar.references import broken_references
from tests.cabling_hall import AT, GOODS, TYPES, Size, bare, device, kind

PORTS = 4


def panel(slug: str, front: str, rear: str, positions: int = 1) -> DeviceType:
    """`positions`: fronts on one rear port, numbered on."""
    fronts = tuple(Passive(str(n), front) for n in range(1, PORTS + 1))
    rears = tuple(Passive(str(n), rear, positions) for n in range(1, PORTS // positions + 1))
    through = tuple(
        Through(str(n), str((n - 1) // positions + 1), 1, (n - 1) % positions + 1)
        for n in range(1, PORTS + 1)
    )
    parts = Components(fronts=fronts, rears=rears, through=through)
    return DeviceType(slug, "Test", slug, 1, False, parts, where=AT)


KINDS = {
    "plate": panel("plate", "lc", "lc"),
    "mpo": panel("mpo", "mpo", "mpo"),
    "fast": kind("fast", ("swp", 4, "100gbase-x-qsfp28")),
    "cassette": panel("cassette", "lc", "mpo", positions=2),
    "copper": panel("copper", "8p8c", "8p8c"),
    "box": kind("box", ("swp", 4, "10gbase-x-sfpp")),
    "oob": TYPES["oob"],
}


def end(text: str) -> End:
    return End(*text.split("/", 1))


def site(panels: str, *pieces: tuple[str, str, float], goods: Goods = GOODS, **more: object) -> tuple[
    Inventory, list[Finding]
]:  # fmt: skip
    """Two boxes and two switches of copper, and two panels between them. Pieces: ends, length in m."""
    small = bare(Size(1, 1, 1, 1))
    rack = next(iter(small.racks))

    def one(name: str, slug: str, number: int) -> Device:
        role = Role.EQUIPMENT if name.startswith("p") else Role.OOB if slug == "oob" else Role.BORDER
        return replace(device(name, role, number, (rack, 10 + number)), type=slug)

    box = "fast" if panels == "mpo" else "box"
    boxes = [one("b1", box, 1), one("b2", box, 2), one("c1", "oob", 3), one("c2", "oob", 4)]
    boxes += [one("p1", panels, 5), one("p2", panels, 6)]
    cables = [Cable(end(a), end(b), AT, length_m=m, **more) for a, b, m in pieces]  # type: ignore[arg-type]
    made = replace(
        small, types=KINDS, devices={d.name: d for d in boxes}, cables={c.key: c for c in cables},
        cabling=None, goods=goods,
    )  # fmt: skip
    return with_derived(made, Ledger)


PATH = [("b1/swp1", "p1/front/1", 5.0), ("p1/rear/1", "p2/rear/1", 30.0), ("b2/swp1", "p2/front/1", 5.0)]


def test_a_path_is_one_link_and_three_pieces() -> None:
    inventory, findings = site("plate", *PATH)
    (link,) = inventory.cables.values()

    assert findings == []
    assert (str(link.a), str(link.b), len(link.via), len(inventory.pieces)) == ("b1/swp1", "b2/swp1", 3, 3)
    assert not [f for f in broken_references(inventory) if f.code in ("unknown-port", "port-twice")]
    assert {cable.key for cable in inventory.laid()} == inventory.pieces.keys()


def test_loss_and_length_are_of_the_whole_path() -> None:
    """By hand: 40 m of OM4 lose 0.12 dB; two plates are one pair each, 1.5 dB; 10GBASE-SR bears 2.9 dB."""
    inventory, _ = site("plate", *PATH)
    found = pulls_of(inventory)
    link = found.by_key["b1/swp1 -- b2/swp1"]

    assert found.findings == ()
    assert link.choice is not None
    assert (link.choice.medium.name, link.length_m) == ("sr", 40.0)
    assert link.loss_db == pytest.approx(40 * 0.003 + 2 * 0.75)
    assert {pull.article for key, pull in found.by_key.items() if key in inventory.pieces} == {"om4-lc"}


def test_a_medium_that_does_not_bear_it_gives_way_to_one_that_does() -> None:
    """Cassettes have two pairs each: 3 dB are too much for SR and not for LR, whose fibre is another."""
    cord = replace(GOODS.cords["os2-lc"], name="os2-mpo-lc", far=GOODS.cords["os2-mpo12"].near)
    trunk = replace(
        GOODS.cords["os2-mpo12"], name="os2-trunk", near=replace(GOODS.cords["os2-mpo12"].near, polish="upc")
    )
    goods = replace(GOODS, cords={**GOODS.cords, "os2-mpo-lc": cord, "os2-trunk": trunk})
    assert site("cassette", *PATH, goods=goods)[0].cables["b1/swp1 -- b2/swp1"].mated == 4
    found = pulls_of(site("cassette", *PATH, goods=goods)[0])
    said = pulls_of(site("cassette", *PATH, medium="sr")[0])

    link = found.by_key["b1/swp1 -- b2/swp1"]
    assert link.choice is not None
    assert link.choice.medium.name == "lr"
    assert [f.code for f in said.findings] == ["over-budget"]
    assert "40 m in 3 pieces and 4 mated pairs lose" in said.findings[0].message


def test_lanes_of_a_trunk_come_out_where_they_went_in() -> None:
    """Two fronts a trunk: the second one leaves at the second; the trunk is pulled once."""
    inventory, _ = site(
        "cassette", ("p1/rear/1", "p2/rear/1", 30.0),
        ("b1/swp1", "p1/front/1", 5.0), ("b1/swp2", "p1/front/2", 5.0),
        ("b2/swp2", "p2/front/1", 5.0), ("b2/swp1", "p2/front/2", 5.0),
    )  # fmt: skip

    assert inventory.cables.keys() == {"b1/swp1 -- b2/swp2", "b1/swp2 -- b2/swp1"}
    assert len(inventory.pieces) == 5


@given(st.permutations(range(1, PORTS + 1)))
def test_any_patching_joins_who_is_patched(order: list[int]) -> None:
    """Box 1's port n goes to front n; box 2's port n to the front that `order` says, over straight trunks."""
    trunks = [(f"p1/rear/{n}", f"p2/rear/{n}", 5.0) for n in range(1, PORTS + 1)]
    left = [(f"b1/swp{n}", f"p1/front/{n}", 1.0) for n in range(1, PORTS + 1)]
    right = [(f"b2/swp{n}", f"p2/front/{front}", 1.0) for n, front in enumerate(order, 1)]
    inventory, _ = site("plate", *trunks, *left, *right)

    wanted = {f"b1/swp{front} -- b2/swp{n}" for n, front in enumerate(order, 1)}
    assert inventory.cables.keys() == wanted


def test_copper_reaches_as_far_as_all_its_pieces() -> None:
    near = [
        ("c1/port1", "p1/front/1", 5.0),
        ("p1/rear/1", "p2/rear/1", 50.0),
        ("c2/port1", "p2/front/1", 5.0),
    ]
    far = [*near[:1], ("p1/rear/1", "p2/rear/1", 50.0), ("c2/port1", "p2/front/1", 50.0)]

    assert pulls_of(site("copper", *near)[0]).findings == ()
    (found,) = pulls_of(site("copper", *far)[0]).findings
    assert (found.code, "105 m of cat6a in 3 pieces" in found.message) == ("over-reach", True)


def test_an_open_path_is_no_link() -> None:
    inventory, findings = site("plate", *PATH[:2])

    assert (inventory.cables, len(inventory.pieces), findings) == ({}, 2, [])
    assert pulls_of(inventory).findings == ()


def test_pieces_of_two_media_are_an_error() -> None:
    inventory, _ = site("plate", *PATH)
    first, *rest = inventory.pieces.values()
    mixed = [replace(first, medium="lr"), *(replace(c, medium="sr") for c in rest)]
    _, findings = with_derived(replace(inventory, cables={c.key: c for c in mixed}, pieces={}), Ledger)

    assert [f.code for f in findings] == ["pieces-differ"]


def test_lists_and_the_doctor_have_what_they_need() -> None:
    inventory, _ = site("plate", *PATH)
    labels = {cable.key: Label(n, "a", "b") for n, cable in enumerate(inventory.laid(), 1)}
    cables = Cables(inventory, pulls_of(inventory).by_key, labels)

    assert len(all_cables(cables)) == len(patch_list(cables)) == 3
    assert {(row["kind"], row["article"], row["length_m"]): row["count"] for row in bill(cables)} == {
        ("cord", "om4-lc", 5.0): 2,
        ("cord", "om4-lc", 30.0): 1,
        ("module", "10GBASE-SR", None): 2,
    }
    (planned,) = plan_of(inventory).cables
    assert (str(planned.a), str(planned.b)) == ("b1/swp1", "b2/swp1")
    assert not list(cable_requests(inventory)), "without a section cabling nothing has a label"


def test_a_link_is_planned_while_a_piece_of_it_is() -> None:
    inventory, _ = site("plate", *PATH)
    first, *rest = inventory.pieces.values()
    some = {c.key: c for c in (replace(first, status=CableStatus.PLANNED), *rest)}
    after, _ = with_derived(replace(inventory, cables=some, pieces={}), Ledger)

    assert [cable.status for cable in after.cables.values()] == [CableStatus.PLANNED]


def methods(trunk: str, near: str, far: str, panels: str = "cassette") -> list[str]:
    """Codes of findings of a link by these polarities, each cord a female one of that polarity."""
    lc, mpo = GOODS.cords["om4-lc"], GOODS.cords["om4-mpo12"]
    fronts = mpo if panels == "mpo" else lc
    cords = {
        name: replace(
            like, name=name, near=replace(like.near, polarity=name), far=replace(like.far, polarity=name)
        )
        for name, like in ((near, fronts), (far, fronts))
    }
    own = replace(mpo.near, polarity=trunk, gender="male" if panels == "mpo" else "female")
    cords["trunk"] = replace(mpo, name="trunk", near=own, far=own)
    goods = replace(GOODS, cords=cords, mated_db=0.1)
    inventory, _ = site(panels, *PATH, goods=goods)
    words = {"b1/swp1": near, "b2/swp1": far}
    pieces = {
        k: replace(c, medium="sr", cord=words.get(str(c.a), "trunk")) for k, c in inventory.pieces.items()
    }
    made, _ = with_derived(replace(inventory, cables=pieces, pieces={}), Ledger)
    return [finding.code for finding in pulls_of(made).findings]


@pytest.mark.parametrize(
    ("trunk", "near", "far", "wrong"),
    [
        ("A", "A-B", "A-A", False),  # method A: one cord of each
        ("A", "A-B", "A-B", True),
        ("B", "A-B", "A-B", False),  # method B
        ("B", "A-A", "A-B", True),
        ("C", "A-B", "A-B", False),  # method C
        ("C", "A-B", "A-A", True),
    ],
)
def test_transmit_meets_receive_by_the_methods_of_tia_568(
    trunk: str, near: str, far: str, wrong: bool
) -> None:
    assert methods(trunk, near, far) == ["wrong-polarity"] * wrong


@pytest.mark.parametrize(
    ("trunk", "near", "far", "wrong"),
    [("B", "B", "B", False), ("A", "A", "B", False), ("A", "B", "B", True), ("C", "B", "B", True)],
)
def test_parallel_optics_cross_an_odd_number_of_times(trunk: str, near: str, far: str, wrong: bool) -> None:
    assert methods(trunk, near, far, "mpo") == ["wrong-polarity"] * wrong


def test_pins_meet_holes_in_every_coupling() -> None:
    """Nothing said of cords: a trunk with pins between two cords without, and into a cassette one without."""
    for panels, trunk in (("mpo", "om4-mpo12-male"), ("cassette", "om4-mpo12")):
        inventory, _ = site(panels, *PATH, goods=replace(GOODS, mated_db=0.1))
        found = pulls_of(inventory)
        assert found.findings == ()
        assert {found.by_key[key].article for key in inventory.pieces if key.startswith("p1")} == {trunk}


def test_two_pieces_take_a_straight_one() -> None:
    inventory, _ = site("plate", PATH[0], ("p1/rear/1", "b2/swp1", 30.0))
    found = pulls_of(inventory)
    assert found.findings == ()
    assert sorted(found.by_key[key].article for key in inventory.pieces) == ["om4-lc", "om4-lc-a-a"]


def test_a_trunk_is_of_one_fibre_for_all_links_in_it() -> None:
    """The first link has laid OM4; the second one wants optics for OS2."""
    cords = [
        ("b1/swp1", "p1/front/1"),
        ("b1/swp2", "p1/front/2"),
        ("b2/swp1", "p2/front/1"),
        ("b2/swp2", "p2/front/2"),
    ]
    pieces = [("p1/rear/1", "p2/rear/1", 30.0), *((a, b, 5.0) for a, b in cords)]
    inventory, _ = site("cassette", *pieces, goods=replace(GOODS, mated_db=0.1))
    told = {"b1/swp1": "sr", "b2/swp1": "sr", "b1/swp2": "lr", "b2/swp2": "lr"}
    said = {k: replace(c, medium=told.get(str(c.a), "")) for k, c in inventory.pieces.items()}
    made, _ = with_derived(replace(inventory, cables=said, pieces={}), Ledger)
    (finding,) = pulls_of(made).findings
    assert (finding.code, "no cord of os2 joins mpo-12 to mpo-12 by om4-mpo12" in finding.message) == (
        "no-cord",
        True,
    )
