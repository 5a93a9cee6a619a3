"""Every code of a finding is explained, and nothing else is."""

from __future__ import annotations

import pytest

from igoudar.errors import BadInput
from igoudar.meaning import NAMES, known, meaning
from tests.errors import ROOT
from tests.unit.finding_codes import codes

# words that the look through the source takes for codes: changes, flags and ends of others
OTHERS = {"pulled", "ipv4", "ipv6", "given", "released", "moved", "verifying-again", "silent", "unsent"}
SCHEMES = {"loses", "overloads", "in-pairs", "no-reserve", "not-in-pairs"}  # of f"scheme-{code}"
MADE = {"design-pue", "design-wue", "not-border", "not-upstream", "scheme-overload", "no-tray"} | {
    f"scheme-{word}" for word in SCHEMES
}


def test_every_code_is_explained_and_nothing_else() -> None:
    said = {*codes()} - OTHERS - SCHEMES | MADE
    assert {code for code in said if code not in known() and not code.startswith(NAMES)} == set()
    assert {*known()} - {NAMES} - said == set()


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


def test_no_such_code() -> None:
    with pytest.raises(BadInput, match="did you mean 'rack-over-power'"):
        meaning("rack-over-powr", ROOT)
