"""The unpacked image of the twin, which holds the packages of a switch."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from igoudar.validate.image import cache_folder, unpacked

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def image() -> Path:
    """Skips where no image is in the cache; `scripts/setup image` makes it."""
    made = subprocess.run(
        [ROOT / "scripts/image", "--cached"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if made.returncode != 0:
        pytest.skip("no image in the cache: scripts/setup image")
    return unpacked(Path(made.stdout.strip()) / "disk.ext4", cache_folder())
