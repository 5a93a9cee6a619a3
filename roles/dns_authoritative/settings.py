"""The zones of the site, forward and reverse, on the management hosts that serve its names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from netaddr import IPNetwork
from pydantic import Field

from igoudar.dns_zones import ADDRESS, PORT, reverse_name, reverse_zones, zone_octets
from igoudar.hostview import HostView
from igoudar.roles import Declaration, RoleFile, RolePort, RoleSettings, RoleUnit

CONFIG, ZONES = "/etc/knot/knot.conf", "/etc/knot/zones"
# Seconds, of RIPE-203 as far as they matter without a secondary: refresh, retry, expire.
TIMERS = (86400, 7200, 3600000)


class Settings(RoleSettings):
    """`ttl`: seconds for which who asks may keep an answer, and that there is no such name."""

    ttl: Annotated[int, Field(ge=0, le=86400)] = 300


@dataclass(frozen=True, slots=True)
class Zone:
    """`records` are lines of a zone file, relative to the zone; SOA and NS come from the template."""

    name: str
    records: tuple[str, ...]


def declare(settings: Settings, host: HostView) -> Declaration:
    zones = (_forward(host), *_reverse(host))
    variables = {"address": ADDRESS, "port": PORT, "folder": ZONES, "zones": [zone.name for zone in zones]}
    config = RoleFile(
        CONFIG,
        template="knot.conf.j2",
        variables=variables,
        group="knot",
        mode="0640",
        validate="knotc -c {} conf-check",
        notify=("restart:knot.service",),
    )
    return Declaration(
        packages=("knot", "knot-dnssecutils"),
        files=(*(_zone_file(settings, host, zone) for zone in zones), config),
        units=(RoleUnit("knot.service"),),
        ports=tuple(RolePort(PORT, p, f"{ADDRESS}/32", "the site's own zones") for p in ("udp", "tcp")),
    )


def _zone_file(settings: Settings, host: HostView, zone: Zone) -> RoleFile:
    servers = tuple(f"{server.name}.{host.domain}." for server in host.service("dns"))
    said = (zone.name, host.domain, *servers, settings.ttl, *TIMERS, *zone.records)
    variables = {
        "zone": zone,
        "serial": _serial("\n".join(map(str, said))),
        "domain": host.domain,
        "servers": servers,
        "timers": TIMERS,
        "ttl": settings.ttl,
    }
    return RoleFile(
        f"{ZONES}/{zone.name}.zone",
        template="zone.j2",
        variables=variables,
        group="knot",
        mode="0640",
        validate=f"kzonecheck -o {zone.name} {{}}",
        notify=("reload:knot.service",),
    )


def _serial(content: str) -> int:
    """A number of what the zone says: the same on every server, another one as soon as a record changes."""
    return int.from_bytes(hashlib.sha256(content.encode()).digest()[:4], "big") or 1


def _forward(host: HostView) -> Zone:
    """Hosts by their own names; a service by the name that the site gives it, with all its members."""
    hosts = (f"{n.name} A {n.address}" for n in host.neighbours)
    served = (f"{name} A {n.address}" for name, members in host.services.items() for n in members)
    return Zone(host.domain, (*hosts, *served))


def _reverse(host: HostView) -> Iterator[Zone]:
    """Every zone of the out-of-band network, empty ones too: nobody else is asked about it."""
    network = IPNetwork(host.oob_network)
    octets = zone_octets(network)
    found: dict[str, list[str]] = {zone: [] for zone in reverse_zones(network)}
    for neighbour in host.neighbours:
        owner, zone = _split(neighbour.address, octets)
        found[zone].append(f"{owner} PTR {neighbour.name}.{host.domain}.")
    for zone, records in found.items():
        yield Zone(zone, tuple(records))


def _split(address: str, octets: int) -> tuple[str, str]:
    """Name of an address in its zone, and the zone."""
    labels = reverse_name(address).split(".")
    return ".".join(labels[: 4 - octets]), ".".join(labels[4 - octets :])
