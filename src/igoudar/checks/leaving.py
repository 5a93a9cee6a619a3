"""Switches that leave, or are out of reach: what the site cannot do without must stay."""

from __future__ import annotations

from collections.abc import Iterator

from igoudar.design import Design, FabricDesign
from igoudar.errors import Finding
from igoudar.model import Inventory, Status

AWAY = frozenset({Status.OFFLINE, Status.DECOMMISSIONING})


def check(design: Design) -> Iterator[Finding]:
    inventory = design.inventory
    for fabric in design.networks.fabrics:
        yield from _spines(fabric, inventory)
    yield from _exits(inventory)


def _spines(fabric: FabricDesign, inventory: Inventory) -> Iterator[Finding]:
    """A fabric whose leaves are to work needs a spine; one that is taken down as a whole does not."""
    devices = inventory.devices
    active = [n for n in (*fabric.leaves, *fabric.borders) if devices[n].status is Status.ACTIVE]
    if not (active and fabric.spines and all(devices[n].status in AWAY for n in fabric.spines)):
        return
    told = ", ".join(f"{name} {devices[name].status}" for name in fabric.spines)
    yield Finding(
        "no-spine",
        devices[fabric.spines[0]].where.at("status"),
        f"no spine of the fabric {fabric.name} is left ({told}), and {len(active)} switches below are active",
        "one active spine or more",
        "one after the other; or take the switches below out first",
    )


def _exits(inventory: Inventory) -> Iterator[Finding]:
    """A border that is taken down must not be the last way out for a class of traffic.

    One that is offline, staged or planned carries nothing: only an active one is another way.
    """
    leaving: dict[str, list[str]] = {}
    for traffic, waves in inventory.exits().items():
        borders = [wave.border.device for wave in waves]
        states = [inventory.devices[border].status for border in borders]
        if Status.DECOMMISSIONING in states and Status.ACTIVE not in states:
            last = borders[states.index(Status.DECOMMISSIONING)]
            leaving.setdefault(last, []).append(traffic)
    for border, classes in leaving.items():
        yield Finding(
            "last-border",
            inventory.devices[border].where.at("status"),
            f"{border} is decommissioning, and no other border that is in service is an exit of "
            f"{', '.join(classes)}",
            "a wave in service, with a session, at another border for each class",
            "or take the class off its waves first, where nobody needs it",
        )
