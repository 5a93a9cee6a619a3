"""What a role's `@deploy` function calls. The same calls act in either of two ways, which the run chooses:

- as a **bundle**: they are gathered, and all roles of a host become one script and one exec (`script.py`);
- as ordinary pyinfra **operations** (`operations.py`), one after the other, for those who compare or debug.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from igoudar.roles import Declaration, RoleCommand, RoleFile, RoleLine, RoleUnit, RoleUser
from igoudar.worker.script import Packages, ReloadUnits, Step


class Way(Protocol):
    """Takes the steps of one role on one host, in order."""

    def step(self, step: Step) -> None: ...


_way: ContextVar[Way] = ContextVar("igoudar_way")


@contextmanager
def going(way: Way) -> Iterator[None]:
    """Roles called inside act by this way."""
    token = _way.set(way)
    try:
        yield
    finally:
        _way.reset(token)


def install(told: Declaration) -> None:
    """Packages, then logins: what files and units may belong to."""
    package(*told.packages)
    for one in told.users:
        user(one)


def configure(told: Declaration) -> None:
    """Every file, each checked before it replaces what stands there; then lines in others' files."""
    for one in told.files:
        file(one)
    for each in told.lines:
        line(each)


def activate(told: Declaration) -> None:
    """Commands before units, units, commands after them; restarts only where a file asked for it."""
    for one in told.before_units:
        command(one)
    _way.get().step(ReloadUnits())
    for each in told.units:
        unit(each)
    for one in told.commands:
        command(one)


def package(*names: str) -> None:
    _way.get().step(Packages(names))


def user(login: RoleUser) -> None:
    _way.get().step(login)


def file(whole: RoleFile) -> None:
    _way.get().step(whole)


def line(one: RoleLine) -> None:
    _way.get().step(one)


def command(run: RoleCommand) -> None:
    _way.get().step(run)


def unit(systemd: RoleUnit) -> None:
    _way.get().step(systemd)


class Bundle:
    """The way of one exec: steps are kept until the host's last role has spoken."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def step(self, step: Step) -> None:
        self.steps.append(step)
