"""What a one-line diagram shows: who feeds whom, how much of each is used; and the chain that racks tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from igoudar.derive.ports import natural
from igoudar.drawing.spans import span
from igoudar.drawing.use import Level, RackUse, Use, racks_of, standing, summed, uses_of
from igoudar.hall.places import Rack
from igoudar.model import Inventory
from igoudar.quantities import POWER

MOST_RACKS = 30  # more are drawn by row


@dataclass(frozen=True, slots=True)
class Node:
    """`key` is its own in the chain. `last`: it stands in the last column, whatever feeds it, as racks do.

    `use`: at its worst; `now`: the share that it has as things are, where that is another. `alike`: what
    those have in common that may be drawn as one; empty: none may. `ends`: the first and the last of its
    names. `powers`: of each of its racks. `parts`: what is drawn as one here, in their order.
    """

    key: str
    name: str
    kind: str
    use: Use
    last: bool = False
    now: float | None = None
    alike: str = ""
    ends: tuple[str, str] | None = None
    powers: Sequence[Use] = ()
    parts: Sequence[Node] = ()


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
    nodes = [racks_node(name, members, uses) for name, members in groups.items()]
    links = [
        Link(f"unit {unit}", f"rack {name}", feed)
        for name, members in groups.items()
        for feed, unit in sorted(members[0].feeds.items())
    ]
    units = sorted({unit for rack in racks for unit in rack.feeds.values()}, key=natural)
    powers = {unit: [uses[r.name].power for r in racks if unit in r.feeds.values()] for unit in units}
    above = [Node(f"unit {unit}", unit, "unit", summed(POWER, powers[unit]), alike="unit") for unit in units]
    total = summed(POWER, [use.power for use in uses.values()], inventory.halls[hall].power_w)
    return Chain(f"Hall {hall}", total, [*above, *nodes], links, NOTES)


def grouped_racks(racks: Sequence[Rack]) -> Mapping[str, Sequence[Rack]]:
    """Each rack, or where there are many those of a row that have the same feeds."""
    if len(racks) <= MOST_RACKS:
        return {rack.name: [rack] for rack in racks}
    found: dict[tuple[str, tuple[tuple[str, str], ...]], list[Rack]] = {}
    for rack in racks:
        found.setdefault((rack.row, tuple(sorted(rack.feeds.items()))), []).append(rack)
    return {span(members[0].name, members[-1].name): members for members in found.values()}


def racks_node(name: str, racks: Sequence[Rack], uses: Mapping[str, RackUse]) -> Node:
    powers = [uses[rack.name].power for rack in racks]
    return Node(
        f"rack {name}",
        name,
        loud_words(powers),
        summed(POWER, powers),
        last=True,
        alike="racks",
        ends=(racks[0].name, racks[-1].name),
        powers=powers,
    )


def loud_words(powers: Sequence[Use]) -> str:
    """How many racks, and which of them stand out; of one rack alone no number."""
    levels = [power.level for power in powers]
    over, near = levels.count(Level.OVER), levels.count(Level.NEAR)
    if len(powers) == 1:
        return "rack, over its limit" if over else "rack, near its limit" if near else "rack"
    said = [f"{len(powers)} racks", f"{over} over" if over else "", f"{near} near" if near else ""]
    return ", ".join(part for part in said if part) + (" the limit" if over or near else "")
