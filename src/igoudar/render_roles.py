"""Fills the text of a role's files: templates of `roles/<role>/templates`, plain ones of its `files/`.

Reads files and nothing else. Templates decide nothing: an undefined variable is a finding.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import lru_cache
from importlib import resources
from pathlib import Path

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


def render_declaration(told: Declaration, folder: RoleFolder, brought: Collection[str] = ()) -> Declaration:
    """The same declaration with every file's `text`. Raises BadInput with all that is wrong.

    `brought`: marks of secrets that settings of the role hold; texts of files may have these, and no others.
    """
    files: list[RoleFile] = []
    findings: list[Finding] = []
    for file in told.files:
        try:
            files.append(replace(file, text=_text(file, folder, brought)))
        except BadInput as error:
            findings += error.findings
    if not findings:
        findings += _seen_by_all(replace(told, files=tuple(files)), folder)
    if findings:
        raise BadInput(findings)
    return replace(told, files=tuple(files))


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
