"""Every message for bad input is a golden file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.errors import CASES, cases, outcome

# what the issue asks for by name
WANTED = {
    "alias-bomb", "aliases", "all-at-once", "cable-to-unknown-port", "duplicate-mac", "duplicate-name",
    "duplicate-serial", "huge-file", "ledger-clash", "ledger-merge-conflict", "merge-conflict",
    "not-enough-ports", "not-utf8", "outside-pool", "port-twice", "public-outside-pools", "role-setting-type",
    "secret-unknown", "session-without-role", "subnets-overlap", "tag",
    "template-undefined", "two-on-one-u", "unknown-key", "unknown-nos", "unknown-role", "unreadable",
    "wave-on-unknown-cable", "wave-without-cable", "wrong-type",
}  # fmt: skip
# of these no line can be known: the file cannot be read, or is not there
NO_LINE = {
    "dangling-link",
    "huge-file",
    "ledger-is-a-dangling-link",
    "ledger-is-a-folder",
    "named-pipe",
    "unreadable",
}
COMMAND_LINE = re.compile(r"(diff|explain|new|no|render|unknown)-(against|nothing|with|over|such|of|command)")


@pytest.mark.parametrize("name", cases())
def test_message_is_the_golden_one(name: str, tmp_path: Path) -> None:
    assert outcome(name, tmp_path) == (CASES / f"{name}.txt").read_text("utf-8")


@pytest.mark.parametrize("name", cases())
def test_message_says_where(name: str) -> None:
    """Bad input has status 2 or 3, and each finding a file and, where that has lines, the line."""
    *lines, last = (CASES / f"{name}.txt").read_text("utf-8").splitlines()

    assert last in ("exit 2", "exit 3")
    assert not [line for line in lines if "Traceback" in line or "internal error" in line]
    if COMMAND_LINE.match(name):
        return
    found = [line for line in lines if not re.fullmatch(r"\S+: \d+ errors?", line)]
    assert found
    pattern = r"[^\s:]+: " if name in NO_LINE else r"[^\s:]+:[1-9]\d*: "
    assert not [line for line in found if not re.match(pattern, line)]


def test_there_is_a_case_for_each_kind_of_mistake() -> None:
    assert set(cases()) >= WANTED
    assert {p.stem for p in CASES.glob("*.txt")} == set(cases())
