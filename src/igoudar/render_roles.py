"""Fills the text of a role's files: templates of `roles/<role>/templates`, plain ones of its `files/`.

Reads files and nothing else. Templates decide nothing: an undefined variable is a finding.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateNotFound,
    TemplateSyntaxError,
)
from jinja2.ext import Extension

from igoudar.agent.masks import marks
from igoudar.errors import BadInput, Finding, Where
from igoudar.inventory import shown
from igoudar.role_document import as_document
from igoudar.roles import Declaration, RoleFile, RoleFolder
from igoudar.secret_marks import misplaced, not_brought, readable_by_all, written

PACKAGE = "igoudar:"
BESIDE_FILES = [field.name for field in fields(Declaration) if field.name != "files"]


@dataclass(frozen=True, slots=True)
class Rendered:
    """What became of a declaration. `brought`: marks that it might hold; `told` has every file's text."""

    declared: Declaration
    brought: frozenset[str]
    told: Declaration


def render_declaration(told: Declaration, folder: RoleFolder, brought: Collection[str] = ()) -> Declaration:
    """The same declaration with every file's `text`. Raises BadInput with all that is wrong.

    `brought`: marks of secrets that settings of the role hold; texts of files may have these, and no others.
    """
    return render_after(None, told, folder, frozenset(brought)).told


def render_after(
    before: Rendered | None, told: Declaration, folder: RoleFolder, brought: frozenset[str]
) -> Rendered:
    """The same where another host was declared for before: its files that are these are not made anew."""
    if before is None or before.brought != brought:
        before = Rendered(Declaration(), brought, Declaration())
    files: list[RoleFile] = []
    made: list[RoleFile] = []
    findings: list[Finding] = []
    for at, file in enumerate(told.files):
        if _same_file(file, before.declared.files[at : at + 1]):
            files.append(before.told.files[at])
            continue
        try:
            made.append(replace(file, text=_text(file, folder, brought)))
            files.append(made[-1])
        except BadInput as error:
            findings += error.findings
    same = all(getattr(told, name) == getattr(before.declared, name) for name in BESIDE_FILES)
    if not findings and (made or not same):
        new = replace(Declaration() if same else told, files=tuple(made))
        findings += _seen_by_all(new, folder)
    if findings:
        raise BadInput(findings)
    if same and not made and len(files) == len(before.told.files):
        return before
    return Rendered(told, brought, replace(told, files=tuple(files)))


def _same_file(file: RoleFile, before: Sequence[RoleFile]) -> bool:
    """Whether the file that was there before, if one was, has the same text for sure."""
    return file in before and _same(file.variables, before[0].variables)


