"""`igoudar explain`."""

from __future__ import annotations

import re

import click

from igoudar.cli._frame import Place, SiteType, json_option, show_json, today


@click.command()
@click.argument("place", metavar="DEVICE:FILE:LINE")
@click.option("--site", type=SiteType(), default="lab", show_default=True, help="The site of the device.")
@json_option
def command(place: str, site: Place, as_json: bool) -> None:
    """Say where a rendered line comes from.

    Names the template line that wrote it and the path in the device's intent behind it, for example
    `igoudar explain leaf-1:/etc/frr/frr.conf:12`.
    """
    from igoudar.compiler import compile_site  # noqa: PLC0415 - imports the stacks' world
    from igoudar.explain import explain  # noqa: PLC0415

    match = re.fullmatch(r"([^:]+):(/[^:]+):(\d+)", place)
    if match is None:
        raise click.BadParameter(f"{place!r} is not DEVICE:FILE:LINE", param_hint="DEVICE:FILE:LINE")
    compiled = compile_site(site.folder, root=site.root, today=today())
    found = explain(compiled, (match.group(1), match.group(2), int(match.group(3))), site.root)
    if as_json:
        show_json(found.as_json())
    else:
        click.echo(str(found))
