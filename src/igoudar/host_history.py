"""What a host has kept of the runs over it: `/var/lib/igoudar/roles/history`. Pure.

Written by `worker/host_record.sh`, which says what stands in a line, and by `igoudar.reboot`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

PATH = "/var/lib/igoudar/roles/history"
BEGUN, BROKEN = "begun", "no end"


@dataclass(frozen=True, slots=True)
class Entry:
    """One run on one host. `at` is its beginning in UTC; `by`: in whose name.

    `result`: done, failed, reboot, restored (what locked everybody out is as it was before), or `no end`
    where the run broke off or is under way. `roles`: digest of each that was applied when it ended;
    `changes`: `role: kind name what`.
    """

    at: str
    by: str
    result: str
    seconds: int | None = None
    roles: tuple[tuple[str, str], ...] = ()
    changes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "roles": dict(self.roles)}

    def __str__(self) -> str:
        count = "" if self.seconds is None else f", {self.seconds} s"
        return f"{self.at}  {self.by}: {self.result}{count}"


def read_history(text: str) -> list[Entry]:
    """The runs of a host, oldest first. A line that is cut short, as by a power cut, says what it can."""
    found: list[Entry] = []
    for fields in _lines(text):
        entry = _entry(fields)
        if found and found[-1].result == BROKEN and entry.result not in (BROKEN, "reboot", "restored"):
            last = found[-1]
            if (last.at, last.by) == (entry.at, entry.by):
                found.pop()
        found.append(entry)
    return found


def _lines(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        fields = line.strip("\x00").split("\t")
        if len(fields) >= 3:
            yield fields


def _entry(fields: list[str]) -> Entry:
    at, by, result, seconds, digests, changes, *_ = *fields, "", "", ""
    pairs = (pair.partition("=") for pair in digests.split())
    return Entry(
        at=at,
        by=by,
        result=BROKEN if result == BEGUN else result,
        seconds=int(seconds) if seconds.isdigit() else None,
        roles=tuple((role, digest) for role, _, digest in pairs),
        changes=tuple(change for change in changes.split("; ") if change),
    )
