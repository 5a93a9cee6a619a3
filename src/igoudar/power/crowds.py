"""Failures that share no load and push load on one meter: together they may be too much for it.

Their pushes add up, so that a sorted list says which pairs exceed the margin without a look at each.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate

from igoudar.power.failures import Analysis
from igoudar.power.last_metre import Local
from igoudar.power.pushes import Reading, exceeds
from igoudar.power.report import Crowd, Overload, Push


@dataclass(frozen=True, slots=True)
class Member:
    """A push, and whose it is: the number of an effect, or a local; `racks` of it, 1 within one rack.

    `taken_w`: what of the push is capacity that it takes away.
    """

    push: Push
    effect: int = -1
    local: Local | None = None
    racks: int = 1
    taken_w: float = 0.0


def crowds(analysis: Analysis, shared: list[set[int]]) -> Iterator[Crowd]:
    """All of them, by meter."""
    for meter, largest in _suspects(analysis, shared):
        reading = analysis.whole[meter]
        members = sorted(_members(analysis, meter, largest), key=_order)
        apart = _apart(analysis, reading, members, shared)
        for crowd in _crowd((analysis.state.meter_name(meter), reading, ()), members, apart, 1):
            served = {rack for member in members for rack in _served(analysis, member)}
            yield replace(crowd, last_metre=len(served) == 1 and "" not in served)
    for at, kind in enumerate(analysis.state.kinds):
        drawn = kind.draws(analysis.masks[kind.hanging])[0]
        for feed, reading in enumerate(zip(drawn, kind.feed_w, strict=True)):
            if not math.isfinite(reading[1]):
                continue
            own = [*_psus_of(analysis, at, feed)]
            members = sorted((m for m in own if not exceeds(reading, m.push.push_w)), key=_order)
            if not exceeds(reading, 0.0) and members and exceeds(reading, 2 * members[0].push.push_w):
                letter = analysis.state.hangings[kind.hanging].letters[feed]
                yield from _crowd((letter, reading, kind.racks), members, frozenset(), len(kind.racks))


def _served(analysis: Analysis, member: Member) -> tuple[str, ...]:
    """The racks that a member is in, or serves alone; one without a name where it serves more."""
    if member.local is not None:
        return member.local.rack.racks
    return (analysis.sole[analysis.effects[member.effect].unit],)


def _order(member: Member) -> tuple[float, str, float]:
    return -member.push.push_w, str(member.push.element), member.push.w


def _suspects(analysis: Analysis, shared: list[set[int]]) -> Iterator[tuple[int, float]]:
    """Meters that some two pushes on them, each bearable alone, may overload, and the largest such push.

    That is seen before any list is made.
    """
    inside = _largest(analysis)
    units: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for at, effect in enumerate(analysis.effects):
        for meter, push in effect.push.items():
            if push > 0 and not exceeds(analysis.whole[meter], push):
                units[meter].append((push, at))
    for meter in sorted({*inside, *units} - analysis.over):
        reading, most = analysis.whole[meter], inside.get(meter, {})
        two = heapq.nlargest(2, (push for pushes in most.values() for push in pushes))
        own = sorted(units[meter], reverse=True)
        locals_do = len(two) == 2 and exceeds(reading, sum(two))
        if locals_do or _units_suspect(analysis, (reading, most), own, shared):
            yield meter, max((*two, *(push for push, _ in own)))


def _units_suspect(
    analysis: Analysis,
    meter: tuple[Reading, dict[int, list[float]]],
    units: list[tuple[float, int]],
    shared: list[set[int]],
) -> bool:
    """Whether a unit's push exceeds a limit with another that it shares no load with."""
    reading, most = meter
    for place, (push, at) in enumerate(units):
        for other, second in units[place + 1 :]:
            if not exceeds(reading, push + other):
                break
            if max(at, second) not in shared[min(at, second)]:
                return True
        affected = analysis.effects[at].affected
        if any(
            exceeds(reading, push + max(own, default=0.0))
            for hanging, own in most.items()
            if hanging not in affected
        ):
            return True
    return False


