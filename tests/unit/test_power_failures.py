"""Every single and every double failure, held against a count that knows nothing of the method."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Any

import pytest

from igoudar.power import Graph, analyse, faults
from tests.unit import power_expand
from tests.unit.power_expand import Harm, Pair
from tests.unit.power_halls import SCHEMES, hall
from tests.unit.power_oracle import Failure, Outcome, all_failures, outcome

SEEDS = 168  # of each of six kinds of hall: 1,008 halls
PARTS = 4
Who = Failure | Pair
Key = tuple[str, ...]


def excess(found: Outcome) -> dict[str, float]:
    return {name: load - limit for name, (load, limit) in found.over.items()}


class Counted:
    """The harm of each failure and of each two, by the oracle; what two do beyond what each does alone."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.whole = outcome(graph, ())
        self.all = [*all_failures(graph)]
        self.alone = {failure: outcome(graph, [failure]) for failure in set(self.all)}
        self.both: dict[tuple[Failure, Failure], Harm] = {}

    def single(self, failure: Failure) -> Harm:
        return self._beyond(self.alone[failure], [self.whole])

    def double(self, one: Failure, two: Failure) -> Harm:
        key = (one, two) if str(one) <= str(two) else (two, one)
        if key not in self.both:
            before = [self.whole, self.alone[one], self.alone[two]]
            self.both[key] = self._beyond(outcome(self.graph, key), before)
        return self.both[key]

    @staticmethod
    def _beyond(found: Outcome, before: list[Outcome]) -> Harm:
        lost = {key: w for key, w in found.lost.items() if not any(key in each.lost for each in before)}
        over = {key: w for key, w in excess(found).items() if not any(key in each.over for each in before)}
        return sum(lost.values()), over


def merged(harms: list[Harm]) -> Harm:
    """What several rows say of one failure; what two of them say must be the same."""
    lost, over = 0.0, dict[str, float]()
    for more, meters in harms:
        assert not (lost and more), "one loss said twice"
        lost += more
        for name, watts in meters.items():
            assert name not in over, f"{name} said twice"
            over[name] = watts
    return lost, over


def same(said: Harm, counted: Harm) -> bool:
    return said[0] == pytest.approx(counted[0], abs=1e-3) and said[1] == pytest.approx(counted[1], abs=1e-3)


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_oracle_agrees(scheme: str, part: int) -> None:
    for seed in range(part, SEEDS, PARTS):
        agrees(hall(scheme, seed), f"{scheme} {seed}")


def agrees(graph: Graph, name: str) -> None:
    assert not faults(graph), name
    report, counted = analyse(graph), Counted(graph)
    assert report.things == len(counted.all), name
    said = once(power_expand.singles(graph, report))
    for failure in counted.alone:
        told, true = merged(said.get(key_of(failure), [])), counted.single(failure)
        assert same(told, true), (name, failure, told, true)
    said = once(power_expand.doubles(graph, report))
    for one, two in combinations(counted.all, 2):
        told, true = merged(said.get(key_of((one, two)), [])), counted.double(one, two)
        assert same(told, true), (name, one, two, told, true)
    for crowd in report.crowds:
        said_of = [*power_expand.crowded(graph, crowd)]
        most = max(sum(over.values()) for _, (_, over) in said_of)
        assert crowd.worst_over.excess_w == pytest.approx(most), name
        worst = [(pair, over) for pair, (_, over) in said_of if sum(over.values()) > most - 1e-6]
        told = crowd.worst_over.load_w, crowd.worst_over.limit_w
        readings = [outcome(graph, pair).over[meter] for pair, over in worst for meter in over]
        assert any(told == pytest.approx(reading, abs=1e-3) for reading in readings), (name, told)
    rows = sum(double.pairs for double in report.doubles) + sum(crowd.pairs for crowd in report.crowds)
    assert rows == sum(1 for _ in power_expand.doubles(graph, report)), name


def once(said: Iterable[tuple[Who, Harm]]) -> dict[Key, list[Harm]]:
    """By failure or by pair; things of one unit are named alike, and what is said of them is said once."""
    found: dict[Key, dict[Any, Harm]] = {}
    for who, harm in said:
        found.setdefault(key_of(who), {})[harm[0], tuple(sorted(harm[1].items()))] = harm
    return {key: [*harms.values()] for key, harms in found.items()}


def key_of(who: Who) -> Key:
    """The same for a pair and its other order."""
    return tuple(sorted(map(str, who))) if isinstance(who[0], tuple) else (str(who),)
