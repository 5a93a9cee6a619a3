"""`types/overrides.yaml`: what the files of hardware types do not say, or say wrong, each with its source.

Most files of the library give no draw. `is_powered: false` there means no inlet, not 0 W.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BeforeValidator, Field, model_validator

from igoudar.errors import Finding, Where, step_path
from igoudar.hall.limits import Entries
from igoudar.hall.places import USUAL_IN, TypeFacts
from igoudar.hardware.parts import Door, RackType
from igoudar.quantities import LENGTH, DeviceWatts, Kilograms, Millimetres, Percent, read
from igoudar.schema import Entry, Label, Source
from igoudar.validated import validated
from igoudar.yaml_source import read_source

FILE = "overrides.yaml"
Airflow = Literal[
    "", "front-to-rear", "rear-to-front", "left-to-right", "right-to-left", "side-to-rear", "rear-to-side",
    "bottom-to-top", "top-to-bottom", "passive", "mixed",
]  # fmt: skip


RAILS_IN = (10, 19, 20, 21, 23)  # distances between rails that the trade knows
MM_AN_INCH = 25.4


def _widths(value: Any) -> tuple[int, ...]:
    """Of the racks that it fits, as inches: `21 in`, or a list of them."""
    found = []
    for text in value if isinstance(value, list) else [value]:
        inches = read(LENGTH, text) / MM_AN_INCH
        if round(inches) not in RAILS_IN or abs(inches - round(inches)) > 0.01:
            raise ValueError(f"one of {', '.join(f'{inch} in' for inch in RAILS_IN)}, or a list of them")
        found.append(round(inches))
    if not found:
        raise ValueError("at least one width")
    return tuple(found)


class TypeFactsIn(Entry):
    """`nameplate` is what the label says, `allocated` what is planned with. `psus_needed`: k of its n.

    `liquid`: how much of its heat goes to liquid; the rest goes to the room's air. `width`: of the racks that
    it is made for, or has an adapter for. `before`, `behind`: what stands out of it, with bends of cables.
    """

    source: Source
    nameplate: DeviceWatts | None = None
    allocated: DeviceWatts | None = None
    psus_needed: Annotated[int, Field(ge=1, le=64)] | None = None
    weight: Kilograms | None = None
    depth: Millimetres | None = None
    airflow: Airflow = ""
    liquid: Percent | None = None
    width: Annotated[tuple[int, ...], BeforeValidator(_widths)] = (USUAL_IN,)
    before: Millimetres | None = None
    behind: Millimetres | None = None

    @model_validator(mode="after")
    def _allocated_is_of_the_nameplate(self) -> Self:
        if self.nameplate is not None and self.allocated is not None and self.allocated > self.nameplate:
            raise ValueError("allocated at most the nameplate")
        return self


class DoorIn(Entry):
    """`clear`: between the rails of its side and the door. `open`: by the holes in it."""

    clear: Millimetres | None = None
    open: Percent | None = None


def _none_there(value: Any) -> Any:
    """`none`: nothing is in the way, of devices nor of air."""
    return DoorIn.model_construct(clear=inf, open=100.0) if value == "none" else value


SideIn = Annotated[DoorIn | None, BeforeValidator(_none_there)]


class RackFactsIn(Entry):
    """`depth`: between its rails. `cords` of devices and `cables` from other racks that it takes."""

    source: Source
    depth: Millimetres | None = None
    outer_width: Millimetres | None = None
    outer_depth: Millimetres | None = None
    weight: Kilograms | None = None
    load: Kilograms | None = None
    front: SideIn = None
    rear: SideIn = None
    cords: Entries | None = None
    cables: Entries | None = None


class FactsFile(Entry):
    overrides: dict[Label, TypeFactsIn] = Field(default_factory=dict)
    racks: dict[Label, RackFactsIn] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RackFacts:
    """What is said of a type of racks beside its file, by the fields of `RackType`."""

    where: Where
    told: Mapping[str, Any]

    def of(self, kind: RackType) -> RackType:
        return replace(kind, **self.told)


class Facts(NamedTuple):
    """By slug of the type, and of the type of racks."""

    types: Mapping[str, TypeFacts] = {}
    racks: Mapping[str, RackFacts] = {}


def read_facts(folder: Path, shown: str) -> tuple[Facts, list[Finding]]:
    """`shown` is how the file is named; without it nothing is known."""
    path = folder / FILE
    if not path.is_file():
        return Facts(), []
    source = read_source(path, shown)
    file, wrong = validated(source, FactsFile)
    entries = file.overrides if file else {}
    facts = {
        slug: TypeFacts(
            where=Where(shown, 0, step_path("overrides", slug)),
            source=entry.source,
            nameplate_w=entry.nameplate,
            allocated_w=entry.allocated,
            psus_needed=entry.psus_needed,
            kg=entry.weight,
            depth_mm=entry.depth,
            airflow=entry.airflow,
            liquid_share=(entry.liquid or 0.0) / 100,
            widths_in=entry.width,
            before_mm=entry.before,
            behind_mm=entry.behind,
        )
        for slug, entry in entries.items()
    }
    racks = {
        slug: RackFacts(Where(shown, 0, step_path("racks", slug)), _of_rack(entry))
        for slug, entry in (file.racks if file else {}).items()
    }
    return Facts(facts, racks), [*source.findings, *wrong]


def _of_rack(entry: RackFactsIn) -> dict[str, Any]:
    told = {
        "mounting_depth_mm": entry.depth,
        "outer_width_mm": entry.outer_width,
        "outer_depth_mm": entry.outer_depth,
        "kg": entry.weight,
        "load_kg": entry.load,
        "front": _door(entry.front),
        "rear": _door(entry.rear),
        "cords": entry.cords,
        "cables": entry.cables,
    }
    return {key: value for key, value in told.items() if value is not None}


def _door(entry: DoorIn | None) -> Door | None:
    return Door(entry.clear, None if entry.open is None else entry.open / 100) if entry else None
