"""Power and cooling as one graph: what carries what, what is left when something fails, what is promised."""

from __future__ import annotations

from collections.abc import Iterator

from igoudar.design import Design
from igoudar.errors import Finding
from igoudar.facility.judged import judge, judge_with
from igoudar.facility.rest import Rest


def check(design: Design) -> Iterator[Finding]:
    return judge(design.inventory)


def check_with(rest: Rest) -> Iterator[Finding]:
    """The same of some halls of a site of which others are not counted out. Raises Unreadable."""
    return judge_with(rest)
