"""What the intents imply of switches: neighbours, sessions, tunnels, route targets, routes. Pure.

Only hosts in use (`active`) are asked, and only for what both ends of a thing are in use for. A route is
expected over what is not drained, as long as something is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from igoudar.design import Plan
from igoudar.hostview import HostView, HostViews
from igoudar.intent import DeviceIntent, Family, Neighbor, Port, PortUse, VrfInstance
from igoudar.model import HOST_ROLES, SWITCH_ROLES, CableStatus, Inventory, Status
from igoudar.verify.checks import HEARD, FactCheck, Kind, Mode

UNICAST = {Family.IPV4: "ipv4Unicast", Family.IPV6: "ipv6Unicast"}
EVPN = "l2VpnEvpn"
ANYWHERE = {Family.IPV4: "0.0.0.0/0", Family.IPV6: "::/0"}


@dataclass(frozen=True, slots=True)
class Site:
    """The live part of a site. `carriers`: VRF name, or L2VNI owner -> switches that carry it."""

    plan: Plan
    switches: Mapping[str, DeviceIntent]
    hosts: frozenset[str]
    carriers: Mapping[str, tuple[str, ...]]
    views: HostViews

    @property
    def inventory(self) -> Inventory:
        return self.plan.design.inventory

    def up(self, port: Port | Neighbor) -> bool:
        """Whether the far end is in use; somebody else's router is taken to be."""
        device = self.inventory.devices[port.remote_device]
        return device.name in self.hosts or (
            device.role not in SWITCH_ROLES | HOST_ROLES and device.status is Status.ACTIVE
        )


def live(plan: Plan, intents: Mapping[str, DeviceIntent]) -> Site:
    devices = plan.design.inventory.devices.values()
    active = {d.name for d in devices if d.status is Status.ACTIVE}
    switches = {name: intent for name, intent in intents.items() if name in active and intent.fabric}
    carriers: dict[str, list[str]] = {}
    for name, intent in switches.items():
        for owner in (*(i.vrf.name for i in intent.vrfs), *(v.l2vni.owner for v in intent.l2vnis)):
            carriers.setdefault(owner, []).append(name)
    hosts = active & {d.name for d in devices if d.role in HOST_ROLES} | set(switches)
    told = {owner: tuple(names) for owner, names in carriers.items()}
    return Site(plan, switches, frozenset(hosts), told, HostViews(plan))


def checks(site: Site) -> Iterator[FactCheck]:
    """All that facts can prove, host by host."""
    yield from _cables(site)
    for name, intent in site.switches.items():
        yield FactCheck(
            Kind.INTERFACES, name, "as /etc/network/interfaces says", ("interfaces",), frozenset()
        )
        yield from _sessions(site, intent)
        yield from _evpn(site, intent)
        yield from _underlay(site, intent)
        for instance in intent.vrfs:
            yield from _tenant(site, intent, instance)
    running = {n.name: n.roles for n in site.views.everybody if n.name in site.hosts}
    for name in sorted(site.hosts):
        yield from _host(site.views.of(name), running)


def _cables(site: Site) -> Iterator[FactCheck]:
    """Both ends of every data cable in use between hosts of ours.

    A port that nothing is to use stays down and hears nobody; an unmanaged out-of-band switch says nothing.
    """
    used = {
        (name, port.name)
        for name, intent in site.switches.items()
        for port in intent.ports
        if port.use is not PortUse.IDLE
    }
    for cable in site.inventory.cables.values():
        if cable.status is not CableStatus.CONNECTED or not {cable.a.device, cable.b.device} <= site.hosts:
            continue
        ends = (cable.a, cable.b)
        if any(e.device in site.switches and (e.device, e.port) not in used for e in ends):
            continue
        for near, far in (ends, ends[::-1]):
            at = ("lldp", near.port)
            yield FactCheck(Kind.LLDP, near.device, f"{near.port} -- {far}", at, frozenset({str(far)}))


def _sessions(site: Site, intent: DeviceIntent) -> Iterator[FactCheck]:
    for _, told in sessions(site, intent):
        yield from told
    for instance in intent.vrfs:
        for neighbor in instance.neighbors:
            if site.up(neighbor) and not neighbor.unnumbered:
                yield _announced(intent.name, instance, neighbor)


