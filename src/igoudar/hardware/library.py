"""Files and folders of hardware types to values. What is wrong or odd is found with its place.

Errors are what nobody could build from (a slot without a type, a mass without a unit). Warnings are what the
file says and we do not follow: a key that is none of the format's, a mounting depth in no unit.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, get_args

from pydantic import AliasChoices, BaseModel

from igoudar.errors import Finding, Severity, Where, nearest
from igoudar.hardware import parts, shapes
from igoudar.validated import validated
from igoudar.yaml_source import read_source

HardwareType = parts.DeviceType | parts.ModuleType | parts.RackType
KG = {"kg": Decimal(1), "g": Decimal("0.001"), "lb": Decimal("0.45359237"), "oz": Decimal("0.028349523125")}
MM = {"mm": Decimal(1), "in": Decimal("25.4")}
LEAST_DEPTH_MM = 100  # a mounting depth below it was meant in the unit of the outer sizes
LEAST_SHARE = (
    0.5  # of the outer depth: less than it is the nearest that rails can be set to, not where they are
)
MANAGEMENT = re.compile(r"(mgmt|management|ipmi|bmc|idrac|ilo)(?![a-z])|mgmteth", re.IGNORECASE)
LEGS = {"A": parts.Leg.L1, "B": parts.Leg.L2, "C": parts.Leg.L3}


SHAPES: Mapping[type[HardwareType], type[shapes.Shape]] = {
    parts.DeviceType: shapes.DeviceShape,
    parts.ModuleType: shapes.ModuleShape,
    parts.RackType: shapes.RackShape,
}


def folder_of(kind: HardwareType | type[HardwareType]) -> str:
    """Where the library keeps types of this kind."""
    return f"{kind.kind}-types"


class Read(NamedTuple):
    """`type` is None where a finding is an error."""

    type: HardwareType | None
    findings: tuple[Finding, ...] = ()


def read_library(folder: Path) -> Iterator[tuple[Path, Read]]:
    """Every file of types below a folder, in order of path; names are relative to it."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".yaml", ".yml") and path.is_file():
            inside = path.relative_to(folder)
            yield inside, read_type(path, str(inside))


def read_type(path: Path, shown: str) -> Read:
    """One file; `shown` is the name that findings carry. Never raises for what a file may hold."""
    source = read_source(path, shown)
    if source.findings or not isinstance(source.data, dict):
        _, wrong = validated(source, shapes.PartsShape)
        return Read(None, (*source.findings, *wrong))
    shape = _shape_of(Path(shown), source.data)
    entry, wrong = validated(source, shape)
    odd = tuple(_unknown_keys(source.data, shape, Where(shown)))
    if entry is None:
        return Read(None, (*wrong, *odd))
    named = "model" if isinstance(entry, shapes.ModuleShape) else "slug"
    found = replace(_type(entry), where=Where(shown, 0, named))
    odd += tuple(_odd(entry, found, Where(shown)))
    bad = any(f.severity is Severity.ERROR for f in odd)
    return Read(None if bad else found, odd)


def _shape_of(name: Path, data: Mapping[str, Any]) -> type[shapes.Shape]:
    """By the folder of the library that it lies in, else by the keys that only one kind must have."""
    for kind, shape in SHAPES.items():
        if folder_of(kind) in name.parts:
            return shape
    if "form_factor" in data:
        return shapes.RackShape
    return shapes.DeviceShape if "slug" in data or "u_height" in data else shapes.ModuleShape


def _type(entry: shapes.Shape) -> HardwareType:
    match entry:
        case shapes.RackShape():
            return _rack(entry)
        case shapes.DeviceShape():
            return parts.DeviceType(
                slug=entry.slug,
                manufacturer=entry.manufacturer,
                model=entry.model,
                units=float(entry.u_height),
                full_depth=entry.is_full_depth,
                parts=_parts(entry),
                kg=_kg(entry.weight, entry.weight_unit),
                airflow=entry.airflow,
                part_number=entry.part_number,
                parent=entry.subdevice_role == "parent",
                child=entry.subdevice_role == "child",
                powered=entry.is_powered,
            )
        case shapes.ModuleShape():
            return parts.ModuleType(
                manufacturer=entry.manufacturer,
                model=entry.model,
                parts=_parts(entry),
                kg=_kg(entry.weight, entry.weight_unit),
                airflow=entry.airflow,
                part_number=entry.part_number,
                profile=entry.profile,
            )
    raise AssertionError(type(entry))


