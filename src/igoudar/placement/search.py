"""From prices to fillings and back, until nothing better can be; then whole racks, goal by goal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from igoudar.placement.fillings import Counting, RackClass, first_fit, rack_classes
from igoudar.placement.limits import KILO, Filling, wider
from igoudar.placement.master import Chosen, Goal, Master, Open, Prices, Stage
from igoudar.placement.pricing import Priced, Pricer
from igoudar.placement.problem import Bounds, Effort, Problem
from igoudar.placement.solver import INFINITY

BATCH = 40  # fillings found before the prices are computed anew
NEAR = 1e-4  # of the cost: a bound as near as this is not worth another round
DIVES = 8
PENALTY = 1000.0  # racks or kW: more than any device is worth
NOTHING = Priced((), 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Proof:
    """The prices that gave the best bound, and what the best filling of each rack class costs at them."""

    bound: float
    prices: Prices
    floors: tuple[float, ...]


class Search:
    """What is known so far of one problem."""

    def __init__(self, problem: Problem, effort: Effort) -> None:
        self.problem, self.effort = problem, effort
        self.kinds: Sequence[RackClass] = rack_classes(problem)
        self.pool: dict[tuple[int, Filling], None] = {}
        self.stopped = False
        self._pricers: dict[int, Pricer] = {}

    def run(self) -> tuple[Chosen, Bounds]:
        """The placement by rack classes, and what no placement is better than."""
        chosen: Chosen = first_fit(self.problem, self.kinds)
        left = opened = stranded = 0.0
        if self.left(chosen):
            chosen, left = self.reach(Stage(Goal.LEFT), chosen)
        if self.opened(chosen):
            chosen, opened = self.reach(Stage(Goal.OPENED, self.left(chosen)), chosen)
        if any(kind.strands.lines for kind in self.kinds):
            stage = Stage(Goal.STRANDED, self.left(chosen), self.opened(chosen))
            chosen, stranded = self.reach(stage, chosen)
        return chosen, Bounds(round(left), round(opened), stranded * KILO)

    def left(self, chosen: Chosen) -> int:
        placed = [sum(f[at] * times for _, f, times in chosen) for at in range(len(self.problem.classes))]
        return sum(max(0, c.count - n) for c, n in zip(self.problem.classes, placed, strict=True))

    def opened(self, chosen: Chosen) -> int:
        return sum(times for number, _, times in chosen if self.kinds[number].opens)

    def cost(self, stage: Stage, chosen: Chosen) -> float:
        if stage.goal is Goal.LEFT:
            return self.left(chosen)
        return sum(stage.cost(self.kinds[number], filling) * times for number, filling, times in chosen)

    def reach(self, stage: Stage, chosen: Chosen) -> tuple[Chosen, float]:
        """The best found for the goal, and its bound."""
        self.pool |= dict.fromkeys((number, filling) for number, filling, _ in chosen)
        master = self._master(stage, [], INFINITY)
        proof, whole = self._generate(master)
        bound = stage.rounded(proof.bound) if proof else 0.0
        chosen = self._whole(master, [], chosen)
        if self.cost(stage, chosen) > bound + NEAR * bound + 1e-6:
            chosen = self._dive(stage, whole, chosen)
        if proof and self.cost(stage, chosen) > bound + 1e-6:
            chosen, bound = self._count_out(master, proof, chosen)
        return chosen, bound

    def rest(self, stage: Stage, fixed: Chosen) -> Open:
        """What is to be done beside some racks whose fillings are fixed."""
        devices = [c.count for c in self.problem.classes]
        racks = [len(kind.racks) for kind in self.kinds]
        room = wider(self.problem)
        for number, filling, times in fixed:
            racks[number] -= times
            devices = [d - n * times for d, n in zip(devices, filling, strict=True)]
            for wide in self.kinds[number].wides:
                room[wide.key] -= wide.used(filling) * times
        opened = stage.most_opened - self.opened(fixed)
        return Open(tuple(max(d, 0) for d in devices), tuple(racks), room, opened, stage.most_left)

    def _master(self, stage: Stage, fixed: Chosen, penalty: float) -> Master:
        """With all fillings known, without what is not wanted any more."""
        rest = self.rest(stage, fixed)
        master = Master(self.problem, self.kinds, stage, rest, penalty)
        for number, filling in self.pool:
            clipped = tuple(min(n, d) for n, d in zip(filling, rest.devices, strict=True))
            if rest.racks[number] and any(clipped):
                master.add(number, clipped)
        return master

    def _generate(self, master: Master) -> tuple[Proof | None, Chosen]:
        """Adds fillings until no rack class has one that pays at the prices, or the bound is reached."""
        proof: Proof | None = None
        rounded = master.stage.rounded
        for number in range(self.effort.rounds):
            relaxed = master.relaxed()
            found = self._priced(master, relaxed.prices, number * BATCH)
            if len(found) == len(self.kinds):
                best = [found[at] for at in range(len(found))]
                bound = master.bound(relaxed.prices, best)
                if proof is None or bound > proof.bound:
                    proof = Proof(bound, relaxed.prices, tuple(p.bound for p in best))
            worth = relaxed.prices.rack
            added = [master.add(at, p.filling) for at, p in found.items() if p.pays(worth[at])]
            proven = rounded(proof.bound) if proof else 0.0
            if not any(added) or rounded(relaxed.cost) - proven <= NEAR * relaxed.cost:
                break
        self.pool |= dict.fromkeys(master.fillings)
        return proof, relaxed.whole

    def _priced(self, master: Master, prices: Prices, first: int) -> dict[int, Priced]:
        """The best filling of each rack class, from the one numbered `first` on, until enough of them pay."""
        found: dict[int, Priced] = {}
        stage, rest = master.stage, master.rest
        paying = 0
        for step in range(len(self.kinds)):
            at = (first + step) % len(self.kinds)
            found[at] = NOTHING
            if rest.racks[at]:
                kind = self.kinds[at]
                if at not in self._pricers:
                    self._pricers[at] = Pricer(self.problem, kind)
                costs, fixed = prices.of(kind), prices.of_rack(stage, kind)
                stranding = stage.goal is Goal.STRANDED
                found[at] = self._pricers[at].best(costs, fixed, rest.devices, stranding=stranding)
                paying += found[at].pays(prices.rack[at])
            if paying >= BATCH:
                break
        return found

    def _whole(self, master: Master, fixed: Chosen, chosen: Chosen) -> Chosen:
        """The best of whole racks by the fillings so far; what was there, where nothing better is found."""
        solved = master.whole(self.effort)
        self.stopped |= solved.out_of_time
        found = fixed + master.chosen(solved) if solved.values else chosen
        return min(chosen, found, key=lambda c: self._worth(master.stage, c))

    def _worth(self, stage: Stage, chosen: Chosen) -> tuple[bool, float]:
        """Less is better; what breaks a limit of the stage is worst."""
        broken = self.left(chosen) > stage.most_left or self.opened(chosen) > stage.most_opened
        return broken, round(self.cost(stage, chosen), 9)

    def _dive(self, stage: Stage, whole: Chosen, chosen: Chosen) -> Chosen:
        """Fixes the racks that the relaxed program fills as wholes and goes on with the others: what is
        left is small, and gets fillings of its own.
        """
        fixed: Chosen = []
        for _ in range(DIVES):
            if not whole:
                break
            fixed = fixed + whole
            master = self._master(stage, fixed, PENALTY)
            _, whole = self._generate(master)
            chosen = self._whole(master, fixed, chosen)
        return chosen

    def _count_out(self, master: Master, proof: Proof, chosen: Chosen) -> tuple[Chosen, float]:
        """Adds every filling that a better placement could use, where they are few: then the answer is best.

        A filling that costs more, at the prices of the bound, than what lies between the bound and the
        placement in hand is in no better one.
        """
        stage, counting = master.stage, Counting(self.effort.fillings)
        spare = self.cost(stage, chosen) - float(stage.whole) - proof.bound
        found: list[tuple[int, Filling]] = []
        for number, (kind, floor) in enumerate(zip(self.kinds, proof.floors, strict=True)):
            limit = spare + floor - proof.prices.of_rack(stage, kind)
            prices = proof.prices.of(kind)
            found += ((number, f) for f in counting.below(self.problem, kind, prices, limit))
        bound = stage.rounded(proof.bound)
        if not counting.complete:
            return chosen, bound
        for number, filling in found:
            master.add(number, filling)
        solved = master.whole(self.effort)
        self.stopped |= solved.out_of_time
        if solved.values:
            chosen = min(chosen, master.chosen(solved), key=lambda c: self._worth(stage, c))
        return chosen, max(bound, stage.rounded(min(solved.bound, self.cost(stage, chosen))))
