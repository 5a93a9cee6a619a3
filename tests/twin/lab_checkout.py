"""A second way into the lab of this checkout: state, twin and code are links, the inventory is a copy."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
SWITCHES = ("spine-1", "spine-2", "border-1", "border-2", "leaf-1", "leaf-2", "leaf-3", "leaf-4")
WINDOW = 8  # seconds
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


def drain(checkout: Path, *names: str) -> None:
    """These switches, and no others, shut down gracefully: a line of text each, and no packet less."""
    text = (ROOT / "inventory" / "lab" / "devices.yaml").read_text("utf-8")
    for name in names:
        text = text.replace(f"  {name}: {{", f"  {name}: {{drained: true, ")
    (checkout / "inventory" / "lab" / "devices.yaml").write_text(text, "utf-8")


def short_windows(checkout: Path) -> None:
    """Switches whose operator vanished go back in seconds."""
    site = checkout / "inventory" / "lab" / "site.yaml"
    text = site.read_text("utf-8")
    found = [line for line in text.splitlines() if line.strip().startswith("restore_s:")]
    assert len(found) == 1
    site.write_text(text.replace(found[0], f"  window_s: {WINDOW}\n  restore_s: {WINDOW}"), "utf-8")


def link(folder: Path, *own: str) -> None:
    """The entries of this checkout as links, without `own`; the inventory as a copy."""
    for entry in ROOT.iterdir():
        if entry.name not in ("inventory", ".git", *own):
            (folder / entry.name).symlink_to(entry)
    shutil.copytree(ROOT / "inventory", folder / "inventory")


@contextmanager
def lab_checkout(folder: Path) -> Iterator[Path]:
    """The lab runs and is as described; in the end it is so again."""
    shell(ROOT, "scripts/lab --no-drills")
    link(folder)
    yield folder
    shell(ROOT, f"igoudar unlock lab && {UP}")
