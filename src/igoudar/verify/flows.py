"""Who must reach whom, and who must not, as probes. Pure.

Two VPCs may hold the same addresses, so a server is asked for its name over UDP: the right answer to an
address is the name of its holder inside the asker's own VRF, and silence where there is none.
On a large site each host asks a few others, spread evenly, not everybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from igoudar.derive.ports import host_addresses
from igoudar.dns_zones import reverse_name
from igoudar.hostview import HostView
from igoudar.intent import Family
from igoudar.verify.checks import Kind, ProbeCheck
from igoudar.verify.fabric import Site

ANSWER_PORT = 7007  # of the answerer that verify starts and ends; nothing of a site listens there
STRANGER = "02:73:74:72:61:6e"  # locally administered; no box has it
FANOUT = 8  # how many others a host asks of each sort
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server's place in a VRF. Addresses without prefix length; no gateways where it is routed."""

    server: str
    vrf: str
    public: bool
    leaves: tuple[str, ...]
    ports: tuple[str, ...]
    addresses: tuple[str, ...]
    gateways: tuple[str, ...]


@dataclass(slots=True)
class Probes:
    """`before` must pass before `after`, what must stay silent, means anything."""

    before: list[ProbeCheck] = field(default_factory=list)
    after: list[ProbeCheck] = field(default_factory=list)


def endpoints(site: Site) -> tuple[Endpoint, ...]:
    """Every server in use that is in a subnet, in the order of tenants."""
    found = []
    attachments = site.plan.design.networks.attachments
    for placed in site.plan.design.tenants.subnets:
        for server in placed.subnet.servers:
            pairs = attachments.get(server, ())
            if server not in site.hosts or not any(leaf.device in site.switches for _, leaf in pairs):
                continue
            view = site.views.of(server)
            links = [link for link in view.access if link.subnet == placed.owner]
            found.append(
                Endpoint(
                    server=server,
                    vrf=placed.vrf,
                    public=placed.subnet.public,
                    leaves=tuple(leaf.device for _, leaf in pairs),
                    ports=tuple(link.port for link in links) or tuple(near.port for near, _ in pairs),
                    addresses=host_addresses(site.plan, placed, server),
                    gateways=tuple(g for link in links for g in (link.gateway4, link.gateway6) if g),
                )
            )
    return tuple(found)


def answer_spec(mine: Sequence[Endpoint], name: str, seconds: int) -> dict[str, object]:
    """What `on_host.answer` is told on one server."""
    at = [[address, ANSWER_PORT] for end in mine for address in end.addresses]
    return {"do": "answer", "at": at, "name": name, "seconds": seconds}


def probes(site: Site, world: Mapping[str, Sequence[str]]) -> Probes:
    """`world`: name -> addresses outside that answer pings (a twin's far routers; on hardware none)."""
    ends = endpoints(site)
    told = Probes()
    for number, end in enumerate(ends):
        inside = [e for e in ends if e.vrf == end.vrf and e is not end]
        told.before += _gateways(end)
        told.before += _reach(end, spread(inside, number))
        told.before += _mtu(site, end, inside)
        outward = told.before if end.public else told.after
        outward += _world(end, world)
        told.after += _apart(end, [e for e in ends if e.vrf != end.vrf], inside, number)
        told.after += _not_the_fabric(site, end)
    for number, name in enumerate(sorted(site.hosts)):
        view = site.views.of(name)
        told.before += (*_names(view), *_leases(view))
        told.after += _out_of_band(site, view, number)
        told.after += _strangers(view) if number == 0 else ()
        told.after += _closed(site, view, number)
    return told


def outside_in(site: Site, far: Mapping[str, Sequence[str]]) -> Probes:
    """From the far end of each cable: public servers answer, nothing else does, even if sent our way.

    `far`: router -> its addresses that the world knows; that of the cable itself is known to nobody else.
    """
    ends, told = endpoints(site), Probes()
    switches = [i for i in site.switches.values() if i.loopback]
    hidden = [(f"{e.server} ({e.vrf})", a) for e in ends if not e.public for a in e.addresses]
    hidden += [(f"underlay of {i.name}", a) for i in switches for a in (i.loopback.ipv4, i.loopback.ipv6)]  # type: ignore[union-attr]
    hidden += [(f"out-of-band of {d.name}", str(d.oob.ip)) for d in site.inventory.switches() if d.oob]
    for number, (name, own) in enumerate(far.items()):
        for end in ends:
            for address in end.addresses if end.public else ():
                source = next((a for a in own if _family(a) is _family(address)), "")
                subject = f"{end.server} ({end.vrf}) at {address}"
                told.before.append(_icmp(Kind.WORLD, name, subject, address, source=source))
        port = _far_port(site, name)
        for subject, address in spread(hidden, number, 4 * FANOUT):
            through = f"{subject} at {address} through {port}"
            told.after.append(_icmp(Kind.ISOLATION, name, through, address, port=port, silent=True))
    return told


