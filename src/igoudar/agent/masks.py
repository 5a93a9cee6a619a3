"""Secrets on a switch: marks in a desired text are filled in; live text is masked before it leaves.

A mark is `secret:<name>@<version>`. In live text a value is masked by the position of the mark in the desired
line, elsewhere by the patterns of the NOS folder: equal value, the mark; another value, `secret:?changed`; a
line that no desired line resembles, `secret:?`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MARK = re.compile(r"secret:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?@[0-9]+")
CHANGED = "secret:?changed"
UNKNOWN = "secret:?"


def marks(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(MARK.findall(text)))


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with the values in place of marks. Raises KeyError with a mark that has no value."""
    return MARK.sub(lambda found: values[found.group()], text)


def hide(said: str, values: Mapping[str, str]) -> str:
    """What a tool said, with marks in place of values (value -> mark, the longest first)."""
    for value, mark in values.items():
        said = said.replace(value, mark)
    return said


@dataclass(frozen=True)
class _Place:
    """A desired line around its mark."""

    before: str
    mark: str
    after: str

    def value(self, line: str) -> str | None:
        fits = line.startswith(self.before) and line.endswith(self.after)
        if not fits or len(line) <= len(self.before) + len(self.after):
            return None
        return line[len(self.before) : len(line) - len(self.after)]


class Masker:
    """`desired`: texts with marks, the newest first. `patterns`: the group `secret` is what they mask."""

    def __init__(self, desired: Iterable[str], values: Mapping[str, str], patterns: Iterable[str]) -> None:
        self.values = dict(values)
        self.patterns = [re.compile(pattern) for pattern in patterns]
        self.places = list(dict.fromkeys(place for text in desired for place in _places(text)))

    def text(self, live: str) -> str:
        return "".join(self.line(line) for line in live.splitlines(keepends=True))

    def line(self, line: str) -> str:
        bare = line.rstrip("\r\n")
        return self._masked(bare) + line[len(bare) :]

    def _masked(self, line: str) -> str:
        changed = ""
        for place in self.places:
            value = place.value(line)
            if value is None:
                continue
            if value == self.values.get(place.mark):
                return f"{place.before}{place.mark}{place.after}"
            changed = changed or f"{place.before}{CHANGED}{place.after}"
        return changed or self._by_pattern(line)

    def _by_pattern(self, line: str) -> str:
        for pattern in self.patterns:
            if found := pattern.match(line):
                begin, end = found.span("secret")
                return f"{line[:begin]}{UNKNOWN}{line[end:]}"
        return line


def _places(text: str) -> list[_Place]:
    found = []
    for line in text.splitlines():
        for mark in MARK.finditer(line):
            found.append(_Place(line[: mark.start()], mark.group(), line[mark.end() :]))
    return found
