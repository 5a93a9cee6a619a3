"""From two records of a row's racks to what the staff on the floor does, as Markdown. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from igoudar.hall.tick_list import head, section

Record = Mapping[str, Any]
HIGHEST = 1000  # above any number of a U


@dataclass(frozen=True, slots=True)
class Box:
    """A device at its place, as a record says it."""

    rack: str
    unit: str
    face: str
    name: str
    type: str
    serial: str
    status: str
    low: float

    @property
    def box(self) -> tuple[str, str]:
        return self.serial, self.type

    @property
    def place(self) -> tuple[str, str, str]:
        return self.rack, self.unit, self.face


def boxes(racks: Record) -> dict[str, Box]:
    """Name -> where it stands. `racks` is the record of a row: rack -> {units: {place: {...}}}."""
    found = {}
    for rack, told in racks.items():
        for place, box in told.get("units", {}).items():
            unit, _, more = place.partition(" ")
            face = "rear" if more == "rear" else "front"
            told_of = {key: box[key] for key in ("type", "serial", "status")}
            low = _low(told, place)
            found[box["device"]] = Box(rack, unit, face, box["device"], low=low, **told_of)
    return found


def _low(told: Record, place: str) -> float:
    """Sorts places of a rack from the bottom up, what stands beside the U first."""
    u = float(place.partition(" ")[0].removeprefix("u"))
    return HIGHEST - u if u and told.get("counts") == "down" else u


def work_order(row: str, before: Record, after: Record, day: date) -> str:
    """What is taken out, moved, exchanged and put in, in walking order; empty where nothing is."""
    old, new = boxes(before), boxes(after)
    both = [(old[name], new[name]) for name in old.keys() & new.keys()]
    replaced = [pair for pair in both if pair[0].place != pair[1].place and pair[0].box != pair[1].box]
    moved = [pair for pair in both if pair[0].place != pair[1].place and pair[0].box == pair[1].box]
    exchanged = [pair for pair in both if pair[0].place == pair[1].place and pair[0].box != pair[1].box]
    out = [old[name] for name in old.keys() - new.keys()] + [one for one, _ in replaced]
    put = [new[name] for name in new.keys() - old.keys()] + [other for _, other in replaced]
    frames = [*_frames(before, after)]
    if not (out or put or moved or exchanged or frames):
        return ""
    lines = head(f"row {row}", day)
    lines += section("Take out", (_at(box) for box in _walk(out)))
    moves = (f"{one.rack} {one.unit} → {_at(other)}" for one, other in sorted(moved, key=_to))
    lines += section("Move", moves)
    swaps = (
        f"{_at(other)}; the old one has the serial {one.serial or 'unknown'}"
        for one, other in sorted(exchanged, key=_to)
    )
    lines += section("Exchange", swaps)
    lines += section("Racks and their feeds", frames)
    lines += section("Put in", (_at(box) for box in _walk(put)))
    touched = {box.rack for box in (*out, *put)} | {b.rack for pair in (*moved, *exchanged) for b in pair}
    lines += ["## The racks afterwards", ""]
    for rack in sorted(touched & after.keys()):
        lines += _elevation(rack, after[rack])
    return "\n".join(lines).rstrip() + "\n"


def _frames(before: Record, after: Record) -> Iterator[str]:
    """Racks that come and go, and feeds that are connected otherwise."""
    for rack in sorted({*before, *after}):
        old, new = before.get(rack), after.get(rack)
        if new is None:
            yield f"{rack}: take it away"
            continue
        feeds = {**(old or {}).get("feeds", {})}
        if old is None:
            counts = ", its U counted from the top" if new.get("counts") == "down" else ""
            yield f"{rack}: set it up, {new.get('height', '?')} {new.get('unit', 'U')}{counts}"
        for feed, unit in sorted(new.get("feeds", {}).items()):
            if feeds.pop(feed, None) != unit:
                yield f"{rack}: connect feed {feed} to {unit}"
        for feed, unit in sorted(feeds.items()):
            yield f"{rack}: disconnect feed {feed} from {unit}"


def _to(pair: tuple[Box, Box]) -> tuple[str, float]:
    return _order(pair[1])


def _order(box: Box) -> tuple[str, float]:
    """Racks as one walks, and each from the bottom up."""
    return box.rack, box.low


def _walk(found: list[Box]) -> list[Box]:
    return sorted(found, key=lambda box: (_order(box), box.name))


def _at(box: Box) -> str:
    rear = " (rear)" if box.face == "rear" else ""
    serial = f", serial {box.serial}" if box.serial else ", serial to be noted"
    return f"{box.rack} {box.unit}{rear}: **{box.name}**, {box.type}{serial}"


def _elevation(rack: str, told: Record) -> list[str]:
    """From the top down, as one stands before it."""
    feeds = ", ".join(f"{feed} from {unit}" for feed, unit in sorted(told.get("feeds", {}).items()))
    sums = "; ".join(f"{key} {told[key]}" for key in ("power", "mass") if key in told)
    above = "; ".join(part for part in (f"feeds {feeds}" if feeds else "", sums) if part)
    units = told.get("units", {}).items()
    places = sorted(units, key=lambda item: (_low(told, item[0]), item[0]), reverse=True)
    rows = [f"| {place} | {box['device']} | {box['type']} | {box['serial']} |" for place, box in places]
    table = ["| place | device | type | serial |", "| --- | --- | --- | --- |", *rows]
    return [f"### {rack}", "", *([above, ""] if above else []), *table, ""]
