"""May these units be taken out now: what loses a feed, what is overloaded, and what must then not fail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from igoudar.power.flow import Change, State
from igoudar.power.graph import Graph
from igoudar.power.last_metre import newly_lost
from igoudar.power.phases import Phases
from igoudar.power.pushes import exceeds
from igoudar.power.report import Loss, Overload, lost_w


@dataclass(frozen=True, slots=True)
class Outage:
    """`feeds`: (rack, letter) that are dead; `must_stand`: units of which one thing more would lose a load or
    overload something, with what is lost then in W."""

    losses: tuple[Loss, ...]
    overloads: tuple[Overload, ...]
    feeds: tuple[tuple[str, str], ...]
    must_stand: tuple[tuple[str, float], ...]

    @property
    def lost_w(self) -> float:
        return lost_w(self.losses)

    @property
    def harmless(self) -> bool:
        return not self.losses and not self.overloads


def outage(graph: Graph, units: Iterable[str]) -> Outage:
    """One thing of each named unit is out; named twice, two. Raises KeyError for an unknown name."""
    state, phases = State(graph), Phases(graph)
    whole = list(state.mask)
    before, full = standing(state), phases.over(state)
    for name in units:
        state.fail(state.index[name])
    now = list(state.mask)
    feeds = sorted(
        (rack, letter)
        for at, hanging in enumerate(state.hangings)
        for kind in state.kinds_on[at]
        for rack in state.kinds[kind].racks
        for place, letter in enumerate(hanging.letters)
        if whole[at] >> place & 1 and not now[at] >> place & 1
    )
    too_full = tuple(over for place, over in phases.over(state).items() if place not in full)
    overloads = (*overloads_since(state, before), *too_full)
    losses = losses_since(state, whole)
    return Outage(losses, overloads, tuple(feeds), tuple(sorted(_must_stand(state, phases))))


def _must_stand(state: State, phases: Phases) -> Iterator[tuple[str, float]]:
    """Units of which one thing more would do harm beyond what is done already, with W lost."""
    now, already, full = list(state.mask), standing(state), set(phases.over(state))
    for at in range(len(state.units)):
        if state.live[at]:
            change = state.fail(at)
            lost = lost_w(losses_since(state, now))
            worse = any(place not in already for place in _overloaded_by(state, change))
            if lost or worse or set(phases.over(state)) - full:
                yield state.units[at].name, lost
            state.undo(change)


def standing(state: State) -> set[tuple[int, int]]:
    """Everything that is overloaded: (-1, meter), and (kind of rack, feed)."""
    meters = range(len(state.units) + len(state.loops))
    found = {(-1, meter) for meter in meters if state.over(meter)}
    return found.union(*(feeds_over(state, at) for at in range(len(state.kinds))))


def feeds_over(state: State, at: int) -> Iterator[tuple[int, int]]:
    """Of a kind of rack, as `standing` says it."""
    kind = state.kinds[at]
    drawn = kind.draws(state.mask[kind.hanging])[0]
    for feed, reading in enumerate(zip(drawn, kind.feed_w, strict=True)):
        if exceeds(reading, 0.0):
            yield at, feed


def _overloaded_by(state: State, change: Change) -> Iterator[tuple[int, int]]:
    """As `standing`, of what a change touched."""
    yield from ((-1, meter) for meter in state.touched(change) if state.over(meter))
    for hanging in change.mask:
        for at in state.kinds_on[hanging]:
            yield from feeds_over(state, at)


def overloads_since(state: State, before: set[tuple[int, int]]) -> tuple[Overload, ...]:
    """What is overloaded now and was not."""
    return overloads(state, standing(state) - before)


def overloads(state: State, places: set[tuple[int, int]]) -> tuple[Overload, ...]:
    """Of what `standing` names, as the state is now."""
    found = []
    for at, place in sorted(places):
        if at < 0:
            found.append(Overload(state.meter_name(place), *state.reading(place)))
        else:
            kind = state.kinds[at]
            drawn = kind.draws(state.mask[kind.hanging])[0][place]
            letter = state.hangings[kind.hanging].letters[place]
            found.append(Overload(letter, drawn, kind.feed_w[place], kind.racks))
    return tuple(found)


def losses_since(state: State, masks: Sequence[int]) -> tuple[Loss, ...]:
    """What is lost now and was not while the feeds of `masks` were alive, by rack ancestors."""
    found = []
    for kind in state.kinds:
        if state.mask[kind.hanging] != masks[kind.hanging]:
            mask = state.mask[kind.hanging]
            if lost := newly_lost(kind, mask, (masks[kind.hanging],)):
                found.append(Loss(kind.racks, lost, lost))
    return tuple(found)
