"""What the agent answers with, and what it reads out of a request. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .journal import Journal
from .protocol import BOUND, Refused

Answer = dict[str, Any]
SHORTEST, LONGEST = 1.0, 3600.0  # of a window, of a restore
MUTE = "the daemons do not tell what they run"


def dead(missing: list[str], running: str) -> str:
    """Daemons that do not answer run nothing of what they should."""
    if missing:
        return f"not running: {', '.join(missing)}\n"
    return "" if running else f"{MUTE}\n"


def seconds_of(request: Mapping[str, Any], of: str) -> float:
    seconds = float(request[of])
    if not SHORTEST <= seconds <= LONGEST:
        raise Refused("bad-request", f"a {of} of {seconds:g} s; expected {SHORTEST:g} to {LONGEST:g}")
    return seconds


def require_witnesses(journal: Journal | None, request: Mapping[str, Any]) -> None:
    """Who finishes what a run left open says which witnesses it asked: this may have voted with others."""
    voted = {w.name for w in journal.witnesses} if journal is not None and journal.state in BOUND else set()
    if voted and "witnesses" in request and voted != {*request["witnesses"]}:
        raise Refused("other-witnesses", f"it voted with the witnesses {', '.join(sorted(voted))}")


def told_of(journal: Journal) -> Answer:
    return {k: getattr(journal, k) for k in ("id", "stack", "state", "outcome", "detail", "problem", "at")}


def ended_as(journal: Journal) -> Answer:
    """`why` it ended so; `problem`: what did not work on the way back, empty where all runs as before."""
    return {
        "state": journal.state,
        "outcome": journal.outcome,
        "why": journal.detail,
        "problem": journal.problem,
    }
