"""In which order switches change, so that something else carries the traffic of those that are changing.

Never together: two leaves of one server, two borders of one fabric or of one class of traffic, more than half
of the spines of a fabric. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import combinations

from igoudar.design import Design
from igoudar.model import Status

Partners = Mapping[str, frozenset[str]]


def waves(design: Design, names: Collection[str]) -> list[list[str]]:
    """`names` in waves: leaves, spines, borders; in each the switch first that fewest servers stand on."""
    near, load, fabrics = partners(design), _load(design), design.networks.fabrics
    halves = [[n for f in fabrics for n in f.spines[first::2] if n in names] for first in (0, 1)]
    leaves = [n for f in fabrics for n in f.leaves if n in names]
    borders = [n for f in fabrics for n in f.borders if n in names]
    steps = (*_apart(leaves, near), *halves, *_apart(borders, near))
    return [sorted(step, key=lambda n: (load.get(n, 0), len(n), n)) for step in steps if step]


def partners(design: Design) -> Partners:
    """Switch -> those that carry its traffic while it cannot."""
    found: dict[str, set[str]] = {}
    for together in _groups(design):
        for one, other in combinations(sorted(set(together)), 2):
            found.setdefault(one, set()).add(other)
            found.setdefault(other, set()).add(one)
    return {name: frozenset(others) for name, others in found.items()}


def relieved(design: Design) -> frozenset[str]:
    """Switches with a partner in service: those may be drained before they stop."""
    devices = design.inventory.devices
    serving = {n for n, d in devices.items() if d.status is Status.ACTIVE and not d.drained}
    return frozenset(name for name, others in partners(design).items() if others & serving)


def _groups(design: Design) -> Iterable[Iterable[str]]:
    for pairs in design.networks.attachments.values():
        yield [leaf.device for _, leaf in pairs]
    for fabric in design.networks.fabrics:
        yield fabric.spines
        yield fabric.borders
    of_class: dict[str, set[str]] = {}
    for edge in design.uplinks.sessions:
        for traffic in edge.wave.classes:
            of_class.setdefault(traffic, set()).add(edge.border)
    yield from of_class.values()


def _apart(names: Iterable[str], near: Partners) -> list[list[str]]:
    """As few steps as a simple colouring takes, no two partners in one; those with most partners first."""
    steps: list[list[str]] = []
    for name in sorted(names, key=lambda n: (-len(near.get(n, ())), len(n), n)):
        free = next((step for step in steps if not near.get(name, frozenset()).intersection(step)), None)
        if free is None:
            steps.append([name])
        else:
            free.append(name)
    return steps


def _load(design: Design) -> dict[str, int]:
    """Leaf -> servers on it."""
    count: dict[str, int] = {}
    for pairs in design.networks.attachments.values():
        for leaf in {leaf.device for _, leaf in pairs}:
            count[leaf] = count.get(leaf, 0) + 1
    return count
