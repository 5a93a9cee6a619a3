"""`igoudar roles`."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import click

from igoudar.cli._frame import (
    Place,
    agreed,
    counted,
    json_option,
    show_diff,
    show_json,
    site_argument,
    yes_option,
)
from igoudar.day import today
from igoudar.role_document import as_document
from igoudar.worker import pool
from igoudar.worker.pool import Pool, Progress
from igoudar.worker.report import GroupReport, said, told_of
from igoudar.worker.results import HostResult

if TYPE_CHECKING:
    from igoudar.compiler import Compiled
    from igoudar.role_document import Document

FAILED, DIFFERS = 4, 5
NOT_BEGUN = "not begun"
NAMED = 8  # hosts that are written out where many would get the same

Asked = dict[str, dict[str, "Document"]]


@click.command()
@site_argument
@click.option(
    "--limit",
    "limits",
    metavar="HOST",
    multiple=True,
    help="Only this host; `*` and `?` stand for what they do in a shell; may be repeated.",
)
@click.option("--role", "roles", metavar="ROLE", multiple=True, help="Only this role; may be repeated.")
@click.option("--plan", is_flag=True, help="Show what each host would get, and change nothing.")
@yes_option
@click.option("--exit-code", is_flag=True, help="With --plan: exit with 5 where a host would change.")
@json_option
def command(
    site: Place,
    *,
    limits: tuple[str, ...],
    roles: tuple[str, ...],
    plan: bool,
    yes: bool,
    exit_code: bool,
    as_json: bool,
) -> int:
    """Bring the hosts of SITE to their roles, without Pulumi; switches are hosts too.

    First every host is asked what it would get, by the very script that then does it: the changed lines of
    each file, packages, units, commands. Then, after a question, it is done: the management hosts and the
    switches first, row by row afterwards. Where a host fails the rows after its own are not begun. Files
    that go by the transaction (`pulumi up`) are no role's, so no change of the network is made here.

    A file that a role wrote and none declares any more is removed, unless somebody has changed it; with
    --role, which leaves roles out, nothing is.

    Pulumi's record stays as it is: the next `pulumi up` looks at the same hosts, finds nothing to do there
    and records it. Each run leaves a report under .igoudar/runs.

    Secrets in files come from the store that the stack of the host names (igoudar:secrets); a plan compares
    them and shows their marks: secret:name@version, secret:?changed where the host has another value.

    \b
    Exit status: 0 done, or nothing to do; 4 a host failed or does not answer; 5 with --exit-code.

    \b
    igoudar roles lab --plan --limit 'srv-*' --role base
    igoudar roles lab --limit leaf-1 --yes
    """
    from igoudar.compiler import compile_site  # noqa: PLC0415 - imports the stacks' world
    from igoudar.host_stores import stores_of  # noqa: PLC0415

    compiled = compile_site(site.folder, root=site.root, today=today())
    groups = _asked(compiled, limits, roles)
    stores = stores_of(compiled, {h: told.values() for h, told in _joined(groups).items()}, site.root)
    with _Runs(site, compiled, stores, whole=not roles) as runs:
        found = runs.plan(_joined(groups))
        if not as_json:
            _show(found, _joined(groups))
        todo = [name for name, result in found.items() if result.status == "ok" and result.changes]
        if plan or not todo or not agreed(f"do it on {counted(len(todo), 'host')}?", yes=yes):
            return _end(site, found, as_json=as_json, differs=bool(todo) and plan and exit_code, plan=True)
        done = found | {name: HostResult(name, NOT_BEGUN, message="a host before it failed") for name in todo}
        for group, asked in groups.items():
            done |= runs.apply(group, {host: asked[host] for host in asked if host in todo})
            if any(done[host].status != "ok" for host in asked):
                break
    return _end(site, done, as_json=as_json, differs=False, plan=False)


def _asked(compiled: Compiled, limits: Sequence[str], roles: Sequence[str]) -> dict[str, Asked]:
    """Group -> host -> role -> what is asked of it. Raises BadParameter for what names nothing."""
    names = [
        name for group in compiled.design.servers.groups for name in group.hosts if name in compiled.hosts
    ]
    for limit in limits:
        if not any(fnmatchcase(name, limit) for name in names):
            _nothing("--limit", limit, f"no host of {compiled.site} with roles", names)
    chosen = [n for n in names if not limits or any(fnmatchcase(n, limit) for limit in limits)]
    known = list(dict.fromkeys(role for name in chosen for role in compiled.hosts[name]))
    for role in roles:
        if role not in known:
            of = "these hosts" if limits else f"the hosts of {compiled.site}"
            _nothing("--role", role, f"no role of {of}", known)
    groups: dict[str, Asked] = {}
    for group in compiled.design.servers.groups:
        for name in group.hosts:
            told = compiled.hosts[name] if name in chosen else {}
            mine = {r: as_document(d) for r, d in told.items() if not roles or r in roles}
            if mine or (name in chosen and not roles):  # one that has lost all its roles has files to lose
                groups.setdefault(group.name, {})[name] = mine
    return groups


def _nothing(option: str, given: str, what: str, known: Sequence[str]) -> None:
    from difflib import get_close_matches  # noqa: PLC0415 - for mistakes only

    near = get_close_matches(given, known, 3) or sorted(known)
    more = ", ..." if len(near) > NAMED else ""
    raise click.BadParameter(
        f"{given!r} is {what}; expected {', '.join(near[:NAMED])}{more}", param_hint=option
    )


class _Runs:
    """Runs of workers that are kept from one to the next, with a line on stderr for each host."""

    def __init__(self, site: Place, compiled: Compiled, stores: Mapping[str, str], *, whole: bool) -> None:
        self.site, self.devices, self.stores = site, compiled.design.inventory.devices, stores
        self.whole = whole
        self.stop, self.pool = threading.Event(), Pool()

    def __enter__(self) -> _Runs:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.pool.close()

    def plan(self, asked: Asked) -> dict[str, HostResult]:
        return self._run(asked, lambda _: None, plan=True)

    def apply(self, group: str, asked: Asked) -> dict[str, HostResult]:
        """With a report, where there is anything to do."""
        if not asked:
            return {}
        report = GroupReport(self.site.root, f"{self.site.name}, by hand", group, asked)
        found = self._run(asked, report.heard, plan=False)
        click.echo(f"report: {report.ended()}", err=True)
        return found

    def _run(self, asked: Asked, heard: Progress, *, plan: bool) -> dict[str, HostResult]:
        done = set[str]()

        def told(result: HostResult) -> None:
            heard(result)
            done.add(result.host)
            word = said(result, plan=plan) if result.status == "ok" else result.status  # why: in the end
            click.echo(f"{len(done)} of {len(asked)} hosts: {result.host} {word}", err=True)

        return pool.run_roles(
            self.site.folder,
            self.site.root,
            asked,
            serials={host: self.devices[host].serial for host in asked},
            stores=self.stores,
            plan=plan,
            whole=self.whole,
            progress=told,
            pool=self.pool,
            cancelled=self.stop,
        )


def _joined(groups: Mapping[str, Asked]) -> Asked:
    return {host: roles for asked in groups.values() for host, roles in asked.items()}


def _show(found: Mapping[str, HostResult], documents: Asked) -> None:
    """What several hosts would get alike stands once, below their names."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for host in documents:
        result = found[host]
        if result.status == "ok" and result.changes:
            alike.setdefault(tuple(told_of(result, documents[host])), []).append(host)
    for blocks, hosts in alike.items():
        more = f" and {len(hosts) - NAMED} more" if len(hosts) > NAMED else ""
        click.secho(f"{', '.join(hosts[:NAMED])}{more}", bold=True)
        for block in blocks:
            show_diff(block)


def _end(site: Place, found: Mapping[str, HostResult], *, as_json: bool, differs: bool, plan: bool) -> int:
    bad = {name: result for name, result in found.items() if result.status != "ok"}
    if as_json:
        show_json({"site": site.name, "plan": plan, "hosts": {n: _as_json(r) for n, r in found.items()}})
    else:
        for name, result in sorted(bad.items()):
            click.secho(f"{name}: {result.status}: {result.message}", fg="red")
        click.echo(_summary(site.name, found, plan=plan))
    if bad:
        return FAILED
    return DIFFERS if differs else 0


def _summary(site: str, found: Mapping[str, HostResult], *, plan: bool) -> str:
    states = Counter(result.status for result in found.values())
    changed = sum(bool(result.changes) for result in found.values() if result.status == "ok")
    verb = "would change" if plan else "changed"
    words = [f"{changed} of {counted(len(found), 'host')} {verb}"]
    words += [f"{states[state]} {state}" for state in ("failed", "unreachable", NOT_BEGUN) if states[state]]
    return f"{site}: {', '.join(words)}"


def _as_json(result: HostResult) -> dict[str, Any]:
    return {key: value for key, value in result.as_json().items() if key != "host"}
