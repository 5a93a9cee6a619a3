"""The sections of a site's files that are about power and cooling, joined to one `Plant`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from igoudar.errors import Where
from igoudar.facility.library import Library
from igoudar.facility.plant import Energy, Plant, PlantLoop, PlantUnit, Promise
from igoudar.facility.schema import EnergyIn, LoopIn, PromiseIn, UnitIn
from igoudar.power.energy import Profile

_Out = TypeVar("_Out")


class Sections(Protocol):
    """Joins one section of all files; a name that stands in two files is refused."""

    def section(self, name: str, build: Callable[[str, Any, Where], _Out]) -> dict[str, _Out]: ...


def plant(library: Library, sections: Sections, energy: tuple[EnergyIn, Where] | None) -> Plant:
    return Plant(
        types=library.types,
        units=sections.section("units", _unit),
        loops=sections.section("loops", _loop),
        schemes=sections.section("schemes", _promise),
        energy=None if energy is None else _energy(*energy, library.profile),
        limits=library.limits,
    )


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
    return PlantLoop(name, where, entry.hall or "", entry.medium, entry.to or "")


def _promise(name: str, entry: PromiseIn, where: Where) -> Promise:
    return Promise(name, entry.scheme, entry.blocks, tuple(entry.halls), where)


def _energy(entry: EnergyIn, where: Where, profile: Profile | None) -> Energy:
    return Energy(entry.renewable / 100, entry.matching, entry.local, where, profile)
