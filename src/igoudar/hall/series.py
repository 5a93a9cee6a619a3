"""Kinds of halls, and series of alike halls: each counted hall is one of its kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from igoudar.errors import Finding, Where, nearest
from igoudar.hall.patterns import Rows, strange_words
from igoudar.hall.places import Hall
from igoudar.hall.schema import HallParts, KindIn, SeriesIn

WORDS = ("building", "hall")


class Kind(NamedTuple):
    entry: KindIn
    where: Where


def hall_of(name: str, entry: HallParts, building: int, number: int, where: Where) -> Hall:
    return Hall(
        name=name,
        building=building,
        number=number,
        where=where,
        floor=entry.floor,
        zone=entry.zone,
        power_w=entry.power,
        availability=entry.availability,
        protection=entry.protection,
        cooling=entry.cooling,
        salt_filtration=entry.salt_filtration,
        floor_kg_m2=entry.floor_load,
        air_class=entry.air_class or "",
        water_class=entry.water_class or "",
    )


def expand_series(
    series: Iterator[tuple[Where, SeriesIn]], kinds: Mapping[str, Kind], findings: list[Finding]
) -> Iterator[tuple[Hall, list[Rows]]]:
    """Each hall of each series with its rows; a series that cannot be counted is found, and left out."""
    for where, entry in series:
        wrong = [*strange_words(entry.names, WORDS, where.at("names"))]
        kind = kinds.get(entry.kind)
        if kind is None:
            said = f"there is no kind of hall {entry.kind!r}"
            expected = f"one of {', '.join(sorted(kinds)) or 'those of a section hall_kinds'}"
            wrong.append(
                Finding("unknown-kind", where.at("kind"), said, expected, nearest(entry.kind, kinds))
            )
        wrong += [] if wrong else _overlapping(entry, where)
        findings += wrong
        if kind is not None and not wrong:
            yield from _counted(entry, kind, where)


def _overlapping(entry: SeriesIn, where: Where) -> Iterator[Finding]:
    counts = {"building": len(entry.buildings), "hall": len(entry.halls)}
    needed = [word for word, count in counts.items() if count > 1]
    lacks = [f"{{{word}}}" for word in needed if f"{{{word}}}" not in entry.names]
    if lacks:
        said = f"{entry.names!r} gives the same name twice"
        hint = f"use {' and '.join(lacks)} in it"
        yield Finding("pattern-overlap", where.at("names"), said, "a name that differs", hint)


def _counted(entry: SeriesIn, kind: Kind, where: Where) -> Iterator[tuple[Hall, list[Rows]]]:
    for building in entry.buildings:
        for index, counted in enumerate(entry.halls):
            name = entry.names.format(building=building, hall=counted)
            parts = kind.entry if entry.zone is None else kind.entry.model_copy(update={"zone": entry.zone})
            hall = hall_of(name, parts, int(building), entry.number + index, where)
            rows = kind.where.at("rows")
            yield hall, [Rows(name, row, rows.at(n)) for n, row in enumerate(kind.entry.rows)]
