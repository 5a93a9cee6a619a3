"""Values behind the marks `secret:<name>@<version>`: read from the site's store, written nowhere by us.

A store is named in the stack's configuration: `file:PATH` (YAML, `name@version: value`, mode 0600, outside of
git) or `exec:COMMAND` (run with `name@version` as its last argument; the value is its first line, and all
that it prints where the secret is a whole file). What it may be depends on the place of its mark (`Shape`).
"""

from __future__ import annotations

import shlex
import stat
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from igoudar.errors import BadInput, Finding, Where
from igoudar.model import SecretName
from igoudar.secret_marks import Shape
from igoudar.yaml_source import locate

EXEC_SECONDS = 20
ALL_WORDS: Mapping[str, Shape] = {}
PREFIX = "secret:"
FILE = "file:"


def secret_values(
    reference: str, wanted: Iterable[str], root: Path, shapes: Mapping[str, Shape] = ALL_WORDS
) -> dict[str, str]:
    """Mark -> value for each of `wanted` marks. `shapes`: of those that are no word of a switch's text.

    Raises BadInput with all that are missing.
    """
    found = _asked(reference, wanted, root, shapes)
    places = dict.fromkeys(found, Where(reference.removeprefix(FILE)))
    if findings := _unfit(found, places, reference, shapes):
        raise BadInput(findings)
    return found


def known_values(reference: str, wanted: Iterable[str], root: Path) -> dict[str, str]:
    """Mark -> value of those of `wanted` that there are; never raises: they only help to mask."""
    try:
        found = _asked(reference, wanted, root, dict.fromkeys(wanted, Shape.WHOLE))
    except BadInput:
        return {}
    return {mark: value for mark, value in found.items() if value}


def require_values(
    reference: str,
    secrets: Iterable[SecretName],
    store: Where,
    root: Path,
    shapes: Mapping[str, Shape] = ALL_WORDS,
) -> None:
    """Raises BadInput at each of `secrets` without a fit value, or at `store`, where the store is named."""
    places = {secret.mark: secret.where for secret in secrets}
    try:
        findings = _unfit(_asked(reference, places, root, shapes), places, reference, shapes)
    except BadInput as error:
        findings = [
            replace(f, where=store, see=f.where if f.where.path == "" else None) for f in error.findings
        ]
    if findings:
        raise BadInput(locate(findings, root))


def _unfit(
    found: Mapping[str, str], places: Mapping[str, Where], reference: str, shapes: Mapping[str, Shape]
) -> list[Finding]:
    """Of values that are empty, or not of their shape. `places`: mark -> where to say it."""
    kind, _, rest = reference.partition(":")
    findings: list[Finding] = []
    for mark, value in found.items():
        name, where = mark.removeprefix(PREFIX), places[mark]
        shape = shapes.get(mark, Shape.WORD)
        if not value:
            line = f"add the line `{name}: VALUE`" + (f" to {rest}" if where.file != rest else "")
            hint = line if kind == "file" else "let the command print it"
            said = f"there is no value for the secret {name}"
            findings.append(Finding("secret-without-value", where, said, "one", hint))
        elif shape is Shape.WORD and (not value.isprintable() or " " in value):
            said = f"the value of {name} has a blank or an unprintable character"
            findings.append(Finding("secret-value", where, said, "one word, as routers take it"))
        elif shape is Shape.LINE and not value.isprintable():
            said = f"the value of {name} is not one line of printable characters"
            hint = "a secret of several lines is a file of its own"
            findings.append(Finding("secret-value", where, said, "one line, as its mark stands in one", hint))
    return findings


def _asked(reference: str, wanted: Iterable[str], root: Path, shapes: Mapping[str, Shape]) -> dict[str, str]:
    """Mark -> value, empty where there is none. Raises BadInput where the store cannot be asked."""
    marks = sorted(set(wanted))
    if not marks:
        return {}
    kind, _, rest = reference.partition(":")
    if kind == "file" and rest:
        known = _file(root / Path(rest).expanduser(), reference)
        return {mark: known.get(mark.removeprefix(PREFIX), "") for mark in marks}
    if kind == "exec" and rest:
        return {mark: _exec(rest, mark.removeprefix(PREFIX), shapes.get(mark)) for mark in marks}
    where = Where("Pulumi.<stack>.yaml", 0, 'config["igoudar:secrets"]')
    said = f"{reference!r} is no store" if reference else "no store of secrets is named by igoudar:secrets"
    raise BadInput([Finding("no-store", where, said, "file:PATH or exec:COMMAND")])


def _file(path: Path, reference: str) -> dict[str, str]:
    where = Where(reference.removeprefix(FILE))
    try:
        mode = path.stat().st_mode
        # every value is the text that stands there: 0123 and 1.50 are passwords, not numbers
        data: Any = yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        said = (getattr(error, "strerror", None) or "").lower() or "it is not YAML"
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
    return {str(key): str(value).rstrip("\n") for key, value in data.items()}


def _exec(command: str, name: str, shape: Shape | None) -> str:
    try:
        done = subprocess.run(
            [*shlex.split(command), name], capture_output=True, text=True, timeout=EXEC_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    if done.returncode != 0 or not done.stdout.strip():
        return ""
    return done.stdout.rstrip("\n") if shape is Shape.WHOLE else done.stdout.splitlines()[0]
