"""Where the values of a unit of power and cooling, or of a loop, come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from igoudar.errors import Where
from igoudar.facility.plant import FacilityType, PlantLoop, PlantUnit
from igoudar.origins.told import By, Scene, Story, Teller, amount
from igoudar.power.graph import Input
from igoudar.quantities import CURRENT, VOLUME
from igoudar.yaml_source import entry_at


def unit_story(scene: Scene, unit: PlantUnit) -> Story:
    """What one thing of it is like stands in its type's file, each number with its source."""
    values = {
        "type": unit.type,
        "count": unit.count,
        "needed": unit.needed,
        "from": _given(unit.power),
        "water": _given(unit.water),
        "hall": unit.hall,
        "room": unit.room,
        "cools": unit.cools,
        "breaker": amount(CURRENT, unit.breaker_a),
        "tap_off": amount(CURRENT, unit.tap_off_a),
    }
    told = _told(scene, f"unit {unit.name}", unit, values)
    kind = scene.inventory.plant.types.get(unit.type)
    for key, text, where in _of_type(scene, kind) if kind else ():
        told.tell(f"its {key}", text, [(By.TYPE, where)])
    return told.story()


def loop_story(scene: Scene, loop: PlantLoop) -> Story:
    values = {
        "hall": loop.hall,
        "medium": loop.medium,
        "to": loop.to,
        "air": amount(VOLUME, loop.air_m3),
        "water": amount(VOLUME, loop.water_m3),
    }
    return _told(scene, f"loop {loop.name}", loop, values).story()


def _told(scene: Scene, name: str, thing: PlantUnit | PlantLoop, values: Mapping[str, object]) -> Teller:
    """The hall of what a kind brings is that of the series."""
    told, hall = Teller(name, thing.where, scene.root), thing.hall
    by = By.KIND if thing.where.path.startswith("hall_kinds") else By.WRITTEN
    for key, value in values.items():
        places = [(by, thing.where.at(key))]
        if key == "hall" and hall in scene.kinds:
            places.append((By.SERIES, scene.inventory.halls[hall].where))
        told.tell(key, value, places)
    return told


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
