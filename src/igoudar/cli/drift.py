"""`igoudar drift`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from igoudar.cli._frame import Place, counted, json_option, show_diff, show_json, site_argument
from igoudar.errors import BadInput, Finding, Where

if TYPE_CHECKING:
    from igoudar.drift import Drifted

DRIFT, NOT_ASKED = 5, 4
AGAIN_SECONDS = 3.0  # an update that has just ended is in the record by then


@click.command()
@site_argument
@click.option("--stack", metavar="STACK", help="Only the switches of this stack.  [default: all of SITE]")
@click.option(
    "--watch",
    metavar="SECONDS",
    type=click.FloatRange(min=1),
    help="Look again after so many seconds, until there is drift.",
)
@json_option
def command(site: Place, *, stack: str | None, watch: float | None, as_json: bool) -> int:
    """Compare what the switches of SITE run with the record of their stacks.

    On the left of each diff stands the record, on the right the switch; secrets are masked. `running-config`
    is how the daemons differ from what was confirmed, whatever the files say. Nothing is changed anywhere.
    Drift is looked for twice, so that an update which ends meanwhile is none. Needs `. scripts/env`.

    \b
    Exit status: 0 every switch runs its record; 5 some do not; 4 none that answers drifted, but some could
    not be asked or hold an open transaction (see igoudar txn). Offline switches are not asked.

    \b
    With --watch it ends at drift only (5); what does not answer is said on stderr, and asked again.
    igoudar drift lab --watch 60
    igoudar drift lab --json | jq -r '.switches | to_entries[] | select(.value.state == "drift") | .key'
    """
    while True:
        found = _confirmed(site, stack)
        status = _status(found)
        if watch is None or status == DRIFT:
            break
        _say(found, f"{datetime.now():%H:%M:%S} {_summary(site.name, found)}")
        time.sleep(watch)
    if as_json:
        drifted = status == DRIFT
        show_json({"site": site.name, "drift": drifted, "switches": {d.name: d.as_json() for d in found}})
    else:
        _show(site.name, found)
    return status


def _status(found: list[Drifted]) -> int:
    from igoudar.drift import State  # noqa: PLC0415 - imports the drivers' side

    states = {d.state for d in found}
    if State.DRIFT in states:
        return DRIFT
    return NOT_ASKED if states & {State.SILENT, State.OPEN} else 0


def _confirmed(site: Place, stack: str | None) -> list[Drifted]:
    """Drift that is there twice; what was an update's alone is gone the second time."""
    found = _look(site, stack)
    if _status(found) == DRIFT:
        time.sleep(AGAIN_SECONDS)
        found = _look(site, stack)
    return found


def _look(site: Place, stack: str | None) -> list[Drifted]:
    from igoudar.drift import asked, compare  # noqa: PLC0415
    from igoudar.inventory import load  # noqa: PLC0415
    from igoudar.live import look  # noqa: PLC0415 - paramiko is slow to import

    inventory = load(site.folder, site.root)
    records = _records(site, stack)
    wanted = {n: files for record in records.values() for n, files in asked(record, inventory).items()}
    seen = look(inventory, site.root, wanted)
    return [d for name, record in records.items() for d in compare(name, record, seen, inventory)]


def _records(site: Place, stack: str | None) -> dict[str, Mapping[str, Any]]:
    """Stack -> its record. Raises BadInput where the site has no such stack, or none at all."""
    from igoudar.record import record  # noqa: PLC0415 - runs pulumi
    from igoudar.stack_files import stacks_of  # noqa: PLC0415

    names = [file.name for file in stacks_of(site.folder, site.root)]
    if (stack is not None and stack not in names) or not names:
        said = f"{site.name} has no stack {stack}" if stack else f"{site.name} has no stack, so no record"
        expected = f"one of {', '.join(names)}" if names else "a Pulumi.<stack>.yaml that names the site"
        raise BadInput([Finding("no-such-stack", Where(str(stack or site.name)), said, expected)])
    return {name: record(name, site.root) for name in names if stack in (None, name)}


def _show(site: str, found: list[Drifted]) -> None:
    for drifted in found:
        for diff in drifted.files.values():
            show_diff(diff)
        if drifted.said:
            click.secho(f"{drifted.name}: {drifted.state}: {drifted.said}", fg="yellow")
    click.echo(_summary(site, found))


def _summary(site: str, found: list[Drifted]) -> str:
    from igoudar.drift import State  # noqa: PLC0415

    counts = {state: sum(d.state is state for d in found) for state in State}
    told = [f"{count} {state}" for state, count in counts.items() if count and state is not State.SAME]
    if not found:
        return f"{site}: no switch is in the record; nothing was brought to it yet"
    return f"{site}: {counted(len(found), 'switch')} in the record, {', '.join(told) or 'each runs it'}"


def _say(found: list[Drifted], summary: str) -> None:
    for line in (*(f"{d.name}: {d.state}: {d.said}" for d in found if d.said), summary):
        click.echo(line, err=True)
