"""What a host says of itself leaves the worker without secrets. Pure.

Live text is masked by the `secret_lines` of the role that owns the file, and by those of every NOS folder
that names the same path: a host's frr.conf may hold what a switch's may. Messages of a role that failed quote
such lines in the middle of their own, so there the patterns hold anywhere in a line. Where the role's own
text has a mark, the value in its place is compared (`host_secrets`), and no value of the host is elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from igoudar.agent.masks import UNKNOWN
from igoudar.role_document import Document
from igoudar.vendors import Nos
from igoudar.worker.host_secrets import NOTHING, Values
from igoudar.worker.results import HostResult, RoleResult

Known = Mapping[str, tuple[str, ...]]


def known_lines(folders: Mapping[str, Nos]) -> dict[str, tuple[str, ...]]:
    """Path on a device -> patterns of the NOS folders that have such a file."""
    found: dict[str, tuple[str, ...]] = {}
    for nos in folders.values():
        for file in nos.files:
            found[file.path] = (*found.get(file.path, ()), *(p.pattern for p in nos.secret_lines))
    return found


def masked(
    result: HostResult, documents: Mapping[str, Document], known: Known, values: Values = NOTHING
) -> HostResult:
    """The result without secrets. `documents`: the host's roles; `known`: as of `known_lines`.

    A role that has left the host has no document: the host itself withholds texts of one that had secrets.
    """
    roles = tuple(_role(role, documents.get(role.role, {}), known, values) for role in result.roles)
    message = result.message
    for before, after in zip(result.roles, roles, strict=True):
        if before.failed:
            message = message.replace(before.failed, after.failed)
    return replace(result, roles=roles, message=values.hidden(message))


def _role(result: RoleResult, document: Document, known: Known, values: Values) -> RoleResult:
    own = tuple(document.get("secret_lines", ()))
    files = document.get("files", {})
    changes = []
    for change in result.changes:
        desired, patterns = files.get(change.name, {}).get("text", ""), (*own, *known.get(change.name, ()))
        old = None if change.old is None else values.live(change.old, desired, patterns)
        changes.append(replace(change, old=old))
    near = (pattern for path in files for pattern in known.get(path, ()))
    failed = result.failed
    for pattern in dict.fromkeys((*own, *near)):
        failed = re.sub(pattern.removeprefix("^"), _hidden, failed, flags=re.MULTILINE)
    return replace(result, changes=tuple(changes), failed=values.hidden(failed))


def _hidden(found: re.Match[str]) -> str:
    begin, end = (place - found.start() for place in found.span("secret"))
    return f"{found.group()[:begin]}{UNKNOWN}{found.group()[end:]}"
