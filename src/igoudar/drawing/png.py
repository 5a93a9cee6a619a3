"""A sheet as an image. Words are set in the fonts of the machine; the sheet says which families it wants."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from igoudar.drawing.paper import Box, Hand, Page, blank, document
from igoudar.errors import Missing

DPI = 200  # of an A4 page 1654 x 2339 dots
MOST_DOTS = 8000  # along the longer side: larger images are more than viewers and memory like
MM_AN_INCH = 25.4


def to_png(svg: str, dpi: float = DPI) -> bytes:
    """The image of a document, of large pages in less dots. Raises Missing where there is no font."""
    import resvg_py  # noqa: PLC0415 - a shared library that other commands do not need

    if not _writes():
        said = "this machine has none of the usual fonts, so a PNG would have no words"
        raise Missing(f"{said}; install one, such as DejaVu Sans, or ask for SVG")
    root = ET.fromstring(svg)
    longer_mm = max(float(root.get(side, "").removesuffix("mm")) for side in ("width", "height"))
    fitting = min(float(dpi), MOST_DOTS * MM_AN_INCH / longer_mm)
    return resvg_py.svg_to_bytes(svg_string=svg, dpi=fitting)


def _writes() -> bool:
    """Whether a word leaves anything on paper: without a font the library drops words and says nothing."""
    import resvg_py  # noqa: PLC0415

    page = Page("trial", 20, 10)
    empty, written = blank(page, "trial"), blank(page, "trial")
    written.label(Box(0, 0, 20, 10), "M", Hand(8))
    images = [resvg_py.svg_to_bytes(svg_string=document(sheet), dpi=96.0) for sheet in (empty, written)]
    return images[0] != images[1]
