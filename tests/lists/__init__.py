"""The lists of cables of the lab, as files that people read; `python -m tests.lists` rewrites them."""

from __future__ import annotations

from pathlib import Path

from tests.errors import ROOT, run

FOLDER = Path(__file__).parent
LISTS = ("list", "labels", "patch-list", "bill")


def text(what: str) -> str:
    """As `igoudar cables` prints it."""
    said = run(f"cables lab --{what}", ROOT)
    assert said.endswith("exit 0\n"), said
    return said.removesuffix("exit 0\n")
