"""The cable doctor on a campus of cables: seconds, and how many of the seeded mistakes it names exactly.

Server racks of 20 boxes with two ports each, on leaves at the end of the row by 4:1 breakouts, each a trunk
of four tails. Mistakes touch disjoint cables; what is missing of the observations is drawn over all ends.
"""

from __future__ import annotations

import gc
import random
import resource
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from igoudar.doctor import Diagnosis, End, Kind, Medium, Observation, Plan, PlannedCable, Trunk, diagnose
from tests.cable_world import DARK, DARK_DBM, EMPTY

BOXES, PORTS, TAILS, RACKS_A_LEAF = 20, 2, 4, 3
CABLES_A_RACK = BOXES * PORTS
LIGHT_DBM = -2.0
SWAPS = (Kind.SWAPPED_PAIR, Kind.SWAPPED_RACKS)


@dataclass(frozen=True, slots=True)
class Seeded:
    """A mistake; `ends`: all that it concerns."""

    kind: Kind
    ends: frozenset[End]


class Campus:
    """`joined`: what is plugged together, both ways; `dark`: ends that hear nothing, and what they say."""

    def __init__(self, cables: int) -> None:
        self.racks = [self._rack(number) for number in range(cables // CABLES_A_RACK)]
        self.planned = [pair for rack in self.racks for pair in rack]
        self.joined = dict(self.planned) | {far: near for near, far in self.planned}
        self.dark: dict[End, Observation] = {}
        self.seeded: list[Seeded] = []

    def _rack(self, number: int) -> list[tuple[End, End]]:
        """(leaf's end, box's end); the tails of a breakout lead to boxes one above the other."""
        leaf, first = number // RACKS_A_LEAF, number % RACKS_A_LEAF * BOXES
        return [
            (
                End(f"leaf-{leaf}-{port}", f"swp{(first + box) // TAILS}s{box % TAILS}"),
                End(f"r{number}-b{box}", f"eth{port}"),
            )
            for port in range(PORTS)
            for box in range(BOXES)
        ]

    def plan(self) -> Plan:
        cables = tuple(PlannedCable(near, far, Medium.OPTICS) for near, far in self.planned)
        racks = {far.device: f"r{n}" for n, rack in enumerate(self.racks) for _, far in rack}
        devices = dict.fromkeys(e.device for pair in self.planned for e in pair)
        tails = [self.planned[at : at + TAILS] for at in range(0, len(self.planned), TAILS)]
        trunks = tuple(Trunk(f"{t[0][0]}", tuple(t)) for t in tails)
        return Plan(cables, racks, trunks, {f"mac {d}": d for d in devices})

    def join(self, pairs: Iterable[tuple[End, End]]) -> None:
        for near, far in pairs:
            self.joined[near], self.joined[far] = far, near

    def seed(self, each: int, dice: random.Random) -> None:
        """`each` mistakes of each kind."""
        order = dice.sample(range(len(self.racks)), len(self.racks))
        for one, two in zip(order[0 : 2 * each : 2], order[1 : 2 * each : 2], strict=True):
            self._swap(Kind.SWAPPED_RACKS, self.racks[one], self.racks[two])
        left = [
            self.racks[n][at : at + TAILS] for n in order[2 * each :] for at in range(0, CABLES_A_RACK, TAILS)
        ]
        drawn = iter(dice.sample(left, 6 * each))
        for _ in range(each):
            self._swap(Kind.SWAPPED_PAIR, [dice.choice(next(drawn))], [dice.choice(next(drawn))])
            self._rotate(next(drawn), dice.randrange(1, TAILS))
            self._wrong_port(*dice.choice(next(drawn)))
            self._missing(*dice.choice(next(drawn)))
            self._dead(*dice.sample(dice.choice(next(drawn)), 2))

    def _swap(self, kind: Kind, one: list[tuple[End, End]], two: list[tuple[End, End]]) -> None:
        self.join((a[0], b[1]) for a, b in zip(one, two, strict=True))
        self.join((b[0], a[1]) for a, b in zip(one, two, strict=True))
        self.seeded.append(Seeded(kind, frozenset(e for pair in (*one, *two) for e in pair)))

    def _rotate(self, tails: list[tuple[End, End]], by: int) -> None:
        self.join((near, tails[(at + by) % TAILS][1]) for at, (near, _) in enumerate(tails))
        self.seeded.append(Seeded(Kind.ROTATED_TRUNK, frozenset(e for pair in tails for e in pair)))

    def _wrong_port(self, near: End, far: End) -> None:
        free = End(near.device, f"free-{near.port}")
        self.join([(free, far)])
        del self.joined[near]
        self.dark[near] = DARK
        self.seeded.append(Seeded(Kind.WRONG_PORT, frozenset((near, far, free))))

    def _missing(self, near: End, far: End) -> None:
        del self.joined[near], self.joined[far]
        self.dark |= {near: EMPTY, far: EMPTY}
        self.seeded.append(Seeded(Kind.MISSING, frozenset((near, far))))

    def _dead(self, lit: End, dark: End) -> None:
        self.dark |= {lit: Observation(silent=True, link=False, module=True, rx_dbm=LIGHT_DBM), dark: DARK}
        self.seeded.append(Seeded(Kind.DEAD_OPTIC, frozenset((lit, dark))))

    def observed(self, share: float, dice: random.Random) -> dict[End, Observation]:
        """What all ends say but `share` of them."""
        told = {
            end: Observation(f"mac {far.device}", far.port, link=True, module=True, rx_dbm=LIGHT_DBM)
            for end, far in self.joined.items()
        } | self.dark
        for end in dice.sample(sorted(told), int(share * len(told))):
            del told[end]
        return told

    def evident(self, told: dict[End, Observation]) -> Iterator[Seeded]:
        """Mistakes of which each end was observed, or heard by an end that was."""
        for mistake in self.seeded:
            if all(e in told or (e not in self.dark and self.joined.get(e) in told) for e in mistake.ends):
                yield mistake


def doctor(count: int, seed: int) -> None:
    each, dice = 1000 * count // 500_000 or 1, random.Random(seed)
    campus = Campus(count)
    campus.seed(each, dice)
    plan, told = campus.plan(), campus.observed(0.05, dice)
    gc.collect()
    gc.freeze()  # as the command does: what was read stays until the end
    begun, cpu = time.perf_counter(), time.process_time()
    found = diagnose(plan, told, dark_dbm=DARK_DBM)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    cost = f"{seconds:.1f} s ({cpu:.1f} s of CPU), peak {peak:.2f} GiB"
    print(f"{len(plan.cables)} cables, {len(told)} ends observed: {cost}")
    _judge(campus, told, found)


def _judge(campus: Campus, told: dict[End, Observation], found: Diagnosis) -> None:
    exact = {
        Seeded(s.candidates[0][0].kind, frozenset(s.ends))
        for s in found.statements
        if s.is_exact and len(s.candidates[0]) == 1
    }
    evident = Counter(m.kind for m in campus.evident(told))
    named = Counter(m.kind for m in campus.evident(told) if m in exact)
    seeded = Counter(m.kind for m in campus.seeded)
    for kind, number in seeded.items():
        share = 100 * named[kind] / max(evident[kind], 1)
        seen = f"{evident[kind]} with evidence at all ends"
        print(f"  {kind}: {number} seeded, {seen}, {share:.2f} % of them exact")
    wrong = [m for m in exact if m not in set(campus.seeded)]
    swaps = sum(m.kind in SWAPS for m in wrong)
    total = 100 * named.total() / max(evident.total(), 1)
    print(f"  all: {total:.2f} % exact; wrong: {len(wrong)}, of them swaps: {swaps}")
    rest = f"{len(found.unproven)} that nobody saw, {len(found.statements)} statements"
    print(f"  {found.good} as planned, {rest}")
