"""Rows of alike racks to racks and devices, by counting and nothing else; then what single ones differ in.

A number or an address follows from the place in the row: what is absent leaves a hole. What may grow says how
much is counted for it. Every object keeps the line of the pattern that made it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from netaddr import IPNetwork

from igoudar.bay_text import bay
from igoudar.errors import HINTS, Finding, Where, first_few, nearest
from igoudar.hall.levels import whole
from igoudar.hall.modules import refitted
from igoudar.hall.places import Rack
from igoudar.hall.schema import OverrideIn, RackHeight, RackParts, RowParts, StandingIn
from igoudar.model import Device
from igoudar.schema import MOST_NUMBER
from igoudar.validated import LABEL, LABEL_TEXT

RACK_WORDS = ("hall", "row", "rack")
FEED_WORDS = ("hall", "row", "name")
DEVICE_WORDS = (*RACK_WORDS, "n", "u")
INSIDE = {"draw": "draw_w", "power": "power_w", "load": "load_kg"}  # named by their unit inside
_WORD = re.compile(r"\{([a-z]+)\}")
_Label = re.compile(LABEL)
_Thing = TypeVar("_Thing", Rack, Device)
RackMaker = Callable[[str, RackParts, Mapping[str, Any], Where], Rack]


@dataclass(frozen=True, slots=True)
class Made:
    """What a rack of a row was made of."""

    entry: RackParts
    place: Mapping[str, Any]


@dataclass(slots=True)
class Standing:
    """What rows give, by name; findings say what they cannot give. `made`: what racks were made of."""

    racks: dict[str, Rack] = field(default_factory=dict)
    made: dict[str, Made] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def say(self, finding: Finding) -> None:
        """Once a kind and line: what is wrong with a pattern is wrong with all that it gives."""
        if not any((f.code, f.where) == (finding.code, finding.where) for f in self.findings):
            self.findings.append(finding)


@dataclass(frozen=True, slots=True)
class Rows:
    """One entry of rows, and the hall that it is of."""

    hall: str
    entry: RowParts
    where: Where


def expand(rows: Iterable[Rows], rack: RackMaker) -> Standing:
    """Racks and devices of all rows; `rack` makes a rack of name, stated parts, place and line."""
    found = Standing()
    judged: dict[Where, bool] = {}  # an entry of a kind is that of all of its halls
    for row in rows:
        if row.where not in judged:
            wrong = [*_misspelt(row)]
            judged[row.where] = not wrong
            found.findings += wrong
        if judged[row.where]:
            _expand_rows(row, rack, found)
    return found


def _misspelt(row: Rows) -> Iterator[Finding]:
    yield from strange_words(row.entry.names, RACK_WORDS, row.where.at("names"))
    for feed, unit in row.entry.feeds.items():
        yield from strange_words(unit, FEED_WORDS, row.where.at("feeds").at(feed))
    for number, standing in enumerate(row.entry.devices):
        here = row.where.at("devices").at(number)
        yield from strange_words(standing.name, DEVICE_WORDS, here.at("name"))
        yield from strange_words(standing.bay or "", DEVICE_WORDS, here.at("bay"))
        yield from _outside(standing, row.entry, here)
        yield from _past(standing, row.entry, here)


def _expand_rows(row: Rows, rack: RackMaker, found: Standing) -> None:
    entry = row.entry
    for at, name in enumerate(entry.name):
        racks: dict[str, str] = {}
        for counted in entry.racks:
            racks[counted] = entry.names.format(hall=row.hall, row=name, rack=counted)
            place = {"hall": row.hall, "row": name, "position": int(counted)}
            _add(found.racks, rack(racks[counted], entry, place, row.where), entry.names, found)
            found.made.setdefault(racks[counted], Made(entry, place))
        for number, standing in enumerate(entry.devices):
            here = row.where.at("devices").at(number)
            chosen = standing.racks or entry.racks
            for index, counted in enumerate(chosen, at * (standing.every_row or len(chosen))):
                for device in _devices(standing, Place(row.hall, name, racks[counted], index), here):
                    _add(found.devices, device, standing.name, found)


def _past(standing: StandingIn, entry: RowParts, where: Where) -> Iterator[Finding]:
    """The last number and the last address that it counts to."""
    racks, rows = len(standing.racks or entry.racks), len(entry.name)
    every, every_row = standing.every or len(standing.u), standing.every_row or racks
    if every < len(standing.u) or (rows > 1 and every_row < racks):
        said = f"{len(standing.u)} devices in each of {racks} racks do not fit into what is counted for them"
        yield Finding("pattern-overlap", where, said, "every and every_row no less than there are")
        return
    last = ((rows - 1) * every_row + racks - 1) * every + len(standing.u) - 1
    if standing.number + last > MOST_NUMBER:
        said = f"the numbers go up to {standing.number + last}"
        yield Finding("past-the-end", where.at("number"), said, f"at most {MOST_NUMBER}")
    if standing.oob is not None and int(standing.oob.ip) + last > standing.oob.last:
        said = f"{last + 1} addresses from {standing.oob.ip} do not fit into {standing.oob.cidr}"
        yield Finding("past-the-end", where.at("oob"), said, "a network that holds them all")


@dataclass(frozen=True, slots=True)
class Place:
    """A rack that is the `index`th of those that a pattern of devices counts."""

    hall: str
    row: str
    rack: str
    index: int


def _devices(standing: StandingIn, place: Place, where: Where) -> Iterator[Device]:
    """One for each U, or for each bay that is counted."""
    for n, unit in enumerate(standing.u):
        step = place.index * (standing.every or len(standing.u)) + n
        words = {"hall": place.hall, "row": place.row, "rack": place.rack, "n": n + 1, "u": unit}
        yield Device(
            name=standing.name.format(**words),
            type=standing.type,
            role=standing.role,
            number=standing.number + step,
            hall=place.hall,
            rack=place.rack,
            u=0 if standing.bay else whole(float(unit)),
            bay=bay(standing.bay.format(**words)) if standing.bay else None,
            where=where,
            status=standing.status,
            oob=_counted_on(standing.oob, step),
            nos=standing.nos or "",
            pod=standing.pod,
            drained=standing.drained,
            cordoned=standing.cordoned,
            adopt=standing.adopt,
            roles=standing.roles,
            settings=standing.settings,
            face=standing.face,
            draw_w=standing.draw,
            feed=standing.feed or "",
            modules=standing.modules,
        )


def _counted_on(first: IPNetwork | None, step: int) -> IPNetwork | None:
    if first is None:
        return None
    counted = IPNetwork(first)
    counted.value = int(first.ip) + step
    return counted


def _add(known: dict[str, _Thing], thing: _Thing, pattern: str, found: Standing) -> None:
    other = known.get(thing.name)
    if other is None and _Label.fullmatch(thing.name):
        known[thing.name] = thing
        return
    where = thing.where.at("names" if isinstance(thing, Rack) else "name")
    if other is None:
        said = f"{pattern!r} gives {thing.name!r}, which is no name"
        found.say(Finding("wrong-name", where, said, LABEL_TEXT))
    elif other.where == thing.where:
        said = f"{pattern!r} gives {thing.name!r} twice"
        known_words = RACK_WORDS if isinstance(thing, Rack) else DEVICE_WORDS
        words = [f"{{{word}}}" for word in known_words if f"{{{word}}}" not in pattern]
        hint = f"use {' or '.join(words)} in it" if words else ""
        found.say(Finding("pattern-overlap", where, said, "a name that differs", hint))
    else:
        said = f"{thing.name!r} is there already"
        found.say(Finding("duplicate-name", where, said, "each name once in a site", see=other.where))


def strange_words(pattern: str, known: tuple[str, ...], where: Where) -> Iterator[Finding]:
    for word in _WORD.findall(pattern):
        if word not in known:
            expected = f"one of {', '.join(f'{{{w}}}' for w in known)}"
            said = f"{{{word}}} is not known here"
            yield Finding("unknown-word", where, said, expected, nearest(word, known))


def _outside(standing: StandingIn, row: RowParts, where: Where) -> Iterator[Finding]:
    strange = [rack for rack in standing.racks or () if rack not in row.racks]
    if strange:
        said = f"the row has no rack {first_few(strange, 3)}"
        yield Finding(
            "unknown-rack", where.at("racks"), said, f"racks from {row.racks[0]} to {row.racks[-1]}"
        )


def override(
    found: Standing,
    written: Mapping[str, Where],
    overrides: Mapping[str, tuple[OverrideIn, Where]],
    rack: RackMaker,
) -> None:
    """Let objects of `found` state something else, whatever order they stand in.

    `written`: names that rows did not give, with lines. `rack` makes a rack again, of what it is now.
    """
    absent: dict[str, Where] = {}
    for name, (entry, where) in overrides.items():
        thing: Rack | Device | None = found.racks.get(name) or found.devices.get(name)
        if thing is None:
            found.findings.append(_hits_nothing(found, written, name, where))
        elif entry.absent:
            found.findings += _more(entry, name, where)
            absent[name] = where
        else:
            _change(found, thing, entry, where, rack)
    for name, (_, where) in overrides.items():
        device = found.devices.get(name)
        if device is not None and device.rack in absent:
            said = f"{name} stands in rack {device.rack}, which is absent"
            found.findings.append(Finding("override-hits-nothing", where, said, see=absent[device.rack]))
    found.racks = {name: rack for name, rack in found.racks.items() if name not in absent}
    found.devices = {
        name: device
        for name, device in found.devices.items()
        if name not in absent and device.rack not in absent and _parent(device) not in absent
    }


def _parent(device: Device) -> str:
    """In whose bay it stands; empty where it stands in none."""
    return device.bay.device if device.bay else ""


def _stated(entry: OverrideIn) -> dict[str, Any]:
    return {key: getattr(entry, key) for key in entry.model_fields_set if key != "absent"}


def _more(entry: OverrideIn, name: str, where: Where) -> Iterator[Finding]:
    if stated := _stated(entry):
        said = f"{name} is absent and has {', '.join(sorted(stated))}"
        yield Finding("absent-with-more", where, said, "`absent: true` alone")


def _change(found: Standing, thing: Rack | Device, entry: OverrideIn, where: Where, rack: RackMaker) -> None:
    stated = _stated(entry)
    if isinstance(thing, Device) and entry.modules is not None:
        stated["modules"] = refitted(thing.modules, entry.modules)
    found.findings += _useless(thing, stated, where)
    if isinstance(thing, Rack):
        other = _made_again(found.made[thing.name], thing, stated, where, rack)
        found.racks[thing.name] = replace(other, instead_of=thing)
        return
    known = {f.name for f in fields(thing)}
    new = {INSIDE.get(key, key): value for key, value in stated.items()}
    changed = {key: value for key, value in new.items() if key in known}
    found.devices[thing.name] = replace(thing, where=where, instead_of=thing, **changed)


OF_TYPE = ("height", "load")  # what a type of rack says, and people may say otherwise


def _made_again(made: Made, old: Rack, stated: Mapping[str, Any], where: Where, rack: RackMaker) -> Rack:
    """Of another type it has that type's height and load, whatever the row says of those of its own."""
    kept = made.entry
    if stated.get("type", old.type) != old.type:
        bare = kept.model_copy(update=dict.fromkeys(OF_TYPE) | {"type": stated["type"]})
        told = rack(old.name, bare, made.place, where)
        kept = bare if told.height else kept
        if told.load_kg is None:
            kept = kept.model_copy(update={"load": made.entry.load})
    parts = {key: value for key, value in stated.items() if key in type(kept).model_fields}
    place = {**made.place, **({"at": stated["at"]} if "at" in stated else {})}
    return rack(old.name, kept.model_copy(update=parts), place, where)


