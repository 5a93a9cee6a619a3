"""Front and rear elevation of a rack, 1:10, with the numbers of its rail; between them what stands in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from igoudar.drawing import looks
from igoudar.drawing.bays import by_parent, draw_bays, head
from igoudar.drawing.floor import Floor, RackSize, rack_size
from igoudar.drawing.frame import FOOT, LEGEND, Heading, Key, framed, legend
from igoudar.drawing.letters import width
from igoudar.drawing.paper import INK, Box, Hand, Ink, Page, Pen, document, page_for
from igoudar.drawing.use import RackUse, Use, amount, gauge, rack_use, standing
from igoudar.facility.graph import power_graph
from igoudar.hall.draw import cooling_of, draw_of
from igoudar.hall.levels import numbers, span
from igoudar.hall.measured import Measured, measured
from igoudar.hall.places import Rack
from igoudar.hardware import DeviceType
from igoudar.model import Device, Face, Inventory, Status
from igoudar.power.graph import Rack as Hung
from igoudar.power.loads import by_feed
from igoudar.quantities import POWER

SCALE = 10
HEAD, GAUGES, GAP = 13.0, 14.0, 2.0
TABLE = 52.0  # what stands between the two elevations
ROW = 2.2  # least distance of two lines of the table
STRIP, STRIP_H, STRIPS = 6.0, 40.0, 2  # what stands beside the U, not to scale: width, least height, columns
COLUMNS = (("type", 24.5, "start"), ("serial", 17.0, "start"), ("draw", 9.5, "end"))
READ = (("type", 19.0, "start"), ("serial", 13.0, "start"), ("draw", 9.5, "end"), ("read", 9.5, "end"))


@dataclass(frozen=True, slots=True)
class _Layout:
    """`unit` is the height of a U, `floor` the lower edge of the lowest one."""

    page: Page
    size: RackSize
    front: Box
    rear: Box
    table: Box
    strips: Box
    rack: Rack

    @property
    def unit(self) -> float:
        return self.size.unit_mm / SCALE

    @property
    def floor(self) -> float:
        return self.front.bottom - self.size.rim_mm / SCALE

    def opening(self, face: Face) -> Box:
        outer = self.front if face is Face.FRONT else self.rear
        inside = outer.inset((self.size.w_mm - self.size.rails_mm) / 2 / SCALE)
        height = self.rack.height * self.unit
        return Box(inside.x, self.floor - height, inside.w, height)


@dataclass(frozen=True, slots=True)
class _Shown:
    """A device and where it is seen; `box` has its real height. `bays` and who is in them."""

    device: Device
    height: float
    full_depth: bool
    bays: tuple[str, ...] = ()
    held: Mapping[str, Device] = field(default_factory=dict)

    @classmethod
    def of(cls, kind: DeviceType, device: Device, held: Mapping[str, Device]) -> _Shown:
        return cls(device, kind.units, kind.full_depth, kind.parts.device_bays if held else (), held)

    def box(self, layout: _Layout, face: Face) -> Box:
        opening = layout.opening(face)
        covered = span(layout.rack, self.device.u, self.height)
        top = layout.floor - covered.high * layout.unit
        return Box(opening.x, top, opening.w, self.height * layout.unit)

    def seen(self, face: Face) -> bool:
        return self.full_depth or self.device.face is face


def draw_rack(inventory: Inventory, name: str, floor: Floor, day: date) -> str:
    """The text of an SVG document. What stands twice on a U, or above the rack, must have been refused."""
    rack = inventory.racks[name]
    devices = standing(inventory)[name]
    kinds = inventory.types
    mounted = [one for one in devices if one.u and (one.bay or kinds[one.type].units)]
    held = by_parent(mounted)
    inside = [_Shown.of(kinds[one.type], one, held.get(one.name, {})) for one in mounted if not one.bay]
    beside = [one for one in devices if not one.u or not (one.bay or kinds[one.type].units)]
    size = rack_size(floor, rack, inventory.rack_types.get(rack.type))
    layout = _layout(size, rack, len(beside))
    read = measured(inventory)
    hung = _hung(inventory, rack)
    sheet = framed(layout.page, _heading(inventory, (rack, hung), read, day))
    for face in Face:
        _elevation(sheet, layout, face)
        for shown in inside:
            if shown.seen(face):
                _device(sheet, layout, shown, face)
    use = rack_use(inventory, rack, devices)
    _feeds(sheet, (rack, use, hung), layout)
    _table(
        sheet,
        _Entries(inventory, {d.name: w for d in devices if (w := read.devices.get(d.name)) is not None}),
        layout,
        inside,
    )
    _strips(sheet, inventory, layout, beside)
    _foot(sheet, layout, use, _heat(inventory, rack, use))
    return document(sheet)


def _layout(size: RackSize, rack: Rack, beside: int) -> _Layout:
    w, h = size.w_mm / SCALE, size.h_mm / SCALE
    strips = STRIPS * (STRIP + 1) if beside else 0.0
    wide = 2 * w + TABLE + 2 * GAP + strips
    high = max(h, -(-beside // STRIPS) * STRIP_H)  # a small rack may have much beside it
    page = page_for(wide, HEAD + high + GAP + LEGEND + GAUGES + FOOT + GAP, lying=False)
    room = page.room
    x, y = room.x + (room.w - wide) / 2, room.y + HEAD
    front = Box(x, y, w, h)
    table = Box(front.right + GAP, y, TABLE, h)
    rear = Box(table.right + GAP, y, w, h)
    return _Layout(page, size, front, rear, table, Box(rear.right + 1, y, strips, high), rack)


def _hung(inventory: Inventory, rack: Rack) -> Hung | None:
    """The rack in the graph of power; None where units that feed it are not described."""
    if not {*rack.feeds.values()} <= inventory.plant.units.keys():
        return None
    return next(hung for hung in power_graph(inventory).racks if hung.name == rack.name)


def _heat(inventory: Inventory, rack: Rack, use: RackUse) -> tuple[str, Use]:
    """All that is drawn, against what its way of cooling carries off."""
    way, limit = cooling_of(inventory, rack)
    return f"Heat, {way}" if way else "Heat", replace(use.power, limit=limit)


def _heading(inventory: Inventory, placed: tuple[Rack, Hung | None], read: Measured, day: date) -> Heading:
    rack, hung = placed
    liquid = f"{hung.liquid_share * 100:.0f} %" if hung and hung.liquid_share else ""
    facts = (
        ("site", inventory.site.name),
        ("hall", rack.hall),
        ("row", rack.row),
        ("position", str(rack.position)),
        ("grid", rack.at),
        ("rack type", rack.type),
        ("height", f"{rack.height} {rack.unit}"),
        ("cooling", str(rack.cooling or "")),
        ("heat to liquid", liquid),
        ("measured", amount(POWER, read.racks[rack.name]) if rack.name in read.racks else ""),
        ("date", day.isoformat()),
        ("scale", f"1:{SCALE}"),
    )
    return Heading(f"Rack {rack.name}", "front and rear elevation", facts)


def _elevation(sheet: Pen, layout: _Layout, face: Face) -> None:
    """Frame, rails, lines and numbers of the U; the numbers stand on the outer sides."""
    outer = layout.front if face is Face.FRONT else layout.rear
    group = sheet.group("elevation", face=str(face))
    words = Box(outer.x, outer.y - 5.5, outer.w, 4.5)
    group.label(words, face.value.capitalize(), Hand(3.6, "middle", bold=True))
    group.rect(outer, Ink(fill="#ececec", line=INK, width=0.5))
    opening = layout.opening(face)
    group.rect(opening, Ink(fill=looks.WHITE, line=INK, width=0.25))
    for place, unit in enumerate(numbers(layout.rack), 1):
        y = layout.floor - place * layout.unit
        if place < layout.rack.height:
            group.line([(opening.x, y), (opening.right, y)], looks.GUIDE)
        post = outer.x if face is Face.FRONT else opening.right
        box = Box(post, y, opening.x - outer.x, layout.unit).inset(0.4)
        group.label(box, str(unit), Hand(2.0, "middle", bold=unit % 5 == 0))


def _device(sheet: Pen, layout: _Layout, shown: _Shown, face: Face) -> None:
    """Its mounting face has the name in full strength, the other one shows its back."""
    device, mounted = shown.device, shown.device.face is face
    box = shown.box(layout, face).inset(0.2, 0.25)
    group = sheet.group("device", name=device.name, face=str(face), status=str(device.status))
    group.title(f"{device.name}: {device.type}, {device.role}, {device.status}")
    _body(group, box, device.status, looks.tint(device.role) if mounted else looks.WHITE)
    if looks.networking(device.role):
        group.rect(Box(box.x, box.y, 1.2, box.h), Ink(fill="#4a6a80"))
    if mounted and shown.bays:
        draw_bays(group, box, shown.bays, shown.held)
    words = head(box, shown.bays if mounted else ()).inset(2.0)
    notes = ", ".join(note for note in (_status(device), "drained" if device.drained else "") if note)
    halo = looks.hatched(device.status)
    share = 0.56 if notes else 1.0
    name = Hand(2.6, bold=mounted, color=INK if mounted else looks.QUIET, halo=halo)
    group.label(Box(words.x, words.y, words.w * share, words.h), device.name, name)
    if notes:
        rest = Box(words.x + words.w * share, words.y, words.w * (1 - share), words.h)
        group.label(rest, notes, Hand(2.1, "end", halo=halo))


def _body(pen: Pen, box: Box, status: Status, color: str) -> None:
    pen.rect(box, looks.body(status, color))
    if looks.hatched(status):
        pen.rect(box, Ink(fill=looks.HATCH))


def _status(device: Device) -> str:
    """Nothing of what is as usual."""
    return "" if device.status is Status.ACTIVE else str(device.status)


def _watts(inventory: Inventory, device: Device) -> str:
    watts = draw_of(inventory, device).allocated_w
    return "? W" if watts is None else amount(POWER, watts)


def _spread(wanted: Sequence[float], top: float) -> list[float]:
    """Middles of lines, each as near below where it belongs as the one before allows; `wanted` ascends.

    Two lines go into a U, and no more than two devices do: a line never comes far from its own.
    """
    found: list[float] = []
    for at in wanted:
        found.append(max(at, found[-1] + ROW if found else top + ROW / 2))
    return found


@dataclass(frozen=True, slots=True)
class _Entries:
    """What the table says of a device. `read`: W by device, where something of the rack was measured."""

    inventory: Inventory
    read: Mapping[str, float]

    @property
    def columns(self) -> tuple[tuple[str, float, str], ...]:
        return READ if self.read else COLUMNS

    def of(self, device: Device) -> tuple[str, ...]:
        kind = self.inventory.types[device.type].bare
        values = (kind, device.serial or "–", _watts(self.inventory, device))
        if not self.read:
            return values
        watts = self.read.get(device.name)
        return (*values, "–" if watts is None else amount(POWER, watts))

    def cells(self, box: Box) -> Iterator[tuple[Box, str]]:
        x = box.x + 0.5
        for _, wide, anchor in self.columns:
            yield Box(x, box.y, wide - 0.8, box.h), anchor
            x += wide


def _table(sheet: Pen, entries: _Entries, layout: _Layout, inside: Sequence[_Shown]) -> None:
    """Type, serial and draw of each device at its height, with a line to the face that it is mounted at."""
    group = sheet.group("table")
    head = Box(layout.table.x, layout.table.y - 4.2, layout.table.w, 3.2)
    for (caption, _, _), (cell, anchor) in zip(entries.columns, entries.cells(head), strict=True):
        group.label(cell, caption, Hand(2.1, anchor, color=looks.QUIET))
    middles = sorted((shown.box(layout, shown.device.face).middle[1], n) for n, shown in enumerate(inside))
    lines = _spread([y for y, _ in middles], layout.table.y)
    for line, (y, number) in zip(lines, middles, strict=True):
        device = inside[number].device
        entry = group.group("entry", name=device.name)
        box = Box(layout.table.x, line - ROW / 2, layout.table.w, ROW)
        face = layout.opening(device.face)
        ends = (
            [(face.right, y), (layout.front.right, y), (box.x, line)]
            if device.face is Face.FRONT
            else [(face.x, y), (layout.rear.x, y), (box.right, line)]
        )
        entry.line(ends, Ink(line=looks.QUIET, width=0.12))
        for value, (cell, anchor) in zip(entries.of(device), entries.cells(box), strict=True):
            entry.label(cell, value, Hand(2.1, anchor, least=1.5))


def _strips(sheet: Pen, inventory: Inventory, layout: _Layout, beside: Sequence[Device]) -> None:
    """What stands beside the U, such as vertical PDUs: from the bottom, in two columns."""
    if not beside:
        return
    head = Box(layout.strips.x, layout.strips.y - 5.5, layout.strips.w, 4.5)
    sheet.label(head, "0 U", Hand(2.6, "middle", color=looks.QUIET))
    rows = -(-len(beside) // STRIPS)
    height = layout.strips.h / rows
    for number, device in enumerate(beside):
        column, row = number % STRIPS, number // STRIPS
        x = layout.strips.x + column * (STRIP + 1)
        box = Box(x, layout.strips.bottom - (row + 1) * height, STRIP, height).inset(0.2, 0.3)
        _strip(sheet, device, box, _watts(inventory, device))


def _strip(sheet: Pen, device: Device, box: Box, watts: str) -> None:
    group = sheet.group("device", name=device.name, face="beside", status=str(device.status))
    group.title(f"{device.name}: {device.type}, {device.role}, {device.status}")
    _body(group, box, device.status, looks.tint(device.role))
    said = " · ".join(part for part in (device.type, device.serial, watts, _status(device)) if part)
    words, halo = box.inset(0.4, 1.5), looks.hatched(device.status)
    line = Box(words.x, words.y, words.w / 2, words.h)
    group.label(line, device.name, Hand(2.4, bold=True, turned=True, halo=halo))
    group.label(line.moved(words.w / 2, 0), said, Hand(2.0, turned=True, halo=halo))


def _feeds(sheet: Pen, fed: tuple[Rack, RackUse, Hung | None], layout: _Layout) -> None:
    """Above table and rear: which unit is A and which is B, and what they carry; B has a broken line."""
    rack, use, hung = fed
    left = layout.table.x
    wide = (layout.rear.right - left) / 2
    for number, (feed, unit) in enumerate(sorted(rack.feeds.items())):
        box = Box(left + number * wide, layout.rear.y - HEAD + 1.5, wide, 5.0).inset(0.6, 0.4)
        group = sheet.group("feed", name=feed, unit=unit)
        group.rect(box, Ink(looks.WHITE, INK, 0.35, "" if feed == "A" else "1.6 0.9"))
        said = "" if hung is None else "draw unknown" if use.power.unknown else _carried(hung, feed)
        cut = width(said, 2.1)
        group.label(Box(box.x + 1, box.y, 4, box.h), feed, Hand(3.2, bold=True))
        group.label(Box(box.x + 5, box.y, box.w - cut - 7, box.h), unit, Hand(2.3))
        group.label(Box(box.right - cut - 1, box.y, cut, box.h), said, Hand(2.1, "end", color=looks.QUIET))


def _carried(hung: Hung, feed: str) -> str:
    """With all feeds alive, and when it is the only one."""
    now, alone = (
        amount(POWER, sum(by_feed(hung, alive).get(feed, ())))
        for alive in ({letter for letter, _ in hung.feeds}, {feed})
    )
    return f"{now}, alone {alone}" if len(hung.feeds) > 1 else now


def _foot(sheet: Pen, layout: _Layout, use: RackUse, heat: tuple[str, Use]) -> None:
    room = layout.page.room
    band = Box(room.x + 4, room.bottom - FOOT - GAUGES, room.w - 8, GAUGES - 2)
    bars = [("Power", use.power), heat, ("Mass", use.mass), ("Units", use.units)]
    wide = band.w / len(bars)
    for number, (name, one) in enumerate(bars):
        gauge(sheet, Box(band.x + number * wide, band.y, wide, band.h).inset(2, 0), name, one)
    box = Box(room.x + 4, band.y - LEGEND - 0.5, room.w - 8, LEGEND)
    legend(sheet, box, [*_keys()])


def _keys() -> Iterator[Key]:
    def network(pen: Pen, box: Box) -> None:
        pen.rect(box, Ink(looks.NETWORK, INK, 0.25))
        pen.rect(Box(box.x, box.y, 1.2, box.h), Ink(fill="#4a6a80"))

    def of(status: Status, color: str) -> Key:
        return Key(str(status), lambda pen, box: _body(pen, box, status, color))

    yield Key("network", network)
    yield Key("server", lambda pen, box: pen.rect(box, Ink(looks.SERVER, INK, 0.25)))
    yield Key("seen from behind", lambda pen, box: pen.rect(box, Ink(looks.WHITE, INK, 0.25)))
    for status in Status:
        if status is not Status.ACTIVE:
            yield of(status, looks.SERVER)