def _parts(entry: shapes.PartsShape) -> parts.Components:
    return parts.Components(
        interfaces=tuple(parts.InterfaceType(i.name, i.type, i.mgmt_only) for i in entry.interfaces),
        consoles=tuple(parts.Passive(p.name, p.type) for p in entry.console_ports),
        console_servers=tuple(parts.Passive(p.name, p.type) for p in entry.console_server_ports),
        inlets=tuple(
            parts.Inlet(p.name, p.type, _float(p.maximum_draw), _float(p.allocated_draw))
            for p in entry.power_ports
        ),
        outlets=tuple(
            parts.Outlet(o.name, o.type, o.power_port, LEGS[o.feed_leg] if o.feed_leg else None)
            for o in entry.power_outlets
        ),
        fronts=tuple(parts.Passive(p.name, p.type, p.positions) for p in entry.front_ports),
        rears=tuple(parts.Passive(p.name, p.type, p.positions) for p in entry.rear_ports),
        through=tuple(
            parts.Through(p.name, p.rear_port, 1, p.rear_port_position)
            for p in entry.front_ports
            if p.rear_port
        ),
        module_bays=tuple(parts.Bay(b.name, b.position) for b in entry.module_bays),
        device_bays=tuple(b.name for b in entry.device_bays),
    )


def _rack(entry: shapes.RackShape) -> parts.RackType:
    unit = entry.outer_unit or "mm"
    return parts.RackType(
        slug=entry.slug,
        manufacturer=entry.manufacturer,
        model=entry.model,
        form_factor=entry.form_factor,
        width_in=entry.width,
        units=entry.u_height,
        first=entry.starting_unit,
        descending=entry.desc_units,
        outer_width_mm=_mm(entry.outer_width, unit),
        outer_height_mm=_mm(entry.outer_height, unit),
        outer_depth_mm=_mm(entry.outer_depth, unit),
        mounting_depth_mm=_mm(entry.mounting_depth, unit if _in_outer_unit(entry) else "mm"),
        kg=_kg(entry.weight, entry.weight_unit),
        load_kg=_kg(entry.max_weight, entry.weight_unit),
    )


def _in_outer_unit(entry: shapes.RackShape) -> bool:
    """The mounting depth is in mm, whatever the outer unit; one maker gives 36 beside inches."""
    return entry.mounting_depth is not None and entry.mounting_depth < LEAST_DEPTH_MM


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _kg(value: Decimal | None, unit: str | None) -> float | None:
    return None if value is None or unit is None else float(value * KG[unit])


def _mm(value: Decimal | None, unit: str) -> float | None:
    return None if value is None else float(value * MM[unit])


def _odd(entry: shapes.Shape, found: HardwareType, where: Where) -> Iterator[Finding]:
    """What each value fits and all together do not."""
    for key in ("weight", "max_weight"):
        if getattr(entry, key, None) is not None and getattr(entry, "weight_unit", None) is None:
            expected = f"weight_unit: one of {', '.join(KG)}"
            yield Finding("no-weight-unit", where.at(key), "a mass has no unit", expected)
    if isinstance(entry, shapes.RackShape) and isinstance(found, parts.RackType):
        yield from _odd_rack(entry, found, where)
    if isinstance(entry, shapes.PartsShape):
        yield from _odd_parts(found, where)