def _far_port(site: Site, name: str) -> str:
    waves = site.inventory.waves.values()
    return next((w.far.port for w in waves if w.far.device == name), "")


def spread(items: Sequence[_T], number: int, limit: int = FANOUT) -> list[_T]:
    """At most `limit` of them, evenly spaced, beginning elsewhere for each asker."""
    if len(items) <= limit:
        return list(items)
    step = len(items) / limit
    return [items[(int(k * step) + number) % len(items)] for k in range(limit)]


def _family(address: str) -> Family:
    return Family.IPV6 if ":" in address else Family.IPV4


def _icmp(
    kind: Kind,
    host: str,
    subject: str,
    to: str,
    *,
    port: str = "",
    silent: bool = False,
    size: int = 0,
    source: str = "",
) -> ProbeCheck:
    probe = {"id": f"{kind} {subject} {size}", "kind": "icmp", "to": to}
    if port:
        probe["device"] = port
    if source:
        probe["from"] = source
    wanted = frozenset[str]() if silent else frozenset({to})
    if size:
        return ProbeCheck(kind, host, subject, {**probe, "size": size, "df": True}, wanted)
    return ProbeCheck(kind, host, subject, probe, wanted)


def _who(kind: Kind, end: Endpoint, target: Endpoint, address: str, holder: str) -> ProbeCheck:
    subject = f"{target.server} ({target.vrf}) at {address}"
    probe = {"id": f"{kind} {subject}", "kind": "udp", "to": address, "port": ANSWER_PORT}
    return ProbeCheck(kind, end.server, subject, probe, frozenset({holder} if holder else ()))


def _gateways(end: Endpoint) -> Iterator[ProbeCheck]:
    for gateway in end.gateways:
        yield _icmp(Kind.GATEWAY, end.server, f"{gateway} in {end.vrf}", gateway)


def _reach(end: Endpoint, others: Sequence[Endpoint]) -> Iterator[ProbeCheck]:
    for other in others:
        for address in other.addresses:
            if _source(end, address):  # a server without IPv6 is not asked to reach one by it
                yield _who(Kind.REACH, end, other, address, other.server)


def _mtu(site: Site, end: Endpoint, inside: Sequence[Endpoint]) -> Iterator[ProbeCheck]:
    """Whole packets of the host MTU to a server behind another leaf (else to any, else to the gateway)."""
    far = [e for e in inside if not set(e.leaves) & set(end.leaves)] or list(inside)
    targets = (
        [(far[0].server, a) for a in far[0].addresses] if far else [("gateway", g) for g in end.gateways]
    )
    mtu = site.inventory.site.host_mtu
    for name, address in targets:
        if not _source(end, address):
            continue
        yield _icmp(Kind.MTU, end.server, f"{mtu} bytes to {name} at {address}", address, size=mtu)
        told = f"{mtu + 1} bytes to {name} at {address}"
        yield _icmp(Kind.MTU, end.server, told, address, size=mtu + 1, silent=True)


def _world(end: Endpoint, world: Mapping[str, Sequence[str]]) -> Iterator[ProbeCheck]:
    for name, addresses in world.items():
        for address in addresses:
            if not any(_family(a) is _family(address) for a in end.addresses):
                continue
            kind = Kind.WORLD if end.public else Kind.ISOLATION
            told = f"{name} at {address} from {end.vrf}"
            port, source = end.ports[0], _source(end, address)
            yield _icmp(kind, end.server, told, address, port=port, silent=not end.public, source=source)


def _source(end: Endpoint, to: str) -> str:
    return next((a for a in end.addresses if _family(a) is _family(to)), "")


