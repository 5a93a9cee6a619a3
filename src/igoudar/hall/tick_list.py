"""Work for people on the floor, to be ticked off: sections of lines, and racks as they then stand. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

HIGHEST = 1000  # above any number of a U


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to do; `name` is what the eye looks for.

    `label`: the number on a cable, 0 where it has none yet; `ends`: what its stickers say below it.
    """

    before: str
    name: str = ""
    after: str = ""
    label: int = 0
    ends: tuple[str, str] = ("", "")

    def markdown(self) -> str:
        where = " to ".join(end for end in self.ends if end)
        said = f"{self.before}**{self.name}**{self.after}" if self.name else self.before
        return f"{said}; {where}" if where else said


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Rack:
    """`told`: its record afterwards. `touched`: device -> what was done to it."""

    name: str
    told: Mapping[str, Any]
    touched: Mapping[str, str]

    @property
    def height(self) -> int:
        return int(self.told.get("height", 0)) or 1

    @property
    def first(self) -> int:
        return int(self.told.get("first", 1))

    @property
    def descending(self) -> bool:
        return bool(self.told.get("counts") == "down")

    @property
    def above(self) -> str:
        """Its feeds, and what it draws and weighs."""
        feeds = ", ".join(f"{feed} from {unit}" for feed, unit in sorted(self.told.get("feeds", {}).items()))
        sums = "; ".join(f"{key} {self.told[key]}" for key in ("power", "mass") if key in self.told)
        return "; ".join(part for part in (f"feeds {feeds}" if feeds else "", sums) if part)

    def places(self) -> list[tuple[str, Mapping[str, str]]]:
        """From the top down, as one stands before it."""
        units = self.told.get("units", {}).items()
        return sorted(units, key=lambda item: (low_in(self.told, item[0]), item[0]), reverse=True)


@dataclass(frozen=True, slots=True)
class Order:
    """`sections` in the order of the work, none of them empty; without any there is nothing to do."""

    what: str
    day: date
    sections: tuple[Section, ...]
    racks: tuple[Rack, ...] = ()

    @property
    def lead(self) -> str:
        return f"{self.day.isoformat()}. Tick each line when it is done."

    def markdown(self) -> str:
        """Empty where nothing is to be done."""
        if not self.sections:
            return ""
        lines = [f"# Work order: {self.what}", "", self.lead, ""]
        for section in self.sections:
            todo = [f"- [ ] {line.markdown()}" for line in section.lines]
            lines += [f"## {section.title}", "", *todo, ""]
        if self.racks:
            lines += ["## The racks afterwards", "", *(text for rack in self.racks for text in _table(rack))]
        return "\n".join(lines).rstrip() + "\n"


def low_in(told: Mapping[str, Any], place: str) -> float:
    """Sorts the places of a rack's record from the bottom up, what stands beside the U first."""
    u = float(place.partition(" ")[0].removeprefix("u"))
    return HIGHEST - u if u and told.get("counts") == "down" else u


def sections(told: Iterable[tuple[str, Iterable[Line]]]) -> tuple[Section, ...]:
    """Nothing where nothing is to be done."""
    made = (Section(title, tuple(lines)) for title, lines in told)
    return tuple(section for section in made if section.lines)


def _table(rack: Rack) -> Iterator[str]:
    yield from (f"### {rack.name}", "")
    if rack.above:
        yield from (rack.above, "")
    yield from ("| place | device | type | serial |", "| --- | --- | --- | --- |")
    for place, box in rack.places():
        yield f"| {place} | {box['device']} | {box['type']} | {box['serial']} |"
    yield ""
