"""`scripts/bench pulumi` by the real engine, small: what it measures has to happen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]


def test_preview_and_up_of_switches_without_devices(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    from bench_parts.switches import switches  # noqa: PLC0415

    switches(8)
    steps = re.findall(r"^  (first|one line): pulumi (preview|up) ", capsys.readouterr().out, re.MULTILINE)
    assert steps == [(step, verb) for step in ("first", "one line") for verb in ("preview", "up")]
