"""Logins, sshd, sysctl, name and time zone: what every host has, switches too."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from igoudar.hostview import HostView
from igoudar.model import Role
from igoudar.roles import Declaration, RoleCommand, RoleFile, RolePort, RoleSettings, RoleUnit, RoleUser

PACKAGES = ("openssh-server", "sudo")
# Several hundred logins at once are normal for a bastion; sshd's own default of 10 drops them.
BASTION_STARTUPS, HOST_STARTUPS = "200:30:400", "60:30:120"

_LIMITS = (
    RoleFile("/etc/profile.d/igoudar.sh", template="profile.sh.j2"),
    RoleFile("/etc/modprobe.d/igoudar.conf", template="modprobe.conf.j2"),
)


class Settings(RoleSettings):
    """`log_level` of sshd; `sysctl` are further kernel settings, which win over ours."""

    log_level: Literal["QUIET", "FATAL", "ERROR", "INFO", "VERBOSE", "DEBUG"] = "VERBOSE"
    sysctl: dict[Annotated[str, Field(pattern=r"^[a-z0-9_./-]+$")], str | int] = Field(default_factory=dict)


def declare(settings: Settings, host: HostView) -> Declaration:
    logins = tuple(RoleUser(login.name, login.keys) for login in host.logins if login.name != host.login)
    return Declaration(
        packages=PACKAGES,
        users=logins,
        files=(*_names(host), *_access(settings, host), _kernel(settings, host), *_LIMITS),
        before_units=(
            RoleCommand(
                "hostname",
                "hostname -F /etc/hostname",
                unless="read -r now </proc/sys/kernel/hostname && read -r name </etc/hostname"
                ' && [ "$now" = "$name" ]',
            ),
            RoleCommand(
                "modes",
                "chmod 0600 /etc/ssh/sshd_config && chmod 0750 /etc/sudoers.d",
                unless='[ "$(stat -c %a /etc/ssh/sshd_config /etc/sudoers.d | tr "\\n" /)" = 600/750/ ]',
            ),
            RoleCommand("sysctl", "/usr/lib/systemd/systemd-sysctl /etc/sysctl.d/90-igoudar.conf"),
            RoleCommand(
                "timezone",
                f"ln -sfn /usr/share/zoneinfo/{host.timezone} /etc/localtime",
                unless=f"[ /etc/localtime -ef /usr/share/zoneinfo/{host.timezone} ]",
            ),
        ),
        units=(RoleUnit("ssh.service"),),
        # People come to a bastion from networks that no data of the site names.
        ports=(RolePort(22, "tcp", "" if host.is_bastion else host.oob_network, "ssh"),),
        lockout=True,
    )


def _names(host: HostView) -> tuple[RoleFile, ...]:
    return (
        RoleFile("/etc/hostname", text=f"{host.name}\n", notify=("run:hostname",)),
        RoleFile("/etc/timezone", text=f"{host.timezone}\n"),
        RoleFile("/etc/hosts", template="hosts.j2", variables={"host": host}),
        RoleFile(
            "/etc/resolv.conf",
            template="resolv.conf.j2",
            variables={"domain": host.domain, "resolvers": host.resolvers},
        ),
    )


def _access(settings: Settings, host: HostView) -> tuple[RoleFile, ...]:
    names = (host.login, *(login.name for login in host.logins if login.name != host.login))
    sudoers = (host.login, *(u.name for u in host.logins if u.sudo and u.name != host.login))
    sshd = {
        "names": names,
        "log_level": settings.log_level,
        # What other members of the service pass on the role bastion says, before and instead of this.
        "forwarding": "yes" if host.name == host.bastion else "no",
        "startups": BASTION_STARTUPS if host.is_bastion else HOST_STARTUPS,
    }
    return (
        RoleFile(
            "/etc/ssh/sshd_config.d/10-igoudar.conf",
            template="sshd.conf.j2",
            variables=sshd,
            mode="0600",
            validate="mkdir -p /run/sshd && sshd -t -f {}",
            notify=("reload:ssh.service",),
        ),
        RoleFile(
            "/etc/sudoers.d/igoudar",
            template="sudoers.j2",
            variables={"names": sudoers},
            mode="0440",
            validate="visudo -cqf {}",
        ),
    )


def _kernel(settings: Settings, host: HostView) -> RoleFile:
    """`rp_filter`: none on a router, loose on a server with two uplinks, strict elsewhere (domain: R12)."""
    reverse_path = 0 if host.is_switch else 2 if host.routed else 1
    return RoleFile(
        "/etc/sysctl.d/90-igoudar.conf",
        template="sysctl.conf.j2",
        variables={
            "is_switch": host.is_switch,
            "is_server": host.role is Role.SERVER,
            "rp_filter": reverse_path,
            "more": settings.sysctl,
        },
        notify=("run:sysctl",),
    )
