"""The third phase of loading: every name leads somewhere, every number is given once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from netaddr import IPNetwork

from igoudar.cable_key import cable_key
from igoudar.cabling.panels import all_ports
from igoudar.cabling.power import power_kinds
from igoudar.cabling.pulls import port_kinds, whole_port
from igoudar.errors import Finding, Where, in_runs, unknown
from igoudar.facility.references import broken_plant
from igoudar.hall.bays import misplaced_children
from igoudar.hall.places import Hall, Rack
from igoudar.model import Attachment, Cable, Device, End, Inventory, Role, Status
from igoudar.site_schema import GIVEN


def broken_references(inventory: Inventory) -> list[Finding]:
    """Findings about names that do not exist and about identities given twice."""
    rules: tuple[Callable[[Inventory], Iterator[Finding]], ...] = (
        _places,
        _devices,
        misplaced_children,
        _identities,
        _cables,
        _uplinks,
        _tenants,
        _renames,
        _services,
        broken_plant,
    )
    return [finding for rule in rules for finding in rule(inventory)]


def broken_power(inventory: Inventory) -> list[Finding]:
    """The same of what draws power, alone."""
    return [finding for rule in (_places, _devices, broken_plant) for finding in rule(inventory)]


def _places(inventory: Inventory) -> Iterator[Finding]:
    for rack in inventory.racks.values():
        if rack.hall not in inventory.halls:
            yield unknown("hall", rack.hall, rack.where.at("hall"), inventory.halls)
        if rack.type and rack.type not in inventory.rack_types:
            yield unknown("rack type", rack.type, rack.where.at("type"), inventory.rack_types)
    yield from _classes(inventory)
    for slug, facts in inventory.facts.items():
        if slug not in inventory.types:
            yield unknown("type", slug, facts.where, inventory.written_types())
    for slug, where in inventory.rack_facts.items():
        if slug not in inventory.rack_types:
            yield unknown("rack type", slug, where, inventory.rack_types)


def _classes(inventory: Inventory) -> Iterator[Finding]:
    """Envelopes of halls and racks; once a place, for thousands of racks have one line."""
    told: set[Where] = set()
    known = {"air": inventory.limits.air, "water": inventory.limits.water}
    things: tuple[Hall | Rack, ...] = (*inventory.halls.values(), *inventory.racks.values())
    for thing in things:
        for medium, name in (("air", thing.air_class), ("water", thing.water_class)):
            where = thing.where.at(f"{medium}_class")
            if name and name not in known[medium] and where not in told:
                told.add(where)
                yield unknown(f"{medium} class", name, where, known[medium])


def _devices(inventory: Inventory) -> Iterator[Finding]:
    for device in inventory.devices.values():
        if device.rack not in inventory.racks and not device.bay:
            yield unknown("rack", device.rack, device.where.at("rack"), inventory.racks)
        if device.type not in inventory.types:
            yield unknown("type", device.type, device.where.at("type"), inventory.written_types())
        if device.role in (Role.LEAF, Role.SPINE, Role.BORDER) and not device.nos:
            yield Finding(
                "no-nos",
                device.where,
                f"the switch {device.name} has no 'nos'",
                "a folder name of templates/",
            )
        if not device.serial and device.status is not Status.PLANNED:
            said = f"{device.name} is {device.status} and has no 'serial'"
            expected = "what its label says, there or in units/<hall>.csv"
            yield Finding("no-serial", device.where, said, expected, "or `status: planned`")
        managed = device.role not in (Role.OOB, Role.UPSTREAM, Role.EQUIPMENT, Role.SUPER_SPINE)
        if managed and device.oob is None and device.status is not Status.PLANNED:
            yield Finding(
                "no-oob", device.where, f"{device.name} has no 'oob' address", "address and prefix length"
            )
        if device.oob is not None and not _inside(device.oob, inventory.site.pools.oob):
            yield Finding(
                "outside-pool",
                device.where.at("oob"),
                f"{device.oob} is no host of the out-of-band network",
                f"an address between the ends of {inventory.site.pools.oob}, with its prefix length",
            )


def _inside(address: IPNetwork, pool: IPNetwork) -> bool:
    hosts = range(pool.first + 1, pool.last) if pool.size > 2 else range(pool.first, pool.last + 1)
    return address.prefixlen == pool.prefixlen and int(address.ip) in hosts


def _identities(inventory: Inventory) -> Iterator[Finding]:
    """Serial, addresses and coordinates are given once. What an override gives is told at its line."""
    facets: tuple[tuple[str, str, Callable[[Device], Any]], ...] = (
        ("serial", "serial", lambda d: d.serial),
        ("oob address", "oob", lambda d: d.oob.ip if d.oob else None),
        ("MAC address", "oob_mac", lambda d: d.oob_mac),
        ("host key", "host_key", lambda d: d.host_key),
        ("number", "number", lambda d: (d.role, d.hall, d.number)),
    )
    given = sorted(inventory.devices.values(), key=lambda d: d.instead_of is not None)
    for label, key, value_of in facets:
        first: dict[Any, Device] = {}
        for device in given:
            value = value_of(device)
            if not value:
                continue
            other = first.setdefault(value, device)
            if other is not device:
                said = str(device.number if key == "number" else value)
                yield Finding(
                    f"duplicate-{key.replace('_', '-')}",
                    device.says(key),
                    f"the {label} {said} is that of {other.name} too",
                    f"each {label} once{' a role and hall' if key == 'number' else ''}",
                    see=other.says(key),
                )


def _cables(inventory: Inventory) -> Iterator[Finding]:
    yield from _plugs(inventory, inventory.cables, ("port", port_kinds(inventory)))
    yield from _plugs(inventory, inventory.pieces, ("port", all_ports(inventory)))
    yield from _plugs(inventory, inventory.cords, ("inlet or outlet", power_kinds(inventory)))
    for cable in inventory.cables.values():
        if cable.wave and cable.wave not in inventory.waves:
            yield unknown("wave", cable.wave, cable.where.at("wave"), inventory.waves)
    for device in inventory.devices.values():
        kind = inventory.types.get(device.type)
        if device.feed and kind is not None and not kind.parts.outlets:
            said = f"{device.name} hands on feed {device.feed}, and a {kind.slug} has no outlets"
            where = device.where.at("feed")
            yield Finding("no-outlets", where, said, "the type of an rPDU", "or no `feed`")


def _plugs(
    inventory: Inventory, cables: Mapping[str, Cable], kinds: tuple[str, Mapping[str, Mapping[str, str]]]
) -> Iterator[Finding]:
    """Each end of a cable on a port that is there, alone. `kinds`: the word for ports, and those of types."""
    (word, ports), used = kinds, dict[End, Where]()
    for cable in cables.values():
        if cable.a.device == cable.b.device:
            yield Finding("cable-to-self", cable.where, f"both ends are on {cable.a.device}", "two devices")
        for key, end in (("a", cable.a), ("b", cable.b)):
            where = cable.where.at(key)
            device = inventory.devices.get(end.device)
            if device is None:
                yield unknown("device", end.device, where, inventory.devices)
                continue
            kind = inventory.types.get(device.type)
            if kind is not None and whole_port(end.port, ports[device.type]) is None:
                said = f"{end.device} has no {word} {end.port!r}"
                expected = f"one of those of {kind.slug}: {in_runs(ports[kind.slug]) or 'it has none'}"
                yield Finding("unknown-port", where, said, expected)
            if end in used:
                said = f"{end} has a cable already"
                yield Finding("port-twice", where, said, "one cable a port", see=used[end])
            used.setdefault(end, where)


def _uplinks(inventory: Inventory) -> Iterator[Finding]:
    for system in inventory.systems.values():
        for position, station in enumerate(system.stations):
            if station not in inventory.stations:
                yield unknown(
                    "station", station, system.where.at("stations").at(position), inventory.stations
                )
    for wave in inventory.waves.values():
        yield from _wave(inventory, wave)
    for session in inventory.sessions.values():
        where = session.where
        if session.wave not in inventory.waves:
            yield unknown("wave", session.wave, where.at("wave"), inventory.waves)
        if session.upstream not in inventory.upstreams:
            yield unknown("upstream", session.upstream, where.at("upstream"), inventory.upstreams)
        if session.password not in inventory.secrets:
            yield unknown("secret", session.password, where.at("password"), inventory.secrets)
        for key, ours, theirs in (
            ("theirs4", session.ours4, session.theirs4),
            ("theirs6", session.ours6, session.theirs6),
        ):
            if theirs not in ours or theirs == ours.ip:
                said = f"{theirs} is no neighbour on {ours}"
                yield Finding("not-a-link", where.at(key), said, f"another address of {ours.cidr}")
    yield from _links(inventory)
    for upstream in inventory.upstreams.values():
        if upstream.asn == inventory.site.public_as:
            said = f"AS {upstream.asn} is our own, site.public_as"
            yield Finding("own-as", upstream.where.at("asn"), said, "the AS of another network")


def _links(inventory: Inventory) -> Iterator[Finding]:
    """Each session has a link of its own: all of them live in one VRF."""
    first: dict[IPNetwork, Where] = {}
    for session in inventory.sessions.values():
        for key, ours in (("ours4", session.ours4), ("ours6", session.ours6)):
            where = session.where.at(key)
            if ours.cidr in first:
                said = f"the link {ours.cidr} is that of another session too"
                yield Finding("duplicate-link", where, said, "one link a session", see=first[ours.cidr])
            first.setdefault(ours.cidr, where)


def _wave(inventory: Inventory, wave: Any) -> Iterator[Finding]:
    system = inventory.systems.get(wave.system)
    if system is None:
        yield unknown("system", wave.system, wave.where.at("system"), inventory.systems)
    elif wave.station not in system.stations:
        yield Finding(
            "unknown-station",
            wave.where.at("station"),
            f"the cable {system.name} does not land at {wave.station!r}",
            f"one of {', '.join(system.stations)}",
        )
    if cable_key(str(wave.border), str(wave.far)) not in inventory.cables:
        yield Finding(
            "no-cable", wave.where, f"no cable joins {wave.border} and {wave.far}", "an entry under 'cables'"
        )
    for key, end, role in (("border", wave.border, Role.BORDER), ("far", wave.far, Role.UPSTREAM)):
        device = inventory.devices.get(end.device)
        if device is None:
            yield unknown("device", end.device, wave.where.at(key), inventory.devices)
        elif device.role is not role:
            said = f"{device.name} has the role {device.role}"
            yield Finding(f"not-{role}", wave.where.at(key), said, f"a device with the role {role}")


def _tenants(inventory: Inventory) -> Iterator[Finding]:
    placed: dict[str, Where] = {}
    for vpc in inventory.vpcs.values():
        for subnet in vpc.subnets:
            if subnet.ipv4 is None and subnet.ipv6 is None:
                yield Finding(
                    "no-address", subnet.where, "the subnet has no address space", "'ipv4', 'ipv6' or both"
                )
            if subnet.attachment is Attachment.ROUTED and subnet.ipv4 is None:
                yield Finding(
                    "no-ipv4", subnet.where, "a routed subnet has no 'ipv4'", "a pool for its servers"
                )
            for position, name in enumerate(subnet.servers):
                where = subnet.where.at("servers").at(position)
                device = inventory.devices.get(name)
                if device is None or device.role is not Role.SERVER:
                    servers = {d.name: d for d in inventory.devices.values() if d.role is Role.SERVER}
                    yield unknown("server", name, where, servers)
                elif name in placed:
                    yield Finding(
                        "server-twice",
                        where,
                        f"{name} is in a subnet already",
                        "one subnet a server",
                        see=placed[name],
                    )
                placed.setdefault(name, where)


def _renames(inventory: Inventory) -> Iterator[Finding]:
    """`was` names something that is gone, and only once: else two would claim one number."""
    groups: dict[str, dict[str, tuple[str, Where]]] = {"": {}}
    for vpc in inventory.vpcs.values():
        groups.setdefault(vpc.tenant, {})[vpc.name] = (vpc.was, vpc.where)
        groups[f"{vpc.tenant}/{vpc.name}"] = {s.name: (s.was, s.where) for s in vpc.subnets}
    groups[""] = {d.name: (d.was, d.where) for d in inventory.devices.values()}
    for members in groups.values():
        heirs: dict[str, Where] = {}
        for name, (was, where) in members.items():
            if was in members:
                said = f"{name} says that it was {was}, which is there still"
                hint = "plan a rename by itself; once it is planned and merged, 'was' may go"
                yield Finding("was-in-use", where.at("was"), said, "a name that is gone", hint)
            elif was in heirs:
                said = f"{name} says that it was {was}, and so does another"
                yield Finding("was-twice", where.at("was"), said, "one heir a name", see=heirs[was])
            if was:
                heirs.setdefault(was, where)


def _services(inventory: Inventory) -> Iterator[Finding]:
    site = inventory.site
    hosts = {d.name: d for d in inventory.devices.values() if d.role is Role.MANAGEMENT}
    for position, name in enumerate(site.witnesses):
        if name not in hosts:
            yield _no_manager(inventory, name, site.where.at("witnesses").at(position), hosts)
    for key, service in site.services.items():
        if key in inventory.devices:
            said = f"the service {key!r} is called like a device, and both are names in {site.domain}"
            yield Finding("duplicate-name", service.where, said, "another name of one of the two")
        where = site.where.at(key) if key in GIVEN else service.where.at("members")
        first: dict[str, Where] = {}
        for position, name in enumerate(service.members):
            at = where.at(position)
            if name not in hosts:
                yield _no_manager(inventory, name, at, hosts)
            elif first.setdefault(name, at) is not at:
                said = f"{name} is there already"
                yield Finding("member-twice", at, said, "each host once", see=first[name])
    if site.bastion and site.bastion not in hosts:
        yield _no_manager(inventory, site.bastion, site.where.at("bastion"), hosts)


def _no_manager(inventory: Inventory, name: str, where: Where, hosts: Collection[str]) -> Finding:
    found = unknown("management host", name, where, hosts)
    device = inventory.devices.get(name)
    said = f"{name} is of the role {device.role}, no management host" if device else found.message
    return replace(found, message=said)
