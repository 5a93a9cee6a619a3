"""`explain`: the template line and the values behind one rendered line of one device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import partial
from pathlib import Path
from typing import Any

from igoudar import vendors
from igoudar.adopted import patch_file
from igoudar.compiler import Compiled
from igoudar.errors import BadInput, Finding, Where
from igoudar.intent import DeviceIntent
from igoudar.render import environment
from igoudar.render_roles import role_environment
from igoudar.roles import RoleFile
from igoudar.tracing import PlaceMarks, TracedLine, trace
from igoudar.vendors import Nos


@dataclass(frozen=True, slots=True)
class Explanation:
    """`values` are (path, value) in the order of the line; paths of a switch begin in its `DeviceIntent`."""

    device: str
    file: str
    number: int
    line: TracedLine

    def as_json(self) -> dict[str, Any]:
        return {
            "device": self.device,
            "file": self.file,
            "line": self.number,
            "text": self.line.text,
            "template": self.line.template,
            "template_line": self.line.line,
            "values": [{"path": path, "value": value} for path, value in self.line.values],
        }

    def __str__(self) -> str:
        shown = [f"{self.device}:{self.file}:{self.number}: {self.line.text}"]
        shown.append(f"  written by {self.line.template}:{self.line.line}")
        shown += [f"  {path} = {value}" for path, value in self.line.values]
        return "\n".join(shown)


def explain(compiled: Compiled, place: tuple[str, str, int], root: Path) -> Explanation:
    """Where a line (device, path on it, number from 1) comes from. Raises BadInput where there is none."""
    device, path, number = place
    lines = _traced(compiled, device, path, root)
    if not 1 <= number <= len(lines):
        raise BadInput(
            [Finding("no-line", Where(f"{device}:{path}", number), "no such line", f"1 to {len(lines)}")]
        )
    return Explanation(device, path, number, lines[number - 1])


def _traced(compiled: Compiled, device: str, path: str, root: Path) -> tuple[TracedLine, ...]:
    makers = _makers(compiled, device, root)
    if path in makers:
        lines = makers[path]()
        carries = device in compiled.adopted and path in compiled.switches[device]
        return _with_adopted(compiled, (device, path), lines, root) if carries else lines
    if makers:
        expected = f"one of {', '.join(sorted(makers))}"
        raise BadInput([Finding("no-file", Where(f"{device}:{path}"), "no such file", expected)])
    known = sorted({*compiled.switches, *compiled.hosts})
    raise BadInput([Finding("no-device", Where(device), "no such device", f"one of {', '.join(known)}")])


def _with_adopted(
    compiled: Compiled, place: tuple[str, str], lines: tuple[TracedLine, ...], root: Path
) -> tuple[TracedLine, ...]:
    """The lines with the adopted patch: each line that it brought comes from its file."""
    device, path = place
    file = patch_file(Path(compiled.folder), device)
    brought = (root / file).read_text("utf-8").split("\n")
    now = compiled.switches[device][path].splitlines()
    told: list[TracedLine] = []
    match = SequenceMatcher(a=[line.text for line in lines], b=now, autojunk=False)
    for tag, low, high, first, last in match.get_opcodes():
        if tag == "equal":
            told += lines[low:high]
        else:
            told += [
                TracedLine(t, str(file), brought.index(f"+{t}") + 1 if f"+{t}" in brought else 1, ())
                for t in now[first:last]
            ]
    return tuple(told)


def _makers(compiled: Compiled, device: str, root: Path) -> dict[str, Callable[[], tuple[TracedLine, ...]]]:
    """Path on the device -> what traces that file. The files of a switch go before those of its roles."""
    makers: dict[str, Callable[[], tuple[TracedLine, ...]]] = {}
    for role, declaration in compiled.hosts.get(device, {}).items():
        folder = root / "roles" / role
        made = {f.path: partial(_role_file, f, folder) for f in declaration.files if f.text is not None}
        makers.update(made)
    intent = compiled.intents.get(device)
    if intent is not None:
        nos = vendors.load(root / "templates")[intent.nos]
        makers.update({f.path: partial(_switch_file, nos, f.template, intent) for f in nos.files})
    return makers


def _switch_file(nos: Nos, template: str, intent: DeviceIntent) -> tuple[TracedLine, ...]:
    tracing = environment(nos, extensions=[PlaceMarks])

    def fragment(name: str, value: Any) -> str:
        return tracing.get_template(name).render(this=value).removesuffix("\n")

    tracing.globals.update(nos=nos, fragment=fragment)
    return _under(f"templates/{nos.name}", trace(tracing, template, {"device": intent}))


def _role_file(file: RoleFile, folder: Path) -> tuple[TracedLine, ...]:
    """Of a file without a template the source stands for it, line by line."""
    if file.template:
        tracing = role_environment(folder / "templates", extensions=(PlaceMarks,))
        return _under(f"roles/{folder.name}/templates", trace(tracing, file.template, file.variables))
    source = f"roles/{folder.name}/" + (f"files/{file.source}" if file.source else "settings.py")
    lines = (file.text or "").splitlines()
    return tuple(TracedLine(text, source, number, ()) for number, text in enumerate(lines, 1))


def _under(folder: str, lines: tuple[TracedLine, ...]) -> tuple[TracedLine, ...]:
    return tuple(TracedLine(t.text, f"{folder}/{t.template}", t.line, t.values) for t in lines)
