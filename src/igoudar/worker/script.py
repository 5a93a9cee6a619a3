"""All roles of a host as one POSIX script on the stdin of one exec. Pure; the `.sh` files hold its functions.

The same script plans and applies: only `MODE` differs, so a plan cannot say what an apply would not do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from shlex import quote

from igoudar.roles import RoleCommand, RoleFile, RoleLine, RoleUnit, RoleUser
from igoudar.worker.lockout import Window, guard
from igoudar.worker.shell import shell_text


@dataclass(frozen=True, slots=True)
class Packages:
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReloadUnits:
    """Before the units of a role: systemd reads changed unit files again."""


PARTS = ("bundle.sh", "removal.sh", "line.sh", "host_record.sh")
UNIT_FILES = "/etc/systemd/system/"
Step = Packages | RoleUser | RoleFile | RoleLine | RoleCommand | RoleUnit | ReloadUnits


@dataclass(frozen=True, slots=True)
class RoleSteps:
    """The steps of one role on one host, in order, and the digest that the host keeps when all went well.

    `private`: a text of this role may hold a secret that nobody can mask once the role has left the host.
    `lockout`: what it changes is put back where no new login comes through afterwards.
    """

    role: str
    digest: str
    steps: tuple[Step, ...]
    private: bool = False
    lockout: bool = False


def bundle_script(
    roles: Sequence[RoleSteps],
    serial: str,
    *,
    plan: bool,
    whole: bool = True,
    window: Window | None = None,
    by: str = "",
) -> str:
    """The whole script. Calls stand in a function, and all of it is read before the first one runs.

    Only the box with this serial is changed; any box where it is empty. `whole`: these are all roles of the
    host, so what we wrote there and none of them declares is removed (`removal.sh`). Roles that may lock
    everybody out are applied with a window only. `by` stands in the host's history.
    """
    armable = window is not None and may_arm(roles, plan=plan, whole=whole)
    assert armable or plan or not any(told.lockout for told in roles), "no window to go back in"
    calls = [line for told in roles for line in _role(told, guarded=told.lockout and armable)]
    last = f"guarded={'yes' if armable else 'no'}; sweep; history_end; tell_reboot; end; exit"
    return "\n".join(
        (
            f"SERIAL={quote(serial)}",
            f"MODE={'plan' if plan else 'apply'}",
            f"WHOLE={'yes' if whole else 'no'}",
            f"BY={quote(' '.join(by.split()))}",
            *_facts(roles),
            *map(shell_text, PARTS),
            *(_guard(roles, window) if window and armable else ()),
            "main() {",
            ":",
            *calls,
            "}",
            f"{{ same_box; take_lock; recall; history_begin; main; {last}; }} </dev/null",
            "",
        )
    )


def _facts(roles: Sequence[RoleSteps]) -> Iterator[str]:
    """What to ask the host: every name of every role, each once."""
    steps = [step for told in roles for step in told.steps]
    yield _words("ROLES", [told.role for told in roles])
    yield _words("LINED", [s.path for s in steps if isinstance(s, RoleLine)])
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


def _role(told: RoleSteps, *, guarded: bool) -> Iterator[str]:
    yield _call("begin", told.role, told.digest, "hidden" if told.private else "shown")
    yield f"guarded={'yes' if guarded else 'no'}"
    lines = [step for step in told.steps if isinstance(step, RoleLine)]
    for step in told.steps:
        if isinstance(step, RoleLine):
            yield _line(step, lines.index(step))
            continue
        writer: Callable[..., Iterator[str]] = _WRITERS[type(step)]
        yield from writer(step)
    yield "finish"


def may_arm(roles: Sequence[RoleSteps], *, plan: bool, whole: bool) -> bool:
    """Whether a run may change how one gets in: by a role that says so, or by what no role declares."""
    return not plan and (whole or any(told.lockout for told in roles))


def _guard(roles: Sequence[RoleSteps], window: Window) -> Iterator[str]:
    lockout = [told for told in roles if told.lockout]
    calls = [call for told in lockout for call in _way_back(told)]
    yield from guard([told.role for told in lockout], calls, window)


def _way_back(told: RoleSteps) -> Iterator[str]:
    """What follows when files of the role were put back, in its own order: `back.sh` has the functions."""
    asked: dict[str, list[str]] = {}
    files: list[RoleFile | RoleLine] = [file for file in map(_as_file, told.steps) if file]
    files += [step for step in told.steps if isinstance(step, RoleLine)]
    for path, token in ((file.path, token) for file in files for token in file.notify):
        asked.setdefault(token, []).append(path)
    for step in told.steps:
        match step:
            case RoleCommand() if paths := asked.get(f"run:{step.name}"):
                yield _call("command_back", step.name, step.run, *paths)
            case ReloadUnits() if paths := [f.path for f in files if f.path.startswith(UNIT_FILES)]:
                yield _call("units_back", *paths)
            case RoleUnit():
                restart, reload = (asked.get(f"{verb}:{step.name}", []) for verb in ("restart", "reload"))
                yield _call("enabled_back", step.name)
                if step.running is not None:
                    yield _call("running_back", step.name, " ".join(restart), " ".join(reload))


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


def _line(step: RoleLine, place: int) -> str:
    return _call("one_line", str(place), step.path, step.line, step.replaces, *step.notify)


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
