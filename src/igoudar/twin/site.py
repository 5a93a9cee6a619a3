"""The twin of a site: which kernels, wires and addresses stand for its devices and cables. Pure but for text.

Hosts are devices that stand (not `planned`) and have a system of their own; the bridge of the twin stands
for the out-of-band switches. Wires are cables in use between data ports. What the far ends of submarine
cables run is written here (`igoudar.twin.far`), because nobody else will.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from itertools import pairwise

from igoudar.derive.ports import natural
from igoudar.errors import BadInput, Finding
from igoudar.model import SWITCH_ROLES, CableStatus, Device, End, Inventory, Role, Status
from igoudar.twin.far import ENABLE, far_router, files, host_in
from igoudar.twin.network import OOB_MTU
from igoudar.twin.seed import INSTALLED
from igoudar.twin.spec import OOB_PORT, TwinHost, TwinPort, TwinSpec, TwinWire

NO_HOSTS = frozenset({Role.OOB, Role.EQUIPMENT, Role.SUPER_SPINE})
# Kernel memory in MB: what FRR, systemd and Python need with room to spare (measured: some 80 used).
MEMORY_MB = {Role.LEAF: 192, Role.SPINE: 192, Role.BORDER: 192, Role.UPSTREAM: 160}
OTHER_MEMORY_MB = 144
METRICS_MEMORY_MB = 112  # more, for Prometheus: measured with 20 hosts 28, and 52 of files


def twin_spec(inventory: Inventory, passwords: Mapping[str, str]) -> TwinSpec:
    """`passwords`: name in secrets.yaml -> value, for the far ends of sessions. Raises BadInput."""
    standing = [
        d for d in inventory.devices.values() if d.role not in NO_HOSTS and d.status is not Status.PLANNED
    ]
    if findings := list(_unreachable(standing)):
        raise BadInput(findings)
    joined = exchange(inventory, standing)
    wires = (*_cables(inventory, standing), *joined)
    return TwinSpec(
        name=inventory.site.name,
        login=inventory.site.login,
        gateway=_gateway(inventory, standing),
        hosts=tuple(_host(inventory, d, wires, passwords) for d in standing),
        wires=wires,
    )


def _unreachable(standing: list[Device]) -> Iterator[Finding]:
    for device in standing:
        if device.oob is None:
            said = f"{device.name} has no out-of-band address, so a twin has no way in"
            yield Finding("no-oob", device.where, said, "oob: <address/length>")


def _gateway(inventory: Inventory, standing: list[Device]) -> str:
    """The twin's own end: the first free address of the out-of-band network."""
    network = inventory.site.pools.oob
    used = {d.oob.ip for d in standing if d.oob is not None}
    free = next((a for a in network.iter_hosts() if a not in used), None)
    if free is None:
        said = f"the out-of-band network {network} is full; a twin needs one more address in it"
        raise BadInput([Finding("oob-full", inventory.site.where.at("pools").at("oob"), said)])
    return f"{free}/{network.prefixlen}"


def _cables(inventory: Inventory, standing: list[Device]) -> Iterator[TwinWire]:
    names = {d.name for d in standing}
    for cable in inventory.cables.values():
        ends = (cable.a, cable.b)
        if cable.status is not CableStatus.CONNECTED or not {e.device for e in ends} <= names:
            continue
        if not any(is_management(inventory, e) for e in ends):
            yield TwinWire(cable.key, (cable.a.device, cable.a.port), (cable.b.device, cable.b.port))


def is_management(inventory: Inventory, end: End) -> bool:
    interfaces = inventory.types[inventory.devices[end.device].type].interfaces
    return any(i.name == end.port and i.mgmt_only for i in interfaces)


def exchange(inventory: Inventory, standing: list[Device]) -> tuple[TwinWire, ...]:
    """What joins far routers that have sessions to each other: a chain, which two or more make a world."""
    used = {inventory.waves[s.wave].far.device for s in inventory.sessions.values()}
    far = [d.name for d in standing if d.role is Role.UPSTREAM and d.name in used]
    return tuple(TwinWire(f"world {a} -- {b}", (a, "world1"), (b, "world0")) for a, b in pairwise(far))


