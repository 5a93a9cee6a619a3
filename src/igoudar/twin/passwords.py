"""Values of the site's secrets, for the far ends of its sessions.

A twin brings what hardware and other networks bring, and the other side of an agreed password is one of
these: values that the file of the store does not have yet are made, at random, and written there.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from igoudar.model import Inventory
from igoudar.secrets import PREFIX, secret_values

SECRETS_KEY, SITE_KEY = "igoudar:secrets", "igoudar:site"
FILE = "file:"


def passwords_of(inventory: Inventory, root: Path) -> dict[str, str]:
    """Name in secrets.yaml -> value of its version, of those that sessions have. Raises BadInput.

    Other secrets are of hosts: keys that nobody can make up.
    """
    reference = store_of(inventory.site.name, root)
    names = {session.password for session in inventory.sessions.values()}
    marks = {name: secret.mark for name, secret in inventory.secrets.items() if name in names}
    if reference.startswith(FILE) and marks:
        _complete(root / Path(reference.removeprefix(FILE)).expanduser(), marks.values())
    values = secret_values(reference, marks.values(), root)
    return {name: values[mark] for name, mark in marks.items()}


def store_of(site: str, root: Path) -> str:
    """The store that the site's stacks name."""
    for stack in sorted(root.glob("Pulumi.*.yaml")):
        config: dict[str, Any] = (yaml.safe_load(stack.read_text("utf-8")) or {}).get("config") or {}
        if config.get(SITE_KEY) == site and config.get(SECRETS_KEY):
            return str(config[SECRETS_KEY])
    return f"{FILE}.igoudar/secrets/{site}.yaml"


def _complete(path: Path, marks: Iterable[str]) -> None:
    """Readable by its owner only from the first byte on, and whole or not at all."""
    text = path.read_text("utf-8") if path.exists() else ""
    known: Any = yaml.load(text, Loader=yaml.BaseLoader) or {}  # as `igoudar.secrets` reads it
    keys = [mark.removeprefix(PREFIX) for mark in marks]
    if not isinstance(known, dict) or all(key in known for key in keys):
        return
    values = {key: secrets.token_urlsafe(18) for key in keys} | known
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(
        os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as out:
        out.write("# name@version: value. Not in git.\n")
        yaml.safe_dump(values, out, default_flow_style=False)
    beside.replace(path)
