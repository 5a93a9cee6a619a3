"""What nobody says of racks and of what stands in them, so that nothing is held against it."""

from __future__ import annotations

from collections.abc import Iterator

from igoudar.design import Design
from igoudar.errors import Finding
from igoudar.hall.cause import home, suspect, told_at
from igoudar.hall.draw import Draws, airflow_of, known_w
from igoudar.hall.gaps import gap, held, of_types
from igoudar.hall.places import Rack
from igoudar.hall.standing import standing
from igoudar.hardware.parts import RackType
from igoudar.model import Device, Inventory
from igoudar.quantities import POWER, shown

FACTS = "types/overrides.yaml"


def check(design: Design) -> Iterator[Finding]:
    inventory = design.inventory
    draws = Draws(inventory)
    for name, devices in sorted(standing(inventory).items()):
        rack = inventory.racks[name]
        mounted = [device for device in devices if device.u and not device.bay]
        yield from _no_power(draws, rack, devices)
        yield from _airflow(draws, rack, mounted)
        kind = inventory.rack_types.get(rack.type)
        if kind is None:
            yield from _no_type(rack, devices)
            continue
        yield from _sizes(inventory, rack, kind, devices)
        if mounted:
            yield from _doors(inventory, rack, kind, mounted)


def _no_power(draws: Draws, rack: Rack, devices: list[Device]) -> Iterator[Finding]:
    """Where what it draws matters, so must what it may."""
    drawing = [device for device in devices if _draws_power(draws, device)]
    if rack.power_w is not None or not drawing or not held(draws.inventory, rack):
        return
    known = round(known_w(draws.of(device).allocated_w for device in devices), 3)
    said = f"nobody says what rack {rack.name} may draw, so that it counts as no more than the"
    said = f"{said} {shown(POWER, known)} that are known to stand in it"
    expected = "`power` of the rack or its row, which each of its feeds carries alone"
    where, bad, about = home(rack, "power"), gap(drawing), f"rack {rack.name}"
    yield Finding("no-rack-power", where, said, expected, severity=bad, subject=about)


def _draws_power(draws: Draws, device: Device) -> bool:
    """Of whom nobody says it does, unless its type needs none."""
    watts = draws.of(device).allocated_w
    return draws.inventory.types[device.type].powered is not False if watts is None else watts > 0


def _no_type(rack: Rack, devices: list[Device]) -> Iterator[Finding]:
    if devices:
        said = f"nobody says what kind of a rack {rack.name} is, so that what stands in it is held against no"
        said = f"{said} depth, no doors and no floor"
        expected, about = "`type`, that of a file of rack types in inventory/types", f"rack {rack.name}"
        where, bad = home(rack, "type"), gap(devices)
        yield Finding("no-rack-type", where, said, expected, severity=bad, subject=about)


def _sizes(inventory: Inventory, rack: Rack, kind: RackType, devices: list[Device]) -> Iterator[Finding]:
    lacking = _lacking(inventory, rack)
    if not devices or not lacking:
        return
    said = f"nobody says {', '.join(lacking)} of a {kind.slug}, nor if what stands in rack {rack.name} fits"
    expected, about = f"each in `racks` of {FACTS}, or in its file", f"rack {rack.name}"
    hint = "there `depth` is `mounting_depth`, and `load` is `max_weight`"
    changed = suspect(rack, ("type", "load"), lambda one: bool(_lacking(inventory, one)))
    where, see = told_at(home(rack, "type"), [changed])
    see = see or inventory.rack_facts.get(kind.slug)
    bad = gap(devices)
    yield Finding("no-rack-size", where, said, expected, hint, severity=bad, see=see, subject=about)


def _lacking(inventory: Inventory, rack: Rack) -> list[str]:
    """Of what files of rack types may leave out: height and the width between the rails they all say."""
    kind = inventory.rack_types.get(rack.type)
    if kind is None:
        return []
    needed: dict[str, float | None] = {"load": rack.load_kg}
    if kind.bounded:
        needed["depth"] = kind.mounting_depth_mm
    if inventory.halls[rack.hall].floor_kg_m2 is not None:
        sizes = kind.outer_width_mm, kind.outer_depth_mm, kind.kg
        needed |= zip(("outer_width", "outer_depth", "weight"), sizes, strict=True)
    return [key for key, told in needed.items() if told is None]


def _airflow(draws: Draws, rack: Rack, devices: list[Device]) -> Iterator[Finding]:
    """What draws power blows its heat somewhere."""
    inventory = draws.inventory

    def lacking(device: Device) -> bool:
        return not airflow_of(inventory, device) and _draws_power(draws, device)

    for slug, alike in of_types(device for device in devices if lacking(device)).items():
        said = f"nobody says which way air goes through a {slug} in rack {rack.name} and against whose"
        where, about = alike[0].where.at("type"), f"rack {rack.name} / type {slug}"
        expected = f"`airflow` of the type in {FACTS}"
        yield Finding("no-airflow", where, said, expected, severity=gap(alike), subject=about)


def _doors(inventory: Inventory, rack: Rack, kind: RackType, devices: list[Device]) -> Iterator[Finding]:
    """A frame has none by its form."""
    if not kind.cabinet:
        return
    lacking = [
        f"{side}.{key}"
        for side, door in (("front", kind.front), ("rear", kind.rear))
        for key, told in (("clear", door and door.clear_mm), ("open", door and door.open_share))
        if told is None
    ]
    if not lacking:
        return
    said = (
        f"nobody says {', '.join(lacking)} of the doors of a {kind.slug}, "
        f"nor if what stands in rack {rack.name} fits and breathes"
    )
    expected = f"what is behind the rails and how much is open, in `racks` of {FACTS}"
    hint = "`none` where there is no door"
    see, about = inventory.rack_facts.get(kind.slug), f"rack {rack.name}"
    where, bad = home(rack, "type"), gap(devices)
    yield Finding("no-doors", where, said, expected, hint, severity=bad, see=see, subject=about)
