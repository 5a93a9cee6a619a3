"""What two roles of one host both claim. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from igoudar.errors import Finding, Where
from igoudar.roles import Declaration, RoleUnit


def clashes(declared: Mapping[str, Declaration], host: str, where: Where) -> tuple[Finding, ...]:
    """Files, lines and ports that two roles of one host both claim, and units that they do not agree on."""
    owners: dict[str, str] = {}
    findings = []
    for role, told in declared.items():
        for claim in dict.fromkeys(_claims(told)):
            if (other := owners.setdefault(claim, role)) != role:
                said = f"{claim} of {host} belongs to the roles {other} and {role}"
                findings.append(Finding("role-clash", where, said, "one owner"))
    for role, told in declared.items():
        for path in dict.fromkeys(one.path for one in told.lines):
            if (owner := owners.get(f"file {path}", role)) != role:
                said = (
                    f"file {path} of {host} belongs to the role {owner}, and the role {role} has a line in it"
                )
                findings.append(Finding("role-clash", where, said, "one owner"))
    return (*findings, *_units(declared, host, where))


def _units(declared: Mapping[str, Declaration], host: str, where: Where) -> Iterator[Finding]:
    """One unit may be named by several roles, if they want the same of it."""
    first: dict[str, tuple[str, RoleUnit]] = {}
    for role, told in declared.items():
        for unit in told.units:
            other, same = first.setdefault(unit.name, (role, unit))
            if unit != same:
                said = f"the roles {other} and {role} want different states of {unit.name} of {host}"
                yield Finding("role-clash", where, said, "one state of it, or one owner")


def _claims(told: Declaration) -> Iterator[str]:
    yield from (f"file {file.path}" for file in told.files)
    yield from (f"line {one.replaces!r} of {one.path}" for one in told.lines if one.replaces)
    yield from (f"port {port.number}/{port.protocol}" for port in told.ports)
