"""`igoudar explain`."""

from __future__ import annotations

import re
from pathlib import Path

import click

from igoudar.cable_key import JOINED
from igoudar.cli._frame import Place, SiteType, json_option, likely_site, show_json
from igoudar.day import today
from igoudar.tree import find_root

EXAMPLES = """
\b
  igoudar explain rack-over-power                  a finding: the rule, why, and what to do
  igoudar explain leaf-1:/etc/frr/frr.conf:12      a line: its template, and the values behind it
  igoudar explain lab a05                          an object: its values, and the line of each
  igoudar explain lab rack a05                     the same, as `igoudar check --json` names it
  igoudar explain lab 315052                       a cable by the number on its label
  igoudar explain lab leaf-1/swp1                  ... by one of its ends; or by both
"""
WHAT = "CODE | DEVICE:FILE:LINE | SITE OBJECT"


@click.command(epilog=EXAMPLES)
@click.argument("what", metavar=WHAT, nargs=-1, required=True)
@click.option(
    "--site",
    type=SiteType(),
    help="The site of DEVICE.  [default: the only one, or the selected stack's]",
)
@json_option
def command(what: tuple[str, ...], site: Place | None, as_json: bool) -> None:
    """Say what a finding means, where a rendered line comes from, or each value of an object of a site.

    One word is the CODE of a finding, or with colons a line of a file on a device: DEVICE:FILE:LINE. Two or
    more are a SITE and an OBJECT of it: the name of a rack, device, hall, unit of power or cooling, or loop,
    with or without that word before it; of a cable the number on its label, one end or both.

    Of a value it names the place that says it: the entry or the pattern of its row, an override, the units
    CSV, the file of its type, overrides.yaml of types, a data file, a rule of cables or the ledger.

    \b
    Exit status: 0 explained; 2 there is no such code, line or object, or the files cannot be read.
    """
    first, *rest = what
    if rest and site is not None:
        raise click.UsageError("--site is of DEVICE:FILE:LINE; an OBJECT has its SITE before it")
    if rest:
        _object(first, rest, as_json=as_json)
    elif re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", first):
        _code(first, as_json=as_json)
    else:
        _line(first, site, as_json=as_json)


def _line(place: str, site: Place | None, *, as_json: bool) -> None:
    from igoudar.compiler import compile_site  # noqa: PLC0415 - imports the stacks' world
    from igoudar.explain import explain  # noqa: PLC0415

    match = re.fullmatch(r"([^:]+):(/[^:]+):(\d+)", place)
    if match is None:
        said = f"{place!r} is not DEVICE:FILE:LINE, and no code of a finding"
        raise click.BadParameter(said, param_hint=WHAT)
    site = site or likely_site()
    compiled = compile_site(site.folder, root=site.root, today=today())
    found = explain(compiled, (match.group(1), match.group(2), int(match.group(3))), site.root)
    if as_json:
        show_json(found.as_json())
    else:
        click.echo(str(found))


def _code(code: str, *, as_json: bool) -> None:
    from igoudar.meaning import explained, meaning  # noqa: PLC0415

    root = find_root(Path.cwd())
    if explained(code) is None and (root / "inventory" / code / "site.yaml").is_file():
        raise click.UsageError(f"{code} is a site: name an object of it, such as a rack")
    found = meaning(code, root)
    if as_json:
        show_json(found.as_json())
    else:
        click.echo(str(found))


def _object(site: str, words: list[str], *, as_json: bool) -> None:
    """Two ends are a cable, with or without the dashes between them, which a shell may take away."""
    from igoudar.origins import origins  # noqa: PLC0415

    place = SiteType().convert(site, None, None)
    *before, near, far = ["", *words]
    both = "/" in near and "/" in far and JOINED not in far
    wanted = " ".join([*before, f"{near}{JOINED}{far}"] if both else words).strip()
    found = origins(place.folder, place.root, wanted)
    if as_json:
        show_json([story.as_json() for story in found])
    else:
        click.echo("\n\n".join(str(story) for story in found))
