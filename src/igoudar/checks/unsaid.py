"""What nobody says of racks and of what stands in them, so that nothing is held against it."""

from __future__ import annotations

from collections.abc import Iterator

from igoudar.design import Design
from igoudar.errors import Finding
from igoudar.hall.cause import home
from igoudar.hall.draw import Draws, airflow_of
from igoudar.hall.gaps import gap, of_types
from igoudar.hall.places import Rack
from igoudar.hall.standing import standing
from igoudar.hardware.parts import RackType
from igoudar.model import Device, Inventory

FACTS = "types/overrides.yaml"


def check(design: Design) -> Iterator[Finding]:
    inventory = design.inventory
    draws = Draws(inventory)
    for name, devices in sorted(standing(inventory).items()):
        rack = inventory.racks[name]
        mounted = [device for device in devices if device.u]
        yield from _airflow(draws, rack, mounted)
        kind = inventory.rack_types.get(rack.type)
        if kind is not None and mounted:
            yield from _doors(inventory, rack, kind, mounted)


def _airflow(draws: Draws, rack: Rack, devices: list[Device]) -> Iterator[Finding]:
    """What draws power blows its heat somewhere."""
    inventory = draws.inventory

    def lacking(device: Device) -> bool:
        if airflow_of(inventory, device):
            return False
        watts = draws.of(device).allocated_w
        return inventory.types[device.type].powered is not False if watts is None else watts > 0

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
