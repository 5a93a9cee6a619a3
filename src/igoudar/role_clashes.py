"""What two roles of one host both claim. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from igoudar.errors import Finding, Where
from igoudar.roles import Declaration


def clashes(declared: Mapping[str, Declaration], host: str, where: Where) -> tuple[Finding, ...]:
    """Files, lines and ports that two roles of one host both claim."""
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
    return tuple(findings)


def _claims(told: Declaration) -> Iterator[str]:
    yield from (f"file {file.path}" for file in told.files)
    yield from (f"line {one.replaces!r} of {one.path}" for one in told.lines if one.replaces)
    yield from (f"port {port.number}/{port.protocol}" for port in told.ports)
