"""The changes that `scripts/bench impact` measures: they fit the lab's texts, and the rules foresee them."""

from __future__ import annotations

import importlib
import sys

import pytest

from igoudar.impact import impact
from igoudar.impact_rules import Class, lines, rule_of
from tests import golden
from tests.factory import RULES

sys.path.append(str(golden.ROOT / "scripts"))
LINES = importlib.import_module("bench_parts.lines")
KINDS = LINES.every()
TEXTS = {name: dict(files) for name, files in golden.compiled("lab").switches.items()}
HITLESS = "description rd timers bfd maximum graceful log VRF interface"
RESTART = "asn frr daemon hostname"


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


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_changes_the_lines_that_it_is_about(kind: object) -> None:
    for word, found in LINES.about(kind, TEXTS, RULES).items():
        assert found, f"no line {word!r} changes"
        assert all(change.rule for change in found)


def test_every_rule_is_measured_by_a_kind_or_left_out_for_a_reason() -> None:
    told = [c for kind in KINDS for found in LINES.about(kind, TEXTS, RULES).values() for c in found]
    measured = {id(change.rule) for change in told}
    left_out = {id(rule): line for line in LINES.LEFT_OUT for rule in _rules_of(line)}
    every = {id(rule): rule.line.pattern for of_file in RULES.files.values() for rule in of_file.rules}
    assert [line for key, line in every.items() if key not in {*measured, *left_out}] == []
    assert [line for key, line in left_out.items() if key in measured] == []


def _rules_of(line: str) -> list[object]:
    """Of the files of leaf-1 that have the line."""
    found = [
        rule_of(section, text, of_file)
        for path, of_file in RULES.files.items()
        for section, text in lines(TEXTS["leaf-1"][path], of_file.ignore)
        if text == line
    ]
    assert found, f"no line {line!r}"
    return [known[0] for known in found if known]


def test_kinds_are_chosen_by_a_word_and_by_what_is_not_measured() -> None:
    assert LINES.chosen("", TEXTS, RULES) == KINDS
    assert [k.name for k in LINES.chosen("nothing,hostname", TEXTS, RULES)] == ["nothing", "hostname"]
    names = [k.name for k in LINES.chosen("unmeasured", TEXTS, RULES)]
    assert "password" not in names, "its rule says that it was measured here"
