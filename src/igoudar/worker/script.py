"""All roles of a host as one POSIX script on the stdin of one exec. Pure; `bundle.sh` holds its functions.

The same script plans and applies: only `MODE` differs, so a plan cannot say what an apply would not do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from shlex import quote

from igoudar.roles import RoleCommand, RoleFile, RoleUnit, RoleUser


@dataclass(frozen=True, slots=True)
class Packages:
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReloadUnits:
    """Before the units of a role: systemd reads changed unit files again."""


Step = Packages | RoleUser | RoleFile | RoleCommand | RoleUnit | ReloadUnits


@dataclass(frozen=True, slots=True)
class RoleSteps:
    """The steps of one role on one host, in order, and the digest that the host keeps when all went well."""

    role: str
    digest: str
    steps: tuple[Step, ...]


def bundle_script(roles: Sequence[RoleSteps], serial: str, *, plan: bool, by: str = "") -> str:
    """The whole script. Calls stand in a function, so that all of it is read before the first one runs.

    Only the box with this serial is changed; any box where it is empty. `by` stands in the host's history.
    """
    calls = [line for told in roles for line in _role(told)]
    return "\n".join(
        (
            f"SERIAL={quote(serial)}",
            f"BY={quote(' '.join(by.split()))}",
            *_facts(roles, plan=plan),
            _prelude(),
            "main() {",
            *calls,
            "}",
            "same_box",
            "take_lock",
            "history_begin",
            "main",
            "history_end",
            "tell_reboot",
            "end",
            "",
        )
    )


@cache
def _prelude() -> str:
    folder = resources.files("igoudar.worker")
    return "\n".join(folder.joinpath(n).read_text("utf-8") for n in ("bundle.sh", "host_record.sh"))


def _facts(roles: Sequence[RoleSteps], *, plan: bool) -> Iterator[str]:
    """What to ask the host: every name of every role, each once."""
    steps = [step for told in roles for step in told.steps]
    yield f"MODE={'plan' if plan else 'apply'}"
    yield _words("PATHS", [s.path for s in map(_as_file, steps) if s])
    yield _words("PACKAGES", [n for s in steps if isinstance(s, Packages) for n in s.names])
    yield _words("USERS", [s.name for s in steps if isinstance(s, RoleUser)])
    yield _words("UNITS", [s.name for s in steps if isinstance(s, RoleUnit)])


def _words(name: str, words: Iterable[str]) -> str:
    return f"{name}={quote(' '.join(dict.fromkeys(words)))}"


def _as_file(step: Step) -> RoleFile | None:
    if isinstance(step, RoleFile):
        return step
    if isinstance(step, RoleUser) and step.keys:
        return keys_file(step)
    return None


def keys_file(user: RoleUser) -> RoleFile:
    """The keys of a login as a file of its own."""
    path = f"/home/{user.name}/.ssh/authorized_keys"
    text = "".join(f"{key}\n" for key in user.keys)
    return RoleFile(path, text=text, owner=user.name, group=user.name, mode="0600")


def _role(told: RoleSteps) -> Iterator[str]:
    yield _call("begin", told.role, told.digest)
    for step in told.steps:
        writer: Callable[..., Iterator[str]] = _WRITERS[type(step)]
        yield from writer(step)
    yield "finish"


def _packages(step: Packages) -> Iterator[str]:
    if step.names:
        yield _call("packages", *step.names)


def _user(step: RoleUser) -> Iterator[str]:
    yield _call("user", step.name, " ".join(step.groups))
    if step.keys:
        yield from _file(keys_file(step))


def _file(step: RoleFile) -> Iterator[str]:
    assert step.text is not None, step.path
    digest = text_digest(step.text)
    validate = step.validate.replace("{}", f"{step.path}.igoudar-new")
    mode = step.mode.lstrip("0") or "0"
    arguments = (step.path, step.owner, step.group, mode, digest, validate, step.unless, *step.notify)
    end = f"END-{digest[:16]}"
    yield f"{_call('file', *arguments)} <<'{end}'"
    yield step.text + end


def _command(step: RoleCommand) -> Iterator[str]:
    yield _call("run_command", step.name, step.run, step.unless)


def _unit(step: RoleUnit) -> Iterator[str]:
    running = "-" if step.running is None else "yes" if step.running else "no"
    yield _call("unit", step.name, "yes" if step.enabled else "no", running)


def _reload_units(_: ReloadUnits) -> Iterator[str]:
    yield "reload_units"


_WRITERS: dict[type[Step], Callable[..., Iterator[str]]] = {
    Packages: _packages,
    RoleUser: _user,
    RoleFile: _file,
    RoleCommand: _command,
    RoleUnit: _unit,
    ReloadUnits: _reload_units,
}


def _call(name: str, *arguments: str) -> str:
    return " ".join((name, *map(quote, arguments)))


def text_digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
