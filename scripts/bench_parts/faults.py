"""Faults of changes over the small fabric of the tests, drawn by a seed: the table of what became of them."""

from __future__ import annotations

import json
import queue
import random
import statistics
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from igoudar.errors import IgoudarError
from tests.twin.faults.catalogue import ALL, Fault
from tests.twin.faults.fabric import Fabric
from tests.twin.faults.run import Bench, Outcome

UNSETTLED = "unsettled"
HEAD = """
| fault | runs | new | old | not as promised | settled in s: median, most | lost packets: median, most |
| --- | --- | --- | --- | --- | --- | --- |"""


def faults(count: int, seed: int, root: Path, after: int = 0) -> None:
    """`count` faults, each of the catalogue about as often; progress as they come, the table in the end.

    Takes some half a minute a fault, so what came of them is kept: started again it goes on. `after`: how
    many of the first are left out.
    """
    drawn = [ALL[number % len(ALL)] for number in range(count)]
    random.Random(seed).shuffle(drawn)
    kept = root / ".igoudar" / "bench" / f"faults-{count}-{seed}-{after}.jsonl"
    kept.parent.mkdir(parents=True, exist_ok=True)
    lines = kept.read_text("utf-8").splitlines() if kept.exists() else []
    outcomes = [Outcome(**json.loads(line)) for line in lines]
    where = kept.relative_to(root)
    print(
        f"{len(outcomes)} of {count - after} are in {where}; remove it to begin anew, as after a change",
        flush=True,
    )
    try:
        while after + len(outcomes) < count:
            with (
                tempfile.TemporaryDirectory() as made,
                (fabric := Fabric(Path(made))).running(),
                kept.open("a", encoding="utf-8") as out,
            ):
                bench = Bench(fabric)
                while (at := after + len(outcomes)) < count:
                    outcome = _outcome(bench, drawn[at], seed * count + at)
                    outcomes.append(outcome)
                    out.write(json.dumps(asdict(outcome)) + "\n")
                    out.flush()
                    told = outcome.wrong or f"{outcome.end}, settled in {outcome.settled:.1f} s"
                    print(f"{at + 1}/{count} {outcome.fault} ({outcome.switch}): {told}", flush=True)
                    if outcome.end == UNSETTLED:
                        break  # on to a fabric that is whole
    except KeyboardInterrupt:
        print(f"stopped; the same command goes on after {after + len(outcomes)}")
    finally:
        print(table(outcomes))


def _outcome(bench: Bench, fault: Fault, seed: int) -> Outcome:
    """What never ends, or cannot be asked any more, is an outcome too."""
    try:
        return bench.one(fault, seed)
    except (AssertionError, KeyError, queue.Empty, subprocess.TimeoutExpired, IgoudarError) as error:
        return Outcome(fault.name, "", "", UNSETTLED, 0.0, 0, 0, f"{type(error).__name__}: {error}")


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
