"""DHCP on the out-of-band network: each device of the model gets its own address, by its MAC, others none."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from igoudar.hostview import HostView
from igoudar.roles import Declaration, RoleFile, RolePort, RoleSettings, RoleUnit

# As the daemon itself, whose AppArmor profile shuts root out of its folder; the lock is for writers of a log.
VALIDATE = "runuser -u _kea -- env KEA_LOCKFILE_DIR=none kea-dhcp4 -t {}"


class Settings(RoleSettings):
    """`lease`: seconds. Clients ask again after half of it, so all servers may be away for the other half."""

    lease: Annotated[int, Field(ge=60, le=31536000)] = 86400


def declare(settings: Settings, host: HostView) -> Declaration:
    known = [n for n in host.neighbours if n.mac]
    unknown = len(host.neighbours) - len(known)
    return Declaration(
        packages=("kea-dhcp4-server",),
        files=(
            RoleFile(
                "/etc/kea/kea-dhcp4.conf",
                template="kea-dhcp4.conf.j2",
                variables={"host": host, "lease": settings.lease, "known": known, "unknown": unknown},
                validate=VALIDATE,
                notify=("restart:kea-dhcp4-server.service",),
            ),
        ),
        units=(RoleUnit("kea-dhcp4-server.service"),),
        ports=(RolePort(67, "udp", host.oob_network, "DHCP"),),
    )
