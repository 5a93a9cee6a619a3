"""The packet filter of a host, from the ports that its roles declare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import Field, IPvAnyNetwork

from igoudar.hostview import HostView
from igoudar.malformed import PURPOSE
from igoudar.roles import Declaration, RoleFile, RoleSettings, RoleUnit


class Opening(RoleSettings):
    """A port of something that no role runs. `source`: an address or network; without one everybody."""

    port: Annotated[int, Field(ge=1, le=65535)]
    protocol: Literal["tcp", "udp"]
    source: IPvAnyNetwork | None = None
    purpose: Annotated[str, Field(pattern=f"^{PURPOSE.pattern}$")]


class Settings(RoleSettings):
    """`more`: ports beyond those that the roles of the host declare."""

    more: tuple[Opening, ...] = ()


def declare(settings: Settings, host: HostView, others: Mapping[str, Declaration]) -> Declaration:
    declared = [
        (p.number, p.protocol, p.source, f"{role}: {p.purpose}")
        for role, d in others.items()
        for p in d.ports
    ]
    declared += [(o.port, o.protocol, str(o.source or ""), f"settings: {o.purpose}") for o in settings.more]
    opened = dict.fromkeys(_rule(*port) for port in declared if not _is_own(port[2]))
    variables = {
        "port": host.oob_port,
        "network": host.oob_network,
        "opened": opened,
        "closed": dict(_closed(declared)),
        "is_switch": host.is_switch,
    }
    return Declaration(
        packages=("nftables",),
        files=(
            RoleFile(
                "/etc/nftables.conf",
                template="nftables.conf.j2",
                variables=variables,
                mode="0755",
                validate="nft -c -f {}",
                notify=("reload:nftables.service",),
            ),
        ),
        units=(RoleUnit("nftables.service"),),
        lockout=True,
    )


def _is_own(source: str) -> bool:
    """The host itself, which comes by `lo`, where everything passes."""
    return bool(source) and ip_network(source).is_loopback


def _rule(number: int, protocol: str, source: str, purpose: str) -> str:
    family = "ip6" if ":" in source else "ip"
    who = f"{family} saddr {source} " if source else ""
    return f'{who}{protocol} dport {number} accept comment "{purpose}"'


def _closed(declared: list[tuple[int, str, str, str]]) -> Iterator[tuple[str, str]]:
    """Protocol -> its ports, as nft lists them."""
    for protocol in ("tcp", "udp"):
        if ports := sorted({number for number, word, _, _ in declared if word == protocol}):
            yield protocol, ", ".join(map(str, ports))
