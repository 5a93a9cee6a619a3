"""How many cables lead from where to where in a hall, and of which medium: a matrix, each pair once."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

from igoudar.drawing import looks
from igoudar.drawing.bundles import UNSTATED, Bundle, Matrix, matrix_of
from igoudar.drawing.frame import FOOT, LEGEND, Heading, Key, framed, legend
from igoudar.drawing.letters import width
from igoudar.drawing.paper import INK, Box, Hand, Ink, Page, Pen, document, page_for
from igoudar.drawing.spans import spans
from igoudar.drawing.use import Level, fill
from igoudar.model import CableStatus, Inventory

CELL, LARGEST = 7.5, 36.0  # of a cell on paper, at least and at most
NAMES, TOP = 30.0, 9.0  # room for names on the left, at most, and above
LINE = 3.8
TOTALS, TOTALS_W, BUNDLE_W = 63.0, 52.0, 92.0  # below the matrix: sums, and bundles in columns
SMALLEST = 1.8  # lines of media in a cell; smaller ones would not be read
MOST_MEDIA = 5  # that are told one by one
SHADES = ("#ffffff", "#eaf1f6", "#d3e2ec", "#b9d0e0", "#9dbcd2")
CORDS = "power cords"


def draw_cables(inventory: Inventory, name: str, day: date) -> str:
    """The text of an SVG document: racks of the hall, its rows if they are many; other halls as a whole."""
    matrix = matrix_of(inventory, name)
    names = min(max((width(end, 3.0, bold=True) for end in matrix.ends), default=0) + 2.5, NAMES)
    page, cell = _page(len(matrix.own), len(matrix.ends), names)
    facts = (
        ("site", inventory.site.name),
        ("date", day.isoformat()),
        ("scale", "not to scale"),
        ("paper", page.name),
    )
    sheet = framed(page, Heading(f"Hall {name}", f"cables from {matrix.what} to {matrix.what}", facts))
    left = page.room.x + 3 + names
    area = Box(left, page.room.y + TOP, cell * len(matrix.ends), cell * len(matrix.ends))
    most = max((bundle.total for bundle in matrix.bundles.values()), default=0) or 1
    for row, end in enumerate(matrix.ends):
        _names(sheet, end, area, (row, cell, names), column=end in matrix.own)
        for column in range(min(row + 1, len(matrix.own))):  # between other halls nothing is told
            box = Box(area.x + column * cell, area.y + row * cell, cell, cell)
            _cell(sheet, matrix, (end, matrix.ends[column]), box, most)
    foot = Box(page.room.x + 4, page.room.bottom - FOOT - LEGEND - 1, page.room.w - 8, LEGEND)
    below = Box(foot.x, area.bottom + 4, foot.w, foot.y - area.bottom - 4)
    _totals(sheet, matrix, below)
    _largest(sheet, matrix, Box(below.x + TOTALS_W, below.y, below.w - TOTALS_W, below.h))
    legend(sheet, foot, [*_keys(matrix.what)])
    return document(sheet)


def _page(own: int, many: int, names: float) -> tuple[Page, float]:
    """The page, and the size of a cell on it: as large as it can be. Few ends fill A4 better across."""
    tall = TOP + TOTALS + LEGEND + FOOT + 4
    page = page_for(6 + names + LARGEST * own, tall + LARGEST * many, lying=True)
    if page.name != "A4":
        page = page_for(6 + names + CELL * own, tall + CELL * many)
    wide, high = page.room.w - 6 - names, page.room.h - tall
    return page, min(LARGEST, wide / max(own, 1), high / max(many, 1))


def _names(sheet: Pen, end: str, area: Box, place: tuple[int, float, float], *, column: bool) -> None:
    """On the left of its line, and above the first cell of its column, as in a table of distances."""
    row, cell, names = place
    group = sheet.group("end", name=end)
    left = Box(area.x - names, area.y + row * cell, names - 1.5, cell)
    group.label(left, end, Hand(3.0, "end", bold=True))
    if not column:
        return
    above = Box(area.x + row * cell, area.y + row * cell - 4.2, cell, 4.0).inset(0.4)
    group.label(above, end, Hand(2.4, "middle", color=looks.QUIET, least=1.8))


def _cell(sheet: Pen, matrix: Matrix, pair: tuple[str, str], box: Box, most: int) -> None:
    bundle = matrix.bundles.get(pair)
    if bundle is None:
        sheet.rect(box, looks.GUIDE)
        return
    later, earlier = pair
    group = sheet.group("bundle", to=later, **{"from": earlier}, total=str(bundle.total))
    group.title(f"{earlier} – {later}: {bundle.told(of_one_kind=False)}")
    shade = SHADES[min(math.ceil(math.sqrt(bundle.total / most) * (len(SHADES) - 1)), len(SHADES) - 1)]
    planned = bundle.statuses[CableStatus.PLANNED]
    group.rect(box, Ink(fill=shade))
    if bundle.statuses[CableStatus.DECOMMISSIONING]:
        group.rect(box, Ink(fill=looks.HATCH))
    inner = box.inset(0.4, 0.4)
    group.rect(inner, Ink(line=INK, width=0.25, dash="1.4 0.8" if planned else ""))
    if bundle.near:
        fill(group, Box(inner.x, inner.y, inner.w, min(1.4, inner.h * 0.12)), Level.NEAR)
    _words(group, inner.inset(0.5, 0.5), bundle, of_one_kind=matrix.of_one_kind)


def _words(group: Pen, words: Box, bundle: Bundle, *, of_one_kind: bool) -> None:
    """How many, and below it of which medium where they differ on the sheet."""
    halo = bool(bundle.statuses[CableStatus.DECOMMISSIONING])
    media = sorted(bundle.media.items(), key=lambda item: (-item[1], item[0]))
    stated = [] if of_one_kind else [(medium, many) for medium, many in media if medium != UNSTATED]
    stated += [(CORDS, bundle.cords)] if bundle.cords else []
    small = min(2.4, words.h / (len(stated) + 1.5))
    lines = small * len(stated) if small >= SMALLEST else 0.0
    group.label(
        Box(words.x, words.y, words.w, words.h - lines), str(bundle.total), Hand(4.2, "middle", halo=halo)
    )
    if not lines:
        return
    for number, (medium, many) in enumerate(stated):
        y = words.bottom - lines + number * small
        said = medium if many == bundle.total else f"{many} {medium}"
        hand = Hand(small * 0.98, "middle", halo=halo, least=1.6)
        group.label(Box(words.x, y, words.w, small), said, hand)


def _totals(sheet: Pen, matrix: Matrix, box: Box) -> None:
    """Where cables lead, of which medium they are, and whether they are there yet; each adds up to all."""
    bundles = matrix.bundles
    total = sum(bundle.total for bundle in bundles.values())
    inside = sum(bundle.total for (later, earlier), bundle in bundles.items() if later == earlier)
    outside = sum(bundle.total for (later, _), bundle in bundles.items() if later not in matrix.own)
    media: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    cords = sum(bundle.cords for bundle in bundles.values())
    near = sum(bundle.near for bundle in bundles.values())
    for bundle in bundles.values():
        media += bundle.media
        statuses += Counter({str(status): many for status, many in bundle.statuses.items()})
    ranked = sorted(media.items(), key=lambda item: (-item[1], item[0]))
    rest = sum(many for _, many in ranked[MOST_MEDIA:])
    places = {f"inside a {matrix.what}": inside, f"between {matrix.what}s": total - inside - outside}
    places |= {"to other halls": outside} if outside else {}
    parts = [
        {"cables": total},
        places,
        dict(ranked[:MOST_MEDIA]) | ({"other media": rest} if rest else {}),
        dict(sorted(statuses.items())),
        ({"near their reach or loss budget": near} if near else {}) | ({CORDS: cords} if cords else {}),
    ]
    group, y = sheet.group("totals"), box.y
    for part in parts:
        for caption, many in part.items():
            group.label(Box(box.x, y, TOTALS_W - 20, LINE * 0.9), caption, Hand(2.3, color=looks.QUIET))
            group.label(Box(box.x + TOTALS_W - 20, y, 14, LINE * 0.9), str(many), Hand(2.3, "end", bold=True))
            y += LINE * 0.9
        y += LINE * 0.4


def _largest(sheet: Pen, matrix: Matrix, box: Box) -> None:
    """Bundles between two ends, the largest first, in as many columns as there is room for."""
    order = {end: at for at, end in enumerate(matrix.ends)}
    between = sorted(
        ((later, earlier, bundle) for (later, earlier), bundle in matrix.bundles.items() if later != earlier),
        key=lambda item: (-item[2].total, order[item[1]], order[item[0]]),
    )
    group, lines = sheet.group("largest"), max(int(box.h / LINE) - 1, 1)
    many = max(int(box.w / BUNDLE_W), 1)
    head = f"Bundles between {matrix.what}s" if between else f"No cable leaves its {matrix.what}"
    if not any(bundle.total for bundle in matrix.bundles.values()):
        head = "No cables are known here"
    group.label(Box(box.x, box.y, box.w, LINE), head, Hand(2.6, bold=True))
    one = matrix.of_one_kind
    said = [(f"{earlier} – {later}", str(b.total), b.told(of_one_kind=one)) for later, earlier, b in between]
    if len(said) > many * lines:
        said = [*_alike(matrix, between)]
    columns = min(many, max(math.ceil(len(said) / lines), 1))
    if len(said) > columns * lines:
        kept = said[: columns * lines - 1]
        said = [*kept, (f"and {len(said) - len(kept)} lines more", "", "")]
    _list(group, said, box, (columns, lines))


_Told = tuple[str, str, str]


def _alike(matrix: Matrix, between: Sequence[tuple[str, str, Bundle]]) -> Iterator[_Told]:
    """Those from one end that are the same to several others in one line."""
    found: dict[_Told, list[str]] = {}
    for later, earlier, bundle in between:
        told = bundle.told(of_one_kind=matrix.of_one_kind)
        found.setdefault((earlier, str(bundle.total), told), []).append(later)
    for (earlier, many, told), laters in found.items():
        ends = ", ".join(spans([matrix.ends], {*laters}))
        yield f"{earlier} – {ends}", many, f"{'each ' if len(laters) > 1 else ''}{told}"


def _list(group: Pen, said: Sequence[_Told], box: Box, shape: tuple[int, int]) -> None:
    columns, lines = shape
    wide = box.w / columns
    ends_w = min(max((width(ends, 2.3) for ends, *_ in said), default=0.0), wide * 0.3)
    for number, (ends, many, media) in enumerate(said):
        x, y = box.x + number // lines * wide, box.y + (number % lines + 1) * LINE
        group.label(Box(x, y, ends_w, LINE), ends, Hand(2.3, least=1.8))
        group.label(Box(x + ends_w, y, 8, LINE), many, Hand(2.3, "end", bold=True))
        rest = Box(x + ends_w + 9.5, y, wide - ends_w - 12, LINE)
        group.label(rest, media, Hand(2.1, color=looks.QUIET, least=1.8, head=True))


def _keys(what: str) -> Iterator[Key]:
    def shades(pen: Pen, box: Box) -> None:
        wide = box.w / len(SHADES)
        for number, shade in enumerate(SHADES):
            pen.rect(Box(box.x + number * wide, box.y, wide, box.h), Ink(fill=shade, line=INK, width=0.1))

    def planned(pen: Pen, box: Box) -> None:
        pen.rect(box, Ink(line=INK, width=0.25, dash="1.4 0.8"))

    def leaving(pen: Pen, box: Box) -> None:
        pen.rect(box, Ink(fill=looks.HATCH))
        pen.rect(box, looks.EDGE)

    def near(pen: Pen, box: Box) -> None:
        fill(pen, Box(box.x, box.y, box.w, box.h * 0.4), Level.NEAR)
        pen.rect(box, looks.EDGE)

    def diagonal(pen: Pen, box: Box) -> None:
        for number in range(3):
            place = Box(box.x + number * box.w / 3, box.y + number * box.h / 3, box.w / 3, box.h / 3)
            pen.rect(place, Ink(fill=SHADES[2], line=INK, width=0.15))

    yield Key("few to many cables", shades)
    yield Key("some are planned", planned)
    yield Key("some are decommissioning", leaving)
    yield Key("some near their reach or loss budget", near)
    yield Key(f"on the diagonal: inside one {what}", diagonal)
