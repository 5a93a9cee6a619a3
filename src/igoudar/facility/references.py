"""Names of a plant that lead nowhere. A site without units may name feeds as it likes."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from igoudar.errors import Finding, Where, unknown
from igoudar.facility.plant import SOURCES, Medium, PlantLoop, PlantUnit
from igoudar.power.graph import Input

if TYPE_CHECKING:
    from igoudar.model import Inventory


def broken_plant(inventory: Inventory) -> Iterator[Finding]:
    """Once a code and place: halls of a kind have the same units."""
    told: set[tuple[str, Where]] = set()
    for finding in _broken(inventory):
        if (finding.code, finding.where) not in told:
            told.add((finding.code, finding.where))
            yield finding


def _broken(inventory: Inventory) -> Iterator[Finding]:
    plant = inventory.plant
    for unit in plant.units.values():
        yield from _unit(inventory, unit)
    for loop in plant.loops.values():
        yield from _known("hall", loop.hall, loop.where.at("hall"), inventory.halls)
        yield from _known("loop", loop.to, loop.where.at("to"), plant.loops)
    yield from _media(inventory)
    for promise in plant.schemes.values():
        for position, hall in enumerate(promise.halls):
            yield from _known("hall", hall, promise.where.at("halls").at(position), inventory.halls)
    if plant.units:
        yield from _feeds(inventory)


def _known(what: str, name: str, where: Where, known: Collection[str]) -> Iterator[Finding]:
    if name and name not in known:
        yield unknown(what, name, where, known)


def _unit(inventory: Inventory, unit: PlantUnit) -> Iterator[Finding]:
    plant, where = inventory.plant, unit.where
    yield from _known("facility type", unit.type, where.at("type"), plant.types)
    yield from _known("hall", unit.hall, where.at("hall"), inventory.halls)
    yield from _known("loop", unit.room, where.at("room"), plant.loops)
    yield from _known("loop", unit.cools, where.at("cools"), plant.loops)
    for key, given in (("from", unit.power), ("water", unit.water)):
        for name, place in _inputs(given, where.at(key)):
            yield from _known("unit", name, place, plant.units)
    kind = plant.types.get(unit.type)
    if kind is None:
        return
    for key, written in (("breaker", unit.breaker_a), ("tap_off", unit.tap_off_a)):
        if written is not None and kind.voltage_v is None:
            said = f"{unit.name} has a {key!r}, and its type {kind.name} no voltage"
            yield Finding("unsuited-key", where.at(key), said, "a unit that carries a current")
    if unit.cools and not kind.cooling:
        said = f"{unit.name} cools {unit.cools}, and its type {kind.name} takes no heat"
        yield Finding("unsuited-key", where.at("cools"), said, "a type with 'cooling'")
    if kind.cooling and inventory.campus is None:
        said = f"nobody says how hot it gets where {unit.name} stands"
        yield Finding("no-climate", where, said, "a section 'campus' with its climate")
    if unit.power is None and kind.kind not in SOURCES:
        said = f"the {kind.kind} {unit.name} is fed from nothing"
        yield Finding("no-feed", where, said, "'from' with the name of a unit")


def _inputs(given: Input | None, where: Where) -> Iterator[tuple[str, Where]]:
    if given is None:
        return
    where = where.at("together") if given.together else where
    alone = len(given.units) == 1 and not given.together
    for position, name in enumerate(given.units):
        yield name, where if alone else where.at(position)


def _media(inventory: Inventory) -> Iterator[Finding]:
    """A hall has one loop of each medium."""
    first: dict[tuple[str, Medium], PlantLoop] = {}
    for loop in inventory.plant.loops.values():
        if bool(loop.hall) != (loop.medium is not None):
            said = f"{loop.name} has {'a hall' if loop.hall else 'a medium'} alone"
            yield Finding("hall-without-medium", loop.where, said, "'hall' and 'medium', or neither")
        elif loop.medium is not None:
            other = first.setdefault((loop.hall, loop.medium), loop)
            if other is not loop:
                said = f"{other.name} is the {loop.medium} loop of {loop.hall} already"
                yield Finding("medium-twice", loop.where, said, "one a hall", see=other.where)


def _feeds(inventory: Inventory) -> Iterator[Finding]:
    """Racks of one line are told once: there may be thousands."""
    told: set[tuple[Where, str]] = set()
    for rack in inventory.racks.values():
        for feed, unit in rack.feeds.items():
            if unit not in inventory.plant.units and (rack.where, feed) not in told:
                told.add((rack.where, feed))
                yield from _known("unit", unit, rack.where.at("feeds").at(feed), inventory.plant.units)
