"""Hands the pool of packages on to the hosts of the site: files, by nginx, on the out-of-band network."""

from __future__ import annotations

from igoudar.hostview import HostView
from igoudar.pool import MIRRORED
from igoudar.roles import Declaration, RoleCommand, RoleFile, RolePort, RoleSettings, RoleUnit

CONFIG = "/etc/nginx/nginx.conf"
UNIT = "nginx.service"
RESTART = f"/etc/systemd/system/{UNIT}.d/igoudar.conf"
PORT = 80


class Settings(RoleSettings):
    """None so far: what is handed on is `igoudar pool push`'s."""


def declare(settings: Settings, host: HostView) -> Declaration:
    variables = {"host": host, "folder": MIRRORED, "port": PORT}
    restart = (f"restart:{UNIT}",)
    return Declaration(
        packages=("nginx",),
        files=(
            RoleFile(
                CONFIG,
                template="nginx.conf.j2",
                variables=variables,
                validate="nginx -q -t -c {}",
                notify=restart,
            ),
            RoleFile(RESTART, template="restart.conf.j2", notify=restart),
        ),
        before_units=(RoleCommand("folder", f"install -d -m 0755 {MIRRORED}", unless=f"[ -d {MIRRORED} ]"),),
        units=(RoleUnit(UNIT),),
        ports=(RolePort(PORT, "tcp", host.oob_network, "packages"),),
    )
