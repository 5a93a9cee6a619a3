"""Every run of the transaction with three witnesses and at most two faults."""

from __future__ import annotations

import pytest

from tests.checker import Fault, faults, violations


@pytest.mark.parametrize("first", faults(3), ids=lambda fault: f"{fault[0]}-{fault[1]}")
def test_no_two_faults_break_the_promise(first: Fault) -> None:
    tried, found = violations(first, 3)
    assert found == {}
    assert tried > 500
