"""Every message for bad input is a golden file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from igoudar.errors import Finding
from igoudar.meaning import explained
from tests.errors import CASES, ROOT, cases, heard_of, outcome

# what the issue asks for by name
WANTED = {
    "alias-bomb", "aliases", "all-at-once", "cable-to-unknown-port", "duplicate-mac", "duplicate-name",
    "duplicate-serial", "huge-file", "ledger-clash", "ledger-merge-conflict", "merge-conflict",
    "not-enough-ports", "not-utf8", "outside-pool", "port-twice", "public-outside-pools", "role-setting-type",
    "secret-unknown", "secret-without-value", "session-without-role", "subnets-overlap", "tag",
    "template-undefined", "two-on-one-u", "unknown-key", "unknown-nos", "unknown-role", "unreadable",
    "wave-on-unknown-cable", "wave-without-cable", "wrong-type",
}  # fmt: skip
# of these no line can be known: the file cannot be read, or is not there
NO_LINE = {
    "adopted-is-no-file",
    "dangling-link",
    "huge-file",
    "ledger-is-a-dangling-link",
    "ledger-is-a-folder",
    "named-pipe",
    "no-impact-rules",
    "observed-is-not-there",
    "unreadable",
}
COMMAND_LINE = re.compile(
    r"check-of-no-|explain-no-|"
    r"(diff|draw|explain|new|no|render|unknown)-(against|nothing|with|over|such|of|command)"
)
# what prints its list all the same
LISTED = {"cables-wrong-bill"}
# what is not wrong but cannot be shown, or is only a pity
WARNED = {
    "certificate-that-ends",
    "check-of-one-hall-of-a-site-that-cannot-be-read",
    "cooler-of-unknown-cold",
    "cooler-that-says-no-lowest",
    "cooling-of-a-hall-not-said",
    "envelope-of-no-class",
    "standstill-not-shown",
    "types-of-odd-depths-and-ports",
    "warm-before-battery-ends",
}


@pytest.mark.parametrize("name", cases())
def test_message_is_the_golden_one(name: str, tmp_path: Path) -> None:
    assert outcome(name, tmp_path) == (CASES / f"{name}.txt").read_text("utf-8")


@pytest.mark.parametrize("name", cases())
def test_message_says_where(name: str) -> None:
    """Bad input has status 2 or 3, a warning 0, and each finding a file and, where it has lines, the line."""
    *lines, last = (CASES / f"{name}.txt").read_text("utf-8").splitlines()

    assert last in (("exit 0",) if name in WARNED else ("exit 2", "exit 3"))
    assert not [line for line in lines if "Traceback" in line or "internal error" in line]
    if COMMAND_LINE.match(name):
        return
    if name in LISTED:
        lines = [line for line in lines if ": " in line]
    found = [line for line in lines if not re.fullmatch(r"(hall \S+ of )?\S+: \d+ errors?", line)]
    assert found
    pattern = r"[^\s:]+: " if name in NO_LINE else r"[^\s:]+:[1-9]\d*: "
    assert not [line for line in found if not re.match(pattern, line)]


def test_there_is_a_case_for_each_kind_of_mistake() -> None:
    assert set(cases()) >= WANTED
    assert {p.stem for p in CASES.glob("*.txt")} == set(cases())


# tests/unit has these: other commands say them, they stop nothing, or no small edit makes them
ELSEWHERE = {
    "in-doubt-operator",
    "more-than-there-are",
    "no-units",
    "no-way-back",
    "another-type",
    "has-a-serial",
    "no-point",
    "no-watts",
    "not-delivered",
    "not-planned",
    "last-exit",
    "rack-occupied",
    "reading-elsewhere",
    "reading-of-planned",
    "reading-twice",
    "switch-vanishes",
    "vpc-in-use",
    "aggregate-too-long",
    "no-checkout",
    "outside-checkout",
    "too-many-spines",
    "vrf-name",
}
INPUT = (
    "adopted",
    "allocate",
    "assemble",
    "base_branch",
    "bogons",
    "checks",
    "compiler",
    "derive",
    "facility",
    "hall",
    "inventory",
    "ledger",
    "references",
    "secret_marks",
    "ssh_certificates",
    "stack_files",
    "vanished",
    "waivers",
)
TEXTS = ("render", "render_roles", "role_findings", "roles", "tree", "vendors", "yaml_source")


def spoken() -> Iterator[str]:
    """Every code that stands in the source of what `check` runs."""
    for name in (*INPUT, *TEXTS):
        for path in (
            (ROOT / "src" / "igoudar").glob(f"{name}.py"),
            (ROOT / "src" / "igoudar" / name).glob("*.py"),
        ):
            for file in path:
                yield from _codes(ast.parse(file.read_text("utf-8")))


def _codes(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("Finding", "_refused")
        ):
            code = node.args[0 if node.func.id == "Finding" else 1]
            if isinstance(code, ast.Constant):
                yield str(code.value)


def amount_is_explained(finding: Finding) -> bool:
    """Those of one code all say how much, in the unit in which a limit is read, or none does."""
    meant = explained(finding.code)
    return meant is not None and (finding.unit, finding.amount is None) == (meant.amount, not meant.amount)


def test_each_kind_of_finding_has_a_case(tmp_path: Path) -> None:
    said: set[str] = set()
    for name in cases():
        (tmp_path / name).mkdir()
        found = heard_of(name, tmp_path / name)
        said |= {finding.code for finding in found}
        assert not [finding for finding in found if not amount_is_explained(finding)]

    assert set(spoken()) - said == ELSEWHERE
