"""`igoudar unlock`."""

from __future__ import annotations

from pathlib import Path

import click

from igoudar.tree import find_root
from igoudar.unlock import unlock


@click.command()
@click.argument("stack")
def command(stack: str) -> None:
    """Free STACK after its `pulumi` was killed.

    Only when the process that holds the lock ran on this machine and is gone. A lock of a living process,
    or of another machine, is left alone and named. Pending creates are cleared; no device is touched.
    """
    for line in unlock(stack, find_root(Path.cwd())):
        click.echo(line)
