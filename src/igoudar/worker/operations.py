"""The calls of a role as ordinary pyinfra operations, one after the other: slower by some twenty execs a
role, but each step shows by name in pyinfra's own output. A test holds both ways to equal results. Files that
no role declares any more are not removed: operations see one role at a time, and keep no list on the host.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import StringIO
from shlex import quote

from pyinfra import host
from pyinfra.api.command import FileUploadCommand, QuoteString, StringCommand
from pyinfra.api.operation import OperationMeta, operation
from pyinfra.facts.files import File, Sha256File
from pyinfra.facts.server import Command
from pyinfra.operations import apt, server, systemd
from pyinfra.operations.util import any_changed

from igoudar.roles import RoleCommand, RoleFile, RoleLine, RoleUnit, RoleUser
from igoudar.worker.host_secrets import NOTHING, Values
from igoudar.worker.script import Packages, ReloadUnits, Step, keys_file, text_digest
from igoudar.worker.shell import shell_text

ROOT = {"_sudo": True}


class Operations:
    """The way of operations, for one role on one host. `told`: word (`restart:<unit>`) -> who said it.

    `values` are those of the secrets in its files.
    """

    def __init__(self, values: Values = NOTHING) -> None:
        self.values = values
        self.told: dict[str, list[OperationMeta]] = {}
        self.unit_files: list[OperationMeta] = []

    def step(self, step: Step) -> None:
        match step:
            case Packages():
                self._packages(step)
            case RoleUser():
                self._user(step)
            case RoleFile():
                self._file(self.values.filled(step))
            case RoleLine():
                self._heard(step, one_line(step, name=f"line of {step.path}", **ROOT))
            case RoleCommand():
                self._command(step)
            case RoleUnit():
                self._unit(step)
            case ReloadUnits():
                self._reload_units()

    def _packages(self, step: Packages) -> None:
        if step.names:
            apt.packages(
                name=f"packages {' '.join(step.names)}", packages=list(step.names), no_recommends=True, **ROOT
            )

    def _user(self, step: RoleUser) -> None:
        server.user(
            name=f"login {step.name}",
            user=step.name,
            home=f"/home/{step.name}",
            shell="/bin/bash",
            password="*",
            groups=list(step.groups),
            **ROOT,
        )
        if step.keys:
            self._file(keys_file(step))

    def _file(self, step: RoleFile) -> None:
        done = whole_file(step, name=f"file {step.path}", **ROOT)
        self._heard(step, done)
        if step.path.startswith("/etc/systemd/system/"):
            self.unit_files.append(done)

    def _heard(self, step: RoleFile | RoleLine, done: OperationMeta) -> None:
        for word in step.notify:
            self.told.setdefault(word, []).append(done)

    def _command(self, step: RoleCommand) -> None:
        due = any_changed(*self.told.get(f"run:{step.name}", []))
        due_command(step, due, name=f"command {step.name}", **ROOT)

    def _reload_units(self) -> None:
        if self.unit_files:
            systemd.daemon_reload(name="read unit files again", _if=any_changed(*self.unit_files), **ROOT)

    def _unit(self, step: RoleUnit) -> None:
        running = {} if step.running is None else {"running": step.running}
        if step.running is None:
            enabled_unit(step.name, step.enabled, name=f"unit {step.name}", **ROOT)
            return
        systemd.service(name=f"unit {step.name}", service=step.name, enabled=step.enabled, **running, **ROOT)
        for verb in ("restart", "reload"):
            if asked := self.told.get(f"{verb}:{step.name}"):
                done = {f"{verb}ed": True}
                systemd.service(
                    name=f"{verb} {step.name}", service=step.name, _if=any_changed(*asked), **done, **ROOT
                )


@operation()  # type: ignore[untyped-decorator,unused-ignore]
def whole_file(file: RoleFile) -> Iterator[StringCommand | FileUploadCommand]:
    """Put a whole file in place of another, checked before; nothing where text, owner and mode are right."""
    assert file.text is not None
    found = host.get_fact(File, path=file.path) or {}
    right = (
        host.get_fact(Sha256File, path=file.path) == text_digest(file.text)
        and (found.get("user"), found.get("group")) == (file.owner, file.group)
        and int(found.get("mode") or 0) == int(file.mode)
    )
    if right or (file.unless and _succeeds(file.unless)):
        host.noop(f"{file.path} is as it should be")
        return
    new = f"{file.path}.igoudar-new"
    yield StringCommand("mkdir", "-p", QuoteString(file.path.rpartition("/")[0]))
    yield FileUploadCommand(StringIO(file.text), new)
    yield StringCommand("chown", f"{file.owner}:{file.group}", QuoteString(new))
    yield StringCommand("chmod", file.mode, QuoteString(new))
    if file.validate:
        yield StringCommand(file.validate.replace("{}", new))
    yield StringCommand("mv", "-f", QuoteString(new), QuoteString(file.path))


@operation()  # type: ignore[untyped-decorator,unused-ignore]
def one_line(line: RoleLine) -> Iterator[StringCommand]:
    """One line in a file that is not ours, by the functions of the bundle."""
    functions = shell_text("line.sh")
    words = " ".join(map(quote, (line.path, line.line, line.replaces)))
    judged = f"{functions}\njudge_line {words}"
    if host.get_fact(Command, command=f'{judged}; echo "$verdict"') == "right":
        host.noop(f"{line.path} has the line")
        return
    put = f'put_line {quote(line.path)} {quote(line.line)} "$number"'
    refuse = 'echo "$verdict" >&2; false'
    yield StringCommand(f"{judged}; case $verdict in add | replace) {put} ;; *) {refuse} ;; esac")


@operation()  # type: ignore[untyped-decorator,unused-ignore]
def due_command(command: RoleCommand, due: Callable[[], bool]) -> Iterator[StringCommand]:
    """Run it where a file asked for it, or where its test fails."""
    if due() or (command.unless and not _succeeds(command.unless)):
        yield StringCommand(command.run)
    else:
        host.noop(f"command {command.name} is not due")


@operation()  # type: ignore[untyped-decorator,unused-ignore]
def enabled_unit(name: str, enabled: bool) -> Iterator[StringCommand]:
    """Enable or disable a unit whose running is nobody's business."""
    if enabled != _succeeds(f"systemctl -q is-enabled {name}"):
        yield StringCommand("systemctl", "enable" if enabled else "disable", name)
    else:
        host.noop(f"{name} is {'enabled' if enabled else 'disabled'}")


def _succeeds(test: str) -> bool:
    said = host.get_fact(
        Command, command=f"if {{ {test}; }} >/dev/null 2>&1; then echo yes; else echo no; fi"
    )
    return bool(said == "yes")
