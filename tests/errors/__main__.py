"""Rewrites the golden messages."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.errors import CASES, cases, outcome

for name in cases():
    with TemporaryDirectory() as folder:
        (CASES / f"{name}.txt").write_text(outcome(name, Path(folder)), "utf-8")
