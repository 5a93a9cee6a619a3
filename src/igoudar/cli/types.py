"""`igoudar types`."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from igoudar.cli._frame import columns, counted, json_option, show_findings, show_json
from igoudar.day import today
from igoudar.errors import BadInput, Finding, Severity, Where
from igoudar.tree import find_root

if TYPE_CHECKING:
    from igoudar.hardware import HardwareType, Read

EXAMPLES = """
\b
A type is what a device, a module or a rack is like whoever owns it: height, ports, inlets, mass. The format
is that of the NetBox device-type library, whose checkout, or one maker's folder of it, is read as it is.
\b
  igoudar types import ../devicetype-library                  what is there, and what is odd in it
  igoudar types import ../devicetype-library dell-poweredge-r650
"""
NEAR = 5


@click.group(epilog=EXAMPLES)
def command() -> None:
    """Hardware types: bring in what others described."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the library that holds a type: `name` is its slug, or of a module the model."""

    path: Path
    type: HardwareType
    findings: tuple[Finding, ...]

    @property
    def name(self) -> str:
        return getattr(self.type, "slug", "") or self.type.model

    @property
    def called(self) -> set[str]:
        return {word.lower() for word in (self.name, self.type.model, self.path.stem)}


@command.command("import")
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("name", required=False)
@json_option
def import_(folder: Path, name: str | None, *, as_json: bool) -> int:
    """Bring the type NAME of the library in DIR into inventory/types, as it is, with its origin noted.

    NAME is a slug, a model or the name of a file. Without it: what the library holds. A file that is there
    already is left alone.

    \b
    Exit status: 0 done; 2 no such type, or it cannot be read, or another one is there.
    """
    from igoudar.hardware import read_library  # noqa: PLC0415

    found = list(read_library(folder))
    entries = [Entry(path, read.type, read.findings) for path, read in found if read.type is not None]
    if name is None:
        return _list(entries, [f for _, read in found for f in read.findings], as_json=as_json)
    entry = _chosen(name, entries, found)
    written = _write(folder, entry, find_root(Path.cwd()))
    if as_json:
        show_json({"name": entry.name, "file": str(written), "findings": [str(f) for f in entry.findings]})
    else:
        show_findings(entry.findings)
        click.echo(f"{entry.name}: {written}")
    return 0


def _list(entries: Sequence[Entry], findings: Sequence[Finding], *, as_json: bool) -> int:
    if as_json:
        show_json({"types": [_row(entry) for entry in entries], "findings": [str(f) for f in findings]})
        return 0
    rows = [[str(value) for value in _row(entry).values()] for entry in entries]
    columns([["name", "kind", "manufacturer", "model", "U", "file"], *rows])
    show_findings(findings)
    wrong = sum(f.severity is Severity.ERROR for f in findings)
    odd = counted(len(findings) - wrong, "warning")
    click.echo(f"{counted(len(entries), 'type')}, {counted(wrong, 'error')}, {odd}")
    return 0


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "kind": entry.type.kind,
        "manufacturer": entry.type.manufacturer,
        "model": entry.type.model,
        "units": f"{getattr(entry.type, 'units', 0):g}",
        "file": str(entry.path),
    }


def _chosen(name: str, entries: Sequence[Entry], found: Sequence[tuple[Path, Read]]) -> Entry:
    """Raises BadInput where none, or more than one, is called so, and where its file cannot be read."""
    exact = [entry for entry in entries if name.lower() in entry.called]
    if len(exact) == 1:
        return exact[0]
    if exact:
        where, said = Where(name), f"{counted(len(exact), 'type')} are called so"
        raise BadInput([Finding("ambiguous-type", where, said, ", ".join(e.name for e in exact))])
    if unread := [read.findings for path, read in found if path.stem.lower() == name.lower()]:
        raise BadInput(unread[0])
    near = [entry.name for entry in entries if any(name.lower() in word for word in entry.called)]
    near = near or difflib.get_close_matches(name.lower(), [entry.name for entry in entries])
    hint = f"did you mean {', '.join(near[:NEAR])}?" if near else "without NAME all are listed"
    raise BadInput([Finding("unknown-type", Where(name), "the library has no such type", hint=hint)])


def _write(folder: Path, entry: Entry, root: Path) -> Path:
    """The path in the checkout. Raises BadInput where something else is there."""
    from igoudar.hardware import folder_of  # noqa: PLC0415

    inside = Path("inventory") / "types" / folder_of(entry.type) / entry.type.manufacturer
    target = inside / entry.path.name
    text = (folder / entry.path).read_text("utf-8").removeprefix("---\n")
    origin = f"# {entry.path} of {folder.resolve().name}, as it was on {today()}.\n"
    if (root / target).exists():
        if (root / target).read_text("utf-8").partition("\n")[2] == text:
            return target
        where, said = Where(str(target)), "another type, or a changed one, is there already"
        raise BadInput([Finding("exists", where, said, "a free name", "nothing was changed")])
    (root / target).parent.mkdir(parents=True, exist_ok=True)
    (root / target).write_text(f"{origin}{text}", "utf-8")
    return target
