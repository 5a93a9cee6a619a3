"""A work order to print, as PDF: a box to tick beside each line, codes of labels, racks as they then stand.

A4 upright. The same order gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal

from fpdf import FPDF

from igoudar.cabling.sheets import POINT, squares
from igoudar.hall.levels import numbers, span
from igoudar.hall.tick_list import Line, Order, Rack

MARGIN, FOOT = 14.0, 16.0  # mm
WIDTH, BOTTOM = 210.0 - 2 * MARGIN, 297.0 - FOOT
TICK, TEXT, CODE = 4.5, 10.0, 12.0  # side of a box in mm; size of text in points; side of a code in mm
STEP = 5.0  # from line of text to line
UNIT, NUMBERS, FACES = 4.6, 8.0, 112.0  # height of a U, room for its number, width of a rack, in mm
NEW = 215  # gray behind what is touched; it lasts on a copy
Style = Literal["", "B"]


def sheet(order: Order) -> bytes:
    return bytes(_Sheet(order).made().output())


class _Paper(FPDF):
    """With what stands on each page."""

    title_of = ""

    def header(self) -> None:
        self.set_font("Helvetica", "B", 9)
        self.text(MARGIN, MARGIN - 4, _plain(self.title_of))

    def footer(self) -> None:
        self.set_line_width(0.2)
        self.line(MARGIN, BOTTOM + 3, MARGIN + WIDTH, BOTTOM + 3)
        self.set_font("Helvetica", "", 8)
        self.text(MARGIN, BOTTOM + 8, "done by")
        self.text(MARGIN + 70, BOTTOM + 8, "day and hour")
        self.set_xy(MARGIN + WIDTH - 40, BOTTOM + 5)
        self.cell(40, 4, f"page {self.page_no()} of {{nb}}", align="R")


class _Sheet:
    """`y`: where the line under way is written, in mm from the upper edge."""

    def __init__(self, order: Order) -> None:
        self.order, self.y = order, 0.0
        self.pdf = _Paper(orientation="portrait", unit="mm", format="A4")

    def made(self) -> FPDF:
        pdf = self.pdf
        pdf.title_of = f"Work order: {self.order.what}, {self.order.day.isoformat()}"
        pdf.set_title(_plain(pdf.title_of))
        pdf.set_creation_date(datetime(1980, 1, 1, tzinfo=UTC))
        pdf.set_auto_page_break(False)
        pdf.set_margin(0)
        self._page()
        self._write(f"Work order: {self.order.what}", MARGIN, ("B", 18))
        self.y += 7
        self._write(self.order.lead, MARGIN, ("", TEXT))
        self.y += 4
        for section in self.order.sections:
            self._room(12 + self._height(section.lines[0]))
            self.y += 9
            self._write(f"{section.title} ({len(section.lines)})", MARGIN, ("B", 13))
            self.y += 3
            for line in section.lines:
                self._line(line)
        for rack in self.order.racks:
            self._rack(rack)
        return pdf

    def _page(self) -> None:
        self.pdf.add_page()
        self.y = MARGIN + 8

    def _room(self, mm: float) -> None:
        if self.y + mm > BOTTOM:
            self._page()

    def _write(self, text: str, x: float, font: tuple[Style, float], room: float = WIDTH) -> float:
        """On the line that is under way; smaller where it is wider than its room. Where it ends."""
        style, points = font
        self.pdf.set_font("Helvetica", style, points)
        text = _plain(text)
        wide = self.pdf.get_string_width(text)
        if wide > room:
            self.pdf.set_font("Helvetica", style, points * room / wide)
        self.pdf.text(x, self.y, text)
        return x + min(wide, room)

    def _height(self, line: Line) -> float:
        return CODE + 3 if line.label else STEP * len(self._wrapped(line)) + 2.5

    def _line(self, line: Line) -> None:
        height = self._height(line)
        self._room(height)
        top = self.y + 1.5
        self.pdf.set_line_width(0.4)
        self.pdf.rect(MARGIN, top, TICK, TICK)
        x = MARGIN + TICK + 4
        if line.label:
            self._cable(line, x, top)
        else:
            self.y = top + TEXT * POINT
            for words in self._wrapped(line):
                at = x
                for style, word in words:
                    at = self._write(word, at, (style, TEXT), MARGIN + WIDTH - at)
                self.y += STEP
        self.y = top - 1.5 + height
        self.pdf.set_line_width(0.1)
        self.pdf.line(x, self.y, MARGIN + WIDTH, self.y)

    def _cable(self, line: Line, x: float, top: float) -> None:
        """Its number large and as a code, what is to be done, and the stickers of both ends."""
        self.pdf.set_fill_color(0)
        squares(self.pdf, line.name, (x, top - 0.5, CODE))
        x += CODE + 3
        self.y = top + 5.5
        end = self._write(line.name, x, ("B", 18), 40)
        self._write(line.after.strip(), end + 4, ("", TEXT), MARGIN + WIDTH - end - 4)
        self.y = top + CODE - 1.5
        if line.ends[0]:
            self._write(f"{line.ends[0]}   to   {line.ends[1]}", x, ("", 8.5), MARGIN + WIDTH - x)

    def _wrapped(self, line: Line) -> list[list[tuple[Style, str]]]:
        """Lines of words, as wide as the page lets them; each word ends with its blank."""
        words: list[tuple[Style, str]] = []
        told: tuple[tuple[Style, str], ...] = (("", line.before), ("B", line.name), ("", line.after))
        for style, text in told:
            words += [(style, word) for word in re.findall(r"\S+ *| +", _plain(text))]
        room, found = WIDTH - TICK - 4, [list[tuple[Style, str]]()]
        used = 0.0
        for style, word in words:
            self.pdf.set_font("Helvetica", style, TEXT)
            wide = self.pdf.get_string_width(word)
            if used + wide > room and found[-1]:
                found.append([])
                used = 0.0
            found[-1].append((style, word))
            used += wide
        return found

    def _rack(self, rack: Rack) -> None:
        """A page of its own: the elevation from the front, beside it what is beside the U or in a bay."""
        self._page()
        self._write(f"{rack.name}, as it stands afterwards", MARGIN, ("B", 16))
        self.y += 6
        self._write(rack.above, MARGIN, ("", 9))
        self.y += 4
        step = min(UNIT, (BOTTOM - self.y - 4) / rack.height)
        top, left = self.y, MARGIN + NUMBERS
        self._frame(rack, (left, top, step))
        beside: list[tuple[str, Mapping[str, str]]] = []
        for place, box in rack.places():
            unit = float(place.split()[0].removeprefix("u"))
            if unit == 0 or "bay" in box:
                beside.append((place, box))
                continue
            low, high = span(rack, unit, float(box.get("height", "1 U").split()[0]))
            rear = place.endswith(" rear")
            area = (left, top + (rack.height - high) * step, FACES, (high - low) * step)
            self._device(box, area, rack.touched.get(box["device"], "") or ("rear" if rear else ""))
        self.y = top
        self._beside(beside, left + FACES + 6, rack.touched)

    def _frame(self, rack: Rack, at: tuple[float, float, float]) -> None:
        left, top, step = at
        self.pdf.set_line_width(0.1)
        for n, number in enumerate(numbers(rack)):
            self.y = top + (rack.height - n) * step - step * 0.25
            self._write(f"{number:2}", MARGIN + 1, ("", 7))
            self.pdf.set_draw_color(190)
            self.pdf.line(left, top + n * step, left + FACES, top + n * step)
        self.pdf.set_draw_color(0)
        self.pdf.set_line_width(0.6)
        self.pdf.rect(left, top, FACES, rack.height * step)

    def _device(self, box: Mapping[str, str], area: tuple[float, float, float, float], said: str) -> None:
        x, y, wide, high = area
        touched = said not in ("", "rear")
        self.pdf.set_line_width(0.3)
        self.pdf.set_fill_color(NEW if touched else 255)
        self.pdf.rect(x, y, wide, high, style="DF")
        if touched:
            self.pdf.set_fill_color(0)
            self.pdf.rect(x, y, 2, high, style="F")
        points = min(9.0, 0.75 * high / POINT)
        self.y = y + high / 2 + points * POINT * 0.35
        self._write(box["device"], x + 4, ("B" if touched else "", points), 42)
        self._write(box["type"], x + 48, ("", points * 0.85), 30)
        self._write(box["serial"], x + 80, ("", points * 0.85), 18)
        self._write(said, x + 99, ("B", points * 0.85), 12)

    def _beside(
        self, boxes: Sequence[tuple[str, Mapping[str, str]]], x: float, touched: Mapping[str, str]
    ) -> None:
        room = MARGIN + WIDTH - x
        if boxes:
            bays = any("bay" in box for _, box in boxes)
            self._write("beside the U and in bays" if bays else "beside the U", x, ("B", 9), room)
        for _, box in sorted(boxes, key=lambda told: told[0]):
            self.y += 7
            said = touched.get(box["device"], "")
            self._write(f"{box['device']}{f', {said}' if said else ''}", x, ("B" if said else "", 9), room)
            self.y += 4
            bay = f", {box['bay']}" if "bay" in box else ""
            self._write(f"{box['type']}, {box['serial']}{bay}", x, ("", 7.5), room)


def _plain(text: str) -> str:
    """What the font of the printer has."""
    return text.replace("→", "to").encode("latin-1", "replace").decode("latin-1")
