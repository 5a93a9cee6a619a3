"""Roles run on hosts: servers, management hosts and switches."""

from __future__ import annotations

from collections.abc import Iterator

from igoudar.design import Design
from igoudar.errors import Finding
from igoudar.model import HOST_ROLES, SWITCH_ROLES


def check(design: Design) -> Iterator[Finding]:
    for device in design.inventory.devices.values():
        if device.roles and device.role not in HOST_ROLES | SWITCH_ROLES:
            said = f"no role runs on {device.name}, which is {device.role}"
            expected = "roles of a server, a management host or a switch"
            yield Finding("roles-of-no-host", device.says("roles"), said, expected)
