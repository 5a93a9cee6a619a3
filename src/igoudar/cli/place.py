"""`igoudar place`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from igoudar.cli._frame import Place, columns, counted, json_option, show_json, site_argument
from igoudar.day import today
from igoudar.errors import BadInput, Finding, Where
from igoudar.inventory import ledger_of, load_whole, read_documents, shown
from igoudar.quantities import POWER
from igoudar.quantities import shown as written_as
from igoudar.yaml_source import locate

if TYPE_CHECKING:
    from igoudar.ledger import Ledger
    from igoudar.model import Inventory
    from igoudar.placement import Placement
    from igoudar.placement.request import RequestFile
    from igoudar.placement.site import Asked
    from igoudar.placement.written import Placed

FOLDER = "placed"


@click.command()
@site_argument
@click.argument("request", metavar="REQUEST.yaml", type=click.Path(path_type=Path))
@json_option
@click.option("--write", is_flag=True, help="Write the devices into the inventory, as planned.")
@click.option(
    "--seconds", type=click.FloatRange(min=1), default=60.0, show_default=True,
    help="At most for one integer search; a placement that it ends may be another on the next run.",
)  # fmt: skip
def command(site: Place, request: Path, *, as_json: bool, write: bool, seconds: float) -> int:
    """Propose rack and U for the devices that REQUEST.yaml asks for.

    Fewest racks are opened, then least power is stranded, within U, power, cooling, weight, ports,
    anti-affinity and what units and halls carry; what stands is not moved. --write makes
    inventory/SITE/placed/REQUEST.yaml, and nothing where that is there already or where not all devices fit.

    \b
    Exit status: 0 all fit; 2 the files cannot be read; 3 some fit nowhere, or what racks share does
    not carry them, with the reason.
    """
    from igoudar.placement import Effort, carried  # noqa: PLC0415 - a solver, for those who use it
    from igoudar.placement.site import problem_of  # noqa: PLC0415

    name = shown(request, site.root)
    target = site.folder / FOLDER / f"{request.stem}.yaml"
    _refuse(site, request, target if write else None)
    ledger = ledger_of(site.folder, site.root)
    written, asked_for, inventory = _read(site, request, ledger)
    asked = problem_of(inventory, asked_for)
    there, effort = carried.Site(inventory, ledger, today()), Effort(seconds=seconds)
    proposal = carried.propose(there, (asked_for, asked.problem), Where(name), effort)
    placement, over = proposal.placement, locate(proposal.over, site.root)
    entries = {entry.names: entry for entry in written.devices}
    devices = [replace(device, entry=entries[device.entry.names]) for device in proposal.devices]
    warned = locate(proposal.warned, site.root)
    fits = not placement.left and not over
    file = shown(target, site.root) if write and fits else ""
    if file:
        _write(target, devices, request.name)
    if as_json:
        told = {"over": [str(f) for f in over], "warned": [str(f) for f in warned], "written": file}
        show_json({**_as_json(placement, devices, asked), **told})
    else:
        _show(placement, devices, asked, asked_for)
        for finding in warned:
            click.secho(f"with these devices: {finding}", fg="yellow")
        for finding in over:
            click.secho(f"too much with these devices: {finding}", fg="red")
        if write:
            why = "not all devices fit" if placement.left else "not all of it can be carried"
            click.echo(f"{file}: written" if file else f"nothing was written: {why}")
    return 0 if fits else 3


def _read(
    site: Place, path: Path, ledger: Callable[[], Ledger]
) -> tuple[RequestFile, RequestFile, Inventory]:
    """The request as it is written, then with types that have its modules, which the inventory has, too.

    Raises BadInput.
    """
    from igoudar.placement.fitted import with_modules  # noqa: PLC0415
    from igoudar.placement.request import read_request  # noqa: PLC0415
    from igoudar.placement.sound import unsound  # noqa: PLC0415

    name, place = shown(path, site.root), (site.folder, site.root)
    documents = read_documents(*place)
    there = load_whole(documents, place, ledger)
    written = read_request(path, name, site.root)
    fitted, inventory, findings = with_modules(written, there, documents.modules, Where(name))
    if findings := [*findings, *unsound(fitted, inventory, name)]:
        raise BadInput(locate(findings, site.root))
    return written, fitted, inventory


def _refuse(site: Place, request: Path, target: Path | None) -> None:
    """Raises BadInput where the request lies in the site, whose files are all read, or `target` is there."""
    if request.absolute().is_relative_to(site.folder):
        where, said = Where(shown(request, site.root)), "the request lies in the folder of the site"
        hint = "move it: every YAML file of the folder is read as inventory"
        raise BadInput([Finding("request-in-site", where, said, "a file outside of it", hint)])
    if target is not None and target.exists():
        where, said = Where(shown(target, site.root)), "the file is there already"
        raise BadInput(
            [Finding("exists", where, said, "a free name", "nothing was changed; rename the request")]
        )


def _write(target: Path, devices: Sequence[Placed], request: str) -> None:
    """All or nothing: never over another file, and never half of one."""
    from igoudar.placement.written import as_yaml  # noqa: PLC0415

    target.parent.mkdir(exist_ok=True)
    beside = target.with_suffix(".yaml.new")
    beside.write_text(as_yaml([*devices], request), "utf-8")
    try:
        target.hardlink_to(beside)
    finally:
        beside.unlink()


def _as_json(placement: Placement, devices: Sequence[Placed], asked: Asked) -> dict[str, Any]:
    return {
        "devices": [
            {
                "name": d.name,
                "type": d.entry.type,
                "role": d.entry.role,
                "number": d.number,
                "rack": d.rack,
                "u": d.u,
                **({"modules": d.entry.modules} if d.entry.modules else {}),
            }
            for d in devices
        ],
        "opened": [*placement.opened],
        "stranded_w": round(placement.stranded_w, 3),
        "bound": {
            "left": placement.bounds.left,
            "opened": placement.bounds.opened,
            "stranded_w": round(placement.bounds.stranded_w, 3),
        },
        "gap_percent": round(placement.gap_percent, 3),
        "stopped": placement.stopped,
        "left": [{"names": item.device, "count": item.count, "why": item.why} for item in placement.left],
        "not_used": [*asked.unused],
        "full": [*asked.full],
    }


def _show(placement: Placement, devices: Sequence[Placed], asked: Asked, request: RequestFile) -> None:
    if devices:
        columns([["rack", "U", "devices", "", "type"], *_rows(devices, asked)])
    racks = len({device.rack for device in devices})
    opened, bound = len(placement.opened), placement.bounds.opened
    click.echo(
        f"{counted(len(devices), 'device')} in {counted(racks, 'rack')}, {opened} of them opened for it"
    )
    if opened > bound:
        click.echo(f"  at least {bound} must be opened; the difference is {placement.gap_percent:.2f} %")
    else:
        click.echo("  no placement opens fewer")
    stranded, least = (
        written_as(POWER, watts) for watts in (placement.stranded_w, placement.bounds.stranded_w)
    )
    click.echo(f"stranded: {stranded}; no placement with so many racks strands less than {least}")
    if placement.stopped:
        click.echo("a search ended by --seconds: another run may answer otherwise")
    if asked.unused:
        click.echo(f"not known, and so no limit: {'; '.join(asked.unused)}")
    for why in asked.full:
        click.echo(f"counts as full, for want of {why}")
    counts = {entry.names: entry.count for entry in request.devices}
    for item in placement.left:
        click.secho(f"{item.device}: {item.count} of {counts[item.device]} fit nowhere: {item.why}", fg="red")


def _rows(devices: Sequence[Placed], asked: Asked) -> list[list[str]]:
    """A row for each run of equal devices that stand on one another."""
    units = {c.name: c.units for c in asked.problem.classes}
    rows = []
    runs = groupby(
        enumerate(devices),
        key=lambda item: (
            item[1].rack,
            item[1].entry.names,
            item[1].low - item[0] * units[item[1].entry.names],
        ),
    )
    for (rack, names, _), members in runs:
        run = [device for _, device in members]
        low, top = min(d.u for d in run), max(d.u for d in run) + units[names] - 1
        many = len(run) > 1
        rows.append(
            [
                rack,
                f"U{low:g} to U{top:g}" if top > low else f"U{top:g}",
                f"{run[0].name} to {run[-1].name}" if many else run[0].name,
                f"{len(run)} x" if many else "",
                run[0].entry.type,
            ]
        )
    return rows
