"""`igoudar count`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from igoudar.cli._frame import Place, columns, counted, json_option, show_json, site_argument
from igoudar.quantities import POWER, shown

if TYPE_CHECKING:
    from igoudar.hall.totals import Totals

HEAD = ("building", "halls", "racks", "devices", "built for", "racks may draw", "allocated")


@click.command()
@site_argument
@json_option
def command(site: Place, *, as_json: bool) -> int:
    """Count what SITE has, by building, and what it may draw.

    `built for` is the IT load of the halls, `racks may draw` the sum of what their racks may, or of what
    stands in one where that is more or nobody says it, `allocated` what is planned for the devices in them.
    Where readings of rack PDUs are kept (`igoudar readings`), `measured` is what the racks draw that were
    read, and `racks read` how many these are.

    \b
    With --json: {"buildings": {number: {halls, racks, devices: {role: n}, management, cables, power_w,
    racks_w, drawn_w, unknown, read, measured_w}}, "all": the same}; `management`: ports for nothing else.
    """
    from igoudar.hall.totals import Totals, totals  # noqa: PLC0415 - as all that reads a site
    from igoudar.inventory import load  # noqa: PLC0415

    found = totals(load(site.folder, site.root))
    whole = Totals()
    for mine in found.values():
        whole += mine
    if as_json:
        show_json({"buildings": {str(n): t.as_json() for n, t in found.items()}, "all": whole.as_json()})
        return 0
    rows = [HEAD, *(_row(str(n), t) for n, t in found.items()), _row("all", whole)]
    if whole.read:
        each = ("measured", "racks read"), *(_read(t) for t in (*found.values(), whole))
        rows = [(*row, *more) for row, more in zip(rows, each, strict=True)]
    columns(rows, right=True)
    click.echo(", ".join(f"{n:,} {role}" for role, n in sorted(whole.devices.items())))
    click.echo(f"{whole.management:,} ports for management, {whole.cables:,} cables for data and management")
    if whole.unknown:
        click.echo(f"nobody says what {counted(whole.unknown, 'device')} draw")
    return 0


def _read(mine: Totals) -> tuple[str, str]:
    return (shown(POWER, mine.measured_w) if mine.read else "", f"{mine.read:,}")


def _row(name: str, mine: Totals) -> tuple[str, ...]:
    powers = (shown(POWER, watts) for watts in (mine.power_w, mine.racks_w, mine.drawn_w))
    return (name, str(mine.halls), f"{mine.racks:,}", f"{mine.devices.total():,}", *powers)
