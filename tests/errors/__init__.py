"""Bad input, and what is said of it: `cases/<name>.yaml` edits the lab, `cases/<name>.txt` is the golden message.

A case: `command` (default `check lab`) and `edits`, a list of
    {file: F, replace: [old, new]}   exactly once in the file
    {file: F, append: text}          {file: F, write: text}
    {file: F, bytes: latin-1 text}   {file: F, size: megabytes}     {file: F, folder: true}
Paths begin at the checkout. Rewritten by `scripts/golden`.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner

from igoudar import cli
from igoudar.errors import IgoudarError

ROOT = Path(__file__).parents[2]
CASES = Path(__file__).parent / "cases"


def cases() -> list[str]:
    return sorted(p.stem for p in CASES.glob("*.yaml"))


def checkout(folder: Path) -> Path:
    """A copy of what `igoudar` reads, with the lab as its only site."""
    for name in ("inventory/lab", "inventory/types", "inventory/data", "templates", "roles", "stacks"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Pulumi.yaml", "Pulumi.lab.yaml"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def edit(root: Path, change: dict[str, Any]) -> None:
    path = root / change["file"]
    path.parent.mkdir(parents=True, exist_ok=True)
    if "replace" in change:
        old, new = change["replace"]
        text = path.read_text("utf-8")
        assert text.count(old) == 1, f"{change['file']} has {old!r} {text.count(old)} times"
        path.write_text(text.replace(old, new), "utf-8")
    elif "append" in change:
        path.write_text(path.read_text("utf-8") + change["append"], "utf-8")
    elif "write" in change:
        path.write_text(change["write"], "utf-8")
    elif "bytes" in change:
        path.write_bytes(change["bytes"].encode("latin-1"))
    elif "size" in change:
        with path.open("wb") as file:
            file.truncate(change["size"] * 1024 * 1024)
    elif change.get("folder"):
        path.mkdir()
    elif change.get("mode"):
        path.chmod(int(change["mode"], 8))
    else:
        raise AssertionError(f"an edit that does nothing: {change}")


def outcome(name: str, folder: Path) -> str:
    """What the command prints, and its exit status on the last line."""
    case = yaml.safe_load((CASES / f"{name}.yaml").read_text("utf-8"))
    root = checkout(folder)
    for change in case["edits"]:
        edit(root, change)
    return run(case.get("command", "check lab"), root)


def run(command: str, root: Path) -> str:
    """`igoudar COMMAND` in `root`, as a shell would see it."""
    before = Path.cwd()
    os.chdir(root)
    try:
        result = CliRunner().invoke(cli.igoudar, command.split(), standalone_mode=False)
    finally:
        os.chdir(before)
    error = result.exception
    status = result.return_value or 0
    said = result.output
    if isinstance(error, IgoudarError):
        said, status = f"{said}{error}\n", error.exit_code
    elif error is not None:
        raise error
    return f"{said.replace(str(root), '.')}exit {status}\n"
