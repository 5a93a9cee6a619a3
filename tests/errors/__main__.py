"""Rewrites the golden messages, all or those named: `python -m tests.errors [CASE...]`."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.errors import CASES, cases, outcome

for name in sys.argv[1:] or cases():
    with TemporaryDirectory() as folder:
        (CASES / f"{name}.txt").write_text(outcome(name, Path(folder)), "utf-8")
