"""Bad input and what is said of it, as files: `<case>/case.yaml` in, `<case>/message.txt` out.

Each case is a copy of the site `base/` with a few changes, and a command (`check demo` where none is named).
`IGOUDAR_GOLDEN=write pytest tests/errors` (or `scripts/golden`) writes the messages anew; read `git diff`.

A change names a `file`, relative to the checkout, and one of
    replace: text that stands there exactly once, by: what takes its place
    append:  lines at the end
    write:   the whole text of a new file
    remove:  true
    latin1:  the whole text, encoded in ISO 8859-1
    folder:  true, a folder under the name of a file
    link:    a symbolic link to this target
    pipe:    true, a named pipe
    size:    bytes of zeros, sparse
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml

from igoudar import cli

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent
SITE = "inventory/demo"
SHARED = ("stacks", "inventory/types", "inventory/data", "templates", "roles")


@dataclass(frozen=True, slots=True)
class Case:
    """`why` is for readers. `words` are what is typed after `igoudar`."""

    name: str
    why: str
    words: tuple[str, ...]
    changes: tuple[dict[str, Any], ...]

    @property
    def golden(self) -> Path:
        return FOLDER / self.name / "message.txt"


def cases() -> list[Case]:
    """Every folder with a `case.yaml`, by name."""
    return [_case(path) for path in sorted(FOLDER.glob("*/case.yaml"))]


def _case(path: Path) -> Case:
    told = yaml.safe_load(path.read_text("utf-8"))
    assert not set(told) - {"why", "command", "changes"}, path
    words = tuple(told.get("command", "check demo").split())
    return Case(path.parent.name, told["why"], words, tuple(told["changes"]))


def checkout(folder: Path, changes: tuple[dict[str, Any], ...] = ()) -> Path:
    """A checkout in `folder` with the site `demo` of `base/`, changed."""
    (folder / "Pulumi.yaml").write_text("name: igoudar\nruntime: python\n", "utf-8")
    for name in SHARED:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    shutil.copytree(FOLDER / "base", folder / SITE)
    for change in changes:
        apply_change(folder, **change)
    return folder


def apply_change(folder: Path, file: str, **what: Any) -> None:
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    match what:
        case {"replace": old, "by": new}:
            text = path.read_text("utf-8")
            assert text.count(old) == 1, f"{file}: {old!r} stands there {text.count(old)} times"
            path.write_text(text.replace(old, new), "utf-8")
        case {"append": lines}:
            path.write_text(path.read_text("utf-8") + lines, "utf-8")
        case {"write": text}:
            path.write_text(text, "utf-8")
        case {"remove": True}:
            path.unlink()
        case {"latin1": text}:
            path.write_bytes(text.encode("latin-1"))
        case {"folder": True}:
            path.mkdir()
        case {"link": target}:
            path.symlink_to(target)
        case {"pipe": True}:
            os.mkfifo(path)
        case {"size": size}:
            with path.open("wb") as stream:
                stream.truncate(size)
        case _:
            raise AssertionError(f"no such change: {what}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command printed and its exit status."""

    out: str
    err: str
    status: int


def typed(folder: Path, *words: str) -> Answer:
    """`igoudar WORDS` in `folder`, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with _in_folder(folder), patch("sys.argv", ["igoudar", *words]):
        with redirect_stdout(out), redirect_stderr(err):
            try:
                cli.main()
                status: Any = 0
            except SystemExit as stop:
                status = stop.code or 0
    return Answer(out.getvalue(), err.getvalue(), int(status))


@contextmanager
def _in_folder(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
