"""What movements explain a walk, each explanation a smallest one. Pure.

A ring of k planned and k found cables is put right by moving k plugs round, at either side. A chain from a
free port is put right in one way: each plug goes one place on. A chain with a planned cable more than found
ones can be put right in as many ways as it has planned cables: any of them may be the one that is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from igoudar.doctor.diagnosis import Explanation, Kind, Move, Movement, Statement
from igoudar.doctor.evidence import evidence
from igoudar.doctor.links import State, World
from igoudar.doctor.plan import End, Medium
from igoudar.doctor.survey import free_ports, is_stranger
from igoudar.doctor.walks import Walk

MOST_NAMED = 16  # more ports than this with light from nowhere are counted, not named


def explain(walk: Walk, world: World, racks: Mapping[str, str]) -> Statement | None:
    """None where nothing differs, or nobody saw anything."""
    unseen = tuple(sorted({e for e in _loose(walk) if world.state(e) is State.UNSEEN}))
    if len(walk.ends) == 2 and walk.planned_first:
        return _one_cable(walk, world, unseen)
    dead = dead_links(walk.ends, world)
    candidates = [(*found, *dead) for found in _candidates(walk, world, racks)]
    return Statement(tuple(sorted(walk.ends)), evidence(walk.ends, world), tuple(candidates), unseen)


def _one_cable(walk: Walk, world: World, unseen: tuple[End, ...]) -> Statement | None:
    a, b = sorted(walk.ends)
    candidates: list[Explanation] = []
    if walk.is_ring:
        candidates = [dead] if (dead := dead_links((a, b), world)) else []
    elif vague := [e for e in unseen if e in world.found.vague]:
        candidates = [(m,) for e in vague for m in _named_by_device(e, b if e == a else a, world)]
    elif len(unseen) == 2:
        return None
    elif unseen and world.is_stray(unseen[0]):
        candidates, unseen = _one_lit(unseen[0], b if unseen[0] == a else a, world)
    else:
        candidates = [(movement,) for movement in dark(a, b, world)]
    if not candidates and not unseen:
        return None
    return Statement((a, b), evidence((a, b), world), tuple(candidates), unseen)


def _named_by_device(end: End, other: End, world: World) -> Iterator[Movement]:
    """`end` knows the device at its other side and not the port: any that is left may be it."""
    taken = {*world.link, *world.doubts}
    for port in free_ports(world.found.vague[end], world.found, taken):
        yield Movement(Kind.WRONG_PORT, tuple(sorted((end, other))), (Move(port, other),))


def _one_lit(lit: End, dark_end: End, world: World) -> tuple[list[Explanation], tuple[End, ...]]:
    """Something arrives at one end of a planned cable and says no name, nothing at the other.

    Where the link is up the light goes both ways, so it is not the dark end that answers. Else the smallest
    list is that it is; a free port in which light arrives that nobody accounts for is as small.
    """
    ends = tuple(sorted((lit, dark_end)))
    answers = bool(world.seen[lit].link)
    near = [s for s in world.strays if bool(world.seen[s].link) == answers]
    named = near if len(near) <= MOST_NAMED else []
    wrong = [(Movement(Kind.WRONG_PORT, ends, (Move(stray, dark_end),)),) for stray in named]
    if answers or world.module(dark_end) is False:
        missing = Movement(Kind.MISSING, ends, why=f"nothing in {dark_end}, and another answers {lit}")
        return [*wrong, (missing,)], (lit,)
    return [*((m,) for m in dark(lit, dark_end, world)), *wrong], () if len(named) == len(near) else (lit,)


def _loose(walk: Walk) -> Iterator[End]:
    """Ends at which a planned cable leads out of a chain: what sits in them was not found."""
    if not walk.is_ring and walk.planned_first:
        yield walk.ends[0]
    if not walk.is_ring and walk.planned_last:
        yield walk.ends[-1]


def _candidates(walk: Walk, world: World, racks: Mapping[str, str]) -> Iterator[Explanation]:
    ends = walk.ends
    if walk.is_ring:
        yield (ring(ends, racks),)
    elif walk.planned_first and walk.planned_last:
        yield from _closed(ends, world, racks)
        for at in range(0, len(ends), 2):
            for movement in dark(ends[at], ends[at + 1], world, whole=True):
                yield (*_shifted(ends[: at + 1]), movement, *_shifted(ends[at + 1 :][::-1]))
    elif walk.planned_last:
        shifted = _shifted(ends[::-1])
        if not is_stranger(ends[0]) or world.state(ends[-1]) is not State.UNSEEN:
            yield shifted
        elif len(ends) == 3:
            yield tuple(replace(m, why=_unknown_neighbour(ends[0], ends[-1], world)) for m in shifted)
        else:
            yield (ring(ends[:0:-1], racks),)  # the stranger may be the end that nobody saw
            yield shifted
    else:
        for at in range(0, len(ends), 2):
            extra = Movement(Kind.EXTRA, tuple(sorted(ends[at : at + 2])))
            yield (*_shifted(ends[: at + 1][::-1]), extra, *_shifted(ends[at + 1 :]))


def _unknown_neighbour(stranger: End, meant: End, world: World) -> str:
    """Nothing is wrong where the stranger is the end that is meant, which nobody saw."""
    ports = world.found.ports.get(meant.device, frozenset())
    if stranger.port != meant.port and stranger.port in ports:
        return "an unknown neighbour"
    return f"an unknown neighbour; as planned if {stranger.device} is {meant.device}"


def _closed(ends: tuple[End, ...], world: World, racks: Mapping[str, str]) -> Iterator[Explanation]:
    """The first and the last end may be joined by a cable that nobody heard."""
    first, last = ends[0], ends[-1]
    states = {world.state(first), world.state(last)}
    if states == {State.UNSEEN}:
        yield (ring(ends, racks),)
    elif False not in (world.module(first), world.module(last)) and world.medium(first) is not Medium.COPPER:
        dead = Movement(Kind.DEAD_OPTIC, tuple(sorted((first, last))), why="no light either way")
        yield (ring(ends, racks), dead)


def _shifted(ends: tuple[End, ...]) -> Explanation:
    """`ends` begins with a planned cable, whose first end is free to take the plug two places on."""
    return tuple(
        Movement(Kind.WRONG_PORT, tuple(sorted((ends[at], ends[at + 1]))), (Move(ends[at + 2], ends[at]),))
        for at in range(0, len(ends) - 2, 2)
    )


def ring(ends: tuple[End, ...], racks: Mapping[str, str]) -> Movement:
    """The plugs at one side of the planned cables move round; at the side with the shorter way for a hand.

    `ends`: at least four, for a cable alone has nothing to move to.
    """
    count = len(ends)
    one = [Move(ends[at + 1], ends[(at + 3) % count]) for at in range(0, count, 2)]
    two = [Move(ends[(at + 2) % count], ends[at]) for at in range(0, count, 2)]
    moves, instead = sorted((tuple(sorted(one)), tuple(sorted(two))), key=lambda m: _reach(m, racks))
    kind = Kind.SWAPPED_PAIR if count == 4 else Kind.RING
    return Movement(kind, tuple(sorted(m.source for m in moves)), moves, instead)


def _reach(moves: tuple[Move, ...], racks: Mapping[str, str]) -> tuple[int, int, tuple[Move, ...]]:
    """Racks and boxes that a hand must go to, fewest first."""
    devices = {m.source.device for m in moves}
    return len({racks.get(d, d) for d in devices}), len(devices), moves


def dead_links(ends: tuple[End, ...], world: World) -> Explanation:
    """Found cables that carry one way only."""
    return tuple(
        Movement(Kind.DEAD_OPTIC, (end, world.one_way[end]), why="light one way only")
        for end in sorted(ends)
        if end in world.one_way
    )


def dark(a: End, b: End, world: World, *, whole: bool = False) -> Iterator[Movement]:
    """A planned cable that nobody hears through. `whole`: another plug sits, or sat, at one of its ends."""
    absent = [e for e in (a, b) if world.module(e) is False]
    lit = [e for e in (a, b) if world.lit(e)]
    medium, ends = world.medium(a), tuple(sorted((a, b)))
    if whole or absent:
        why = f"no module in {' and in '.join(map(str, absent))}" if absent and not whole else ""
        yield Movement(Kind.MISSING, ends, why=why)
    elif lit:
        yield Movement(Kind.DEAD_OPTIC, (a, b) if lit[0] == a else (b, a), why="light one way only")
    elif medium is Medium.COPPER:
        yield Movement(Kind.MISSING, ends)
    else:
        yield Movement(Kind.DEAD_OPTIC, ends, why="no light either way")
        if medium is not Medium.ASSEMBLY or not any(world.module(e) for e in (a, b)):
            yield Movement(Kind.MISSING, ends)
