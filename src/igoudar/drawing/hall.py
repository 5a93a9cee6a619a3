"""Floor plan of a hall to scale: rows, racks filled by their use of power, aisles; what rows and all draw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from igoudar.drawing import looks
from igoudar.drawing.floor import Floor, rack_size
from igoudar.drawing.frame import FOOT, Heading, Key, framed, scale_bar
from igoudar.drawing.letters import width
from igoudar.drawing.loud import LETTERS, standing_out
from igoudar.drawing.loud import racks as racks_said
from igoudar.drawing.paper import INK, Box, Hand, Ink, Page, Pen, document, page_for
from igoudar.drawing.spans import short
from igoudar.drawing.use import (
    FILLS,
    Level,
    RackUse,
    Use,
    amount,
    bar,
    fill,
    gauge,
    racks_of,
    standing,
    summed,
    uses_of,
)
from igoudar.hall.places import Hall, Rack
from igoudar.model import Inventory
from igoudar.quantities import HEIGHT, LENGTH, MASS, POWER

SCALES = (20, 25, 50, 75)  # at which a rack of 600 mm has room for words, the larger ones first
SMALLEST = 100  # where none of these fits the usual papers; below it nothing could be read
PAPERS = ("A4", "A3")
ROW_NAMES, BARS, WIDEST, SIDE, GAP = 8.0, 48.0, 70.0, 58.0, 3.0
TOP = 3.0
LEGEND = 45.0  # height of what is below the totals
SPARSE = 3  # as many places as racks from which positions are no longer places on the floor
TALL = 16.0  # a rack, on paper, from which it has room for more than its name and share
LEAST = 1.8
LINE = 3.6
COLD, HOT = "#e3eef6", "#f6e9df"


@dataclass(frozen=True, slots=True)
class _Row:
    """`places`: racks with their boxes on the floor in mm, from the left end of the longest row."""

    name: str
    racks: Sequence[Rack]
    places: Mapping[str, Box]
    front_below: bool


@dataclass(frozen=True, slots=True)
class _Plan:
    """Boxes in mm on the floor: the room, aisles with their word, rows from the top."""

    rows: Sequence[_Row]
    aisles: Sequence[tuple[str, Box]]
    w: float
    h: float


@dataclass(frozen=True, slots=True)
class _Sight:
    """Where the floor lies on paper."""

    page: Page
    scale: int
    x: float
    y: float
    right: float

    def on_paper(self, box: Box) -> Box:
        s = self.scale
        return Box(self.x + box.x / s, self.y + box.y / s, box.w / s, box.h / s)


def draw_hall(inventory: Inventory, name: str, floor: Floor, day: date) -> str:
    """The text of an SVG document."""
    hall = inventory.halls[name]
    racks, devices = racks_of(inventory, name), standing(inventory)
    uses = uses_of(inventory, racks, devices)
    plan = _plan(inventory, racks, floor)
    sight = _sight(plan)
    sheet = framed(sight.page, _heading(inventory, hall, sight, day))
    for word, box in plan.aisles:
        _aisle(sheet, word, sight.on_paper(box))
    names = _names(plan, sight, name)
    for row in plan.rows:
        _row(sheet, row, (sight, names), uses)
    room = Box(0, 0, plan.w, plan.h)
    sheet.rect(sight.on_paper(room), looks.FRAME)
    side = Box(sight.page.room.right - SIDE - 2, sight.y, SIDE, sight.page.room.bottom - FOOT - sight.y)
    counted = Counter(str(d.role) for rack in racks for d in devices[rack.name])
    y = _totals(sheet, side, hall, uses, counted)
    _loud(sheet, Box(side.x, y, side.w, side.bottom - LEGEND - y), plan, uses)
    note = [*_notes(hall, floor, names)]
    _legend(sheet, Box(side.x, side.bottom - LEGEND, side.w, LEGEND), note, sight.scale)
    return document(sheet)


def _names(plan: _Plan, sight: _Sight, hall: str) -> Mapping[str, str]:
    """What is written into each rack: its name, without that of the hall; where not all fit, its position."""
    racks = {rack.name: rack for row in plan.rows for rack in row.racks}
    boxes = {name: sight.on_paper(box) for row in plan.rows for name, box in row.places.items()}
    found = {name: short(name, f"{hall}-") for name in racks}
    if all(width(said, LEAST, bold=True) <= _inside(boxes[name]).w for name, said in found.items()):
        return found
    return {name: str(rack.position) for name, rack in racks.items()}


def _inside(box: Box) -> Box:
    """Where words may stand in a rack."""
    return box.inset(min(0.5, box.w / 40), 0.8)


def _notes(hall: Hall, floor: Floor, names: Mapping[str, str]) -> Iterator[str]:
    if any(not name.endswith(said) for name, said in names.items()):
        yield "In each rack: its position in the row, then per cent."
    elif any(name != said for name, said in names.items()):
        yield f"In each rack: its name without {hall.name}-, then per cent."
    yield "Widths of aisles and which way rows face are assumed:"
    yield f"cold {amount(LENGTH, floor.cold_mm)}, hot {amount(LENGTH, floor.hot_mm)}, fronts to the cold one."


def _columns(rows: Iterable[Sequence[Rack]]) -> dict[str, int]:
    """The place of each rack in its row from the left, from 0.

    Positions count from the lowest one of the hall, where that does not draw an empty floor; else from the
    lowest one of the row; else racks stand side by side.
    """
    rows = list(rows)
    lowest = min((rack.position for row in rows for rack in row), default=1)
    found: dict[str, int] = {}
    for row in rows:
        own = row[0].position
        for number, rack in enumerate(row):
            if row[-1].position - lowest < SPARSE * max(len(row), 4):
                found[rack.name] = rack.position - lowest
            elif row[-1].position - own < SPARSE * max(len(row), 4):
                found[rack.name] = rack.position - own
            else:
                found[rack.name] = number
    return found


def _plan(inventory: Inventory, racks: Iterable[Rack], floor: Floor) -> _Plan:
    """Rows in the order of `racks`; aisles hot, cold, hot, ... from the top."""
    by_row: dict[str, list[Rack]] = {}
    for rack in racks:
        by_row.setdefault(rack.row, []).append(rack)
    columns = _columns(by_row.values())
    rows: list[_Row] = []
    aisles: list[tuple[str, Box]] = []
    y, w = 0.0, 0.0
    for number, (name, members) in enumerate(by_row.items()):
        aisles.append(_aisle_box(floor, number, y))
        y += aisles[-1][1].h
        places = _places(inventory, members, columns, floor)
        deep = max(box.h for box in places.values())
        below = number % 2 == 0  # the cold aisle
        stand = {n: b.moved(0, y + (deep - b.h if below else 0)) for n, b in places.items()}
        rows.append(_Row(name, members, stand, below))
        y += deep
        w = max([w, *(box.right for box in stand.values())])
    aisles.append(_aisle_box(floor, len(rows), y))
    y += aisles[-1][1].h
    return _Plan(rows, [(word, Box(0, box.y, w, box.h)) for word, box in aisles], w, y)


def _aisle_box(floor: Floor, number: int, y: float) -> tuple[str, Box]:
    cold = number % 2 == 1
    return ("cold" if cold else "hot"), Box(0, y, 0, floor.cold_mm if cold else floor.hot_mm)


def _places(
    inventory: Inventory, racks: Sequence[Rack], columns: Mapping[str, int], floor: Floor
) -> dict[str, Box]:
    """Side by side; a hole is as wide as a usual rack. Two racks of one position stand beside each other."""
    places: dict[str, Box] = {}
    x, column = 0.0, 0
    for rack in racks:
        size = rack_size(floor, rack, inventory.rack_types.get(rack.type))
        x += max(columns[rack.name] - column, 0) * floor.rack_w_mm
        places[rack.name] = Box(x, 0, size.w_mm, size.d_mm)
        x += size.w_mm
        column = columns[rack.name] + 1
    return places


def _sight(plan: _Plan) -> _Sight:
    """The largest scale with words in racks that fits on A4, or A3; else the smallest, on what it needs."""

    def page(scale: int) -> Page:
        wide = 2 + ROW_NAMES + plan.w / scale + BARS + SIDE + 2 + 3 * GAP
        return page_for(wide, TOP + plan.h / scale + FOOT + GAP)

    able = [scale for paper in PAPERS for scale in SCALES if page(scale).name == paper]
    scale = able[0] if able else SMALLEST
    found = page(scale)
    x = found.room.x + 2 + ROW_NAMES
    return _Sight(found, scale, x, found.room.y + TOP, x + plan.w / scale)


def _heading(inventory: Inventory, hall: Hall, sight: _Sight, day: date) -> Heading:
    facts = (
        ("site", inventory.site.name),
        ("building", str(hall.building)),
        ("floor", str(hall.floor)),
        ("zone", str(hall.zone or "")),
        ("cooling", str(hall.cooling or "")),
        ("date", day.isoformat()),
        ("scale", f"1:{sight.scale} on {sight.page.name}"),
    )
    return Heading(f"Hall {hall.name}", "floor plan, racks by their use of power", facts)


def _aisle(sheet: Pen, word: str, box: Box) -> None:
    group = sheet.group("aisle", kind=word)
    group.rect(box, Ink(fill=COLD if word == "cold" else HOT))
    if word == "hot":
        group.rect(box, Ink(fill=looks.DOTS))
    hand = Hand(min(2.6, box.h * 0.6), "middle", color=looks.QUIET, halo=word == "hot")
    group.label(box.inset(1), f"{word} aisle", hand)


def _row(
    sheet: Pen, row: _Row, places: tuple[_Sight, Mapping[str, str]], uses: Mapping[str, RackUse]
) -> None:
    """Its racks, and as many bars of what they use together as there is room for."""
    sight, names = places
    group = sheet.group("row", name=row.name)
    boxes = [sight.on_paper(box) for box in row.places.values()]
    top, bottom = min(box.y for box in boxes), max(box.bottom for box in boxes)
    name = Box(sight.x - ROW_NAMES, top, ROW_NAMES - 1, bottom - top)
    group.label(name, row.name, Hand(3.4, "middle", bold=True))
    for rack, box in zip(row.racks, boxes, strict=True):
        _rack(group, (rack, names[rack.name]), box, uses[rack.name].power, row.front_below)
    all_uses = [uses[rack.name] for rack in row.racks]
    bars = {
        racks_said(len(row.racks)): summed(POWER, [use.power for use in all_uses]),
        "mass": summed(MASS, [use.mass for use in all_uses]),
        "units": summed(HEIGHT, [use.units for use in all_uses]),
    }
    left, right = sight.right + GAP, sight.page.room.right - SIDE - 2 - 2 * GAP
    middle, height = (top + bottom) / 2, min(bottom - top, 8.0)
    many = min(max(int((right - left) / (BARS + GAP)), 1), len(bars))
    wide = min((right - left + GAP) / many - GAP, WIDEST)
    for number, (words, use) in enumerate([*bars.items()][:many]):
        box = Box(left + number * (wide + GAP), middle - height / 2, wide, height)
        _row_bar(group, box, f"{words}, {use}", use)


def _row_bar(pen: Pen, box: Box, words: str, use: Use) -> None:
    half = Box(box.x, box.y, box.w, box.h * 0.5)
    pen.label(Box(half.x, half.y, half.w - 11, half.h), words, Hand(2.1, color=INK))
    share = Box(half.right - 10, half.y, 10, half.h)
    pen.label(share, use.percent, Hand(2.3, "end", bold=use.level.loud))
    bar(pen, Box(box.x, half.bottom + box.h * 0.08, box.w, box.h * 0.4), use)


def _rack(pen: Pen, named: tuple[Rack, str], box: Box, use: Use, front_below: bool) -> None:
    """Filled from the bottom to its share of power; a thick line is its front."""
    rack, name = named
    group = pen.group("rack", name=rack.name, level=str(use.level))
    group.title(f"{rack.name}: {use}")
    group.rect(box, Ink(fill=looks.WHITE if use.share is not None else FILLS[Level.UNKNOWN]))
    lines = _lines(rack, name, box, use)
    pitch = min(_inside(box).h / len(lines), 4.2)
    words = Box(box.x, box.middle[1] - pitch * len(lines) / 2, box.w, pitch * len(lines))
    if use.share is not None:
        full = min(use.share, 1.0) * box.h
        fill(group, Box(box.x, box.bottom - full, box.w, full), use.level)
        if use.level is Level.NEAR:  # a hatch behind words is hard on the eye
            top = max(words.y, box.bottom - full)
            group.rect(Box(words.x, top, words.w, words.bottom - top), Ink(fill=FILLS[Level.NEAR]))
    group.rect(box, Ink(line=INK, width=min(0.45, box.w / 12) if use.level.loud else 0.15))
    edge = box.bottom - 0.3 if front_below else box.y + 0.3
    group.line([(box.x, edge), (box.right, edge)], Ink(line=INK, width=0.6))
    color = looks.WHITE if use.level is Level.OVER else INK
    inside = _inside(box)
    for number, said in enumerate(lines):
        hand = Hand(pitch * 0.72, "middle", bold=not number, color=color, least=LEAST)
        group.label(Box(inside.x, words.y + number * pitch, inside.w, pitch), said, hand)


def _lines(rack: Rack, name: str, box: Box, use: Use) -> Sequence[str]:
    """Name, share, and what there is room for."""
    small = width("≥ 100 %", LEAST) > _inside(box).w
    share = use.percent.replace(" ", "").removesuffix("%") if small else use.percent
    lines = [name, share or "?"]
    if box.h - 1.6 > TALL:
        lines += [amount(POWER, use.amount)]
        lines += [f"of {amount(POWER, use.limit)}"] if use.limit is not None else []
        lines += [rack.at] if rack.at else []
    return lines


def _totals(
    sheet: Pen, side: Box, hall: Hall, uses: Mapping[str, RackUse], roles: Mapping[str, int]
) -> float:
    """What the hall has as a whole; where it ends."""
    group = sheet.group("totals")
    all_uses = list(uses.values())
    y = side.y
    gauges = {
        "IT power" if hall.power_w is not None else "Power of racks": summed(
            POWER, [use.power for use in all_uses], hall.power_w
        ),
        "Mass": summed(MASS, [use.mass for use in all_uses]),
        "Units": summed(HEIGHT, [use.units for use in all_uses]),
    }
    for name, use in gauges.items():
        gauge(group, Box(side.x, y, side.w, 10.5), name, use)
        y += 13.5
    said = [("racks", str(len(uses))), *((role, str(many)) for role, many in sorted(roles.items()))]
    said += [("availability class", str(hall.availability))] if hall.availability else []
    said += [("protection class", str(hall.protection))] if hall.protection else []
    for caption, value in said:
        group.label(Box(side.x, y, side.w - 18, 3.4), caption, Hand(2.2, color=looks.QUIET))
        group.label(Box(side.right - 18, y, 18, 3.4), value, Hand(2.2, "end", bold=True))
        y += LINE
    return y + LINE / 2


def _loud(sheet: Pen, box: Box, plan: _Plan, uses: Mapping[str, RackUse]) -> None:
    group, y = sheet.group("loud"), box.y
    rows = [[rack.name for rack in row.racks] for row in plan.rows]
    powers = {name: use.power for name, use in uses.items()}
    for words, bold in standing_out(powers, rows, (box.w, int(box.h / LINE))):
        in_by = len(words) - len(words.lstrip())
        group.label(Box(box.x + in_by, y, box.w - in_by, 3.4), words.strip(), Hand(LETTERS, bold=bold))
        y += LINE


def _legend(sheet: Pen, box: Box, note: Sequence[str], scale: int) -> None:
    """What fills and lines mean, what is assumed, and a length."""
    group = sheet.group("legend")
    keys = [*_keys()]
    y = box.y + 2
    for key in keys:
        key.draw(group, Box(box.x, y, 6, 3.0))
        group.label(Box(box.x + 8, y, box.w - 8, 3.0), key.words, Hand(2.1))
        y += 4.4
    for line in note:
        group.label(Box(box.x, y, box.w, 3.0), line, Hand(2.0, color=looks.QUIET))
        y += 3.2
    scale_bar(group, Box(box.x, y + 1, box.w, 8), scale)


def _keys() -> Iterator[Key]:
    def of(level: Level) -> Key:
        def draw(pen: Pen, box: Box) -> None:
            fill(pen, box, level)
            pen.rect(box, Ink(line=INK, width=0.45 if level.loud else 0.2))

        words = {
            Level.CALM: "share of its power that a rack draws",
            Level.NEAR: "above 80 %",
            Level.OVER: "above its limit",
            Level.UNKNOWN: "no limit stated",
        }
        return Key(words[level], draw)

    def front(pen: Pen, box: Box) -> None:
        pen.line([(box.x, box.middle[1]), (box.right, box.middle[1])], Ink(line=INK, width=0.6))

    for level in Level:
        yield of(level)
    yield Key("front of a rack", front)
