"""Addresses and gateway of a server in an access subnet, and a word to the gateway now and then."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from igoudar.hostview import HostView
from igoudar.roles import Declaration, RoleCommand, RoleFile, RoleSettings, RoleUnit

PACKAGES = ("ifupdown2", "iproute2", "iputils-ping")
UNITS = "/etc/systemd/system"


class Settings(RoleSettings):
    """`speak_every`: seconds between two words to the gateway; a leaf forgets a silent MAC after 300."""

    speak_every: Annotated[int, Field(ge=1, le=240)] = 15


def declare(settings: Settings, host: HostView) -> Declaration:
    gateways = [g for link in host.access for g in (link.gateway4, link.gateway6) if g]
    return Declaration(
        packages=PACKAGES,
        files=(
            RoleFile(
                "/etc/network/interfaces",
                template="interfaces.j2",
                variables={"host": host},
                validate="ifquery -a -i {} >/dev/null",
                notify=("run:ifreload",),
            ),
            RoleFile(
                f"{UNITS}/igoudar-gateway.service",
                template="gateway.service.j2",
                variables={"gateways": gateways},
            ),
            RoleFile(
                f"{UNITS}/igoudar-gateway.timer",
                template="gateway.timer.j2",
                variables={"seconds": settings.speak_every},
                notify=("restart:igoudar-gateway.timer",),
            ),
        ),
        before_units=(RoleCommand("ifreload", "mkdir -p /run/network && ifreload -a"),),
        units=(RoleUnit("networking.service", running=None), RoleUnit("igoudar-gateway.timer")),
        lockout=True,
    )
