"""Changes of the converged lab by `pulumi up` that must not go through, and that must be as before then."""

from __future__ import annotations

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
