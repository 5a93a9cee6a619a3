"""What commands share: the SITE argument, compiling it, findings on paper or as JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from igoudar.errors import Finding, Severity, lines
from igoudar.stack_files import site_of
from igoudar.tree import find_root, site_folder

DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}
STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


@dataclass(frozen=True, slots=True)
class Place:
    """A site and the checkout that it is read with."""

    name: str
    folder: Path
    root: Path


class SiteType(click.ParamType[Place]):
    name = "site"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Place:
        if isinstance(value, Place):
            return value
        if not value:
            self.fail("a site has a name", param, ctx)
        return _place(str(value), find_root(Path.cwd()), Path())

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only when a shell asks

        sites = sorted(p.parent.name for p in Path("inventory").glob("*/site.yaml"))
        return [CompletionItem(name) for name in sites if name.startswith(incomplete)]


def _place(site: str, root: Path, start: Path) -> Place:
    return Place(site, site_folder(site, root, start), root)


def likely_site() -> Place:
    """The only site of the checkout, else that of the selected stack. Raises UsageError."""
    root = find_root(Path.cwd())
    sites = sorted(p.parent.name for p in (root / "inventory").glob("*/site.yaml"))
    site = sites[0] if len(sites) == 1 else site_of(_selected_stack(root), root)
    if not site:
        raise click.UsageError(f"name a site by --site: one of {', '.join(sites)}, or any path")
    return _place(site, root, root)


def _selected_stack(root: Path) -> str:
    """Empty where pulumi is not there, or has none."""
    try:
        done = subprocess.run(
            ["pulumi", "stack", "--show-name", "--non-interactive"],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


site_argument = click.argument("site", type=SiteType())
yes_option = click.option(
    "--yes", is_flag=True, help="Do it without a question; needed where nobody sits at a terminal."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Machine-readable output on stdout.")


def show_findings(findings: Iterable[Finding], *, err: bool = False) -> None:
    """One a line, coloured on a terminal only (click strips colours elsewhere)."""
    for finding, line in lines(findings):
        click.secho(line, fg=STYLES[finding.severity], err=err)


def show_diff(diff: str) -> None:
    """A unified diff, coloured on a terminal only."""
    for line in diff.splitlines():
        click.secho(line, fg=DIFF_STYLES.get(line[:1]))


def columns(rows: Sequence[Sequence[str]], *, right: bool = False) -> None:
    """A table: two spaces between columns, the first row in bold on a terminal; `right`: of numbers."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for number, row in enumerate(rows):
        pad = str.rjust if right else str.ljust
        cells = (pad(cell, width) for cell, width in zip(row, widths, strict=True))
        click.secho("  ".join(cells).rstrip(), bold=number == 0)


def write_out(path: Path, data: bytes) -> None:
    """What `--out` names. Raises FileError."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise click.FileError(str(path), (error.strerror or "input or output failed").lower()) from error


def counted(number: int, word: str) -> str:
    """`1 file`, `2 files`, `3 switches`."""
    plural = "es" if word.endswith(("s", "sh", "ch", "x")) else "s"
    return f"{number} {word}{'' if number == 1 else plural}"


def agreed(question: str, *, yes: bool) -> bool:
    """Off a terminal only --yes agrees."""
    if yes:
        return True
    if not sys.stdin.isatty():
        click.echo("nothing was done: nobody sits at this terminal; --yes does it", err=True)
        return False
    return click.confirm(question, err=True)


def show_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True))


Command = Callable[..., Any]