def _largest(analysis: Analysis) -> dict[int, dict[int, list[float]]]:
    """By meter and rack ancestors the two largest pushes from within racks that are bearable alone."""
    found: dict[int, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for own, alone in zip(analysis.locals, analysis.pushes, strict=True):
        for local, pushes in zip(own, alone, strict=True):
            for meter, each in pushes.each.items():
                if meter < 0 or each <= 0 or math.isinf(analysis.margins[meter]):
                    continue
                largest = found[meter][local.rack.hanging]
                for push in _bearable(analysis.whole[meter], local, each):
                    heapq.heappush(largest, push)
                    if len(largest) > 2:
                        heapq.heappop(largest)
    return found


def _bearable(reading: Reading, local: Local, each: float) -> Iterator[float]:
    """The two largest pushes of a local that are bearable alone."""
    left = 2
    for group in local.amounts:
        if left > 0 and not exceeds(reading, group.w * each):
            times = min(left, len(local.rack.racks) * group.count)
            left -= times
            yield from [group.w * each] * times


def _members(analysis: Analysis, meter: int, largest: float) -> Iterator[Member]:
    """Those that are bearable alone, and not together with the largest."""
    reading = analysis.whole[meter]

    def counts(push: float) -> bool:
        return push > 0 and not exceeds(reading, push) and exceeds(reading, push + largest)

    for at, effect in enumerate(analysis.effects):
        if counts(taken := effect.push.get(meter, 0.0)):
            push = Push(effect.element, taken, effect.element.things)
            yield Member(push, at, taken_w=effect.taken[meter])
    for own, alone in zip(analysis.locals, analysis.pushes, strict=True):
        for local, pushes in zip(own, alone, strict=True):
            each, racks = pushes.each.get(meter, 0.0), len(local.rack.racks)
            for group in local.amounts:
                if counts(group.w * each):
                    push = Push(local.element((group,)), group.w * each, racks * group.count, group.w)
                    yield Member(push, local=local, racks=racks)


def _psus_of(analysis: Analysis, kind: int, feed: int) -> Iterator[Member]:
    """What PSUs push on a feed of their own rack; `things` are those of one rack."""
    for local, pushes in zip(analysis.locals[kind], analysis.pushes[kind], strict=True):
        each = pushes.each.get(-1 - feed, 0.0)
        for group in local.amounts if local.pattern is not None and each > 0 else ():
            push = Push(local.element((group,)), group.w * each, group.count, group.w)
            yield Member(push, local=local)


def _apart(
    analysis: Analysis, reading: Reading, members: list[Member], shared: list[set[int]]
) -> frozenset[tuple[int, int]]:
    """Positions of two that exceed the margin and share a load: a unit with a unit, a unit with a rack."""
    found = set()
    for at, member in enumerate(members):
        if member.effect < 0:
            continue
        affected = analysis.effects[member.effect].affected
        for place, other in enumerate(members):
            if not exceeds(reading, member.push.push_w + other.push.push_w):
                break
            if other.effect >= 0:
                low, high = sorted((member.effect, other.effect))
                sharing = place != at and high in shared[low]
            else:
                sharing = other.local is not None and other.local.rack.hanging in affected
            if sharing:
                found.add((min(at, place), max(at, place)))
    return frozenset(found)


def _crowd(
    name: tuple[str, Reading, tuple[str, ...]],
    members: list[Member],
    apart: frozenset[tuple[int, int]],
    times: int,
) -> Iterator[Crowd]:
    """`name`: what, its reading, and the racks whose feed it is; `times`: how often there is such a meter."""
    what, reading, racks = name
    pairs, rising = 0, [-member.push.push_w for member in members]
    before = [0, *accumulate(member.push.things for member in members)]
    for at, member in enumerate(members):
        end = _end(reading, rising, at)
        if end > at + 1:
            pairs += member.push.things * (before[end] - before[at + 1])
        if end > at and member.effect < 0:
            pairs += member.push.things * (member.push.things - 1) // 2
    pairs -= sum(members[one].push.things * members[two].push.things for one, two in apart)
    pairs -= sum(count for one, two, count in _in_racks(members) if exceeds(reading, _sum(one, two)))
    if pairs:
        one, two = _worst(members, apart)
        used = tuple(member.push for member in members)
        worst, taken = (one.push.element, two.push.element), one.taken_w + two.taken_w
        over = Overload(what, reading[0] + _sum(one, two) - taken, reading[1] - taken, racks)
        yield Crowd(what, *reading, used, apart, pairs * times, worst, over, racks, bool(racks))


def _end(reading: Reading, rising: list[float], at: int) -> int:
    """Members before this position exceed the limit together with the one at `at`."""
    return bisect_left(rising, True, key=lambda w: not exceeds(reading, -rising[at] - w))


def _sum(one: Member, two: Member) -> float:
    return one.push.push_w + two.push.push_w


def _in_racks(members: list[Member]) -> Iterator[tuple[Member, Member, int]]:
    """Two members and how many pairs of theirs are in one rack and share a load."""
    by_kind: dict[int, list[Member]] = defaultdict(list)
    for member in members:
        if member.local is not None:
            by_kind[member.local.kind].append(member)
    for own in by_kind.values():
        for place, one in enumerate(own):
            for two in own[place + 1 :]:
                if count := sharing(one, two):
                    yield one, two, count


def sharing(one: Member, two: Member) -> int:
    """How many pairs of two members of one kind of rack share a load within a rack."""
    first, second = one.local, two.local
    if first is None or second is None or first.kind != second.kind:
        return 0
    if first.pattern is None:
        return two.push.things
    if second.pattern is None:
        return one.push.things
    return one.push.things if first.pattern == second.pattern and one.push.w == two.push.w else 0


def _worst(members: list[Member], apart: frozenset[tuple[int, int]]) -> tuple[Member, Member]:
    """The two that count whose pushes are most together."""
    worst = members[-1], members[-1]
    found = 0.0
    for at, member in enumerate(members):
        if 2 * member.push.push_w <= found:
            break
        for place in range(at, len(members)):
            other = members[place]
            if place == at:
                counts = member.effect < 0 and member.push.things > 1
            else:
                left = member.push.things * other.push.things - sharing(member, other)
                counts = (at, place) not in apart and left > 0
            if counts:
                if _sum(member, other) > found:
                    worst, found = (member, other), _sum(member, other)
                break
    return worst
