"""Uplinks: what one cut takes away, sessions and waves that belong together, documentation space in use."""

from __future__ import annotations

from collections.abc import Iterator

from igoudar.design import Design
from igoudar.errors import Finding, Severity
from igoudar.model import Role


def check(design: Design) -> Iterator[Finding]:
    inventory = design.inventory
    for group, classes in design.uplinks.lost_by_one_cut.items():
        wave = next(c.wave for c in design.uplinks.circuits if group in c.risk_groups)
        yield Finding(
            "one-cut",
            wave.where,
            f"the loss of {group} takes every uplink of {', '.join(classes)}",
            "a second wave for the class that shares nothing with the first",
            severity=Severity.WARNING,
        )
    for position, network in enumerate(inventory.site.bogon_exceptions):
        yield Finding(
            "bogon-exception",
            inventory.site.where.at("bogon_exceptions").at(position),
            f"{network} is let through the filters against bogons",
            "an empty list on a real network",
            severity=Severity.WARNING,
        )
    yield from _sessions(design)


def _sessions(design: Design) -> Iterator[Finding]:
    inventory = design.inventory
    by_wave: dict[str, str] = {}
    for session in inventory.sessions.values():
        other = by_wave.setdefault(session.wave, session.name)
        if other != session.name:
            yield Finding(
                "wave-twice",
                session.where.at("wave"),
                f"{session.name} and {other} both use wave {session.wave}",
                "one session a wave",
            )
    for wave in inventory.waves.values():
        if wave.name not in by_wave:
            said = f"no session uses wave {wave.name}"
            yield Finding(
                "wave-unused", wave.where, said, "an entry under 'sessions'", severity=Severity.WARNING
            )
    world = any(p.subnet.public for p in design.tenants.subnets)
    borders = [d for d in inventory.devices.values() if d.role is Role.BORDER]
    if world and not (borders and inventory.sessions):
        yield Finding(
            "no-exit",
            inventory.site.where,
            "there are public subnets and no session to the world",
            "a border and a session",
        )
