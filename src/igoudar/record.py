"""What Pulumi's state says that the switches run."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from igoudar.errors import Missing

SWITCHES = "igoudar:network:Switches"


def recorded_texts(stack: str, root: Path) -> dict[str, dict[str, str]]:
    """switch -> path -> text of the stack's record; empty where there is none. Raises Missing."""
    try:
        done = subprocess.run(
            ["pulumi", "stack", "export", "--stack", stack],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise Missing("pulumi is not on PATH; run `. scripts/env` first") from error
    if done.returncode != 0:
        raise Missing(f"pulumi cannot read the stack {stack}: {done.stderr.strip()}")
    deployment = json.loads(done.stdout)["deployment"]
    texts: dict[str, dict[str, str]] = {}
    for resource in deployment.get("resources") or ():
        if resource["type"] == SWITCHES:
            texts |= {name: files for name, files in resource["inputs"].items() if not name.startswith("_")}
    return texts
