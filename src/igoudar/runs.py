"""A run has an id, on devices too, and leaves a report under `.igoudar/runs/<id>/`."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from igoudar.tree import runtime_folder, write_whole

KEPT = 500  # reports; each host has its own history besides
NEXT = {
    "done": "nothing to do",
    "failed": "mend what failed, then `pulumi up`",
    "running": "no word from it yet; where the run has ended without one, `pulumi up` does what is left",
    "new": "nothing to do",
    "same": "nothing to do",
    "recorded": "nothing to do: it ran the text already",
    "old": "mend what failed, then `pulumi up`",
    "restored": "mend what failed, then `pulumi up`",
    "unconfirmed": "the change is decided: it keeps the new text when it is told, or hears the witnesses",
    "undecided": "it settles by itself when a majority of the witnesses is back, then `pulumi up`",
    "not asked": "nothing was started there; mend what failed, then `pulumi up`",
    "not begun": "mend what stopped the run before its turn, then `pulumi up`",
    "not running": "its files are as before, its daemons not: `systemctl status frr` there, then `pulumi up`",
    "unreachable": "look at its power and its out-of-band port, then `pulumi up`",
}


def new_id(now: datetime | None = None) -> str:
    """Sorts by time, and no two are equal."""
    return f"{now or datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


@dataclass(slots=True)
class Report:
    """What came of a run over the devices that `of` names.

    `states`: device -> word of `NEXT`; `steps`: (seconds since the start, device or empty, text).
    """

    id: str
    stack: str
    of: str = "switches"
    outcome: str = "running"
    error: str = ""
    states: dict[str, str] = field(default_factory=dict)
    steps: list[tuple[float, str, str]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        lines = [f"# Run {self.id}", "", f"Stack {self.stack}, {self.of}: **{self.outcome}**.", ""]
        if self.error:
            lines += ["```", self.error, "```", ""]
        lines += [f"- {warning}" for warning in self.warnings] + [""] * bool(self.warnings)
        lines += ["| device | state | next |", "| --- | --- | --- |"]
        lines += [f"| {name} | {state} | {NEXT[state]} |" for name, state in sorted(self.states.items())]
        lines += ["", "| step | seconds |", "| --- | --- |"]
        lines += [f"| {step} | {seconds:.1f} |" for step, seconds in self.seconds.items()]
        lines += ["", *(f"- {at:6.1f} s {name or 'all'}: {text}" for at, name, text in self.steps)]
        return "\n".join(lines) + "\n"


def write(report: Report, root: Path) -> Path:
    """The folder of the report; each file is replaced whole. The newest `KEPT` stay."""
    folder = runtime_folder(root) / "runs" / report.id
    if not folder.exists():
        _forget(folder.parent)
    for name, text in (
        ("report.json", json.dumps(asdict(report), indent=1)),
        ("report.md", report.markdown()),
    ):
        write_whole(folder / name, text)
    return folder


def _forget(folder: Path) -> None:
    """Names of runs sort by time; one that another process removes meanwhile is gone too."""
    known = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    for old in known[: max(0, len(known) - KEPT + 1)]:
        shutil.rmtree(old, ignore_errors=True)


def table(states: Mapping[str, str]) -> str:
    """Which switch is in which state, and the next step: what a failed `up` prints."""
    by_state: dict[str, list[str]] = {}
    for name, state in sorted(states.items()):
        by_state.setdefault(state, []).append(name)
    return "\n".join(f"  {state}: {', '.join(names)} - {NEXT[state]}" for state, names in by_state.items())
