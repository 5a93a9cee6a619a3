"""The racks of a hall that stand out, in few lines: neighbours that carry the same are told as one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from igoudar.derive.ports import natural
from igoudar.drawing.letters import width
from igoudar.drawing.spans import spans, wrapped
from igoudar.drawing.use import Level, Use

LETTERS = 2.3  # mm
IN_BY = "  "
HEADS = {Level.OVER: "Above their limit", Level.NEAR: "Above 80 % of it"}


@dataclass(frozen=True, slots=True)
class _Alike:
    """Racks that carry the same: with all their names, or in one line without them."""

    many: int
    lines: Sequence[str]
    short: str


def standing_out(
    uses: Mapping[str, Use], rows: Sequence[Sequence[str]], room: tuple[float, int]
) -> Iterator[tuple[str, bool]]:
    """The fullest first, in at most as many lines of that width as there is room for; headings are bold."""
    wide, left = room
    kinds = [level for level in HEADS if any(use.level is level for use in uses.values())]
    for number, level in enumerate(kinds):
        loud = {name: use for name, use in uses.items() if use.level is level}
        most = left // (len(kinds) - number) - 2
        lines = [*_fitted([*_alike(loud, rows, wide)], most)]
        left -= len(lines) + 2
        yield f"{HEADS[level]}: {racks(len(loud))}", True
        yield from ((line, False) for line in lines)
        yield "", False


def racks(many: int) -> str:
    return f"{many} rack{'' if many == 1 else 's'}"


def _alike(loud: Mapping[str, Use], rows: Sequence[Sequence[str]], wide: float) -> Iterator[_Alike]:
    found: dict[str, list[str]] = {}
    for name in sorted(loud, key=lambda name: (-(loud[name].share or 0), natural(name), name)):
        found.setdefault(f"{loud[name].percent}, {loud[name]}", []).append(name)
    for said, names in found.items():
        each = f"{said} each" if len(names) > 1 else said
        told = [*spans(rows, {*names})]
        short = f"{racks(len(names))}, {each}"
        line = f"{', '.join(told)}  {each}"
        if width(line, LETTERS) <= wide or len(names) == 1:
            yield _Alike(len(names), [line], line)
        else:
            room = wide - width(IN_BY, LETTERS)
            yield _Alike(
                len(names), [f"{short}:", *(IN_BY + line for line in wrapped(told, room, LETTERS))], short
            )


def _fitted(alike: Sequence[_Alike], most: int) -> Iterator[str]:
    """Those without a line of their own are counted in the last one."""
    left = max(most, 1)
    for number, one in enumerate(alike):
        further = number < len(alike) - 1  # one line stays for these
        lines = one.lines if len(one.lines) + further <= left else [one.short]
        if len(lines) + further > left:
            yield f"and {racks(sum(other.many for other in alike[number:]))} more"
            return
        yield from lines
        left -= len(lines)
