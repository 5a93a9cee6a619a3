"""One movement that explains many ends: a trunk that is rotated, two racks whose ends are exchanged. Pure.

Said only where every cable of the group is where that movement would have brought it, those excepted that
nobody saw, or that are dark.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto

from igoudar.doctor.diagnosis import Kind, Move, Movement, Statement
from igoudar.doctor.evidence import evidence
from igoudar.doctor.explain import dark, dead_links
from igoudar.doctor.links import State, World
from igoudar.doctor.plan import End, Plan, Trunk

LEAST_SEEN = 2  # cables found where the movement brings them: one alone could be a wrong port
LEAST_TRUNK = 3  # two cables that changed places are a swapped pair


class _Place(Enum):
    """Of a cable: where the movement would have brought it, dark, not seen, or somewhere else."""

    THERE = auto()
    DARK = auto()
    UNSEEN = auto()
    ELSEWHERE = auto()


@dataclass(frozen=True, slots=True)
class Brought:
    """A planned cable, and the ends that the movement would have brought its plugs to."""

    planned: tuple[End, End]
    found: tuple[End, End]

    @property
    def moves(self) -> Iterator[Move]:
        for target, source in zip(self.planned, self.found, strict=True):
            if source != target:
                yield Move(source, target)

    def place(self, world: World) -> _Place:
        one, two = self.found
        if world.partner(one) == two:
            return _Place.THERE
        states = {world.state(one), world.state(two)}
        if State.LINKED in states:
            return _Place.ELSEWHERE
        return _Place.DARK if states == {State.DARK} else _Place.UNSEEN


def _statements(movement: Movement, cables: Iterable[Brought], world: World) -> list[Statement]:
    """Empty where the movement does not explain all of them; else it, and each cable of them that is dark."""
    places = [(cable, cable.place(world)) for cable in cables]
    there = [cable for cable, place in places if place is _Place.THERE]
    unseen = sorted({e for cable, place in places if place is _Place.UNSEEN for e in cable.found})
    if any(place is _Place.ELSEWHERE for _, place in places) or len(there) < LEAST_SEEN:
        return []
    if len(unseen) > len(there):
        return []
    if any(place is _Place.DARK for _, place in places):
        movement = replace(movement, instead=())  # by the other side, another place would be left empty
    ends = sorted({e for cable, _ in places for e in (*cable.planned, *cable.found)})
    said = evidence((next((e for e in c.found if e in world.seen), c.found[0]) for c in there), world)
    dead = dead_links(tuple(ends), world)
    whole = Statement(tuple(ends), said, ((movement, *dead),), tuple(unseen))
    return [whole, *(_dark(cable, world) for cable, place in places if place is _Place.DARK)]


def _dark(cable: Brought, world: World) -> Statement:
    """A module may be dead where the movement brought it; a missing cable is missing from its own place."""
    one, two = cable.found
    candidates = tuple(
        (replace(m, ends=tuple(sorted(cable.planned))) if m.kind is Kind.MISSING else m,)
        for m in dark(one, two, world)
    )
    return Statement(tuple(sorted(cable.found)), evidence(cable.found, world), candidates)


def rotated_trunks(plan: Plan, world: World, done: set[End]) -> Iterator[Statement]:
    for trunk in sorted(plan.trunks, key=lambda t: t.name):
        if len(trunk.cables) >= LEAST_TRUNK and any(near in world.link for near, _ in trunk.cables):
            yield from _rotated(trunk, world, done)


def _rotated(trunk: Trunk, world: World, done: set[End]) -> Iterator[Statement]:
    count, place = len(trunk.cables), {far: at for at, (_, far) in enumerate(trunk.cables)}
    shifts = {
        (place[far] - at) % count
        for at, (near, _) in enumerate(trunk.cables)
        if (far := world.partner(near)) in place
    }
    ends = {end for cable in trunk.cables for end in cable}
    if len(shifts) != 1 or (by := shifts.pop()) == 0 or ends & done:
        return
    cables = [
        Brought(cable, (cable[0], trunk.cables[(at + by) % count][1]))
        for at, cable in enumerate(trunk.cables)
    ]
    moves = tuple(sorted(move for cable in cables for move in cable.moves))
    movement = Movement(Kind.ROTATED_TRUNK, tuple(sorted(ends)), moves, _mirrored(cables), (trunk.name,), by)
    if found := _statements(movement, cables, world):
        done |= ends
        yield from found


def _mirrored(cables: Iterable[Brought]) -> tuple[Move, ...]:
    """The same by the near ends: each goes where the far end of its cable belongs."""
    home = {cable.planned[1]: cable.planned[0] for cable in cables}
    return tuple(sorted(Move(c.planned[0], home[c.found[1]]) for c in cables))


def swapped_racks(plan: Plan, world: World, done: set[End]) -> Iterator[Statement]:
    pairs = _exchanged(plan.racks, world)
    concerned = {rack for pair in pairs for rack in pair}
    leaving = _leaving(plan, concerned) if pairs else {}
    for pair in sorted(pairs, key=lambda p: (-sum(len(leaving[r]) for r in p), p)):
        counterpart = pairs[pair]
        apart = [c for rack in pair for c in leaving[rack] if not _stayed(c, pair, plan.racks, world)]
        cables = [_brought(cable, counterpart) for cable in apart]
        ends = {end for cable in cables for end in (*cable.planned, *cable.found)}
        if ends & done or not any(cable.planned != cable.found for cable in cables):
            continue
        moves = tuple(sorted({move for cable in cables for move in cable.moves}))
        sources = tuple(sorted(m.source for m in moves))
        movement = Movement(Kind.SWAPPED_RACKS, sources, moves, group=pair)
        if all(near.device in counterpart for near, _ in apart) and (
            found := _statements(movement, cables, world)
        ):
            done |= ends
            yield from found


def _exchanged(racks: Mapping[str, str], world: World) -> dict[tuple[str, str], dict[str, str]]:
    """Pairs of racks of which boxes answer for each other, port for port -> box -> its counterpart."""
    found: defaultdict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    refused: set[tuple[str, str]] = set()
    for end, other in world.link.items():
        planned = world.found.far.get(end)
        if planned is None or planned == other or planned.port != other.port:
            continue
        one, two = racks.get(planned.device), racks.get(other.device)
        if one is None or two is None or one == two:
            continue
        pair = (min(one, two), max(one, two))
        for box, meant in ((planned.device, other.device), (other.device, planned.device)):
            if found[pair].setdefault(box, meant) != meant:
                refused.add(pair)
    return {pair: boxes for pair, boxes in found.items() if pair not in refused}


def _leaving(plan: Plan, racks: set[str]) -> dict[str, list[tuple[End, End]]]:
    """Rack -> cables that leave it, its own end first; those between two racks stand with the first."""
    found: dict[str, list[tuple[End, End]]] = {rack: [] for rack in racks}
    within = {device: rack for device, rack in plan.racks.items() if rack in racks}
    for cable in plan.cables:
        one, two = within.get(cable.a.device), within.get(cable.b.device)
        if one == two:
            continue
        if one is not None:
            found[one].append((cable.a, cable.b))
        if two is not None:
            found[two].append((cable.b, cable.a))
    return found


def _stayed(cable: tuple[End, End], pair: tuple[str, str], racks: Mapping[str, str], world: World) -> bool:
    """A cable between the two racks may be as planned: who exchanges what leaves them need not touch it."""
    return racks.get(cable[1].device) in pair and world.found.settled(cable[0]) == cable[1]


def _brought(cable: tuple[End, End], counterpart: Mapping[str, str]) -> Brought:
    def of(end: End) -> End:
        return End(counterpart.get(end.device, end.device), end.port)

    near, far = cable
    return Brought(cable, (of(near), of(far)))
