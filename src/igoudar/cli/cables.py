"""`igoudar cables`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from igoudar.cable_key import device_of, ends_of
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
from igoudar.errors import BadInput, CheckFailed, Finding, Severity, Where, and_more, in_order
from igoudar.model import CableStatus
from igoudar.tree import write_all
from igoudar.yaml_source import locate, with_scalars

if TYPE_CHECKING:
    from igoudar.cabling.lists import Cables
    from igoudar.cabling.results import Matched
    from igoudar.cabling.tested import Tested
    from igoudar.model import Cable, Inventory

ALL, LABELS, PATCH, BILL = "list", "labels", "patch-list", "bill"


@click.command()
@site_argument
@click.option("--list", "wanted", flag_value=ALL, help="Every cable: what it is, how long, its way.")
@click.option(
    "--labels", "wanted", flag_value=LABELS, help="Two stickers a cable; as sheets with --out X.pdf."
)
@click.option("--patch-list", "wanted", flag_value=PATCH, help="What to pull, in walking order, to tick off.")
@click.option("--bill", "wanted", flag_value=BILL, help="What to buy: articles, lengths, modules, adapters.")
@click.option("--status", "statuses", type=click.Choice([str(status) for status in CableStatus]),
              multiple=True, help="Only cables that are so; may be given several times.")  # fmt: skip
@click.option("--tested", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Results of a tester, or a patch list with its ticks, against the plan.")  # fmt: skip
@click.option("--write", is_flag=True,
              help="With --tested: keep results, and make ticked cables `connected`.")  # fmt: skip
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write there, not to stdout.")
@click.option("--hall", help="Those inside one hall alone, and none to other halls.")
@json_option
def command(site: Place, *, wanted: str | None, statuses: tuple[str, ...], tested: Path | None,
            write: bool, out: Path | None, hall: str | None, as_json: bool) -> int:  # fmt: skip
    """Lists for who buys, labels, pulls and tests the cables of SITE; CSV unless --json is given.

    A tester's file has the columns label, and of loss_db, length_m, wire_map what it measured; a patch list
    comes back with its column done filled in. The column day says when, such as 2026-11-26, else it is today.

    A cable is held against the loss that is planned, with what its plugs may lose at the tester's own, and
    the pieces of a link through panels together against what its optics bear. With --write results are kept
    in tested/<hall>.csv of the site, good and bad, and `igoudar check` and every preview know them. A tick at
    a planned cable makes it `connected`: in its entry, or in that file where a rule gives the cable.

    With --hall the cables of one hall, in the time and memory of one; stderr says which are left out.

    \b
    Exit status: 0 done; 2 a file cannot be read or written, or has an unknown cable; 3 the cables must not be
    built so, and stderr says why (the list and the bill are there all the same, labels and the patch list are
    not); 5 a cable is not as planned (with --write its result is kept all the same).
    """
    if tested is not None:
        if wanted or out or statuses:
            raise click.UsageError("--tested goes with --write, --hall and --json only")
        return _judge(site, tested, hall, write=write, as_json=as_json)
    if write:
        raise click.UsageError("--write goes with --tested")
    cables, findings = _cables(site, hall)
    wanted = wanted or ALL
    wrong = any(finding.severity is Severity.ERROR for finding in findings)
    if wrong and wanted in (LABELS, PATCH):
        raise CheckFailed(locate(findings, site.root))
    chosen = cables.chosen(frozenset(CableStatus(status) for status in statuses))
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


def _judge(site: Place, file: Path, hall: str | None, *, write: bool, as_json: bool) -> int:
    from igoudar.cabling import lists, results  # noqa: PLC0415
    from igoudar.hall.units import read_table  # noqa: PLC0415

    cables, _ = _cables(site, hall)
    inventory, pulls = cables.inventory, cables.pulls
    table = read_table(file, str(file), (), results.COLUMNS, others=True)
    returned = results.read_returned(table, str(file))
    known = lists.key_of(cables.labels, (pull.cable for pull in pulls.values()))
    matched = results.matched(returned, known, today())
    findings = in_order(locate(results.judged(matched, pulls, inventory.goods, inventory.tested), site.root))
    if any(f.severity is Severity.ERROR and not f.code.startswith("measured-") for f in findings):
        raise BadInput(findings)
    left = results.untouched(returned, known)
    files = _kept(site, inventory, matched) if write else []
    if files:
        findings = tuple(finding for finding in findings if finding.code != "pulled")
    mismatches = sum(f.severity is Severity.ERROR for f in findings)
    if as_json:
        told = {"findings": [f.as_json() for f in findings], "left": left, "known": len(known)}
        show_json({**told, "written": files})
    else:
        show_findings(findings)
        done = "ticked" if returned.ticked else "tested"
        seen, all_of = len(known) - len(left), counted(len(known), "cable")
        new = matched.measured or any(results.connected(matched, today()))
        wrote = f"; wrote {', '.join(files)}" if files else "; --write keeps it" if new and not write else ""
        click.echo(f"{site.name}: {seen} of {all_of} {done}, {counted(mismatches, 'mismatch')}{wrote}")
    return 5 if mismatches else 0


def _kept(site: Place, inventory: Inventory, matched: Matched) -> list[str]:
    """All files or none; names of those that changed."""
    from igoudar.cabling import results, tested  # noqa: PLC0415
    from igoudar.inventory import shown  # noqa: PLC0415

    ticked, in_entries = results.connected(matched, today())
    new = {row.cable: row for row in (*matched.measured, *ticked)}
    labels = {row.label for row in new.values()}
    before, _ = tested.read_tested(site.folder, shown(site.folder, site.root))
    halls: dict[str, list[Tested]] = defaultdict(list)
    changed: set[str] = set()
    for row in tested.named_now(inventory, before):
        own = Path(row.where.file).stem  # it stays in the file that it is in
        if row.cable in new:
            new[row.cable] = new[row.cable].over(row)
            changed.add(own)
        elif row.label in labels:  # of a cable that is no more: its label is another's now
            changed.add(own)
        else:
            halls[own].append(row)
    for row in new.values():
        end = device_of(ends_of(row.cable)[0])
        halls[inventory.devices[end].hall].append(row)
        changed.add(inventory.devices[end].hall)
    texts = {site.folder / tested.FOLDER / f"{hall}.csv": tested.written(halls[hall]) for hall in changed}
    entries = _entries(site, in_entries)
    write_all({**texts, **entries})
    return sorted(shown(path, site.folder.absolute()) for path in (*texts, *entries))


def _entries(site: Place, cables: Iterable[Cable]) -> dict[Path, str]:
    """Files of entries in which `status: planned` becomes `connected`, and nothing else changes.

    Raises BadInput.
    """
    status = (str(CableStatus.PLANNED), str(CableStatus.CONNECTED))
    changes: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    for cable in cables:
        changes[cable.where.file][cable.where.at("status").path] = status
    texts: dict[Path, str] = {}
    for file, mine in changes.items():
        text = (site.root / file).read_bytes().decode()
        texts[site.root / file], left = with_scalars(text, mine)
        if left:
            said, hint = "this status cannot be changed in its place", "write `status: connected` yourself"
            where = Where(file, 0, left[0])
            found = Finding("status-place", where, said, "`planned` on one line", hint)
            raise BadInput(locate([found], site.root))
    return texts
