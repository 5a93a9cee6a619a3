"""`types/facility/<name>.yaml` and `data/power.yaml` to values; what is wrong is found with its place."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from igoudar.errors import Finding, Where
from igoudar.facility.plant import FacilityType, Kind, PowerLimits
from igoudar.facility.schema import KEYS, FacilityTypeIn, LimitsFile
from igoudar.power.energy import Profile
from igoudar.power.loads import Balance
from igoudar.validated import LABEL, data_file, validated
from igoudar.yaml_source import read_source

FOLDER = "facility"
LIMITS = "inventory/data/power.yaml"


@dataclass(slots=True)
class Library:
    """`profile`: that of the site."""

    types: Mapping[str, FacilityType] = field(default_factory=dict)
    limits: PowerLimits = field(default_factory=PowerLimits)
    profile: Profile | None = None


def read_facility(types: Path, shown: str, root: Path) -> tuple[Library, list[Finding]]:
    """`types`: the folder of all types, which findings call `shown`; limits are those of the checkout."""
    findings: list[Finding] = []
    found: dict[str, FacilityType] = {}
    for path in sorted((types / FOLDER).glob("*.y*ml")):
        entry, wrong = _read_type(path, f"{shown}/{FOLDER}/{path.name}")
        findings += wrong
        if entry is not None and found.setdefault(entry.name, entry) is not entry:
            said = f"there is a type {entry.name!r} already"
            findings.append(Finding("duplicate-name", entry.where, said, see=found[entry.name].where))
    limits, wrong = _read_limits(root)
    return Library(found, limits), [*findings, *wrong]


def _read_type(path: Path, shown: str) -> tuple[FacilityType | None, list[Finding]]:
    source = read_source(path, shown)
    entry, wrong = validated(source, FacilityTypeIn)
    wrong = [*source.findings, *wrong]
    if not re.fullmatch(LABEL, path.stem):
        said = f"{path.stem!r} is not a name"
        wrong.append(Finding("wrong-name", Where(shown, 1), said, "a DNS label and .yaml"))
    if entry is not None:
        wrong += _keys(entry, Where(shown))
    return (None if wrong or entry is None else _type(path.stem, entry, Where(shown))), wrong


def _keys(entry: FacilityTypeIn, where: Where) -> Iterator[Finding]:
    """What a kind needs and has not, and what it has and cannot have."""
    needed, allowed = KEYS[entry.kind]
    written = entry.model_fields_set - {"kind"}
    for key in needed:
        if getattr(entry, key) is None:
            said = f"the {entry.kind} has no {key!r}"
            yield Finding("missing-key", where.at("kind"), said, "an entry with a value")
    supplied = [point.supply is not None for point in entry.cooling.points] if entry.cooling else []
    if any(supplied) and (not all(supplied) or entry.approach is not None):
        said = "what it supplies is said of some of its points" if not all(supplied) else "it is said twice"
        expected = "'supply' in each point, or 'approach'"
        yield Finding("supply-not-clear", where.at("cooling"), said, expected)
    for key in sorted(written - {*needed, *allowed}):
        said = f"a {entry.kind} has no {key!r}"
        expected = f"one of {', '.join(sorted((*needed, *allowed)))}"
        yield Finding("unsuited-key", where.at(key), said, expected)


def _type(name: str, entry: FacilityTypeIn, where: Where) -> FacilityType:
    points = entry.cooling.points if entry.cooling else ()
    return FacilityType(
        name=name,
        kind=entry.kind,
        where=where.at("kind"),
        capacity_w=_value(entry.power),
        capacity_va=_apparent(entry),
        voltage_v=_value(entry.voltage),
        power_factor=_value(entry.power_factor) or 1.0,
        loss_share=_share(entry.loss) or 0.0,
        loss_fixed_w=_value(entry.no_load_loss) or 0.0,
        double_conversion=entry.double_conversion,
        draw_w=_value(entry.draw) or 0.0,
        draw_share=1.0 if entry.mean_draw is None else entry.mean_draw.value / 100,
        cooling=tuple((point.ambient, point.heat) for point in points),
        supply=tuple((p.ambient, p.supply) for p in points if p.supply is not None),
        approach_k=_value(entry.approach),
        restart_s=_value(entry.restart),
        lowest_c=_value(entry.lowest),
        water_l_per_kwh=_value(entry.water) or 0.0,
        local=bool(entry.local) or entry.kind is Kind.BATTERY,
        renewable=bool(entry.renewable),
        capacity_factor=_share(entry.capacity_factor),
        energy_kwh=_value(entry.energy),
    )


def _value(sourced: Any) -> float | None:
    return None if sourced is None else sourced.value


def _share(sourced: Any) -> float | None:
    return None if sourced is None else sourced.value / 100


def _apparent(entry: FacilityTypeIn) -> float | None:
    if entry.current is not None and entry.voltage is not None:
        return three_phase_va(entry.current.value, entry.voltage.value)
    return _value(entry.apparent)


def three_phase_va(amperes: float, volts: float) -> float:
    """`volts` is between two phases."""
    return math.sqrt(3) * volts * amperes


def _read_limits(root: Path) -> tuple[PowerLimits, list[Finding]]:
    """Without such a file nothing is derated and nothing is tolerated."""
    file, findings = data_file(root, LIMITS, LimitsFile)
    if file is None:
        return PowerLimits(), findings
    tolerance = file.tolerance
    balance = Balance(file.imbalance.share / 100, file.imbalance.above / 100)
    tolerances = file.store.lasts, tolerance.pue, tolerance.wue
    return PowerLimits(file.breaker.share / 100, balance, *tolerances), findings
