"""Whether a graph has the redundancy that is declared for it, and where it does not.

A scheme speaks of the units of one kind, the blocks, UPSs as a rule. N+1 loses nothing with one thing of
any block out; 2N, distributed and block redundant lose nothing with any whole block out, and differ in how
racks hang on blocks. To overload something is to lose it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from enum import StrEnum

from igoudar.errors import and_more
from igoudar.power.flow import State
from igoudar.power.graph import Fault, Graph
from igoudar.power.outages import losses_since, overloads_since, standing
from igoudar.power.racks import shares_of
from igoudar.power.report import lost_w


class Scheme(StrEnum):
    N = "N"
    N_PLUS_1 = "N+1"
    TWO_N = "2N"
    DISTRIBUTED = "distributed redundant"
    BLOCK = "block redundant"


def scheme_faults(
    graph: Graph, scheme: Scheme, tier: str, among: Collection[str] | None = None, *, sound: bool = False
) -> tuple[Fault, ...]:
    """Nothing where the graph has the scheme. `tier`: the kind of the blocks. Sorted.

    `among`: blocks that are taken out, else all; `sound`: somebody knows that it can be read.
    Raises ValueError for a graph that has `faults`.
    """
    found = [*_Asserted(State(graph, sound=sound), scheme, tier, among).faults()]
    return tuple(sorted(set(found), key=lambda fault: (fault.name, fault.code, fault.message)))


class _Asserted:
    def __init__(self, state: State, scheme: Scheme, tier: str, among: Collection[str] | None = None) -> None:
        self.state, self.scheme, self.tier, self.among = state, scheme, tier, among
        self.blocks = [at for at, unit in enumerate(state.units) if unit.kind == tier]
        # by rack ancestors the blocks in use above each feed
        blocks = set(self.blocks)
        self.above = [
            [frozenset(unit for unit in state.per_watt(feed) if unit in blocks) for feed in feeds]
            for feeds in state.feeds
        ]
        self.used = sorted({unit for feeds in self.above for blocks in feeds for unit in blocks})

    def faults(self) -> Iterator[Fault]:
        if not self.used and self.state.kinds:
            said = f"no rack is fed through a {self.tier}, so {self.scheme} says nothing"
            yield Fault("scheme-without-blocks", self.tier, said, f"units of the kind {self.tier}")
            return
        yield from self._whole()
        if self.scheme is Scheme.N_PLUS_1:
            yield from self._out(1)
        elif self.scheme is not Scheme.N:
            yield from self._out(None)
        if self.scheme is Scheme.BLOCK:
            yield from self._reserve()
        elif self.scheme in (Scheme.TWO_N, Scheme.DISTRIBUTED):
            yield from self._two_feeds()
            yield from self._partners()

    def _fault(self, code: str, unit: int, said: str, expected: str) -> Fault:
        where = self.state.units[unit].where
        return Fault(f"scheme-{code}", self.state.units[unit].name, said, expected, where=where)

    def _whole(self) -> Iterator[Fault]:
        """N itself: everything is carried while nothing is out."""
        for at, place in sorted(standing(self.state)):
            if at < 0 and place < len(self.state.units):
                load, limit = self.state.reading(place)
                name = self.state.units[place].name
                said = f"{name} carries {load:.0f} W of {limit:.0f} W with nothing out"
                yield self._fault("overload", place, said, f"{self.scheme}: enough for the load")

    def _out(self, things: int | None) -> Iterator[Fault]:
        """With so many things of each block out, or all."""
        state = self.state
        masks, before = list(state.mask), standing(state)
        for block in self.used:
            unit = state.units[block]
            if self.among is not None and unit.name not in self.among:
                continue
            changes = [state.fail(block) for _ in range(things or unit.count)]
            what = f"one of {unit.count} of {unit.name}" if things and unit.count > 1 else unit.name
            losses, overloads = losses_since(state, masks), overloads_since(state, before)
            if losses:
                lost = lost_w(losses)
                racks = sorted(rack for loss in losses for rack in loss.racks)
                more = and_more(len(racks))
                said = f"without {what} {lost:.0f} W are lost, in {racks[0]}{more}"
                yield self._fault("loses", block, said, f"{self.scheme}: nothing is lost")
            for overload in overloads:
                said = f"without {what} {overload} are overloaded"
                yield self._fault("overloads", block, said, f"{self.scheme}: nothing is overloaded")
            for change in reversed(changes):
                state.undo(change)

    def _two_feeds(self) -> Iterator[Fault]:
        """Each rack on two blocks or more, and each of its devices on either."""
        state = self.state
        for at, feeds in enumerate(self.above):
            kinds = [state.kinds[kind] for kind in state.kinds_on[at]]
            racks = sorted(rack for kind in kinds for rack in kind.racks)
            if len(feeds) < 2 or any(not blocks for blocks in feeds) or _meet(feeds):
                names = ", ".join(sorted({state.units[unit].name for blocks in feeds for unit in blocks}))
                feeding = "1 feed" if len(feeds) == 1 else f"{len(feeds)} feeds"
                expected = f"{self.scheme}: each feed on a {self.tier} of its own"
                for rack in racks:
                    said = f"rack {rack} is on {names or 'no block'}, with {feeding}"
                    yield Fault("scheme-feeds", rack, said, expected)
                continue
            for kind in kinds:
                single = [1 << feed for feed in range(len(feeds))]
                if any(shares_of(p, kind.feeds, mask) is None for p in kind.groups for mask in single):
                    for rack in kind.racks:
                        said = f"rack {rack} holds devices that one of its feeds alone does not keep on"
                        yield Fault("scheme-psus", rack, said, f"{self.scheme}: PSUs on each feed")

    def _partners(self) -> Iterator[Fault]:
        """2N: each block has one partner. Distributed: three blocks or more, not in fixed pairs."""
        partners: dict[int, set[int]] = defaultdict(set)
        for feeds in self.above:
            for blocks in feeds:
                for unit in blocks:
                    partners[unit] |= {other for more in feeds if more != blocks for other in more}
        if self.scheme is Scheme.TWO_N:
            for unit, others in partners.items():
                if len(others) > 1:
                    names = ", ".join(sorted(self.state.units[other].name for other in others))
                    said = f"racks on {self.state.units[unit].name} have their other feed on {names}"
                    yield self._fault("not-in-pairs", unit, said, "2N: one partner of each block")
        elif all(len(others) < 2 for others in partners.values()) and partners:
            said = f"the {len(self.used)} blocks stand in fixed pairs"
            expected = "distributed redundant: racks on different pairs of three blocks or more"
            yield self._fault("in-pairs", self.used[0], said, expected)

    def _reserve(self) -> Iterator[Fault]:
        """Each block in use has a transfer switch below it whose other input is a block that is idle."""
        idle = {block for block in self.blocks if block not in self.used and not self.state.load[block]}
        for block in self.used:
            if not any(self._reaches(below, idle) for below in self._switches_below(block)):
                said = f"no transfer switch takes the load of {self.state.units[block].name} to a reserve"
                yield self._fault("no-reserve", block, said, "block redundant: an idle block as second input")

    def _switches_below(self, block: int) -> Iterator[int]:
        stack = [block]
        while stack:
            for consumer in self.state.consumers[stack.pop()]:
                stack.append(consumer)
                if len(self.state.power[consumer]) > 1 and not self.state.together[consumer]:
                    yield consumer

    def _reaches(self, switch: int, idle: set[int]) -> bool:
        taken = {supplier for supplier, _ in self.state.split[switch]}
        stack = [supplier for supplier in self.state.power[switch] if supplier not in taken]
        while stack:
            unit = stack.pop()
            if unit in idle:
                return True
            stack += self.state.power[unit]
        return False


def _meet(feeds: list[frozenset[int]]) -> bool:
    return any(one & two for at, one in enumerate(feeds) for two in feeds[at + 1 :])
