"""What tests of commands over switches share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.repository import repository
from tests.site_world import SiteWorld


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout with a commit."""
    return repository(tmp_path / "checkout")


@pytest.fixture
def site(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> SiteWorld:
    """Its switches in memory, in the way of a command."""
    made = SiteWorld(tmp_path / "boxes", root)
    made.into(monkeypatch)
    return made
