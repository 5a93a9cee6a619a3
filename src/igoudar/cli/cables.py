"""`igoudar cables`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from igoudar.cli._frame import (
    Place,
    counted,
    json_option,
    show_findings,
    show_json,
    site_argument,
    write_out,
)
from igoudar.day import today
from igoudar.errors import BadInput, CheckFailed, Finding, Severity, and_more, in_order
from igoudar.model import CableStatus
from igoudar.yaml_source import locate

if TYPE_CHECKING:
    from igoudar.cabling.lists import Cables

ALL, LABELS, PATCH, BILL = "list", "labels", "patch-list", "bill"


@click.command()
@site_argument
@click.option("--list", "wanted", flag_value=ALL, help="Every cable: what it is, how long, its way.")
@click.option(
    "--labels", "wanted", flag_value=LABELS, help="Two stickers a cable; as sheets with --out X.pdf."
)
@click.option("--patch-list", "wanted", flag_value=PATCH, help="What to pull, in walking order, to tick off.")
@click.option("--bill", "wanted", flag_value=BILL, help="What to buy: articles, lengths, modules, adapters.")
@click.option("--status", "statuses", type=click.Choice([*CableStatus]), multiple=True,
              help="Only cables that are so; may be given several times.")  # fmt: skip
@click.option("--tested", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Results of a tester, or a patch list with its ticks, against the plan.")  # fmt: skip
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write there, not to stdout.")
@click.option("--hall", help="Those inside one hall alone, and none to other halls.")
@json_option
def command(site: Place, *, wanted: str | None, statuses: tuple[CableStatus, ...], tested: Path | None,
            out: Path | None, hall: str | None, as_json: bool) -> int:  # fmt: skip
    """Lists for who buys, labels, pulls and tests the cables of SITE; CSV unless --json is given.

    A tester's file has the columns label, and of loss_db, length_m, wire_map what it measured; a patch list
    comes back with its column done filled in.

    With --hall the cables of one hall, in the time and memory of one; stderr says which are left out.

    \b
    Exit status: 0 done; 2 a file cannot be read or written, or has an unknown cable; 3 the cables must not be
    built so, and stderr says why (the list and the bill are there all the same, labels and the patch list are
    not); 5 a cable is not as planned.
    """
    if tested is not None:
        if wanted or out or statuses:
            raise click.UsageError("--tested goes with --json only")
        return _judge(site, tested, hall, as_json=as_json)
    cables, findings = _cables(site, hall)
    wanted = wanted or ALL
    wrong = any(finding.severity is Severity.ERROR for finding in findings)
    if wrong and wanted in (LABELS, PATCH):
        raise CheckFailed(locate(findings, site.root))
    chosen = cables.chosen(frozenset(statuses))
    if wanted == LABELS:
        _numbered(site, chosen)
    _show(site, chosen, (wanted, out), as_json=as_json)
    if wrong:
        show_findings(in_order(locate(findings, site.root)), err=True)
    return CheckFailed.exit_code if wrong else 0


def _cables(site: Place, hall: str | None) -> tuple[Cables, tuple[Finding, ...]]:
    from igoudar.cabling.labels import labels_of  # noqa: PLC0415 - not for every command's help
    from igoudar.cabling.lists import Cables  # noqa: PLC0415
    from igoudar.cabling.pulls import pulls_of  # noqa: PLC0415
    from igoudar.compiler import sound  # noqa: PLC0415
    from igoudar.inventory import ledger_of, load, load_hall, read_documents  # noqa: PLC0415
    from igoudar.one_hall import judged, leaving  # noqa: PLC0415
    from igoudar.waivers import waive  # noqa: PLC0415

    ledger = ledger_of(site.folder, site.root)
    if hall is None:
        inventory = load(site.folder, site.root, ledger)
    else:
        documents = read_documents(site.folder, site.root)
        inventory = load_hall(documents, (site.folder, site.root), hall)
        _say_what_is_left_out(site, hall, leaving(documents, inventory))
    pulls = pulls_of(inventory)
    wrong = pulls.findings if hall is None else judged(pulls.findings)
    labels = labels_of(inventory, sound(ledger(), site.root), today())
    mine = {(finding.code, finding.subject) for finding in wrong}
    waivers = [waiver for waiver in inventory.waivers if (waiver.code, waiver.object) in mine]
    return Cables(inventory, pulls.by_key, labels), tuple(waive(wrong, waivers, today()))


def _say_what_is_left_out(site: Place, hall: str, written: int) -> None:
    said = f"{counted(written, 'written cable')} to other halls, and those that rules lead there"
    click.echo(f"hall {hall} of {site.name} alone: left out are {said}; without --hall they are in", err=True)


def _numbered(site: Place, cables: Cables) -> None:
    """A number that may still move is not printed. Raises CheckFailed."""
    missing = sorted(key for key, label in cables.labels.items() if not label.number)
    if missing:
        more = and_more(len(missing))
        hint = f"run `igoudar plan {site.name}` and commit the ledger"
        if cables.inventory.cabling is None:
            hint = "give the site a section `cabling`, then plan it"
        elif not cables.inventory.cabling.label_planned:
            hint = f"stage what it joins, or leave it out by `--status connected`; then {hint}"
        where = cables.inventory.cables[missing[0]].where
        said = f"{missing[0]}{more} have no number in the ledger" if more else f"{missing[0]} has no number"
        found = Finding("not-in-ledger", where, said, "a number each, which never changes", hint)
        raise CheckFailed(locate([found], site.root))


def _show(site: Place, cables: Cables, wanted: tuple[str, Path | None], *, as_json: bool) -> None:
    from igoudar.cabling import lists  # noqa: PLC0415

    what, out = wanted
    makers = {ALL: lists.all_cables, LABELS: lists.label_rows, PATCH: lists.patch_list, BILL: lists.bill}
    rows = makers[what](cables)
    if out is not None and out.suffix == ".pdf":
        if what != LABELS:
            raise click.UsageError("a PDF is made of --labels only")
        from igoudar.cabling.sheets import sheets  # noqa: PLC0415 - the only one that draws

        write_out(out, sheets(f"Labels of {site.name}", rows))
    elif out is not None:
        write_out(out, lists.as_csv(rows).encode())
    elif as_json:
        show_json([dict(row) for row in rows])
    else:
        click.echo(lists.as_csv(rows), nl=False)
    if out is not None:
        click.echo(f"{out}: {counted(len(rows), 'sticker' if what == LABELS else 'line')}")


def _judge(site: Place, file: Path, hall: str | None, *, as_json: bool) -> int:
    from igoudar.cabling import lists, results  # noqa: PLC0415
    from igoudar.hall.units import read_table  # noqa: PLC0415

    cables, _ = _cables(site, hall)
    table = read_table(file, str(file), (), results.COLUMNS, others=True)
    returned = results.read_returned(table, str(file))
    known = lists.key_of(cables.labels, (pull.cable for pull in cables.pulls.values()))
    found = results.judged(returned, known, cables.pulls, cables.inventory.goods)
    left = results.untouched(returned, known)
    findings = in_order(locate(found, site.root))
    if any(f.severity is Severity.ERROR and not f.code.startswith("measured-") for f in findings):
        raise BadInput(findings)
    mismatches = sum(f.severity is Severity.ERROR for f in findings)
    if as_json:
        show_json({"findings": [f.as_json() for f in findings], "left": left, "known": len(known)})
    else:
        show_findings(findings)
        done = "ticked" if returned.ticked else "tested"
        seen, all_of = len(known) - len(left), counted(len(known), "cable")
        click.echo(f"{site.name}: {seen} of {all_of} {done}, {counted(mismatches, 'mismatch')}")
    return 5 if mismatches else 0
