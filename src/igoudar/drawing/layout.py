"""Where the boxes of a one-line diagram stand and the lines between them run: by layers, sources first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from igoudar.derive.ports import natural
from igoudar.drawing.chain import Chain, Link, Node
from igoudar.drawing.paper import Box

NODE_H, PASS_H, SPACE = 13.2, 3.6, 3.2  # a node, a link that passes a column, what is between at least
DROP = 2.3  # between nodes in series
NARROW, WIDE, LANE, CLEAR = 38.0, 64.0, 2.2, 3.6  # of a node; from line to line; beside nodes
LARGEST = 1.6  # how much larger than at least boxes and their letters are where the page has room
STRETCH = 1.6  # how much more than that the gaps between them are
SWEEPS = 7  # the last by what is fed


@dataclass(slots=True)
class Slot:
    """A node in its column, above those in series with it; without any a place where a link passes."""

    key: str
    column: int
    nodes: Sequence[Node] = ()
    above: list[tuple[str, Link]] = field(default_factory=list)
    below: list[str] = field(default_factory=list)
    y: float = 0.0
    x: float = 0.0
    w: float = 0.0
    zoom: float = 1.0

    @property
    def source(self) -> str:
        """Whose line leaves it."""
        return self.nodes[-1].key if self.nodes else self.key

    @property
    def h(self) -> float:
        return ((NODE_H + DROP) * len(self.nodes) - DROP if self.nodes else PASS_H) * self.zoom

    @property
    def box(self) -> Box:
        return Box(self.x, self.y - self.h / 2, self.w, self.h)

    def box_of(self, number: int) -> Box:
        """That of a node; of a passing the whole."""
        high = NODE_H * self.zoom if self.nodes else self.h
        return Box(self.x, self.box.y + number * (high + DROP * self.zoom), self.w, high)

    @property
    def tail(self) -> Box:
        return self.box_of(max(len(self.nodes) - 1, 0))

    def port(self, number: int) -> float:
        """Where the `number`th link comes in."""
        head = self.box_of(0)
        return head.y + head.h * (number + 1) / (len(self.above) + 1)


def slots_of(chain: Chain) -> dict[str, Slot]:
    """Nodes by their longest way from a source, and a passing slot where a link skips a column."""
    nodes = {node.key: node for node in sorted(chain.nodes, key=lambda n: (natural(n.name), n.key))}
    order = {key: at for at, key in enumerate(nodes)}
    links = sorted(chain.links, key=lambda k: (order[k.target], k.feed, k.reserve, order[k.source]))
    stacks = _stacks(nodes, links)
    head = {node.key: key for key, stack in stacks.items() for node in stack}
    links = [link for link in links if head[link.target] == link.target]
    column = _ranks(stacks, [(head[link.source], link.target) for link in links])
    slots = {key: Slot(key, column[key], stack) for key, stack in stacks.items()}
    for link in links:
        before = head[link.source]
        for at in range(column[before] + 1, column[link.target]):
            key = f"{link.source} > {link.target} {link.feed} {at}"
            slots[key] = Slot(key, at)
            _join(slots, before, key, link)
            before = key
        _join(slots, before, link.target, link)
    return slots


def _stacks(nodes: Mapping[str, Node], links: Sequence[Link]) -> dict[str, list[Node]]:
    """By the first of each: units in series; each feeds nothing but the next, which hangs on nothing else.

    Raises ValueError for a chain with a loop.
    """
    above: dict[str, list[str]] = {key: [] for key in nodes}
    below: dict[str, list[str]] = {key: [] for key in nodes}
    for link in links:
        above[link.target].append(link.source)
        below[link.source].append(link.target)
    after = {
        key: nodes[fed[0]]
        for key, fed in below.items()
        if len(fed) == 1 and len(above[fed[0]]) == 1 and not nodes[fed[0]].last
    }
    seconds = {node.key for node in after.values()}
    found: dict[str, list[Node]] = {}
    for key in nodes:
        if key not in seconds:
            found[key] = [nodes[key]]
            while (last := found[key][-1].key) in after:
                found[key].append(after[last])
    if missing := nodes.keys() - {node.key for stack in found.values() for node in stack}:
        raise ValueError(f"a chain with a loop: {', '.join(sorted(missing))}")
    return found


def _join(slots: Mapping[str, Slot], source: str, target: str, link: Link) -> None:
    slots[source].below.append(target)
    slots[target].above.append((source, link))


def _ranks(stacks: Mapping[str, Sequence[Node]], links: Sequence[tuple[str, str]]) -> dict[str, int]:
    """The column of each; `links`: who feeds whom."""
    above: dict[str, list[str]] = {key: [] for key in stacks}
    below: dict[str, list[str]] = {key: [] for key in stacks}
    for source, target in links:
        above[target].append(source)
        below[source].append(target)
    found: dict[str, int] = {}
    waiting = list(stacks)
    while waiting:
        ready = [key for key in waiting if all(source in found for source in above[key])]
        if not ready:
            raise ValueError(f"a chain with a loop: {', '.join(waiting)}")
        found |= {key: max((found[source] + 1 for source in above[key]), default=0) for key in ready}
        waiting = [key for key in waiting if key not in found]
    for key in stacks:  # a source stands beside what it feeds
        if below[key] and not above[key]:
            found[key] = min(found[target] for target in below[key]) - 1
    ends = {key for key, stack in stacks.items() if stack[-1].last}
    last = max((found[key] for key in stacks if key not in ends), default=-1) + 1
    last = max([last, *(found[key] for key in ends)])
    return {key: last if key in ends else at for key, at in found.items()}


def columns_of(slots: Mapping[str, Slot]) -> list[list[Slot]]:
    """From left to right, each ordered so that few lines cross: by the middle of what it is joined to."""
    found: list[list[Slot]] = [[] for _ in range(max((s.column for s in slots.values()), default=0) + 1)]
    for slot in slots.values():
        found[slot.column].append(slot)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 1
        for column in found if down else reversed(found):
            at = {slot.key: n for members in found for n, slot in enumerate(members)}
            column.sort(key=lambda slot, at=at, down=down: _pull(slot, at, down=down))  # type: ignore[misc]
    return found


def _pull(slot: Slot, at: Mapping[str, int], *, down: bool) -> float:
    joined = [source for source, _ in slot.above] if down else slot.below
    return math.fsum(at[key] for key in joined) / len(joined) if joined else at[slot.key]


def height_of(columns: Iterable[Sequence[Slot]]) -> float:
    return max(sum(slot.h + SPACE for slot in column) for column in columns)


def place_down(columns: Sequence[Sequence[Slot]], slots: Mapping[str, Slot]) -> None:
    """The last column from top to bottom, each other one as near as it can to the middle of what it feeds."""
    height = height_of(columns)
    for column in reversed(columns):
        pitch, edge = height / sum(slot.h + SPACE for slot in column), 0.0
        for slot in column:  # even, where it feeds nothing
            slot.y = edge + pitch * (slot.h + SPACE) / 2
            edge += pitch * (slot.h + SPACE)
        for slot in column:
            if slot.below:
                slot.y = math.fsum(slots[key].y for key in slot.below) / len(slot.below)
        _spread(column, height)


def _spread(column: Sequence[Slot], height: float) -> None:
    """No two overlap, and none leaves the area."""
    edge = 0.0
    for slot in column:
        slot.y = max(slot.y, edge + (slot.h + SPACE) / 2)
        edge = slot.y + (slot.h + SPACE) / 2
    edge = height
    for slot in reversed(column):
        slot.y = min(slot.y, edge - (slot.h + SPACE) / 2)
        edge = slot.y - (slot.h + SPACE) / 2


def lanes_of(columns: Sequence[Sequence[Slot]], slots: Mapping[str, Slot]) -> dict[str, int]:
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


def _reach(slot: Slot, slots: Mapping[str, Slot]) -> tuple[float, float]:
    boxes = [slot.box, *(slots[key].box for key in slot.below)]
    return min(box.y for box in boxes), max(box.bottom for box in boxes)


def gutters_of(columns: Sequence[Sequence[Slot]], lanes: Mapping[str, int]) -> list[float]:
    """The width of each, right of a column; none right of the last."""
    most = [max((lanes[s.key] for s in column if s.below), default=0) for column in columns[:-1]]
    return [*(2 * CLEAR + many * LANE for many in most), 0.0]


def place_across(columns: Sequence[Sequence[Slot]], lanes: Mapping[str, int], area: Box) -> None:
    """From natural sizes to the page: larger where there is room, then further apart."""
    between = gutters_of(columns, lanes)
    free, high = area.w - sum(between), height_of(columns)
    zoom = max(min(free / NARROW / len(columns), area.h / high, LARGEST), 1.0)
    wide = min(free / len(columns), WIDE * zoom)
    spare = (free - wide * len(columns)) / max(len(columns) - 1, 1)
    factor = min(area.h / high, STRETCH * zoom)
    x = area.x
    for column, gutter in zip(columns, between, strict=True):
        for slot in column:
            slot.x, slot.w, slot.y, slot.zoom = x, wide, area.y + slot.y * factor, zoom
        x += wide + gutter + spare
