"""What a `ServerGroup` has to do, what came of it, and what is live. Pure; inputs as in `group_inputs`.

Outputs: `done` {host: digest over its box and roles}; of the last update `failed` and `notBegun` {host:
message}; of a refresh `unreachable` {host: message}; `reboot` {host: why it wants one}. A cordoned host keeps
what is recorded of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from igoudar.group_inputs import Inputs, host_documents, owned, roles_of, row_of, shared
from igoudar.host_waves import Course
from igoudar.worker.results import NO_ROLE, NOT_BEGUN, HostResult, RoleResult

Values = Mapping[str, Any]


def hosts_to_do(new: Values, outputs: Values) -> list[str]:
    """Hosts that do not have what is asked of them now.

    `done` says it, not the recorded inputs: the engine keeps the old ones where an update failed half-way.
    """
    done = outputs.get("done") or {}
    return sorted(h for h in not_cordoned(new) if done.get(h) != host_digest(new, h))


def not_cordoned(inputs: Values) -> list[str]:
    """Hosts that a run may touch."""
    cordoned = inputs["_group"].get("cordoned", ())
    return sorted(h for h in inputs["hosts"] if h not in cordoned)


def course_of(inputs: Values) -> Course:
    """How a run goes over the group; a record of before groups had waves knows of no limit."""
    told = inputs["_group"].get("course")
    return Course.from_json(told) if told else Course()


def remaining(old: Values, new: Values, outputs: Values) -> dict[str, Any]:
    """The recorded inputs, with the hosts that have what is asked of them as if they were recorded so."""
    to_do = set(hosts_to_do(new, outputs))

    def as_done(key: str) -> dict[str, Any]:
        return {**old.get(key, {}), **{h: asked for h, asked in new[key].items() if h not in to_do}}

    return {**old, "hosts": as_done("hosts"), "serials": as_done("serials")}


def outputs_after(new: Values, results: Mapping[str, HostResult], outputs: Values) -> dict[str, Any]:
    """Outputs once `results` are in; hosts that had nothing to do keep what they had."""
    done, before = dict(outputs.get("done") or {}), outputs.get("failed") or {}
    failed: dict[str, str] = {}
    not_begun: dict[str, str] = {}
    for host, result in results.items():
        if result.status == "ok":
            done[host] = host_digest(new, host)
        elif result.status == NOT_BEGUN:
            not_begun[host] = result.message
        else:
            done.pop(host, None)
            failed[host] = result.message
    here = new["hosts"]
    kept = {h: why for h, why in before.items() if h in here and (h in not_begun or h not in results)}
    return {
        "done": {h: d for h, d in sorted(done.items()) if h in here},
        "failed": dict(sorted({**kept, **failed}.items())),
        "notBegun": dict(sorted(not_begun.items())),
        "reboot": {h: why for h, why in _reboots(results, outputs).items() if h in here},
    }


def _reboots(results: Mapping[str, HostResult], outputs: Values) -> dict[str, str]:
    """host -> why it wants a reboot; of those that said nothing, what is known."""
    heard = {h: result.reboot for h, result in results.items() if result.status == "ok" or result.reboot}
    found = {**(outputs.get("reboot") or {}), **heard}
    return {h: why for h, why in sorted(found.items()) if why}


def host_digest(inputs: Values, host: str) -> str:
    asked = [inputs["serials"][host], roles_of(inputs["hosts"][host])]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]


def live(inputs: Values, outputs: Values, results: Mapping[str, HostResult]) -> tuple[Inputs, dict[str, Any]]:
    """Inputs and outputs as the hosts are, by a plan over each; the record of a silent host stays.

    A host that holds files of ours which no role declares any more is not done, so the next update runs it.
    """
    found, silent = deepcopy(dict(inputs)), {}
    documents = host_documents(inputs)
    drifted: dict[str, dict[str, str]] = {}
    for host, result in results.items():
        if result.status != "ok":
            silent[host] = result.message
            continue
        roles = roles_of(inputs["hosts"][host])
        for role in (r for r in result.roles if r.role != NO_ROLE):
            roles[role.role] = live_digest(role, roles[role.role])
            for change in role.changes:
                if change.kind == "file" and change.what == "text":
                    drifted.setdefault(change.name, {})[host] = change.old or ""
        if roles != roles_of(inputs["hosts"][host]):  # else as it is: an older igoudar recorded no row
            found["hosts"][host] = row_of(roles)
    for path, texts in drifted.items():
        owners = [h for h, roles in documents.items() if _has(roles.values(), path)]
        if not owners:  # keys of a login: the digest of its role says it
            continue
        by_host = {h: texts.get(h, owned(inputs["texts"][path], h)) for h in owners}
        found["texts"][path] = shared(by_host)
    untidy = {host for host, result in results.items() if result.left_over}
    kept = {
        h: d
        for h, d in (outputs.get("done") or {}).items()
        if h not in untidy and roles_of(found["hosts"].get(h, "")) == roles_of(inputs["hosts"].get(h, ""))
    }
    told = {"done": kept, "unreachable": silent, "reboot": _reboots(results, outputs)}
    return found, {**outputs, **told}


def live_digest(role: RoleResult, recorded: str) -> str:
    """The digest that the host keeps; where the host differs from it, what differs."""
    if role.changes:
        said = ", ".join(str(change) for change in role.changes)
        return f"{role.recorded or 'never applied'}, would change: {said}"
    return role.recorded or recorded


def _has(documents: Iterable[Values], path: str) -> bool:
    return any(path in document.get("files", {}) for document in documents)
