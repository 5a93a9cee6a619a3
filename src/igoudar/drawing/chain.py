"""What a one-line diagram shows: who feeds whom, how much of each is used; and the chain that racks tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from igoudar.derive.ports import natural
from igoudar.drawing.use import RackUse, Use, racks_of, standing, summed, uses_of
from igoudar.hall.places import Rack
from igoudar.model import Inventory
from igoudar.quantities import POWER

MOST_RACKS = 30  # more are drawn by row


@dataclass(frozen=True, slots=True)
class Node:
    """`key` is its own in the chain. `last`: it stands in the last column, whatever feeds it, as racks do.

    `use`: at its worst; `now`: the share that it has as things are, where that is another.
    """

    key: str
    name: str
    kind: str
    use: Use
    last: bool = False
    now: float | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """`feed`: A, B or nothing. `reserve`: it carries nothing until the others fail."""

    source: str
    target: str
    feed: str = ""
    reserve: bool = False


@dataclass(frozen=True, slots=True)
class Chain:
    """Without loops; the ends of links are keys of nodes. `total` is of all that it feeds."""

    name: str
    total: Use
    nodes: Sequence[Node]
    links: Sequence[Link]
    notes: Sequence[str] = ()


NOTES = (
    "A unit counts all that its racks draw: it carries them alone when the other feed fails.",
    "Its limit is what these racks may draw together, which each of their feeds must carry.",
)


def feeds_of_racks(inventory: Inventory, hall: str) -> Chain:
    """What racks say of their feeds: unit, feed, rack; many racks are drawn by row."""
    racks = racks_of(inventory, hall)
    uses = uses_of(inventory, racks, standing(inventory))
    groups = grouped_racks(racks)
    nodes = [_node(name, members, uses) for name, members in groups.items()]
    links = [
        Link(f"unit {unit}", f"rack {name}", feed)
        for name, members in groups.items()
        for feed, unit in sorted(members[0].feeds.items())
    ]
    units = sorted({unit for rack in racks for unit in rack.feeds.values()}, key=natural)
    powers = {unit: [uses[r.name].power for r in racks if unit in r.feeds.values()] for unit in units}
    above = [Node(f"unit {unit}", unit, "unit", summed(POWER, powers[unit])) for unit in units]
    total = summed(POWER, [use.power for use in uses.values()], inventory.halls[hall].power_w)
    return Chain(f"Hall {hall}", total, [*above, *nodes], links, NOTES)


def grouped_racks(racks: Sequence[Rack]) -> Mapping[str, Sequence[Rack]]:
    """Each rack, or where there are many those of a row that have the same feeds."""
    if len(racks) <= MOST_RACKS:
        return {rack.name: [rack] for rack in racks}
    found: dict[tuple[str, tuple[tuple[str, str], ...]], list[Rack]] = {}
    for rack in racks:
        found.setdefault((rack.row, tuple(sorted(rack.feeds.items()))), []).append(rack)
    return {span(members): members for members in found.values()}


def span(racks: Sequence[Rack]) -> str:
    return racks[0].name if len(racks) == 1 else f"{racks[0].name} to {racks[-1].name}"


def _node(name: str, racks: Sequence[Rack], uses: Mapping[str, RackUse]) -> Node:
    kind = "rack" if len(racks) == 1 else f"{len(racks)} racks"
    return Node(
        f"rack {name}", name, kind, summed(POWER, [uses[rack.name].power for rack in racks]), last=True
    )
