"""The way in to the out-of-band network: sshd passes on to the site's own boxes, and to nothing else."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from igoudar.hostview import HostView
from igoudar.roles import Declaration, RoleFile, RoleSettings, RoleUnit

# Before base's 10-igoudar.conf: of a setting that stands twice sshd takes the first.
CONFIG = "/etc/ssh/sshd_config.d/05-igoudar-bastion.conf"
# Measured with OpenSSH 9.2 and 10.0: each login reads the list anew, in 1 s where it has 6000 places; with
# 12000 in 6 s (9.2), and with 15000 nobody gets in any more, for its processes pass the text on in one
# message. `sshd -t` sees nothing wrong.
MOST_PLACES = 6000


class Settings(RoleSettings):
    """`ports`: of the boxes behind it, 22 and for example 443 of their management pages.

    `names`: people may say `leaf-1` and `leaf-1.DOMAIN` too, not only its address.
    """

    ports: Annotated[tuple[Annotated[int, Field(ge=1, le=65535)], ...], Field(min_length=1)] = (22,)
    names: bool = True


def declare(settings: Settings, host: HostView) -> Declaration:
    variables = {"places": _places(settings, host), "passing": _passing(host)}
    return Declaration(
        lockout=True,
        packages=("openssh-server",),
        files=(
            RoleFile(
                CONFIG,
                template="sshd.conf.j2",
                variables=variables,
                mode="0600",
                validate="mkdir -p /run/sshd && sshd -t -f {}",
                notify=("reload:ssh.service",),
            ),
        ),
        units=(RoleUnit("ssh.service"),),
    )


def _places(settings: Settings, host: HostView) -> tuple[str, ...]:
    """Where it passes on to: `PermitOpen` compares what the client said letter by letter, names too."""
    others = [neighbour for neighbour in host.neighbours if neighbour.name != host.name]
    said = [
        word
        for other in others
        for word in (other.address, *((other.name, f"{other.name}.{host.domain}") if settings.names else ()))
    ]
    places = tuple(f"{word}:{port}" for word in said for port in dict.fromkeys(settings.ports))
    if len(places) > MOST_PLACES:
        raise ValueError(
            f"{len(places)} places behind the bastion, and sshd takes {MOST_PLACES}; fewer `ports`, or "
            "`names: false` in its settings"
        )
    return places


def _passing(host: HostView) -> tuple[str, ...]:
    """Who gets no shell: people without sudo. Those with it mend the host, as the machine's login does."""
    return tuple(login.name for login in host.logins if not login.sudo and login.name != host.login)
