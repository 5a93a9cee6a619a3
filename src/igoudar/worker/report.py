"""What is said of a run over a group of hosts: to people, and on disk as it begins and again as it ends."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from igoudar import runs
from igoudar.role_document import Document, from_document
from igoudar.roles import Declaration, RoleFile
from igoudar.worker.results import NOT_BEGUN, SILENT, Change, HostResult, file_diff, line_diff
from igoudar.worker.script import keys_file

STATES = {"ok": "done", **{word: word for word in ("failed", SILENT, NOT_BEGUN)}}


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

    def over(self, results: Iterable[HostResult]) -> str:
        """As `ended`. Of those that were not begun nothing was heard before."""
        for result in results:
            if result.status == NOT_BEGUN:
                self.heard(result)
        return self.ended()

    def ended(self, error: str = "") -> str:
        """The path of what people read. `error` is of the run itself, not of a host."""
        good = not error and set(self.report.states.values()) == {"done"}
        self.report.outcome, self.report.error = "done" if good else "failed", error
        self.report.seconds["roles"] = round(time.monotonic() - self.began, 3)
        return f"{self._write()}/report.md"

    def _write(self) -> Path:
        return runs.write(self.report, self.root).relative_to(self.root)


def said(result: HostResult, *, plan: bool = False) -> str:
    """A host's result in a few words."""
    if result.status != "ok":
        return f"{result.status}: {result.message}"
    count = len(result.changes)
    would = "would have " if plan else ""
    return f"{would}{count} change{'' if count == 1 else 's'} in {result.seconds:.1f} s"


def told_of(result: HostResult, documents: Mapping[str, Document]) -> Iterator[str]:
    """Each change of a host: a unified diff of a text, a line of everything else. `documents`: its roles.

    Above them what a role changes that may lock everybody out.
    """
    for role in result.roles:
        told = from_document(documents.get(role.role, {}))  # `NO_ROLE` has none
        files = {file.path: file for file in (*told.files, *map(keys_file, told.users))}
        if role.changes and told.lockout:
            yield f"  {role.role} may lock everybody out: the host goes back unless a new login comes through"
        for change in role.changes:
            yield _told(change, told, files.get(change.name))


def _told(change: Change, told: Declaration, file: RoleFile | None) -> str:
    match change.kind, change.what:
        case "file", "remove" if change.old is None:
            return f"  {change}; its role had secrets, so its text is not shown"
        case "file", "remove":
            return f"  {change}: no role declares it any more\n{file_diff(change.name, change.old, None)}"
        case "file", "mode" if file is not None:
            return f"  {change} {file.mode} {file.owner}:{file.group}"
        case "file", "text" if file is not None:
            return file_diff(file.path, change.old, file.text or "")
        case "line", _:
            return line_diff(change, told.lines[change.place].line)
    return f"  {change}"
