"""Label sheets as PDF: a sticker for each end of a cable, its number large and as a QR code, both ends below.

The sheet is A4 with 3 by 8 stickers of 70 by 37 mm without gaps, which several makers sell. The same labels
give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

import segno
from fpdf import FPDF

from igoudar.cabling.lists import Row

ACROSS, DOWN, WIDTH, HEIGHT, TOP = 3, 8, 70.0, 37.0, 0.5  # mm; 8 * 37 + 2 * 0.5 is A4
MARGIN, CODE = 4.0, 20.0
POINT = 0.3528  # mm
LARGE, SMALL = 30.0, 9.0  # points


def sheets(title: str, rows: Sequence[Row]) -> bytes:
    """`rows` of `lists.label_rows`; each has a number."""
    pdf = FPDF(orientation="portrait", unit="mm", format="A4")
    pdf.set_title(title)
    pdf.set_creation_date(datetime(1980, 1, 1, tzinfo=UTC))
    pdf.set_auto_page_break(False)
    pdf.set_margin(0)
    for number, row in enumerate(rows):
        place = number % (ACROSS * DOWN)
        if place == 0:
            pdf.add_page()
        _sticker(pdf, WIDTH * (place % ACROSS), TOP + HEIGHT * (place // ACROSS), row)
    return bytes(pdf.output())


def _sticker(pdf: FPDF, x: float, y: float, row: Row) -> None:
    number, (near, far) = str(row["label"]), str(row["text"]).split("/", 1)
    side = squares(pdf, number, (x + MARGIN, y + MARGIN, CODE))
    quiet = 4 * side  # what a reader wants free beside a code
    beside = x + MARGIN + CODE + quiet
    _text(pdf, number, (beside, y + MARGIN + CODE / 2 + LARGE * POINT / 3), ("B", LARGE, x + WIDTH - beside))
    for line, text in enumerate((near, f"/{far}")):
        at = (x + MARGIN, y + MARGIN + CODE + 4.5 + line * 4.0)
        _text(pdf, text, at, ("", SMALL, WIDTH - MARGIN))


def _text(pdf: FPDF, text: str, at: tuple[float, float], font: tuple[Literal["", "B"], float, float]) -> None:
    """`font`: style, points, and the room in mm up to the sticker's edge; what is wider gets smaller."""
    style, points, room = font
    pdf.set_font("Helvetica", style, points)
    wide = pdf.get_string_width(text)
    if wide > room - MARGIN:
        pdf.set_font("Helvetica", style, points * (room - MARGIN) / wide)
    pdf.text(*at, text)


def squares(pdf: FPDF, number: str, at: tuple[float, float, float]) -> float:
    """The code of a number; `at`: left and upper edge, and its side, in mm. The side of one module, in mm."""
    x, y, wide = at
    lines = code(number)
    side = wide / len(lines)
    for down, modules in enumerate(lines):
        for start, length in runs(modules):
            pdf.rect(x + start * side, y + down * side, length * side, side, style="F")
    return side


@lru_cache(maxsize=2)
def code(number: str) -> tuple[tuple[bool, ...], ...]:
    """The QR code of a number, a row of modules each; a phone reads it, and a tester's scanner."""
    made = segno.make_qr(number, error="m", boost_error=True)
    return tuple(tuple(bool(module) for module in line) for line in made.matrix)


def runs(line: Sequence[bool]) -> list[tuple[int, int]]:
    """Where dark modules begin and how many follow: fewer and seamless rectangles."""
    found: list[tuple[int, int]] = []
    for at, dark in enumerate(line):
        if dark and found and sum(found[-1]) == at:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        elif dark:
            found.append((at, 1))
    return found
