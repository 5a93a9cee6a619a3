"""`igoudar adopt`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from igoudar.cli._frame import Place, SiteType, json_option, likely_site, show_diff, show_json
from igoudar.day import today
from igoudar.errors import BadInput, Finding, Where
from igoudar.tree import write_whole

if TYPE_CHECKING:
    from igoudar.compiler import Compiled

NOT_WRITTEN = 5


@click.command()
@click.argument("device")
@click.option(
    "--site",
    type=SiteType(),
    help="The site of the device.  [default: the only one, or the selected stack's]",
)
@click.option("--write", is_flag=True, help="Write the patch without a question.")
@json_option
def command(device: str, site: Place | None, *, write: bool, as_json: bool) -> int:
    """Accept what DEVICE, a switch, runs otherwise than described: as a patch that people review.

    The difference between the rendered text and what runs there, files and daemons, is shown as a unified
    diff. Once written to adopted/DEVICE.patch of the site it is put on the rendered text by every check,
    preview and update, exactly or not at all, until somebody writes it into templates or inventory and
    removes the file. The switch is asked and not changed; nothing is written without --write or a yes.

    \b
    Then: git diff, commit; `pulumi refresh` and `pulumi up` bring record and switch to the adopted text.
    Exit status: 0 nothing to adopt, or it is written; 5 there is, and it was not written; 4 no answer.
    """
    from igoudar.adopted import patch_file  # noqa: PLC0415
    from igoudar.compiler import compile_site  # noqa: PLC0415 - imports the stacks' world
    from igoudar.proposal import propose  # noqa: PLC0415

    place = site or likely_site()
    compiled = compile_site(place.folder, root=place.root, today=today())
    _require_switch(compiled, device)
    patch = propose(compiled, device, place.root)
    file = patch_file(place.folder, device)
    before = file.read_bytes().decode("utf-8") if file.is_file() else ""
    known = patch == before
    if not as_json and not known:
        show_diff(patch)
    written = not known and _agreed(file, patch, yes=write, asked=not as_json)
    if written:
        _write(file, patch)
    if as_json:
        show_json({"device": device, "file": _shown(file, place), "patch": patch, "written": written})
    else:
        click.echo(_said(device, _shown(file, place), patch, known=known, written=written))
    return 0 if known or written else NOT_WRITTEN


def _require_switch(compiled: Compiled, device: str) -> None:
    """Raises BadInput for what has no text, is not to be asked, or is to lose its text."""
    from igoudar.model import Status  # noqa: PLC0415

    known = {n: compiled.design.inventory.devices[n].status for n in compiled.switches}
    may = [name for name, status in known.items() if status is Status.ACTIVE]
    if device not in may:
        said = f"it is {known[device]}" if device in known else "there is no such switch"
        raise BadInput([Finding("no-switch", Where(device), said, f"an active switch: {', '.join(may)}")])


def _agreed(file: Path, patch: str, *, yes: bool, asked: bool) -> bool:
    if yes or not asked or not sys.stdin.isatty():
        return yes
    return click.confirm(f"write {file.name}?" if patch else f"remove {file.name}?", err=True)


def _write(file: Path, patch: str) -> None:
    """All or nothing; without a difference there is no file."""
    if not patch:
        file.unlink()
        return
    write_whole(file, patch)


def _said(device: str, file: str, patch: str, *, known: bool, written: bool) -> str:
    if known and not patch:
        return f"{device} runs what is described: nothing to adopt"
    if known:
        return f"{device} runs what is described with {file}: nothing more to adopt"
    if not written:
        what = "that it no longer needs its patch" if not patch else "this"
        return f"nothing was written; `igoudar adopt {device} --write` adopts {what}"
    done = f"wrote {file}" if patch else f"removed {file}: {device} runs what is described without it"
    return f"{done}; commit it, then `pulumi refresh` and `pulumi up`"


def _shown(file: Path, place: Place) -> str:
    from igoudar.inventory import shown  # noqa: PLC0415

    return shown(file, place.root)
