"""`igoudar check`."""

from __future__ import annotations

from dataclasses import replace

import click

from igoudar.cli._frame import Place, json_option, show_findings, show_json, site_argument, today
from igoudar.errors import BadInput, CheckFailed, Finding, Severity, Where, in_order
from igoudar.inventory import LEDGER


@click.command()
@site_argument
@json_option
@click.option("--strict", is_flag=True, help="Count warnings as errors.")
def command(site: Place, as_json: bool, strict: bool) -> int:
    """Say everything that is wrong with SITE.

    \b
    Exit status: 0 nothing that stops a run; 2 the files cannot be read; 3 they must not be built.
    With --json: a list of {file, line, path, code, severity, message, expected, hint}.
    """
    findings, status = _judge(site)
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
        click.echo(f"{site.name}: {_count(errors, 'error')}, {_count(warnings, 'warning')}")
    return status or (3 if errors else 0)


def _judge(site: Place) -> tuple[tuple[Finding, ...], int]:
    from igoudar.compiler import compile_site  # noqa: PLC0415 - imports the stacks' world

    try:
        compiled = compile_site(site.folder, root=site.root, today=today())
    except (BadInput, CheckFailed) as error:
        return error.findings, error.exit_code
    ledger = Where(f"{compiled.folder}/{LEDGER}", 1 if (site.folder / LEDGER).is_file() else 0)
    kinds: dict[str, list[str]] = {}
    for kind, owner in sorted(compiled.plan.provisional):
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
    return in_order((*compiled.findings, *missing)), 0


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
