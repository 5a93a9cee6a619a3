"""Power cords: which outlet a PSU gets, whatever else is there; what fits; and on which phase that is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igoudar.cabling.catalogue import read_goods
from igoudar.cabling.derived import with_derived
from igoudar.cabling.labels import end_text
from igoudar.cabling.numbers import cable_requests
from igoudar.cabling.power import cord_pulls, plugged, without_outlet
from igoudar.cabling.schema import CablingIn, cabling_of
from igoudar.errors import Finding, Where
from igoudar.facility.graph import power_graph
from igoudar.hardware.parts import Components, DeviceType, Inlet, Leg, Outlet
from igoudar.inventory import load
from igoudar.ledger import Ledger, allocate_numbers, updated
from igoudar.model import Cable, Device, End, Inventory, Role
from igoudar.power import settle
from tests import factory

ROOT = Path(__file__).parents[2]
DAY = date(2026, 11, 26)
GOODS, _ = read_goods(ROOT)
AT = Where("rack.yaml", 1)
LEGS = (Leg.L1, Leg.L2, Leg.L3)
OUTLETS = tuple(Outlet(f"outlet{n}", "iec-60320-c13", leg=LEGS[n % 3]) for n in range(1, 13))
RPDU = DeviceType("rpdu", "Test", "rPDU", 0, False, Components(outlets=OUTLETS), where=AT)


def box(slug: str, psus: int, kind: str = "iec-60320-c14") -> DeviceType:
    inlets = tuple(Inlet(f"PSU{n}", kind) for n in range(1, psus + 1))
    return DeviceType(slug, "Test", slug, 1, True, Components(inlets=inlets), where=AT)


def site(
    *boxes: tuple[str, int, int],
    rules: list[dict[str, object]],
    ledger: Ledger | None = None,
    written: tuple[Cable, ...] = (),
    inlet: str = "iec-60320-c14",
) -> tuple[Inventory, list[Finding]]:
    """A rack of 12 U with an rPDU of each feed. `boxes`: name, U, PSUs."""
    made = factory.site(leaves=2, vpcs=0)
    rack = replace(next(iter(made.racks.values())), height=12, feeds={"A": "one", "B": "two"})

    def device(name: str, kind: str, place: tuple[int, int], feed: str = "") -> Device:
        u, number = place
        role = Role.EQUIPMENT if feed else Role.SERVER
        return Device(name, kind, role, number, rack.hall, rack.name, u, AT, serial=name, feed=feed)

    devices = [device(f"rpdu-{f.lower()}", "rpdu", (0, n), f) for n, f in enumerate("AB", 1)]
    devices += [device(name, f"box-{psus}", (u, n)) for n, (name, u, psus) in enumerate(boxes, 1)]
    section = {"slack": {"rack": "0.3 m", "tray": "0.5 m"}, "cords": rules}
    findings: list[Finding] = []
    cabling = cabling_of(CablingIn.model_validate(section), AT, findings)
    types = {"rpdu": RPDU, **{f"box-{psus}": box(f"box-{psus}", psus, inlet) for _, _, psus in boxes}}
    named = replace(
        made,
        racks={rack.name: rack},
        devices={d.name: d for d in devices},
        types=types,
        cables={cable.key: cable for cable in written},
        cabling=cabling,
        goods=GOODS,
    )
    inventory, more = with_derived(named, lambda: ledger or Ledger())
    return inventory, [*findings, *more]


BY_U: list[dict[str, object]] = [{"u": "1..12", "onto": "outlet1..12"}]


def outlets(inventory: Inventory) -> dict[str, str]:
    """Inlet -> outlet."""
    sides = (sorted((c.a, c.b), key=lambda e: e.device.startswith("rpdu")) for c in inventory.cords.values())
    return {str(inlet): str(outlet) for inlet, outlet in sides}


def test_each_psu_is_on_the_rpdu_of_its_feed_at_the_outlet_of_its_u() -> None:
    inventory, findings = site(("one", 3, 2), ("two", 7, 1), rules=BY_U)

    assert findings == []
    assert outlets(inventory) == {
        "one/PSU1": "rpdu-a/outlet3",
        "one/PSU2": "rpdu-b/outlet3",
        "two/PSU1": "rpdu-a/outlet7",
    }
    assert not inventory.cables


def test_four_psus_take_two_outlets_of_each_feed() -> None:
    inventory, findings = site(("big", 2, 4), rules=[{"u": "1..6", "onto": "outlet1..12", "each": 2}])

    assert findings == []
    assert outlets(inventory) == {
        "big/PSU1": "rpdu-a/outlet3",
        "big/PSU2": "rpdu-b/outlet3",
        "big/PSU3": "rpdu-a/outlet4",
        "big/PSU4": "rpdu-b/outlet4",
    }


@given(st.lists(st.integers(1, 12), min_size=2, max_size=8, unique=True), st.data())
def test_a_device_that_goes_moves_no_other(units: list[int], data: st.DataObject) -> None:
    """By U below 7, out of the ledger above it."""
    rules: list[dict[str, object]] = [{"u": "1..6", "onto": "outlet1..6", "rest": "outlet7..12"}]
    boxes = [(f"d{u}", u, 2) for u in units]
    before, _ = site(*boxes, rules=rules)
    ledger = updated(allocate_numbers(cable_requests(before), Ledger(), DAY), DAY)
    gone = data.draw(st.sampled_from(boxes))
    after, _ = site(*(one for one in boxes if one != gone), rules=rules, ledger=ledger)

    kept = {inlet: outlet for inlet, outlet in outlets(before).items() if not inlet.startswith(f"{gone[0]}/")}
    assert outlets(after) == kept
    assert len({*outlets(before).values()}) == 2 * len(boxes)


@pytest.mark.parametrize(
    ("inlet", "article"),
    [("iec-60320-c14", "c14-c13"), ("iec-60320-c16", "c14-c15"), ("iec-60320-c20", "")],
)
def test_a_cord_fits_both_ends(inlet: str, article: str) -> None:
    inventory, _ = site(("one", 1, 1), rules=BY_U, inlet=inlet)
    (pull,) = cord_pulls(inventory).by_key.values()

    assert pull.article == article
    assert [f.code for f in cord_pulls(inventory).findings] == ([] if article else ["wrong-connector"])


def test_its_length_is_the_next_stocked_one() -> None:
    """From U12 to the first outlet at U1: 11 x 44.45 mm and 2 x 0.3 m are 1.09 m; beside its box 0.6 m."""
    far, _ = site(("one", 12, 1), rules=[{"u": 12, "onto": "outlet1"}])
    near, _ = site(("one", 12, 1), rules=BY_U)

    assert [pull.length_m for pull in cord_pulls(far).by_key.values()] == [1.5]
    assert [pull.length_m for pull in cord_pulls(near).by_key.values()] == [0.7]


def test_what_is_written_stands() -> None:
    cable = Cable(End("one", "PSU1"), End("rpdu-a", "outlet3"), AT, length_m=2.0)
    inventory, findings = site(("one", 3, 2), rules=BY_U, written=(cable,))

    assert findings == []
    assert cord_pulls(inventory).by_key[cable.key].length_m == 2.0
    assert len(inventory.cords) == 2

    other = replace(cable, b=End("rpdu-a", "outlet4"))
    assert [f.code for f in site(("one", 3, 2), rules=BY_U, written=(other,))[1]] == ["port-derived"]


def test_psus_are_where_their_cords_lead() -> None:
    """Both on feed A by hand: the graph believes the cord, not the rule of thumb."""
    both = tuple(Cable(End("one", f"PSU{n}"), End("rpdu-a", f"outlet{n}"), AT) for n in (1, 2))
    inventory, _ = site(("one", 3, 2), rules=[], written=both)
    found = plugged(inventory)

    assert {end.port: (one.feed, one.leg) for end, one in found.items()} == {
        "PSU1": ("A", "L2"),
        "PSU2": ("A", "L3"),
    }


def test_inlets_without_a_cord_are_named() -> None:
    inventory, _ = site(("one", 3, 2), ("two", 7, 1), rules=[{"rest": "outlet1..12", "devices": "leaf"}])
    (bare,) = without_outlet(inventory).values()

    assert [str(end) for end in bare] == ["one/PSU1", "one/PSU2", "two/PSU1"]


def test_the_label_of_an_rpdu_says_its_feed() -> None:
    inventory, _ = site(("one", 3, 1), rules=BY_U)
    rack = next(iter(inventory.racks)).upper()
    assert end_text(inventory, End("rpdu-b", "outlet3")).endswith(f".{rack}-B:outlet3")


def test_phases_of_the_lab() -> None:
    """Counted by hand: half of each box by U modulo 3; 8 servers and 3 hosts of 490 W, 8 switches of 350 W,
    an out-of-band switch of 60 W and two routers of 150 W.
    """
    now = settle(power_graph(load(ROOT / "inventory/lab", ROOT))).loads
    busway = next(unit for unit in now.units if unit.name == "busway-a")
    one = 4 * 245 + 245 + 2 * 175 + 30 + 75  # servers on U10; mgmt-2; spine-1, border-1; oob-1; far-north
    two = 4 * 245 + 245 + 75  # servers on U11; mgmt-3; far-south
    three = 245 + 6 * 175  # mgmt-1; spine-2, border-2 and four leaves on U42
    assert busway.legs_w == pytest.approx((one, two, three))
