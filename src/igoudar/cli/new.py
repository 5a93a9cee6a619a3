"""`igoudar new`."""

from __future__ import annotations

import re
import shutil
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from igoudar.allocate import allocation_of
from igoudar.compiler import describe
from igoudar.day import today
from igoudar.errors import BadInput, Finding, Where
from igoudar.inventory import LEDGER, load, shown
from igoudar.ledger import Ledger, dump_ledger, updated
from igoudar.tree import find_root
from igoudar.validated import LABEL

STACK = """config:
  igoudar:site: {name}
  igoudar:secrets: file:.igoudar/secrets/{name}.yaml
"""


@click.command()
@click.argument("site")
def command(site: str) -> None:
    """Make a small site of your own: inventory/SITE, its ledger, and the stack Pulumi.SITE.yaml.

    Two spines, two leaves, a management host, two servers and one tenant. It checks and previews at once;
    then replace what is in its files by what you have.
    """
    root = find_root(Path.cwd())
    if not re.fullmatch(LABEL, site):
        raise BadInput(
            [Finding("wrong-name", Where(site), "this is not a name", "a DNS label such as dakhla-2")]
        )
    folder, stack = root / "inventory" / site, root / f"Pulumi.{site}.yaml"
    for path in (folder, stack):
        if path.exists():
            where = Where(shown(path, root))
            raise BadInput(
                [Finding("exists", where, "this is there already", "a new name", "nothing was changed")]
            )
    try:
        _make(folder, stack, root)
    except BaseException:  # all or nothing, also where somebody stops it
        shutil.rmtree(folder, ignore_errors=True)
        stack.unlink(missing_ok=True)
        click.echo(f"{shown(folder, root)} was taken away again:", err=True)
        raise
    click.echo(f"made {shown(folder, root)} and {stack.name}; now try")
    for line in (f"igoudar check {site}", f". scripts/env && pulumi preview --diff --stack {site}"):
        click.echo(f"  {line}")


def _make(folder: Path, stack: Path, root: Path) -> None:
    _copy(resources.files("igoudar") / "new_site", folder, folder.name)
    stack.write_text(STACK.format(name=folder.name), "utf-8")
    allocation = allocation_of(describe(load(folder, root), root), Ledger(), today())
    (folder / LEDGER).write_text(dump_ledger(updated(allocation, today())), "utf-8")


def _copy(source: Traversable, target: Path, name: str) -> None:
    target.mkdir(parents=True)
    for item in source.iterdir():
        if item.is_dir():
            _copy(item, target / item.name, name)
        elif item.name.endswith(".yaml"):
            (target / item.name).write_text(item.read_text("utf-8").replace("@SITE@", name), "utf-8")
