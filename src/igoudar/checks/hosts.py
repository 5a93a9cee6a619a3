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
    yield from _of_services(design)


def _of_services(design: Design) -> Iterator[Finding]:
    """What a service brings works together with its members: a host that is none would serve beside them."""
    served = design.inventory.site.services
    for device in design.inventory.devices.values():
        for number, role in enumerate(device.roles):
            bring = [name for name, roles in design.servers.services.items() if role in roles]
            if not bring or any(name in served and device.name in served[name].members for name in bring):
                continue
            where, what = device.says("roles").at(number), " and ".join(bring)
            said = f"the role {role} comes with the service {what}, which {device.name} does not serve"
            expected, hint = "a role that no service brings", "management hosts have it as its `members`"
            yield Finding("role-of-a-service", where, said, expected, hint)
