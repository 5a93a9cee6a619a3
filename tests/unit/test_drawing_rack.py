"""Elevations: every device once a face, to scale, nothing on anything else; what is too much stands out."""

from __future__ import annotations

import random
import xml.etree.ElementTree as ET
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from igoudar.drawing.floor import Floor, read_floor
from igoudar.drawing.letters import fit, width
from igoudar.drawing.rack import draw_rack
from igoudar.errors import Where
from igoudar.hall.readings import Point, Reading
from igoudar.hardware.parts import Components, DeviceType, RackType
from igoudar.inventory import load
from igoudar.model import Device, Face, Inventory, Role, Status
from tests import factory
from tests.unit.sheets import SVG, WIDTHS, Area, by_name, groups, judge, page, rects, words

ROOT = Path(__file__).parents[2]
DAY = date(2026, 11, 26)
FLOOR = read_floor(ROOT)
EMPTY = replace(factory.site(leaves=1, vpcs=0), devices={}, cables={})
MM = 44.45 / 10  # of a U on paper
INSET = 0.5  # a box is drawn a little smaller than its device, so that neighbours stay apart


@dataclass(frozen=True)
class Wanted:
    """A device by what decides its picture."""

    height: float
    full_depth: bool
    face: Face
    u: float
    status: Status
    role: Role
    watts: float | None
    stem: str


heights = st.sampled_from([0.5, 1, 1, 1, 1.5, 2, 4, 10])
wanted = st.builds(
    Wanted,
    heights,
    st.booleans(),
    st.sampled_from(Face),
    st.integers(2, 104).map(lambda half: half / 2),
    st.sampled_from(Status),
    st.sampled_from(Role),
    st.none() | st.floats(0, 20_000),
    st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=50),
)


@st.composite
def racks(draw: st.DrawFn) -> Inventory:
    """A rack that can be built: whoever would take a place that is taken is left out."""
    height, first = draw(st.integers(1, 60)), draw(st.sampled_from([1, 1, 5]))
    taken: set[tuple[int, Face]] = set()
    found: list[Wanted] = []
    for one in draw(st.lists(wanted, max_size=60)):
        faces = [*Face] if one.full_depth else [one.face]
        halves = range(round(2 * one.u), round(2 * (one.u + one.height)))
        places = {(half, face) for half in halves for face in faces}
        if not places & taken and one.u >= first and one.u + one.height <= first + height:
            taken |= places
            found.append(one)
    beside = draw(st.lists(wanted, max_size=7))
    found += [replace(one, u=0) for one in beside]
    limits = draw(st.none() | st.floats(1, 50_000)), draw(st.none() | st.floats(1, 2_000))
    inventory = built(found, height, limits)
    rack = replace(inventory.racks["r"], first=first, descending=draw(st.booleans()))
    return replace(inventory, racks={"r": rack})


def built(found: list[Wanted], height: int, limits: tuple[float | None, float | None]) -> Inventory:
    types, devices = {}, {}
    for number, one in enumerate(found):
        slug, name = f"type-{number}-{one.stem}", f"{one.stem}-{number}"
        types[slug] = DeviceType(slug, "x", slug, one.height, one.full_depth, Components(), kg=20)
        devices[name] = Device(
            name=name, type=slug, role=one.role, number=number + 1, hall="h1", rack="r", u=one.u,
            where=factory.AT, status=one.status, face=one.face, draw_w=one.watts, serial=one.stem.upper(),
        )  # fmt: skip
    rack = replace(EMPTY.racks["h1-r1"], name="r", height=height, power_w=limits[0], load_kg=limits[1])
    return replace(EMPTY, types=types, devices=devices, racks={"r": rack})


def drawn(inventory: Inventory, name: str = "r", floor: Floor = FLOOR) -> str:
    return draw_rack(inventory, name, floor, DAY)


@settings(max_examples=60)
@given(racks())
def test_whatever_stands_in_it_nothing_lies_on_anything(inventory: Inventory) -> None:
    root = judge(drawn(inventory))

    for face in Face:
        boxes = {group.get("data-name"): rects(group)[0] for group in groups(root, "device", face=face)}
        (elevation,) = groups(root, "elevation", face=face)
        outer, opening = rects(elevation)
        assert outer.holds(opening)
        assert all(opening.holds(box) for box in boxes.values())
        assert not [pair for pair in boxes if any(boxes[pair].meets(boxes[o]) for o in boxes if o != pair)]
    for group in groups(root, "device"):
        assert all(rects(group)[0].holds(text.area, 0.1) for text in words(group))


