"""`igoudar history`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from igoudar.cli._frame import Place, counted, json_option, show_json, site_argument
from igoudar.cli._hosts import chosen, limit_option
from igoudar.errors import DeviceFailed, and_more
from igoudar.host_history import PATH, Entry, read_history
from igoudar.inventory import load
from igoudar.model import HOST_ROLES, SWITCH_ROLES, Inventory, Status
from igoudar.transport import access_map
from igoudar.verify.look import Logins

if TYPE_CHECKING:
    from collections.abc import Mapping

FAILED = 4
READ = f"sudo -n cat {PATH}"
NOTHING = 1  # status of cat where there is no file


@click.command()
@site_argument
@limit_option
@click.option(
    "--last", type=click.IntRange(min=1), default=10, show_default=True, metavar="N", help="Runs of a host."
)
@json_option
def command(site: Place, *, limits: tuple[str, ...], last: int, as_json: bool) -> int:
    """What has been done on the hosts of SITE: when, by what, which changes, with which result.

    Each host keeps its own history, so it does not matter from where it was changed: `pulumi up`, `igoudar
    roles` or `igoudar reboot`, from any machine. Times are UTC. What a run did in every detail is in its
    report under .igoudar/runs of the machine that it ran on. `no end`: the run broke off, or is under way.

    \b
    Exit status: 0 good; 4 a host does not answer.

    \b
    igoudar history lab --limit mgmt-1
    igoudar history lab --last 1 --json
    """
    inventory = load(site.folder, site.root)
    found, silent = _ask(site, inventory, chosen(limits, _standing(inventory), f"host of {site.name}"))
    found = {name: entries[-last:] for name, entries in found.items()}
    if as_json:
        told = {name: [entry.as_json() for entry in entries] for name, entries in found.items()}
        show_json({"site": site.name, "hosts": told, "silent": silent})
    else:
        _show(found, silent)
    return FAILED if silent else 0


def _standing(inventory: Inventory) -> list[str]:
    left_out = (Status.PLANNED, Status.OFFLINE)
    standing = (d for d in inventory.devices.values() if d.oob is not None and d.status not in left_out)
    return sorted(d.name for d in standing if d.role in SWITCH_ROLES | HOST_ROLES)


def _ask(
    site: Place, inventory: Inventory, names: list[str]
) -> tuple[dict[str, list[Entry]], dict[str, str]]:
    """The history of each that answers, and why the others do not."""
    reach = access_map(inventory, site.root)
    with Logins({name: reach[name] for name in names}) as logins:
        logins.open(names)

        def ask(name: str) -> list[Entry]:
            try:
                result = logins.sessions[name].run(READ)
            except DeviceFailed as error:
                logins.refused[name] = str(error)
                return []
            if result.status not in (0, NOTHING):
                logins.refused[name] = f"{name}: {result.err.decode(errors='replace').strip()}"
            return read_history(result.out.decode(errors="replace"))

        found = logins.every([*logins.sessions], ask)
        silent = dict(sorted(logins.refused.items()))
    return {name: entries for name, entries in sorted(found.items()) if name not in silent}, silent


def _show(found: Mapping[str, list[Entry]], silent: Mapping[str, str]) -> None:
    for name, entries in found.items():
        click.secho(name, bold=True)
        if not entries:
            click.echo("  no run yet")
        for entry in entries:
            changes = f"; {entry.changes[0]}{and_more(len(entry.changes))}" if entry.changes else ""
            click.echo(f"  {entry}{changes}")
    for why in silent.values():
        click.secho(why, fg="red")
    click.echo(f"{counted(len(found), 'host')}, {counted(sum(map(len, found.values())), 'run')}")
