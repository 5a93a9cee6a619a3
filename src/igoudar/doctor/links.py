"""Which ends are joined in truth: what the ends claim, put together. Pure.

One end that hears another is evidence for both, unless something contradicts it: then nothing that the
contradiction touches counts as known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from igoudar.doctor.plan import End, Medium, PlannedCable, is_lit
from igoudar.doctor.survey import Seen, Survey


class State(Enum):
    """`DARK`: the end says that nothing arrives. `UNSEEN`: it says nothing, or not who is there."""

    LINKED = auto()
    DARK = auto()
    UNSEEN = auto()


@dataclass(slots=True)
class World:
    """`link`: both ways. `one_way`: whom nobody hears -> who hears nothing, of a link that carries one way.

    `doubts`: end -> ends that its observations cannot be reconciled with. `strays`: ports without a plan in
    which something arrives that says no name.
    """

    found: Survey
    seen: Seen
    dark_dbm: float
    link: dict[End, End] = field(default_factory=dict)
    one_way: dict[End, End] = field(default_factory=dict)
    doubts: defaultdict[End, set[End]] = field(default_factory=lambda: defaultdict(set))
    strays: tuple[End, ...] = ()

    def lit(self, end: End) -> bool | None:
        seen = self.seen.get(end)
        return None if seen is None else is_lit(seen, self.dark_dbm)

    def module(self, end: End) -> bool | None:
        seen = self.seen.get(end)
        return None if seen is None else seen.module

    def is_stray(self, end: End) -> bool:
        """Something arrives there, and does not say who it is."""
        nameless = end not in self.found.claims and end not in self.found.vague
        return nameless and end not in self.doubts and bool(self.lit(end))

    def medium(self, end: End) -> Medium:
        cable = self.found.open.get(end)
        return cable.medium if cable is not None else Medium.UNKNOWN

    def partner(self, end: End) -> End | None:
        """The other end of what sits there, settled or found."""
        return self.link.get(end) or self.found.settled(end)

    def state(self, end: End) -> State:
        if self.partner(end) is not None:
            return State.LINKED
        if end not in self.doubts and self.lit(end) is False:
            return State.DARK
        return State.UNSEEN


def join(found: Survey, seen: Seen, dark_dbm: float) -> World:
    world = World(found, seen, dark_dbm)
    heard_by: dict[End, list[End]] = {}
    for end, far in found.claims.items():
        heard_by.setdefault(far, []).append(end)
    for end, ends in heard_by.items():
        _doubt(world, end, ends)
    for end, more in found.others.items():
        _contradict(world, end, [found.claims[end], *more] if end in found.claims else [*more])
    _reopen(world)
    for far, (end, *_) in heard_by.items():
        if end in world.doubts or far in world.doubts:
            continue
        world.link[end], world.link[far] = far, end
        if far not in found.claims and world.lit(far) is False:
            world.one_way[end] = far
    world.strays = tuple(e for e in found.free if e not in world.link and world.is_stray(e))
    return world


def _doubt(world: World, end: End, ends: list[End]) -> None:
    """`ends` hear `end`: several, another than it hears, itself, or in an empty cage cannot be."""
    back = world.found.claims.get(end) or world.found.settled(end)
    if back is not None and back not in ends:
        _contradict(world, end, [*ends, back])
    elif len(ends) > 1 or end in ends or world.module(end) is False:
        _contradict(world, end, ends)


def _contradict(world: World, end: End, ends: list[End]) -> None:
    for other in ends:
        world.doubts[end].add(other)
        world.doubts[other].add(end)


def _reopen(world: World) -> None:
    """A cable that seemed settled, and of which somebody says otherwise, is not."""
    found = world.found
    for end in [e for e in world.doubts if found.settled(e) is not None]:
        far = found.far[end]
        found.open[end] = found.open[far] = PlannedCable(end, far)


def contradictions(world: World) -> Iterator[tuple[End, ...]]:
    """Ends that are in doubt together, in order."""
    left = set(world.doubts)
    for start in sorted(world.doubts):
        if start not in left:
            continue
        group, todo = {start}, [start]
        while todo:
            new = world.doubts[todo.pop()] - group
            group |= new
            todo += new
        left -= group
        yield tuple(sorted(group))
