"""`igoudar draw`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from igoudar.cli._frame import Place, counted, site_argument, write_out
from igoudar.day import today
from igoudar.errors import CheckFailed, first_few, nearest

if TYPE_CHECKING:
    from igoudar.model import Inventory

KINDS = {"rack": "rack", "hall": "hall", "power": "hall", "cables": "hall"}  # and what NAME is
SUFFIXES = (".svg", ".png")
MOST_NAMED = 8
EXAMPLES = """
\b
  igoudar draw rack lab a03                 lab-rack-a03.svg
  igoudar draw hall lab --out h1.png        the only hall needs no NAME
  igoudar draw power lab h1 --out -         SVG on stdout
"""


@click.command(epilog=EXAMPLES)
@click.argument("kind", type=click.Choice(list(KINDS)))
@site_argument
@click.argument("name", required=False)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, allow_dash=True),
    help="File to write, x.svg or x.png; - is stdout.",
)
def command(kind: str, site: Place, name: str | None, out: str | None) -> None:
    """Draw a rack, the floor of a hall, its power or its cables, for the wall.

    NAME is a rack, or for hall, power and cables a hall. To scale where there is one; what is above 80 % of
    its limit stands out. Without --out the file says in its name what it is.

    \b
    Exit status: 0 drawn; 2 no such rack or hall, or the files cannot be read; 3 two devices are in one place.
    """
    if out is not None and out != "-" and Path(out).suffix.lower() not in SUFFIXES:
        raise click.BadParameter(f"{out!r} ends in neither .svg nor .png", param_hint="--out")
    inventory = _loaded(site, kind, name or "")
    chosen = _chosen(KINDS[kind], name, inventory)
    svg = _DRAW[kind](inventory, chosen, site.root)
    if out == "-":
        click.echo(svg, nl=False)
        return
    path = Path(out or f"{inventory.site.name}-{kind}-{chosen}.svg")
    _write(path, svg)
    click.echo(str(path))


def _loaded(site: Place, kind: str, name: str) -> Inventory:
    """One hall where the picture shows nothing else: of a campus that is the hundredth part."""
    from igoudar.inventory import load_hall, load_whole, read_documents  # noqa: PLC0415 - YAML and pydantic
    from igoudar.one_hall import halls_of, halls_with  # noqa: PLC0415

    place = (site.folder, site.root)
    documents = read_documents(*place)
    if kind in ("rack", "hall") and name:
        known = halls_of(documents)
        halls = halls_with(documents, {name}) if kind == "rack" else [name]
        if len(halls) == 1 and len(known) > 1 and halls[0] in known:
            return load_hall(documents, place, halls[0])
    return load_whole(documents, place)


def _chosen(what: str, name: str | None, inventory: Inventory) -> str:
    """The rack or hall of this name; the only one needs none. Raises BadParameter."""
    known: Collection[str] = inventory.racks if what == "rack" else inventory.halls
    if name is None and len(known) == 1:
        (name,) = known
    if name is None or name not in known:
        few = first_few([*known], MOST_NAMED)
        there = f"it has {counted(len(known), what)}{f': {few}' if few else ''}"
        said = (
            f"has no {what} {name!r}; {nearest(name, known) or there}" if name else f"needs a NAME; {there}"
        )
        raise click.BadParameter(f"{inventory.site.name} {said}", param_hint="NAME")
    if what == "hall" and not any(rack.hall == name for rack in inventory.racks.values()):
        raise click.BadParameter(f"hall {name} has no racks to draw", param_hint="NAME")
    return name


def _rack(inventory: Inventory, name: str, root: Path) -> str:
    """Raises CheckFailed where devices are in each other's place: no picture can show that."""
    from igoudar.checks.mounting import misplaced  # noqa: PLC0415 - each picture brings its own
    from igoudar.drawing.floor import read_floor  # noqa: PLC0415
    from igoudar.drawing.rack import draw_rack  # noqa: PLC0415
    from igoudar.yaml_source import locate  # noqa: PLC0415

    inside = {n: device for n, device in inventory.devices.items() if device.rack == name}
    if findings := [*misplaced(replace(inventory, devices=inside))]:
        raise CheckFailed(locate(findings, root))
    return draw_rack(inventory, name, read_floor(root), today())


def _hall(inventory: Inventory, name: str, root: Path) -> str:
    from igoudar.drawing.floor import read_floor  # noqa: PLC0415
    from igoudar.drawing.hall import draw_hall  # noqa: PLC0415

    return draw_hall(inventory, name, read_floor(root), today())


def _power(inventory: Inventory, name: str, root: Path) -> str:
    """By the power graph; a site without units has what its racks say. Raises CheckFailed."""
    from igoudar.drawing.chain import feeds_of_racks  # noqa: PLC0415
    from igoudar.drawing.plant import chain_of_hall  # noqa: PLC0415
    from igoudar.drawing.power import draw_power  # noqa: PLC0415

    chain = chain_of_hall(inventory, name) if inventory.plant.units else feeds_of_racks(inventory, name)
    return draw_power(chain, inventory.site.name, today())


def _cables(inventory: Inventory, name: str, root: Path) -> str:
    from igoudar.drawing.cables import draw_cables  # noqa: PLC0415

    return draw_cables(inventory, name, today())


_DRAW: dict[str, Callable[[Inventory, str, Path], str]] = {
    "rack": _rack,
    "hall": _hall,
    "power": _power,
    "cables": _cables,
}


def _write(path: Path, svg: str) -> None:
    from igoudar.drawing.png import to_png  # noqa: PLC0415

    write_out(path, to_png(svg) if path.suffix.lower() == ".png" else svg.encode())
