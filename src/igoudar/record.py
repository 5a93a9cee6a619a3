"""What Pulumi's state says that the switches run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from igoudar.errors import IgoudarError, Missing
from igoudar.pulumi_stack import pulumi

SWITCHES = "igoudar:network:Switches"


def record(stack: str, root: Path) -> Mapping[str, Any]:
    """The inputs that the stack's Switches were recorded with; empty where nothing is. Raises Missing."""
    try:
        said = pulumi(root, "stack", "export", "--stack", stack)
    except Missing:
        raise
    except IgoudarError as error:
        raise Missing(f"the record of the stack {stack} cannot be read: {error}") from error
    found: dict[str, Any] = {}
    for resource in json.loads(said)["deployment"].get("resources") or ():
        if resource["type"] == SWITCHES:
            found |= resource["inputs"]
    return found


def recorded_texts(stack: str, root: Path) -> dict[str, dict[str, str]]:
    """switch -> path -> text of the stack's record; empty where there is none. Raises Missing."""
    return {name: files for name, files in record(stack, root).items() if not name.startswith("_")}