def sessions(site: Site, intent: DeviceIntent) -> Iterator[tuple[Neighbor, tuple[FactCheck, ...]]]:
    """Each neighbour in use and what its session must be, what is soonest known of it first."""
    assert intent.fabric is not None
    for neighbor in intent.fabric.neighbors:
        if site.up(neighbor):
            families = (*(UNICAST[f.family] for f in neighbor.families), EVPN)
            told = _session(intent.name, "default", neighbor, families, bool(intent.fabric.bfd))
            yield neighbor, tuple(told)
    for instance in intent.vrfs:
        for neighbor in instance.neighbors:
            if site.up(neighbor):
                families = tuple(UNICAST[f.family] for f in neighbor.families)
                told = _session(intent.name, instance.vrf.name, neighbor, families, bool(neighbor.bfd))
                yield neighbor, tuple(told)


def port_of(intent: DeviceIntent, neighbor: Neighbor) -> str:
    """The port that leads to a neighbour: its name, or the one that its address is on."""
    if neighbor.unnumbered:
        return neighbor.key
    return next(p.name for p in intent.ports if neighbor.key in p.hosts)


def _session(
    host: str, vrf: str, neighbor: Neighbor, families: tuple[str, ...], bfd: bool
) -> Iterator[FactCheck]:
    told = f"{neighbor.remote_device} at {neighbor.key}, VRF {vrf}"
    if bfd:
        yield FactCheck(Kind.BFD, host, told, ("bfd", vrf, neighbor.key), frozenset({"up"}))
    for family in families:
        at = ("bgp", vrf, neighbor.key, family)
        yield FactCheck(Kind.BGP, host, f"{told}, {family}", at, frozenset({"Established"}))


def _announced(host: str, instance: VrfInstance, neighbor: Neighbor) -> FactCheck:
    """Our aggregates of the session's families, all of them and nothing else."""
    families = {policy.family for policy in neighbor.families}
    want = frozenset(a.prefix for a in instance.aggregates if a.family in families)
    at = ("announced", instance.vrf.name, neighbor.key)
    return FactCheck(Kind.ANNOUNCED, host, f"to {neighbor.remote_device} at {neighbor.key}", at, want)


def _evpn(site: Site, intent: DeviceIntent) -> Iterator[FactCheck]:
    """Tunnel ends of each L2VNI, and whose routes carry each route target."""
    named = [(i.vrf.name, i.vrf.route_target, f"VRF {i.vrf.name}") for i in intent.vrfs]
    named += [(v.l2vni.owner, v.l2vni.route_target, v.l2vni.owner) for v in intent.l2vnis]
    for owner, target, told in named:
        others = _loopbacks(site, owner, intent.name)
        if others:
            yield FactCheck(
                Kind.ROUTE_TARGET, intent.name, f"{target} ({told})", ("rt", target), others, Mode.ALL_OF
            )
    known = frozenset(target for i in site.switches.values() for target in _targets(i))
    told = "no route target but those of the model"
    yield FactCheck(Kind.ROUTE_TARGET, intent.name, told, ("rts",), known, Mode.AT_MOST)
    for local in intent.l2vnis:
        others = _loopbacks(site, local.l2vni.owner, intent.name)
        told = f"VNI {local.l2vni.vni} ({local.l2vni.owner})"
        yield FactCheck(Kind.VTEP, intent.name, told, ("vtep", str(local.l2vni.vni)), others)


def _targets(intent: DeviceIntent) -> Iterator[str]:
    yield from (i.vrf.route_target for i in intent.vrfs)
    yield from (v.l2vni.route_target for v in intent.l2vnis)


def _loopbacks(site: Site, owner: str, but: str) -> frozenset[str]:
    """IPv4 loopbacks of the other switches that carry a VRF or an L2VNI."""
    return frozenset(_loopback(site, name) for name in site.carriers[owner] if name != but)


def _loopback(site: Site, name: str) -> str:
    found = site.switches[name].loopback
    assert found is not None, name
    return found.ipv4


def _underlay(site: Site, intent: DeviceIntent) -> Iterator[FactCheck]:
    """Both loopbacks of every switch a spine away, over every port that leads there."""
    for name, other in site.switches.items():
        ports = _ways(site, intent, name)
        if not ports or other.loopback is None or name == intent.name:
            continue
        for prefix in (f"{other.loopback.ipv4}/32", f"{other.loopback.ipv6}/128"):
            at = ("route", "default", prefix)
            yield FactCheck(Kind.ROUTE, intent.name, f"{prefix} ({name})", at, ports)


