"""Plan and world laid over each other: rings and chains in which planned and found cables take turns. Pure.

No end is in two planned cables nor in two found ones, so what differs falls into such walks, and each can be
put right for itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from igoudar.doctor.links import World
from igoudar.doctor.plan import End


@dataclass(frozen=True, slots=True)
class Walk:
    """`ends` in order; a planned cable joins the first two where `planned_first`, then a found one the next.

    A ring begins with a planned cable, and a found one leads from its last end to its first.
    """

    ends: tuple[End, ...]
    is_ring: bool
    planned_first: bool

    @property
    def planned_last(self) -> bool:
        return self.is_ring or self.planned_first == (len(self.ends) % 2 == 0)


def walks(world: World, done: set[End]) -> Iterator[Walk]:
    """All but those of `done`, which is added to; in order of what they begin with."""
    far, link = world.found.far, world.link
    concerned = sorted({*world.found.open, *link})
    for start in concerned:  # chains first: they have ends
        if start not in done and (start in far) != (start in link):
            yield _chain(world, start, done)
    for start in concerned:
        if start not in done:
            yield _ring(world, start, done)


def _chain(world: World, start: End, done: set[End]) -> Walk:
    far, link = world.found.far, world.link
    planned_first = start in far
    ends, by_plan = [start], planned_first
    while (following := (far if by_plan else link).get(ends[-1])) is not None:
        ends.append(following)
        by_plan = not by_plan
    done.update(ends)
    forward = Walk(tuple(ends), False, planned_first)
    if planned_first and not forward.planned_last:  # said from the port that is free
        return Walk(forward.ends[::-1], False, False)
    return forward


def _ring(world: World, start: End, done: set[End]) -> Walk:
    ends, at = [], start
    while True:
        across = world.found.far[at]
        ends += [at, across]
        at = world.link[across]
        if at == start:
            break
    done.update(ends)
    return Walk(tuple(ends), True, True)
