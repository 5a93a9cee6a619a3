"""Every text of every site, as people last read it."""

from __future__ import annotations

import difflib

import pytest

from igoudar.errors import Severity
from igoudar.model import Role, Status
from tests import golden


def test_there_is_a_site() -> None:
    assert "lab" in golden.sites()


@pytest.mark.parametrize("site", golden.sites())
def test_texts_are_the_golden_ones(site: str) -> None:
    now, before = golden.texts(site), golden.written(site)
    assert sorted(now) == sorted(before), "files came or went; scripts/golden rewrites them"
    shown: list[str] = []
    for name, text in now.items():
        lines = before[name].splitlines(), text.splitlines()
        shown += difflib.unified_diff(*lines, f"golden/{site}/{name}", "now", lineterm="", n=1)
    assert not shown, "\n".join(["scripts/golden rewrites them; read git diff:", *shown[:60]])


@pytest.mark.parametrize("site", golden.sites())
def test_every_device_that_stands_has_its_files(site: str) -> None:
    compiled = golden.compiled(site)
    devices = compiled.design.inventory.devices
    assert set(compiled.switches) == set(compiled.intents)
    standing = {d.name for d in devices.values() if d.status is not Status.PLANNED}
    assert set(compiled.hosts) >= {name for name in standing if devices[name].role is Role.SERVER}
    assert not [f for f in compiled.findings if f.severity is Severity.ERROR]


@pytest.mark.parametrize("site", golden.sites())
def test_no_text_holds_a_secret_or_a_mark_of_a_template(site: str) -> None:
    for name, text in golden.texts(site).items():
        assert text.endswith("\n"), name
        assert "{{" not in text, name
        assert "{%" not in text, name
        for line in text.splitlines():
            if " password " in line and name.endswith("frr.conf"):
                assert line.split(" password ")[1].startswith("secret:"), name
