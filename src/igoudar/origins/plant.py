"""Where the values of a unit of power and cooling, or of a loop, come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from igoudar.errors import Where
from igoudar.facility.plant import FacilityType, PlantLoop, PlantUnit
from igoudar.origins.told import By, Place, Scene, Story, Teller
from igoudar.power.graph import Input
from igoudar.quantities import CURRENT, VOLUME, shown
from igoudar.yaml_source import entry_at


def unit_story(scene: Scene, unit: PlantUnit) -> Story:
    """What one thing of it is like stands in its type's file, each number with its source."""
    told = Teller(f"unit {unit.name}", unit.where, scene.root)
    values = {
        "type": unit.type,
        "count": unit.count,
        "needed": unit.needed,
        "from": _given(unit.power),
        "water": _given(unit.water),
        "hall": unit.hall,
        "room": unit.room,
        "cools": unit.cools,
        "breaker": None if unit.breaker_a is None else shown(CURRENT, unit.breaker_a),
        "tap_off": None if unit.tap_off_a is None else shown(CURRENT, unit.tap_off_a),
    }
    for key, value in values.items():
        told.tell(key, value, [*_own(unit.where, key), *_of_hall(scene, key, unit.hall)])
    kind = scene.inventory.plant.types.get(unit.type)
    for key, text, where in _of_type(scene, kind) if kind else ():
        told.tell(f"its {key}", text, [(By.TYPE, where)])
    return told.story()


def loop_story(scene: Scene, loop: PlantLoop) -> Story:
    told = Teller(f"loop {loop.name}", loop.where, scene.root)
    values = {
        "hall": loop.hall,
        "medium": loop.medium,
        "to": loop.to,
        "air": None if loop.air_m3 is None else shown(VOLUME, loop.air_m3),
        "water": None if loop.water_m3 is None else shown(VOLUME, loop.water_m3),
    }
    for key, value in values.items():
        told.tell(key, value, [*_own(loop.where, key), *_of_hall(scene, key, loop.hall)])
    return told.story()


def _own(where: Where, key: str) -> list[Place]:
    by = By.KIND if where.path.startswith("hall_kinds") else By.WRITTEN
    return [(by, where.at(key))]


def _of_hall(scene: Scene, key: str, hall: str) -> list[Place]:
    """The hall of what a kind brings is that of the series."""
    return [(By.SERIES, scene.inventory.halls[hall].where)] if key == "hall" and hall in scene.kinds else []


def _given(given: Input | None) -> str:
    if given is None:
        return ""
    return f"{' and '.join(given.units)} together" if given.together else ", else ".join(given.units)


def _of_type(scene: Scene, kind: FacilityType) -> Iterator[tuple[str, str, Where]]:
    """Each key of the file as it is written there."""
    file = Where(kind.where.file)
    found = entry_at(file, scene.root)
    entries: Mapping[str, Any] = found[1] if found and isinstance(found[1], dict) else {}
    for key, entry in entries.items():
        yield key, _written(entry), file.at(key)


def _written(entry: Any) -> str:
    if not isinstance(entry, dict):
        return {True: "yes", False: "no"}.get(entry, str(entry)) if isinstance(entry, bool) else str(entry)
    if "points" in entry:
        return "; ".join(_point(point) for point in entry["points"])
    return str(entry.get("value", ""))


def _point(point: Mapping[str, Any]) -> str:
    supplied = f" supplied at {point['supply']}" if "supply" in point else ""
    return f"{point['heat']}{supplied} at {point['ambient']} outside"
