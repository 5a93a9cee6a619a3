"""What each sheet has round its picture: a border, a title block at the foot, a legend above it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from igoudar.drawing.letters import width
from igoudar.drawing.looks import EDGE, FRAME, QUIET, WHITE, define_hatches
from igoudar.drawing.paper import INK, Box, Hand, Ink, Page, Pen, blank

FOOT = 14.0  # height of the title block
LEGEND = 6.0


@dataclass(frozen=True, slots=True)
class Heading:
    """`facts`: caption and value of each cell of the title block; empty values are left out."""

    name: str
    kind: str
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Key:
    """An entry of the legend; `draw` shows it in a box."""

    words: str
    draw: Callable[[Pen, Box], None]


def framed(page: Page, heading: Heading) -> Pen:
    """A sheet with border and title block."""
    sheet = blank(page, f"{heading.name}, {heading.kind}")
    define_hatches(sheet)
    room = page.room
    sheet.rect(room, FRAME)
    _title_block(sheet.group("title-block"), Box(room.x, room.bottom - FOOT, room.w, FOOT), heading)
    return sheet


def _title_block(pen: Pen, box: Box, heading: Heading) -> None:
    facts = [(caption, value) for caption, value in heading.facts if value]
    first = box.w * 0.3
    pen.rect(box, FRAME)
    name = Box(box.x + 2, box.y + 1.2, first - 4, 6.6)
    pen.label(name, heading.name, Hand(5.2, bold=True, least=2))
    pen.label(Box(name.x, name.bottom, name.w, box.bottom - name.bottom - 1.2), heading.kind, Hand(2.6))
    needs = [max(width(value, 2.8, bold=True), width(caption, 2.0)) + 3 for caption, value in facts]
    x, spare = box.x + first, (box.w - first) / sum(needs)
    for (caption, value), need in zip(facts, needs, strict=True):
        cell = Box(x, box.y, need * spare, box.h)
        pen.line([(cell.x, cell.y), (cell.x, cell.bottom)], EDGE)
        inside = cell.inset(1.2)
        pen.label(Box(inside.x, cell.y + 1.6, inside.w, 3.4), caption, Hand(2.0, color=QUIET))
        pen.label(Box(inside.x, cell.y + 5.6, inside.w, 6), value, Hand(2.8, bold=True))
        x = cell.right


def legend(pen: Pen, box: Box, keys: Sequence[Key]) -> None:
    """In one line, each as wide as its words need."""
    group = pen.group("legend")
    swatch, size = 6.0, 2.1
    needs = [swatch + 3 + width(key.words, size) for key in keys]
    pitch = min(1.0, box.w / sum(needs))
    x = box.x
    for key, need in zip(keys, needs, strict=True):
        wide = need * pitch
        key.draw(group, Box(x, box.y + box.h / 2 - 1.5, swatch * pitch, 3.0))
        words = Box(x + (swatch + 1) * pitch, box.y, wide - (swatch + 2) * pitch, box.h)
        group.label(words, key.words, Hand(size))
        x += wide


def scale_bar(pen: Pen, box: Box, scale: int) -> None:
    """A length that is right on every print, enlarged or not: as many round metres as fit."""
    wide = box.w * 0.7
    metres = max(m for m in (1, 2, 5, 10, 20, 50) if m * 1000 / scale <= wide or m == 1)
    length = metres * 1000 / scale
    y = box.y + 2.5
    for number in range(5):
        part = Box(box.x + number * length / 5, y, length / 5, 1.4)
        pen.rect(part, Ink(fill=INK if number % 2 == 0 else WHITE, line=INK))
    pen.label(Box(box.x, y + 2, 8, 2.6), "0", Hand(2.1))
    pen.label(Box(box.x + length - 10, y + 2, 10, 2.6), f"{metres} m", Hand(2.1, "end"))
