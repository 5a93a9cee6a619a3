"""Racks of what is stated and of what their type says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from igoudar.errors import Finding, Where
from igoudar.hall.places import OPEN_IN, USUAL_IN, Rack
from igoudar.hall.schema import RackParts
from igoudar.hardware import RackType


@dataclass(slots=True)
class RackMaker:
    """`types`: by slug; what is wrong goes to `findings`."""

    types: Mapping[str, RackType]
    findings: list[Finding]

    def __call__(self, name: str, entry: RackParts, place: Mapping[str, Any], where: Where) -> Rack:
        kind = self.types.get(entry.type or "")
        height = entry.height
        if not height and not entry.type:
            said = "a rack has neither a height nor a type"
            self.findings.append(Finding("no-height", where, said, "height: 47 U, or the type of a rack"))
        width_in = kind.width_in if kind else OPEN_IN if height and height.open else USUAL_IN
        if kind and height and height.open is not (width_in == OPEN_IN):
            said = f"the height is {height}, and the rails of a {kind.slug} are {width_in} inches apart"
            expected = "OU of an open rack (21 inches), U of any other"
            self.findings.append(Finding("height-of-another-rack", where.at("height"), said, expected))
        return Rack(
            name=name,
            height=height.units if height else kind.units if kind else 0,
            width_in=width_in,
            first=kind.first if kind else 1,
            descending=kind is not None and kind.descending,
            feeds={str(feed): unit.format(name=name, **place) for feed, unit in sorted(entry.feeds.items())},
            type=entry.type or "",
            power_w=entry.power,
            load_kg=entry.load if entry.load is not None or kind is None else kind.load_kg,
            cooling=entry.cooling,
            cold=str(entry.cold or ""),
            air_class=entry.air_class or "",
            water_class=entry.water_class or "",
            where=where,
            **place,
        )
