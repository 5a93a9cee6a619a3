"""How people write that a device stands in a bay of another: `chassis-1/Slot 3`."""

from __future__ import annotations

import re
from typing import Any

from igoudar.model import End
from igoudar.validated import LABEL, NAME_PATTERN

IN_A_BAY = "in-a-bay"  # the rack of what stands in a bay, until it is that of its parent


def in_a_bay(value: Any) -> Any:
    """What stands in a bay states no rack and no U of its own."""
    told = isinstance(value, dict) and value.get("bay") is not None
    return {"rack": IN_A_BAY, "u": 0, **value} if told else value


_BAY = "[!-~]([ -~]*[!-~])?"  # the name of a bay, as the type's file has it


def bay(value: Any) -> End:
    match = re.fullmatch(rf"({LABEL})/({_BAY})", value) if isinstance(value, str) else None
    if not match:
        raise ValueError("device/bay such as chassis-1/Slot 3")
    return End(match.group(1), match.group(3))


def bay_pattern(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(f"{NAME_PATTERN}/{_BAY}", value):
        raise ValueError("device/bay with words in braces such as 'chassis-{rack}/Slot {u}'")
    return value
