"""What people ask for in REQUEST.yaml: devices in classes, and limits that the inventory does not know."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from igoudar.errors import BadInput
from igoudar.hall.places import Zone
from igoudar.model import Face, Role
from igoudar.placement.problem import Per
from igoudar.quantities import Kilograms, Watts
from igoudar.schema import Entry, Label, Modules, one_of
from igoudar.validated import validated
from igoudar.yaml_source import locate, read_source

N = "{n}"


class ApartIn(Entry):
    """`standing`: devices of the inventory that belong to the group already."""

    group: Label
    at_most: Annotated[int, Field(ge=1, le=9999)] = 1
    per: Annotated[Per, one_of(Per)] = Per.RACK
    standing: list[Label] = Field(default_factory=list)


class DevicesIn(Entry):
    """`count` devices called by `names`, whose {n} counts from `first`. `draw` is of one.

    `ports`: switch ports that one needs in its own rack, by kind. `zones`: where it may stand; else anywhere.
    `face`: the side that devices of half depth are mounted at. `modules`: by the name of the bay.
    """

    type: Label
    count: Annotated[int, Field(ge=1, le=99999)]
    role: Annotated[Role, one_of(Role)]
    names: Annotated[str, StringConstraints(min_length=1)]
    first: Annotated[int, Field(ge=0, le=99999)] = 1
    draw: Watts | None = None
    ports: dict[str, Annotated[int, Field(ge=1, le=999)]] = Field(default_factory=dict)
    apart: ApartIn | None = None
    zones: Annotated[list[Annotated[Zone, one_of(Zone)]], Field(min_length=1)] | None = None
    face: Annotated[Face, one_of(Face)] = Face.FRONT
    nos: Label | None = None
    modules: Modules = Field(default_factory=dict)

    def name(self, number: int) -> str:
        """Of device `number`, from 0."""
        return self.names.replace(N, str(self.first + number))


class RackLimitsIn(Entry):
    """`power`: what each feed alone can carry."""

    power: Watts | None = None
    cooling: Watts | None = None
    load: Kilograms | None = None


class TypeIn(Entry):
    """Of one device of the type, where the inventory does not say it."""

    draw: Watts | None = None
    mass: Kilograms | None = None


class LimitsIn(Entry):
    """`each` is of every rack, unless `racks` says otherwise. Those of the inventory are never exceeded."""

    each: RackLimitsIn = RackLimitsIn()
    racks: dict[Label, RackLimitsIn] = Field(default_factory=dict)
    types: dict[Label, TypeIn] = Field(default_factory=dict)


class RequestFile(Entry):
    """`halls`: whose racks may be used; without it, all. `heavy_low` false: in the order of the request."""

    devices: Annotated[list[DevicesIn], Field(min_length=1)]
    limits: LimitsIn = LimitsIn()
    halls: Annotated[list[Label], Field(min_length=1)] | None = None
    heavy_low: bool = True


def read_request(path: Path, shown: str, root: Path) -> RequestFile:
    """Raises BadInput."""
    source = read_source(path, shown)
    request, findings = validated(source, RequestFile)
    if request is None:
        raise BadInput(locate([*source.findings, *findings], root))
    return request
