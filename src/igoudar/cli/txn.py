"""`igoudar txn`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from igoudar.cli._frame import Place, columns, counted, json_option, show_json, site_argument

if TYPE_CHECKING:
    from igoudar.apply.driver import Standing
    from igoudar.apply.left_open import Open, Survey

NOT_QUIET = 4
SHOWN = 2  # outcomes of a switch on a terminal; --json has the last twenty


@click.command()
@site_argument
@json_option
def command(site: Place, *, as_json: bool) -> int:
    """Show which transactions are open at the switches of SITE, and how the witnesses hold them.

    For each switch: the open id, its state, the seconds of its window that are left, how the last ones ended.
    For each open id: what every witness holds (commit, abort, none), and what that comes to. Looking decides
    nothing: no value is proposed. Switches that are planned or offline are not asked.

    \b
    armed, applied   goes back by itself when its window ends
    prepared         it voted: from here only the witnesses say which way
    in doubt         it voted, and asks the witnesses every 5 s
    restoring        it is being put back

    \b
    Exit status: 0 nothing is open and nobody who could know otherwise is silent;
    4 something is open, or a switch or a majority of the witnesses does not answer.
    igoudar recover SITE finishes what is open.
    """
    from igoudar.apply.left_open import survey  # noqa: PLC0415 - paramiko is slow to import
    from igoudar.live import way_in  # noqa: PLC0415

    with way_in(site.folder, site.root) as (drivers, witnesses):
        found = survey(drivers, witnesses)
    if as_json:
        show_json({"site": site.name, **as_data(found)})
    else:
        show(site.name, found)
    return 0 if found.quiet else NOT_QUIET


def as_data(found: Survey) -> dict[str, Any]:
    return {
        "quiet": found.quiet,
        "switches": {
            **{n: {"open": s.open, "last": list(s.last), "problem": ""} for n, s in found.standing.items()},
            **{n: {"open": None, "last": [], "problem": why} for n, why in found.silent.items()},
        },
        "open": {o.id: _opened(o) for o in found.open},
        "witnesses": {n: {"here": bool(a.word), "problem": a.problem} for n, a in found.witnesses.items()},
    }


def _opened(opened: Open) -> dict[str, Any]:
    return {
        "stack": opened.stack,
        "switches": {name: told["state"] for name, told in opened.at.items()},
        "held": {name: answer.word for name, answer in opened.held.items()},
        "decided": opened.decided,
        "operator_may_live": opened.living,
        "recover": str(opened.verdict()),
    }


def show(site: str, found: Survey) -> None:
    rows = [["switch", "open", "stack", "state", "left", "last"]]
    rows += [_row(name, standing) for name, standing in found.standing.items()]
    columns(rows)
    for opened in found.open:
        click.echo("")
        show_open(opened)
    for why in (*found.silent.values(), *(a.problem for a in found.witnesses.values() if a.problem)):
        click.secho(f"no answer: {why}", fg="red")
    here = sum(bool(a.word) for a in found.witnesses.values())
    click.echo(
        f"{site}: {counted(len(found.standing) + len(found.silent), 'switch')}, "
        f"{len(found.open) or 'nothing'} open, {len(found.silent) or 'none'} silent; "
        f"{here} of {len(found.witnesses)} witnesses"
    )


def _row(name: str, standing: Standing) -> list[str]:
    told: Mapping[str, Any] = standing.open or {}
    ended: Iterable[Mapping[str, str]] = [t for t in standing.last if t["id"] != told.get("id")][-SHOWN:]
    last = ", ".join(f"{t['outcome'] or t['state']} {t['id']}" for t in reversed(list(ended)))
    left = f"{told['left']:.0f} s" if told else ""
    return [name, *(str(told.get(key, "")) or "-" for key in ("id", "stack", "state")), left or "-", last]


def show_open(opened: Open) -> None:
    """One id: how each witness holds it, and what that comes to."""
    for line in open_lines(opened):
        click.echo(line)


def open_lines(opened: Open) -> Sequence[str]:
    states: dict[str, list[str]] = {}
    for name, told in opened.at.items():
        states.setdefault(str(told["state"]), []).append(name)
    at = "; ".join(f"{state} at {', '.join(names)}" for state, names in states.items())
    held = ", ".join(f"{name} {answer.word or 'no answer'}" for name, answer in opened.held.items())
    comes = f"decided: {opened.decided}" if opened.decided else "not decided"
    if opened.others:
        comes = f"they know nothing of it, it was voted on with {', '.join(opened.others)}"
    return f"{opened.id} of the stack {opened.stack}: {at}", f"  witnesses: {held}: {comes}"
