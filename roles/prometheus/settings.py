"""The metrics of the site: who is asked comes from the plan, when somebody is needed from the settings."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from igoudar.hostview import HostView
from igoudar.roles import Declaration, RoleFile, RolePort, RoleSettings, RoleUnit

PORT, EXPORTER_PORT = 9090, 9100
UNIT = "prometheus.service"
FOLDER = "/etc/prometheus"
# Files come to a host in the order of their paths, and the check of prometheus.yml wants these to be there.
RULES = f"{FOLDER}/igoudar-rules.yml"
Duration = Annotated[str, Field(pattern=r"^[1-9][0-9]*(ms|s|m|h|d|w|y)$")]
Size = Annotated[str, Field(pattern=r"^[1-9][0-9]*(MB|GB|TB)$")]


class Settings(RoleSettings):
    """Durations and sizes in Prometheus's words (`15s`, `31d`, `10GB`).

    `every`: how often each host is asked; Prometheus's documentation shows 15 s.
    `keep`, `keep_size`: how long and how much is kept, whichever ends first. 31 days: a month beside the one
    before its last day. A host gives some 400 series and a sample takes 2 bytes at most (documentation of its
    storage): 22 hosts fill 3 GB in that time.
    `down_for`: how long a host does not answer before somebody hears of it; a reboot takes less.
    `disk_free_percent`: of a file system. ext4 keeps 5 % of its room for root: at 10 % as much is left again.
    `clock_error_s`: seconds. The kernel adds 500 ppm to its largest error since chronyd last spoke to it, so
    1 s is half an hour of silence. `failed_for`: of a unit; most are started anew by systemd before.
    """

    every: Duration = "15s"
    keep: Duration = "31d"
    keep_size: Size = "10GB"
    down_for: Duration = "2m"
    disk_free_percent: Annotated[int, Field(ge=1, le=99)] = 10
    disk_for: Duration = "15m"
    clock_error_s: Annotated[float, Field(gt=0)] = 1.0
    clock_for: Duration = "5m"
    failed_for: Duration = "5m"


def declare(settings: Settings, host: HostView) -> Declaration:
    return Declaration(
        packages=("prometheus", "curl"),  # the latter asks it what it sees, on its own host
        files=(
            RoleFile(
                RULES,
                template="rules.yml.j2",
                variables={"told": settings},
                validate="promtool check rules {} >/dev/null",
                notify=(f"reload:{UNIT}",),
            ),
            RoleFile(
                f"{FOLDER}/prometheus.yml",
                template="prometheus.yml.j2",
                variables=_targets(settings, host),
                validate="promtool check config {} >/dev/null",
                notify=(f"reload:{UNIT}",),
            ),
            RoleFile(
                "/etc/default/prometheus",
                template="default.j2",
                variables={"address": host.oob_address, "port": PORT, "told": settings},
                validate="( . {}; prometheus $ARGS --version ) >/dev/null",
                notify=(f"restart:{UNIT}",),
            ),
            RoleFile(
                f"/etc/systemd/system/{UNIT}.d/igoudar.conf",
                template="unit.conf.j2",
                notify=(f"restart:{UNIT}",),
            ),
        ),
        units=(RoleUnit(UNIT),),
        ports=tuple(RolePort(PORT, "tcp", who, "metrics of the site") for who in _askers(host)),
    )


def _askers(host: HostView) -> tuple[str, ...]:
    return tuple(n.address for n in host.bastions) or (host.oob_network,)


def _targets(settings: Settings, host: HostView) -> dict[str, object]:
    """Every host that the role node_exporter runs on by the plan."""
    hosts = [n for n in host.neighbours if "node_exporter" in n.roles]
    return {"site": host.site, "told": settings, "hosts": hosts, "port": EXPORTER_PORT}
