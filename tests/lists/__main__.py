"""Rewrites the lists of the lab."""

from __future__ import annotations

from tests.lists import FOLDER, LISTS, text

for what in LISTS:
    (FOLDER / f"lab.{what}.csv").write_text(text(what), "utf-8")
