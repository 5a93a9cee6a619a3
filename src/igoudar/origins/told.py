"""Where a value of one object comes from: the first place, in the order of precedence, at which it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from igoudar.errors import Where
from igoudar.hall.places import Rack
from igoudar.ledger import Ledger
from igoudar.model import Device, Inventory
from igoudar.quantities import Kind, shown
from igoudar.yaml_source import entry_at

_LAST = re.compile(r"(\.?[A-Za-z0-9_-]+|\[[^\]]*\])$")
SOURCES_ABOVE = 3  # a source stands beside its number, or beside what holds it


class By(StrEnum):
    """What kind of place it is."""

    WRITTEN = "written"
    PATTERN = "pattern"
    KIND = "kind of hall"
    SERIES = "series"
    OVERRIDE = "override"
    UNITS = "units CSV"
    READINGS = "readings CSV"
    TESTED = "tested CSV"
    TYPE = "type file"
    FACTS = "overrides.yaml of types"
    DATA = "data file"
    RULE = "rule of cables"
    LEDGER = "ledger"
    DEFAULT = "not written: default"


@dataclass(frozen=True, slots=True)
class Scene:
    """What there is to look at. `kinds`: hall of a series -> the entry of its kind."""

    inventory: Inventory
    ledger: Ledger
    kinds: Mapping[str, Where]
    root: Path


SOURCED = frozenset({By.TYPE, By.FACTS, By.DATA})
Place = tuple[By, Where]


@dataclass(frozen=True, slots=True)
class Origin:
    """`value` with its unit, as people write it. `source`: who says it, where that stands beside it."""

    what: str
    value: str
    by: By
    where: Where
    source: str = ""

    def as_json(self) -> dict[str, Any]:
        told = {"what": self.what, "value": self.value, "by": str(self.by), "source": self.source}
        return {**told, **self.where.as_json()}


@dataclass(frozen=True, slots=True)
class Story:
    """`name` is that of findings, such as `rack a05`. `where`: the entry that gives the object."""

    name: str
    where: Where
    origins: tuple[Origin, ...]

    def as_json(self) -> dict[str, Any]:
        values = [origin.as_json() for origin in self.origins]
        return {"object": self.name, "values": values, **self.where.as_json()}

    def __str__(self) -> str:
        """A line a value; a source once, under the first number that is its."""
        rows = [(o.what, o.value, str(o.by), str(o.where)) for o in self.origins]
        wide = [max((len(row[at]) for row in rows), default=0) for at in range(3)]
        lines, said = [f"{self.name}: {self.where}"], {""}
        for origin, (what, value, by, where) in zip(self.origins, rows, strict=True):
            lines.append(f"  {what:{wide[0]}}  {value:{wide[1]}}  {by:{wide[2]}}  {where}")
            if origin.source not in said:
                lines.append(f"  {'':{wide[0]}}  {'':{wide[1]}}  source: {origin.source}")
            said.add(origin.source)
        return "\n".join(lines)


@dataclass(slots=True)
class Teller:
    """Gathers the origins of one object; `home` is the entry that gives it."""

    name: str
    home: Where
    root: Path
    origins: list[Origin] = field(default_factory=list)

    def tell(self, what: str, value: object, places: Iterable[Place]) -> None:
        """Nothing of what has no value. What stands nowhere is a default, told at the entry."""
        if value is None or value == "":
            return
        for by, where in places:
            if found := self._stands(where):
                self.origins.append(Origin(what, str(value), by, found, self._source(by, where)))
                return
        self.origins.append(Origin(what, str(value), By.DEFAULT, self._line(self.home)))

    def ledger(self, ledger: Ledger, owner: str) -> None:
        """The numbers that the object itself was given."""
        for kind, numbers in ledger.numbers.items():
            if owner in numbers:
                self.tell(kind, numbers[owner], [(By.LEDGER, ledger.where(kind, owner))])

    def story(self) -> Story:
        return Story(self.name, self._line(self.home), tuple(self.origins))

    def _stands(self, where: Where) -> Where | None:
        """Of tables the line is known, of YAML whether the path is there."""
        if where.line:
            return where
        found = entry_at(where, self.root)
        return found[0] if found else None

    def _line(self, where: Where) -> Where:
        return self._stands(where) or where

    def _source(self, by: By, where: Where) -> str:
        for place in above(where, SOURCES_ABOVE) if by in SOURCED else ():
            found = entry_at(place.at("source"), self.root)
            if found is not None and isinstance(found[1], str):
                return found[1]
        return ""


def amount(kind: Kind, number: float | None) -> str | None:
    """As people write it; None where nobody says it."""
    return None if number is None else shown(kind, number)


def above(where: Where, steps: int) -> Iterator[Where]:
    """The place itself, and those that hold it."""
    for _ in range(steps):
        yield where
        if not where.path:
            return
        where = replace(where, line=0, path=_LAST.sub("", where.path))


def home_of(thing: Rack | Device) -> Place:
    """The entry that gives it, whatever an override says."""
    where = (thing.instead_of or thing).where
    counted = where.path.startswith(("rows", "hall_kinds"))
    return (By.PATTERN if counted else By.WRITTEN), where


def stated(thing: Rack | Device, key: str) -> list[Place]:
    """The override of this object, then its entry."""
    by, where = home_of(thing)
    own: list[Place] = [(By.OVERRIDE, thing.where.at(key))] if thing.instead_of is not None else []
    return [*own, (by, where.at(key))]
