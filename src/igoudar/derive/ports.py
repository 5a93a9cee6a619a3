"""What each port of a switch is for, from the cables and what stands at their other ends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from netaddr import IPNetwork

from igoudar.design import PlacedSubnet, Plan
from igoudar.intent import OobPort, Port, PortUse
from igoudar.model import SWITCH_ROLES, Attachment, CableStatus, Device, End, Status

_PART = re.compile(r"\d+|\D+")


@lru_cache(maxsize=4096)
def natural(name: str) -> tuple[tuple[int, str], ...]:
    """A key that puts swp2 before swp10."""
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in _PART.findall(name))


def oob_port(plan: Plan, device: Device) -> OobPort:
    """The first management port of the hardware type, with the device's out-of-band address."""
    hardware = plan.design.inventory.types[device.type]
    name = next((i.name for i in hardware.interfaces if i.mgmt_only), "")
    return OobPort(name, str(device.oob) if device.oob else "")


def device_ports(plan: Plan) -> dict[str, tuple[Port, ...]]:
    """Every port with a connected cable of every switch, in natural order of their names."""
    found = idle_ports(plan)
    for device, port in (*_fabric(plan), *_servers(plan), *_uplinks(plan)):
        found.setdefault(device, {})[port.name] = port
    return {device: in_order(ports) for device, ports in found.items()}


def in_order(ports: Mapping[str, Port]) -> tuple[Port, ...]:
    return tuple(ports[name] for name in sorted(ports, key=natural))


def idle_ports(plan: Plan) -> dict[str, dict[str, Port]]:
    """The same ports, before anything is decided on them: device -> name -> port.

    A port that is held down keeps its MTU; one that is not in the text at all falls back to 1500 bytes.
    """
    inventory = plan.design.inventory
    found: dict[str, dict[str, Port]] = {}
    connected = [c for c in inventory.cables.values() if c.status is CableStatus.CONNECTED]
    for near, far in (pair for c in connected for pair in ((c.a, c.b), (c.b, c.a))):
        stands = inventory.devices[far.device].status is not Status.PLANNED
        if stands and inventory.devices[near.device].role in SWITCH_ROLES:
            port = Port(near.port, PortUse.IDLE, far.device, far.port, inventory.site.fabric_mtu)
            found.setdefault(near.device, {})[near.port] = port
    for name, ports in found.items():
        ports.pop(oob_port(plan, inventory.devices[name]).name, None)
    return found


def _fabric(plan: Plan) -> Iterator[tuple[str, Port]]:
    inventory = plan.design.inventory
    drained = {end for cable in inventory.cables.values() if cable.drained for end in (cable.a, cable.b)}
    for fabric in plan.design.networks.fabrics:
        for low, high in fabric.links:
            for near, far in ((low, high), (high, low)):
                yield (
                    near.device,
                    Port(
                        name=near.port,
                        use=PortUse.FABRIC,
                        remote_device=far.device,
                        remote_port=far.port,
                        mtu=inventory.site.fabric_mtu,
                        drained=near in drained,
                    ),
                )


def _servers(plan: Plan) -> Iterator[tuple[str, Port]]:
    """Ports to servers that are in a subnet; the ports of others stay idle."""
    for placed in plan.design.tenants.subnets:
        for server in placed.subnet.servers:
            for near, leaf in plan.design.networks.attachments.get(server, ()):
                yield leaf.device, _server_port(plan, placed, near, leaf)


def _server_port(plan: Plan, placed: PlacedSubnet, near: End, leaf: End) -> Port:
    routed = placed.subnet.attachment is Attachment.ROUTED
    return Port(
        name=leaf.port,
        use=PortUse.ROUTED if routed else PortUse.ACCESS,
        remote_device=near.device,
        remote_port=near.port,
        mtu=plan.design.inventory.site.fabric_mtu,
        vlan=0 if routed else plan.number("vlan", placed.owner),
        vrf=placed.vrf if routed else "",
        hosts=host_addresses(plan, placed, near.device),
    )


def host_addresses(plan: Plan, placed: PlacedSubnet, server: str) -> tuple[str, ...]:
    """A server's addresses in a subnet, IPv4 first, without prefix length."""
    position = plan.number("host", f"{placed.owner}/{server}")
    return tuple(str(network[position]) for network in networks(placed))


def networks(placed: PlacedSubnet) -> tuple[IPNetwork, ...]:
    """The address space of a subnet, IPv4 first."""
    return tuple(n for n in (placed.subnet.ipv4, placed.subnet.ipv6) if n is not None)


def _uplinks(plan: Plan) -> Iterator[tuple[str, Port]]:
    world = plan.design.tenants.vrfs["world"]
    for edge in plan.design.uplinks.sessions:
        far = edge.wave.far
        yield (
            edge.border,
            Port(
                name=edge.port,
                use=PortUse.UPSTREAM,
                remote_device=far.device,
                remote_port=far.port,
                mtu=plan.design.inventory.site.fabric_mtu,
                vrf=world,
                addresses=(str(edge.session.ours4), str(edge.session.ours6)),
                hosts=(str(edge.session.theirs4), str(edge.session.theirs6)),
            ),
        )
