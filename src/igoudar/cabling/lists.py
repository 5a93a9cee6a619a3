"""Lists of cables for people: all, what to buy, what to pull in walking order, what to print on labels.

Rows are mappings of column to value, the same for CSV and JSON; None is a value that is not known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from igoudar.cabling.labels import Label
from igoudar.cabling.laid import Pull
from igoudar.cabling.route import spot_of
from igoudar.derive.ports import natural
from igoudar.hall.levels import rising
from igoudar.hall.places import Rack
from igoudar.hall.units import as_text
from igoudar.model import Cable, CableStatus, End, Inventory

Row = Mapping[str, str | int | float | None]
TO_DO: Mapping[CableStatus, str] = {
    CableStatus.PLANNED: "pull",
    CableStatus.CONNECTED: "leave",  # it is there, and can be ticked off again with a tester's results
    CableStatus.DECOMMISSIONING: "remove",
}


@dataclass(frozen=True, slots=True)
class Cables:
    """All that lists are made of; `pulls` holds the cables of halls only."""

    inventory: Inventory
    pulls: Mapping[str, Pull]
    labels: Mapping[str, Label]

    def chosen(self, status: frozenset[CableStatus]) -> Cables:
        """Those of some states of life; all of them where none is named."""
        if not status:
            return self
        labels = {key: one for key, one in self.labels.items() if self.inventory.cable(key).status in status}
        return Cables(self.inventory, {k: p for k, p in self.pulls.items() if k in labels}, labels)


def all_cables(cables: Cables) -> list[Row]:
    """Every cable, by label and key; those that leave the hall without a length. `tested`: its day."""
    found: list[Row] = []
    tested = {row.cable: str(row.tested) for row in cables.inventory.tested if row.tested}
    for key in sorted(cables.labels, key=lambda k: (cables.labels[k].number, k)):
        cable, label, pull = cables.inventory.cable(key), cables.labels[key], cables.pulls.get(key)
        found.append({
            "label": label.number or None,
            "a": str(cable.a),
            "b": str(cable.b),
            "status": str(cable.status),
            **_article(pull),
            "way_m": pull.route.length_m if pull and pull.route else None,
            "trays": " ".join(pull.route.trays) if pull and pull.route else "",
            "loss_db": pull.loss_db if pull else None,
            "by_rule": "yes" if cable.derived else "",
            "tested": tested.get(key, ""),
        })  # fmt: skip
    return found


def _article(pull: Pull | None) -> dict[str, str | float | None]:
    choice = pull.choice if pull else None
    return {
        "medium": "power" if pull and pull.power else choice.medium.name if choice else "",
        "article": pull.article if pull else "",
        "length_m": pull.length_m if pull else None,
        "assembly": pull.host if pull else "",
    }


def label_rows(cables: Cables) -> list[Row]:
    """Two stickers a cable, one for each end, in walking order of the racks that they go to."""
    found: list[tuple[tuple[object, ...], Row]] = []
    walk = _Walk(cables.inventory)
    for key, label in cables.labels.items():
        cable = cables.inventory.cable(key)
        for end, text in ((cable.a, label.a), (cable.b, label.b)):
            row: Row = {"label": label.number or None, "end": str(end), "text": text}
            found.append((walk.step(end), row))
    return [row for _, row in sorted(found, key=lambda pair: pair[0])]


def patch_list(cables: Cables) -> list[Row]:
    """What to pull, to leave or to take out, rack by rack as people walk: along one row, back along the next.

    Each cable once, at that of its ends which one comes by first. `done`, `by` and `day` are for a pen.
    """
    walk = _Walk(cables.inventory)
    found: list[tuple[tuple[object, ...], Row]] = []
    for key, pull in cables.pulls.items():
        cable = pull.cable
        if cable.via:
            continue
        near, far = sorted((cable.a, cable.b), key=walk.step)
        trays = pull.route.trays if pull.route else ()
        row: Row = {
            "label": cables.labels[key].number or None,
            "do": TO_DO[cable.status],
            **_end(cables.inventory, near, "from"),
            **_end(cables.inventory, far, "to"),
            "article": pull.article,
            "length_m": pull.length_m,
            "assembly": pull.host,
            "trays": " ".join(trays if near == cable.a else reversed(trays)),
            "done": "",
            "by": "",
            "day": "",
        }
        found.append(((*walk.step(near), *walk.step(far)), row))
    return [row for _, row in sorted(found, key=lambda pair: pair[0])]


def _end(inventory: Inventory, end: End, word: str) -> dict[str, str | float]:
    device = inventory.devices[end.device]
    return {
        f"{word}_rack": device.rack,
        f"{word}_u": device.u,
        f"{word}_device": device.name,
        f"{word}_port": end.port,
    }


def bill(cables: Cables) -> list[Row]:
    """What to buy: assemblies and cords by length, modules, adapters. Tails of a port are one assembly."""
    count: Counter[tuple[str, str, float | None]] = Counter()
    seen: set[str] = set()
    for pull in cables.pulls.values():
        choice = pull.choice
        if pull.cable.status is CableStatus.DECOMMISSIONING:
            continue
        if pull.power:
            count["power cord", pull.article, pull.length_m] += 1
        if choice is None:
            continue
        first = not pull.host or pull.host not in seen
        seen.add(pull.host)
        if first and not pull.modules_only:
            count["cord" if choice.cord else "cable", choice.article, pull.length_m] += 1
        if first and choice.link.module and not pull.cord_only:
            count["module", choice.link.module, None] += 1
        if choice.far_link.module and not pull.cord_only:
            count["module", choice.far_link.module, None] += 1
        for adapter in choice.ends.adapters:
            count["adapter", adapter, None] += 1
    ordered = sorted(count.items(), key=lambda item: (item[0][0], item[0][1], item[0][2] or 0))
    return [
        {"kind": kind, "article": article, "length_m": length, "count": many}
        for (kind, article, length), many in ordered
    ]


class _Walk:
    """The order in which people come by racks and ports."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.racks = {name: place for place, name in enumerate(_racks(inventory))}

    def step(self, end: End) -> tuple[object, ...]:
        device = self.inventory.devices[end.device]
        low = rising(self.inventory.racks[device.rack], device.u)
        return self.racks[device.rack], -low, device.name, natural(end.port)


def _racks(inventory: Inventory) -> Iterator[str]:
    """Hall by hall, row by row as they lie, there and back."""
    rows: dict[tuple[str, str], list[Rack]] = {}
    for rack in inventory.racks.values():
        rows.setdefault((rack.hall, rack.row), []).append(rack)
    ordered = sorted(rows, key=lambda row: (row[0], _across(inventory, rows[row][0]), natural(row[1])))
    for number, row in enumerate(ordered):
        names = [rack.name for rack in sorted(rows[row], key=lambda rack: (rack.position, rack.name))]
        yield from reversed(names) if number % 2 else names


def _across(inventory: Inventory, rack: Rack) -> float:
    floor = inventory.cabling.floors.get(rack.hall) if inventory.cabling else None
    spot = spot_of(rack, floor) if floor else None
    return spot.y_mm if spot else 0.0


def as_csv(rows: Sequence[Row]) -> str:
    """A line a row under one of names; what is not known is empty."""
    head = [rows[0].keys()] if rows else []
    return as_text([*head, *([_cell(value) for value in row.values()] for row in rows)])


def _cell(value: str | float | None) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def key_of(labels: Mapping[str, Label], cables: Iterable[Cable]) -> dict[int, Cable]:
    """Cables by the number on their label."""
    return {labels[cable.key].number: cable for cable in cables if labels[cable.key].number}
