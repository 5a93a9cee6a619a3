"""Hosts of a site that a command is about: `--limit`, and what is said of a name that is none."""

from __future__ import annotations

import os
from collections.abc import Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from getpass import getuser

import click

NAMED = 8  # that are written out where there are many

limit_option = click.option(
    "--limit",
    "limits",
    metavar="HOST",
    multiple=True,
    help="Only this host; `*` and `?` stand for what they do in a shell; may be repeated.",
)


def by_hand(command: str) -> str:
    """In whose name something is done, for the history of a host."""
    try:
        who = getuser()
    except (KeyError, OSError):
        who = f"user {os.getuid()}"
    return f"igoudar {command}, {who}"


def chosen(limits: Sequence[str], names: Sequence[str], what: str) -> list[str]:
    """Those of `names`, `what` they are, that a limit names; all without one. Raises BadParameter."""
    for limit in limits:
        if not any(fnmatchcase(name, limit) for name in names):
            refuse("--limit", limit, f"no {what}", names)
    return [n for n in names if not limits or any(fnmatchcase(n, limit) for limit in limits)]


def refuse(option: str, given: str, what: str, known: Sequence[str]) -> None:
    """Raises BadParameter: `given` is `what`; those that are near it are said."""
    near = get_close_matches(given, known, 3) or sorted(known)
    more = ", ..." if len(near) > NAMED else ""
    raise click.BadParameter(
        f"{given!r} is {what}; expected {', '.join(near[:NAMED])}{more}", param_hint=option
    )
