"""The sections of a site's files that are about power and cooling, joined to one `Plant`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar

from igoudar.errors import Finding, Where
from igoudar.facility.kinds import KindHall, loops_of, misspelt, promises_of, units_of
from igoudar.facility.library import Library
from igoudar.facility.plant import Energy, Plant, PlantLoop, PlantUnit, Promise
from igoudar.facility.schema import EnergyIn, LoopIn, PromiseIn, UnitIn
from igoudar.power.energy import Profile

_Out = TypeVar("_Out")


class Sections(Protocol):
    """Joins one section of all files; a name that stands in two files is refused."""

    findings: list[Finding]

    def section(self, name: str, build: Callable[[str, Any, Where], _Out]) -> dict[str, _Out]: ...


def plant(
    library: Library, sections: Sections, energy: tuple[EnergyIn, Where] | None, halls: list[KindHall]
) -> Plant:
    """What stands in the sections, and what kinds of halls bring to their `halls`."""
    units, loops = sections.section("units", _unit), sections.section("loops", _loop)
    schemes = sections.section("schemes", _promise)
    wrong = [*misspelt(halls)]
    sections.findings += wrong
    if not wrong:
        for hall in halls:
            _add(units, units_of(hall), sections.findings)
            _add(loops, loops_of(hall), sections.findings)
        _add(schemes, promises_of(halls), sections.findings)
    return Plant(
        types=library.types,
        units=units,
        loops=loops,
        schemes=schemes,
        energy=None if energy is None else _energy(*energy, library.profile),
        limits=library.limits,
    )


class _Thing(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def where(self) -> Where: ...


_Named = TypeVar("_Named", bound=_Thing)


def _add(known: dict[str, _Named], things: Iterator[_Named], findings: list[Finding]) -> None:
    """A pattern that gives a name twice is told once."""
    told: set[Where] = set()
    for thing in things:
        other = known.setdefault(thing.name, thing)
        if other is not thing and thing.where not in told:
            told.add(thing.where)
            said = f"{thing.name!r} is there already"
            expected = "each name once in a site"
            see = other.where if other.where != thing.where else None
            findings.append(Finding("duplicate-name", thing.where, said, expected, see=see))


def _unit(name: str, entry: UnitIn, where: Where) -> PlantUnit:
    return PlantUnit(
        name=name,
        type=entry.type,
        where=where,
        count=entry.count,
        needed=entry.needed or entry.count,
        power=entry.power,
        water=entry.water,
        hall=entry.hall or "",
        room=entry.room or "",
        cools=entry.cools or "",
        breaker_a=entry.breaker,
        tap_off_a=entry.tap_off,
    )


def _loop(name: str, entry: LoopIn, where: Where) -> PlantLoop:
    return PlantLoop(name, where, entry.hall or "", entry.medium, entry.to or "", entry.air, entry.water)


def _promise(name: str, entry: PromiseIn, where: Where) -> Promise:
    return Promise(name, entry.scheme, entry.blocks, tuple(entry.halls), where)


def _energy(entry: EnergyIn, where: Where, profile: Profile | None) -> Energy:
    return Energy(entry.renewable / 100, entry.matching, entry.local, where, profile)
