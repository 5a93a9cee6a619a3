"""What is adopted goes before the oracles in `igoudar check`: refused where a switch would refuse it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from igoudar.proposal import in_order
from tests import golden
from tests.errors import checkout, run

pytestmark = pytest.mark.image
ROOT = Path(__file__).parents[2]
FRR = "/etc/frr/frr.conf"
HEAD = f"--- a/leaf-2:{FRR}\n+++ b/leaf-2:{FRR}\n@@ -3,2 +3,3 @@\n log syslog informational\n"


@pytest.fixture
def root(tmp_path: Path, image: Path) -> Path:
    """A checkout that knows the image of this one."""
    made = checkout(tmp_path)
    (made / "scripts").mkdir()
    found = subprocess.run([ROOT / "scripts/image", "--cached"], capture_output=True, text=True, check=True)
    (made / "scripts/image").write_text(f"#!/bin/sh\necho {found.stdout.strip()}\n")
    (made / "scripts/image").chmod(0o755)
    (made / "inventory/lab/adopted").mkdir()
    return made


def adopted(root: Path, line: str) -> str:
    patch = f"{HEAD}+{line}\n service integrated-vtysh-config\n"
    (root / "inventory/lab/adopted/leaf-2.patch").write_text(patch)
    return run("check lab", root)


def test_a_line_that_frr_does_not_know_is_refused(root: Path) -> None:
    said = adopted(root, "ip misspelt 192.0.2.0/24")
    assert "leaf-2:/etc/frr/frr.conf:4: " in said
    assert "Unknown command" in said
    assert said.endswith("exit 3\n")


def test_a_line_in_another_place_than_frr_writes_it_is_told(root: Path) -> None:
    said = adopted(root, "ip route 192.0.2.0/24 Null0")
    assert "leaf-2:/etc/frr/frr.conf:4: warning: FRR prints" in said
    assert said.endswith("exit 0\n")


def test_what_the_daemons_run_is_written_in_their_order(root: Path) -> None:
    ours = golden.compiled("lab").switches["leaf-2"][FRR]
    route = "ip route 192.0.2.0/24 Null0\n"
    misplaced = ours.replace("!\n", f"!\n{route}", 1)
    text = in_order("leaf-2", misplaced, root)
    assert text != misplaced
    assert route in text
    assert [line for line in text.splitlines() if line != "!"].count(route.strip()) == 1
    assert in_order("leaf-2", ours, root) == ours
