"""One-line diagram of a chain of power, sources on the left: who feeds whom, and how much of each is used."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from igoudar.derive.ports import natural
from igoudar.drawing import looks
from igoudar.drawing.chain import Chain, Link, Node
from igoudar.drawing.frame import FOOT, LEGEND, Heading, Key, framed, legend
from igoudar.drawing.letters import width
from igoudar.drawing.paper import INK, Box, Hand, Ink, Page, Pen, document, page_for
from igoudar.drawing.use import bar, gauge

NODE_H, PASS_H, SPACE = 9.6, 3.2, 1.6  # a node, a link that passes a column, what is between at least
NARROW, WIDE, LANE, CLEAR = 40.0, 76.0, 2.2, 4.0  # of a node; from line to line; beside nodes
STRETCH = 1.8  # how much more than the least height a diagram takes where the page has it
HEAD, NOTE = 17.0, 3.4
SWEEPS = 7  # the last by what is fed
TOUCH = 1e-6
APART, STEP = 0.5, 0.3  # least distance of lines side by side; how far one is moved for it
LINES = {
    "A": Ink(line="#1f4e79", width=0.45),
    "B": Ink(line="#9a4a00", width=0.45, dash="2.2 1.0"),
    "": Ink(line=INK, width=0.35),
}
NOW = Ink(line=INK, width=0.9)
RESERVE = Ink(line=looks.QUIET, width=0.35, dash="0.5 0.9")


@dataclass(slots=True)
class _Slot:
    """A node in its column, or (`node` None) the place where a link passes one."""

    key: str
    column: int
    node: Node | None = None
    above: list[tuple[str, Link]] = field(default_factory=list)
    below: list[str] = field(default_factory=list)
    y: float = 0.0
    x: float = 0.0
    w: float = 0.0

    @property
    def h(self) -> float:
        return NODE_H if self.node else PASS_H

    @property
    def box(self) -> Box:
        return Box(self.x, self.y - self.h / 2, self.w, self.h)

    def port(self, number: int) -> float:
        """Where the `number`th link comes in."""
        return self.box.y + self.h * (number + 1) / (len(self.above) + 1)


def draw_power(chain: Chain, site: str, day: date) -> str:
    """The text of an SVG document; the same whatever the order of nodes and links. Not to scale."""
    slots = _slots(chain)
    columns = _columns(slots)
    _place_down(columns, slots)
    lanes = _lanes(columns, slots)
    page = _page(columns, lanes, len(chain.notes))
    sheet = framed(page, _heading(chain, site, day))
    foot = LEGEND + NOTE * len(chain.notes) + FOOT + 4
    area = Box(page.room.x + 4, page.room.y + HEAD, page.room.w - 8, page.room.h - HEAD - foot)
    _place_across(columns, lanes, area)
    for column, gutter in zip(columns, [*columns[1:], []], strict=True):
        _links(sheet, column, gutter, (slots, lanes))
    for slot in slots.values():
        _node(sheet, slot)
    gauge(sheet, Box(area.x, page.room.y + 3, min(area.w, 90), 11), "IT power", chain.total)
    _foot(sheet, page, chain)
    return document(sheet)


def _heading(chain: Chain, site: str, day: date) -> Heading:
    facts = (("site", site), ("date", day.isoformat()), ("scale", "not to scale"))
    return Heading(chain.name, "power, one-line diagram", facts)


def _slots(chain: Chain) -> dict[str, _Slot]:
    """Nodes by their longest way from a source, and a passing slot where a link skips a column."""
    nodes = {node.key: node for node in sorted(chain.nodes, key=lambda n: (natural(n.name), n.key))}
    order = {key: at for at, key in enumerate(nodes)}
    links = sorted(chain.links, key=lambda k: (order[k.target], k.feed, k.reserve, order[k.source]))
    column = _ranks(nodes, links)
    slots = {key: _Slot(key, column[key], node) for key, node in nodes.items()}
    for link in links:
        before = link.source
        for at in range(column[link.source] + 1, column[link.target]):
            key = f"{link.source} > {link.target} {link.feed} {at}"
            slots[key] = _Slot(key, at)
            _join(slots, before, key, link)
            before = key
        _join(slots, before, link.target, link)
    return slots


def _join(slots: Mapping[str, _Slot], source: str, target: str, link: Link) -> None:
    slots[source].below.append(target)
    slots[target].above.append((source, link))


def _ranks(nodes: Mapping[str, Node], links: Sequence[Link]) -> dict[str, int]:
    above: dict[str, list[str]] = {key: [] for key in nodes}
    for link in links:
        above[link.target].append(link.source)
    found: dict[str, int] = {}
    waiting = list(nodes)
    while waiting:
        ready = [key for key in waiting if all(source in found for source in above[key])]
        if not ready:
            raise ValueError(f"a chain with a loop: {', '.join(waiting)}")
        found |= {key: max((found[s] + 1 for s in above[key]), default=0) for key in ready}
        waiting = [key for key in waiting if key not in found]
    for key in nodes:  # a source stands beside what it feeds
        fed = [found[link.target] for link in links if link.source == key]
        if fed and not above[key]:
            found[key] = min(fed) - 1
    last = max((found[key] for key, node in nodes.items() if not node.last), default=-1) + 1
    last = max([last, *(found[key] for key, node in nodes.items() if node.last)])
    return {key: last if nodes[key].last else at for key, at in found.items()}


def _columns(slots: Mapping[str, _Slot]) -> list[list[_Slot]]:
    """From left to right, each ordered so that few lines cross: by the middle of what it is joined to."""
    found: list[list[_Slot]] = [[] for _ in range(max((s.column for s in slots.values()), default=0) + 1)]
    for slot in slots.values():
        found[slot.column].append(slot)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 1
        for column in found if down else reversed(found):
            at = {slot.key: n for members in found for n, slot in enumerate(members)}
            column.sort(key=lambda slot, at=at, down=down: _pull(slot, at, down=down))  # type: ignore[misc]
    return found


def _pull(slot: _Slot, at: Mapping[str, int], *, down: bool) -> float:
    joined = [source for source, _ in slot.above] if down else slot.below
    return math.fsum(at[key] for key in joined) / len(joined) if joined else at[slot.key]


def _height(columns: Iterable[Sequence[_Slot]]) -> float:
    return max(sum(slot.h + SPACE for slot in column) for column in columns)


def _place_down(columns: Sequence[Sequence[_Slot]], slots: Mapping[str, _Slot]) -> None:
    """The last column from top to bottom, each other one as near as it can to the middle of what it feeds."""
    height = _height(columns)
    for column in reversed(columns):
        pitch, edge = height / sum(slot.h + SPACE for slot in column), 0.0
        for slot in column:  # even, where it feeds nothing
            slot.y = edge + pitch * (slot.h + SPACE) / 2
            edge += pitch * (slot.h + SPACE)
        for slot in column:
            if slot.below:
                slot.y = math.fsum(slots[key].y for key in slot.below) / len(slot.below)
        _spread(column, height)


def _spread(column: Sequence[_Slot], height: float) -> None:
    """No two overlap, and none leaves the area."""
    edge = 0.0
    for slot in column:
        slot.y = max(slot.y, edge + (slot.h + SPACE) / 2)
        edge = slot.y + (slot.h + SPACE) / 2
    edge = height
    for slot in reversed(column):
        slot.y = min(slot.y, edge - (slot.h + SPACE) / 2)
        edge = slot.y - (slot.h + SPACE) / 2


def _lanes(columns: Sequence[Sequence[_Slot]], slots: Mapping[str, _Slot]) -> dict[str, int]:
    """Which vertical line of its gutter a slot has; two share one that are nowhere at the same height."""
    found: dict[str, int] = {}
    for column in columns:
        ends: list[float] = []
        for slot in sorted((s for s in column if s.below), key=lambda s: (_reach(s, slots), s.key)):
            top, bottom = _reach(slot, slots)
            lane = next((n for n, end in enumerate(ends) if end < top), len(ends))
            ends[lane : lane + 1] = [bottom]
            found[slot.key] = lane
    return found


def _reach(slot: _Slot, slots: Mapping[str, _Slot]) -> tuple[float, float]:
    boxes = [slot.box, *(slots[key].box for key in slot.below)]
    return min(box.y for box in boxes), max(box.bottom for box in boxes)


def _gutters(columns: Sequence[Sequence[_Slot]], lanes: Mapping[str, int]) -> list[float]:
    """The width of each, right of a column; none right of the last."""
    most = [max((lanes[s.key] for s in column if s.below), default=0) for column in columns[:-1]]
    return [*(2 * CLEAR + many * LANE for many in most), 0.0]


def _page(columns: Sequence[Sequence[_Slot]], lanes: Mapping[str, int], notes: int) -> Page:
    """A4 across if it fits, for the way goes from left to right."""
    wide = 8 + sum(_gutters(columns, lanes)) + NARROW * len(columns)
    tall = HEAD + _height(columns) + LEGEND + notes * NOTE + FOOT + 4
    across = page_for(wide, tall, lying=True)
    return across if across.name == "A4" else page_for(wide, tall)


def _place_across(columns: Sequence[Sequence[_Slot]], lanes: Mapping[str, int], area: Box) -> None:
    """From natural heights to the page: stretched where there is room, and in its middle."""
    gutters = _gutters(columns, lanes)
    width = min((area.w - sum(gutters)) / len(columns), WIDE)
    spare = area.w - sum(gutters) - width * len(columns)
    factor = min(area.h / _height(columns), STRETCH)
    x, more = area.x, spare / max(len(columns) - 1, 1)
    for column, gutter in zip(columns, gutters, strict=True):
        for slot in column:
            slot.x, slot.w, slot.y = x, width, area.y + slot.y * factor
        x += width + gutter + more


def _links(
    sheet: Pen,
    column: Sequence[_Slot],
    gutter: Sequence[_Slot],
    places: tuple[Mapping[str, _Slot], Mapping[str, int]],
) -> None:
    """Each slot that feeds something has a vertical line of its own; dots mark what is joined."""
    slots, lanes = places
    taken = [slot.port(number) for slot in gutter for number in range(len(slot.above))]
    for slot in column:
        if not slot.below:
            continue
        lane = slot.box.right + CLEAR + lanes[slot.key] * LANE
        mine = [*_joined(slot, slots)]
        group = sheet.group("links", source=slot.key)
        own = {y for _, y, _ in mine}
        start = _leaving(slot, [y for y in taken if y not in own])
        style = _style([link for *_, link in mine])
        if slot.node is None and abs(start - slot.port(0)) > TOUCH:
            group.line([(slot.box.right, slot.port(0)), (slot.box.right, start)], style)
        group.line([(slot.box.right, start), (lane, start)], style)
        ends = [start, *own]
        if max(ends) - min(ends) > TOUCH:
            group.line([(lane, min(ends)), (lane, max(ends))], style)
        for child, y, link in mine:
            group.line([(lane, y), (child.x if child.node else child.box.right, y)], _style([link]))
        for y in sorted({start, *own} - {min(ends), max(ends)}):
            group.dot((lane, y), 0.55, Ink(fill=style.line))


def _joined(slot: _Slot, slots: Mapping[str, _Slot]) -> Iterator[tuple[_Slot, float, Link]]:
    """What it feeds, where the line comes in, and as what."""
    for key in dict.fromkeys(slot.below):
        for number, (source, link) in enumerate(slots[key].above):
            if source == slot.key:
                yield slots[key], slots[key].port(number), link


def _leaving(slot: _Slot, taken: Sequence[float]) -> float:
    """Where its line leaves it: as near to its middle as no line of others would lie on it."""
    most = int((slot.h / 2 - APART / 2) / STEP)
    steps = sorted(range(-most, most + 1), key=lambda step: (abs(step), step))
    able = (slot.y + step * STEP for step in steps)
    return next((y for y in able if all(abs(y - other) > APART for other in taken)), slot.y)


def _style(links: Sequence[Link]) -> Ink:
    """That of all of them, or the plain one."""
    if all(link.reserve for link in links):
        return RESERVE
    feeds = {link.feed for link in links if not link.reserve}
    return LINES.get(feeds.pop(), LINES[""]) if len(feeds) == 1 else LINES[""]


def _node(sheet: Pen, slot: _Slot) -> None:
    if slot.node is None:
        return
    node, box = slot.node, slot.box
    use = node.use
    loud = use.level.loud
    group = sheet.group("node", name=node.name, kind=node.kind, level=str(use.level))
    group.title(f"{node.name}: {use}")
    group.rect(box, Ink(fill=looks.WHITE, line=INK, width=0.6 if loud else 0.25))
    inside = box.inset(2.2, 0.7)
    top = Box(inside.x, inside.y, inside.w, 3.4)
    group.label(Box(top.x, top.y, top.w - 12, top.h), node.name, Hand(2.6, bold=True))
    group.label(Box(top.right - 11.5, top.y, 11.5, top.h), use.percent, Hand(2.6, "end", bold=loud))
    said = Box(inside.x, top.bottom, inside.w, 2.8)
    amounts, kind = width(str(use), 2.0), width(node.kind, 2.0)
    cut = (said.w - 0.5) * amounts / (amounts + kind)  # each as much as it needs
    hand = Hand(2.0, color=looks.QUIET, least=1.2, head=True)
    group.label(Box(said.x, said.y, cut, said.h), str(use), hand)
    rest = Box(said.x + cut + 0.5, said.y, said.w - cut - 0.5, said.h)
    group.label(rest, node.kind, replace(hand, anchor="end"))
    strip = Box(inside.x, said.bottom + 0.2, inside.w, inside.bottom - said.bottom - 0.3)
    bar(group, strip, use)
    if node.now is not None:
        x = strip.x + strip.w * min(1.0, node.now / max(use.share or 0.0, 1.0))
        group.line([(x, strip.y - 0.2), (x, strip.bottom + 0.2)], NOW)
    for number, (_, link) in enumerate(slot.above):
        if link.feed:
            mark = Box(box.x + 0.2, slot.port(number) - 1.0, 1.8, 2.0)
            group.label(
                mark, link.feed, Hand(1.9, "middle", bold=True, color=LINES.get(link.feed, LINES[""]).line)
            )


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
    if keys:
        legend(sheet, Box(room.x + 4, y, 34.0 * len(keys), LEGEND), keys)