def _useless(thing: Rack | Device, stated: Mapping[str, Any], where: Where) -> Iterator[Finding]:
    """What does not belong to the object, and what says nothing new."""
    kind = "rack" if isinstance(thing, Rack) else "device"
    known = {f.name for f in fields(thing)}
    for key, value in stated.items():
        inside = INSIDE.get(key, key)
        if inside not in known:
            said = f"{thing.name} is a {kind}, which has no {key!r}"
            yield Finding("unknown-key", where.at(key), said)
        elif key == "u" and isinstance(thing, Device) and thing.bay:
            said = f"{thing.name} stands in a bay, and is at the U of {thing.bay.device}"
            yield Finding("unknown-key", where.at(key), said, "`bay`, where it is in another one")
        elif str(getattr(thing, inside)) == _told(value):  # networks are equal whatever their host bits
            said = f"{thing.name} has this {key!r} without it"
            yield Finding(
                "override-says-nothing", where.at(key), said, "differences only", "remove it", see=thing.where
            )
    if not stated:
        said = f"nothing is said of {thing.name}"
        yield Finding("override-says-nothing", where, said, "what differs", "remove it", see=thing.where)


def _told(value: Any) -> str:
    return str(value.units if isinstance(value, RackHeight) else value)


def _hits_nothing(found: Standing, written: Mapping[str, Where], name: str, where: Where) -> Finding:
    if name in written:
        said = f"{name} is written down by itself"
        return Finding(
            "override-hits-nothing",
            where,
            said,
            "a rack or device of a row",
            "change it there",
            see=written[name],
        )
    asked = sum(f.code == "override-hits-nothing" for f in found.findings)
    hint = nearest(name, [*found.racks, *found.devices]) if asked < HINTS else ""
    said = f"no row gives {name!r}"
    return Finding("override-hits-nothing", where, said, "the full name of a rack or device of a row", hint)
