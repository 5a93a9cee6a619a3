"""Tells the neighbours who stands at the other end of each cable, and hears it from them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from igoudar.hostview import HostView
from igoudar.roles import Declaration, RoleFile, RoleSettings, RoleUnit


class Settings(RoleSettings):
    """`interval`: seconds between two frames. The standard's 30 makes a wrong cable show late."""

    interval: Annotated[int, Field(ge=1, le=3600)] = 10


def declare(settings: Settings, host: HostView) -> Declaration:
    ports = tuple(dict.fromkeys((host.oob_port, *host.cabled_ports)))
    return Declaration(
        packages=("lldpd",),
        files=(
            RoleFile(
                "/etc/lldpd.d/igoudar.conf",
                template="lldpd.conf.j2",
                variables={"host": host, "ports": ports, "interval": settings.interval},
                notify=("restart:lldpd.service",),
            ),
        ),
        units=(RoleUnit("lldpd.service"),),
    )
