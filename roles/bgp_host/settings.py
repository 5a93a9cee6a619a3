"""A routed server's side of the fabric: own /32 and /128 on `lo`, told to both leaves by BGP unnumbered."""

from __future__ import annotations

from typing import Any

from igoudar.hostview import HostView, RoutedLink
from igoudar.roles import Declaration, RoleCommand, RoleFile, RoleSettings, RoleUnit

PACKAGES = ("frr", "frr-pythontools", "ifupdown2", "iproute2")
# FRR does not print what equals its own defaults, so text that spells them out is never canonical.
FRR_BFD_INTERVAL_MS, FRR_BFD_MULTIPLIER = 300, 3


class Settings(RoleSettings):
    """None yet."""


def declare(settings: Settings, host: HostView) -> Declaration:
    variables = _variables(host)
    return Declaration(
        packages=PACKAGES,
        files=(
            RoleFile(
                "/etc/network/interfaces",
                template="interfaces.j2",
                variables=variables,
                validate="ifquery -a -i {} >/dev/null",
                notify=("run:ifreload",),
            ),
            RoleFile(
                "/etc/sysctl.d/91-igoudar-multipath.conf", template="sysctl.conf.j2", notify=("run:sysctl",)
            ),
            RoleFile(
                "/etc/frr/daemons",
                template="daemons.j2",
                owner="frr",
                group="frr",
                mode="0640",
                notify=("restart:frr.service",),
            ),
            RoleFile(
                "/etc/frr/frr.conf",
                template="frr.conf.j2",
                variables=variables,
                owner="frr",
                group="frr",
                mode="0640",
                validate="vtysh -C -f {}",
                notify=("reload:frr.service",),
            ),
        ),
        before_units=(
            RoleCommand("sysctl", "/usr/lib/systemd/systemd-sysctl /etc/sysctl.d/91-igoudar-multipath.conf"),
            RoleCommand("ifreload", "mkdir -p /run/network && ifreload -a"),
        ),
        units=(RoleUnit("networking.service", running=None), RoleUnit("frr.service")),
        lockout=True,
    )


def _variables(host: HostView) -> dict[str, Any]:
    link = host.routed
    if link is None:
        raise ValueError(f"{host.name} is in no routed subnet")
    return {
        "host": host,
        "link": link,
        "router_id": (link.address4 or host.oob).partition("/")[0],
        "families": _families(link),
        "bfd": _bfd(link),
    }


def _families(link: RoutedLink) -> list[dict[str, str]]:
    ipv4 = {"name": "ipv4", "word": "ip", "own": link.address4, "default": "0.0.0.0/0"}
    ipv6 = {"name": "ipv6", "word": "ipv6", "own": link.address6, "default": "::/0"}
    return [family for family in (ipv4, ipv6) if family["own"]]


def _bfd(link: RoutedLink) -> list[str]:
    lines = []
    if link.bfd_multiplier != FRR_BFD_MULTIPLIER:
        lines.append(f"detect-multiplier {link.bfd_multiplier}")
    if link.bfd_interval_ms != FRR_BFD_INTERVAL_MS:
        lines += [f"transmit-interval {link.bfd_interval_ms}", f"receive-interval {link.bfd_interval_ms}"]
    return lines
