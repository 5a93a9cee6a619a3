"""Fills, lines and hatches. What a colour means, a line, a hatch or a word says too: prints may be grey."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from igoudar.drawing.paper import INK, Ink, Pen
from igoudar.model import Role, Status

WHITE = "#ffffff"
QUIET = "#6b6b6b"  # words and lines of second rank
FAINT = "#c9c9c9"  # lines that only guide the eye
NETWORK = "#dbe7ef"
SERVER = "#f3f0e8"
HATCH, DENSE, DOTS = "url(#hatch)", "url(#dense)", "url(#dots)"
FRAME = Ink(line=INK, width=0.5)
EDGE = Ink(line=INK, width=0.25)
GUIDE = Ink(line=FAINT, width=0.1)

_NETWORKING = frozenset({Role.LEAF, Role.SPINE, Role.SUPER_SPINE, Role.BORDER, Role.OOB, Role.UPSTREAM})
_DASHES = {Status.PLANNED: "1.6 0.9", Status.STAGED: "0.4 0.7"}


def networking(role: Role) -> bool:
    return role in _NETWORKING


def tint(role: Role) -> str:
    return NETWORK if networking(role) else SERVER


def body(status: Status, color: str) -> Ink:
    """Of a device: what is not there yet has no fill and a broken line."""
    if status is Status.PLANNED:
        color = WHITE
    elif status is Status.OFFLINE:
        color = "#cfcfcf"
    return Ink(fill=color, line=INK, width=0.25, dash=_DASHES.get(status, ""))


def hatched(status: Status) -> bool:
    return status is Status.DECOMMISSIONING


def define_hatches(sheet: Pen) -> None:
    """The patterns that `HATCH`, `DENSE` and `DOTS` name."""
    defs = ET.SubElement(sheet.element, "defs")
    _hatch(defs, "hatch", 1.6, ("#7d7d7d", 0.18))
    _hatch(defs, "dense", 0.9, ("#7a4a00", 0.22))
    dots = _pattern(defs, "dots", 1.4)
    ET.SubElement(dots, "circle", {"cx": "0.7", "cy": "0.7", "r": "0.16", "fill": "#8a8a8a"})


def _pattern(defs: ET.Element, name: str, pitch: float, turn: str = "") -> ET.Element:
    size = {"width": str(pitch), "height": str(pitch)}
    place = {"patternUnits": "userSpaceOnUse", "patternTransform": turn} if turn else {}
    return ET.SubElement(defs, "pattern", {"id": name, "patternUnits": "userSpaceOnUse", **size, **place})


def _hatch(defs: ET.Element, name: str, pitch: float, stroke: tuple[str, float]) -> None:
    color, width = stroke
    pattern = _pattern(defs, name, pitch, "rotate(45)")
    ends = {"x1": "0", "y1": "0", "x2": "0", "y2": str(pitch)}
    ET.SubElement(pattern, "line", {**ends, "stroke": color, "stroke-width": str(width * 2)})
