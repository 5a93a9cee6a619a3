"""What tests of the twin share: the lab, and a small site whose twin is this session's own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.twin.checkout import ROOT, Checkout, of_lab, of_small


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those of the lab last: it stays up, and its kernels would take time from the others."""
    items.sort(key=lambda item: item.get_closest_marker("twin") is not None)


@pytest.fixture(scope="session")
def lab() -> str:
    """Set up, up and proved; what it printed."""
    done = subprocess.run(
        ["scripts/lab", "--no-drills"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def checkout(lab: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    with of_lab(tmp_path_factory.mktemp("checkout")) as found:
        yield found


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    with of_small(tmp_path_factory.mktemp("site")) as found:
        yield found
