"""What commands share: the SITE argument, compiling it, findings on paper or as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import click

from igoudar.errors import Finding, Severity
from igoudar.tree import find_root, site_folder

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
        root = find_root(Path.cwd())
        return Place(str(value), site_folder(str(value), root), root)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only when a shell asks

        sites = sorted(p.parent.name for p in Path("inventory").glob("*/site.yaml"))
        return [CompletionItem(name) for name in sites if name.startswith(incomplete)]


site_argument = click.argument("site", type=SiteType())
json_option = click.option("--json", "as_json", is_flag=True, help="Machine-readable output on stdout.")


def today() -> date:
    return date.today()


def show_findings(findings: Iterable[Finding]) -> None:
    """One a line, coloured on a terminal only (click strips colours elsewhere)."""
    for finding in findings:
        click.secho(str(finding), fg=STYLES[finding.severity])


def show_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True))


Command = Callable[..., Any]
