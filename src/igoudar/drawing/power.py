"""One-line diagram of a chain of power, sources on the left: who feeds whom, and how much of each is used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise

from igoudar.drawing import looks
from igoudar.drawing.chain import Chain, Link, Node
from igoudar.drawing.frame import FOOT, LEGEND, Heading, Key, framed, legend
from igoudar.drawing.joined import ELIDED, ends_of, joined
from igoudar.drawing.layout import (
    CLEAR,
    LANE,
    NARROW,
    Slot,
    columns_of,
    gutters_of,
    height_of,
    lanes_of,
    place_across,
    place_down,
    slots_of,
)
from igoudar.drawing.letters import width
from igoudar.drawing.paper import INK, Box, Hand, Ink, Page, Pen, document, page_for
from igoudar.drawing.spans import spans, wrapped
from igoudar.drawing.use import Level, bar, fill, gauge

HEAD, NOTE = 17.0, 3.6
PART_W, PART, LETTERS = 92.0, 3.6, 2.2  # of what is told of joined boxes: a column, a line, its letters
TOUCH = 1e-6
APART, STEP = 0.5, 0.3  # least distance of lines side by side; how far one is moved for it
LINES = {
    "A": Ink(line="#1f4e79", width=0.45),
    "B": Ink(line="#9a4a00", width=0.45, dash="2.2 1.0"),
    "": Ink(line=INK, width=0.35),
}
NOW = Ink(line=INK, width=0.9)
BEHIND = 0.9
RESERVE = Ink(line=looks.QUIET, width=0.35, dash="0.5 0.9")

_Parts = Sequence[Sequence[str]]


def draw_power(chain: Chain, site: str, day: date) -> str:
    """The text of an SVG document; the same whatever the order of nodes and links. Not to scale.

    Of a large chain, branches that are alike are drawn as one, and what each of them carries is told below.
    """
    chain = joined(chain)
    slots = slots_of(chain)
    columns = columns_of(slots)
    place_down(columns, slots)
    lanes = lanes_of(columns, slots)
    parts = [*_parts(chain)]
    page = _page(columns, lanes, (len(chain.notes), parts))
    sheet = framed(page, _heading(chain, site, day, page.name))
    foot = LEGEND + NOTE * len(chain.notes) + FOOT + 4
    told = _height(parts, page.room.w - 8)
    area = Box(page.room.x + 4, page.room.y + HEAD, page.room.w - 8, page.room.h - HEAD - foot - told)
    place_across(columns, lanes, area)
    for column, gutter in zip(columns, [*columns[1:], []], strict=True):
        _links(sheet, column, gutter, (slots, lanes))
    for slot in slots.values():
        for number, node in enumerate(slot.nodes):
            _node(sheet, node, slot, slot.box_of(number))
        _drops(sheet, slot, chain)
    gauge(sheet, Box(area.x, page.room.y + 3, min(area.w, 90), 11), "IT power", chain.total)
    _tell_parts(sheet, parts, Box(area.x, area.bottom, area.w, told))
    _foot(sheet, page, chain)
    return document(sheet)


def _heading(chain: Chain, site: str, day: date, paper: str) -> Heading:
    facts = (("site", site), ("date", day.isoformat()), ("scale", "not to scale"), ("paper", paper))
    return Heading(chain.name, "power, one-line diagram", facts)


def _page(columns: Sequence[Sequence[Slot]], lanes: Mapping[str, int], told: tuple[int, _Parts]) -> Page:
    """A4 across if it fits, for the way goes from left to right. `told`: how many notes; and the parts."""
    notes, parts = told
    wide = 8 + sum(gutters_of(columns, lanes)) + NARROW * len(columns)
    wide = max(wide, 8 + PART_W if parts else 0.0)
    tall = HEAD + height_of(columns) + _height(parts, wide - 8) + LEGEND + notes * NOTE + FOOT + 4
    across = page_for(wide, tall, lying=True)
    return across if across.name == "A4" else page_for(wide, tall)


def _parts(chain: Chain) -> Iterator[Sequence[str]]:
    """Of each box that stands for several: a heading, and what each of those carries, the fullest first."""
    for node in chain.nodes:
        found: dict[str, list[str]] = {}
        for part in sorted(node.parts, key=lambda part: -(part.use.share or 0.0)):
            said = ", ".join(words for words in (part.use.percent, str(part.use)) if words)
            found.setdefault(said, []).append(part.name)
        if len(found) < 2 and ELIDED not in node.name:  # the box says it all
            continue
        run, ends = [part.name for part in node.parts], {part.name: ends_of(part) for part in node.parts}
        lines = [f"{node.name}: {node.kind}"]
        for said, names in found.items():
            told = wrapped([*spans([run], names, ends)], PART_W - 4 - width(f"{said}: ", LETTERS), LETTERS)
            lines += [f"{said}: {told[0]}", *told[1:]]
        yield lines


def _flowed(parts: _Parts, wide: float) -> list[list[Sequence[str]]]:
    """In columns as short as they can be, each of whole blocks."""
    many, lines = max(int(wide / PART_W), 1), max(map(len, parts), default=0)
    while True:
        columns: list[list[Sequence[str]]] = [[]]
        for block in parts:
            if columns[-1] and sum(map(len, columns[-1])) + len(block) > lines:
                columns.append([])
            columns[-1].append(block)
        if len(columns) <= many:
            return columns
        lines += 1


def _height(parts: _Parts, wide: float) -> float:
    """And of a line between the diagram and them."""
    return PART * (max(sum(map(len, column)) for column in _flowed(parts, wide)) + 1) if parts else 0.0


def _tell_parts(sheet: Pen, parts: _Parts, box: Box) -> None:
    group = sheet.group("parts")
    for number, column in enumerate(_flowed(parts, box.w)):
        x, y = box.x + number * PART_W, box.y + PART
        for block in column:
            for line, words in enumerate(block):
                in_by = 2.0 if line else 0.0
                inside = Box(x + in_by, y, PART_W - 2 - in_by, PART)
                group.label(inside, words, Hand(LETTERS, bold=not line, head=True))
                y += PART


def _links(
    sheet: Pen,
    column: Sequence[Slot],
    gutter: Sequence[Slot],
    places: tuple[Mapping[str, Slot], Mapping[str, int]],
) -> None:
    """Each slot that feeds something has a vertical line of its own; dots mark what is joined."""
    slots, lanes = places
    taken = [slot.port(number) for slot in gutter for number in range(len(slot.above))]
    for slot in column:
        if not slot.below:
            continue
        lane = slot.box.right + CLEAR + lanes[slot.key] * LANE
        mine = [*_joined(slot, slots)]
        group = sheet.group("links", source=slot.source)
        own = {y for _, y, _ in mine}
        start = _leaving(slot, [y for y in taken if y not in own])
        style = _style([link for *_, link in mine])
        if not slot.nodes and abs(start - slot.port(0)) > TOUCH:
            group.line([(slot.box.right, slot.port(0)), (slot.box.right, start)], style)
        group.line([(slot.box.right, start), (lane, start)], style)
        ends = [start, *own]
        if max(ends) - min(ends) > TOUCH:
            group.line([(lane, min(ends)), (lane, max(ends))], style)
        for child, y, link in mine:
            group.line([(lane, y), (child.x if child.nodes else child.box.right, y)], _style([link]))
        for y in sorted({start, *own} - {min(ends), max(ends)}):
            group.dot((lane, y), 0.55, Ink(fill=style.line))


def _joined(slot: Slot, slots: Mapping[str, Slot]) -> Iterator[tuple[Slot, float, Link]]:
    """What it feeds, where the line comes in, and as what."""
    for key in dict.fromkeys(slot.below):
        for number, (source, link) in enumerate(slots[key].above):
            if source == slot.key:
                yield slots[key], slots[key].port(number), link


def _leaving(slot: Slot, taken: Sequence[float]) -> float:
    """Where its line leaves it: as near to its middle as no line of others would lie on it."""
    most = int((slot.tail.h / 2 - APART / 2) / STEP)
    steps = sorted(range(-most, most + 1), key=lambda step: (abs(step), step))
    middle = slot.tail.middle[1]
    able = (middle + step * STEP for step in steps)
    return next((y for y in able if all(abs(y - other) > APART for other in taken)), middle)


def _style(links: Sequence[Link]) -> Ink:
    """That of all of them, or the plain one."""
    if all(link.reserve for link in links):
        return RESERVE
    feeds = {link.feed for link in links if not link.reserve}
    return LINES.get(feeds.pop(), LINES[""]) if len(feeds) == 1 else LINES[""]


def _node(sheet: Pen, node: Node, slot: Slot, box: Box) -> None:
    zoom = slot.zoom
    use, loud = node.use, node.use.level.loud
    group = sheet.group("node", name=node.name, kind=node.kind, level=str(use.level))
    group.title(f"{node.name}: {use}")
    if node.parts:  # a second sheet behind the first
        group.rect(box.moved(BEHIND, -BEHIND), Ink(fill=looks.WHITE, line=INK, width=0.25))
    group.rect(box, Ink(fill=looks.WHITE, line=INK, width=0.6 if loud else 0.25))
    inside = box.inset(2.8 * zoom, 0.8 * zoom)
    line = Box(inside.x, inside.y, inside.w, 3.4 * zoom)
    cut = width(use.percent, 2.6 * zoom, bold=loud)
    group.label(replace(line, w=line.w - cut - 1), node.name, Hand(2.6 * zoom, bold=True, least=1.8))
    group.label(replace(line, x=line.right - cut, w=cut), use.percent, Hand(2.6 * zoom, "end", bold=loud))
    hand = Hand(2.1 * zoom, color=looks.QUIET, least=1.8, head=True)
    line = Box(inside.x, line.bottom, inside.w, 2.9 * zoom)
    group.label(line, f"{_share_of(node)}{use}", hand)
    group.label(line.moved(0, line.h), node.kind, hand)
    strip = Box(inside.x, line.bottom + line.h + 0.3 * zoom, inside.w, 2.0 * zoom)
    bar(group, strip, use)
    if node.now is not None:
        x = strip.x + strip.w * min(1.0, node.now / max(use.share or 0.0, 1.0))
        group.line([(x, strip.y - 0.2), (x, strip.bottom + 0.2)], NOW)
    if node is slot.nodes[0]:
        _marks(group, slot)


def _share_of(node: Node) -> str:
    """Whose load it is that a box of several tells."""
    if not node.parts:
        return ""
    return "each " if len({str(part.use) for part in node.parts}) == 1 else "at most "


def _drops(sheet: Pen, slot: Slot, chain: Chain) -> None:
    """From each of those in series to the next."""
    for number, (node, following) in enumerate(pairwise(slot.nodes)):
        top, bottom = slot.box_of(number).bottom, slot.box_of(number + 1).y
        (link,) = (link for link in chain.links if link.target == following.key)
        x = slot.box.middle[0]
        sheet.group("links", source=node.key).line([(x, top), (x, bottom)], LINES.get(link.feed, LINES[""]))
        if link.feed:
            mark = Box(x + 0.8, top, 3.0, bottom - top)
            sheet.label(mark, link.feed, _feed_hand(min(2.2 * slot.zoom, mark.h), link.feed, "start"))


def _feed_hand(size: float, feed: str, anchor: str = "middle") -> Hand:
    return Hand(size, anchor, bold=True, color=LINES.get(feed, LINES[""]).line)


def _marks(pen: Pen, slot: Slot) -> None:
    """Which feed each line is that comes in."""
    high = min(2.2 * slot.zoom, slot.h / (len(slot.above) + 1))
    for number, (_, link) in enumerate(slot.above):
        if link.feed:
            mark = Box(slot.x + 0.3, slot.port(number) - high / 2, 2.0 * slot.zoom, high)
            pen.label(mark, link.feed, _feed_hand(high, link.feed))


def _foot(sheet: Pen, page: Page, chain: Chain) -> None:
    room = page.room
    y = room.bottom - FOOT - LEGEND - 1 - NOTE * len(chain.notes)
    for note in chain.notes:
        sheet.label(Box(room.x + 4, y, room.w - 8, NOTE), note, Hand(2.1, color=looks.QUIET))
        y += NOTE

    def line(ink: Ink, words: str) -> Key:
        return Key(
            words, lambda pen, box: pen.line([(box.x, box.middle[1]), (box.right, box.middle[1])], ink)
        )

    feeds = sorted({link.feed for link in chain.links if link.feed in LINES and link.feed})
    keys = [line(LINES[feed], f"feed {feed}") for feed in feeds]
    if any(not link.feed for link in chain.links):
        keys.append(line(LINES[""], "feeds"))
    if any(link.reserve for link in chain.links):
        keys.append(line(RESERVE, "in reserve"))
    if any(node.now is not None for node in chain.nodes):
        keys.append(
            Key(
                "load now",
                lambda pen, box: pen.line([(box.middle[0], box.y), (box.middle[0], box.bottom)], NOW),
            )
        )
    if any(node.parts for node in chain.nodes):
        keys.append(Key("several alike, the worst of them", _behind))
    keys += [_level(level) for level in Level if any(node.use.level is level for node in chain.nodes)]
    legend(sheet, Box(room.x + 4, y, min(room.w - 8, 40.0 * len(keys)), LEGEND), keys)


def _behind(pen: Pen, box: Box) -> None:
    for moved in (BEHIND / 2, -BEHIND / 2):
        pen.rect(box.moved(moved, -moved), Ink(fill=looks.WHITE, line=INK, width=0.25))


def _level(level: Level) -> Key:
    words = {
        Level.CALM: "of what it can",
        Level.NEAR: "above 80 %",
        Level.OVER: "above its limit",
        Level.UNKNOWN: "no limit stated",
    }

    def draw(pen: Pen, box: Box) -> None:
        if level is not Level.UNKNOWN:
            fill(pen, box, level)
        pen.rect(box, Ink(line=INK, width=0.45 if level.loud else 0.2))

    return Key(words[level], draw)