@settings(max_examples=60)
@given(racks())
def test_every_device_is_where_it_stands_once(inventory: Inventory) -> None:
    root = judge(drawn(inventory))
    rail = numbered(root)
    for device in inventory.devices.values():
        kind = inventory.types[device.type]
        faces = [*Face] if kind.full_depth else [device.face]
        seen = groups(root, "device", name=device.name)
        assert {group.get("data-face") for group in seen} == ({*faces} if device.u else {"beside"})
        assert len(seen) == (len(faces) if device.u else 1)
        assert all(group.get("data-status") == device.status for group in seen)
        assert all(device.name in [text.meant for text in words(group)] for group in seen)
        if device.u:
            box = rects(seen[0])[0]
            end = device.u + kind.units
            assert all(box.top < rail[u] < box.bottom for u in rail if device.u <= u and u + 1 <= end)
            assert not [u for u in rail if box.top < rail[u] < box.bottom and not device.u - 1 < u < end]
            assert box.bottom - box.top == pytest.approx(kind.units * MM, abs=INSET + 0.01)
    entries = by_name(root, "entry")
    assert entries.keys() == {d.name for d in inventory.devices.values() if d.u}
    for name, entry in entries.items():
        device = inventory.devices[name]
        assert {device.type, device.serial} <= {text.meant for text in words(entry)}