def _ways(site: Site, intent: DeviceIntent, target: str) -> frozenset[str]:
    """Ports towards `target`: the cable itself, else by every switch in between that is cabled to both."""
    fabric = [p for p in intent.ports if p.use is PortUse.FABRIC and p.remote_device in site.switches]
    direct = [p for p in fabric if p.remote_device == target]
    if direct or intent.fabric is None or not intent.fabric.vtep:
        return frozenset(p.name for p in direct)
    far = site.switches[target]
    if far.fabric is None or not far.fabric.vtep:
        return frozenset()
    last = [p for p in far.ports if p.use is PortUse.FABRIC and p.remote_device in site.switches]
    ways = [p for p in fabric if p.remote_device in {p.remote_device for p in last}]
    good = {p.remote_device for p in last if not p.drained and not site.switches[p.remote_device].drained}
    kept = [p for p in ways if p.remote_device in good and not p.drained]
    return frozenset(p.name for p in kept or ways)


def _tenant(site: Site, intent: DeviceIntent, instance: VrfInstance) -> Iterator[FactCheck]:
    """Subnets, hosts and the way out of one VRF, as this switch must know them."""
    vrf = instance.vrf.name
    local = {v.l2vni.owner for v in intent.l2vnis if v.l2vni.vrf == vrf}
    for name in site.carriers[vrf]:
        other = site.switches[name]
        if other is intent:
            continue
        for port in other.ports:
            if port.use is PortUse.ACCESS and _vrf_of(other, port) == vrf and site.up(port):
                yield from _hosts(intent, vrf, port, frozenset({_loopback(site, name)}))
    yield from _subnets(site, intent, vrf, local)
    yield from _routed(site, intent, vrf)
    uplinks = [n for n in instance.neighbors if n.local_role == "customer" and site.up(n)]
    if not uplinks:
        yield from _way_out(site, intent, vrf)
    for neighbor in uplinks:
        yield from _offered(intent, vrf, neighbor)


def _offered(intent: DeviceIntent, vrf: str, neighbor: Neighbor) -> Iterator[FactCheck]:
    """The default route that a transit sends, among those in use."""
    port = port_of(intent, neighbor)
    for policy in neighbor.families if not neighbor.drained else ():
        prefix = ANYWHERE[policy.family]
        told, at = f"{prefix} in {vrf}, from {neighbor.remote_device}", ("route", vrf, prefix)
        yield FactCheck(Kind.ROUTE, intent.name, told, at, frozenset({port}), Mode.ONE_OF)


def _vrf_of(intent: DeviceIntent, port: Port) -> str:
    return next((v.l2vni.vrf for v in intent.l2vnis if v.l2vni.vlan == port.vlan), port.vrf)


def _hosts(intent: DeviceIntent, vrf: str, port: Port, via: frozenset[str]) -> Iterator[FactCheck]:
    for address in port.hosts:
        prefix = f"{address}/{128 if ':' in address else 32}"
        told = f"{prefix} in {vrf} ({port.remote_device})"
        yield FactCheck(Kind.ROUTE, intent.name, told, ("route", vrf, prefix), via)


def _subnets(site: Site, intent: DeviceIntent, vrf: str, local: set[str]) -> Iterator[FactCheck]:
    """Subnets with a gateway: connected here, else by every leaf that has it."""
    seen = {v.l2vni.owner: v.l2vni for s in site.switches.values() for v in s.l2vnis if v.l2vni.vrf == vrf}
    for owner, l2vni in seen.items():
        ends = _loopbacks(site, owner, intent.name)
        via = frozenset({f"vlan{l2vni.vlan}"}) if owner in local else ends
        for gateway in l2vni.gateways:
            prefix = _network(gateway)
            told = f"{prefix} in {vrf} ({owner})"
            yield FactCheck(Kind.ROUTE, intent.name, told, ("route", vrf, prefix), via)


def _network(address: str) -> str:
    from netaddr import IPNetwork  # noqa: PLC0415

    return str(IPNetwork(address).cidr)


