"""A second way into the lab of this checkout: state, twin and code are links, the inventory is a copy."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
UP = "pulumi up --stack lab --yes --skip-preview --non-interactive"


def shell(folder: Path, script: str, *, fails: bool = False) -> str:
    """Output of a bash script in a checkout with the environment of `scripts/env`; `fails`: as it must."""
    words = ["bash", "-c", f". scripts/env lab && {script}"]
    done = subprocess.run(
        words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert (done.returncode != 0) is fails, f"{script}: {done.returncode}\n{done.stdout[-6000:]}"
    return done.stdout


def on(host: str, command: str) -> str:
    return shell(ROOT, f"igoudar twin exec lab {host} {command!r}")


@contextmanager
def lab_checkout(folder: Path) -> Iterator[Path]:
    """The lab runs and is as described; in the end it is so again."""
    shell(ROOT, "scripts/lab --no-drills")
    for entry in ROOT.iterdir():
        if entry.name not in ("inventory", ".git"):
            (folder / entry.name).symlink_to(entry)
    shutil.copytree(ROOT / "inventory", folder / "inventory")
    yield folder
    shell(ROOT, f"igoudar unlock lab && {UP}")
