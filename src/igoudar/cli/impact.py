"""`igoudar impact`."""

from __future__ import annotations

import click

from igoudar.cli._frame import Place, json_option, show_json, site_argument
from igoudar.day import today

EXAMPLES = """
\b
  igoudar impact lab                       what one failure does, and two
  igoudar impact lab ups-a                 may ups-a be taken out?
  igoudar impact lab wind wind             two of the four things of the unit wind
"""
LOST = 3


@click.command(epilog=EXAMPLES)
@site_argument
@click.argument("units", metavar="[UNIT...]", nargs=-1)
@json_option
def command(site: Place, units: tuple[str, ...], *, as_json: bool) -> int:
    """Say whether UNITs of power and cooling of SITE may be taken out today, as text for a permit to work.

    What loses a feed, what is overloaded, and what must not fail as long as they are out. One thing of a
    unit of several is meant; name it twice for two. A rack counts with what its devices are allocated.
    Without UNIT: what every single failure and every two together do, one line for all of like kinds.

    \b
    Exit status: 0 nothing is lost or overloaded (by one failure); 3 something is; 2 there is no such unit.
    """
    from igoudar.facility import permit  # noqa: PLC0415
    from igoudar.inventory import load  # noqa: PLC0415

    inventory = load(site.folder, site.root)
    if not units:
        return _report(*permit.every_failure(inventory, site.name), as_json=as_json)
    found = permit.permit(inventory, units, site.name)
    if as_json:
        show_json(permit.as_json(found))
    else:
        for line in permit.text(found, site.name, str(today())):
            click.echo(line)
    return 0 if found.granted else LOST


def _report(singles: list[str], doubles: list[str], *, as_json: bool) -> int:
    if as_json:
        show_json({"singles": singles, "doubles": doubles})
    else:
        for title, found in (("one failure", singles), ("two failures together", doubles)):
            click.echo(f"{title}:" if found else f"{title}: nothing")
            for line in found:
                click.echo(f"  {line}")
    return LOST if singles else 0