def _apart(
    end: Endpoint, others: Sequence[Endpoint], inside: Sequence[Endpoint], number: int
) -> Iterator[ProbeCheck]:
    """Addresses of other VRFs: nobody answers, or the holder of the same address in the own VRF."""
    own = {a: e.server for e in (*inside, end) for a in e.addresses}
    for other in spread(others, number):
        for address in other.addresses:
            if _source(end, address):  # without an address of the family nothing could be sent
                yield _who(Kind.ISOLATION, end, other, address, own.get(address, ""))


def _not_the_fabric(site: Site, end: Endpoint) -> Iterator[ProbeCheck]:
    """Neither out-of-band addresses nor the underlay are reached through a data port."""
    devices = site.inventory.devices
    bastion = site.inventory.site.bastion
    named = dict.fromkeys(n for n in (bastion, *end.leaves) if n and n != end.server)
    outside = [(f"out-of-band of {n}", str(devices[n].oob.ip)) for n in named if devices[n].oob]  # type: ignore[union-attr]
    spines = [i for i in site.switches.values() if i.fabric and not i.fabric.vtep][:1]
    for intent in (*(site.switches[n] for n in end.leaves if n in site.switches), *spines):
        if intent.loopback:
            outside += [
                (f"underlay of {intent.name}", a) for a in (intent.loopback.ipv4, intent.loopback.ipv6)
            ]
    for told, address in outside:
        if source := _source(end, address):
            subject = f"{told} at {address} through {end.ports[0]}"
            port = end.ports[0]
            yield _icmp(Kind.ISOLATION, end.server, subject, address, port=port, silent=True, source=source)


def _names(view: HostView) -> Iterator[ProbeCheck]:
    """Every resolver of a host answers it, for its own name and for its own address."""
    asked = (("A", view.fqdn, view.oob_address), ("PTR", reverse_name(view.oob_address), view.fqdn))
    for resolver in view.resolvers:
        for kind, name, right in asked:
            told = f"{name} by {resolver.name}"
            probe = {"id": f"dns {told}", "kind": "dns", "to": resolver.address, "type": kind, "name": name}
            yield ProbeCheck(Kind.DNS, view.name, told, probe, frozenset({right}))


def _leases(view: HostView) -> Iterator[ProbeCheck]:
    """Every server offers a port whose MAC is known the address that it has in the model."""
    for server, probe in _asked(view) if view.oob_mac else ():
        told = f"{view.oob_port} by {server}"
        yield ProbeCheck(Kind.LEASE, view.name, told, probe, frozenset({view.oob_address}))


def _strangers(view: HostView) -> Iterator[ProbeCheck]:
    """Whom the model does not know gets no address."""
    for server, probe in _asked(view):
        told = f"a stranger ({STRANGER}) on {view.oob_port} by {server}"
        yield ProbeCheck(Kind.LEASE, view.name, told, {**probe, "mac": STRANGER})


def _asked(view: HostView) -> Iterator[tuple[str, dict[str, str]]]:
    """Every server that is another host: what a host sends to everybody it does not hear itself."""
    for server in view.service("dhcp"):
        if server.name != view.name:
            told = {"id": f"dhcp {server.name}", "kind": "dhcp", "to": server.address}
            yield server.name, {**told, "device": view.oob_port}


def _closed(site: Site, view: HostView, number: int) -> Iterator[ProbeCheck]:
    """A port that no role declares: a host with a packet filter does not even say that nobody listens."""
    if view.role != "management":
        return
    others = [
        n for n in view.neighbours if n.name != view.name and n.name in site.hosts and "nftables" in n.roles
    ]
    for other in spread(others, number):
        told = f"a port that {other.name} at {other.address} did not declare"
        probe = {"id": f"closed {other.name}", "kind": "udp", "to": other.address, "port": ANSWER_PORT}
        yield ProbeCheck(Kind.ISOLATION, view.name, told, probe)


def _out_of_band(site: Site, view: HostView, number: int) -> Iterator[ProbeCheck]:
    """Ports of the out-of-band network are isolated; only management hosts reach them."""
    devices = site.inventory.devices
    if view.role == "management":
        return
    others = [n for n in view.neighbours if n.name != view.name and devices[n.name].role != "management"]
    for other in spread(others, number, 2):
        told = f"out-of-band of {other.name} at {other.address}"
        yield _icmp(Kind.ISOLATION, view.name, told, other.address, port=view.oob_port, silent=True)
