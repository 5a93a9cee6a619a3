"""The changes that `scripts/bench impact` measures: they fit the lab's texts, and the rules foresee them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from igoudar.impact import impact
from igoudar.impact_rules import Class
from tests import golden
from tests.factory import RULES

TEXTS = {name: dict(files) for name, files in golden.compiled("lab").switches.items()}


def module(name: str) -> ModuleType:
    path = golden.ROOT / "scripts" / "bench_parts" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"bench_{name}", Path(path))
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = found  # dataclasses look their module up
    spec.loader.exec_module(found)
    return found


KINDS = module("kinds").kinds()
HITLESS = "description rd timers bfd maximum graceful hostname log VRF interface"
RESTART = "asn frr daemon"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_of_change_fits_the_lab_and_is_foreseen(kind: object) -> None:
    before = TEXTS
    for step in kind.steps:  # type: ignore[attr-defined]
        after = step.applied(before)
        costs = [impact(before[n], after[n], RULES) for n in TEXTS if before[n] != after[n]]
        assert len(costs) == len(step.edits), "each edit changes its switch"
        first, worst = kind.name.split()[0], {cost.kind for cost in costs}  # type: ignore[attr-defined]
        if first in HITLESS.split() and not step.way:
            assert worst == {Class.HITLESS}
        elif first in RESTART.split():
            assert Class.RESTART in worst
        elif not step.way and costs:
            assert Class.RESTART not in worst, "every line that it changes is known"
        before = after


def test_names_of_kinds_are_told_apart() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)
