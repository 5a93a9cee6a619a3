"""`igoudar reboot`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from igoudar.cli._frame import (
    Place,
    agreed,
    counted,
    json_option,
    show_json,
    site_argument,
    yes_option,
)
from igoudar.cli._hosts import NAMED, by_hand, chosen, limit_option
from igoudar.day import today
from igoudar.errors import DeviceFailed, first_and_more
from igoudar.host_waves import Course, course, waves_of
from igoudar.model import SWITCH_ROLES
from igoudar.reboot import Reboots
from igoudar.site import Budget
from igoudar.transport import Access, access_map
from igoudar.worker.results import NOT_BEGUN, SILENT, HostResult
from igoudar.worker.rollout import kind_of, run_in_waves

if TYPE_CHECKING:
    from igoudar.compiler import Compiled

FAILED = 4
BEFORE = "a host before it did not come back"


@click.command()
@site_argument
@limit_option
@click.option(
    "--at-once", type=click.IntRange(min=1), default=10, show_default=True, metavar="N",
    help="At most so many hosts of a wave.",
)  # fmt: skip
@yes_option
@json_option
def command(site: Place, *, limits: tuple[str, ...], at_once: int, yes: bool, as_json: bool) -> int:
    """Reboot hosts of SITE: those that want it, or those that --limit names, wanted or not.

    A host wants a reboot where its packages ask for one, or a newer kernel is installed than the one that
    runs; `igoudar roles --plan` and `pulumi refresh` say so too. It goes in waves: one host of a kind first,
    and never more members of a service, witnesses or switches of a pair at once than may be away
    (`services: {NAME: {min_up}}` of the site). Each host has to let us in again after another boot, and to
    run the units of its roles; the first that does not ends the run.

    Switches are rebooted only where --limit names them: what one server reaches by one switch alone is cut
    off meanwhile. `drained: true` and `pulumi up` before keep the rest from losing packets. Cordoned hosts
    are left alone.

    \b
    Exit status: 0 done, or nothing to do; 4 a host does not answer or did not come back.

    \b
    igoudar reboot lab
    igoudar reboot lab --limit 'mgmt-*' --yes
    """
    from igoudar.compiler import compile_site  # noqa: PLC0415 - imports the stacks' world

    compiled = compile_site(site.folder, root=site.root, today=today())
    names = _named(compiled, limits)
    reboots = Reboots(by_hand("reboot"), lambda host, text: click.echo(f"{host} {text}", err=True))
    reach = access_map(compiled.design.inventory, site.root)
    why, silent = _ask(reboots, {name: reach[name] for name in names})
    todo = [name for name in names if name in why and (limits or why[name])]
    groups = _courses(compiled, todo, at_once)
    others = {n for over, kinds in groups for n in over.others(kinds) if n in reach} - {*names}
    absent = silent | _ask(reboots, {name: reach[name] for name in sorted(others)})[1]
    found = {name: HostResult(name, SILENT, message=said) for name, said in silent.items()}
    if not as_json:
        _show(why, groups, absent)
    done = bool(todo) and agreed(f"reboot {counted(len(todo), 'host')}?", yes=yes)
    if done:
        found |= _go(compiled, groups, reboots, (reach, absent))
    return _end(site, compiled, (why, found), done=done, as_json=as_json)


def _named(compiled: Compiled, limits: Sequence[str]) -> list[str]:
    """Hosts to ask: not cordoned, and switches only by name."""
    devices = compiled.design.inventory.devices
    groups = compiled.design.servers.groups
    names = [name for group in groups for name in group.hosts if name in compiled.hosts]
    some = chosen(limits, names, f"host of {compiled.site} with roles")
    if not limits:
        some = [name for name in some if devices[name].role not in SWITCH_ROLES]
    return [name for name in some if not devices[name].cordoned]


def _ask(reboots: Reboots, reach: Mapping[str, Access]) -> tuple[dict[str, str], dict[str, str]]:
    """Why each wants a reboot, empty where it does not; and why the others did not say."""
    silent: dict[str, str] = {}

    def ask(name: str) -> str:
        try:
            return reboots.why(reach[name])
        except DeviceFailed as error:
            silent[name] = str(error)
            return ""

    with ThreadPoolExecutor(32) as pool:
        told = dict(zip(reach, pool.map(ask, reach), strict=True))
    return {name: why for name, why in told.items() if name not in silent}, silent


Courses = list[tuple[Course, dict[str, str]]]


def _courses(compiled: Compiled, todo: Sequence[str], at_once: int) -> Courses:
    """Of each group with work: how to go, and its hosts by kind. None may fail."""
    found = []
    for group in compiled.design.servers.groups:
        if kinds := {n: kind_of(compiled.hosts[n]) for n in group.hosts if n in todo}:
            over = course(compiled.design, group.hosts)
            found.append((replace(over, failures=Budget(count=0), most=at_once), kinds))
    return found


def _go(
    compiled: Compiled, groups: Courses, reboots: Reboots, known: tuple[Mapping[str, Access], dict[str, str]]
) -> dict[str, HostResult]:
    """What came of each host of the groups; after one that failed no further group begins."""
    reach, silent = known

    def one(name: str) -> HostResult:
        declared = compiled.hosts[name].values()
        units = [unit.name for told in declared for unit in told.units if unit.running]
        result = reboots.reboot(reach[name], list(dict.fromkeys(units)))
        click.echo(f"{name} {result.status} after {result.seconds:.0f} s", err=True)
        return result

    def work(some: Sequence[str]) -> dict[str, HostResult]:
        with ThreadPoolExecutor(len(some)) as pool:
            return dict(zip(some, pool.map(one, some), strict=True))

    found = {name: HostResult(name, NOT_BEGUN, message=BEFORE) for _, kinds in groups for name in kinds}
    for over, kinds in groups:
        away = dict.fromkeys(silent, "does not answer")
        found |= run_in_waves(over, kinds, away, work, told=lambda text: click.echo(text, err=True))
        if any(found[name].status != "ok" for name in kinds):
            break
    return found


def _show(why: Mapping[str, str], groups: Courses, silent: Mapping[str, str]) -> None:
    for name, said in sorted(why.items()):
        if said:
            click.echo(f"{name} wants a reboot: {said}")
    for over, kinds in groups:
        waves = waves_of(over, kinds, dict.fromkeys(silent, "does not answer"))
        click.echo(f"waves: {'; '.join(first_and_more(wave, NAMED) for wave in waves)}")


def _end(
    site: Place,
    compiled: Compiled,
    known: tuple[Mapping[str, str], Mapping[str, HostResult]],
    *,
    done: bool,
    as_json: bool,
) -> int:
    why, found = known
    bad = {name: result for name, result in found.items() if result.status != "ok"}
    if as_json:
        told = {n: {"status": r.status, "message": r.message, "seconds": r.seconds} for n, r in found.items()}
        wanted = {name: said for name, said in why.items() if said}
        run = {"site": site.name, "done": done, "cordoned": [*compiled.cordoned]}
        show_json({**run, "wanted": wanted, "hosts": told})
    else:
        for name, result in sorted(bad.items()):
            click.secho(f"{name}: {result.status}: {result.message}", fg="red")
        for name in compiled.cordoned:
            click.secho(f"{name}: cordoned in the inventory: it is left alone", fg="yellow")
        rebooted = sum(result.status == "ok" for result in found.values())
        wanting = sum(map(bool, why.values())) - (rebooted if done else 0)
        more = f", {counted(wanting, 'host')} want it" if not done else ""
        click.echo(f"{site.name}: {counted(rebooted, 'host')} rebooted{more}")
    return FAILED if bad else 0
