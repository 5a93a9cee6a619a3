"""`igoudar receive`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from igoudar.cli._frame import Place, columns, counted, json_option, show_findings, show_json, site_argument
from igoudar.errors import BadInput, Severity, in_order
from igoudar.tree import write_all
from igoudar.yaml_source import locate

if TYPE_CHECKING:
    from igoudar.hall.delivery import Box
    from igoudar.hall.units import Unit
    from igoudar.model import Inventory

NOT_WRITTEN = 5


@click.command()
@site_argument
@click.argument("delivery", type=click.Path(path_type=Path))
@click.option("--write", is_flag=True, help="Write the serials to units/<hall>.csv of the site.")
@json_option
def command(site: Place, delivery: Path, *, write: bool, as_json: bool) -> int:
    """Tell which box of DELIVERY is which planned device of SITE, and every mismatch.

    DELIVERY is a CSV file with a head: serial, and type (a slug) or part_number; name where the box is meant
    for one device; asset, oob_mac and host_key where they are known. Boxes without a name go to devices of
    their type that have no serial, rack by rack and from below. Nothing is written while something is wrong.

    \b
    Exit status: 0 it is written; 5 all fits and nothing was written (--write does); 2 something does not fit.
    With --json: {"boxes": [{name, serial, rack, u}], "findings": [as of check], "written": true or false}.
    """
    from igoudar.hall.delivery import receive  # noqa: PLC0415
    from igoudar.hall.units import read_units  # noqa: PLC0415
    from igoudar.inventory import load, shown  # noqa: PLC0415

    inventory = load(site.folder, site.root)
    known, _ = read_units(site.folder, shown(site.folder, site.root))
    receipt = receive(inventory, _boxes(delivery), known.values())
    found = in_order(locate(receipt.findings, site.root))
    if errors := [f for f in found if f.severity is Severity.ERROR]:
        raise BadInput(errors)
    files = _write(site, inventory, known, receipt.units) if write else []
    devices = inventory.devices
    rows = [(u.name, u.serial, devices[u.name].rack, str(devices[u.name].u)) for u in receipt.units]
    if as_json:
        boxes = [dict(zip(("name", "serial", "rack", "u"), row, strict=True)) for row in rows]
        show_json({"boxes": boxes, "findings": [f.as_json() for f in found], "written": write})
    else:
        columns([("device", "serial", "rack", "U"), *rows])
        show_findings(found)
        done = f"wrote {', '.join(files)}" if files else "nothing was written"
        done += "" if write or not rows else "; --write does"
        click.echo(f"{counted(len(rows), 'box')} for {site.name}; {done}")
    return 0 if write else NOT_WRITTEN


def _boxes(delivery: Path) -> list[Box]:
    """Raises BadInput."""
    from igoudar.hall.delivery import COLUMNS, Box, BoxIn  # noqa: PLC0415
    from igoudar.hall.units import read_table, validated_row  # noqa: PLC0415

    table = read_table(delivery, str(delivery), ("serial",), COLUMNS)
    findings, boxes = list(table.findings), []
    for where, row in table.rows:
        entry, wrong = validated_row(row, where, BoxIn)
        findings += wrong
        if entry is not None:
            boxes.append(Box(entry, where))
    if findings:
        raise BadInput(findings)
    return boxes


def _write(
    site: Place, inventory: Inventory, known: Mapping[str, Unit], units: tuple[Unit, ...]
) -> list[str]:
    """All files or none, each hall's with what it had; names of the files."""
    from igoudar.hall.units import FOLDER, written  # noqa: PLC0415

    halls: dict[str, list[Unit]] = defaultdict(list)
    for unit in known.values():
        halls[Path(unit.where.file).stem].append(unit)  # it stays in the file that it is in
    for unit in units:
        halls[inventory.devices[unit.name].hall].append(unit)
    changed = sorted({inventory.devices[unit.name].hall for unit in units})
    write_all({site.folder / FOLDER / f"{hall}.csv": written(halls[hall]) for hall in changed})
    return [f"{FOLDER}/{hall}.csv" for hall in changed]
