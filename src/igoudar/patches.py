"""Unified diffs, made and applied exactly: what a patch says of a text must stand there, letter by letter.

Lines end with a newline and nothing else, so that no character of a text is lost on the way. Pure.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

NO_NEWLINE = "\\ No newline at end of file"
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@.*")


class Unreadable(Exception):
    """A line that does not belong into a unified diff; `line` counts from 1."""

    def __init__(self, line: int, said: str) -> None:
        self.line = line
        super().__init__(said)


class DoesNotApply(Exception):
    """`line`: of the hunk, in the file of the patch."""

    def __init__(self, line: int, said: str) -> None:
        self.line = line
        super().__init__(said)


@dataclass(slots=True)
class Hunk:
    """`at`: index of its first line in the old text; `line`: where it stands in the patch, from 1.

    `added`: (line of the patch, text) of what it brings.
    """

    at: int
    line: int
    old: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    added: list[tuple[int, str]] = field(default_factory=list)
    removed: int = 0


@dataclass(frozen=True, slots=True)
class FilePatch:
    """What happens to the file that the two lines before the first hunk name."""

    name: str
    line: int
    hunks: tuple[Hunk, ...]

    @property
    def changed(self) -> int:
        """Lines that it adds or takes away."""
        return sum(len(hunk.added) + hunk.removed for hunk in self.hunks)


def lines_of(text: str) -> list[str]:
    """With their newlines; the last one may have none."""
    *whole, rest = text.split("\n")
    return [f"{line}\n" for line in whole] + [rest] * bool(rest)


def make(before: str, after: str, name: str) -> str:
    """A unified diff with three lines of context; empty where the texts are equal."""
    told = difflib.unified_diff(lines_of(before), lines_of(after), f"a/{name}", f"b/{name}")
    return "".join(line if line.endswith("\n") else f"{line}\n{NO_NEWLINE}\n" for line in told)


def parse(patch: str) -> tuple[FilePatch, ...]:
    """The files of a patch. Raises Unreadable."""
    return tuple(_files(patch.split("\n")))


def _files(lines: Sequence[str]) -> Iterator[FilePatch]:
    at = 0
    while at < len(lines):
        if lines[at] == "":
            at += 1
            continue
        name, begun = _header(lines, at), at + 1
        at += 2
        hunks: list[Hunk] = []
        while at < len(lines) and lines[at].startswith("@@"):
            hunk, at = _hunk(lines, at)
            hunks.append(hunk)
        if not hunks:
            raise Unreadable(at, "a file without a hunk")
        yield FilePatch(name, begun, tuple(hunks))


def _header(lines: Sequence[str], at: int) -> str:
    old, new = lines[at], lines[at + 1] if at + 1 < len(lines) else ""
    if not (old.startswith("--- a/") and new == f"+++ b/{old.removeprefix('--- a/')}"):
        raise Unreadable(at + 1, f"{old!r} is not the beginning of a file's diff")
    return old.removeprefix("--- a/")


def _hunk(lines: Sequence[str], at: int) -> tuple[Hunk, int]:
    """The hunk, and where the next begins. As many lines as its head says are its own, whatever they say."""
    found = _HUNK.fullmatch(lines[at])
    if found is None:
        raise Unreadable(at + 1, f"{lines[at]!r} is not the head of a hunk")
    start, olds, _, news = (1 if number is None else int(number) for number in found.groups())
    hunk = Hunk(at=start if olds == 0 else start - 1, line=at + 1)
    at += 1
    while len(hunk.old) < olds or len(hunk.new) < news:
        if at >= len(lines) - (lines[-1] == ""):
            raise Unreadable(hunk.line, "the hunk is shorter than its head says")
        _body(hunk, lines[at], at + 1)
        at += 1
        if at < len(lines) and lines[at] == NO_NEWLINE:
            _shorten(hunk, lines[at - 1][0])
            at += 1
    if (len(hunk.old), len(hunk.new)) != (olds, news):
        raise Unreadable(hunk.line, "the hunk is longer than its head says")
    return hunk, at


def _body(hunk: Hunk, line: str, number: int) -> None:
    kind, text = line[:1], f"{line[1:]}\n"
    if kind not in (" ", "+", "-"):
        raise Unreadable(number, f"{line!r} is no line of a hunk, which begins with a blank, + or -")
    if kind in " -":
        hunk.old.append(text)
    if kind in " +":
        hunk.new.append(text)
    if kind == "+":
        hunk.added.append((number, line[1:]))
    hunk.removed += kind == "-"


def _shorten(hunk: Hunk, kind: str) -> None:
    for side, kinds in ((hunk.old, " -"), (hunk.new, " +")):
        if kind in kinds:
            side[-1] = side[-1].removesuffix("\n")


def apply(patch: FilePatch, text: str) -> str:
    """The text with the patch. Raises DoesNotApply.

    A hunk goes where it says, moved as those before it were; where its lines do not stand there, to the only
    other place where they all do.
    """
    lines, done, taken, moved = lines_of(text), list[str](), 0, 0
    for hunk in patch.hunks:
        at = _place(hunk, lines, taken, hunk.at + moved)
        moved = at - hunk.at
        done += [*lines[taken:at], *hunk.new]
        taken = at + len(hunk.old)
    return "".join([*done, *lines[taken:]])


def _place(hunk: Hunk, lines: Sequence[str], first: int, wanted: int) -> int:
    def fits(at: int) -> bool:
        return first <= at <= len(lines) and lines[at : at + len(hunk.old)] == hunk.old

    if fits(wanted):
        return wanted
    places = [at for at in range(first, len(lines)) if fits(at)] if hunk.old else []
    if len(places) == 1:
        return places[0]
    if places:
        raise DoesNotApply(
            hunk.line, f"the lines of the hunk stand in {len(places)} places, and not where it says"
        )
    raise DoesNotApply(hunk.line, _otherwise(hunk, lines, wanted))


def _otherwise(hunk: Hunk, lines: Sequence[str], at: int) -> str:
    """The first line of the text that is not as the hunk says."""
    there = lines[at : at + len(hunk.old)]
    same = next((n for n, (a, b) in enumerate(zip(there, hunk.old, strict=False)) if a != b), len(there))
    stands = repr(lines[at + same].rstrip("\n")) if at + same < len(lines) else "its end"
    wanted = hunk.old[same].rstrip("\n") if same < len(hunk.old) else ""
    return f"line {at + same + 1} of the text is {stands}, the patch has {wanted!r} there"
