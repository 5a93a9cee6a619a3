"""Values behind the marks `secret:<name>@<version>`: read from the site's store, written nowhere by us.

A store is named in the stack's configuration: `file:PATH` (YAML, `name@version: value`, mode 0600, outside of
git) or `exec:COMMAND` (run with `name@version` as its last argument; the value is its first line).
"""

from __future__ import annotations

import shlex
import stat
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from igoudar.errors import BadInput, Finding, Where

EXEC_SECONDS = 20
PREFIX = "secret:"


def secret_values(reference: str, wanted: Iterable[str], root: Path) -> dict[str, str]:
    """Mark -> value for each of `wanted` marks. Raises BadInput with all that are missing."""
    marks = sorted(set(wanted))
    if not marks:
        return {}
    kind, _, rest = reference.partition(":")
    if kind == "file" and rest:
        known = _file(root / Path(rest).expanduser(), reference)
        found = {mark: known.get(mark.removeprefix(PREFIX), "") for mark in marks}
    elif kind == "exec" and rest:
        found = {mark: _exec(rest, mark.removeprefix(PREFIX)) for mark in marks}
    else:
        where = Where("Pulumi.<stack>.yaml", 0, "config.igoudar:secrets")
        raise BadInput(
            [Finding("no-store", where, f"{reference!r} is no store", "file:PATH or exec:COMMAND")]
        )
    if missing := [mark for mark, value in found.items() if not value]:
        raise BadInput(_no_value(mark, reference) for mark in missing)
    if broken := [mark for mark, value in found.items() if not value.isprintable() or " " in value]:
        said = ("the value has a blank or an unprintable character", "one word, as routers take it")
        where = Where(reference.removeprefix("file:"))
        raise BadInput(Finding("secret-value", where.at(mark.removeprefix(PREFIX)), *said) for mark in broken)
    return found


def _no_value(mark: str, reference: str) -> Finding:
    name = mark.removeprefix(PREFIX)
    hint = f"add the line `{name}: VALUE`" if reference.startswith("file:") else "let the command print it"
    said = f"there is no value for the secret {name}"
    return Finding("secret-without-value", Where(reference.removeprefix("file:")), said, "one", hint)


def _file(path: Path, reference: str) -> dict[str, str]:
    where = Where(reference.removeprefix("file:"))
    try:
        mode = path.stat().st_mode
        # every value is the text that stands there: 0123 and 1.50 are passwords, not numbers
        data: Any = yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        said = getattr(error, "strerror", None) or "it is not YAML"
        raise BadInput(
            [Finding("no-store", where, f"the store cannot be read: {said}", "a readable file")]
        ) from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        hint = f"chmod 600 {path.name}"
        raise BadInput([Finding("store-mode", where, "others may read the store", "mode 0600", hint)])
    if not isinstance(data, dict):
        raise BadInput(
            [Finding("no-store", where, "the store is not a mapping", "lines `name@version: value`")]
        )
    return {str(key): str(value) for key, value in data.items()}


def _exec(command: str, name: str) -> str:
    try:
        done = subprocess.run(
            [*shlex.split(command), name], capture_output=True, text=True, timeout=EXEC_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.splitlines()[0] if done.returncode == 0 and done.stdout.strip() else ""
