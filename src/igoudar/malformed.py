"""What is wrong with the declaration of a role, before anything is made of it."""

from __future__ import annotations

import re
import warnings
from dataclasses import is_dataclass
from functools import lru_cache
from ipaddress import ip_network
from types import UnionType
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from igoudar.roles import Declaration, RoleFile, RoleLine, RolePort

PATH = re.compile(r"(/[A-Za-z0-9@+._-]+)+")
UNIT = re.compile(r"[A-Za-z0-9@:_.-]+\.(service|timer|socket|path|target|mount)")
WORD = re.compile(r"[a-z0-9][a-z0-9+._-]*")
PURPOSE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ',.:()/+-]{0,79}")
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # a tab may stand in a line
# What decides who gets in: a role that writes here goes back by itself when nobody does.
WAYS_IN = ("/etc/ssh/", "/etc/sudoers", "/etc/pam.d/", "/etc/network/", "/etc/nftables")
NOTIFY = "restart:<unit>, reload:<unit> or run:<command>"


def malformed(told: Declaration) -> str:
    """What makes a declaration impossible to apply safely, as one sentence; empty if nothing does.

    A value of another type than its field is looked for where something else is wrong already: for each
    host it would cost more than all the rest.
    """
    try:
        wrong = _loose(told) or _malformed(told)
    except (AttributeError, TypeError):
        if misfit := _misfit(told):
            return misfit
        raise
    return wrong and (_misfit(told) or wrong)


def _loose(told: Declaration) -> str:
    """A text is read as a tuple of its letters, and any word is true."""
    for name in told.__slots__:
        if type(getattr(told, name)) not in (tuple, bool):
            return f"{name} is no tuple"
    if bad := [u for u in told.units if u.running not in (True, False, None)]:
        return f"not a state of a unit: {bad[0].running!r}"
    return ""


def _misfit(entry: Any) -> str:
    """The first value in it that is of another type than its field."""
    for name, kind in get_type_hints(type(entry)).items():
        value, where = getattr(entry, name), f"{type(entry).__name__}.{name}"
        plain = kind if isinstance(kind, type | UnionType) else get_origin(kind)
        if plain is not tuple:
            if not isinstance(value, plain):
                return f"{where} is {_named(value)}, which is no {getattr(plain, '__name__', plain)}"
            continue
        of = get_args(kind)[0]
        if not isinstance(value, tuple):
            return f"{where} is {_named(value)}, no tuple; one of one entry ends with a comma"
        if bad := [v for v in value if not isinstance(v, of)]:
            return f"{where} holds {_named(bad[0])}, which is no {of.__name__}"
        if inner := [said for v in value if is_dataclass(v) and (said := _misfit(v))]:
            return inner[0]
    return ""


def _named(value: object) -> str:
    """Things of ours are too long to print."""
    return repr(value) if isinstance(value, str | int | None) else f"a {type(value).__name__}"


def _malformed(told: Declaration) -> str:
    """Names end in a shell script on the host, so they are held to narrow alphabets here, once."""
    for file in told.files:
        if not _plain(file.path):
            return f"not an absolute plain path: {file.path!r}"
        if not re.fullmatch(r"0[0-7]{3}", file.mode):
            return f"{file.path}: mode {file.mode!r} is not four octal digits"
        if sum((bool(file.template), bool(file.source), file.text is not None)) < 1:
            return f"{file.path}: neither template, source nor text"
        if file.path.startswith(WAYS_IN) and not told.lockout:
            return f"{file.path} may lock everybody out: the declaration needs lockout=True"
    if wrong_line := _malformed_line(told):
        return wrong_line
    words = [*told.packages, *(u.name for u in told.users), *(g for u in told.users for g in u.groups)]
    words += [w for f in told.files for w in (f.owner, f.group)]
    if wrong := [w for w in words if not WORD.fullmatch(w)]:
        return f"not a name: {wrong[0]!r}"
    if bad := [u.name for u in told.units if not UNIT.fullmatch(u.name)]:
        return f"not a unit with its suffix: {bad[0]!r}"
    if bad := [p for p in told.secret_lines if not _finds_a_secret(p)]:
        return f"not a regular expression with a group `secret`: {bad[0]!r}"
    if wrong_ports := [port for port in told.ports if not _opens(port)]:
        return f"not a port with protocol, source and purpose: {wrong_ports[0]}"
    return _twice(told) or _notified(told)


def _twice(told: Declaration) -> str:
    """The later one would win, on each run anew."""
    commands = (*told.before_units, *told.commands)
    for kind, names in (
        ("file", [f.path for f in told.files]),
        ("unit", [u.name for u in told.units]),
        ("command", [c.name for c in commands]),
        ("user", [u.name for u in told.users]),
    ):
        if len(set(names)) < len(names):
            return f"the {kind} {max(names, key=names.count)} stands twice"
    return ""


def _opens(port: RolePort) -> bool:
    """All of it ends in the text of a packet filter."""
    try:
        ip_network(port.source or "::/0")
    except ValueError:
        return False
    good = port.protocol in ("tcp", "udp") and 0 < port.number < 65536
    return good and PURPOSE.fullmatch(port.purpose) is not None


@lru_cache(maxsize=4096)  # hosts have the same few
def _plain(path: str) -> bool:
    return bool(PATH.fullmatch(path)) and not {".", ".."} & set(path.split("/"))


def _malformed_line(told: Declaration) -> str:
    whole = {file.path for file in told.files}
    for one in told.lines:
        if not _plain(one.path):
            return f"not an absolute plain path: {one.path!r}"
        if one.path in whole:
            return f"{one.path}: a line of a file that the role writes whole"
        if not one.line.strip() or CONTROL.search(one.line + one.replaces):
            return f"{one.path}: not one line of text: {one.line!r}, {one.replaces!r}"
        if not _is_expression(one.replaces):
            return f"{one.path}: not a regular expression: {one.replaces!r}"
        others = [o.line for o in told.lines if o.path == one.path and o.line != one.line]
        if lost := [line for line in others if one.replaces and _finds(one.replaces, line)]:
            return f"{one.path}: {one.replaces!r} finds another line of the role: {lost[0]!r}"
    return ""


def _is_expression(pattern: str) -> bool:
    """Near enough: what Python refuses `grep -E` refuses or reads otherwise; the host judges again."""
    try:
        _finds(pattern, "")
    except re.error:
        return False
    return True


def _finds(pattern: str, line: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of [[:space:]]
        return re.search(pattern, line) is not None


def _finds_a_secret(pattern: str) -> bool:
    try:
        return "secret" in re.compile(pattern).groupindex
    except re.error:
        return False


def _notified(told: Declaration) -> str:
    commands = {c.name for c in (*told.before_units, *told.commands)}
    if bad := [c for c in commands if not WORD.fullmatch(c)]:
        return f"not a name of a command: {bad[0]!r}"
    known = {f"run:{name}" for name in commands}
    known |= {f"{verb}:{u.name}" for u in told.units if u.running for verb in ("restart", "reload")}
    notifying: tuple[RoleFile | RoleLine, ...] = (*told.files, *told.lines)
    for one in notifying:
        if missing := [n for n in one.notify if n not in known]:
            return f"{one.path}: notifies {missing[0]!r}, which the role does not have ({NOTIFY})"
    asked = {word for one in notifying for word in one.notify}
    waiting = [c.name for c in (*told.before_units, *told.commands) if not c.unless]
    if never := [name for name in waiting if f"run:{name}" not in asked]:
        return f"the command {never[0]!r} never runs: it has no `unless`, and no file notifies run:{never[0]}"
    return ""
