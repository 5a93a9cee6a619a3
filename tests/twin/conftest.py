"""What tests of the twin share: the lab, and a small site whose twin is this session's own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.twin.checkout import ROOT, Checkout, of_lab, of_small

LAB, SITE = "test_lab", "test_site"
ORDER = {"test_faults": 0, SITE: 1, LAB: 3}


class ByTwin(LoadScopeScheduling):  # type: ignore[misc]
    """Two at once, what shares a twin one after another in one process."""

    def _split_scope(self, nodeid: str) -> str:
        return shared(Path(nodeid.partition("::")[0]).stem)


def shared(stem: str) -> str:
    """What the tests of a file share with others: its own name, or the beginning of several."""
    return next((name for name in (LAB, SITE) if stem.startswith(name)), stem)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByTwin:
    return ByTwin(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that take longest first, the lab last: it stays up, and its kernels take time from the others."""
    items.sort(key=lambda item: ORDER.get(shared(item.path.stem), 2))


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
