"""`render`: an intent and its NOS folder in, the texts of the device's files out.

Templates see three names: `device` (the intent), `nos` (with `defaults`) and `fragment(template, value)`, the
text of another template that sees only that value as `this`. Fragments are made once for each value, however
many switches carry it; that holds because `derive` shares values by reference.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    Template,
    TemplateNotFound,
    TemplateSyntaxError,
)

from igoudar.errors import Finding, Where, and_more
from igoudar.intent import DeviceIntent
from igoudar.vendors import Nos

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rendered:
    """switch -> path on the device -> text; a switch with a finding is not among `texts`."""

    texts: Mapping[str, Texts]
    findings: tuple[Finding, ...]


def environment(nos: Nos, **options: Any) -> Environment:
    """The one way in which templates of a NOS folder are read."""
    return Environment(
        loader=FileSystemLoader(nos.folder),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
        auto_reload=False,
        **options,
    )


class Renderer:
    """The compiled templates of one NOS and the fragments made so far."""

    def __init__(self, nos: Nos) -> None:
        self.nos = nos
        self.environment = environment(nos)
        self.environment.globals.update(nos=nos, fragment=self.fragment)
        self._fragments: dict[tuple[str, int], tuple[Any, str]] = {}
        self._templates: dict[str, Template] = {}

    def fragment(self, template: str, value: Any) -> str:
        """Without its last newline, so that a line of its own is what calls it."""
        key = (template, id(value))
        made = self._fragments.get(key)
        if made is None:
            text = self._template(template).render(this=value).removesuffix("\n")
            made = self._fragments[key] = (value, text)  # keeps the value, so that no other takes its id
        return made[1]

    def device(self, intent: DeviceIntent) -> dict[str, str]:
        """Path on the device -> text. Raises what templates raise."""
        return {f.path: self._template(f.template).render(device=intent) for f in self.nos.files}

    def _template(self, name: str) -> Template:
        if name not in self._templates:
            self._templates[name] = self.environment.get_template(name)
        return self._templates[name]


def render(intent: DeviceIntent, nos: Nos) -> dict[str, str]:
    """The texts of one switch. Raises what templates raise."""
    return Renderer(nos).device(intent)


def render_all(intents: Mapping[str, DeviceIntent], folders: Mapping[str, Nos]) -> Rendered:
    """All switches; what goes wrong in a template is a finding at its line, which names the device."""
    renderers = {name: Renderer(nos) for name, nos in folders.items()}
    texts: dict[str, Texts] = {}
    broken: dict[tuple[Where, str, str], list[str]] = {}
    for name, intent in intents.items():
        renderer = renderers[intent.nos]
        try:
            texts[name] = renderer.device(intent)
        except Exception as error:  # whatever templates raise, people wrote it
            broken.setdefault(_mistake(error, renderer.nos), []).append(name)
    return Rendered(texts, tuple(_finding(*mistake, names) for mistake, names in broken.items()))


def _mistake(error: Exception, nos: Nos) -> tuple[Where, str, str]:
    """Where it is, what is wrong and what was expected; the same for each device that meets it."""
    file, line = _place(error, nos.folder)
    said = str(error).splitlines()[0] if str(error) else type(error).__name__
    expected = "a name of the intent (src/igoudar/intent.py), spelled as there"
    if isinstance(error, TemplateSyntaxError):
        expected = "Jinja2"
    elif isinstance(error, TemplateNotFound):
        said, expected = f"there is no template {error.name!r}", f"a file of templates/{nos.name}"
    return Where(f"templates/{nos.name}/{file}", line), said, expected


def _finding(where: Where, said: str, expected: str, devices: list[str]) -> Finding:
    others = and_more(len(devices))
    return Finding("template", where, f"rendering {devices[0]}{others}: {said}", expected)


def _place(error: Exception, folder: Path) -> tuple[str, int]:
    """The innermost template line of the traceback."""
    if isinstance(error, TemplateSyntaxError) and error.name:
        return error.name, error.lineno
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.suffix == ".j2" and path.is_relative_to(folder):
            return str(path.relative_to(folder)), frame.lineno or 0
    return "device.yaml", 0
