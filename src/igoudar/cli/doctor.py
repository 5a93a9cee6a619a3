"""`igoudar doctor`."""

from __future__ import annotations

import gc
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from igoudar.cli._frame import Place, json_option, show_json, site_argument

if TYPE_CHECKING:
    from igoudar.doctor import Diagnosis
    from igoudar.model import Inventory

DIFFERS = 5
STYLES = {"exact": "red", "ambiguous": "yellow", "contradictory": "magenta"}


@click.command()
@site_argument
@click.option(
    "--observed",
    metavar="FILE.json",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Judge this file of observations, and ask no device.",
)
@click.option(
    "--wait",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    help="Look again so long while a port hears two neighbours, as after a plug was moved.",
)
@json_option
def command(site: Place, *, observed: Path | None, wait: float, as_json: bool) -> int:
    """Say which plugs of SITE are not where the inventory says, and the fewest movements that put them right.

    Every device in use is asked what its ports hear and see: neighbours by LLDP, learnt addresses, modules,
    received light. A device is known by its chassis, its addresses or its serial, never by its name. What
    the observations do not settle is said with every explanation that is left. Nothing is changed.

    \b
    FILE.json has, under "ends", what each port says; all keys but the port's are optional:
      {"ends": {"leaf-1/swp1": {"chassis": "02:00:5e:10:00:01", "port": "swp4",
                                "link": "up", "module": true, "rx_dbm": -2.4},
                "leaf-1/swp2": {"silent": true, "rx_dbm": "none"},
                "leaf-1/swp9": {"mac": "02:00:5e:10:00:02"}},
       "chassis": {"spine-1": ["02:00:5e:10:00:01"]},
       "macs": {"srv-1/eth1": "02:00:5e:10:00:02"}}
    "silent" is LLDP that heard nobody; docs/cable-doctor.md explains the rest.

    \b
    Exit status: 0 nothing speaks against the plan; 5 something does; 4 nothing does, but some devices could
    not be asked; 2 the file cannot be read.

    \b
    igoudar doctor lab
    igoudar doctor lab --json | jq '.statements[] | select(.certainty == "exact")'
    """
    from igoudar.doctor import report  # noqa: PLC0415
    from igoudar.inventory import load  # noqa: PLC0415

    inventory = load(site.folder, site.root)
    refused: dict[str, str] = {}
    if observed is not None:
        found = _offline(site, inventory, observed)
    else:
        found, refused = _live(site, inventory, wait)
    if as_json:
        show_json({**report.as_json(site.name, found), "not_asked": refused})
    else:
        for certainty, line in report.lines(found):
            click.secho(line, fg=None if line.startswith(" ") else STYLES[certainty])
        for host, why in refused.items():
            click.secho(f"{host} was not asked: {why}", fg="yellow")
        click.echo(report.summary(site.name, found))
    return DIFFERS if found.statements else 4 if refused else 0


def _offline(site: Place, inventory: Inventory, file: Path) -> Diagnosis:
    from igoudar.doctor import diagnose  # noqa: PLC0415
    from igoudar.doctor.light import dark_dbm  # noqa: PLC0415
    from igoudar.doctor.observed import read_observed  # noqa: PLC0415
    from igoudar.doctor.site import known_of, plan_of, usable  # noqa: PLC0415
    from igoudar.inventory import shown  # noqa: PLC0415

    read = read_observed(file, shown(file, site.root), known_of(inventory), site.root)
    meant = plan_of(inventory, management=read.seen)
    plan = replace(read.plan, cables=meant.cables, trunks=meant.trunks)
    gc.freeze()  # what was read stays until the end: nothing of it is garbage
    return diagnose(plan, usable(inventory, read.seen), dark_dbm=dark_dbm(site.root))


def _live(site: Place, inventory: Inventory, wait: float) -> tuple[Diagnosis, dict[str, str]]:
    from igoudar.doctor import diagnose  # noqa: PLC0415
    from igoudar.doctor.light import dark_dbm  # noqa: PLC0415
    from igoudar.doctor.site import plan_of, usable  # noqa: PLC0415
    from igoudar.verify.cables import look  # noqa: PLC0415 - paramiko is slow to import
    from igoudar.world import HARDWARE, world  # noqa: PLC0415

    carriers = world(inventory.site.name, site.root) == HARDWARE
    plan = plan_of(inventory, carriers=carriers)
    looked = look(inventory, plan, site.root, carriers=carriers, wait=wait, say=_say)
    found = diagnose(looked.plan, usable(inventory, looked.seen), dark_dbm=dark_dbm(site.root))
    return found, dict(looked.refused)


def _say(line: str) -> None:
    click.echo(line, err=True)
