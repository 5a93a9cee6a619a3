"""Every message for bad input is a golden file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.errors import CASES, cases, outcome


@pytest.mark.parametrize("name", cases())
def test_message_is_the_golden_one(name: str, tmp_path: Path) -> None:
    assert outcome(name, tmp_path) == (CASES / f"{name}.txt").read_text("utf-8")


@pytest.mark.parametrize("name", cases())
def test_message_says_where(name: str) -> None:
    """Bad input has status 2 or 3, and a finding with a file and, where the file has lines, a line."""
    text = (CASES / f"{name}.txt").read_text("utf-8")
    *lines, last = text.splitlines()
    assert last in ("exit 2", "exit 3"), last
    said = [line for line in lines if ": warning: " not in line and ": info: " not in line]
    assert re.match(r"\S+(:\d+)?: ", said[0])
    assert not any("Traceback" in line for line in lines)


def test_there_are_enough() -> None:
    assert len(cases()) >= 30
