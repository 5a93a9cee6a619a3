"""Management hosts serve the time of the site, all others follow them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from igoudar.hostview import HostView
from igoudar.roles import Declaration, RoleFile, RolePort, RoleSettings, RoleUnit

# Stratum of a management host's own clock while it hears no better one: far below any real source.
ORPHAN_STRATUM = 10


class Settings(RoleSettings):
    """`sources`: the clocks that a management host follows, chrony's words after `server`, such as
    `192.0.2.5 iburst` or `nts.example.org iburst nts`. None: its own clock is the site's time."""

    sources: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9.:_-]+( [a-z0-9.+-]+)*$")], ...] = ()


def declare(settings: Settings, host: HostView) -> Declaration:
    others = tuple(t for t in host.time_servers if t.name != host.name)
    template = "server.conf.j2" if host.is_time_server else "client.conf.j2"
    variables = {
        "others": others,
        "sources": settings.sources,
        "network": host.oob_network,
        "stratum": ORPHAN_STRATUM,
    }
    serves = (RolePort(123, "udp", host.oob_network, "NTP"),) if host.is_time_server else ()
    return Declaration(
        packages=("chrony",),
        files=(
            RoleFile(
                "/etc/chrony/chrony.conf",
                template=template,
                variables=variables,
                validate="chronyd -p -f {} >/dev/null",
                notify=("restart:chrony.service",),
            ),
        ),
        units=(RoleUnit("chrony.service"),),
        ports=serves,
    )
