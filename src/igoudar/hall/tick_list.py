"""Work for people on the floor as Markdown that is ticked off: a head, sections of lines."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date


def head(what: str, day: date) -> list[str]:
    return [f"# Work order: {what}", "", f"{day.isoformat()}. Tick each line when it is done.", ""]


def section(title: str, told: Iterable[str]) -> list[str]:
    """Nothing where nothing is to be done."""
    lines = [f"- [ ] {line}" for line in told]
    return [f"## {title}", "", *lines, ""] if lines else []
