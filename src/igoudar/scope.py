"""`within`: the part of a compiled site that one stack registers. `compile_halls` has compiled no more."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from igoudar.compiler import Compiled
from igoudar.design import Design
from igoudar.model import Inventory, Vpc


def within(compiled: Compiled, halls: Collection[str]) -> Compiled:
    """Devices stand in a hall; circuits and sessions belong to that of their border, a VPC to one of its own.

    So every resource of a site belongs to one hall.
    """
    inventory = compiled.design.inventory
    if set(inventory.halls) <= set(halls):
        return compiled
    inside = {name for name, device in inventory.devices.items() if device.hall in halls}
    return replace(
        compiled,
        design=_narrowed(compiled.design, inside, halls),
        switches={name: texts for name, texts in compiled.switches.items() if name in inside},
        base={name: texts for name, texts in compiled.base.items() if name in inside},
        hosts={name: roles for name, roles in compiled.hosts.items() if name in inside},
    )


def _narrowed(design: Design, inside: Collection[str], halls: Collection[str]) -> Design:
    inventory, uplinks = design.inventory, design.uplinks
    groups = [
        replace(group, hosts=hosts)
        for group in design.servers.groups
        if (hosts := tuple(host for host in group.hosts if host in inside))
    ]
    return replace(
        design,
        inventory=replace(
            inventory, vpcs={n: v for n, v in inventory.vpcs.items() if _home(v, inventory) in halls}
        ),
        hall=replace(design.hall, rows=tuple(row for row in design.hall.rows if row.hall in halls)),
        uplinks=replace(
            uplinks,
            circuits=tuple(c for c in uplinks.circuits if c.wave.border.device in inside),
            sessions=tuple(s for s in uplinks.sessions if s.border in inside),
        ),
        servers=replace(design.servers, groups=tuple(groups)),
    )


def _home(vpc: Vpc, inventory: Inventory) -> str:
    """The first hall where it has a server; that of the site where it has none."""
    used = {inventory.devices[server].hall for subnet in vpc.subnets for server in subnet.servers}
    return next((hall for hall in inventory.halls if hall in used), next(iter(inventory.halls), ""))
