"""The Pulumi provider `igoudar`: resources are found by name, each module that has a list `RESOURCES`."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from igoudar.provider.kit import Resource


def resources() -> list[Resource]:
    """One of each kind."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return [resource for module in modules for resource in getattr(module, "RESOURCES", ())]