def _routed(site: Site, intent: DeviceIntent, vrf: str) -> Iterator[FactCheck]:
    """Each routed server: by its own ports where it is attached, elsewhere by all leaves that it is on."""
    ends: dict[str, tuple[Port, dict[str, list[str]]]] = {}
    for name in site.carriers[vrf]:
        for port in site.switches[name].ports:
            if port.use is PortUse.ROUTED and port.vrf == vrf and site.up(port):
                ends.setdefault(port.remote_device, (port, {}))[1].setdefault(name, []).append(port.name)
    for port, leaves in ends.values():
        kept = [name for name in leaves if not site.switches[name].drained] or list(leaves)
        here = leaves.get(intent.name)
        via = frozenset(here) if here else frozenset(_loopback(site, name) for name in kept)
        yield from _hosts(intent, vrf, port, via)


def _way_out(site: Site, intent: DeviceIntent, vrf: str) -> Iterator[FactCheck]:
    """The default route of a VRF that has uplinks elsewhere: by every switch whose transit offers one."""
    for family, prefix in ANYWHERE.items():
        exits = {
            name: other
            for name in site.carriers[vrf]
            for other in (site.switches[name],)
            for instance in other.vrfs
            if instance.vrf.name == vrf and any(_offers(n, family) and site.up(n) for n in instance.neighbors)
        }
        kept = {n: o for n, o in exits.items() if not o.drained} or exits
        if kept:
            via = frozenset(_loopback(site, name) for name in kept)
            at = ("route", vrf, prefix)
            yield FactCheck(Kind.ROUTE, intent.name, f"{prefix} in {vrf}", at, via)


def _offers(neighbor: Neighbor, family: Family) -> bool:
    """A transit sends a default route (we are its customer); a drained one is not counted on."""
    right = neighbor.local_role == "customer" and any(f.family is family for f in neighbor.families)
    return right and not neighbor.drained


def _host(view: HostView, running: Mapping[str, Sequence[str]]) -> Iterator[FactCheck]:
    """Time and names everywhere; the way out and the interfaces of a server. `running`: host -> its roles."""
    if view.time_servers:
        yield FactCheck(
            Kind.NTP,
            view.name,
            "the clock is synchronised",
            ("time",),
            frozenset({"synchronised"}),
            Mode.ALL_OF,
        )
        sources = frozenset(t.address for t in view.time_servers)
        if not view.is_time_server:
            told = "follows a time server of the site"
            yield FactCheck(Kind.NTP, view.name, told, ("time",), sources, Mode.ONE_OF)
    yield from _metrics(view, running)
    yield from _logs(view, running)
    if named := asked_name(view):
        told = f"{named[0]} by the system's resolver"
        yield FactCheck(Kind.DNS, view.name, told, ("name", named[0]), frozenset({named[1]}))
    if view.access or view.routed:
        told = "as /etc/network/interfaces says"
        yield FactCheck(Kind.INTERFACES, view.name, told, ("interfaces",), frozenset())
    if view.routed:
        ports = frozenset(view.routed.ports)
        for address, prefix in ((view.routed.address4, "0.0.0.0/0"), (view.routed.address6, "::/0")):
            if address:
                at = ("route", "default", prefix)
                yield FactCheck(Kind.ROUTE, view.name, f"{prefix} by both leaves", at, ports)


def _metrics(view: HostView, running: Mapping[str, Sequence[str]]) -> Iterator[FactCheck]:
    """Each Prometheus finds every host in use up that is to tell of itself."""
    if "prometheus" in running.get(view.name, ()):
        hosts = frozenset(name for name, roles in running.items() if "node_exporter" in roles)
        told, at = "every host in use is up", ("metrics", view.oob_address)
        yield FactCheck(Kind.METRICS, view.name, told, at, hosts, Mode.ALL_OF)


def _logs(view: HostView, running: Mapping[str, Sequence[str]]) -> Iterator[FactCheck]:
    """Each log server has what every host in use that sends logs says while it is looked at."""
    if view.serves("logs") and view.name in running:
        for name in (name for name, roles in running.items() if "logs" in roles):
            told = f"what {name} says is in its file of the day"
            yield FactCheck(Kind.LOGS, view.name, told, ("logs", name), frozenset({HEARD}))


def asked_name(view: HostView) -> tuple[str, str] | None:
    """A name that only the resolvers know, and its address: the first other host that is not one of them."""
    if not view.resolvers:
        return None
    known = {r.name for r in view.resolvers} | {view.name}
    other = next((n for n in view.neighbours if n.name not in known), None)
    return (f"{other.name}.{view.domain}", other.address) if other else None
