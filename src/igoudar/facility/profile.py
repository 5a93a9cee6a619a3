"""`inventory/<site>/profiles/<name>.csv`: energy of each month or hour of a year, a line each, in kWh.

A column `demand kWh`, what the site uses, and one for each source that gives, such as `wind kWh`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from igoudar.errors import Finding, Where
from igoudar.hall.units import read_table
from igoudar.power.energy import Profile
from igoudar.site_files import SiteFile

FOLDER = "profiles"
UNIT = " kWh"
DEMAND = f"demand{UNIT}"


def read_profile(
    folder: Path, shown: str, sites: Iterable[tuple[str, SiteFile]]
) -> tuple[Profile | None, list[Finding]]:
    """The one that `energy` names, if it does."""
    files = [document for _, document in sites]
    name = next((file.energy.profile for file in files if file.energy and file.energy.profile), None)
    if name is None:
        return None, []
    units = sorted(f"{unit}{UNIT}" for file in files for unit in file.units)
    where = f"{shown}/{FOLDER}/{name}.csv"
    table = read_table(folder / FOLDER / f"{name}.csv", where, (DEMAND,), (DEMAND, *units))
    findings = list(table.findings)
    columns: dict[str, list[float]] = {}
    for at, row in table.rows:
        for column, cell in row.items():
            columns.setdefault(column, []).append(_energy(cell, column, at, findings))
    demand = tuple(columns.pop(DEMAND, ()))
    given = tuple(sorted((column.removesuffix(UNIT), tuple(kwh)) for column, kwh in columns.items()))
    return (None if findings else Profile(demand, given)), findings


def _energy(cell: str, column: str, where: Where, findings: list[Finding]) -> float:
    try:
        energy = float(cell)
    except ValueError:
        energy = math.nan
    if not math.isfinite(energy) or energy < 0:
        said = f"{column}: {cell!r} does not fit"
        findings.append(Finding("wrong-cell", where, said, "a number of kWh, at least 0"))
    return energy
