"""Resolvers on the management hosts: the site's own names from its zones, the rest forwarded or refused."""

from __future__ import annotations

from netaddr import IPNetwork
from pydantic import IPvAnyAddress

from igoudar.dns_zones import ADDRESS, PORT, reverse_zones
from igoudar.hostview import HostView
from igoudar.roles import Declaration, RoleFile, RolePort, RoleSettings, RoleUnit

CONFIG = "/etc/unbound/unbound.conf.d/igoudar.conf"


class Settings(RoleSettings):
    """`forwarders`: resolvers for all other names. None: other names do not exist for this site's hosts."""

    forwarders: tuple[IPvAnyAddress, ...] = ()


def declare(settings: Settings, host: HostView) -> Declaration:
    variables = {
        "host": host,
        "forwarders": [str(f) for f in settings.forwarders],
        "zones": (host.domain, *reverse_zones(IPNetwork(host.oob_network))),
        "authority": f"{ADDRESS}@{PORT}",
    }
    return Declaration(
        packages=("unbound", "dns-root-data"),
        files=(
            RoleFile(
                CONFIG,
                template="unbound.conf.j2",
                variables=variables,
                validate="unbound-checkconf {} >/dev/null",
                notify=("restart:unbound.service",),
            ),
        ),
        units=(RoleUnit("unbound.service"),),
        ports=(
            RolePort(53, "udp", host.oob_network, "DNS"),
            RolePort(53, "tcp", host.oob_network, "DNS"),
        ),
    )
