"""Thirty faults of a change over all switches of a small fabric: all new or all old, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.twin.faults import fabric
from tests.twin.faults.catalogue import SUITE, Fault
from tests.twin.faults.run import Bench

pytestmark = [pytest.mark.image, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with fabric.running(tmp_path_factory.mktemp("twin")) as folder:
        yield Bench(folder)


@pytest.mark.parametrize(("seed", "fault"), [*enumerate(SUITE)], ids=[fault.name for fault in SUITE])
def test_all_new_or_all_old(bench: Bench, seed: int, fault: Fault) -> None:
    outcome = bench.one(fault, seed)
    assert outcome.wrong == "", outcome
