"""`igoudar`: each module of this package is a command, found by name; `_frame` is what they share.

Exit status: 0 good, 1 internal or something is missing on this machine, 2 bad input, 3 a check of the files
failed, 4 a device or the network failed (of `verify`: a check did not pass), 5 the world differs from the
record.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import select
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

import click

from igoudar.errors import IgoudarError
from igoudar.tree import find_root, runtime_folder

EPILOG = "SITE is a folder under inventory/, or any path. Start with: scripts/lab"


class Commands(click.Group):
    """Commands by module name, imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(f"{__name__}.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> object:
        """A broken pipe to another process is a defect; click would end without a word."""
        try:
            result: object = super().invoke(ctx)
        except BrokenPipeError as error:
            if _unread():
                raise
            raise RuntimeError(str(error)) from error
        return result


@click.command(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="igoudar")
def igoudar() -> None:
    """Infrastructure as code for a data centre.

    Exact preview offline, atomic apply over the whole network. `pulumi preview` and `pulumi up` do the
    work; these commands look at the same site from the side.
    """


def main() -> None:
    """Entry point: every mistake of a user becomes a sentence and a status, never a traceback."""
    try:
        status = igoudar.main(prog_name="igoudar", standalone_mode=False)
    except click.exceptions.Abort:
        status = 130
    except click.ClickException as error:
        error.show()
        status = 2
    except IgoudarError as error:
        click.echo(str(error), err=True)
        status = error.exit_code
    except SystemExit:  # click ends so at a broken pipe
        if not _unread():
            raise
        status = 0
    except Exception as error:  # the last line of defence: says where the trace lies
        status = _internal(error)
    sys.exit(status if isinstance(status, int) else 0)


def _unread() -> bool:
    """Whether the reader of what we print went away, as `head` does."""
    ends = select.poll()
    for printed in (1, 2):
        ends.register(printed, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in ends.poll(0))


def _internal(error: Exception) -> int:
    if os.environ.get("IGOUDAR_DEBUG"):
        raise error
    trace = "".join(traceback.format_exception(error))
    try:
        folder = runtime_folder(find_root(Path.cwd())) / "crashes"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S}.txt"
        file.write_text(trace, "utf-8")
    except (IgoudarError, OSError):  # no checkout, or a full disk: the terminal is what is left
        click.echo(trace, err=True)
        return 1
    shown = file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
    click.echo(f"internal error: {type(error).__name__}: {error}; the trace is in {shown}", err=True)
    return 1
