"""What the daemons run otherwise is carried over to frr.conf, line by line. Pure.

The agent tells it as a diff of statements (`igoudar.agent.running`): each line is led by the blocks it stands
in, `router bgp 65001 > address-family ipv4 unicast > network 192.0.2.0/24`. In the file a line goes after the
one that it resembles most; `carried` makes sure that in the end exactly these statements differ.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from igoudar.agent.running import CLOSING, NOISE, canonical

INSIDE = " > "
# first words of lines that open a block, by the depth at which they do
OPENING = {
    0: ("router", "interface", "vrf", "route-map", "bfd", "segment-routing", "pw", "mpls"),
    1: ("address-family", "profile", "peer"),
    2: ("vni",),
}
ENDS = {"vrf": "exit-vrf", "address-family": "exit-address-family", "vni": "exit-vni"}
# what makes a neighbour has to come before all that is said of it
MAKES = ("remote-as", "peer-group", "interface")


LISTED = ("ip ", "ipv6 ", "bgp as-path ", "bgp community-list ")


class CannotCarry(Exception):
    """The file would not say what the daemons run."""


@dataclass(slots=True)
class Line:
    """`path`: statement with its blocks; empty for what says nothing, as `!` and `exit`."""

    text: str
    path: str = ""

    @property
    def depth(self) -> int:
        return len(self.text) - len(self.text.lstrip())

    def parts(self, depth: int) -> bool:
        return self.text == " " * depth + "!"

    @property
    def ends(self) -> bool:
        word = self.text.strip()
        return word == "exit" or word.startswith("exit-")


def carried(text: str, drift: str) -> str:
    """The text with the statements of the drift added and taken away. Raises CannotCarry."""
    told = [line for line in drift.splitlines() if not line.startswith(("--- ", "+++ "))]
    gone = {line[1:] for line in told if line.startswith("-")}
    new = {line[1:] for line in told if line.startswith("+")}
    lines = _read(text)
    before = {line.path for line in lines} - {""}
    for path in sorted(new - before, key=_order):  # before others go: a line that is replaced shows the place
        _insert(lines, path, any(other.startswith(path + INSIDE) for other in new))
    after = "".join(f"{line.text}\n" for line in _without(lines, gone))
    _verify(before, gone, new, after)
    return after


def _verify(before: set[str], gone: set[str], new: set[str], after: str) -> None:
    got = set(canonical(after).splitlines())
    wanted = (before - gone) | new
    if got != wanted:
        told = sorted(f"+{line}" for line in wanted - got) + sorted(f"-{line}" for line in got - wanted)
        raise CannotCarry("; ".join(told[:3]))


def _read(text: str) -> list[Line]:
    blocks: list[tuple[int, str]] = []
    lines: list[Line] = []
    for raw in text.splitlines():
        line, words = Line(raw), raw.strip()
        if words and words not in CLOSING and not words.startswith(NOISE):
            blocks = [block for block in blocks if block[0] < line.depth]
            line.path = INSIDE.join([*(name for _, name in blocks), words])
            blocks.append((line.depth, words))
        lines.append(line)
    return lines


def _without(lines: Sequence[Line], gone: set[str]) -> list[Line]:
    """A block that goes takes its end with it, and the `!` that parts it from others."""
    left: list[Line] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.path not in gone:
            left.append(line)
            at += 1
            continue
        end = _end(lines, at)
        left += [inner for inner in lines[at + 1 : end] if inner.path and inner.path not in gone]
        at = end
        if end < len(lines) and lines[end].ends and lines[end].depth == line.depth:
            at += 1
            if at < len(lines) and lines[at].parts(line.depth):
                at += 1
            elif left and left[-1].parts(line.depth):
                left.pop()
    return left


def _end(lines: Sequence[Line], at: int) -> int:
    """Where what stands inside of a line ends: the first line after it that is not deeper."""
    end = at + 1
    while end < len(lines) and lines[end].text.strip() and lines[end].depth > lines[at].depth:
        end += 1
    return end


def _order(path: str) -> tuple[int, bool, str]:
    *blocks, words = path.split(INSIDE)
    makes = words.startswith("neighbor ") and any(word in words.split() for word in MAKES)
    return len(blocks), not makes, path


def _insert(lines: list[Line], path: str, is_block: bool) -> None:
    *blocks, words = path.split(INSIDE)
    bounds = _inside(lines, INSIDE.join(blocks))
    direct = [at for at in range(*bounds) if lines[at].path and lines[at].path.count(INSIDE) == len(blocks)]
    indent = " " * len(blocks)
    first = words.split()[0]
    opens = is_block or first in OPENING.get(len(blocks), ())
    made = [Line(indent + words, path)]
    if opens:
        made.append(Line(indent + ENDS.get(first, "exit")))
        made.insert(0 if blocks else 2, Line(f"{indent}!"))
    at = _place(lines, direct, words, bounds[1] if opens else _before_blocks(lines, direct, bounds[1]))
    lines[at:at] = made


def _inside(lines: Sequence[Line], block: str) -> tuple[int, int]:
    """The first line inside of a block, and the one after its last; of the whole text without `end`."""
    if not block:
        last = next((n for n, line in enumerate(lines) if line.text.strip() == "end"), len(lines))
        return 0, last
    for at, line in enumerate(lines):
        if line.path == block:
            return at + 1, _end(lines, at)
    raise CannotCarry(f"the text has no {block!r}")


def _place(lines: Sequence[Line], direct: Sequence[int], words: str, last: int) -> int:
    """After the line of the same block (`direct`) that begins most alike; else `last`.

    Lines of one list, or of one kind of route, stand in the order of their numbers.
    """
    alike = [(_common(lines[at].text.split(), words.split()), at) for at in direct]
    most = max((count for count, _ in alike), default=0)
    if not most:
        return last
    near = [at for count, at in alike if count == most]
    listed = most > 1 and words.startswith(LISTED)
    lower = [at for at in near if not listed or _natural(lines[at].text.strip()) < _natural(words)]
    return _after(lines, lower[-1]) if lower else near[0]


def _natural(words: str) -> list[tuple[int, str]]:
    """Numbers by their value, and before words."""
    return [
        (int(part), "") if part.isdigit() else (1 << 40, part) for part in re.split(r"(\d+)", words) if part
    ]


def _before_blocks(lines: Sequence[Line], direct: Sequence[int], last: int) -> int:
    """Where the plain lines of a block end and its own blocks begin; the `!` before these stays with them."""
    first = next((at for at in direct if _after(lines, at) > at + 1), last)
    return (
        first - 1 if first < last and lines[first - 1].text.strip() == "!" and lines[first].depth else first
    )


def _after(lines: Sequence[Line], at: int) -> int:
    end = _end(lines, at)
    if end < len(lines) and lines[end].ends and lines[end].depth == lines[at].depth:
        end += 1
        if lines[at].depth == 0 and end < len(lines) and lines[end].text.strip() == "!":
            end += 1
    return end


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    count = 0
    while count < min(len(a), len(b)) and a[count] == b[count]:
        count += 1
    return count
