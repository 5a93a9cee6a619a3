"""From two records of a row's racks to what the staff on the floor does. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from igoudar.hall.tick_list import Line, Order, Rack, low_in, sections
from igoudar.hardware.fitted import told_of

Record = Mapping[str, Any]


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
    modules: Mapping[str, str]  # bay -> what is in it
    bay: str = ""  # of its parent

    @property
    def box(self) -> tuple[str, str]:
        return self.serial, self.type

    @property
    def place(self) -> tuple[str, str, str]:
        """What is in a bay goes with its parent."""
        return ("", self.bay, "") if self.bay else (self.rack, self.unit, self.face)

    @property
    def told(self) -> str:
        """Where it is, for who stands there."""
        bay = f" in {self.bay}" if self.bay else ""
        return f"{self.rack} {self.unit}{' (rear)' if self.face == 'rear' else ''}{bay}"


def boxes(racks: Record) -> dict[str, Box]:
    """Name -> where it stands. `racks` is the record of a row: rack -> {units: {place: {...}}}."""
    found = {}
    for rack, told in racks.items():
        for place, box in told.get("units", {}).items():
            unit, _, more = place.partition(" ")
            face = "rear" if more.partition(" ")[0] == "rear" else "front"
            same = {key: box[key] for key in ("type", "serial", "status")}
            low = low_in(told, place)
            modules = box.get("modules", {})
            inside = {"modules": modules, "bay": box.get("bay", "")}
            found[box["device"]] = Box(rack, unit, face, box["device"], low=low, **inside, **same)
    return found


def work_order(row: str, before: Record, after: Record, day: date) -> Order:
    """What is taken out, moved, exchanged and put in, in walking order."""
    old, new = boxes(before), boxes(after)
    both = [(old[name], new[name]) for name in old.keys() & new.keys()]
    replaced = [pair for pair in both if pair[0].place != pair[1].place and pair[0].box != pair[1].box]
    moved = [pair for pair in both if pair[0].place != pair[1].place and pair[0].box == pair[1].box]
    exchanged = [pair for pair in both if pair[0].place == pair[1].place and pair[0].box != pair[1].box]
    refitted = [pair for pair in both if pair[0].box == pair[1].box and pair[0].modules != pair[1].modules]
    out = [old[name] for name in old.keys() - new.keys()] + [one for one, _ in replaced]
    put = [new[name] for name in new.keys() - old.keys()] + [other for _, other in replaced]
    made = sections((
        ("Take out", (_at(box) for box in sorted(_walk(out), key=_inner_first))),
        ("Move", (_at(other, f"{one.told} → ") for one, other in sorted(moved, key=_to))),
        ("Exchange", (_at(other, old=one) for one, other in sorted(exchanged, key=_to))),
        ("Modules", (line for pair in sorted(refitted, key=_to) for line in _bays(*pair))),
        ("Racks and their feeds", (Line(frame) for frame in _frames(before, after))),
        ("Put in", (_at(box) for box in _walk(put))),
    ))  # fmt: skip
    done = {other.name: "refitted" for _, other in refitted} | {other.name: "moved" for _, other in moved}
    done |= {box.name: "new" for box in put}
    done |= {other.name: "exchanged" for _, other in exchanged}
    pairs = (*moved, *exchanged, *refitted)
    racks = {box.rack for box in (*out, *put)} | {b.rack for pair in pairs for b in pair}
    afterwards = tuple(Rack(rack, after[rack], done) for rack in sorted(racks & after.keys()))
    return Order(f"row {row}", day, made, afterwards)


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


def _to(pair: tuple[Box, Box]) -> tuple[str, float, str]:
    return _order(pair[1])


def _order(box: Box) -> tuple[str, float, str]:
    """Racks as one walks, each from the bottom up, and what is in a bay after its parent."""
    return box.rack, box.low, box.bay


def _inner_first(box: Box) -> tuple[str, float, bool]:
    return box.rack, box.low, not box.bay


def _walk(found: list[Box]) -> list[Box]:
    return sorted(found, key=lambda box: (_order(box), box.name))


def _bays(old: Box, new: Box) -> Iterator[Line]:
    """What goes out of a box that stays, and what goes in."""
    for bay in sorted({*old.modules, *new.modules}):
        out, put = old.modules.get(bay), new.modules.get(bay)
        if out != put:
            told = f"take out {out}" if put is None else f"put in {put}"
            instead = f" instead of {out}" if out and put else ""
            yield Line(f"{new.told}: ", new.name, f", bay {bay}: {told}{instead}")


def _at(box: Box, before: str = "", old: Box | None = None) -> Line:
    """`before`: where it comes from; `old`: the box that it takes the place of."""
    serial = f", serial {box.serial}" if box.serial else ", serial to be noted"
    more = f"; the old one has the serial {old.serial or 'unknown'}" if old else ""
    modules = f" with {told_of(box.modules)}" if box.modules else ""
    return Line(f"{before}{box.told}: ", box.name, f", {box.type}{modules}{serial}{more}")
