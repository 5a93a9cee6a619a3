"""`igoudar check`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from igoudar import base_branch
from igoudar.adopted import FOLDER
from igoudar.cabling.numbers import LABEL
from igoudar.cli._frame import Place, counted, json_option, show_findings, show_json, site_argument
from igoudar.day import today
from igoudar.errors import BadInput, CheckFailed, Finding, Missing, Severity, Where, and_more, in_order
from igoudar.inventory import LEDGER
from igoudar.model import Inventory
from igoudar.yaml_source import locate

if TYPE_CHECKING:
    from igoudar.compiler import Compiled


@click.command()
@site_argument
@json_option
@click.option("--strict", is_flag=True, help="Count warnings as errors.")
@click.option(
    "--base", help="Commit whose inventory is changed: what may not vanish or move.  [default: main]"
)
@click.option("--hall", help="One hall alone, and nothing that several halls decide.")
def command(site: Place, *, as_json: bool, strict: bool, base: str | None, hall: str | None) -> int:
    """Say everything that is wrong with SITE.

    With --hall what is wrong with one hall: its racks, power, cooling, cables and network. That takes no
    more time nor memory however many halls there are; sums over halls, numbers, texts and what may not
    vanish are judged without it.

    A switch that is not decommissioned, a rack or a VPC in use and the last exit of a class may not vanish
    from one commit to the next, and a device that stands keeps number and oob address; the inventory of
    --base says what was there.

    \b
    Exit status: 0 nothing that stops a run; 2 the files cannot be read; 3 they must not be built.
    With --json: a list of {file, line, path, code, severity, message, expected, hint, subject}.
    """
    findings, status = _judge_hall(site, hall) if hall else _judge(site, base)
    if strict:
        findings = tuple(
            replace(f, severity=Severity.ERROR) if f.severity is Severity.WARNING else f for f in findings
        )
    errors = sum(f.severity is Severity.ERROR for f in findings)
    warnings = sum(f.severity is Severity.WARNING for f in findings)
    if as_json:
        show_json([f.as_json() for f in findings])
    else:
        show_findings(findings)
        about = f"hall {hall} of {site.name}" if hall else site.name
        click.echo(f"{about}: {counted(errors, 'error')}, {counted(warnings, 'warning')}")
    return status or (3 if errors else 0)


def _judge_hall(site: Place, hall: str) -> tuple[tuple[Finding, ...], int]:
    from igoudar.compiler import check_hall  # noqa: PLC0415
    from igoudar.inventory import read_documents  # noqa: PLC0415

    try:
        documents = read_documents(site.folder, site.root)
        return check_hall(documents, (site.folder, site.root), hall, today()), 0
    except (BadInput, CheckFailed) as error:
        return error.findings, error.exit_code


def _judge(site: Place, base: str | None) -> tuple[tuple[Finding, ...], int]:
    from igoudar.compiler import compile_site  # noqa: PLC0415 - imports the stacks' world

    try:
        compiled = compile_site(site.folder, root=site.root, today=today())
    except (BadInput, CheckFailed) as error:
        return error.findings, error.exit_code
    ledger = Where(f"{compiled.folder}/{LEDGER}", 1 if (site.folder / LEDGER).is_file() else 0)
    kinds: dict[str, list[str]] = {}
    cables = sorted(owner for kind, owner in compiled.plan.provisional if kind == LABEL)
    if cables:  # one line for all: a rule gives thousands
        more = and_more(len(cables))
        kinds[f"{cables[0]}{more}"] = [LABEL]
    for kind, owner in sorted(compiled.plan.provisional):
        if kind != LABEL:
            kinds.setdefault(owner, []).append(kind)
    missing = [
        Finding(
            "not-in-ledger",
            ledger,
            f"{owner} has no {', '.join(wanted)} in the ledger",
            "every number written down",
            f"run `igoudar plan {site.name}` and commit the ledger",
        )
        for owner, wanted in kinds.items()
    ]
    gone = _vanished(site, compiled.design.inventory, base)
    return in_order((*compiled.findings, *missing, *gone, *_adopted(site, compiled))), 0


def _adopted(site: Place, compiled: Compiled) -> list[Finding]:
    """What the oracles say of texts that no template makes alone; another order than FRR's is no error."""
    if not compiled.adopted:
        return []
    from igoudar import vendors  # noqa: PLC0415
    from igoudar.validate import validate  # noqa: PLC0415
    from igoudar.validate.image import cached  # noqa: PLC0415

    texts = {name: compiled.switches[name] for name in compiled.adopted}
    try:
        found = validate(cached(site.root), texts, compiled.intents, vendors.load(site.root / "templates"))
    except Missing as error:
        where, said = Where(f"{compiled.folder}/{FOLDER}"), f"what is adopted was not validated: {error}"
        return [Finding("not-validated", where, said, severity=Severity.INFO)]
    return [replace(f, severity=Severity.WARNING) if f.code == "not-canonical" else f for f in found]


def _vanished(site: Place, now: Inventory, base: str | None) -> list[Finding]:
    """Nobody who did not name a base is stopped for want of one, but told that nothing was compared."""
    commit = base or "main"
    try:
        return list(base_branch.vanished_since(site.root, commit, site.folder, now))
    except BadInput as error:
        if base:
            raise
        unseen = "so what may not vanish or move was not looked at"
        said = f"not compared with {commit}, {unseen}: {error.findings[0]}"
        return list(locate([Finding("no-base", now.site.where, said, severity=Severity.INFO)], site.root))
