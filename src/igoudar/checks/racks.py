"""What stands in a rack: inside it, one a U and face, no more power and mass than it is built for."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping

from igoudar.design import Design
from igoudar.errors import Finding, Severity
from igoudar.hall.draw import Draw, Draws, airflow_of, weight_of
from igoudar.hall.excess import Excess
from igoudar.hall.places import Rack
from igoudar.model import Device, Face, Inventory
from igoudar.quantities import LENGTH, MASS, POWER, shown

_BOTH = (Face.FRONT, Face.REAR)


def check(design: Design) -> Iterator[Finding]:
    inventory = design.inventory
    standing: dict[str, list[Device]] = defaultdict(list)
    for device in inventory.devices.values():
        standing[device.rack].append(device)
    yield from misplaced(inventory)
    draws = Draws(inventory)
    for name, devices in sorted(standing.items()):
        devices.sort(key=lambda device: device.name)
        rack = inventory.racks[name]
        yield from _power(draws, rack, devices)
        yield from _mass(inventory, rack, devices)
        yield from _airflow(inventory, rack, devices)
        yield from _depth(inventory, rack, devices)
    yield from _floor(inventory, standing)
    if not inventory.plant.units:  # else they are judged by what they hang on
        yield from _feeds(inventory)


def misplaced(inventory: Inventory) -> Iterator[Finding]:
    """What stands above its rack, or where another device is."""
    taken: dict[tuple[str, int, Face], Device] = {}
    for device in sorted(inventory.devices.values(), key=lambda device: device.name):
        kind = inventory.types[device.type]
        height = math.ceil(kind.units) if device.u else 0
        if bool(device.u) is not bool(kind.units):
            said = f"{device.name} is at U{device.u}, and its type has {kind.units:g} U"
            expected = "a place from 1" if kind.units else "`u: 0`, beside the U"
            about = f"device {device.name}"
            yield Finding("zero-u", device.where.at("u"), said, expected, subject=about)
        rack = inventory.racks[device.rack]
        where = device.where.at("u")
        if height and device.u + height - 1 > rack.height:
            yield Finding(
                "outside-rack",
                where,
                f"{device.name} ends at U{device.u + height - 1}",
                f"at most U{rack.height}, the top of rack {rack.name}",
                subject=f"device {device.name}",
            )
        faces = _BOTH if kind.full_depth else (device.face,)
        places = [(rack.name, unit, face) for unit in range(device.u, device.u + height) for face in faces]
        others = {place[1]: taken[place] for place in places if place in taken}
        taken |= dict.fromkeys(places, device)
        if others:
            unit, other = min(others.items())
            said = f"{device.name} and {other.name} are both on U{unit} of rack {rack.name}"
            about = f"device {device.name}"
            see = other.where.at("u")
            yield Finding("same-u", where, said, "one device a U", see=see, subject=about)


def _power(known: Draws, rack: Rack, devices: list[Device]) -> Iterator[Finding]:
    """Of racks that state their power. What nobody knows is an error: the rack counts as if it were full."""
    if rack.power_w is None:
        return
    draws = {device.name: known.of(device) for device in devices}
    unknown = [device for device in devices if draws[device.name].allocated_w is None]
    for kind in dict.fromkeys(device.type for device in unknown):
        one = next(device for device in unknown if device.type == kind)
        yield Finding(
            "no-draw",
            one.where.at("type"),
            f"nobody says what a {kind} draws, so {rack.name} counts as its {shown(POWER, rack.power_w)}",
            "`draw` of the device, or `allocated` of its type in types/overrides.yaml",
            subject=f"rack {rack.name} / type {kind}",
        )
    for device in devices:
        yield from _over_psus(known.inventory, device, draws[device.name])
    total = round(sum(draw.allocated_w or 0 for draw in draws.values()), 3)
    if total > rack.power_w:
        said = f"what stands in rack {rack.name} draws {shown(POWER, total)}{_most(draws)}"
        over = Excess(POWER, total, rack.power_w)
        about, more = f"rack {rack.name}", ", which each of its feeds carries alone"
        yield over.of(about, "rack-over-power", rack.where.at("power"), said, more)


def _over_psus(inventory: Inventory, device: Device, draw: Draw) -> Iterator[Finding]:
    """Told of the type where the device says nothing itself."""
    if draw.psus and draw.needed > draw.psus:
        said = f"{device.type} has {draw.psus} PSUs and is said to need {draw.needed}"
        where = inventory.facts[device.type].where.at("psus_needed")
        yield Finding("over-psus", where, said, f"at most {draw.psus}", subject=f"type {device.type}")
        return
    if draw.allocated_w is None or draw.cap_w is None or draw.allocated_w <= draw.cap_w:
        return
    facts, own = inventory.facts.get(device.type), device.draw_w is not None
    where = device.where.at("draw") if own else facts.where if facts else device.where.at("type")
    about = f"device {device.name}" if own else f"type {device.type}"
    said = f"{device.name if own else device.type} draws {shown(POWER, draw.allocated_w)}"
    expected = f"at most {shown(POWER, draw.cap_w)}, what {draw.needed} of its {draw.psus} PSUs give"
    yield Finding("over-psus", where, said, expected, subject=about)


def _most(draws: Mapping[str, Draw]) -> str:
    name, watts = max(((n, d.allocated_w or 0) for n, d in draws.items()), key=lambda i: (i[1], i[0]))
    return f", {shown(POWER, watts)} of it {name}"


def _mass(inventory: Inventory, rack: Rack, devices: list[Device]) -> Iterator[Finding]:
    if rack.load_kg is None:
        return
    masses = {device.name: weight_of(inventory, device) for device in devices}
    total = round(sum(mass or 0 for mass in masses.values()), 3)
    if total > rack.load_kg:
        said = f"what stands in rack {rack.name} has {shown(MASS, total)}"
        over = Excess(MASS, total, rack.load_kg)
        yield over.of(f"rack {rack.name}", "rack-over-load", rack.where.at("load"), said)
    elif unknown := sorted(name for name, mass in masses.items() if mass is None):
        said = (
            f"nobody says what {unknown[0]}{' and others' if unknown[1:] else ''} in rack {rack.name} weighs"
        )
        expected = "`weight` of the type in types/overrides.yaml"
        about = f"rack {rack.name}"
        yield Finding(
            "no-weight", rack.where.at("load"), said, expected, severity=Severity.WARNING, subject=about
        )


def _airflow(inventory: Inventory, rack: Rack, devices: list[Device]) -> Iterator[Finding]:
    """Air that one blows out is what the other breathes. At the rear face it is the other way round."""
    ways: dict[str, Device] = {}
    for device in devices:
        way = airflow_of(inventory, device)
        if way not in ("front-to-rear", "rear-to-front"):
            continue
        turned = {"front-to-rear": "rear-to-front", "rear-to-front": "front-to-rear"}
        ways.setdefault(way if device.face is Face.FRONT else turned[way], device)
    if len(ways) > 1:
        first, second = ways.values()
        said = f"{first.name} and {second.name} in rack {rack.name} blow against each other"
        about = f"rack {rack.name}"
        see = second.where
        yield Finding("airflow", first.where, said, "one direction a rack", see=see, subject=about)


def _depth(inventory: Inventory, rack: Rack, devices: list[Device]) -> Iterator[Finding]:
    """Of types whose depth is known, in racks whose mounting depth is; a type is told once a rack."""
    kind = inventory.rack_types.get(rack.type)
    if kind is None or kind.mounting_depth_mm is None:
        return
    for slug in dict.fromkeys(device.type for device in devices):
        facts = inventory.facts.get(slug)
        if facts is None or facts.depth_mm is None or facts.depth_mm <= kind.mounting_depth_mm:
            continue
        device = next(d for d in devices if d.type == slug)
        said = f"{device.name} is {shown(LENGTH, facts.depth_mm)} deep"
        expected = f"at most {shown(LENGTH, kind.mounting_depth_mm)}, the mounting depth of {kind.slug}"
        about = f"device {device.name}"
        yield Finding("too-deep", device.where.at("type"), said, expected, see=facts.where, subject=about)


def _floor(inventory: Inventory, standing: Mapping[str, list[Device]]) -> Iterator[Finding]:
    """A rack with what stands in it, over its own footprint.

    Where somebody's mass is not known, the rack counts as loaded with all that it may carry.
    """
    for rack in inventory.racks.values():
        kind, limit = inventory.rack_types.get(rack.type), inventory.halls[rack.hall].floor_kg_m2
        if kind is None or limit is None:
            continue
        if kind.outer_width_mm is None or kind.outer_depth_mm is None:
            continue
        masses = [weight_of(inventory, device) for device in standing.get(rack.name, ())]
        inside = sum(m or 0 for m in masses) if None not in masses else rack.load_kg or 0
        area = kind.outer_width_mm * kind.outer_depth_mm / 1e6
        load = ((kind.kg or 0) + inside) / area
        if load > limit:
            said = f"rack {rack.name} with {shown(MASS, inside)} in it stands with {load:.0f} kg/m²"
            expected = f"at most {limit:g} kg/m², what the floor of hall {rack.hall} carries"
            where = rack.where.at("type")
            yield Finding("floor-overload", where, said, expected, subject=f"rack {rack.name}")


def _feeds(inventory: Inventory) -> Iterator[Finding]:
    for rack in inventory.racks.values():
        if len({*rack.feeds.values()}) < len(rack.feeds):
            said = f"feeds A and B of rack {rack.name} are both on {rack.feeds['A']}"
            about = f"rack {rack.name}"
            yield Finding("feeds-on-one-unit", rack.where.at("feeds"), said, "a unit each", subject=about)
