"""Every run of the transaction with three witnesses and at most two faults."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from tests import checker
from tests.checker import APART, Fault, faults, places, quick, schedules, violations, wrong


@pytest.mark.parametrize("first", faults(3), ids=lambda fault: f"{fault[0]}-{fault[1]}")
def test_no_two_faults_break_the_promise(first: Fault) -> None:
    _, found = violations(first, 3)
    assert found == {}


def test_those_are_all() -> None:
    with quick():
        assert sum(1 for first in faults(3) for _ in schedules(first, 3)) == 29_688


def test_one_fault_between_waves_breaks_no_promise() -> None:
    with quick(), patch.object(checker, "WAVES", APART):
        alone = [((at, fault),) for at, possible in places((), 3) for fault in possible]
        assert len(alone) > 200
        assert [s for s in alone if wrong(s, 3)] == []
