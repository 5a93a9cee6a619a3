"""The checkout: where it begins and where its sites lie."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from igoudar.errors import BadInput, Finding, Where


def find_root(start: Path) -> Path:
    """The nearest folder upward with a Pulumi.yaml. Raises BadInput."""
    for folder in (start.absolute(), *start.absolute().parents):
        if (folder / "Pulumi.yaml").is_file():
            return folder
    where = Where(str(start))
    raise BadInput(
        [Finding("no-checkout", where, "no Pulumi.yaml here or above", "a checkout of the project")]
    )


def site_folder(site: str, root: Path, start: Path = Path()) -> Path:
    """SITE is a folder under `inventory/`, or any path from `start`; without dots, as findings show it."""
    named = root / "inventory" / site
    inside = named.is_dir() and site.strip("/") not in ("", ".", "..")
    return Path(os.path.normpath(named if inside else (start / site).absolute()))


def write_whole(path: Path, text: str | bytes) -> None:
    """All or nothing, so that a stop in the middle leaves what was there; makes the folder."""
    write_all({path: text})


def write_all(files: Mapping[Path, str | bytes]) -> None:
    """Each file whole, and none of them before every one lies written beside its place. Raises OSError."""
    ready: dict[Path, Path] = {}
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name(f"{path.name}.new")
            beside.write_bytes(text.encode() if isinstance(text, str) else text)
            ready[path] = beside
    except OSError:
        for beside in ready.values():
            beside.unlink()
        raise
    for path, beside in ready.items():
        beside.replace(path)


def runtime_folder(root: Path) -> Path:
    """Everything that is made at run time lies under it."""
    return root / ".igoudar"
