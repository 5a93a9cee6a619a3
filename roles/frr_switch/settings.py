"""What a switch needs before its text: packages, kernel settings, the agent of the transaction."""

from __future__ import annotations

from igoudar.agent.install import COMMAND, UNITS, VERSIONS, agent_files
from igoudar.hostview import HostView
from igoudar.roles import Declaration, RoleCommand, RoleFile, RoleSettings, RoleUnit

PACKAGES = ("frr", "frr-pythontools", "ifupdown2", "bridge-utils", "iproute2", "ethtool", "python3")


class Settings(RoleSettings):
    """None yet."""


def declare(settings: Settings, host: HostView) -> Declaration:
    return Declaration(
        packages=PACKAGES,
        files=(
            RoleFile(
                "/etc/sysctl.d/91-igoudar-switch.conf", template="sysctl.conf.j2", notify=("run:sysctl",)
            ),
            RoleFile(
                "/etc/tmpfiles.d/igoudar-switch.conf", template="tmpfiles.conf.j2", notify=("run:tmpfiles",)
            ),
            *_agent(),
        ),
        before_units=(
            RoleCommand("sysctl", "/usr/lib/systemd/systemd-sysctl /etc/sysctl.d/91-igoudar-switch.conf"),
            RoleCommand("tmpfiles", "systemd-tmpfiles --create /etc/tmpfiles.d/igoudar-switch.conf"),
            RoleCommand(
                "old-agents",
                f'cd {VERSIONS} && for each in *; do grep -q "/$each " {COMMAND} || rm -rf -- "$each"; done',
                unless=f'[ "$(ls {VERSIONS} | wc -l)" = 1 ]',
            ),
        ),
        units=(
            RoleUnit("networking.service", running=None),
            RoleUnit(UNITS[0], running=None),
            RoleUnit("frr.service"),
        ),
    )


def _agent() -> tuple[RoleFile, ...]:
    """A transaction that is open goes on by another version with the journal that both read."""
    return tuple(RoleFile(path, text=text, mode=mode) for path, (text, mode) in agent_files().items())
