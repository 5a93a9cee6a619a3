"""`igoudar verify`."""

from __future__ import annotations

import time
from pathlib import Path

import click

from igoudar.cli._frame import Place, json_option, show_json, site_argument
from igoudar.day import today
from igoudar.errors import Missing
from igoudar.verify.checks import Result

FAILED = 4


@click.command()
@site_argument
@click.option(
    "--drills", is_flag=True, help="Then lose a leaf uplink, a spine, a border and a submarine cable."
)
@click.option("--wait", default=60.0, show_default=True, help="Seconds until what must work has to work.")
@click.option(
    "--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write JUnit XML to this file."
)
@click.option("-v", "--verbose", is_flag=True, help="List every check, not only those that failed.")
@json_option
def command(
    site: Place, *, drills: bool, wait: float, junit: Path | None, verbose: bool, as_json: bool
) -> int:
    """Prove that SITE works as described, and in no other way.

    Every check follows from the model: cables, sessions, tunnels, routes, who reaches whom and who must not,
    packet sizes, names, time. What must work is waited for; what must not work is looked at once, after it.
    Devices are read and packets are sent; nothing is changed. Servers answer with their own name on a UDP
    port while this runs, because two tenants may hold the same address.

    \b
    --drills breaks things and mends them, so it is for a twin only: see `igoudar twin up`.
    Exit status: 0 all passed, 4 some failed.

    \b
    igoudar verify lab
    igoudar verify lab --drills --junit verify.xml
    igoudar verify lab --json | jq '.checks[] | select(.passed | not)'
    """
    begun = time.monotonic()
    results = _run(site, drills, wait)
    seconds = time.monotonic() - begun
    _show(site.name, results, seconds, as_json=as_json, verbose=verbose)
    if junit:
        from igoudar.verify import report  # noqa: PLC0415

        junit.parent.mkdir(parents=True, exist_ok=True)
        junit.write_text(report.as_junit(site.name, results, seconds), "utf-8")
    return 0 if all(r.good for r in results) else FAILED


def _run(site: Place, drills: bool, wait: float) -> list[Result]:
    from igoudar.compiler import compile_site  # noqa: PLC0415 - imports the stacks' world
    from igoudar.transport import access_map  # noqa: PLC0415 - paramiko is slow to import
    from igoudar.verify import drills as breaking  # noqa: PLC0415
    from igoudar.verify.fabric import live  # noqa: PLC0415
    from igoudar.verify.look import Logins  # noqa: PLC0415
    from igoudar.verify.run import Verification  # noqa: PLC0415
    from igoudar.verify.twins import breaker_of, outside_of  # noqa: PLC0415

    compiled = compile_site(site.folder, root=site.root, today=today())
    inventory = compiled.design.inventory
    breaker = breaker_of(inventory, site.root)
    if drills and breaker is None:
        raise Missing(
            f"--drills breaks things, and {site.name} has no running twin; igoudar twin up {site.name}"
        )
    outside = outside_of(inventory, site.root)
    with Logins(access_map(inventory, site.root)) as logins:
        verification = Verification(live(compiled.plan, compiled.intents), logins, outside, _say)
        try:
            results = verification.again(wait)
            if drills and breaker is not None and all(r.good for r in results):
                groups = breaking.plan(verification.site, outside.world, _say)
                drilled = breaking.Drills(verification, breaker, _say).run(groups)
                _say("verifying again")
                results = [*verification.again(wait), *drilled]
            elif drills:
                _say("no drills: what is to survive them does not work now")
        finally:
            verification.end()
    return results


def _say(line: str) -> None:
    click.echo(line, err=True)


def _show(name: str, results: list[Result], seconds: float, *, as_json: bool, verbose: bool) -> None:
    from rich.console import Console  # noqa: PLC0415

    from igoudar.verify import report  # noqa: PLC0415

    if as_json:
        show_json(report.as_json(name, results, seconds))
        return
    report.show(results, Console(), verbose)
    click.echo(f"{report.summary(name, results)} ({seconds:.1f} s)")
