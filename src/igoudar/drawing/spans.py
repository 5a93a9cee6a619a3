"""Many names in few words: `g01-1-a01 to a19, b01`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from igoudar.drawing.letters import width


def span(first: str, last: str) -> str:
    return first if first == last else f"{first} to {short(last, first)}"


def short(name: str, like: str) -> str:
    """Without what both begin with, up to a mark between words."""
    same = 0
    for number, (one, other) in enumerate(zip(name, like, strict=False), start=1):
        if one != other:
            break
        if not one.isalnum():
            same = number
    return name[same:]


def spans(
    runs: Iterable[Sequence[str]], wanted: Collection[str], ends: Mapping[str, tuple[str, str]] | None = None
) -> Iterator[str]:
    """`wanted` in the order of `runs`; those that stand beside each other in a run are one span.

    What the first name begins with is said once, where the others begin with it too. `ends`: of names that
    are spans themselves.
    """
    found: list[tuple[str, str]] = []
    for run in runs:
        begun = False
        for name in run:
            if name in wanted:
                first, last = (ends or {}).get(name, (name, name))
                found[len(found) - begun :] = [(found[-1][0] if begun else first, last)]
            begun = name in wanted
    for number, (first, last) in enumerate(found):
        said = span(first, last)
        yield short(said, found[0][0]) if number else said


def wrapped(words: Sequence[str], room: float, size: float) -> list[str]:
    """Joined by commas, in lines that fit into `room`; one that is too long has a line of its own."""
    lines: list[str] = []
    for number, word in enumerate(words):
        said = word + "," * (number < len(words) - 1)
        longer = f"{lines[-1]} {said}" if lines else said
        if lines and width(longer, size) <= room:
            lines[-1] = longer
        else:
            lines.append(said)
    return lines
