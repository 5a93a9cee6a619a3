"""Every code of a finding is explained, and nothing else is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import date

import pytest

from igoudar.errors import BadInput, Finding, Severity, Where
from igoudar.meaning import NAMES, known, meaning
from igoudar.quantities import KINDS
from igoudar.waivers import Waiver, waive
from tests.errors import ROOT
from tests.unit.finding_codes import SOURCE, codes

# words that the look through the source takes for codes: changes, flags and ends of others
OTHERS = {"pulled", "ipv4", "ipv6", "given", "released", "moved", "verifying-again", "silent", "unsent"}
SCHEMES = {"loses", "overloads", "in-pairs", "no-reserve", "not-in-pairs"}  # of f"scheme-{code}"
MADE = (
    {"design-pue", "design-wue", "not-border", "not-upstream", "scheme-overload", "no-tray"}
    | {f"scheme-{word}" for word in SCHEMES}
    | {f"duplicate-{field}" for field in ("host-key", "number", "oob", "oob-mac")}
)


def test_every_code_is_explained_and_nothing_else() -> None:
    said = {*codes()} - OTHERS - SCHEMES | MADE
    assert {code for code in said if code not in known() and not code.startswith(NAMES)} == set()
    assert {*known()} - {NAMES} - said == set()


def test_an_amount_is_of_a_kind_that_its_explanation_names() -> None:
    assert {entry.amount for entry in known().values()} <= {"", *KINDS}
    assert not [code for code, entry in known().items() if entry.amount and not entry.waive]
    assert "limit   a temperature such as 27 °C: covered" in str(meaning("envelope-missed", ROOT))
    assert "limit   none" in str(meaning("no-row", ROOT))
    assert "limit" not in str(meaning("yaml-tag", ROOT))


@pytest.mark.parametrize("code", sorted(known()))
def test_an_explanation_is_sentences(code: str) -> None:
    entry = known()[code]
    for text in (entry.rule, entry.do, entry.why):
        assert not text or (text.strip() == text and len(text) > 3)
    assert entry.rule.endswith(".")


def test_numbers_are_those_of_the_data_now() -> None:
    breaker = meaning("breaker-below-load", ROOT)
    assert breaker.value.startswith("share 80 %, source")
    assert meaning("unknown-rack", ROOT).rule == "A name leads somewhere."
    assert "waiver  yes" in str(meaning("rack-over-power", ROOT))
    assert "waiver  no" in str(meaning("yaml-tag", ROOT))
    for code, entry in known().items():
        if entry.number.startswith("inventory/data/") and ".yaml: " in entry.number:
            assert meaning(code, ROOT).value, code


DAY, PLACE = date(2026, 11, 26), Where("inventory/lab/waivers.yaml", 2)


@pytest.mark.parametrize("code", sorted({*known(), "unknown-rack"} - {NAMES}))
def test_a_waiver_covers_what_is_said_of_it(code: str) -> None:
    finding = Finding(code, Where("inventory/lab/hall.yaml", 3), "it is so", subject="rack a05")
    waiver = Waiver(code, "rack a05", "it is known", "amina", date(2026, 12, 31), None, PLACE)
    first, *more = waive([finding], [waiver], DAY)
    covered = first.severity is Severity.INFO
    assert [f.code for f in more] == ([] if covered else ["not-to-waive"])
    assert str(meaning(code, ROOT)).rpartition("waiver  ")[2].startswith("yes" if covered else "no")


def _made() -> Iterator[tuple[str, bool]]:
    """Code, and whether it has a subject, of each finding that the source spells out."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding" and node.args:
                code = node.args[0]
                if isinstance(code, ast.Constant):
                    yield str(code.value), any(key.arg == "subject" for key in node.keywords)


def test_what_may_be_waived_is_of_one_object_and_nothing_else_is() -> None:
    """Names that lead nowhere may have an object, and are no matter of a person all the same."""
    made, elsewhere = [*_made()], {"no-draw", "no-feed", "port-twice"}  # loading and `place` say them, too
    assert {c for c, subject in made if not subject and c in known() and known()[c].waive} == elsewhere
    assert {c for c, subject in made if subject and c in known() and not known()[c].waive} == set()


def test_no_such_code() -> None:
    with pytest.raises(BadInput, match="did you mean 'rack-over-power'"):
        meaning("rack-over-powr", ROOT)
