"""What is wrong with who has which role: names of none, settings of nobody, files of the transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from igoudar.design import Plan
from igoudar.errors import Finding, Where, unknown
from igoudar.inventory import shown
from igoudar.model import Device, Status
from igoudar.roles import Declaration, RoleFolder

STACKS = "stacks"


def given_and_settled(
    device: Device, given: Collection[str], roles: Mapping[str, RoleFolder], root: Path
) -> Iterator[Finding]:
    """Of one host: what its own list or the stacks give it and is no role; settings of what it lacks."""
    own = {role: device.where.at("roles").at(number) for number, role in enumerate(device.roles)}
    for role in dict.fromkeys((*given, *own)):
        if role not in roles:
            yield unknown("role", role, own.get(role) or _line_of(role, root), roles)
    for number, role in enumerate(device.roles):
        if role in device.roles[:number]:
            where = device.where.at("roles").at(number)
            yield Finding("duplicate-name", where, f"{role!r} stands twice", "each once")
    for role in device.settings:
        where = device.where.at("settings").at(role)
        if role not in roles:
            yield unknown("role", role, where, roles)
        elif role not in given:
            said = f"{device.name} does not have the role {role!r}"
            hint = f"take them out, or give it the role: roles: [{', '.join((*device.roles, role))}]"
            yield Finding("unused-settings", where, said, f"one of {', '.join(given)}", hint)


def _line_of(role: str, root: Path) -> Where:
    """Where a stack names a role: the first line that has the word in quotes."""
    folder = root / STACKS
    for path in sorted(folder.glob("*.py")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if f'"{role}"' in line or f"'{role}'" in line:
                return Where(shown(path, root), number)
    return Where(shown(folder / "servers.py", root), 1)


def of_boxes_without_roles(plan: Plan, halls: Collection[str]) -> Iterator[Finding]:
    """Settings of a box that no role ever runs on; one that is planned or offline waits for its roles."""
    hosts = {name for group in plan.design.servers.groups for name in group.hosts}
    for device in plan.design.inventory.devices.values():
        waits = device.status in (Status.PLANNED, Status.OFFLINE)
        if device.settings and not waits and device.name not in hosts and device.hall in halls:
            said = f"no role runs on {device.name}, whose role in the site is {device.role}"
            where = device.where.at("settings")
            yield Finding("unused-settings", where, said, "settings of a server, management host or switch")


def written_twice(
    hosts: Mapping[str, Mapping[str, Declaration]],
    texts: Mapping[str, Mapping[str, str]],
    devices: Mapping[str, Device],
) -> Iterator[Finding]:
    """Files of a switch that a role writes and the transaction too. `texts`: switch -> path -> text."""
    for switch, paths in texts.items():
        for role, told in hosts.get(switch, {}).items():
            for path in [file.path for file in told.files if file.path in paths]:
                said = (
                    f"file {path} of {switch} is the network's, which goes by the transaction, and the role "
                    f"{role} writes it too"
                )
                hint = f"{role} is no role for a switch, or that file is not for a role"
                yield Finding("role-clash", devices[switch].where, said, "one owner", hint)
