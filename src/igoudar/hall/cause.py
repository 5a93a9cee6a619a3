"""Which line made it so: what is wrong only because of an override is told at the override."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeVar

from igoudar.errors import Where
from igoudar.hall.patterns import INSIDE
from igoudar.hall.places import Rack
from igoudar.model import Device

_Thing = TypeVar("_Thing", Rack, Device)


class Suspect(NamedTuple):
    """An override, and whether all would be well without it."""

    where: Where
    guilty: bool


def told_at(home: Where, suspects: Iterable[Suspect | None]) -> tuple[Where, Where | None]:
    """The first override that is guilty, which sees where the rest is written; else that."""
    for suspect in suspects:
        if suspect is not None and suspect.guilty and suspect.where != home:
            return suspect.where, home
    return home, None


def home(thing: Rack | Device, key: str) -> Where:
    """Where it is written down, or where its row is."""
    return (thing.instead_of or thing).where.at(key)


def suspect(thing: _Thing, keys: tuple[str, ...], wrong: Callable[[_Thing], bool]) -> Suspect | None:
    """The override of `thing`, at the first of `keys` that it changes; None where there is none."""
    old = thing.instead_of
    if old is None:
        return None
    changed = next((key for key in keys if _said(old, key) != _said(thing, key)), keys[0])
    if changed == "type" and _said(old, "modules") != _said(thing, "modules"):
        changed = "modules"  # with others in its bays it is of another type
    return Suspect(thing.where.at(changed), not wrong(old))


def grown(
    things: Iterable[_Thing], keys: tuple[str, ...], amount: Callable[[_Thing], float | None], over: float
) -> Iterator[Suspect]:
    """Overrides by what they add to a sum that is `over` its limit: the largest first, then all together."""
    more: list[tuple[float, Where]] = []
    for thing in things:
        if thing.instead_of is not None and (told := suspect(thing, keys, lambda _: False)):
            more.append(((amount(thing) or 0) - (amount(thing.instead_of) or 0), told.where))
    more.sort(key=lambda item: -item[0])
    yield from (Suspect(where, added >= over) for added, where in more)
    if more:
        yield Suspect(more[0][1], sum(max(added, 0) for added, _ in more) >= over)


def _said(thing: Rack | Device, key: str) -> object:
    return getattr(thing, INSIDE.get(key, key), None)
