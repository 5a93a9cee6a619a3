"""Which files make the agent on a switch; the role `frr_switch` puts them there.

Each version has a folder of its own, named by its digest, and the command names one: a switch that loses
power in the middle of an upgrade starts with one version or the other, whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib import resources

VERSIONS = "/usr/lib/igoudar/agents"
COMMAND = "/usr/sbin/igoudar-agent"
LAUNCHER = """#!/bin/sh
# One exec of the operator, or a unit: the agent of transactions.
PYTHONPATH={folder} exec /usr/bin/python3 -S -m agent "$@"
"""
WATCH_UNIT = """[Unit]
Description=Ends the window of an open igoudar transaction
StartLimitIntervalSec=0

[Service]
Type=simple
ExecStart={command} watch
Restart=on-failure
RestartSec=1

[Install]
WantedBy=multi-user.target
"""
BOOT_UNIT = """[Unit]
Description=Puts back what an open igoudar transaction changed
DefaultDependencies=no
After=local-fs.target
Before=network-pre.target networking.service frr.service
Wants=network-pre.target
OnFailure=igoudar-agent-watch.service
RequiresMountsFor=/var/lib /etc

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={command} boot

[Install]
WantedBy=multi-user.target
"""
UNITS = ("igoudar-agent-boot.service", "igoudar-agent-watch.service")


def modules(package: str, folder: str) -> dict[str, tuple[str, str]]:
    """A package as files in a folder of a host, without its own list: path -> (text, mode)."""
    here = resources.files(package)
    names = sorted(f.name for f in here.iterdir() if f.name.endswith(".py") and f.name != "install.py")
    return {f"{folder}/{name}": ((here / name).read_text("utf-8"), "0644") for name in names}


@cache
def _package() -> dict[str, tuple[str, str]]:
    """As `modules`, below the folder of a version."""
    return modules("igoudar.agent", "agent")


@cache
def version() -> str:
    """Of this agent: 12 hex digits over its texts."""
    return sha256(repr(sorted(_package().items())).encode()).hexdigest()[:12]


@cache
def agent_files() -> Mapping[str, tuple[str, str]]:
    """Path on the switch -> (text, mode); of every switch the same. The command comes last by its path."""
    folder = f"{VERSIONS}/{version()}"
    files = {f"{folder}/{path}": told for path, told in _package().items()}
    files[COMMAND] = (LAUNCHER.format(folder=folder), "0755")
    files[f"/etc/systemd/system/{UNITS[0]}"] = (BOOT_UNIT.format(command=COMMAND), "0644")
    files[f"/etc/systemd/system/{UNITS[1]}"] = (WATCH_UNIT.format(command=COMMAND), "0644")
    return files
