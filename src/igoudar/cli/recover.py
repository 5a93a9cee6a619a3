"""`igoudar recover`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from igoudar.cli._frame import Place, agreed, counted, json_option, show_json, site_argument, yes_option
from igoudar.cli.txn import show_open

if TYPE_CHECKING:
    from igoudar.apply.left_open import Finished, Open, Survey

STILL_OPEN = 4


@click.command()
@site_argument
@yes_option
@click.option(
    "--take-over",
    is_flag=True,
    help="Also end a run whose operator may still live; its change is given up, nowhere half done.",
)
@json_option
def command(site: Place, *, yes: bool, take_over: bool, as_json: bool) -> int:
    """Finish the transactions that a run left open at the switches of SITE.

    As the next `pulumi up` would: abort is proposed to the witnesses of each open id, and each switch is
    brought where a majority of them holds it: commit keeps the new text, abort puts the old one back. Where
    no majority answers nothing is touched. Switches with an agent that reach the witnesses settle by
    themselves; it is for those that cannot (`in_doubt: operator`), and for those who cannot wait.

    An id is left alone while its operator may live: more than half of a window is left somewhere, which
    means that it was extended a moment ago. --take-over ends that run too.

    \b
    Exit status: 0 nothing is open any more; 4 something is, or a switch does not answer.
    """
    from igoudar.apply.left_open import LeftOpen, Verdict, recover, survey  # noqa: PLC0415
    from igoudar.live import way_in  # noqa: PLC0415 - paramiko is slow to import

    with way_in(site.folder, site.root) as (drivers, witnesses):
        found = survey(drivers, witnesses)
        todo = [o for o in found.open if o.verdict(take_over=take_over) in (Verdict.KEEP, Verdict.PUT_BACK)]
        if not as_json:
            _propose(found, take_over=take_over)
        done: list[Finished] = []
        if todo and agreed(f"finish {counted(len(todo), 'transaction')}?", yes=yes):
            left = LeftOpen(witnesses)
            done = [recover(opened, drivers, left, _say) for opened in todo]
    return _end(site, found, done, as_json=as_json)


def _propose(found: Survey, *, take_over: bool) -> None:
    for opened in found.open:
        show_open(opened)
        click.echo(f"  {_would(opened, take_over=take_over)}")
    for why in found.silent.values():
        click.secho(f"no answer: {why}", fg="red")


def _would(opened: Open, *, take_over: bool) -> str:
    from igoudar.apply.left_open import Verdict  # noqa: PLC0415

    names = ", ".join(opened.at)
    match opened.verdict(take_over=take_over):
        case Verdict.KEEP:
            return f"will: keep the new text at {names}"
        case Verdict.PUT_BACK:
            return f"will: propose abort, and put the old text back at {names}"
        case Verdict.LIVING:
            left = max(told["left"] for told in opened.at.values())
            return f"left alone: its operator may live ({left:.0f} s are left); wait, or --take-over"
        case Verdict.OTHERS:
            return f"left alone: name {', '.join(opened.others)} as `witnesses` again until it is finished"
        case _ if not opened.bound:
            left = max(told["left"] for told in opened.at.values())
            soon = f"it goes back by itself within {left:.0f} s"
            return f"left alone: no majority of the witnesses answers, and {soon}"
        case _:
            return "left alone: undecided, no majority of the witnesses says which way"


def _end(site: Place, found: Survey, done: list[Finished], *, as_json: bool) -> int:
    whole = {finished.id for finished in done if not finished.failed}
    still = [opened.id for opened in found.open if opened.id not in whole]
    if as_json:
        show_json({"site": site.name, "open": still, "silent": found.silent, "finished": _told(done)})
    else:
        touched = counted(sum(len(f.done) for f in done), "switch")
        said = f"{counted(len(still), 'id')} still open" if still else "nothing is open"
        click.echo(f"{site.name}: {touched} finished, {said}, {len(found.silent) or 'none'} silent")
    return STILL_OPEN if still or found.silent else 0


def _told(done: list[Finished]) -> dict[str, Any]:
    return {f.id: {"done": f.done, "failed": f.failed} for f in done}


def _say(name: str, text: str) -> None:
    click.echo(f"{name}: {text}", err=True)
