"""Sheets as a reader sees them: where lines, boxes and words are, measured with a real font's widths."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import yaml

SVG = "{http://www.w3.org/2000/svg}"
EM = 2048
MARGIN = 7.7  # mm: the border is 0.5 wide
LEAST = 1.2  # mm: what still can be read
TOLERANCE = 0.02

_FONT = yaml.safe_load((Path(__file__).parent / "data" / "dejavu-sans.yaml").read_text("utf-8"))
WIDTHS = {
    kind: {letter: units / EM for units, letters in _FONT[kind].items() for letter in letters}
    for kind in ("regular", "bold")
}


@dataclass(frozen=True)
class Area:
    left: float
    top: float
    right: float
    bottom: float

    def holds(self, other: Area, by: float = TOLERANCE) -> bool:
        return (
            self.left - by <= other.left
            and self.top - by <= other.top
            and other.right <= self.right + by
            and other.bottom <= self.bottom + by
        )

    def meets(self, other: Area, by: float = TOLERANCE) -> bool:
        """Whether they share more than an edge."""
        return (
            self.left + by < other.right
            and other.left + by < self.right
            and self.top + by < other.bottom
            and other.top + by < self.bottom
        )


@dataclass(frozen=True)
class Words:
    said: str
    meant: str
    size: float
    area: Area


def drawn(svg: str) -> ET.Element:
    """Valid XML, and a page in mm whose user unit is a mm."""
    root = ET.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert root.get("viewBox") == f"0 0 {root.get('width', '')[:-2]} {root.get('height', '')[:-2]}"
    assert root.get("width", "").endswith("mm")
    return root


def page(root: ET.Element) -> Area:
    return Area(0, 0, float(root.get("width", "")[:-2]), float(root.get("height", "")[:-2]))


def groups(root: ET.Element, kind: str, **data: str) -> list[ET.Element]:
    wanted = {f"data-{key}": value for key, value in data.items()}
    return [
        element
        for element in root.iter(f"{SVG}g")
        if element.get("class") == kind and all(element.get(k) == v for k, v in wanted.items())
    ]


def rects(element: ET.Element) -> list[Area]:
    return [_rect(rect) for rect in element.findall(f"{SVG}rect")]


def _rect(rect: ET.Element) -> Area:
    x, y, w, h = (float(rect.get(key, "")) for key in ("x", "y", "width", "height"))
    assert w >= 0
    assert h >= 0
    return Area(x, y, x + w, y + h)


def lines(element: ET.Element) -> list[list[tuple[float, float]]]:
    found = []
    for line in element.iter(f"{SVG}polyline"):
        ends = [point.split(",") for point in line.get("points", "").split()]
        found.append([(float(x), float(y)) for x, y in ends])
    return found


def words(element: ET.Element) -> list[Words]:
    return [_words(text) for text in element.iter(f"{SVG}text")]


def _words(text: ET.Element) -> Words:
    size, said = float(text.get("font-size", "")), text.text or ""
    font = WIDTHS["bold" if text.get("font-weight") == "bold" else "regular"]
    length = size * sum(font.get(letter, 1.0) for letter in said)
    x, y = float(text.get("x", "")), float(text.get("y", ""))
    before = {"start": 0.0, "middle": length / 2, "end": length}[text.get("text-anchor", "")]
    title = text.find(f"{SVG}title")
    meant = said if title is None else title.text or ""
    if "transform" in text.attrib:
        turn = text.get("transform", "")  # rotate(-90 x y): upwards, about its middle
        pivot_x, pivot_y = (float(part) for part in turn.removeprefix("rotate(-90 ")[:-1].split())
        offset = y - pivot_y
        area = Area(
            pivot_x + offset - 0.73 * size,
            pivot_y - length + before,
            pivot_x + offset + 0.01 * size,
            pivot_y + before,
        )
    else:
        # capitals and digits: what is below the line may touch what is above the next one
        area = Area(x - before, y - 0.73 * size, x - before + length, y + 0.01 * size)
    return Words(said, meant, size, area)


def everything(root: ET.Element) -> Iterator[Area]:
    for rect in root.iter(f"{SVG}rect"):
        if rect not in list(root):  # the paper itself
            yield _rect(rect)
    for line in lines(root):
        xs, ys = [x for x, _ in line], [y for _, y in line]
        yield Area(min(xs), min(ys), max(xs), max(ys))
    for text in words(root):
        yield text.area


def judge(svg: str) -> ET.Element:
    """What holds of every sheet: inside the border, no words on words, nothing too small to be read."""
    root = drawn(svg)
    whole = page(root)
    inside = Area(MARGIN, MARGIN, whole.right - MARGIN, whole.bottom - MARGIN)
    outside = [area for area in everything(root) if not inside.holds(area)]
    assert not outside, outside[:3]
    said = words(root)
    small = [text for text in said if text.size < LEAST]
    assert not small, small[:3]
    assert not [
        text for text in said if "…" in text.said and "…" not in text.meant and text.meant == text.said
    ]
    assert not overlapping(said)
    return root


def overlapping(said: list[Words]) -> list[tuple[str, str]]:
    """Pairs of words that lie on each other; found band by band."""
    bands: dict[int, set[int]] = {}
    for number, text in enumerate(said):
        for band in range(int(text.area.top // 5), int(text.area.bottom // 5) + 1):
            bands.setdefault(band, set()).add(number)
    pairs = {pair for members in bands.values() for pair in combinations(sorted(members), 2)}
    return [(said[a].said, said[b].said) for a, b in sorted(pairs) if said[a].area.meets(said[b].area)]


def grey(color: str) -> float:
    """Luminance of #rrggbb from 0 to 1, as a grey print shows it."""
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def by_name(root: ET.Element, kind: str) -> Mapping[str, ET.Element]:
    """Groups by `data-name`; each name once."""
    found = groups(root, kind)
    named = {group.get("data-name", ""): group for group in found}
    assert len(named) == len(found)
    return named
