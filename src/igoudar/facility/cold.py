"""The coldest hour of a site against what coolers that give their heat to the outside can take."""

from __future__ import annotations

from collections.abc import Iterator

from igoudar.errors import Finding, Severity, Where, and_more
from igoudar.facility.plant import OUTSIDE, FacilityType, PlantUnit
from igoudar.hall.places import Campus
from igoudar.model import Inventory
from igoudar.quantities import DIFFERENCE, TEMPERATURE, shown


def too_cold(inventory: Inventory) -> Iterator[Finding]:
    """Of a site with a climate. What nobody says is a warning, once a campus or a type."""
    campus, plant = inventory.campus, inventory.plant
    outside = [(unit, plant.types[unit.type]) for unit in plant.units.values() if _outside(inventory, unit)]
    if campus is None or not outside:
        return
    coldest = campus.climate.extreme_low_c
    if coldest is None:
        yield _nobody_says_how_cold(campus, [unit for unit, _ in outside])
        return
    yield from _silent(coldest, [kind for _, kind in outside])
    for unit, kind in outside:
        if kind.lowest_c is not None and coldest < kind.lowest_c:
            said = f"it gets as cold as {shown(TEMPERATURE, coldest)} where {unit.name} stands"
            least = shown(TEMPERATURE, kind.lowest_c)
            yield Finding(
                "too-cold-outside",
                unit.where.at("type"),
                said,
                f"at least {least}, what the type {kind.name} takes",
                see=Where(kind.where.file).at("lowest"),
                subject=f"unit {unit.name}",
                amount=kind.lowest_c - coldest,
                unit=DIFFERENCE.base,
            )


def _outside(inventory: Inventory, unit: PlantUnit) -> bool:
    """Whether it gives its heat to no further loop."""
    plant = inventory.plant
    return bool(unit.cools) and plant.types[unit.type].kind in OUTSIDE and not plant.loops[unit.cools].to


def _nobody_says_how_cold(campus: Campus, units: list[PlantUnit]) -> Finding:
    who = f"{units[0].name}{and_more(len(units))}"
    said = f"that {who} can take the cold cannot be shown: nobody says how cold it gets"
    expected, where = "'extreme_low' of the climate, the coldest hour", campus.where.at("climate")
    return Finding("cold-not-shown", where, said, expected, severity=Severity.WARNING, subject="campus")


def _silent(coldest: float, kinds: list[FacilityType]) -> Iterator[Finding]:
    for kind in dict.fromkeys(kinds):
        if kind.lowest_c is None:
            cold = f"{shown(TEMPERATURE, coldest)} outside"
            said = f"that the type {kind.name} takes {cold} cannot be shown: nobody says its limit"
            expected, about = "'lowest' of the type, the coldest outside that it takes", f"type {kind.name}"
            yield Finding(
                "cold-not-shown", kind.where, said, expected, severity=Severity.WARNING, subject=about
            )
