"""Every run of the transaction with three witnesses and at most two faults."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from tests import checker
from tests.checker import APART, Fault, faults, places, quick, violations, wrong


@pytest.mark.parametrize("first", faults(3), ids=lambda fault: f"{fault[0]}-{fault[1]}")
def test_no_two_faults_break_the_promise(first: Fault) -> None:
    tried, found = violations(first, 3)
    assert found == {}
    assert tried > 40


def test_one_fault_between_waves_breaks_no_promise() -> None:
    with quick(), patch.object(checker, "WAVES", APART):
        alone = [((at, fault),) for at, possible in places((), 3) for fault in possible]
        assert len(alone) > 200
        assert [s for s in alone if wrong(s, 3)] == []
