"""A rendered declaration as plain data: what Pulumi records of a role, and what a worker is given. Pure.

`{packages: [name], users: {name: {keys, groups}}, files: {path: {owner, mode, text, validate, unless,
notify}}, lines: [{path, line, replaces, notify}], before: [{name, run, unless}], units: [{name, enabled,
running}], commands: [...], ports: [...], secret_lines: [pattern], lockout: true}`; what is empty or false is
left out. Files come back sorted by path: their order has no meaning, all of them stand before the first
command or unit. The rest are lists, because maps lose their order in the engine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from igoudar.roles import Declaration, RoleCommand, RoleFile, RoleLine, RolePort, RoleUnit, RoleUser

Document = dict[str, Any]


def as_document(told: Declaration) -> Document:
    """Every file must have its text (`igoudar.render_roles`)."""
    return _full(
        packages=list(told.packages),
        users={u.name: _full(keys=list(u.keys), groups=list(u.groups)) for u in told.users},
        files={f.path: _file(f) for f in told.files},
        lines=[_line(one) for one in told.lines],
        before=[_command(c) for c in told.before_units],
        units=[_unit(u) for u in told.units],
        commands=[_command(c) for c in told.commands],
        ports=[f"{p.number}/{p.protocol} from {p.source}: {p.purpose}" for p in told.ports],
        secret_lines=list(told.secret_lines),
        lockout=told.lockout or None,
    )


def from_document(document: Mapping[str, Any]) -> Declaration:
    """The declaration again, with texts in place of templates."""
    users = document.get("users", {})
    return Declaration(
        packages=tuple(document.get("packages", ())),
        users=tuple(
            RoleUser(name, tuple(u.get("keys", ())), tuple(u.get("groups", ())))
            for name, u in sorted(users.items())
        ),
        files=tuple(_read_file(path, f) for path, f in sorted(document.get("files", {}).items())),
        lines=tuple(_read_line(one) for one in document.get("lines", ())),
        before_units=tuple(RoleCommand(**c) for c in document.get("before", ())),
        units=tuple(_read_unit(u) for u in document.get("units", ())),
        commands=tuple(RoleCommand(**c) for c in document.get("commands", ())),
        ports=tuple(_read_port(p) for p in document.get("ports", ())),
        secret_lines=tuple(document.get("secret_lines", ())),
        lockout=bool(document.get("lockout")),
    )


def digest(document: Mapping[str, Any]) -> str:
    """What a host keeps of a role that went well: 32 hexadecimal digits over all of the document."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _full(**fields: Any) -> Document:
    return {key: value for key, value in fields.items() if value not in ("", [], {}, None)}


def _file(file: RoleFile) -> Document:
    assert file.text is not None, file.path
    return _full(
        owner=f"{file.owner}:{file.group}",
        mode=file.mode,
        text=file.text,
        validate=file.validate,
        unless=file.unless,
        notify=list(file.notify),
    )


def _read_file(path: str, document: Mapping[str, Any]) -> RoleFile:
    owner, _, group = document["owner"].partition(":")
    return RoleFile(
        path=path,
        text=document["text"],
        owner=owner,
        group=group,
        mode=document["mode"],
        validate=document.get("validate", ""),
        unless=document.get("unless", ""),
        notify=tuple(document.get("notify", ())),
    )


def _line(one: RoleLine) -> Document:
    return _full(path=one.path, line=one.line, replaces=one.replaces, notify=list(one.notify))


def _read_line(document: Mapping[str, Any]) -> RoleLine:
    notify = tuple(document.get("notify", ()))
    return RoleLine(document["path"], document["line"], document.get("replaces", ""), notify)


def _command(command: RoleCommand) -> Document:
    return _full(name=command.name, run=command.run, unless=command.unless)


_RUNNING = {True: "yes", False: "no", None: "any"}


def _unit(unit: RoleUnit) -> Document:
    return {"name": unit.name, "enabled": unit.enabled, "running": _RUNNING[unit.running]}


def _read_unit(document: Mapping[str, Any]) -> RoleUnit:
    running = {word: state for state, word in _RUNNING.items()}[document["running"]]
    return RoleUnit(document["name"], bool(document["enabled"]), running)


def _read_port(text: str) -> RolePort:
    head, _, purpose = text.partition(": ")
    port, _, source = head.partition(" from ")
    number, _, protocol = port.partition("/")
    return RolePort(int(number), protocol, source, purpose)
