"""A second rendering that remembers where each line comes from: its template line and the values in it.

Nothing of this runs in an ordinary render. Marks travel inside the text, so includes, macros and fragments
need no care: a mark before every piece of template text says file and line, and every value that is printed
says its path.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import Environment
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

# Private-use characters, which no configuration holds: a place, a path.
_PLACE, _PATH, _END = "\ue000", "\ue001", "\ue002"
_MARK = re.compile(f"({_PLACE}|{_PATH})([^{_END}]*){_END}")


@dataclasses.dataclass(frozen=True, slots=True)
class TracedLine:
    """One rendered line: the template line that wrote it (0: none), and (path, value) of what it printed."""

    text: str
    template: str
    line: int
    values: tuple[tuple[str, str], ...]


class PlaceMarks(Extension):
    """Marks every line of template text, and every `{{`, with template name and line."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        name = stream.name or "?"
        for token in stream:
            if token.type == "data":
                yield Token(token.lineno, "data", _marked(name, token.lineno, token.value))
            elif token.type == "variable_begin":
                yield Token(token.lineno, "data", _place(name, token.lineno))
                yield token
            else:
                yield token


def _place(name: str, line: int) -> str:
    return f"{_PLACE}{name}:{line}{_END}"


def _marked(name: str, first: int, text: str) -> str:
    lines = text.splitlines(keepends=True)
    return "".join(_place(name, number) + line for number, line in enumerate(lines, first))


class _Text(str):
    """Compares as the text it is; printed, it says where it comes from."""

    __slots__ = ("path",)
    path: str

    def __str__(self) -> str:
        return f"{_PATH}{self.path}{_END}{super().__str__()}"


class _Number(int):
    path: str

    def __str__(self) -> str:
        return f"{_PATH}{self.path}{_END}{super().__str__()}"


class _Object:
    """Attributes of a dataclass, each with its path."""

    def __init__(self, value: Any, path: str) -> None:
        self._value, self._path = value, path

    def __getattr__(self, name: str) -> Any:
        return traced(getattr(self._value, name), f"{self._path}.{name}")


def traced(value: Any, path: str) -> Any:
    """The value, knowing its path. Truth values and None cannot know theirs."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        text = _Text(str.__str__(value))
        text.path = path
        return text
    if isinstance(value, int):
        number = _Number(value)
        number.path = path
        return number
    if dataclasses.is_dataclass(value):
        return _Object(value, path)
    if isinstance(value, Mapping):
        return {key: traced(item, f"{path}[{key!r}]") for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [traced(item, f"{path}[{position}]") for position, item in enumerate(value)]
    return value


def trace(environment: Environment, template: str, names: Mapping[str, Any]) -> tuple[TracedLine, ...]:
    """Every line of `template` rendered with `names`. The environment has been made with `PlaceMarks`."""
    known = {name: traced(value, name) for name, value in names.items()}
    return tuple(_lines(environment.get_template(template).render(known)))


def _lines(marked: str) -> Iterator[TracedLine]:
    place = ("", 0)
    for line in marked.splitlines():
        text, wrote, values, path, last = "", ("", 0), [], "", 0
        for match in [*_MARK.finditer(line), None]:
            piece = line[last : match.start() if match else None]
            if path:
                values.append((path, piece))
            if piece.strip() and not wrote[1]:
                wrote = place
            text += piece
            if match is None:
                break
            last, path = match.end(), match.group(2) if match.group(1) == _PATH else ""
            if match.group(1) == _PLACE:
                name, _, number = match.group(2).rpartition(":")
                place = (name, int(number))
        yield TracedLine(text, *(wrote if wrote[1] else place), tuple(values))