def _odd_rack(entry: shapes.RackShape, found: parts.RackType, where: Where) -> Iterator[Finding]:
    outer = (entry.outer_width, entry.outer_height, entry.outer_depth)
    if any(size is not None for size in outer) and entry.outer_unit is None:
        said = "outer sizes have no unit"
        yield Finding("no-outer-unit", where.at("outer_width"), said, "outer_unit: mm or in")
    if entry.outer_unit == "in" and _in_outer_unit(entry):
        said = f"a mounting depth of {entry.mounting_depth} is taken as inches, like the outer sizes"
        yield _warning("mounting-depth-unit", where.at("mounting_depth"), said, "millimetres")
    depth, inside = found.outer_depth_mm, found.mounting_depth_mm
    if depth is not None and inside is not None and inside > depth:
        said = f"the mounting depth of {inside:g} mm is more than the rack's own {depth:g} mm"
        yield _warning("mounting-depth", where.at("mounting_depth"), said, "at most the outer depth")
    if depth is not None and inside is not None and inside < LEAST_SHARE * depth:
        said = f"a mounting depth of {inside:g} mm is little in a rack {depth:g} mm deep, and all must fit"
        expected = "how far apart the rails are, or `depth` of the type under `racks` of types/overrides.yaml"
        yield _warning("mounting-depth", where.at("mounting_depth"), said, expected)


def _odd_parts(found: HardwareType, where: Where) -> Iterator[Finding]:
    assert not isinstance(found, parts.RackType)
    inlets = {inlet.name for inlet in found.parts.inlets}
    for number, outlet in enumerate(found.parts.outlets):
        if outlet.inlet and outlet.inlet not in inlets:
            place = where.at("power-outlets").at(number).at("power_port")
            said = f"{outlet.name} is fed by {outlet.inlet!r}, which is no power port of the type"
            yield Finding("unknown-inlet", place, said, _one_of(inlets))
    rears = {rear.name for rear in found.parts.rears}
    for number, through in enumerate(found.parts.through):
        if through.rear not in rears:
            place = where.at("front-ports").at(number).at("rear_port")
            said = f"{through.front} leads to {through.rear!r}, which is no rear port of the type"
            yield Finding("unknown-rear-port", place, said, _one_of(rears))
    yield from _unflagged(found.parts.interfaces, where)


def _unflagged(interfaces: Sequence[parts.InterfaceType], where: Where) -> Iterator[Finding]:
    """By its name alone nothing is made a management port; but it is told that it counts as one for data."""
    names = {port.name for port in interfaces}
    for number, port in enumerate(interfaces):
        alone = port.name == "eth0" and "eth1" not in names and len(names) > 1  # of a switch
        if not port.mgmt_only and (alone or MANAGEMENT.match(port.name)):
            said = f"{port.name} is called like a management port, has no flag, and counts as one for data"
            place = where.at("interfaces").at(number)
            yield _warning("management-port", place, said, "`mgmt_only: true`, or another name")


def _one_of(names: Collection[str]) -> str:
    return f"one of {', '.join(sorted(names)) or 'none'}"


def _unknown_keys(data: Mapping[str, Any], shape: type[BaseModel], where: Where) -> Iterator[Finding]:
    """A misspelt key says nothing, silently, to whoever reads only what they know."""
    known = _known(shape)
    for key, value in data.items():
        if key in shapes.UNUSED:
            continue
        if key not in known:
            said = f"the key {key!r} is not of the format, and what it says is not used"
            yield _warning("unknown-key", where.at(str(key)), said, hint=nearest(str(key), known))
        elif (inner := known[key]) is not None and isinstance(value, list):
            for number, item in enumerate(value):
                if isinstance(item, dict):
                    yield from _unknown_keys(item, inner, where.at(str(key)).at(number))


@cache
def _known(shape: type[BaseModel]) -> Mapping[str, type[BaseModel] | None]:
    """Every key as files spell it, and the model of its entries where it holds a list of them."""
    return {name: _inner(shape, field) for field in shape.model_fields for name in _names(shape, field)}


def _names(shape: type[BaseModel], field: str) -> Iterator[str]:
    alias = shape.model_fields[field].validation_alias
    yield from map(str, alias.choices) if isinstance(alias, AliasChoices) else [str(alias or field)]


def _inner(shape: type[BaseModel], field: str) -> type[BaseModel] | None:
    """The model of the entries of a list."""
    inner = get_args(shape.model_fields[field].annotation)[:1]
    return next((i for i in inner if isinstance(i, type) and issubclass(i, BaseModel)), None)


def _warning(code: str, where: Where, said: str, expected: str = "", hint: str = "") -> Finding:
    return Finding(code, where, said, expected, hint, severity=Severity.WARNING)
