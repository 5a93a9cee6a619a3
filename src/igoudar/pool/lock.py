"""`packages.lock.yaml` of a site: the one version of every package that its hosts can install. Pure.

It is written by `igoudar pool lock` and read by people as a diff; hosts move to what it says by `pulumi up`.
Reads files and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from igoudar.errors import BadInput, Finding, Where, and_more
from igoudar.inventory import LOCK, shown
from igoudar.roles import Declaration
from igoudar.schema import Entry
from igoudar.site import Site
from igoudar.site_schema import PackageName, Suite
from igoudar.validated import validated
from igoudar.yaml_source import locate, read_source

SERVICE = "packages"
FILE = r"^([A-Za-z0-9][A-Za-z0-9.+~:_%-]*/)+[a-z0-9][^/\s]*\.deb$"
HEAD = """\
# Written by `igoudar pool lock {site}`: the one version of every Debian package that hosts can install. Read
# the diff and fetch the files (`igoudar pool fetch {site}`); then `pulumi up` moves the hosts.
"""


class LockedIn(Entry):
    """`file`: where it lies below the root of a mirror; no step of it begins with a dot."""

    version: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.+:~-]+$")]
    size: Annotated[int, Field(ge=1)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    file: Annotated[str, StringConstraints(pattern=FILE)]


class LockIn(Entry):
    snapshot: Annotated[str, StringConstraints(pattern=r"^\d{8}T\d{6}Z$")]
    suite: Suite
    architecture: Suite
    packages: Annotated[dict[PackageName, LockedIn], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Locked:
    """A package: `size` in bytes, `file` below the root of a mirror."""

    version: str
    size: int
    sha256: str
    file: str


@dataclass(frozen=True, slots=True)
class Lock:
    """`snapshot`: when it was made, which names it; empty where a site has no lock."""

    where: Where
    snapshot: str = ""
    suite: str = ""
    architecture: str = ""
    packages: Mapping[str, Locked] = field(default_factory=dict)


def read_lock(folder: Path, root: Path) -> Lock:
    """Of the site in `folder`; one without a snapshot where it has none. Raises BadInput."""
    path = folder / LOCK
    where = Where(shown(path, root))
    if not path.exists():
        return Lock(where)
    source = read_source(path, where.file)
    entry, findings = validated(source, LockIn)
    if not isinstance(entry, LockIn) or source.findings or findings:
        raise BadInput(locate((*source.findings, *findings), root))
    packages = {name: Locked(**dict(one)) for name, one in entry.packages.items()}
    return Lock(where, entry.snapshot, entry.suite, entry.architecture, packages)


def lock_text(lock: Lock, site: str) -> str:
    """A line a package, by name, so that a diff shows whose version moves."""
    lines = [f"snapshot: {lock.snapshot}", f"suite: {lock.suite}", f"architecture: {lock.architecture}"]
    for name, one in sorted(lock.packages.items()):
        version, sha256, file = (json.dumps(word) for word in (one.version, one.sha256, one.file))
        told = f"version: {version}, size: {one.size}, sha256: {sha256}, file: {file}"
        lines += ["packages:"] if lines[-1].startswith("architecture") else []
        lines.append(f"  {name}: {{{told}}}")
    return HEAD.format(site=site) + "".join(f"{line}\n" for line in lines)


def check(lock: Lock, hosts: Mapping[str, Mapping[str, Declaration]], site: Site) -> Iterator[Finding]:
    """`hosts`: host -> role -> what it declares. What they install and the pool has not; another suite."""
    folder = Path(site.folder).name
    service = site.served(SERVICE)
    again = f"igoudar pool lock {folder}"
    if not lock.snapshot:
        if service is not None:
            said = f"there is a pool of packages, and no {LOCK} that says what is in it"
            yield Finding("no-package-lock", service.where, said, hint=again)
        return
    for word, meant in (("suite", site.packages.suite), ("architecture", site.packages.architecture)):
        if (found := getattr(lock, word)) != meant:
            said = f"the lock is of the {word} {found}, the hosts are of {meant}"
            yield Finding("lock-of-another-suite", lock.where.at(word), said, meant, again)
    for (role, package), who in _missing(lock, hosts).items():
        said = f"the role {role} of {who[0]}{and_more(len(who))} installs {package}, which the lock lacks"
        yield Finding("package-not-locked", lock.where.at("packages"), said, "an entry of it", again)
    for name in site.packages.more:
        if name not in lock.packages:
            said = f"site.packages.more names {name}, which the lock lacks"
            yield Finding("package-not-locked", lock.where.at("packages"), said, "an entry of it", again)


def _missing(lock: Lock, hosts: Mapping[str, Mapping[str, Declaration]]) -> dict[tuple[str, str], list[str]]:
    """Role and package -> the hosts that would lack it."""
    missing: dict[tuple[str, str], list[str]] = {}
    for host, roles in hosts.items():
        for role, told in roles.items():
            for package in told.packages:
                if package not in lock.packages:
                    missing.setdefault((role, package), []).append(host)
    return missing
