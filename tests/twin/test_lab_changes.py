"""Changes of the converged lab by `pulumi up` that must not go through, and that must be as before then."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.twin.lab_checkout import SWITCHES, UP, on, shell

BY_HAND = "ip route 198.51.100.0/25 blackhole"
pytestmark = [pytest.mark.twin, pytest.mark.engine, pytest.mark.image, pytest.mark.timeout(1800)]


def drain(checkout: Path, *names: str) -> None:
    """A graceful shutdown of these switches: a line of text more, and no packet less."""
    source = Path(__file__).parents[2] / "inventory" / "lab" / "devices.yaml"
    text = source.read_text("utf-8")
    for name in names:
        text = text.replace(f"  {name}: {{", f"  {name}: {{drained: true, ")
    (checkout / "inventory" / "lab" / "devices.yaml").write_text(text, "utf-8")


def texts() -> dict[str, str]:
    return {name: on(name, "sudo sha256sum /etc/frr/frr.conf /etc/network/interfaces") for name in SWITCHES}


def opened() -> list[str]:
    return [n for n in SWITCHES if '"open": null' not in on(n, "echo '{}' | sudo igoudar-agent status")]


def test_drift_on_one_switch_stops_the_change_of_all(checkout: Path) -> None:
    before = texts()
    on("leaf-2", f"sudo vtysh -c 'configure terminal' -c '{BY_HAND}'")
    drain(checkout, "leaf-1", "leaf-2")
    said = shell(checkout, UP, fails=True)
    assert "leaf-2 runs something else than its record" in said
    assert f"+{BY_HAND}" in said
    assert texts() == before
    said = shell(checkout, "pulumi refresh --stack lab --yes --non-interactive --diff")
    assert BY_HAND in said
    shell(checkout, UP)
    assert BY_HAND not in on("leaf-2", "sudo vtysh -c 'show running-config'")
    assert "bgp graceful-shutdown" in on("leaf-2", "sudo cat /etc/frr/frr.conf")
    drain(checkout)
    shell(checkout, UP)
    assert texts() == before


def test_ctrl_c_in_the_middle_leaves_all_as_before(checkout: Path) -> None:
    before = texts()
    drain(checkout, *SWITCHES)
    words = ["bash", "-c", f". scripts/env lab && exec {UP}"]
    running = subprocess.Popen(
        words, cwd=checkout, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, process_group=0
    )
    deadline = time.monotonic() + 120
    while "bgp graceful-shutdown" not in on("spine-1", "sudo cat /etc/frr/frr.conf"):
        assert time.monotonic() < deadline
    os.killpg(running.pid, signal.SIGINT)
    said, _ = running.communicate(timeout=120)
    assert running.returncode != 0
    assert "interrupted before the last word" in said
    assert texts() == before
    assert opened() == []
    assert shell(checkout, "igoudar unlock lab")


def test_an_engine_that_is_killed_leaves_all_new_or_all_old(checkout: Path) -> None:
    before = texts()
    drain(checkout, *SWITCHES)
    running = subprocess.Popen(
        ["bash", "-c", f". scripts/env lab && exec {UP}"],
        cwd=checkout,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )
    deadline = time.monotonic() + 120
    while "bgp graceful-shutdown" not in on("spine-1", "sudo cat /etc/frr/frr.conf"):
        assert time.monotonic() < deadline
    running.kill()
    running.wait()
    while opened():
        assert time.monotonic() < deadline + 120, "a switch stayed in the middle"
        time.sleep(1)
    after = texts()
    changed = [name for name in SWITCHES if after[name] != before[name]]
    assert changed in ([], list(SWITCHES)), "never mixed"
    shell(checkout, f"igoudar unlock lab && {UP}")
    assert all(old != new for old, new in zip(before.values(), texts().values(), strict=True))
    assert " 0 failed" in shell(checkout, "igoudar verify lab --wait 90")
