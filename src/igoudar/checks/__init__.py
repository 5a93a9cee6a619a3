"""`check`: what can be read and must not be built. Each module has `check(design)` and is found by name."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Collection
from functools import cache

from igoudar.design import Design
from igoudar.errors import Finding


@cache
def _modules() -> tuple[str, ...]:
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__)))


def check(design: Design, *, without: Collection[str] = ()) -> tuple[Finding, ...]:
    """All findings of all modules but some about a design. Pure."""
    found: list[Finding] = []
    for name in _modules():
        if name in without:
            continue
        found += importlib.import_module(f"{__name__}.{name}").check(design)
    return tuple(found)
