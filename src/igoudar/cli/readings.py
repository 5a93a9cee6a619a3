"""`igoudar readings`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from igoudar.cli._frame import Place, columns, counted, json_option, show_findings, show_json, site_argument
from igoudar.errors import BadInput, Severity, in_order
from igoudar.quantities import POWER
from igoudar.quantities import shown as quantity
from igoudar.tree import write_all
from igoudar.yaml_source import locate

if TYPE_CHECKING:
    from igoudar.hall.readings import Reading
    from igoudar.model import Inventory

NOT_WRITTEN = 5
TOO_MUCH = 3


@click.command()
@site_argument
@click.argument("readings", type=click.Path(path_type=Path))
@click.option("--write", is_flag=True, help="Keep them in readings/<hall>.csv of the site.")
@json_option
def command(site: Place, readings: Path, *, write: bool, as_json: bool) -> int:
    """Take what rack PDUs of SITE have read, and say what does not fit the plan.

    READINGS is a CSV file with a head: time (with its zone), rack, feed (A or B); for an outlet device, and
    outlet where a device has several; leg (L1, L2, L3) where phases are told apart; watts, or amps and volts
    (and power_factor). Of several readings of one point the highest counts. `igoudar count`, `check` and
    `draw rack` show what is kept beside what is allocated. Nothing is written while the plan does not have
    what was read.

    \b
    More than allocated is a warning (checks go on counting what is allocated: correct it), more than a rack
    may draw an error, which a waiver may cover.
    Exit status: 0 it is written; 5 all fits and nothing was written (--write does); 2 something does not fit;
    3 it fits, and some rack draws more than it may (with --write it is kept).
    With --json: {"devices": {name: w}, "racks": {name: w}, "findings": [as of check], "written": bool}.
    """
    from igoudar.hall.measured import excesses, measured, mismatches  # noqa: PLC0415
    from igoudar.hall.readings import merged, read_readings  # noqa: PLC0415
    from igoudar.inventory import load  # noqa: PLC0415

    new, wrong = read_readings(readings, str(readings))
    if wrong:
        raise BadInput(wrong)
    before = load(site.folder, site.root)
    inventory = replace(before, readings=tuple(new))
    if odd := [*mismatches(inventory)]:
        raise BadInput(locate(odd, site.root))
    found = in_order(locate(excesses(inventory), site.root))
    known = measured(inventory)
    files = _write(site, inventory, merged(before.readings, new)) if write else []
    if as_json:
        told = {"devices": dict(known.devices), "racks": dict(known.racks)}
        show_json({**told, "findings": [f.as_json() for f in found], "written": write})
    else:
        _show(inventory, known.racks, known.devices)
        show_findings(found)
        done = f"wrote {', '.join(files)}" if files else "nothing was written; --write does"
        click.echo(f"{counted(len(new), 'point')} of {site.name}; {done}")
    if any(f.severity is Severity.ERROR for f in found):
        return TOO_MUCH
    return 0 if write else NOT_WRITTEN


def _show(inventory: Inventory, racks: Mapping[str, float], devices: Mapping[str, float]) -> None:
    from igoudar.hall.draw import Draws  # noqa: PLC0415

    draws = Draws(inventory)
    allocated: dict[str, float] = defaultdict(float)
    rows = [("", "measured", "allocated", "may draw")]
    for device in inventory.devices.values():
        if device.rack in racks:
            allocated[device.rack] += draws.of(device).allocated_w or 0
    for name, watts in sorted(racks.items()):
        most = inventory.racks[name].power_w
        limit = "" if most is None else quantity(POWER, most)
        rows.append((f"rack {name}", quantity(POWER, watts), quantity(POWER, allocated[name]), limit))
    for name, watts in sorted(devices.items()):
        planned = draws.of(inventory.devices[name]).allocated_w
        rows.append((name, quantity(POWER, watts), "?" if planned is None else quantity(POWER, planned), ""))
    if rows[1:]:
        columns(rows)


def _write(site: Place, inventory: Inventory, readings: list[Reading]) -> list[str]:
    """Each hall's file whole; what is of no hall any more goes. Names of the files."""
    from igoudar.hall.readings import FOLDER, written  # noqa: PLC0415

    halls: dict[str, list[Reading]] = defaultdict(list)
    for reading in readings:
        if (rack := inventory.racks.get(reading.point.rack)) is not None:
            halls[rack.hall].append(reading)
    changed = sorted({inventory.racks[reading.point.rack].hall for reading in inventory.readings})
    write_all({site.folder / FOLDER / f"{hall}.csv": written(halls[hall]) for hall in changed})
    return [f"{FOLDER}/{hall}.csv" for hall in changed]
