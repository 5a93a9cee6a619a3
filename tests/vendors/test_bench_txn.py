"""`scripts/bench txn-alone` on five switches: the change that it measures has to happen."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[2] / "scripts"))
roles: Any = importlib.import_module("bench_parts.roles")
alone: Any = importlib.import_module("bench_parts.txn_alone")
pytestmark = pytest.mark.timeout(600)


def test_a_change_of_five_switches_is_decided_and_its_cost_told(capfd: pytest.CaptureFixture[str]) -> None:
    if lack := roles.lacking():
        pytest.skip(lack)

    alone.txn_alone([5])

    said = capfd.readouterr().out
    assert re.search(r"done in [\d.]+ s: read [\d.]+, stage .*, prepare [\d.]+, vote [\d.]+, confirm", said)
    cost = re.search(r"CPU a switch: (\d+) ms of the operator, (\d+) ms of its own", said)
    assert cost is not None
    assert int(cost[1]) > 0
    assert int(cost[2]) > int(cost[1])
