"""Power and cooling of kinds of halls: each hall of a series has what its kind describes, by counting.

What is wrong with a pattern is wrong in every hall, and said once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from igoudar.errors import Finding, Where
from igoudar.facility.plant import PlantLoop, PlantUnit, Promise
from igoudar.facility.schema import KindLoopIn, KindUnitIn
from igoudar.hall.patterns import strange_words
from igoudar.hall.schema import KindIn
from igoudar.hall.series import WORDS as SERIES_WORDS
from igoudar.power.graph import Input
from igoudar.site_files import SiteFile

WORDS = ("hall", "building", "row", "rack")
Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KindHall:
    """A hall of a kind, and how its building is counted."""

    name: str
    building: str
    kind: str
    entry: KindIn
    where: Where


def kind_halls(sites: list[tuple[str, SiteFile]]) -> list[KindHall]:
    """Of all series that can be counted; what is wrong with the others is found elsewhere."""
    kinds: dict[str, tuple[KindIn, Where]] = {}
    for file, document in sites:
        for name, kind in document.hall_kinds.items():
            kinds.setdefault(name, (kind, Where(file, 0, "hall_kinds").at(name)))
    found = []
    for _, document in sites:
        for series in document.hall_series:
            if series.kind not in kinds or [*strange_words(series.names, SERIES_WORDS, Where(""))]:
                continue
            entry, where = kinds[series.kind]
            for building in series.buildings:
                names = (series.names.format(building=building, hall=hall) for hall in series.halls)
                found += [KindHall(name, building, series.kind, entry, where) for name in names]
    return found


def misspelt(halls: list[KindHall]) -> Iterator[Finding]:
    """Words that are not known, in names of a kind's units and loops and in what these name."""
    for kind in {hall.kind: hall for hall in halls}.values():
        for name, unit in kind.entry.units.items():
            place = kind.where.at("units").at(name)
            known = [word for word in WORDS if word != "rack" or unit.racks]
            known = [word for word in known if word != "row" or unit.rows]
            for text in (name, *_references(unit)):
                yield from strange_words(text, tuple(known), place)
        for name, loop in kind.entry.loops.items():
            for text in (name, loop.to or ""):
                yield from strange_words(text, WORDS[:2], kind.where.at("loops").at(name))


def _references(unit: KindUnitIn) -> Iterator[str]:
    for given in (unit.power, unit.water):
        yield from given.units if given else ()
    yield from (unit.room or "", unit.cools or "")


def units_of(hall: KindHall) -> Iterator[PlantUnit]:
    for name, entry in hall.entry.units.items():
        where = hall.where.at("units").at(name)
        for row in entry.rows or [""]:
            for rack in entry.racks or ("",):
                words = {"hall": hall.name, "building": hall.building, "row": row, "rack": rack}
                yield _unit(name, entry, words, where)


def _unit(name: str, entry: KindUnitIn, words: Words, where: Where) -> PlantUnit:
    return PlantUnit(
        name=name.format_map(words),
        type=entry.type,
        where=where,
        count=entry.count,
        needed=entry.needed or entry.count,
        power=_named(entry.power, words),
        water=_named(entry.water, words),
        hall=words["hall"],
        room=(entry.room or "").format_map(words),
        cools=(entry.cools or "").format_map(words),
        breaker_a=entry.breaker,
        tap_off_a=entry.tap_off,
    )


def _named(given: Input | None, words: Words) -> Input | None:
    return given and Input(tuple(name.format_map(words) for name in given.units), given.together)


def loops_of(hall: KindHall) -> Iterator[PlantLoop]:
    words = {"hall": hall.name, "building": hall.building}
    for name, entry in hall.entry.loops.items():
        yield _loop(name.format_map(words), entry, words, hall.where.at("loops").at(name))


def _loop(name: str, entry: KindLoopIn, words: Words, where: Where) -> PlantLoop:
    hall = words["hall"] if entry.medium else ""
    onward = (entry.to or "").format_map(words)
    return PlantLoop(name, where, hall, entry.medium, onward, entry.air, entry.water)


def promises_of(halls: list[KindHall]) -> Iterator[Promise]:
    """Each of all halls of its kind."""
    for kind, first in {hall.kind: hall for hall in reversed(halls)}.items():
        names = tuple(sorted(hall.name for hall in halls if hall.kind == kind))
        for name, entry in first.entry.schemes.items():
            where = first.where.at("schemes").at(name)
            yield Promise(name, entry.scheme, entry.blocks, tuple(entry.halls) or names, where)
