"""What counts as no light, from the dated file `inventory/data/light.yaml`. Reads it and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from igoudar.schema import Entry
from igoudar.validated import needed_file

FILE = "inventory/data/light.yaml"


class _Dark(Entry):
    dbm: Annotated[float, Field(ge=-60, le=0)]
    why: str
    source: str


class _File(Entry):
    dark: _Dark


def dark_dbm(root: Path) -> float:
    """Received power, dBm, up to which an end counts as dark. Raises BadInput."""
    return needed_file(root, FILE, _File).dark.dbm
