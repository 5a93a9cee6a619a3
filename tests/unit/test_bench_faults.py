"""Which faults the bench draws: the same for a seed, and those behind others are the others' rest."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import golden
from tests.twin.faults.catalogue import ALL, Fault
from tests.twin.faults.fabric import Fabric
from tests.twin.faults.run import Outcome

sys.path.append(str(golden.ROOT / "scripts"))
bench = importlib.import_module("bench_parts.faults")


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What would be done to a fabric, with the seed of each."""
    found: list[tuple[str, int]] = []

    @contextmanager
    def running(_: Fabric) -> Iterator[None]:
        yield

    def outcome(_: Fabric, fault: Fault, seed: int) -> Outcome:
        found.append((fault.name, seed))
        return Outcome(fault.name, "lf-1", "done", "new", 1.0, 100, 0, "")

    monkeypatch.setattr(Fabric, "running", running)
    monkeypatch.setattr(bench, "Bench", lambda fabric: fabric)
    monkeypatch.setattr(bench, "_outcome", outcome)
    return found


def test_each_of_the_catalogue_about_as_often(drawn: list[tuple[str, int]], tmp_path: Path) -> None:
    bench.faults(2 * len(ALL), 1, tmp_path)
    assert sorted(name for name, _ in drawn) == sorted(2 * [fault.name for fault in ALL])
    assert len({seed for _, seed in drawn}) == len(drawn)


def test_those_after_are_the_rest_of_the_same(drawn: list[tuple[str, int]], tmp_path: Path) -> None:
    bench.faults(20, 1, tmp_path)
    whole = drawn.copy()
    drawn.clear()
    bench.faults(20, 1, tmp_path, after=12)
    assert drawn == whole[12:]
