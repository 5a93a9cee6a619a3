"""What came of the roles on a host. Pure: the host's answer in, frozen values out; both also as JSON."""

from __future__ import annotations

import base64
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from igoudar.errors import another_box

SILENT, NOT_BEGUN = "unreachable", "not begun"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was (or, in a plan, would be) changed. `old` is a file's text before; None: no text."""

    kind: str
    name: str
    what: str
    old: str | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.what}"


@dataclass(frozen=True, slots=True)
class RoleResult:
    """`recorded` is the digest that the host held before this run. `failed` says why, or is empty."""

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
    reboot = ""
    for line in lines:
        word, *rest = line.split("\t")
        if word == "busy":
            message = "another run holds this host; try again when it has ended"
            return HostResult(host, "failed", (), message, seconds)
        if word == "box":
            message = another_box(*map(_decoded, rest))
            return HostResult(host, "failed", (), message, seconds)
        if word == "reboot":
            reboot = _decoded(rest[0])
        elif word == "role":
            roles.append(_Role(rest[0]))
        elif roles:
            roles[-1].read(word, rest)
    results = tuple(role.result() for role in roles)
    broken = not roles or not roles[-1].ended
    failed = next((f"role {r.role}: {r.failed}" for r in results if r.failed), "")
    if broken and not failed:
        message = said.strip()[-400:] or "the answer broke off"
        return HostResult(host, "failed" if roles else SILENT, results, message, seconds)
    return HostResult(host, "failed" if failed else "ok", results, failed, seconds, reboot)


@dataclass(slots=True)
class _Role:
    name: str
    changes: list[Change] = field(default_factory=list)
    recorded: str = ""
    failed: str = ""
    skipped: bool = False
    ended: bool = False

    def read(self, word: str, rest: list[str]) -> None:
        match word, rest:
            case "change", [kind, name, what, old]:
                self.changes.append(Change(kind, name, what, None if old == "-" else _decoded(old)))
            case "failed", [kind, name, message]:
                self.failed, self.ended = f"{kind} {name}: {_decoded(message)}", True
            case "done", [_, recorded]:
                self.recorded, self.ended = recorded.strip("-"), True
            case "skipped", _:
                self.skipped, self.ended = True, True

    def result(self) -> RoleResult:
        return RoleResult(self.name, tuple(self.changes), self.recorded, self.failed, self.skipped)


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode("utf-8", "replace").strip("\x00")


def file_diff(path: str, old: str | None, new: str) -> str:
    """A unified diff of one file of a host, with three lines of context; empty where nothing differs."""
    before = (old or "").splitlines(keepends=True)
    name = path if old is not None else "/dev/null"
    return "".join(difflib.unified_diff(before, new.splitlines(keepends=True), name, path))
