"""Sites made in Python, of any size, for tests and measurements that need no files.

`site()` gives a small Clos with both attachments, a public subnet and two uplinks; `leaves`, `vpcs` and
`spread` scale it. Every server is its own tenant's; names and numbers follow from positions.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from netaddr import IPAddress, IPNetwork

from igoudar import vendors
from igoudar.allocate import allocate
from igoudar.design import Plan
from igoudar.errors import Where
from igoudar.hall.places import Hall, Rack, TypeFacts
from igoudar.hardware.parts import Components, DeviceType, InterfaceType, RackType
from igoudar.ledger import Ledger
from igoudar.model import (
    Attachment,
    Cable,
    CableSystem,
    Device,
    End,
    Inventory,
    LandingStation,
    Role,
    SecretName,
    Session,
    SessionRole,
    Subnet,
    Upstream,
    Vpc,
    Wave,
)
from igoudar.site import Pools, Service, Site

AT = Where("factory.py", 1)
TODAY = date(2026, 11, 25)
RULES = vendors.load(Path(__file__).parents[1] / "templates")["frr"].impact
PORTS = 256
LEAVES_A_HALL = 800  # the loopback scheme has room for 895


@dataclass(slots=True)
class Parts:
    """What a site is put together from."""

    devices: dict[str, Device] = field(default_factory=dict)
    cables: dict[str, Cable] = field(default_factory=dict)
    vpcs: dict[str, Vpc] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)
    servers: int = 0

    def add(self, name: str, role: Role, number: int, hall: str) -> None:
        switch = role in (Role.LEAF, Role.SPINE, Role.BORDER)
        self.devices[name] = Device(
            name=name,
            type="switch" if switch else "server",
            role=role,
            number=number,
            hall=hall,
            rack=f"{hall}-r1",
            u=1,
            where=AT,
            serial=name.upper(),
            oob=IPNetwork(f"10.{64 + len(self.devices) // 65536}.0.0/16"),
            nos="frr" if switch else "",
        )

    def cable(self, a: str, b: str) -> None:
        """On the next free port of each."""
        ends = []
        for name in (a, b):
            self.used[name] = port = self.used.get(name, 0) + 1
            ends.append(End(name, f"swp{port}" if self.devices[name].type == "switch" else f"eth{port}"))
        made = Cable(ends[0], ends[1], AT)
        self.cables[made.key] = made


def site(leaves: int = 4, vpcs: int = 2, spread: int = 2, spines: int = 2) -> Inventory:
    """`vpcs` private VPCs of one access and one routed subnet, a server on each of `spread` leaves.

    VPC k begins at leaf k * spread, so that VPCs lie evenly over the leaves.
    """
    parts = Parts()
    halls = {f"h{n}": Hall(f"h{n}", 1, n, AT) for n in range(1, (leaves - 1) // LEAVES_A_HALL + 2)}
    for hall in halls.values():
        _switches(parts, hall, min(leaves - LEAVES_A_HALL * (hall.number - 1), LEAVES_A_HALL), spines)
    names = [d.name for d in parts.devices.values() if d.role is Role.LEAF]
    for k in range(vpcs):
        _vpc(parts, f"t{k + 1}", [names[(k * spread + n) % leaves] for n in range(spread)])
    _public(parts, names[-1])
    return _inventory(parts, halls)


def _switches(parts: Parts, hall: Hall, leaves: int, spines: int) -> None:
    prefix = "" if hall.number == 1 else f"{hall.name}-"
    upper = [f"{prefix}spine-{n}" for n in range(1, spines + 1)]
    for number, name in enumerate(upper, 1):
        parts.add(name, Role.SPINE, number, hall.name)
    for number in range(1, leaves + 1):
        parts.add(f"{prefix}leaf-{number}", Role.LEAF, number, hall.name)
        for spine in upper:
            parts.cable(f"{prefix}leaf-{number}", spine)
    for number in (1, 2) if hall.number == 1 else ():
        parts.add(f"border-{number}", Role.BORDER, number, hall.name)
        parts.add(f"far-{number}", Role.UPSTREAM, number, hall.name)
        for spine in upper:
            parts.cable(f"border-{number}", spine)
        parts.cable(f"border-{number}", f"far-{number}")


def _server(parts: Parts, leaves: list[str]) -> str:
    parts.servers += 1
    name = f"srv-{parts.servers}"
    parts.add(name, Role.SERVER, parts.servers, parts.devices[leaves[0]].hall)
    for leaf in leaves:
        parts.cable(name, leaf)
    return name


def _vpc(parts: Parts, tenant: str, leaves: list[str]) -> None:
    web = tuple(_server(parts, [leaf]) for leaf in leaves)
    db = (_server(parts, leaves[:2]),) if len(leaves) > 1 else ()
    subnets = [
        Subnet(
            "web", IPNetwork("172.16.1.0/24"), IPNetwork("fd00:1::/64"), Attachment.ACCESS, False, web, AT
        ),
        Subnet("db", IPNetwork("172.16.2.0/24"), IPNetwork("fd00:2::/64"), Attachment.ROUTED, False, db, AT),
    ]
    parts.vpcs[f"{tenant}-prod"] = Vpc(tenant, "prod", tuple(subnets), AT)


def _public(parts: Parts, leaf: str) -> None:
    edge = (_server(parts, [leaf]),)
    ipv4, ipv6 = IPNetwork("198.51.100.64/26"), IPNetwork("2001:db8:100:1::/64")
    subnet = Subnet("edge", ipv4, ipv6, Attachment.ACCESS, True, edge, AT)
    parts.vpcs["open-pub"] = Vpc("open", "pub", (subnet,), AT)


def _wave(n: int, spines: int) -> Wave:
    border, far = End(f"border-{n}", f"swp{spines + 1}"), End(f"far-{n}", "eth1")
    return Wave(f"wave-{n}", f"sea-{n}", f"cls-{n}", f"duct-{n}", border, far, ("sovereign",), AT)


def _session(n: int) -> Session:
    return Session(
        name=f"up-{n}",
        wave=f"wave-{n}",
        upstream=f"net-{n}",
        ours4=IPNetwork(f"203.0.113.{2 * n}/31"),
        theirs4=IPAddress(f"203.0.113.{2 * n + 1}"),
        ours6=IPNetwork(f"2001:db8:113::{2 * n:x}/127"),
        theirs6=IPAddress(f"2001:db8:113::{2 * n + 1:x}"),
        max_prefixes4=1000,
        max_prefixes6=1000,
        password=f"bgp-{n}",
        where=AT,
    )


def _type(slug: str, *ports: InterfaceType) -> DeviceType:
    return DeviceType(slug, "generic", slug, 1, True, Components(interfaces=ports), where=AT)


FACTS = TypeFacts(AT, "made up", allocated_w=400, kg=10, airflow="front-to-rear")
RACK = RackType("rack", "generic", "rack", "2-post-frame", 19, 47, load_kg=1e6)


def _rack(hall: str) -> Rack:
    feeds, more = {"A": "a", "B": "b"}, {"load_kg": RACK.load_kg, "power_w": 1e9}
    return Rack(f"{hall}-r1", hall, "a", 1, RACK.units, AT, feeds, type=RACK.slug, **more)


def _inventory(parts: Parts, halls: dict[str, Hall]) -> Inventory:
    both, spines = (1, 2), sum(d.role is Role.SPINE and d.hall == "h1" for d in parts.devices.values())
    ports = tuple(InterfaceType(f"swp{n}", "100gbase-x-qsfp28") for n in range(1, PORTS + 1))
    oob = InterfaceType("eth0", "1000base-t", mgmt_only=True)
    data = tuple(InterfaceType(f"eth{n}", "25gbase-x-sfp28") for n in both)
    return Inventory(
        site=_site(),
        types={
            "switch": _type("switch", oob, *ports),
            "server": _type("server", oob, *data),
        },
        facts=dict.fromkeys(("switch", "server"), FACTS),
        halls=halls,
        racks={f"{hall}-r1": _rack(hall) for hall in halls},
        rack_types={RACK.slug: RACK},
        devices=parts.devices,
        cables=parts.cables,
        stations={f"cls-{n}": LandingStation(f"cls-{n}", "Port", AT) for n in both},
        systems={f"sea-{n}": CableSystem(f"sea-{n}", (f"cls-{n}",), 2000, True, AT) for n in both},
        waves={f"wave-{n}": _wave(n, spines) for n in both},
        upstreams={
            "net-1": Upstream("net-1", 64496, SessionRole.TRANSIT, (), AT),
            "net-2": Upstream("net-2", 64497, SessionRole.PEER, (), AT),
        },
        sessions={f"up-{n}": _session(n) for n in both},
        vpcs=parts.vpcs,
        secrets={f"bgp-{n}": SecretName(f"bgp-{n}", 1, AT) for n in both},
    )


def _site() -> Site:
    return Site(
        name="made",
        folder="made",
        domain="made.example",
        timezone="UTC",
        fabric_as=65000,
        public_as=64500,
        asn_base=4200000000,
        anycast_mac="02:00:5e:00:01:01",
        fabric_mtu=9216,
        host_mtu=9000,
        pools=Pools(
            loopback4=IPNetwork("10.255.0.0/16"),
            loopback6=IPNetwork("2001:db8:ff::/48"),
            oob=IPNetwork("10.64.0.0/10"),
            public4=(IPNetwork("198.51.100.0/24"),),
            public6=(IPNetwork("2001:db8:100::/48"),),
            l2vni=(10000, 49999),
            l3vni=(50000, 59999),
            vlan=(10, 3999),
            index=(1001, 65000),
        ),
        dns=(),
        ntp=(),
        bastion="",
        witnesses=("mgmt-1",),
        services={"dns": Service(("mgmt-1",), 0, AT)},
        bogon_exceptions=(IPNetwork("198.51.100.0/24"), IPNetwork("2001:db8::/32")),
        bfd_interval_ms=300,
        bfd_multiplier=3,
        login="igoudar",
        users=(),
        where=AT,
    )


def plan(inventory: Inventory, ledger: Ledger | None = None) -> Plan:
    """With all numbers, provisional where the ledger has none."""
    from stacks import describe  # noqa: PLC0415 - imports pulumi

    return allocate(describe(inventory), ledger or Ledger(), TODAY)


def with_device(inventory: Inventory, name: str, **changes: Any) -> Inventory:
    """The same site with one device changed."""
    return replace(
        inventory, devices={**inventory.devices, name: replace(inventory.devices[name], **changes)}
    )


def with_cable(inventory: Inventory, key: str, **changes: Any) -> Inventory:
    """The same site with one cable changed."""
    return replace(inventory, cables={**inventory.cables, key: replace(inventory.cables[key], **changes)})


def with_wave(inventory: Inventory, name: str, **changes: Any) -> Inventory:
    """The same site with one wave changed."""
    return replace(inventory, waves={**inventory.waves, name: replace(inventory.waves[name], **changes)})
