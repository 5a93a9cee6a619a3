"""What came of the roles on a host. Pure: the host's answer in, frozen values out; both also as JSON."""

from __future__ import annotations

import base64
import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from igoudar.errors import another_box

# Stands for a role in what is said of files that no role declares any more.
NO_ROLE = "-"
RECORD = re.compile(r"([0-9]+) (.*)")
NO_ROOT = "{said}; the login has to become root without a password: give it NOPASSWD: ALL in sudoers"
SILENT, NOT_BEGUN = "unreachable", "not begun"
BUSY = "another run holds this host; try again when it has ended"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was (or, in a plan, would be) changed.

    `old` is the text before, of a file or of the line that is replaced; None: no text, or one that may hold
    secrets. `place` is that of a line among the lines of its role.
    """

    kind: str
    name: str
    what: str
    old: str | None = None
    place: int = 0

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.what}"


@dataclass(frozen=True, slots=True)
class RoleResult:
    """`recorded` is the digest that the host held before this run. `failed` says why, or is empty.

    The role `NO_ROLE` is there, as the last one, where files are removed that no role declares any more.
    """

    role: str
    changes: tuple[Change, ...] = ()
    recorded: str = ""
    failed: str = ""
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class HostResult:
    """`status`: ok, failed (a role failed), unreachable (no login, or no answer), or not begun.

    `reboot`: why the host wants one, or empty.
    """

    host: str
    status: str
    roles: tuple[RoleResult, ...] = ()
    message: str = ""
    seconds: float = 0.0
    reboot: str = ""

    @property
    def changes(self) -> tuple[Change, ...]:
        return tuple(change for role in self.roles for change in role.changes)

    @property
    def left_over(self) -> tuple[Change, ...]:
        """What is done about files that no role declares any more."""
        return tuple(change for role in self.roles if role.role == NO_ROLE for change in role.changes)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> HostResult:
        roles = tuple(
            RoleResult(**{**role, "changes": tuple(Change(**c) for c in role["changes"])})
            for role in data["roles"]
        )
        return HostResult(**{**data, "roles": roles})


def read_answer(host: str, lines: Iterable[str], seconds: float, said: str = "") -> HostResult:
    """The host's answer (`bundle.sh`). `said` is its stderr, used only where the answer broke off."""
    roles: list[_Role] = []
    whole, reboot = False, ""
    records, broken = _records(lines)
    for word, *rest in records:
        if word == "busy":
            return HostResult(host, "failed", (), BUSY, seconds)
        if word == "box":
            message = another_box(*map(_decoded, rest))
            return HostResult(host, "failed", (), message, seconds)
        if word == "unconfirmed":
            return HostResult(host, "failed", (), _unconfirmed(rest[0]), seconds)
        if word == "end":
            whole = True
        elif word == "reboot":
            reboot = _decoded(rest[0])
        elif word == "armed":
            continue
        elif word == "role":
            roles.append(_Role(rest[0]))
        elif not roles or not roles[-1].read(word, rest):
            broken = broken or f"the answer holds a record that nobody knows: {word[:40]!r}"
    results = tuple(role.result() for role in roles)
    failed = next((_failure(role) for role in results if role.failed), "")
    if broken or not (whole or failed):
        message = failed or "; ".join(filter(None, (broken, _last_words(said)))) or "the answer broke off"
        return HostResult(host, "failed" if records else SILENT, results, message, seconds)
    return HostResult(host, "failed" if failed else "ok", results, failed, seconds, reboot)


def _records(lines: Iterable[str]) -> tuple[list[list[str]], str]:
    """The fields of each record, and what is wrong with the first line that is none.

    That line is not quoted: half a record may hold a secret that no pattern finds. What stands before the
    first record was printed by the login's own files.
    """
    records: list[list[str]] = []
    for line in lines:
        found = RECORD.fullmatch(line)
        if found and int(found[1]) == len(found[2]):
            records.append(found[2].split("\t"))
        elif records:
            return records, f"the answer is not whole: after {len(records)} records stands what is none"
    return records, ""


def _failure(role: RoleResult) -> str:
    of = "files that no role declares any more" if role.role == NO_ROLE else f"role {role.role}"
    return f"{of}: {role.failed}"


def _last_words(said: str) -> str:
    """The end of it in whole lines: half of a secret would not be known again."""
    said = said.strip()
    last = said if len(said) <= 400 else said[-400:].partition("\n")[2]
    if refused := re.search(r"^(sudo: .*|.*sudo: (?:command )?not found)$", last, re.MULTILINE):
        return NO_ROOT.format(said=refused[0])
    return last


@dataclass(slots=True)
class _Role:
    name: str
    changes: list[Change] = field(default_factory=list)
    recorded: str = ""
    failed: str = ""
    skipped: bool = False

    def read(self, word: str, rest: list[str]) -> bool:
        """False where it is no record of a role."""
        match word, rest:
            case "change", [kind, name, what, old, *place]:
                text = None if old == "-" else _decoded(old)
                self.changes.append(Change(kind, name, what, text, *map(int, place)))
            case "failed", [kind, name, message]:
                self.failed = f"{kind} {name}: {_decoded(message)}"
            case "done", [_, recorded]:
                self.recorded = recorded.strip("-")
            case "skipped", [_]:
                self.skipped = True
            case _:
                return False
        return True

    def result(self) -> RoleResult:
        return RoleResult(self.name, tuple(self.changes), self.recorded, self.failed, self.skipped)


def _unconfirmed(status: str) -> str:
    word, _, left = status.partition(" ")
    when = f"in {left} s" if word == "armed" else "some time after that run has ended"
    return (
        "an earlier run changed how one gets in here, and no new login confirmed it; the host goes back to "
        f"its old files {when}; try again then"
    )


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode("utf-8", "replace").strip("\x00")


def file_diff(path: str, old: str | None, new: str | None) -> str:
    """A unified diff of one file of a host, with three lines of context; empty where nothing differs.

    None: there is no such file.
    """
    before, after = ((text or "").splitlines(keepends=True) for text in (old, new))
    names = [path if text is not None else "/dev/null" for text in (old, new)]
    return "".join(difflib.unified_diff(before, after, names[0], names[1]))


def line_diff(change: Change, new: str) -> str:
    """A diff of one line of somebody else's file, without context: what stands around may be secret."""
    where, begin = change.what.removeprefix("replace "), f"--- {change.name}\n+++ {change.name}\n"
    if change.old is None:
        return f"{begin}@@ at the end @@\n+{new}\n"
    return f"{begin}@@ -{where} +{where} @@\n-{change.old}\n+{new}\n"
