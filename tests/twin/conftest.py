"""What tests of the lab share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.twin.lab_checkout import lab_checkout


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those of the lab last: it stays up, and its kernels would take time from the others."""
    items.sort(key=lambda item: item.get_closest_marker("twin") is not None)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with lab_checkout(tmp_path_factory.mktemp("checkout")) as folder:
        yield folder
