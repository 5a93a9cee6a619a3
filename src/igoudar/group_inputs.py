"""What Pulumi records of a group of hosts, and the way back to each host's declarations. Pure.

    _group    {site, name, order: [role], form, course, cordoned: [host], secrets}; how, not what
              secrets: the store of values, where one is named
    hosts     {host: lines `role: digest`}    one value, as the engine keeps each several times over
    serials   {host: serial}                  another box under a name has nothing of what is done there
    texts     {path: {owner: text}}           owner: `*`, or a host
    declared  {role: {part: {owner: value}}}  the rest of the declarations: a file's path, or a key of them

A part is a list or a mapping that holds something, or true; `ABSENT` where a host's role has no such part.

What two or more hosts share stands once, under `*` (the text of most hosts; of two equally frequent ones
that of the first host). A host that differs has its own entry; where several share that one too, the others
say `=<host>`. So a changed line of a shared file is one changed line in the preview, of as many hosts as
`hosts` shows a changed digest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from igoudar.errors import IgoudarError
from igoudar.host_waves import Course
from igoudar.role_document import Document, as_document, digest
from igoudar.roles import Declaration

SHARED = "*"
ABSENT = ""
FORM = 2  # of what is recorded; another one cannot be read back
OLD = "{name} is recorded by an older igoudar; `pulumi up` records it anew, then refresh"
Inputs = dict[str, Any]


def server_group_inputs(
    site: str,
    name: str,
    hosts: Mapping[str, Mapping[str, Declaration]],
    serials: Mapping[str, str],
    secrets: str = "",
    *,
    over: Course | None = None,
    cordoned: Iterable[str] = (),
) -> Inputs:
    """`site` is the site's folder, relative to the checkout; roles come in order of application."""
    documents, digests = _documents(hosts)
    order = _order(roles for roles in hosts.values())
    named = {"secrets": secrets} if secrets else {}
    texts: dict[str, dict[str, str]] = {}
    parts: dict[str, dict[str, Document]] = {}
    for host, roles in documents.items():
        for role, document in roles.items():
            own, bare = _split(document)
            parts.setdefault(role, {})[host] = bare
            for path, text in own.items():
                texts.setdefault(path, {})[host] = text
    return {
        "_group": {
            "site": site,
            "name": name,
            "order": order,
            "form": FORM,
            "course": (over or Course()).as_json(),
            "cordoned": sorted(cordoned),
            **named,
        },
        "hosts": {h: row_of(roles) for h, roles in digests.items()},
        "serials": {h: serials[h] for h in hosts},
        "texts": {path: shared(by_host) for path, by_host in sorted(texts.items())},
        "declared": {role: dict(_by_part(by_host)) for role, by_host in parts.items()},
    }


def _documents(
    hosts: Mapping[str, Mapping[str, Declaration]],
) -> tuple[dict[str, dict[str, Document]], dict[str, dict[str, str]]]:
    """Each declaration as data, and its digest; of one that hosts share once."""
    distinct = {id(told): told for roles in hosts.values() for told in roles.values()}
    made = {at: as_document(told) for at, told in distinct.items()}
    digests = {at: digest(document) for at, document in made.items()}
    return (
        {h: {r: made[id(told)] for r, told in roles.items()} for h, roles in hosts.items()},
        {h: {r: digests[id(told)] for r, told in roles.items()} for h, roles in hosts.items()},
    )


def row_of(roles: Mapping[str, str]) -> str:
    """What a host has of each role: a digest, or what a refresh found. A line each, so that a preview shows
    those that change.
    """
    return "".join(f"{role}: {' '.join(said.splitlines())}\n" for role, said in roles.items())


def roles_of(row: str | Mapping[str, str]) -> dict[str, str]:
    """The inverse of `row_of`. What an older igoudar recorded has the roles as they are."""
    if isinstance(row, Mapping):
        return dict(row)
    return {role: said for role, _, said in (line.partition(": ") for line in row.splitlines())}


def _by_part(by_host: Mapping[str, Document]) -> Iterator[tuple[str, dict[str, Any]]]:
    for part in sorted({part for parts in by_host.values() for part in parts}):
        yield part, shared({host: parts.get(part, ABSENT) for host, parts in by_host.items()})


def host_documents(inputs: Mapping[str, Any]) -> dict[str, dict[str, Document]]:
    """Each host's declarations again, whole and in order. Raises IgoudarError for another form."""
    group = inputs["_group"]
    if group.get("form") != FORM:
        raise IgoudarError(OLD.format(name=group["name"]))
    order = group["order"]
    found: dict[str, dict[str, Document]] = {}
    for host, row in inputs["hosts"].items():
        found[host] = {}
        for role in sorted(roles_of(row), key=order.index):
            parts = {part: owned(entries, host) for part, entries in inputs["declared"][role].items()}
            bare = {part: value for part, value in parts.items() if value != ABSENT and not _is_file(part)}
            files = {
                path: {**value, "text": owned(inputs["texts"][path], host)}
                for path, value in parts.items()
                if value != ABSENT and _is_file(path)
            }
            found[host][role] = {**bare, **({"files": files} if files else {})}
    return found


def _is_file(part: str) -> bool:
    return part.startswith("/")


def owned(entries: Mapping[str, Any], host: str) -> Any:
    """A host's entry of `texts[path]` or `declared[role][part]`."""
    entry = entries.get(host, entries.get(SHARED))
    if isinstance(entry, str) and entry.startswith("="):
        return entries[entry[1:]]
    return entry


def _order(roles: Iterable[Mapping[str, Declaration]]) -> list[str]:
    """One order for all hosts: each host's is a part of `roles/order.yaml`, so joining them is enough."""
    joined: list[str] = []
    for mapping in roles:
        at = 0
        for role in mapping:
            if role in joined:
                at = joined.index(role) + 1
            else:
                joined.insert(at, role)
                at += 1
    return joined


def _split(document: Document) -> tuple[dict[str, str], Document]:
    """The texts of its files by path, and its parts."""
    files = document.get("files", {})
    texts = {path: file["text"] for path, file in files.items()}
    bare = {path: {k: v for k, v in file.items() if k != "text"} for path, file in files.items()}
    return texts, {**{key: value for key, value in document.items() if key != "files"}, **bare}


def shared(by_host: Mapping[str, Any]) -> dict[str, Any]:
    """Owner -> value, equal values once; the inverse of `owned`."""
    keys = {host: v if isinstance(v, str) else (repr(v),) for host, v in by_host.items()}
    counts = Counter(keys[host] for host in sorted(by_host))
    first: dict[str | tuple[str], str] = {}
    for host in sorted(by_host):
        first.setdefault(keys[host], host)
    common, count = counts.most_common(1)[0]
    out: dict[str, Any] = {SHARED: by_host[first[common]]} if count > 1 else {}
    for host in sorted(by_host):
        if count > 1 and keys[host] == common:
            continue
        owner = first[keys[host]]
        out[host] = by_host[host] if owner == host else f"={owner}"
    return out
