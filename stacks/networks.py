"""The networks of a hall: a 3-stage Clos with eBGP unnumbered underneath and EVPN over it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pulumi

from igoudar import resources
from igoudar.compiler import Compiled
from igoudar.design import Bfd, BgpTimers, FabricDesign, NetworkDesign
from igoudar.model import CableStatus, Device, End, Inventory, Role, Status

# Keepalive and hold as in FRR's datacenter profile, written out; BFD finds a dead link long before them.
UNDERLAY = BgpTimers(keepalive=3, hold=9, connect_retry=10)
# More than any leaf has spines; ECMP uses what is there.
MAX_PATHS = 64
Link = tuple[End, End]


def describe(inventory: Inventory) -> NetworkDesign:
    """One fabric a hall, of the switches that stand in it; links and attachments from the cables."""
    standing: dict[str, list[Device]] = {}
    for device in inventory.switches():
        if _stands(device):
            standing.setdefault(device.hall, []).append(device)
    ends = _ends(inventory)
    links = _links(inventory, ends)
    fabrics = tuple(
        _fabric(inventory, hall, standing[hall], links.get(hall, ()))
        for hall in inventory.halls
        if hall in standing
    )
    return NetworkDesign(fabrics, _attachments(inventory, ends))


def _fabric(
    inventory: Inventory, hall: str, switches: Sequence[Device], links: tuple[Link, ...]
) -> FabricDesign:
    def of(role: Role) -> tuple[str, ...]:
        found = [d for d in switches if d.role is role]
        return tuple(d.name for d in sorted(found, key=lambda d: d.number))

    site = inventory.site
    return FabricDesign(
        name=hall,
        spines=of(Role.SPINE),
        leaves=of(Role.LEAF),
        borders=of(Role.BORDER),
        links=links,
        underlay=UNDERLAY,
        bfd=Bfd(site.bfd_interval_ms, site.bfd_multiplier),
        max_paths=MAX_PATHS,
    )


def _stands(device: Device) -> bool:
    return device.status is not Status.PLANNED


def _links(inventory: Inventory, ends: Iterable[Link]) -> dict[str, tuple[Link, ...]]:
    """By the hall that both ends stand in."""
    links: dict[str, list[Link]] = {}
    for low, high in ends:
        a, b = inventory.devices[low.device], inventory.devices[high.device]
        if a.role in (Role.LEAF, Role.BORDER) and b.role is Role.SPINE and a.hall == b.hall:
            links.setdefault(a.hall, []).append((low, high))
    return {
        hall: tuple(sorted(own, key=lambda link: [_natural(end) for end in link]))
        for hall, own in links.items()
    }


def _attachments(inventory: Inventory, ends: Iterable[Link]) -> dict[str, tuple[Link, ...]]:
    found: dict[str, list[Link]] = {}
    for server, leaf in ends:
        pair = (inventory.devices[server.device].role, inventory.devices[leaf.device].role)
        if pair == (Role.SERVER, Role.LEAF):
            found.setdefault(server.device, []).append((server, leaf))
    return {name: tuple(sorted(pairs, key=lambda p: _natural(p[0]))) for name, pairs in found.items()}


def _ends(inventory: Inventory) -> list[Link]:
    """Both directions of every cable in use between devices that stand."""
    used = [
        c
        for c in inventory.cables.values()
        if c.status is CableStatus.CONNECTED
        and _stands(inventory.devices[c.a.device])
        and _stands(inventory.devices[c.b.device])
    ]
    return [pair for c in used for pair in ((c.a, c.b), (c.b, c.a))]


def _natural(end: End) -> tuple[str, int, str]:
    digits = "".join(ch for ch in end.port if ch.isdigit())
    return end.device, int(digits or 0), end.port


class Networks(pulumi.ComponentResource):
    """All switches of the stack as one resource: one record and one transaction can only be true together."""

    def __init__(self, compiled: Compiled, after: Sequence[pulumi.Resource]) -> None:
        super().__init__(
            "igoudar:stacks:Networks", compiled.site, None, pulumi.ResourceOptions(depends_on=list(after))
        )
        resources.Record(
            "igoudar:network:Switches",
            compiled.site,
            resources.switches_inputs(compiled, pulumi.get_stack(), resources.store()),
            pulumi.ResourceOptions(parent=self, depends_on=list(after)),
        )
        self.register_outputs({})
