"""`igoudar plan`."""

from __future__ import annotations

from dataclasses import replace

import click

from igoudar import base_branch
from igoudar.allocate import allocation_of, requests
from igoudar.cli._frame import Place, json_option, show_json, site_argument
from igoudar.compiler import describe
from igoudar.day import today
from igoudar.errors import BadInput, CheckFailed
from igoudar.inventory import LEDGER, ledger_of, load, shown
from igoudar.ledger import (
    Ledger,
    clashes,
    dump_ledger,
    parse_ledger,
    renamed,
    updated,
    without_clashes,
)
from igoudar.tree import write_whole
from igoudar.yaml_source import locate


@click.command()
@site_argument
@click.option("--base", default="main", show_default=True, help="Branch whose ledger counts as applied.")
@click.option("--dry-run", is_flag=True, help="Show what would be written and write nothing.")
@json_option
def command(site: Place, base: str, dry_run: bool, as_json: bool) -> None:
    """Hand out the numbers that SITE needs and write them to its ledger.yaml.

    Numbers in the ledger never move. Where two branches took the same one, the owner that is not in the
    ledger of --base gets another. Commit the ledger with the change that needs it.
    """
    ledger = ledger_of(site.folder, site.root)
    inventory = load(site.folder, site.root, ledger)
    path, known = site.folder / LEDGER, ledger()
    design = describe(inventory, site.root)
    wanted = list(requests(design))
    resolved = renamed(known, wanted)
    if clashes(resolved, wanted):
        resolved = without_clashes(resolved, _base(site, base), wanted)
    if left := clashes(resolved, wanted):
        hint = f"both are in the ledger of {base}: take one entry out by hand and plan again"
        raise BadInput(locate([replace(f, hint=hint) for f in left], site.root))
    allocation = allocation_of(design, resolved, today())
    if allocation.findings:
        raise CheckFailed(locate(allocation.findings, site.root))
    after = updated(allocation, today())
    changes = _changes(known, after)
    if not dry_run and dump_ledger(after) != (path.read_text("utf-8") if path.exists() else ""):
        write_whole(path, dump_ledger(after))
    if as_json:
        show_json(changes)
        return
    for change in changes:
        click.echo(f"{change['change']:8} {change['kind']:6} {change['number']:>10}  {change['owner']}")
    done = "would change" if dry_run else "changed"
    count = f"{len(changes)} {'number' if len(changes) == 1 else 'numbers'}"
    click.echo(f"{shown(path, site.root)}: {count} {done}")


def _base(site: Place, commit: str) -> Ledger:
    """The ledger that counts as applied; without a base nobody can say who gives way. Raises BadInput."""
    base_branch.require(site.root, commit)
    path = site.folder / LEDGER
    text = base_branch.text_at(site.root, commit, path)
    return parse_ledger(text, f"{commit}:{shown(path, site.root)}") if text is not None else Ledger()


def _changes(before: Ledger, after: Ledger) -> list[dict[str, str | int]]:
    out: list[dict[str, str | int]] = []
    for kind in sorted({*before.numbers, *after.numbers}):
        old, new = before.numbers.get(kind, {}), after.numbers.get(kind, {})
        for owner in sorted({*old, *new}):
            if old.get(owner) != new.get(owner):
                word = "given" if owner not in old else "released" if owner not in new else "moved"
                number = new.get(owner, old.get(owner, 0))
                out.append({"change": word, "kind": kind, "owner": owner, "number": number})
    return out
