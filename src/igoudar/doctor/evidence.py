"""What ends said, as sentences. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable

from igoudar.doctor.links import World
from igoudar.doctor.plan import End, Observation


def evidence(ends: Iterable[End], world: World) -> tuple[str, ...]:
    """A sentence an end, in order of the ends."""
    return tuple(f"{end} {_said(end, world)}" for end in sorted(ends))


def _said(end: End, world: World) -> str:
    seen = world.seen.get(end)
    if seen is None:
        known = world.link.get(end)
        return f"was not observed; {known} hears it" if known else "was not observed"
    return ", ".join((*_neighbours(end, seen, world), *_signs(seen))) or "says nothing"


def _neighbours(end: End, seen: Observation, world: World) -> list[str]:
    found = world.found
    heard = found.claims.get(end) or (found.far.get(end) if seen.chassis else None)
    by = "hears" if seen.chassis else f"learnt the MAC {seen.mac} of"
    said = []
    if end in found.vague:
        said.append(f"{by} {found.vague[end]}, at a port that it does not name")
    elif heard and (seen.chassis or seen.mac):
        said.append(f"{by} {heard}")
    said += [f"hears {other} as well" for other in found.others.get(end, ())]
    if not said and seen.silent:
        said.append("hears nobody")
    return said


def _signs(seen: Observation) -> list[str]:
    said = []
    if seen.link is not None:
        said.append(f"link {'up' if seen.link else 'down'}")
    if seen.module is not None:
        said.append("module in" if seen.module else "no module")
    if seen.rx_dbm is not None:
        said.append("no light" if math.isinf(seen.rx_dbm) else f"{seen.rx_dbm:.1f} dBm")
    return said
