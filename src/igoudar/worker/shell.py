"""The shell texts of this package: what runs on hosts."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def shell_text(name: str) -> str:
    """The text of a file beside this one."""
    return resources.files("igoudar.worker").joinpath(name).read_text("utf-8")
