"""`igoudar explain`."""

from __future__ import annotations

import re

import click

from igoudar.cli._frame import Place, SiteType, json_option, likely_site, show_json
from igoudar.day import today


@click.command()
@click.argument("place", metavar="DEVICE:FILE:LINE")
@click.option(
    "--site",
    type=SiteType(),
    help="The site of the device.  [default: the only one, or the selected stack's]",
)
@json_option
def command(place: str, site: Place | None, as_json: bool) -> None:
    """Say where a rendered line comes from.

    Names the template line that wrote it and the path in the device's intent behind it, for example
    `igoudar explain leaf-1:/etc/frr/frr.conf:12`.
    """
    from igoudar.compiler import compile_site  # noqa: PLC0415 - imports the stacks' world
    from igoudar.explain import explain  # noqa: PLC0415

    match = re.fullmatch(r"([^:]+):(/[^:]+):(\d+)", place)
    if match is None:
        raise click.BadParameter(f"{place!r} is not DEVICE:FILE:LINE", param_hint="DEVICE:FILE:LINE")
    site = site or likely_site()
    compiled = compile_site(site.folder, root=site.root, today=today())
    found = explain(compiled, (match.group(1), match.group(2), int(match.group(3))), site.root)
    if as_json:
        show_json(found.as_json())
    else:
        click.echo(str(found))
