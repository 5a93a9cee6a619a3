"""`igoudar roles`."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
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
from igoudar.cli._hosts import NAMED, by_hand, chosen, limit_option, refuse
from igoudar.day import today
from igoudar.errors import first_and_more
from igoudar.host_waves import Course, course, waves_of
from igoudar.role_document import as_document
from igoudar.transport import access
from igoudar.worker import pool
from igoudar.worker.pool import Pool, Progress
from igoudar.worker.report import GroupReport, said, told_of
from igoudar.worker.results import NOT_BEGUN, SILENT, HostResult
from igoudar.worker.rollout import kind_of, run_in_waves

if TYPE_CHECKING:
    from igoudar.compiler import Compiled
    from igoudar.role_document import Document

FAILED, DIFFERS = 4, 5
Asked = dict[str, dict[str, "Document"]]


@click.command()
@site_argument
@limit_option
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
    switches first, row by row afterwards; in each of them one host of a kind first, then growing waves that
    leave up what `services`, witnesses and pairs of switches need. Where more of a wave fail than `roles:
    {failures}` of the site allows no other begins, and where any host fails no other row. Cordoned hosts
    are left alone. Files that go by the transaction (`pulumi up`) are no role's, so no change of the network
    is made here.

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
    joined = _joined(groups)
    stores = stores_of(compiled, {host: told.values() for host, told in joined.items()}, site.root)
    access.require_host_keys(joined, compiled.design.inventory, site.root)
    with _Runs(site, compiled, stores, whole=not roles) as runs:
        found = runs.plan(joined)
        if not as_json:
            _show(found, joined)
        todo = [name for name, result in found.items() if result.status == "ok" and result.changes]
        runs.know(found, todo)
        if not as_json:
            _show_waves(runs, groups)
        if plan or not todo or not agreed(f"do it on {counted(len(todo), 'host')}?", yes=yes):
            return _end(runs, found, groups, as_json=as_json, differs=bool(todo) and plan and exit_code)
        done = found | {name: HostResult(name, NOT_BEGUN, message="a host before it failed") for name in todo}
        for group, asked in groups.items():
            done |= runs.apply(group, asked)
            if any(done[host].status != "ok" for host in asked if host in todo):
                break
        return _end(runs, done, groups, as_json=as_json)


def _asked(compiled: Compiled, limits: Sequence[str], roles: Sequence[str]) -> dict[str, Asked]:
    """Group -> host -> role -> what is asked of it. Raises BadParameter for what names nothing."""
    names = [
        name for group in compiled.design.servers.groups for name in group.hosts if name in compiled.hosts
    ]
    some = chosen(limits, names, f"host of {compiled.site} with roles")
    known = list(dict.fromkeys(role for name in some for role in compiled.hosts[name]))
    for role in roles:
        if role not in known:
            of = "these hosts" if limits else f"the hosts of {compiled.site}"
            refuse("--role", role, f"no role of {of}", known)
    some = [name for name in some if not compiled.design.inventory.devices[name].cordoned]
    groups: dict[str, Asked] = {}
    for group in compiled.design.servers.groups:
        for name in group.hosts:
            told = compiled.hosts.get(name, {}) if name in some else {}
            mine = {r: as_document(d) for r, d in told.items() if not roles or r in roles}
            if mine or (name in some and not roles):  # one that has lost all its roles has files to lose
                groups.setdefault(group.name, {})[name] = mine
    return groups


class _Runs:
    """Runs of workers that are kept from one to the next, with a line on stderr for each host."""

    def __init__(self, site: Place, compiled: Compiled, stores: Mapping[str, str], *, whole: bool) -> None:
        self.site, self.devices, self.design = site, compiled.design.inventory.devices, compiled.design
        self.cordoned, self.stores, self.whole = compiled.cordoned, stores, whole
        self.stop, self.pool = threading.Event(), Pool()
        self.away, self.todo, self.courses = dict[str, str](), list[str](), dict[str, Course]()

    def __enter__(self) -> _Runs:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.pool.close()

    def plan(self, asked: Asked) -> dict[str, HostResult]:
        return self._run(asked, lambda _: None, plan=True)

    def know(self, found: Mapping[str, HostResult], todo: Sequence[str]) -> None:
        """What was found by the plan."""
        self.away = {name: "does not answer" for name, result in found.items() if result.status != "ok"}
        self.todo = [*todo]
        groups = [group for group in self.design.servers.groups if not {*group.hosts}.isdisjoint(todo)]
        self.courses = {group.name: course(self.design, group.hosts) for group in groups}
        others = {name for over in self.courses.values() for name in over.others(todo)} - found.keys()
        self.away |= pool.silent_of(sorted(others), self.site.folder, self.site.root, self.pool)

    def waves(self, group: str, asked: Asked) -> list[list[str]]:
        """Of what is to do in a group, if all goes well."""
        return waves_of(*self._planned(group, asked))

    def _planned(self, group: str, asked: Asked) -> tuple[Course, dict[str, str], dict[str, str]]:
        kinds = {name: kind_of(roles) for name, roles in asked.items() if name in self.todo}
        return self.courses.get(group, Course()), kinds, self.away

    def apply(self, group: str, asked: Asked) -> dict[str, HostResult]:
        """With a report, where there is anything to do."""
        over, kinds, away = self._planned(group, asked)
        if not kinds:
            return {}
        report, done = GroupReport(self.site.root, f"{self.site.name}, by hand", group, kinds), set[str]()

        def work(some: Sequence[str]) -> dict[str, HostResult]:
            return self._run({h: asked[h] for h in some}, report.heard, plan=False, done=done, of=len(kinds))

        try:
            found = run_in_waves(over, kinds, away, work, told=lambda text: click.echo(text, err=True))
        except BaseException as error:
            report.ended(str(error) or type(error).__name__)
            raise
        click.echo(f"report: {report.over(found.values())}", err=True)
        return found

    def _run(
        self, asked: Asked, heard: Progress, *, plan: bool, done: set[str] | None = None, of: int = 0
    ) -> dict[str, HostResult]:
        """`done`, `of`: hosts of earlier waves, and of all waves."""
        done, of = set[str]() if done is None else done, of or len(asked)

        def told(result: HostResult) -> None:
            heard(result)
            done.add(result.host)
            word = said(result, plan=plan) if result.status == "ok" else result.status  # why: in the end
            click.echo(f"{len(done)} of {of} hosts: {result.host} {word}", err=True)

        return pool.run_roles(
            self.site.folder,
            self.site.root,
            asked,
            serials={host: self.devices[host].serial for host in asked},
            stores=self.stores,
            plan=plan,
            whole=self.whole,
            by=by_hand("roles"),
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


def _show_waves(runs: _Runs, groups: Mapping[str, Asked]) -> None:
    for group, asked in groups.items():
        found = runs.waves(group, asked)
        if len(found) > 1:
            told = "; ".join(first_and_more(wave, NAMED) for wave in found)
            click.echo(f"{group} in {len(found)} waves: {told}")


def _end(
    runs: _Runs,
    found: Mapping[str, HostResult],
    groups: Mapping[str, Asked],
    *,
    as_json: bool,
    differs: bool | None = None,
) -> int:
    """`differs`: what a plan says; None after it was done."""
    bad, plan = {name: r for name, r in found.items() if r.status != "ok"}, differs is not None
    if as_json:
        told = {"site": runs.site.name, "plan": plan, "cordoned": [*runs.cordoned]}
        waves = {group: runs.waves(group, asked) for group, asked in groups.items()}
        show_json({**told, "waves": waves, "hosts": {n: _as_json(r) for n, r in found.items()}})
    else:
        for name, result in sorted(bad.items()):
            click.secho(f"{name}: {result.status}: {result.message}", fg="red")
        for name, result in sorted(found.items()):
            if result.reboot:
                click.echo(f"{name} wants a reboot: {result.reboot} (igoudar reboot {runs.site.name})")
        for name in runs.cordoned:
            click.secho(f"{name}: cordoned in the inventory: it is left alone", fg="yellow")
        click.echo(_summary(runs.site.name, found, plan=plan))
    if bad:
        return FAILED
    return DIFFERS if differs else 0


def _summary(site: str, found: Mapping[str, HostResult], *, plan: bool) -> str:
    states = Counter(result.status for result in found.values())
    changed = sum(bool(result.changes) for result in found.values() if result.status == "ok")
    verb = "would change" if plan else "changed"
    words = [f"{changed} of {counted(len(found), 'host')} {verb}"]
    words += [f"{states[state]} {state}" for state in ("failed", SILENT, NOT_BEGUN) if states[state]]
    return f"{site}: {', '.join(words)}"


def _as_json(result: HostResult) -> dict[str, Any]:
    return {key: value for key, value in result.as_json().items() if key != "host"}
