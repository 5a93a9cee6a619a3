"""Checks of the reference campus hall by hall: seconds of each, and what memory the process ever took.

What a hall has is counted and told, since the description of the campus goes on growing.
"""

from __future__ import annotations

import resource
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from igoudar.compiler import check_hall
from igoudar.day import today
from igoudar.errors import Severity
from igoudar.inventory import load_hall, read_documents
from igoudar.model import SWITCH_ROLES, Role
from igoudar.one_hall import halls_of

EVERY = 10  # halls between two lines


def peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def lines(root: Path, site: str, hall: str) -> Iterator[str]:
    """One `hall`, then all of them."""
    place = (root / "inventory" / site, root)
    begun = time.perf_counter()
    documents = read_documents(*place)
    halls = halls_of(documents)
    yield f"{site}: {len(halls)} halls, files read in {time.perf_counter() - begun:.1f} s, {peak_mb()} MB"
    begun = time.perf_counter()
    inventory = load_hall(documents, place, hall)
    roles = Counter(device.role for device in inventory.devices.values())
    switches = sum(roles[role] for role in SWITCH_ROLES)
    yield (
        f"hall {hall}: {len(inventory.racks)} racks, {roles[Role.SERVER]:,} servers, {switches} switches, "
        f"{roles[Role.OOB]} out-of-band switches, {len(inventory.cables):,} cables, loaded in "
        f"{time.perf_counter() - begun:.1f} s"
    )
    del inventory
    begun = time.perf_counter()
    found = check_hall(documents, place, hall, today())
    errors = sum(f.severity is Severity.ERROR for f in found)
    yield f"  loaded and checked in {time.perf_counter() - begun:.1f} s, {peak_mb()} MB, {errors} errors"
    begun = time.perf_counter()
    for number, name in enumerate(halls, 1):
        found = check_hall(documents, place, name, today())
        errors += sum(f.severity is Severity.ERROR for f in found)
        if number % EVERY == 0 or number == len(halls):
            yield f"  {number:3} halls: {time.perf_counter() - begun:6.1f} s, {peak_mb()} MB"
    yield f"all halls, one after the other: {time.perf_counter() - begun:.1f} s, {errors} errors"
