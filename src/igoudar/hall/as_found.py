"""Records of racks and of cables as the devices there say they are. Pure.

What differs becomes part of the record, so that the next preview shows it as a change back and the update
writes a work order. Who did not answer, and what cannot tell, keeps what is recorded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from igoudar.cable_key import device_of, ends_of
from igoudar.errors import first_and_more

SEEN, UNPLANNED = "seen", "unplanned"
MOST_NAMED = 20
Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Differs:
    """What speaks against the plan of the cables: what is said of it, and the ends that it is about.

    `extra`: the key of a cable that is in no plan, empty where it is something else. `hall`: of its record.
    """

    said: str
    ends: frozenset[str]
    extra: str
    hall: str


@dataclass(frozen=True, slots=True)
class Floor:
    """What the devices of a stack said. `serials`: device -> of the box there. `silent`: device -> why it was
    not asked. `unproven`: ends of cables that nobody saw.
    """

    serials: Mapping[str, str]
    silent: Mapping[str, str]
    differs: tuple[Differs, ...] = ()
    unproven: frozenset[str] = frozenset()

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Floor:
        differs = (Differs(d["said"], frozenset(d["ends"]), d["extra"], d["hall"]) for d in told["differs"])
        return cls(told["serials"], told["silent"], tuple(differs), frozenset(told["unproven"]))


@dataclass(frozen=True, slots=True)
class Found:
    """`record`: as it is now. `asked`: the devices that it is about. `notes`: what the record cannot say."""

    record: dict[str, Any]
    asked: tuple[str, ...]
    notes: tuple[str, ...] = ()


def racks_as_found(row: str, record: Record, floor: Floor) -> Found:
    """Each unit with the serial of the box that is there; one that has none recorded may be any box."""
    found, asked, notes = {}, [], []
    for rack, told in record.items():
        units = {}
        for place, box in told.get("units", {}).items():
            name, known = box["device"], box["serial"]
            asked.append(name)
            serial = floor.serials.get(name, "")
            units[place] = {**box, "serial": serial} if serial and known else box
            if serial and not known:
                notes.append(f"{name} says that its serial is {serial}; no serial is recorded of it")
        found[rack] = {**told, "units": units} if "units" in told else told
    return Found(found, tuple(asked), tuple(notes))


def cables_as_found(hall: str, record: Record, floor: Floor) -> Found:
    """Each cable with what its ends `seen` say where that is not the plan, and cables that are in no plan.

    A cable through panels differs at the pieces that lead to a device.
    """
    told_of: dict[str, list[str]] = {}
    for one in floor.differs:
        for end in one.ends:
            told_of.setdefault(end, []).append(one.said)
    found: dict[str, Any] = {}
    for key, told in record.items():
        ends = ends_of(key)
        said = dict.fromkeys(text for end in ends for text in told_of.get(end, ()))
        if said:
            found[key] = {**told, SEEN: "; ".join(said)}
        elif _keeps(ends, told, floor):
            found[key] = told
        elif told["status"] != UNPLANNED:
            found[key] = {name: value for name, value in told.items() if name != SEEN}
    mine = [one for one in floor.differs if one.hall == hall]
    for one in mine:
        if one.extra and one.extra not in record:
            found[one.extra] = _unplanned(one.said)
    recorded = {end for key in found for end in ends_of(key)}
    notes = tuple(one.said for one in mine if not one.ends & recorded)
    return Found(found, tuple(_devices(record)), notes)


def not_answered(asked: Collection[str], floor: Floor) -> str:
    """One sentence that names who kept the record, empty where all answered."""
    silent = sorted(name for name in dict.fromkeys(asked) if name in floor.silent)
    if not silent:
        return ""
    count = f"{len(silent)} device{'' if len(silent) == 1 else 's'} did not answer"
    named = first_and_more(silent, MOST_NAMED)
    first, why = silent[0], floor.silent[silent[0]]
    reason = why if why.startswith(first) else f"{first}: {why}"  # that of a login names its host
    return f"{count}, what is recorded of them is kept: {named}; {reason}"


def _keeps(ends: Iterable[str], told: Mapping[str, Any], floor: Floor) -> bool:
    """Nobody saw it, so that what was seen last time may be so yet."""
    silent = any(device_of(end) in floor.silent for end in ends)
    return any(end in floor.unproven for end in ends) or (told["status"] == UNPLANNED and silent)


def _unplanned(said: str) -> dict[str, Any]:
    return {"label": 0, "ends": "", "article": "", "length": "", "status": UNPLANNED, SEEN: said}


def _devices(record: Record) -> Iterator[str]:
    yield from dict.fromkeys(device_of(end) for key in record for end in ends_of(key))
