"""`igoudar explain`."""

from __future__ import annotations

import re
from pathlib import Path

import click

from igoudar.cli._frame import Place, SiteType, json_option, likely_site, show_json
from igoudar.day import today
from igoudar.tree import find_root


@click.command()
@click.argument("place", metavar="DEVICE:FILE:LINE|CODE")
@click.option(
    "--site",
    type=SiteType(),
    help="The site of the device.  [default: the only one, or the selected stack's]",
)
@json_option
def command(place: str, site: Place | None, as_json: bool) -> None:
    """Say where a rendered line comes from, or what a finding means.

    Of a line it names the template line that wrote it and the path in the device's intent behind it. Of a
    finding's code: the rule, why there is one, the number behind it and where that comes from, what to do,
    and whether a waiver may cover it.

    \b
    igoudar explain leaf-1:/etc/frr/frr.conf:12
    igoudar explain rack-over-power
    """
    if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", place):
        _code(place, as_json=as_json)
        return
    from igoudar.compiler import compile_site  # noqa: PLC0415 - imports the stacks' world
    from igoudar.explain import explain  # noqa: PLC0415

    match = re.fullmatch(r"([^:]+):(/[^:]+):(\d+)", place)
    if match is None:
        said = f"{place!r} is not DEVICE:FILE:LINE, and no code of a finding"
        raise click.BadParameter(said, param_hint="DEVICE:FILE:LINE|CODE")
    site = site or likely_site()
    compiled = compile_site(site.folder, root=site.root, today=today())
    found = explain(compiled, (match.group(1), match.group(2), int(match.group(3))), site.root)
    if as_json:
        show_json(found.as_json())
    else:
        click.echo(str(found))


def _code(code: str, *, as_json: bool) -> None:
    from igoudar.meaning import meaning  # noqa: PLC0415

    found = meaning(code, find_root(Path.cwd()))
    if as_json:
        show_json(found.as_json())
    else:
        click.echo(str(found))
