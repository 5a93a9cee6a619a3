"""Bad input and what is said of it: `cases/<name>.yaml` edits the lab, `cases/<name>.txt` is the message.

A case: `command` (default `check lab`; `up STACK` is what `pulumi up` says before it registers anything) and
`edits`, a list of
    {file: F, replace: [old, new]}   exactly once in the file
    {file: F, append: text}          {file: F, write: text, mode: 0600}
    {file: F, bytes: latin-1 text}   {file: F, size: megabytes}     {file: F, folder: true}
    {file: F, link: target}          {file: F, pipe: true}          {file: F, remove: true}
Paths begin at the checkout. Warnings about the lab as it is are left out. Rewritten by `scripts/golden`.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import yaml

from igoudar import cli, program
from igoudar.cli import check
from igoudar.cli._frame import show_findings
from igoudar.errors import Finding, IgoudarError
from igoudar.stack_files import stacks_of

ROOT = Path(__file__).parents[2]
CASES = Path(__file__).parent / "cases"
DAY = "1795521600"  # 24 November 2026: waivers end some day


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
        path.chmod(change.get("mode", 0o644))
    elif "bytes" in change:
        path.write_bytes(change["bytes"].encode("latin-1"))
    elif "size" in change:
        with path.open("wb") as file:
            file.truncate(change["size"] * 1024 * 1024)
    elif change.get("folder"):
        path.mkdir()
    elif change.get("remove"):
        path.unlink()
    elif "link" in change:
        path.symlink_to(change["link"])
    elif change.get("pipe"):
        os.mkfifo(path)
    else:
        raise AssertionError(f"an edit that does nothing: {change}")


_found: dict[str, tuple[Finding, ...]] = {}  # of the cases that ran in this process


def outcome(name: str, folder: Path) -> str:
    """What the command prints, and its exit status on the last line."""
    case = yaml.safe_load((CASES / f"{name}.yaml").read_text("utf-8"))
    root = checkout(folder)
    for change in case["edits"]:
        edit(root, change)
    found: list[Finding] = []

    def heard(findings: Sequence[Finding]) -> None:
        found.extend(findings)
        show_findings(findings)

    with own_stacks(root), patch.object(check, "show_findings", heard):
        said = run(case.get("command", "check lab"), root).splitlines()
    _found[name] = tuple(found)
    known = unchanged()
    lines = [re.sub(r"(\d errors?), \d+ warnings?$", r"\1", line) for line in said if line not in known]
    return "".join(f"{line}\n" for line in lines)


def heard_of(name: str, folder: Path) -> tuple[Finding, ...]:
    """All that `check` finds in a case; nothing where it is another command's."""
    if name not in _found:
        outcome(name, folder)
    return _found[name]


@contextmanager
def own_stacks(root: Path) -> Iterator[None]:
    """The package `stacks` of this checkout, where the case changes it; modules are kept by name."""
    theirs = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "stacks"}
    changed = any((root / p).read_bytes() != (ROOT / p).read_bytes() for p in _stack_files())
    if not changed:
        yield
        return
    for name in theirs:
        del sys.modules[name]
    try:
        yield
    finally:
        for name in [n for n in sys.modules if n.split(".")[0] == "stacks"]:
            del sys.modules[name]
        sys.modules.update(theirs)
        sys.path.remove(str(root))


def _stack_files() -> list[Path]:
    return [p.relative_to(ROOT) for p in sorted((ROOT / "stacks").glob("*.py"))]


@lru_cache
def unchanged() -> frozenset[str]:
    """The warnings about the lab as it is."""
    with TemporaryDirectory() as folder:
        said = run("check lab", checkout(Path(folder)))
    return frozenset(line for line in said.splitlines() if ": warning: " in line)


def run(command: str, root: Path) -> str:
    """`igoudar COMMAND` in `root`, as a shell would see it, without a terminal."""
    before, said, status = Path.cwd(), io.StringIO(), 0
    os.chdir(root)
    try:
        with (
            patch("sys.argv", ["igoudar", *command.split()]),
            patch.dict(os.environ, SOURCE_DATE_EPOCH=DAY),
            redirect_stdout(said),
            redirect_stderr(said),
        ):
            up(command.split()[1], root) if command.startswith("up ") else cli.main()
    except SystemExit as stop:
        status = int(stop.code or 0)
    finally:
        os.chdir(before)
    return f"{said.getvalue().replace(str(root), '.')}exit {status}\n"


def up(name: str, root: Path) -> None:
    """The beginning of a real run, with the status that `igoudar` would have."""
    (stack,) = [stack for stack in stacks_of(root / "inventory" / "lab", root) if stack.name == name]
    try:
        program.prepare(stack, root, real=True)
    except IgoudarError as error:
        print(error)
        sys.exit(error.exit_code)