def _host(
    inventory: Inventory, device: Device, wires: tuple[TwinWire, ...], passwords: Mapping[str, str]
) -> TwinHost:
    is_far = device.role is Role.UPSTREAM
    names = sorted((end[1] for w in wires for end in (w.a, w.b) if end[0] == device.name), key=natural)
    return TwinHost(
        name=device.name,
        memory_mb=_memory_mb(inventory, device),
        oob=str(device.oob),
        oob_mac=device.oob_mac or mac(device.name, "eth0"),
        serial=device.serial,
        ports=tuple(TwinPort(n, mac(device.name, n), _mtu(inventory, device)) for n in names),
        files=(
            _far_files(inventory, device.name, names, passwords) if is_far else _installed(inventory, device)
        ),
        enable=ENABLE if is_far else (),
        management=device.role is Role.MANAGEMENT,
    )


def _memory_mb(inventory: Inventory, device: Device) -> int:
    metrics = inventory.site.served("metrics")
    more = METRICS_MEMORY_MB if metrics and device.name in metrics.members else 0
    return MEMORY_MB.get(device.role, OTHER_MEMORY_MB) + more


def _installed(inventory: Inventory, device: Device) -> tuple[tuple[str, str], ...]:
    """What the installer of a switch leaves: its way in, which a change that is put back must not lose.

    And what a twin needs: a port of user-mode Linux takes a lower MTU than the one it came with and never
    the higher one again, so one that falls out of the text is not set to 1500, as ifupdown2 would.
    """
    if device.role not in SWITCH_ROLES:
        return ()
    way_in = f"auto {OOB_PORT}\niface {OOB_PORT}\n    address {device.oob}\n"
    mtu, own = {"mtu": str(_mtu(inventory, device))}, {OOB_PORT: {"mtu": str(OOB_MTU)}}
    policy = json.dumps({"address": {"defaults": mtu, "iface_defaults": own}})
    return (
        (INSTALLED, f"auto lo\niface lo inet loopback\n\n{way_in}"),
        ("/etc/network/ifupdown2/policy.d/mtu.json", f"{policy}\n"),
    )


def _far_files(
    inventory: Inventory, name: str, ports: list[str], passwords: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    joined = [port for port in ports if port.startswith("world")]
    return files(far_router(inventory, name, joined, passwords))


def _mtu(inventory: Inventory, device: Device) -> int:
    router = device.role in SWITCH_ROLES or device.role is Role.UPSTREAM
    return inventory.site.fabric_mtu if router else inventory.site.host_mtu


def mac(device: str, port: str) -> str:
    """A locally administered address that is the same at every start.

    Of the place, not of the box: a wire of a twin has no carrier, so a neighbour would not notice that the
    box at the other end went, and would go on asking for the address of the old one.
    """
    digest = hashlib.sha256(f"{device}/{port}".encode()).digest()
    return ":".join(["02", *(f"{byte:02x}" for byte in digest[:5])])


def world_addresses(inventory: Inventory) -> dict[str, list[str]]:
    """Upstream -> addresses behind its far routers that answer pings."""
    used = {s.upstream for s in inventory.sessions.values()}
    return {
        name: [host_in(p.cidr) for p in u.announces]
        for name, u in inventory.upstreams.items()
        if name in used
    }


def far_routers(inventory: Inventory) -> dict[str, list[str]]:
    """Devices at the far ends of waves -> their addresses that the world knows."""
    found: dict[str, list[str]] = {}
    for session in inventory.sessions.values():
        device = inventory.devices[inventory.waves[session.wave].far.device]
        if device.status is not Status.PLANNED:
            announced = inventory.upstreams[session.upstream].announces
            found.setdefault(device.name, []).extend(host_in(p.cidr) for p in announced)
    return found
