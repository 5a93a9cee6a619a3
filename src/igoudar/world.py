"""Which world a site's hosts are reached in: the twin that was started here, or hardware."""

from __future__ import annotations

from pathlib import Path

from igoudar.tree import runtime_folder

HARDWARE = "hardware"
SPEC = "twin.json"
ID = "id"  # beside it: random, made with the disks of a twin and gone with them


def twin_folder(site: str, root: Path) -> Path:
    return runtime_folder(root) / "twin" / site


def holds_twin(folder: Path) -> bool:
    return (folder / SPEC).is_file()


def world(site: str, root: Path) -> str:
    """`hardware`, or `twin <id>` while a twin of the site has disks here. Reads two files."""
    folder = twin_folder(site, root)
    if not holds_twin(folder):
        return HARDWARE
    try:
        return f"twin {(folder / ID).read_text('ascii').strip()}"
    except FileNotFoundError:  # made before twins had one
        return "twin"
