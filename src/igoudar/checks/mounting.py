"""How devices are mounted: inside the rack, one a U and face, between rails and doors that they fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from igoudar.design import Design
from igoudar.errors import Finding, Where
from igoudar.hall.cause import Suspect, home, suspect, told_at
from igoudar.hall.draw import airflow_of, widths_of
from igoudar.hall.excess import Excess
from igoudar.hall.gaps import gap, of_types
from igoudar.hall.levels import number_of, span
from igoudar.hall.places import Rack, TypeFacts
from igoudar.hall.standing import rows_first, standing
from igoudar.hardware.parts import Door, RackType
from igoudar.model import SWITCH_ROLES, Device, Face, Inventory, Role
from igoudar.quantities import LENGTH, SHARE, shown

_BOTH = (Face.FRONT, Face.REAR)
_NETWORK = SWITCH_ROLES | {Role.OOB}
BREATHING = frozenset({"front-to-rear", "rear-to-front"})  # by both doors
OTHER = {Face.FRONT: Face.REAR, Face.REAR: Face.FRONT}


def check(design: Design) -> Iterator[Finding]:
    inventory = design.inventory
    yield from misplaced(inventory)
    for name, inside in sorted(standing(inventory).items()):
        fitting = _Fitting(inventory, inventory.racks[name])
        devices = rows_first(device for device in inside if not device.bay)
        yield from fitting.widths(devices)
        yield from fitting.depths(devices)
        yield from fitting.back_to_back(devices)
        yield from fitting.doors(devices)


def misplaced(inventory: Inventory) -> Iterator[Finding]:
    """What stands beyond its rack, or where another device is."""
    taken: dict[tuple[str, int, Face], Device] = {}
    for device in rows_first(device for device in inventory.devices.values() if not device.bay):
        rack = inventory.racks[device.rack]
        yield from _beside(inventory, device)
        yield from _outside(inventory, device, rack)
        places = _places(inventory, device)
        others = {place: taken[place] for place in places if place in taken}
        taken |= dict.fromkeys(places, device)
        if others:
            (_, half, _), other = min(others.items())
            yield _same_u(inventory, device, other, number_of(rack, half))


def _places(inventory: Inventory, device: Device) -> list[tuple[str, int, Face]]:
    """Rack, half U and face that it takes."""
    kind = inventory.types[device.type]
    if not device.u:
        return []
    faces = _BOTH if kind.full_depth else (device.face,)
    halves = span(inventory.racks[device.rack], device.u, kind.units).halves()
    return [(device.rack, half, face) for half in halves for face in faces]


def _beside(inventory: Inventory, device: Device) -> Iterator[Finding]:
    def wrong(one: Device) -> bool:
        return bool(one.u) is not bool(inventory.types[one.type].units)

    if wrong(device):
        units = inventory.types[device.type].units
        said = f"{device.name} is at U{device.u:g}, and its type has {units:g} U"
        expected = "a place from 1" if units else "`u: 0`, beside the U"
        where, see = told_at(home(device, "u"), [suspect(device, ("u", "type"), wrong)])
        yield Finding("zero-u", where, said, expected, see=see, subject=f"device {device.name}")


def _outside(inventory: Inventory, device: Device, rack: Rack) -> Iterator[Finding]:
    def wrong(one: Device, frame: Rack) -> bool:
        units = inventory.types[one.type].units
        return bool(one.u and units) and not span(frame, one.u, units).inside(frame)

    if not wrong(device, rack):
        return
    units, last = inventory.types[device.type].units, rack.first + rack.height - 1
    first_end, last_end = ("top", "bottom") if rack.descending else ("bottom", "top")
    if device.u < rack.first:
        said = f"{device.name} begins at U{device.u:g}"
        expected = f"U{rack.first} or more, the {first_end} of rack {rack.name}"
    else:
        said = f"{device.name} ends at U{ceil(device.u + units) - 1}"
        expected = f"at most U{last}, the {last_end} of rack {rack.name}"
    suspects = (
        suspect(device, ("u", "type"), lambda one: wrong(one, rack)),
        suspect(rack, ("type", "height"), lambda frame: wrong(device, frame)),
    )
    where, see = told_at(home(device, "u"), suspects)
    yield Finding("outside-rack", where, said, expected, see=see, subject=f"device {device.name}")


def _same_u(inventory: Inventory, device: Device, other: Device, unit: int) -> Finding:
    def meets(others: Device) -> Callable[[Device], bool]:
        theirs = {*_places(inventory, others)}
        return lambda one: not theirs.isdisjoint(_places(inventory, one))

    said = f"{device.name} and {other.name} are both on U{unit} of rack {device.rack}"
    suspects = (
        suspect(device, ("u", "type", "face"), meets(other)),
        suspect(other, ("u", "type", "face"), meets(device)),
    )
    where, _ = told_at(home(device, "u"), suspects)
    of_other = suspects[1] is not None and where == suspects[1].where
    see = home(device, "u") if of_other else other.where.at("u")
    return Finding("same-u", where, said, "one device a U", see=see, subject=f"device {device.name}")


class _Told(NamedTuple):
    """A device that does not fit, the line to tell, and another one to see."""

    device: Device
    where: Where
    see: Where | None


@dataclass(frozen=True, slots=True)
class _Fitting:
    """One rack against what stands in it. A type is told once a rack."""

    inventory: Inventory
    rack: Rack

    def kind(self, rack: Rack) -> RackType | None:
        return self.inventory.rack_types.get(rack.type)

    def facts(self, device: Device) -> TypeFacts | None:
        return self.inventory.facts.get(device.type)

    def at(self, device: Device, wrong: Callable[[Device, Rack], bool]) -> tuple[Where, Where | None]:
        """Told of the override of one of both, else of the device's type."""
        suspects: tuple[Suspect | None, ...] = (
            suspect(device, ("type", "face", "u"), lambda one: wrong(one, self.rack)),
            suspect(self.rack, ("type", "height"), lambda frame: wrong(device, frame)),
        )
        return told_at(home(device, "type"), suspects)

    def once_a_type(self, devices: list[Device], wrong: Callable[[Device, Rack], bool]) -> Iterator[_Told]:
        told: set[str] = set()
        for device in devices:
            if device.type not in told and wrong(device, self.rack):
                told.add(device.type)
                yield _Told(device, *self.at(device, wrong))

    def finding(self, code: str, told: _Told, said: str, expected: str) -> Finding:
        where, see = self.places(told)
        return Finding(code, where, said, expected, see=see, subject=f"device {told.device.name}")

    def places(self, told: _Told) -> tuple[Where, Where | None]:
        facts = self.facts(told.device)
        return told.where, told.see or (facts.where if facts else None)

    def widths(self, devices: list[Device]) -> Iterator[Finding]:
        """What stands beside the U hangs on no rail."""

        def wrong(device: Device, rack: Rack) -> bool:
            return bool(device.u) and rack.width_in not in widths_of(self.inventory, device.type)

        for told in self.once_a_type(devices, wrong):
            device = told.device
            fits = " or ".join(f"{inches} inches" for inches in widths_of(self.inventory, device.type))
            said = (
                f"{device.name} is made for rails {fits} apart, "
                f"and those of rack {self.rack.name} are {self.rack.width_in} inches apart"
            )
            expected = "a rack that it fits, or `width` of its type with an adapter in types/overrides.yaml"
            yield self.finding("wrong-width", told, said, expected)

    def depths(self, devices: list[Device]) -> Iterator[Finding]:
        """In racks whose mounting depth is known; a depth that is not is an error, but beside the U."""

        def room(rack: Rack) -> float | None:
            kind = self.kind(rack)
            return kind.mounting_depth_mm if kind else None

        def wrong(device: Device, rack: Rack) -> bool:
            deep, most = _depth(self.facts(device)), room(rack)
            return deep is not None and most is not None and deep > most

        if room(self.rack) is not None:
            yield from self.unknown_depths(devices)
        for told in self.once_a_type(devices, wrong):
            device = told.device
            deep, most = _depth(self.facts(device)) or 0, room(self.rack) or 0
            said = f"{device.name} is {shown(LENGTH, deep)} deep"
            over, more = Excess(LENGTH, deep, most), f", the mounting depth of {self.rack.type}"
            yield over.of(f"device {device.name}", "too-deep", self.places(told), said, more)

    def unknown_depths(self, devices: list[Device]) -> Iterator[Finding]:
        unknown = (device for device in devices if device.u and _depth(self.facts(device)) is None)
        for slug, alike in of_types(unknown).items():
            said = (
                f"nobody says how deep a {slug} in rack {self.rack.name} is, nor if it fits between its rails"
            )
            expected = "`depth` of the type in types/overrides.yaml"
            where, about = alike[0].where.at("type"), f"rack {self.rack.name} / type {slug}"
            yield Finding("no-depth", where, said, expected, severity=gap(alike), subject=about)

    def back_to_back(self, devices: list[Device]) -> Iterator[Finding]:
        """Two of half depth at one U share the depth between the rails."""
        kind = self.kind(self.rack)
        if kind is None or kind.mounting_depth_mm is None:
            return
        most = kind.mounting_depth_mm
        at = {place: device for device in devices for place in _places(self.inventory, device)}
        told: set[tuple[str, str]] = set()
        for (name, half, face), device in sorted(at.items()):
            other = at.get((name, half, OTHER[face]))
            if face is not Face.REAR or other is None or other is device:
                continue
            both = (_depth(self.facts(device)) or 0) + (_depth(self.facts(other)) or 0)
            if both > most and (device.type, other.type) not in told:
                told.add((device.type, other.type))
                said = f"{device.name} and {other.name} back to back are {shown(LENGTH, both)} deep"
                over, more = Excess(LENGTH, both, most), f", the mounting depth of {kind.slug}"
                told_at_both = home(device, "u"), home(other, "u")
                yield over.of(f"device {device.name}", "back-to-back", told_at_both, said, more)

    def doors(self, devices: list[Device]) -> Iterator[Finding]:
        for side, door in self.of_doors(self.rack).items():
            if door is not None and door.clear_mm is not None:
                yield from self.shut(side, devices)
            if door is not None and door.open_share is not None:
                yield from self.breathing(side, door.open_share, devices)

    def of_doors(self, rack: Rack) -> Mapping[Face, Door | None]:
        kind = self.kind(rack)
        return {Face.FRONT: kind.front, Face.REAR: kind.rear} if kind else dict.fromkeys(Face)

    def shut(self, side: Face, devices: list[Device]) -> Iterator[Finding]:
        """Each device, and what stands out of it, against the door of one side."""

        def missing(device: Device, rack: Rack) -> float:
            door, needed = self.of_doors(rack)[side], self.reach(device, rack, side)
            if door is None or door.clear_mm is None or needed is None:
                return 0.0
            return needed - door.clear_mm

        for told in self.once_a_type(devices, lambda one, rack: missing(one, rack) > 0):
            device = told.device
            door = self.of_doors(self.rack)[side]
            clear = door.clear_mm if door and door.clear_mm else 0.0
            reach = clear + missing(device, self.rack)
            said = f"{device.name} with its plugs and cables reaches {shown(LENGTH, reach)}"
            over, more = Excess(LENGTH, reach, clear), f", to the {side} door of {self.rack.type}"
            said, at = f"{said} beyond the {side} rails", self.places(told)
            yield over.of(f"device {device.name}", "door-too-near", at, said, more)

    def reach(self, device: Device, rack: Rack, side: Face) -> float | None:
        """How far it, its plugs and the bends of its cables reach beyond the rails of a side, in mm.

        None where nobody says it.
        """
        facts, limits, kind = self.facts(device), self.inventory.limits, self.kind(rack)
        if not device.u:
            return None
        if side is device.face:
            own = facts.before_mm if facts else None
            return own if own is not None else limits.before_mm if device.role in _NETWORK else None
        deep = _depth(facts)
        if deep is None or kind is None or kind.mounting_depth_mm is None:
            return None
        own = facts.behind_mm if facts else None
        return deep + (own if own is not None else limits.behind_mm or 0.0) - kind.mounting_depth_mm

    def breathing(self, side: Face, share: float, devices: list[Device]) -> Iterator[Finding]:
        """Air goes in by one door and out by the other."""
        least = self.inventory.limits.open_share
        if least is None or share >= least:
            return
        for device in devices:
            if device.u and airflow_of(self.inventory, device) in BREATHING:
                said = (
                    f"{device.name} breathes through the {side} door of rack {self.rack.name}, "
                    f"which is {shown(SHARE, share * 100)} open"
                )
                where, see = self.rack.where.at("type"), self.inventory.rack_facts.get(self.rack.type)
                about, expected = f"rack {self.rack.name}", f"at least {shown(SHARE, least * 100)}"
                yield Finding("door-shut-to-air", where, said, expected, see=see, subject=about)
                return


def _depth(facts: TypeFacts | None) -> float | None:
    return facts.depth_mm if facts else None
