"""The real engine, and a project of its own for each test."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stacks.project import ROOT, Project, make


@pytest.fixture(scope="session")
def engine() -> Path:
    """The folder of `pulumi`; built where it is not in the cache yet."""
    made = subprocess.run([ROOT / "scripts/engine"], stdout=subprocess.PIPE, text=True, check=True)
    return Path(made.stdout.strip())


@pytest.fixture
def project(engine: Path, tmp_path: Path) -> Iterator[Project]:
    made = make(tmp_path, engine)
    yield made
    for left in made.processes():
        os.kill(left, signal.SIGKILL)
