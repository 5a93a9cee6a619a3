"""What leads into a rack: cords of its devices, cables from other racks; no more than it takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from igoudar.design import Design
from igoudar.errors import Finding
from igoudar.hall.cause import grown, home, suspect, told_at
from igoudar.hall.places import Rack
from igoudar.hall.standing import standing
from igoudar.model import CableStatus, Device, Inventory


def check(design: Design) -> Iterator[Finding]:
    inventory = design.inventory
    entering = _entering(inventory)
    for name, devices in sorted(standing(inventory).items()):
        rack = inventory.racks[name]
        yield from _cords(inventory, rack, devices)
        yield from _cables(inventory, rack, entering[name])


def _entering(inventory: Inventory) -> Counter[str]:
    """Cables of each rack that lead to another one, all that are there or planned."""
    found: Counter[str] = Counter()
    for cable in inventory.cables.values():
        if cable.status is CableStatus.DECOMMISSIONING or cable.wave:
            continue
        racks = {inventory.devices[end.device].rack for end in (cable.a, cable.b)}
        if len(racks) > 1:
            found.update(racks)
    return found


def _inlets(inventory: Inventory, device: Device) -> int:
    """A cord each; that of a power strip comes from above and is none of those beside the devices."""
    parts = inventory.types[device.type].parts
    return 0 if parts.outlets else len(parts.inlets)


def _cords(inventory: Inventory, rack: Rack, devices: list[Device]) -> Iterator[Finding]:
    def most(one: Rack) -> int | None:
        kind = inventory.rack_types.get(one.type)
        return kind.cords if kind and kind.cords is not None else inventory.limits.cords

    limit, count = most(rack), sum(_inlets(inventory, device) for device in devices)
    if limit is not None and count > limit:
        suspects = (
            suspect(rack, ("type",), lambda one: count > (most(one) or count)),
            *grown(devices, ("type",), lambda one: _inlets(inventory, one), count - limit),
        )
        where, see = told_at(home(rack, "type"), suspects)
        see = see or inventory.rack_facts.get(rack.type)
        said = f"{count} cords of devices lead through rack {rack.name}"
        yield Finding("too-many-cords", where, said, f"at most {limit}", see=see, subject=f"rack {rack.name}")


def _cables(inventory: Inventory, rack: Rack, count: int) -> Iterator[Finding]:
    def most(one: Rack) -> int | None:
        kind = inventory.rack_types.get(one.type)
        return kind.cables if kind and kind.cables is not None else inventory.limits.cables

    limit = most(rack)
    if limit is not None and count > limit:
        suspects = (suspect(rack, ("type",), lambda one: count > (most(one) or count)),)
        where, see = told_at(home(rack, "type"), suspects)
        see = see or inventory.rack_facts.get(rack.type)
        said = f"{count} cables from other racks lead into rack {rack.name}"
        yield Finding(
            "too-many-cables", where, said, f"at most {limit}", see=see, subject=f"rack {rack.name}"
        )
