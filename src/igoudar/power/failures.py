"""Every single and every double failure, exactly, without looking at every pair.

Units in series fail alike, and so do feeds and PSUs of racks that hang on the same and hold the same; each
kind is followed once. Two failures are followed together only where they share a load: where something
hangs on both, or one switches over what the other pushes load through. All others add up, so that of
them only those that push load on one meter can do more together than alone: see `crowds`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Set
from dataclasses import dataclass, field

from igoudar.power.flow import Change, State
from igoudar.power.graph import Graph
from igoudar.power.last_metre import Local, device_moved, locals_of, newly_lost
from igoudar.power.outages import overloads
from igoudar.power.pushes import Affine, Footing, Judged, exceeds, overloaded
from igoudar.power.racks import shares_of
from igoudar.power.report import Double, Element, Kind, Loss, Overload, Single, Which
from igoudar.power.series import in_series, sole_racks


@dataclass(slots=True)
class Effect:
    """What the failure of one thing of a unit does. `push`: what it takes from the margin of each meter;
    `taken`: what of that it takes from its limit; `affected`: rack ancestors whose feeds die or are switched
    over."""

    unit: int
    element: Element
    masks: dict[int, int]
    decided: set[int]
    switched: set[int]
    touched: list[int]
    push: dict[int, float] = field(default_factory=dict)
    taken: dict[int, float] = field(default_factory=dict)
    over: set[int] = field(default_factory=set)
    feeds_over: set[tuple[int, int]] = field(default_factory=set)
    affected: set[int] = field(default_factory=set)


class Analysis:
    """The graph whole, and each failure of one applied to it; `Report` is made of it in `analyse`.

    `beside`: units and racks whose failures are not looked at.
    """

    def __init__(self, graph: Graph, state: State | None = None, beside: Set[str] = frozenset()) -> None:
        self.state = state = state or State(graph)
        self.whole = [state.reading(meter) for meter in range(len(state.units) + len(state.loops))]
        self.margins = [state.margin(meter) for meter in range(len(self.whole))]
        self.over = {meter for meter in range(len(self.whole)) if state.over(meter)}
        self.masks = list(state.mask)
        kinds = {at for at, kind in enumerate(state.kinds) if not beside or not beside >= {*kind.racks}}
        hangings = {state.kinds[at].hanging for at in kinds}
        self.footings = {at: Footing(state, at, self.whole.__getitem__) for at in sorted(hangings)}
        self.locals = [
            [*locals_of(at, kind, state.hangings[kind.hanging])] if at in kinds else []
            for at, kind in enumerate(state.kinds)
        ]
        self.pushes = [[self._alone(local) for local in each] for each in self.locals]
        self.sole = sole_racks(state)
        self.passing: dict[int, set[int]] = defaultdict(set)  # unit to the rack ancestors that load it
        for at, feeds in enumerate(state.feeds):
            if at not in hangings:
                continue
            for unit in (unit for feed in feeds if state.live[feed] for unit in state.per_watt(feed)):
                self.passing[unit].add(at)
        chains = (chain for chain in in_series(state) if not beside >= {state.units[at].name for at in chain})
        self.effects = [self._effect(chain) for chain in chains]
        self.evaluated = 0

    def _alone(self, local: Local) -> Affine:
        footing = self.footings[local.rack.hanging]
        return Affine({}, footing.on_meters(local.moved(footing.mask)))

    # one failure

    def _effect(self, chain: tuple[int, ...]) -> Effect:
        state, unit = self.state, chain[-1]
        names = tuple(state.units[at].name for at in chain)
        element = Element(Kind.UNIT, names, sum(state.units[at].count for at in chain))
        change = state.fail(unit)
        touched = state.touched(change)
        effect = Effect(
            unit,
            element,
            {at: state.mask[at] for at in change.mask},
            change.decided,
            change.switched(state.live),
            touched,
        )
        for meter in touched:
            alive = meter >= len(state.units) or state.live[meter]
            if alive and math.isfinite(self.margins[meter]):
                effect.push[meter] = self.margins[meter] - state.margin(meter)
                effect.taken[meter] = self.whole[meter][1] - state.reading(meter)[1]
                if state.over(meter) and meter not in self.over:
                    effect.over.add(meter)
        effect.feeds_over = {key for at in change.mask for key in self._feeds_over(at, state.mask[at])}
        effect.affected = {at for unit in effect.switched for at in self.passing.get(unit, ())} | {
            *change.mask
        }
        state.undo(change)
        return effect

    def _feeds_over(self, hanging: int, mask: int) -> set[tuple[int, int]]:
        """(kind of rack, feed) that are overloaded under the mask and not in the whole graph."""
        found = set()
        for at in self.state.kinds_on[hanging]:
            kind = self.state.kinds[at]
            now, before = kind.draws(mask)[0], kind.draws(self.masks[hanging])[0]
            for feed, (w, was, limit) in enumerate(zip(now, before, kind.feed_w, strict=True)):
                if exceeds((w, limit), 0.0) and not exceeds((was, limit), 0.0):
                    found.add((at, feed))
        return found

    def _losses(self, hanging: int, mask: int, before: tuple[int, ...]) -> Iterator[Loss]:
        for at in self.state.kinds_on[hanging]:
            kind = self.state.kinds[at]
            if lost := newly_lost(kind, mask, (self.masks[hanging], *before)):
                yield Loss(kind.racks, lost, lost)

    def _overloads(self, meters: set[int], feeds: set[tuple[int, int]]) -> tuple[Overload, ...]:
        """As the state is now."""
        return overloads(self.state, {(-1, meter) for meter in meters} | feeds)

    def singles(self) -> Iterator[Single]:
        """Those that lose or overload something."""
        for effect in self.effects:
            self.evaluated += 1
            losses = tuple(
                loss for at, mask in sorted(effect.masks.items()) for loss in self._losses(at, mask, ())
            )
            if losses or effect.over or effect.feeds_over:
                change = self.state.fail(effect.unit)
                overloads = self._overloads(effect.over, effect.feeds_over)
                self.state.undo(change)
                yield Single(effect.element, _total(losses), losses, overloads)
        for kinds, pushes in zip(self.locals, self.pushes, strict=True):
            for local, push in zip(kinds, pushes, strict=True):
                self.evaluated += 1
                yield from self._local_single(local, push)

    def _local_single(self, local: Local, push: Affine) -> Iterator[Single]:
        whole = self.footings[local.rack.hanging]
        if lost := local.loses_alone(whole.mask):
            low, high = local.amounts[-1].w * lost, local.amounts[0].w * lost
            losses = (Loss(local.rack.racks, low, high),)
            yield Single(local.element(), (low, high), losses, ())
        for group, found in overloaded(Judged(local.rack, push, ()), local.amounts, whole, whole):
            yield Single(local.element((group,)), (0.0, 0.0), (), self._named(local, found))

    def _named(self, local: Local, found: tuple[tuple[int, float, float], ...]) -> tuple[Overload, ...]:
        return tuple(
            Overload(local.hanging.letters[-1 - meter], load, limit, local.rack.racks)
            if meter < 0
            else Overload(self.state.meter_name(meter), load, limit)
            for meter, load, limit in found
        )

    # two failures

    def shared(self) -> list[set[int]]:
        """For each effect those of its own number or above that share a load with it."""
        deciding: dict[int, list[int]] = defaultdict(list)
        loading: dict[int, list[int]] = defaultdict(list)
        for at, effect in enumerate(self.effects):
            for node in effect.decided:
                deciding[node].append(at)
            for meter in effect.touched:
                loading[meter].append(at)
        found: list[set[int]] = [set() for _ in self.effects]
        for at, effect in enumerate(self.effects):
            for node in effect.decided:
                found[at].update(other for other in deciding[node] if other >= at)
            for unit in effect.switched:
                for other in loading[unit]:
                    found[min(at, other)].add(max(at, other))
        return found

    def doubles(self, shared: list[set[int]]) -> Iterator[Double]:
        """Those that do more than each of their two; all but the crowds."""
        for at, effect in enumerate(self.effects):
            if shared[at] or effect.affected:
                change = self.state.fail(effect.unit)
                for other in sorted(shared[at]):
                    yield from self._two_units(effect, change, self.effects[other])
                yield from self._with_locals(effect)
                self.state.undo(change)
        for at in range(len(self.state.kinds)):
            yield from self._in_rack(at)

    def _two_units(self, first: Effect, before: Change, second: Effect) -> Iterator[Double]:
        state = self.state
        pairs = first.element.things * second.element.things
        if first is second:
            pairs = first.element.things * (first.element.things - 1) // 2
        if not pairs or not state.live[second.unit]:
            return  # what is dead already adds nothing
        self.evaluated += 1
        change = state.fail(second.unit)
        losses: list[Loss] = []
        feeds: set[tuple[int, int]] = set()
        for at, mask in change.mask.items():
            others = (mask, second.masks.get(at, self.masks[at]))
            losses += self._losses(at, state.mask[at], others)
            feeds |= self._feeds_over(at, state.mask[at])
        over = {meter for meter in state.touched(change) if state.over(meter)}
        over -= self.over | first.over | second.over
        feeds -= first.feeds_over | second.feeds_over
        if losses or over or feeds:
            which = Which.SAME_UNIT if first is second else Which.ANY
            overloads = self._overloads(over, feeds)
            lost = tuple(sorted(losses, key=lambda loss: loss.racks))
            sole = self.sole[first.unit]
            last = bool(sole) and sole == self.sole[second.unit]
            elements = first.element, second.element
            yield Double(*elements, which, pairs, _total(lost), lost, overloads, last)
        state.undo(change)

    def _with_locals(self, effect: Effect) -> Iterator[Double]:
        """With each feed and PSU of the racks that it reaches, under the failure itself."""
        for hanging in sorted(effect.affected):
            whole, now = self.footings[hanging], Footing(self.state, hanging, self.state.reading)
            for at in self.state.kinds_on[hanging]:
                for local, alone in zip(self.locals[at], self.pushes[at], strict=True):
                    if now.mask >> local.feed & 1:
                        yield from self._with_local(effect, (local, alone), now, whole)

    def _with_local(
        self, effect: Effect, what: tuple[Local, Affine], now: Footing, whole: Footing
    ) -> Iterator[Double]:
        self.evaluated += 1
        local, alone = what
        sole = self.sole[effect.unit]
        last = bool(sole) and (sole,) == local.rack.racks
        if lost := local.loses(now.mask, (whole.mask, now.mask)):
            yield _with(effect.element, local, Which.ANY, lost, last)
        push = Affine({}, now.on_meters(local.moved(now.mask)))
        for group, found in overloaded(Judged(local.rack, push, (alone,)), local.amounts, now, whole):
            second = local.element((group,))
            pairs = effect.element.things * second.things
            overloads = self._named(local, found)
            yield Double(effect.element, second, Which.ANY, pairs, (0.0, 0.0), (), overloads, last)

    def _in_rack(self, at: int) -> Iterator[Double]:
        """Two feeds, a feed and a PSU, or two PSUs of one device, of one rack in the whole graph."""
        own = [*zip(self.locals[at], self.pushes[at], strict=True)]
        feeds = [each for each in own if each[0].pattern is None]
        psus = [each for each in own if each[0].pattern is not None]
        for place, first in enumerate(feeds):
            for second in feeds[place + 1 :]:
                yield from self._two_feeds(first, second)
            for second in psus:
                if second[0].feed != first[0].feed:
                    yield from self._feed_and_psu(first, second)
        for place, first in enumerate(psus):
            for second in psus[place + 1 :]:
                if first[0].pattern == second[0].pattern:
                    yield from self._two_psus(first, second)

    def _two_feeds(self, first: tuple[Local, Affine], second: tuple[Local, Affine]) -> Iterator[Double]:
        one, two = first[0], second[0]
        whole = self.footings[one.rack.hanging]
        mask = one.left(two.left(whole.mask))
        lost = newly_lost(one.rack, mask, (whole.mask, one.left(whole.mask), two.left(whole.mask)))
        (w1, lost1), (w2, lost2) = one.moved(whole.mask), two.moved(one.left(whole.mask))
        moved = tuple(a + b for a, b in zip(w1, w2, strict=True)), lost1 + lost2
        push = Affine(whole.on_meters(moved), {})
        yield from self._pair((first, second), Which.SAME_RACK, lost, push)

    def _feed_and_psu(self, feed: tuple[Local, Affine], psu: tuple[Local, Affine]) -> Iterator[Double]:
        one, two = feed[0], psu[0]
        whole = self.footings[one.rack.hanging]
        lost = two.loses(one.left(whole.mask), (whole.mask, one.left(whole.mask)))
        push = Affine(feed[1].each, whole.on_meters(two.moved(one.left(whole.mask))))
        alone = ((one, Affine(feed[1].each, {})), psu)
        yield from self._pair(alone, Which.SAME_RACK, lost, push)

    def _two_psus(self, first: tuple[Local, Affine], second: tuple[Local, Affine]) -> Iterator[Double]:
        one, two = first[0], second[0]
        whole, feeds, pattern = self.footings[one.rack.hanging], one.rack.feeds, one.pattern
        assert pattern is not None
        shares = shares_of(pattern, feeds, whole.mask)
        moved = device_moved(pattern, feeds, shares, (whole.mask, (one.at, two.at)))
        singly = one.loses_alone(whole.mask) or two.loses_alone(whole.mask)
        lost = 0.0 if singly else moved[1]
        yield from self._pair((first, second), Which.SAME_DEVICE, lost, Affine({}, whole.on_meters(moved)))

    def _pair(
        self, both: tuple[tuple[Local, Affine], ...], which: Which, lost: float, push: Affine
    ) -> Iterator[Double]:
        self.evaluated += 1
        (one, _), (two, _) = both
        if lost:
            yield _with(one.element(), two, which, lost, True)
        whole = self.footings[two.rack.hanging]
        judged = Judged(two.rack, push, tuple(alone for _, alone in both))
        for group, found in overloaded(judged, two.amounts, whole, whole):
            first = one.element((group,)) if which is Which.SAME_DEVICE else one.element()
            second, named = two.element((group,)), self._named(two, found)
            yield Double(first, second, which, second.things, (0.0, 0.0), (), named, True)


def _with(first: Element, local: Local, which: Which, lost: float, last: bool) -> Double:
    """A loss of `lost` W for one unit of the local's amounts."""
    second = local.element()
    low, high = local.amounts[-1].w * lost, local.amounts[0].w * lost
    pairs = second.things if which is not Which.ANY else first.things * second.things
    losses = (Loss(local.rack.racks, low, high),)
    return Double(first, second, which, pairs, (low, high), losses, (), last)


def _total(losses: tuple[Loss, ...]) -> tuple[float, float]:
    total = sum((loss.low_w * len(loss.racks) for loss in losses), 0.0)
    return total, total
