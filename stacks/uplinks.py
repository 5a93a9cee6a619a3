"""Uplinks: waves over submarine cables, what they share fate with, and one eBGP session a wave."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from igoudar import resources
from igoudar.compiler import Compiled
from igoudar.design import BgpTimers, Circuit, EdgeSession, UplinkDesign
from igoudar.model import Inventory, Wave

# Towards other networks the common 10/30 of the field: patient enough for a submarine cable's protection
# switch, and three keepalives before a session ends (domain: no BFD is assumed at the far side).
EDGE = BgpTimers(keepalive=10, hold=30, connect_retry=30)


def describe(inventory: Inventory) -> UplinkDesign:
    """Circuits with their risk groups, sessions, and what one cut takes from each class of traffic."""
    cables = {frozenset((c.a, c.b)): c for c in inventory.cables.values()}
    circuits = tuple(
        Circuit(wave, cables[frozenset((wave.border, wave.far))], _risk_groups(wave))
        for wave in inventory.waves.values()
    )
    sessions = tuple(
        EdgeSession(
            session=session,
            upstream=inventory.upstreams[session.upstream],
            wave=inventory.waves[session.wave],
            border=inventory.waves[session.wave].border.device,
            port=inventory.waves[session.wave].border.port,
            timers=EDGE,
        )
        for session in inventory.sessions.values()
    )
    return UplinkDesign(circuits, sessions, _lost_by_one_cut(inventory, circuits))


def _risk_groups(wave: Wave) -> tuple[str, ...]:
    return (
        f"cable:{wave.system}",
        f"station:{wave.station}",
        f"duct:{wave.duct}",
        f"border:{wave.border.device}",
    )


def _lost_by_one_cut(inventory: Inventory, circuits: tuple[Circuit, ...]) -> dict[str, tuple[str, ...]]:
    """Risk group -> classes all of whose waves in service belong to it."""
    in_service = [c for c in circuits if inventory.systems[c.wave.system].in_service]
    classes = sorted({name for c in in_service for name in c.wave.classes})
    groups = sorted({group for c in in_service for group in c.risk_groups})
    lost: dict[str, tuple[str, ...]] = {}
    for group in groups:
        gone = tuple(
            name
            for name in classes
            if all(group in c.risk_groups for c in in_service if name in c.wave.classes)
        )
        if gone:
            lost[group] = gone
    return lost


class Uplinks(pulumi.ComponentResource):
    """A `Circuit` for each wave and a `Session` for each peering."""

    def __init__(self, compiled: Compiled, after: Sequence[pulumi.Resource]) -> None:
        super().__init__(
            "igoudar:stacks:Uplinks", compiled.site, None, pulumi.ResourceOptions(depends_on=list(after))
        )
        inside = pulumi.ResourceOptions(parent=self)
        for circuit in compiled.design.uplinks.circuits:
            record = resources.circuit_record(compiled.design.inventory, circuit)
            resources.Record("igoudar:uplink:Circuit", circuit.wave.name, record, inside)
        for session in compiled.design.uplinks.sessions:
            record = resources.session_record(session)
            resources.Record("igoudar:uplink:Session", session.session.name, record, inside)
        self.register_outputs({})
