"""Uplinks: what one cut takes away, sessions and waves that belong together, documentation space in use."""

from __future__ import annotations

from collections.abc import Iterator

from igoudar.design import Design
from igoudar.errors import Finding, Severity, Where
from igoudar.model import Role


def check(design: Design) -> Iterator[Finding]:
    inventory = design.inventory
    yield from _one_cut(design)
    for position, network in enumerate(inventory.site.bogon_exceptions):
        yield Finding(
            "bogon-exception",
            inventory.site.where.at("bogon_exceptions").at(position),
            f"{network} is let through the filters against bogons",
            "an empty list on a real network",
            severity=Severity.WARNING,
        )
    yield from _sessions(design)


def _one_cut(design: Design) -> Iterator[Finding]:
    """A sentence for each wave and the classes that depend on it, however many things it shares fate with."""
    fatal: dict[tuple[Where, tuple[str, ...]], list[str]] = {}
    for group, classes in design.uplinks.lost_by_one_cut.items():
        wave = next(c.wave for c in design.uplinks.circuits if group in c.risk_groups)
        fatal.setdefault((wave.where, classes), []).append(group)
    for (where, classes), groups in fatal.items():
        any_of = "any of " if len(groups) > 1 else ""
        yield Finding(
            "one-cut",
            where,
            f"the loss of {any_of}{', '.join(groups)} takes every uplink of {', '.join(classes)}",
            "a second wave for each class, which shares none of them",
            severity=Severity.WARNING,
        )


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
                see=inventory.sessions[other].where,
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
