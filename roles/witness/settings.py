"""A register on a management host: what was decided about a change of the switches, written once."""

from __future__ import annotations

from igoudar.hostview import HostView
from igoudar.roles import Declaration, RoleCommand, RoleFile, RoleSettings, RoleUnit, RoleUser
from igoudar.witness import USER
from igoudar.witness.install import witness_files


class Settings(RoleSettings):
    """None yet."""


def declare(settings: Settings, host: HostView) -> Declaration:
    return Declaration(
        packages=("openssh-server", "python3"),
        users=(RoleUser(USER),),
        files=(
            *(RoleFile(path, text=text, mode=mode) for path, (text, mode) in witness_files().items()),
            RoleFile(
                "/etc/tmpfiles.d/igoudar-witness.conf", template="tmpfiles.conf.j2", notify=("run:tmpfiles",)
            ),
            RoleFile(
                "/etc/ssh/sshd_config.d/20-igoudar-witness.conf",
                template="sshd.conf.j2",
                variables={"login": host.login},
                mode="0600",
                validate="mkdir -p /run/sshd && sshd -t -f {}",
                notify=("reload:ssh.service",),
            ),
        ),
        before_units=(
            RoleCommand("tmpfiles", "systemd-tmpfiles --create /etc/tmpfiles.d/igoudar-witness.conf"),
        ),
        units=(RoleUnit("ssh.service"),),
        lockout=True,
    )
