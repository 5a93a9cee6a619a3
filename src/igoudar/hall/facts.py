"""`types/overrides.yaml`: what the files of hardware types do not say, or say wrong, each with its source.

Most files of the library give no draw. `is_powered: false` there means no inlet, not 0 W.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from igoudar.errors import Finding, Where, step_path
from igoudar.hall.places import TypeFacts
from igoudar.quantities import DeviceWatts, Kilograms, Millimetres, Percent
from igoudar.schema import Entry, Label, Source
from igoudar.validated import validated
from igoudar.yaml_source import read_source

FILE = "overrides.yaml"
Airflow = Literal[
    "", "front-to-rear", "rear-to-front", "left-to-right", "right-to-left", "side-to-rear", "rear-to-side",
    "bottom-to-top", "top-to-bottom", "passive", "mixed",
]  # fmt: skip


class TypeFactsIn(Entry):
    """`nameplate` is what the label says, `allocated` what is planned with. `psus_needed`: k of its n.

    `liquid`: how much of its heat goes to liquid; the rest goes to the room's air.
    """

    source: Source
    nameplate: DeviceWatts | None = None
    allocated: DeviceWatts | None = None
    psus_needed: Annotated[int, Field(ge=1, le=64)] | None = None
    weight: Kilograms | None = None
    depth: Millimetres | None = None
    airflow: Airflow = ""
    liquid: Percent | None = None

    @model_validator(mode="after")
    def _allocated_is_of_the_nameplate(self) -> Self:
        if self.nameplate is not None and self.allocated is not None and self.allocated > self.nameplate:
            raise ValueError("allocated at most the nameplate")
        return self


class FactsFile(Entry):
    overrides: dict[Label, TypeFactsIn] = Field(default_factory=dict)


def read_facts(folder: Path, shown: str) -> tuple[Mapping[str, TypeFacts], list[Finding]]:
    """By slug of the type. `shown` is how the file is named; without it nothing is known."""
    path = folder / FILE
    if not path.is_file():
        return {}, []
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
        )
        for slug, entry in entries.items()
    }
    return facts, [*source.findings, *wrong]
