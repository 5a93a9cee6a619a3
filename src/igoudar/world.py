"""Which world a site's hosts are reached in: the twin that was started here, or hardware."""

from __future__ import annotations

from pathlib import Path

from igoudar.tree import runtime_folder

HARDWARE = "hardware"
ID = "id"  # beside twin.json: random, made with the disks of a twin and gone with them


def world(site: str, root: Path) -> str:
    """`hardware`, or `twin <id>` while a twin of the site has disks here. Reads two files."""
    folder = runtime_folder(root) / "twin" / site
    if not (folder / "twin.json").is_file():
        return HARDWARE
    try:
        return f"twin {(folder / ID).read_text('ascii').strip()}"
    except FileNotFoundError:  # made before twins had one
        return "twin"
