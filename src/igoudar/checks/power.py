"""Power and cooling as one graph: what carries what, what is left when something fails, what is promised."""

from __future__ import annotations

from collections.abc import Iterator

from igoudar.design import Design
from igoudar.errors import Finding
from igoudar.facility.judged import judge


def check(design: Design) -> Iterator[Finding]:
    return judge(design.inventory)
