"""What tests of the twin share: the lab, and a small site whose twin is this session's own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.twin.checkout import ROOT, Checkout, of_lab, of_small


@pytest.fixture(scope="session")
def lab() -> Iterator[str]:
    """Set up, up and proved; what it printed. A twin that did not run before does not run afterwards."""
    igoudar = str(ROOT / ".venv" / "bin" / "igoudar")
    ran = subprocess.run([igoudar, "twin", "status", "lab"], cwd=ROOT, capture_output=True, check=False)
    done = subprocess.run(
        ["scripts/lab", "--no-drills"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    yield done.stdout
    if ran.returncode != 0:
        subprocess.run([igoudar, "twin", "down", "lab"], cwd=ROOT, capture_output=True, check=True)


@pytest.fixture(scope="module")
def checkout(lab: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    with of_lab(tmp_path_factory.mktemp("checkout")) as found:
        yield found


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    with of_small(tmp_path_factory.mktemp("site")) as found:
        yield found