@settings(max_examples=20)
@given(racks(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_is_not_seen(inventory: Inventory, chance: random.Random) -> None:
    turned = [*inventory.devices.items()]
    chance.shuffle(turned)

    assert drawn(replace(inventory, devices=dict(turned))) == drawn(inventory)


def numbered(root: ET.Element) -> dict[int, float]:
    """Number on the front rail -> the middle of its U."""
    (elevation,) = groups(root, "elevation", face="front")
    said = {int(text.said): text.area for text in words(elevation) if text.said.isdigit()}
    return {number: (area.top + area.bottom) / 2 for number, area in said.items()}


def test_a_rail_counts_from_its_first_number_up_or_down() -> None:
    one = Wanted(0.5, True, Face.FRONT, 6.5, Status.ACTIVE, Role.SERVER, 100, "half")
    inventory = built([one], 3, (None, None))

    def drawn_in(**more: object) -> tuple[list[int], bool]:
        """Numbers from the bottom up, and whether the device is in the upper half of U6."""
        rack = replace(inventory.racks["r"], first=5, **more)  # type: ignore[arg-type]
        root = judge(drawn(replace(inventory, racks={"r": rack})))
        rail = numbered(root)
        (group,) = groups(root, "device", face="front")
        return sorted(rail, key=lambda u: -rail[u]), rects(group)[0].bottom < rail[6] + INSET

    assert drawn_in() == ([5, 6, 7], True)
    assert drawn_in(descending=True) == ([7, 6, 5], False)


@settings(max_examples=60)
@given(racks())
def test_bars_tell_how_much_is_used(inventory: Inventory) -> None:
    root = judge(drawn(inventory))
    devices, rack = [*inventory.devices.values()], inventory.racks["r"]
    used = {
        "power": (sum(d.draw_w or 0 for d in devices), rack.power_w),
        "mass": (20 * len(devices), rack.load_kg),
        "units": (len({u for d in devices if d.u for u in span(inventory, d)}) / 2, rack.height),
    }

    for name, (amount, limit) in used.items():
        (gauge,) = groups(root, "gauge", of=name)
        level = gauge.get("data-level")
        if limit is None:
            assert level == "unknown"
        elif abs(amount / limit - 1) > 1e-6 and abs(amount / limit - 0.8) > 1e-6:
            assert level == ("over" if amount > limit else "near" if amount > 0.8 * limit else "calm")
            frame, filled = rects(gauge)[-1], rects(gauge)[1]
            share = (filled.right - filled.left) / (frame.right - frame.left)
            assert share == pytest.approx(min(amount / limit, 1), abs=1e-3)


def span(inventory: Inventory, device: Device) -> range:
    """In halves."""
    return range(round(2 * device.u), round(2 * (device.u + inventory.types[device.type].units)))


@pytest.mark.parametrize(
    ("watts", "level", "percent"),
    [
        (0, "calm", "0 %"),
        (800, "calm", "80 %"),
        (801, "near", "80 %"),
        (999.9, "near", "99 %"),
        (1000, "near", "100 %"),
        (1000.1, "over", "101 %, over"),
        (2500, "over", "250 %, over"),
    ],
)
def test_from_which_share_it_stands_out(watts: float, level: str, percent: str) -> None:
    one = Wanted(1, True, Face.FRONT, 1, Status.ACTIVE, Role.SERVER, watts, "srv")
    (gauge,) = groups(judge(drawn(built([one], 10, (1000, None)))), "gauge", of="power")

    assert gauge.get("data-level") == level
    assert percent in [text.said for text in words(gauge)]


def filled() -> Inventory:
    """24 servers, 2 leaves, panels of half depth on both faces, two PDUs, each status."""
    servers = [
        Wanted(1, True, Face.FRONT, u, Status.ACTIVE, Role.SERVER, 490, f"srv-a01-{u:02}")
        for u in range(1, 21)
    ]
    servers += [
        Wanted(1, True, Face.FRONT, 21 + n, status, Role.SERVER, 490, f"srv-a01-{21 + n}")
        for n, status in enumerate((Status.PLANNED, Status.STAGED, Status.OFFLINE, Status.DECOMMISSIONING))
    ]
    network = [
        Wanted(1, True, Face.FRONT, u, Status.ACTIVE, Role.LEAF, 350, f"leaf-{u}") for u in (46, 44)
    ] + [Wanted(1, False, face, 42, Status.ACTIVE, Role.OOB, 0, f"panel-{face}") for face in Face]
    beside = [Wanted(0, False, Face.REAR, 0, Status.ACTIVE, Role.OOB, None, f"pdu-{n}") for n in "ab"]
    return built(servers + network + beside, 47, (13_000, 1200))


def test_a_full_rack_fits_on_a4_at_one_to_ten() -> None:
    root = judge(drawn(filled()))

    assert page(root) == Area(0, 0, 210, 297)
    assert "1:10" in [text.said for text in words(groups(root, "title-block")[0])]
    assert DAY.isoformat() in [text.said for text in words(groups(root, "title-block")[0])]


def test_a_status_is_told_by_line_hatch_and_word() -> None:
    root = judge(drawn(filled()))
    looks = {}
    for status in Status:
        group = groups(root, "device", face="front", status=status)[0]
        box = group.findall(f"{SVG}rect")
        hatched = any(rect.get("fill", "").startswith("url(") for rect in box)
        said = {text.said for text in words(group)} - {group.get("data-name")}
        looks[status] = (box[0].get("stroke-dasharray"), hatched, said)

    assert looks[Status.ACTIVE] == (None, False, set())
    assert looks[Status.PLANNED][0]
    assert looks[Status.STAGED][0]
    assert looks[Status.PLANNED][0] != looks[Status.STAGED][0]
    assert looks[Status.DECOMMISSIONING][1]
    assert all(looks[status][2] == {status.value} for status in Status if status is not Status.ACTIVE)


def test_what_nobody_knows_is_said() -> None:
    (power,) = groups(judge(drawn(filled())), "gauge", of="power")

    assert "at least 12.46 kW of 13 kW, 2 unknown" in [text.said for text in words(power)]
    assert "≥ 96 %" in [text.said for text in words(power)]


def test_a_rack_type_gives_its_size() -> None:
    kind = RackType("wide", "x", "wide", "4-post-cabinet", 21, 40, outer_width_mm=800, outer_height_mm=2300)
    inventory = built([], 40, (None, None))
    rack = replace(inventory.racks["r"], type="wide", width_in=21)
    root = judge(drawn(replace(inventory, racks={"r": rack}, rack_types={"wide": kind})))

    outer, opening = rects(groups(root, "elevation", face="rear")[0])
    assert (outer.right - outer.left, outer.bottom - outer.top) == pytest.approx((80, 230))
    assert opening.right - opening.left == pytest.approx(21 * 2.54)
    assert opening.bottom - opening.top == pytest.approx(40 * 4.8)


def test_racks_of_the_lab() -> None:
    lab = load(ROOT / "inventory" / "lab", ROOT)
    for name in lab.racks:
        root = judge(drawn(lab, name))
        inside = {device.name for device in lab.devices.values() if device.rack == name}
        assert by_name(root, "entry").keys() == inside
        assert {group.get("data-unit") for group in groups(root, "feed")} == {"busway-a", "busway-b"}


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40), st.booleans())
def test_widths_are_bounds(said: str, bold: bool) -> None:
    real = sum(WIDTHS["bold" if bold else "regular"][letter] for letter in said)

    assert real <= width(said, 1, bold=bold) + 1e-9 <= real * 1.5 + 0.2


@given(st.text("abcXYZ0189-", max_size=60), st.floats(0.5, 60), st.floats(1, 3), st.floats(0, 3))
def test_what_is_fitted_fits(said: str, room: float, least: float, more: float) -> None:
    kept, size = fit(said, room, (least + more, least))

    assert width(kept, size) <= room + 1e-9
    assert least - 1e-9 <= size <= least + more + 1e-9
    if kept != said:
        assert width(said, least) > room
        head, _, tail = kept.partition("…")
        assert said.startswith(head)
        assert said.endswith(tail)


def test_what_is_measured_stands_beside_what_is_allocated() -> None:
    lab = load(ROOT / "inventory/lab", ROOT)
    at = Where("readings.csv", 2)
    points = [Point("a01", feed, name, "", "") for name in ("", "srv-1") for feed in "AB"]
    readings = tuple(Reading(point, 200.5, datetime(2026, 11, 24, tzinfo=UTC), at) for point in points)
    drawn = {rack: draw_rack(replace(lab, readings=readings), rack, FLOOR, DAY) for rack in ("a01", "a02")}

    assert drawn["a01"].count("401 W") == 2  # the device in the table, the rack in the heading
    assert ">read<" in drawn["a01"]
    assert ">read<" not in drawn["a02"]
