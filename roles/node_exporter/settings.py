"""What a host tells of itself to the Prometheus of the site, over the out-of-band network only."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from igoudar.hostview import HostView
from igoudar.roles import Declaration, RoleFile, RolePort, RoleSettings, RoleUnit

PORT = 9100
UNIT = "prometheus-node-exporter.service"
# Each costs time at every scrape, so they are named one by one instead of taking all 40 of the default.
# Load and room; what wears out (edac, hwmon); the kernel's clock; failed units; the packet filter's table.
COLLECTORS = (
    "conntrack",
    "cpu",
    "diskstats",
    "edac",
    "filesystem",
    "hwmon",
    "loadavg",
    "meminfo",
    "netdev",
    "pressure",
    "stat",
    "systemd",
    "timex",
    "uname",
)


class Settings(RoleSettings):
    """`more`: further collectors of node_exporter by name, such as `nvme`, `infiniband` or `mdadm`."""

    more: tuple[Annotated[str, Field(pattern=r"^[a-z_]+$")], ...] = ()


def declare(settings: Settings, host: HostView) -> Declaration:
    collectors = dict.fromkeys((*COLLECTORS, *settings.more))
    return Declaration(
        packages=("prometheus-node-exporter", "dbus"),
        files=(
            RoleFile(
                "/etc/default/prometheus-node-exporter",
                template="default.j2",
                variables={"address": host.oob_address, "port": PORT, "collectors": collectors},
                validate="( . {}; prometheus-node-exporter $ARGS --version ) >/dev/null",
                notify=(f"restart:{UNIT}",),
            ),
            RoleFile(
                f"/etc/systemd/system/{UNIT}.d/igoudar.conf",
                template="unit.conf.j2",
                notify=(f"restart:{UNIT}",),
            ),
        ),
        units=(RoleUnit(UNIT),),
        ports=tuple(RolePort(PORT, "tcp", n.address, "metrics of the host") for n in host.service("metrics")),
    )
