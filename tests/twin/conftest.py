"""What tests of the twin share: the lab, and a small site whose twin is this session's own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.twin.checkout import ROOT, Checkout, of_lab, of_small

LAB, SITE = "lab", "site"
ORDER = {"test_faults": 0, SITE: 1}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Two at once, what shares a twin one after another in one process. Those that take longest first, the
    lab last: it stays up, and its kernels would take time from the others.
    """
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    items.sort(key=lambda item: ORDER.get(_group(item), len(ORDER)))
    items.sort(key=lambda item: _group(item) == LAB)


def _group(item: pytest.Item) -> str:
    if item.get_closest_marker("twin") is not None:
        return LAB
    return SITE if item.path.stem.startswith("test_site_") else item.path.stem


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
