"""Faults of changes over the small fabric of the tests, drawn by a seed: the table of what became of them."""

from __future__ import annotations

import random
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from igoudar import twin
from tests.twin.faults import fabric
from tests.twin.faults.catalogue import ALL
from tests.twin.faults.run import Bench, Outcome

HEAD = """
| fault | runs | new | old | not as promised | settled in s: median, most | lost packets: median, most |
| --- | --- | --- | --- | --- | --- | --- |"""


def faults(count: int, seed: int) -> None:
    """`count` faults, each of the catalogue about as often; progress as they come, the table in the end."""
    dice = random.Random(seed)
    drawn = [ALL[number % len(ALL)] for number in range(count)]
    dice.shuffle(drawn)
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        fabric.bring_up(folder)
        bench = Bench(folder)
        try:
            for number, fault in enumerate(drawn, 1):
                outcome = bench.one(fault, dice.randrange(1 << 30))
                outcomes.append(outcome)
                told = outcome.wrong or f"{outcome.end}, settled in {outcome.settled:.1f} s"
                print(f"{number}/{count} {outcome.fault} ({outcome.switch}): {told}", flush=True)
        finally:
            twin.down(folder, wipe=True)
            print(table(outcomes))


def table(outcomes: Sequence[Outcome]) -> str:
    lines = [HEAD]
    for name in dict.fromkeys(outcome.fault for outcome in outcomes):
        mine = [outcome for outcome in outcomes if outcome.fault == name]
        ends = [sum(outcome.end == end for outcome in mine) for end in ("new", "old")]
        wrong = sum(bool(outcome.wrong) for outcome in mine)
        seconds = [outcome.settled for outcome in mine]
        lost = [outcome.lost for outcome in mine if outcome.sent]
        settled = f"{statistics.median(seconds):.1f}, {max(seconds):.1f}"
        packets = f"{statistics.median(lost):.0f}, {max(lost)}" if lost else "the prober was hit"
        lines.append(f"| {name} | {len(mine)} | {ends[0]} | {ends[1]} | {wrong} | {settled} | {packets} |")
    return "\n".join(lines)
