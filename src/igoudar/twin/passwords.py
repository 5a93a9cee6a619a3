"""Values of the site's secrets that a twin has to bring.

It brings what hardware and other networks bring, and the other side of an agreed password is one of these,
the certificates of who sends logs are others: values that the file of the store does not have yet are made
and written there.
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
from igoudar.twin.log_certificates import lacking

SECRETS_KEY, SITE_KEY = "igoudar:secrets", "igoudar:site"
FILE = "file:"


def passwords_of(inventory: Inventory, root: Path) -> dict[str, str]:
    """Name in secrets.yaml -> value of its version, of those that sessions have. Raises BadInput.

    Of the secrets of hosts only certificates for logs can be made up.
    """
    reference = store_of(inventory.site.name, root)
    names = {session.password for session in inventory.sessions.values()}
    marks = {name: secret.mark for name, secret in inventory.secrets.items() if name in names}
    if reference.startswith(FILE) and inventory.secrets:
        path = root / Path(reference.removeprefix(FILE)).expanduser()
        _complete(path, inventory, [mark.removeprefix(PREFIX) for mark in marks.values()])
    values = secret_values(reference, marks.values(), root)
    return {name: values[mark] for name, mark in marks.items()}


def store_of(site: str, root: Path) -> str:
    """The store that the site's stacks name."""
    for stack in sorted(root.glob("Pulumi.*.yaml")):
        config: dict[str, Any] = (yaml.safe_load(stack.read_text("utf-8")) or {}).get("config") or {}
        if config.get(SITE_KEY) == site and config.get(SECRETS_KEY):
            return str(config[SECRETS_KEY])
    return f"{FILE}.igoudar/secrets/{site}.yaml"


def _complete(path: Path, inventory: Inventory, passwords: Iterable[str]) -> None:
    """Readable by its owner only from the first byte on, and whole or not at all."""
    text = path.read_text("utf-8") if path.exists() else ""
    known: Any = yaml.load(text, Loader=yaml.BaseLoader) or {}  # as `igoudar.secrets` reads it
    if not isinstance(known, dict):
        return
    made = {key: secrets.token_urlsafe(18) for key in passwords if key not in known}
    made |= lacking(inventory, known)
    if not made:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(
        os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as out:
        out.write("# name@version: value. Not in git.\n")
        yaml.safe_dump({**made, **known}, out, default_flow_style=False)
    beside.replace(path)
