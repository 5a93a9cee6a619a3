"""The canonical form of `show running-config`: what it says, whatever order its blocks were made in.

FRR prints VRF instances in the order of their creation, which a restart changes. Where order has a meaning
(prefix lists, route maps) each line carries its own number, so lines sorted within their block lose nothing.
A `vrf NAME` with nothing below it says nothing: FRR goes on printing it for a VRF that is gone, until its
next start.
"""

from __future__ import annotations

import difflib
import re

NOISE = ("Building configuration", "Current configuration:", "frr version ", "exit-", "!")
CLOSING = ("end", "exit")
BARE_VRF = re.compile(r"vrf \S+")


def canonical(running: str) -> str:
    """One line a statement, led by the blocks it stands in, sorted."""
    blocks: list[tuple[int, str]] = []
    told: list[str] = []
    for line in running.splitlines():
        words = line.strip()
        if not words or words in CLOSING or words.startswith(NOISE):
            continue
        depth = len(line) - len(line.lstrip())
        blocks = [block for block in blocks if block[0] < depth]
        told.append(" > ".join([*(name for _, name in blocks), words]))
        blocks.append((depth, words))
    return "".join(f"{line}\n" for line in _saying(sorted(told)))


def drift(kept: str, now: str) -> str:
    """Unified diff of two canonical texts without context; empty where they say the same.

    `kept` may be of an agent that still took a bare `vrf NAME` for a statement.
    """
    before = _saying(kept.splitlines())
    lines = difflib.unified_diff(before, now.splitlines(), "kept", "running", n=0, lineterm="")
    return "".join(f"{line}\n" for line in lines if not line.startswith("@@"))


def _saying(told: list[str]) -> list[str]:
    """Sorted lines without those of a VRF of which nothing is said."""
    meant = {line.partition(" > ")[0] for line in told if " > " in line}
    return [line for line in told if line in meant or not BARE_VRF.fullmatch(line)]
