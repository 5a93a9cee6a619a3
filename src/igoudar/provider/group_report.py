"""A run over a group of hosts has an id and a report, on disk as it begins and again as it ends."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from igoudar import runs
from igoudar.worker.results import HostResult

STATES = {"ok": "done", "failed": "failed", "unreachable": "unreachable"}


class GroupReport:
    """Of one run. `heard` may be called from several threads, `ended` once, after the last of them."""

    def __init__(self, root: Path, stack: str, group: str, hosts: Iterable[str]) -> None:
        self.root, self.began = root, time.monotonic()
        states = dict.fromkeys(hosts, "running")
        self.report = runs.Report(id=runs.new_id(), stack=stack, of=f"hosts of {group}", states=states)
        self._write()

    def heard(self, result: HostResult) -> None:
        at = round(time.monotonic() - self.began, 3)
        self.report.states[result.host] = STATES[result.status]
        self.report.steps.append((at, result.host, said(result)))

    def ended(self, error: str = "") -> str:
        """The path of what people read. `error` is of the run itself, not of a host."""
        good = not error and set(self.report.states.values()) == {"done"}
        self.report.outcome, self.report.error = "done" if good else "failed", error
        self.report.seconds["roles"] = round(time.monotonic() - self.began, 3)
        return f"{self._write()}/report.md"

    def _write(self) -> Path:
        return runs.write(self.report, self.root).relative_to(self.root)


def said(result: HostResult) -> str:
    """A host's result in a few words."""
    if result.status != "ok":
        return f"{result.status}: {result.message}"
    count = len(result.changes)
    return f"{count} change{'' if count == 1 else 's'} in {result.seconds:.1f} s"
