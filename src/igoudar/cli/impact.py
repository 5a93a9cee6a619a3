"""`igoudar impact`."""

from __future__ import annotations

import click

from igoudar.cli._frame import Place, json_option, show_json, site_argument
from igoudar.day import today

EXAMPLES = """
\b
  igoudar impact lab ups-a                 may ups-a be taken out?
  igoudar impact lab wind wind             two of the four things of the unit wind
"""
LOST = 3


@click.command(epilog=EXAMPLES)
@site_argument
@click.argument("units", metavar="UNIT...", nargs=-1, required=True)
@json_option
def command(site: Place, units: tuple[str, ...], *, as_json: bool) -> int:
    """Say whether UNITs of power and cooling of SITE may be taken out today, as text for a permit to work.

    What loses a feed, what is overloaded, and what must not fail as long as they are out. One thing of a
    unit of several is meant; name it twice for two. A rack counts with what its devices are allocated.

    \b
    Exit status: 0 nothing is lost or overloaded; 3 something is; 2 there is no such unit.
    """
    from igoudar.facility import permit  # noqa: PLC0415
    from igoudar.inventory import load  # noqa: PLC0415

    found = permit.permit(load(site.folder, site.root), units, site.name)
    if as_json:
        show_json(permit.as_json(found))
    else:
        for line in permit.text(found, site.name, str(today())):
            click.echo(line)
    return 0 if found.granted else LOST