def _same(one: Any, other: Any) -> bool:
    """Whether no template can tell them apart: 1 is not true, and an object is only itself."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, str | int):
        return bool(one == other)
    if isinstance(one, Mapping):
        return _same([*one.items()], [*other.items()])
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return False


def _seen_by_all(told: Declaration, folder: RoleFolder) -> Iterator[Finding]:
    """Secrets that would stand in arguments of processes, or in a file that everybody may read."""
    document = as_document(told)
    for file in document.get("files", {}).values():
        del file["text"]
    for _, mark in written(document):
        yield misplaced(mark, _written(mark, "declare", folder.path / "settings.py", folder))
    for file in told.files:
        if marks(file.text or "") and readable_by_all(file.mode):
            said = f"{file.path} holds a secret, and everybody on the host may read it: mode {file.mode}"
            where = _written(file.path, file.path, folder.path / "settings.py", folder)
            yield Finding("secret-readable", where, said, "mode 0600, or 0640 with a group")


def _text(file: RoleFile, folder: RoleFolder, brought: Collection[str]) -> str:
    text = file.text
    if text is None:
        text = _rendered(file, folder) if file.template else _copied(file, folder)
    if not text.endswith("\n") or "\x00" in text:
        where = _end(file, folder)
        said = f"the text of {file.path} does not end with a newline, or holds a NUL"
        raise BadInput([Finding("broken-role", where, said, "lines of text")])
    if strange := not_brought(text, brought):
        source = _source(file, folder)
        raise BadInput(misplaced(mark, _written(mark, file.path, source, folder)) for mark in strange)
    return text


def _source(file: RoleFile, folder: RoleFolder) -> Path:
    """Where its text is written; of a file that the product brings, the path inside its package."""
    if file.text is not None:
        return folder.path / "settings.py"
    if file.template:
        return folder.path / "templates" / file.template
    if file.source.startswith(PACKAGE):
        return Path(file.source.removeprefix(PACKAGE))
    return folder.path / "files" / file.source


def _end(file: RoleFile, folder: RoleFolder) -> Where:
    """Of a template or a file its last line; of a text where `declare` names its file."""
    source = _source(file, folder)
    if file.text is not None or not source.is_file():
        return _written(file.path, file.path, source, folder)
    return _where(source, folder, len(source.read_text("utf-8").splitlines()))


def _written(mark: str, target: str, source: Path, folder: RoleFolder) -> Where:
    """Where a mark stands: in the file's source, or in `declare`, at the latest where it names the target."""
    settings = folder.path / "settings.py"
    for path, words in ((source, mark), (settings, mark), (settings, target)):
        lines = path.read_text("utf-8").splitlines() if path.is_file() else []
        found = [number for number, line in enumerate(lines, 1) if words in line]
        if found:
            return _where(path, folder, found[0])
    return _where(source, folder)


def _rendered(file: RoleFile, folder: RoleFolder) -> str:
    try:
        return role_environment(folder.path / "templates").get_template(file.template).render(file.variables)
    except TemplateNotFound as error:
        here = _written(file.template, file.path, folder.path / "settings.py", folder)
        finding = Finding("broken-role", here, f"there is no template {error.name!r}", "a file of templates/")
        raise BadInput([finding]) from error
    except TemplateSyntaxError as error:
        where = folder.path / "templates" / (error.name or file.template)
        raise BadInput(_broken(where, error.lineno, error.message or "not a template", folder)) from error
    except Exception as error:  # a template is what people write
        where = folder.path / "templates" / file.template
        raise BadInput(_broken(where, _line(error, where) or 1, str(error), folder)) from error


def _broken(where: Path, line: int, said: str, folder: RoleFolder) -> Iterator[Finding]:
    hint = f"what it may use comes from declare() in {shown(folder.path / 'settings.py', _root(folder))}"
    yield Finding("broken-template", _where(where, folder, line), said, hint=hint)


def _copied(file: RoleFile, folder: RoleFolder) -> str:
    where = _source(file, folder)
    packaged = file.source.startswith(PACKAGE)
    source = resources.files("igoudar").joinpath(str(where)) if packaged else where
    try:
        return source.read_text("utf-8")
    except FileNotFoundError as error:
        here = _written(file.source, file.path, folder.path / "settings.py", folder)
        finding = Finding("broken-role", here, f"there is no file {file.source!r}", "a file of files/")
        raise BadInput([finding]) from error
    except (OSError, UnicodeDecodeError) as error:
        said = f"cannot be read: {type(error).__name__}"
        raise BadInput([Finding("broken-role", _where(where, folder), said, "UTF-8 text")]) from error


@lru_cache(maxsize=64)
def role_environment(templates: Path, extensions: tuple[type[Extension], ...] = ()) -> Environment:
    """The one way in which templates of roles are read."""
    return Environment(
        extensions=extensions,
        loader=FileSystemLoader(templates),
        undefined=StrictUndefined,
        autoescape=False,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _line(error: BaseException, template: Path) -> int:
    """The template line an error was raised from, by its traceback; 0 where it is not known."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(template):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _where(path: Path, folder: RoleFolder, line: int = 0) -> Where:
    return Where(shown(path, _root(folder)), line)


def _root(folder: RoleFolder) -> Path:
    return folder.path.parent.parent
