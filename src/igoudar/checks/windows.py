"""How long a switch waits for its operator, against how long it needs to go back."""

from __future__ import annotations

from collections.abc import Iterator

from igoudar.design import Design
from igoudar.errors import Finding


def check(design: Design) -> Iterator[Finding]:
    site = design.inventory.site
    if site.window_s < site.restore_s:
        yield Finding(
            "window-too-short",
            site.where.at("window_s"),
            f"a window of {site.window_s} s may end before a restore of {site.restore_s} s does",
            f"{site.restore_s} or more",
            "a longer window, or a shorter restore_s",
        )
