"""Pages, boxes and pens: the few shapes that pictures are made of, as SVG. All lengths in mm on paper."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass, replace

from igoudar.drawing.letters import FAMILIES, base_line, fit

NAMESPACE = "http://www.w3.org/2000/svg"
INK = "#1c1c1c"
MARGIN = 8.0
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; `x`, `y` is its upper left corner, and y grows downwards."""

    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        return self.x + self.w

    @property
    def bottom(self) -> float:
        return self.y + self.h

    @property
    def middle(self) -> Point:
        return self.x + self.w / 2, self.y + self.h / 2

    def inset(self, dx: float, dy: float = 0.0) -> Box:
        return Box(self.x + dx, self.y + dy, self.w - 2 * dx, self.h - 2 * dy)

    def moved(self, dx: float, dy: float) -> Box:
        return replace(self, x=self.x + dx, y=self.y + dy)


@dataclass(frozen=True, slots=True)
class Page:
    name: str
    w: float
    h: float

    @property
    def room(self) -> Box:
        """What a picture and its title block may take."""
        return Box(MARGIN, MARGIN, self.w - 2 * MARGIN, self.h - 2 * MARGIN)


# ISO 216, upright
_SIZES = {"A4": (210, 297), "A3": (297, 420), "A2": (420, 594), "A1": (594, 841), "A0": (841, 1189)}


def page_for(w: float, h: float, *, lying: bool | None = None) -> Page:
    """The smallest page of the A series with so much room; beyond A0 one cut to measure.

    `lying`: landscape or portrait only; None takes whichever fits first, portrait before landscape.
    """
    for name, (short, long) in _SIZES.items():
        for turned in (False, True) if lying is None else (lying,):
            page = Page(name, *((long, short) if turned else (short, long)))
            if w <= page.room.w + 1e-6 and h <= page.room.h + 1e-6:
                return page
    return Page("to measure", w + 2 * MARGIN, h + 2 * MARGIN)


@dataclass(frozen=True, slots=True)
class Ink:
    """`width` and `dash` in mm; a fill may be the hatch `url(#...)` of a sheet."""

    fill: str = "none"
    line: str = "none"
    width: float = 0.2
    dash: str = ""


@dataclass(frozen=True, slots=True)
class Hand:
    """How words are written: of `size`, in need of room down to `least`. `anchor`: start, middle or end.

    `head`: what is too long loses its end, as sentences do; names lose their middle. `turned`
    words run upwards. `halo` keeps them legible on a hatch.
    """

    size: float = 2.3
    anchor: str = "start"
    bold: bool = False
    color: str = INK
    least: float = 1.5
    turned: bool = False
    halo: bool = False
    head: bool = False


def number(value: float) -> str:
    """To a micrometre, so that the same picture has the same bytes everywhere."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws into one element of a document."""

    element: ET.Element

    def group(self, kind: str, /, **data: str) -> Pen:
        """`data` is what the group is about, for programs that read the picture."""
        attributes = {"class": kind, **{f"data-{key}": value for key, value in data.items()}}
        return Pen(ET.SubElement(self.element, "g", attributes))

    def title(self, words: str) -> None:
        """What a viewer says where the mouse is."""
        ET.SubElement(self.element, "title").text = words

    def rect(self, box: Box, ink: Ink) -> None:
        place = {"x": box.x, "y": box.y, "width": box.w, "height": box.h}
        ET.SubElement(self.element, "rect", {k: number(v) for k, v in place.items()} | _painted(ink))

    def line(self, points: Sequence[Point], ink: Ink, *, closed: bool = False) -> None:
        text = " ".join(f"{number(x)},{number(y)}" for x, y in points)
        name = "polygon" if closed else "polyline"
        ET.SubElement(self.element, name, {"points": text} | _painted(ink))

    def dot(self, at: Point, radius: float, ink: Ink) -> None:
        place = {"cx": number(at[0]), "cy": number(at[1]), "r": number(radius)}
        ET.SubElement(self.element, "circle", place | _painted(ink))

    def label(self, box: Box, words: str, hand: Hand) -> None:
        """One line inside `box`, centred on its height; what does not fit is told as a title."""
        room, depth = (box.h, box.w) if hand.turned else (box.w, box.h)
        size = min(hand.size, depth)
        said, size = fit(words, room, (size, min(hand.least, size)), bold=hand.bold, head=hand.head)
        if not said:
            return
        along = {"start": 0.0, "middle": room / 2, "end": room}[hand.anchor]
        x, y = (box.x + along, box.middle[1]) if not hand.turned else (box.middle[0], box.bottom - along)
        attributes = {"font-size": number(size), "fill": hand.color, "text-anchor": hand.anchor}
        if hand.bold:
            attributes["font-weight"] = "bold"
        if hand.halo:
            attributes |= {"stroke": "#ffffff", "stroke-width": number(size / 4), "paint-order": "stroke"}
            attributes["stroke-linejoin"] = "round"
        if hand.turned:
            attributes["transform"] = f"rotate(-90 {number(x)} {number(y)})"
        place = {"x": number(x), "y": number(base_line(y, size))}
        element = ET.SubElement(self.element, "text", place | attributes)
        element.text = said
        if said != words:
            title = ET.SubElement(element, "title")
            title.text = words


def _painted(ink: Ink) -> dict[str, str]:
    painted = {"fill": ink.fill}
    if ink.line != "none":
        painted |= {"stroke": ink.line, "stroke-width": number(ink.width)}
    if ink.dash:
        painted["stroke-dasharray"] = ink.dash
    return painted


def blank(page: Page, name: str) -> Pen:
    """An empty sheet; one user unit is one mm."""
    size = {"width": f"{number(page.w)}mm", "height": f"{number(page.h)}mm"}
    view = f"0 0 {number(page.w)} {number(page.h)}"
    root = ET.Element("svg", {"xmlns": NAMESPACE, **size, "viewBox": view, "font-family": FAMILIES})
    pen = Pen(root)
    pen.title(name)
    pen.rect(Box(0, 0, page.w, page.h), Ink(fill="#ffffff"))
    return pen


def document(sheet: Pen) -> str:
    """The text of a file, a line an element, so that two of them can be compared."""
    ET.indent(sheet.element, space=" ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(sheet.element, encoding="unicode")}\n'
