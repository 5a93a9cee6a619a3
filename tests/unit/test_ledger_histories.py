"""Ten thousand random histories of a site: no survivor renumbered, no number twice, released ones rest."""

from __future__ import annotations

import os
import random
from collections import Counter

import pytest

from igoudar.ledger import clashes
from tests.unit.ledger_histories import World, merged, work

HISTORIES = int(os.environ.get("IGOUDAR_HISTORIES", "10000"))
PARTS = 20


def history(seed: int, seen: Counter[str]) -> None:
    """A trunk, two branches of it, their merge, and some more."""
    dice = random.Random(seed)
    trunk = work(World(), dice, "t", dice.randint(1, 6))
    ours = work(trunk.fork(), dice, "a", dice.randint(1, 3))
    theirs = work(trunk.fork(), dice, "b", dice.randint(1, 3))
    both = merged(trunk, ours, theirs)
    if both is None:
        seen["not merged"] += 1
        return
    found = clashes(both.ledger)
    seen["clashes" if found else "clean merges"] += 1
    for finding in found:
        owners = [
            o for rows in both.ledger.numbers.values() for o in rows if f" {o}" in f"{finding.message} "
        ]
        assert len(set(owners)) >= 2, f"both owners are named: {finding}"
    if not both.plan(dice, dice.choice((trunk, ours, theirs))):  # whatever is on the base branch by now
        seen["refused"] += 1  # what does not fit together, or a pool without numbers
        return
    work(both, dice, "m", 2)


@pytest.mark.parametrize("part", range(PARTS))
def test_numbers_never_move(part: int) -> None:
    seen: Counter[str] = Counter()
    count = HISTORIES // PARTS
    for seed in range(part * count, (part + 1) * count):
        try:
            history(seed, seen)
        except AssertionError as error:
            raise AssertionError(f"history {seed}: {error}") from error

    assert seen["clean merges"] > count // 10
    assert seen["clashes"] > count // 100
