"""Thirty faults of a change over all switches of a small fabric: all new or all old, whatever happens.

Each is also the next run of the one before: what that left is finished without cleaning by hand.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.twin.faults.catalogue import OLD, SUITE, Fault
from tests.twin.faults.fabric import Fabric
from tests.twin.faults.run import Bench

pytestmark = [pytest.mark.image, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    fabric = Fabric(tmp_path_factory.mktemp("twin"), spines=1)
    with fabric.running():
        yield Bench(fabric)


def ordered() -> list[tuple[int, Fault]]:
    """Those that end old one after another as long as there are more of them, then old and new in turn."""
    numbered = [*enumerate(SUITE)]
    old, rest = ([one for one in numbered if (one[1].ends == OLD) is so] for so in (True, False))
    first, turns = old[: len(old) - len(rest)], old[len(old) - len(rest) :]
    return first + [one for pair in zip(turns, rest, strict=True) for one in pair]


@pytest.mark.parametrize(("seed", "fault"), ordered(), ids=[fault.name for _, fault in ordered()])
def test_all_new_or_all_old(bench: Bench, seed: int, fault: Fault) -> None:
    outcome = bench.one(fault, seed, short=True)
    assert outcome.wrong == "", outcome


def test_a_run_without_a_fault_ends_what_is_left(bench: Bench) -> None:
    assert bench.finished() == ""
