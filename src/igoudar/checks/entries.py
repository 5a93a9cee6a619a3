"""What leads into a rack: cords of its devices, cables from other racks; no more than it takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from igoudar.design import Design
from igoudar.errors import Finding
from igoudar.hall.cause import grown, home, suspect, told_at
from igoudar.hall.draw import most_entering
from igoudar.hall.places import Rack
from igoudar.hall.standing import standing
from igoudar.model import CableStatus, Device, Inventory

LEADING = {"cords": "cords of devices lead through", "cables": "cables from other racks lead into"}


def check(design: Design) -> Iterator[Finding]:
    inventory = design.inventory
    entering = _entering(inventory)
    for name, devices in sorted(standing(inventory).items()):
        rack = inventory.racks[name]
        cords = sum(_inlets(inventory, device) for device in devices)
        yield from _too_much("too-many-cords", inventory, rack, cords, devices)
        yield from _too_much("too-many-cables", inventory, rack, entering[name])


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


def _too_much(
    code: str, inventory: Inventory, rack: Rack, count: int, devices: Iterable[Device] = ()
) -> Iterator[Finding]:
    """`devices`: those that the count is of, whose overrides may be to blame."""
    what = code.removeprefix("too-many-")
    limit = most_entering(inventory, rack, what)
    if limit is not None and count > limit:
        suspects = (
            suspect(rack, ("type",), lambda one: count > (most_entering(inventory, one, what) or count)),
            *grown(devices, ("type",), lambda one: _inlets(inventory, one), count - limit),
        )
        where, see = told_at(home(rack, "type"), suspects)
        see = see or inventory.rack_facts.get(rack.type)
        said, about = f"{count} {LEADING[what]} rack {rack.name}", f"rack {rack.name}"
        yield Finding(code, where, said, f"at most {limit}", see=see, subject=about)
