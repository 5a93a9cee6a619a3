"""Values of the site's secrets, for the far ends of its sessions.

A twin brings what hardware and other networks bring, and the other side of an agreed password is one of
these: values that the file of the store does not have yet are made, at random, and written there.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

import yaml

from igoudar.errors import BadInput, Finding, Where
from igoudar.model import Inventory

SECRETS_KEY, SITE_KEY = "igoudar:secrets", "igoudar:site"


def passwords_of(inventory: Inventory, root: Path) -> dict[str, str]:
    """Name in secrets.yaml -> value of its version. Raises BadInput."""
    path = store_file(inventory.site.name, root)
    known = _read(path, root)
    wanted = {name: f"{name}@{secret.version}" for name, secret in inventory.secrets.items()}
    if missing := [key for key in wanted.values() if key not in known]:
        known |= {key: secrets.token_urlsafe(18) for key in missing}
        _write(path, known)
    return {name: known[key] for name, key in wanted.items()}


def store_file(site: str, root: Path) -> Path:
    """The file that the site's stacks name as their store of secrets."""
    default = f"file:.igoudar/secrets/{site}.yaml"
    for stack in sorted(root.glob("Pulumi.*.yaml")):
        config = (yaml.safe_load(stack.read_text("utf-8")) or {}).get("config") or {}
        named = str(config.get(SECRETS_KEY, default))
        if config.get(SITE_KEY) == site:
            if named.startswith("file:"):
                return root / Path(named.removeprefix("file:")).expanduser()
            where = Where(stack.name, 0, f"config.{SECRETS_KEY}")
            said = "a twin makes the passwords of its far ends itself and writes them to a file"
            raise BadInput(
                [Finding("no-file-store", where, said, "file:PATH for a site that runs as a twin")]
            )
    return root / default.removeprefix("file:")


def _read(path: Path, root: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    found: Any = yaml.safe_load(path.read_text("utf-8")) or {}
    if not isinstance(found, dict):
        shown = str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
        said = "the store of secrets is not a mapping"
        raise BadInput([Finding("wrong-type", Where(shown, 1), said, "lines `name@version: value`")])
    return {str(key): str(value) for key, value in found.items()}


def _write(path: Path, values: dict[str, str]) -> None:
    """Readable by its owner only from the first byte on, and whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(
        os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as out:
        out.write("# name@version: value. Not in git.\n")
        yaml.safe_dump(values, out, default_flow_style=False)
    beside.replace(path)
