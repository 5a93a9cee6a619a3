"""Where the values of a rack, a device or a hall come from."""

from __future__ import annotations

from math import inf

from igoudar.errors import Where
from igoudar.hall.draw import (
    airflow_of,
    cooling_of,
    draw_of,
    most_entering,
    stated_at,
    weight_of,
    widths_of,
)
from igoudar.hall.limits import FILE as LIMITS
from igoudar.hall.measured import measured
from igoudar.hall.places import Hall, Rack
from igoudar.hall.units import BOX
from igoudar.hardware.parts import Door
from igoudar.model import Device, Inventory
from igoudar.origins.told import By, Place, Scene, Story, Teller, above, amount, home_of, stated
from igoudar.quantities import LENGTH, LOAD, MASS, POWER, SHARE, shown

_LIMITS = Where(LIMITS, 0, "limits")


def rack_story(scene: Scene, rack: Rack) -> Story:
    inventory = scene.inventory
    by, home = home_of(rack)
    told, hall = Teller(f"rack {rack.name}", home, scene.root), inventory.halls[rack.hall]
    counted = by is By.PATTERN
    told.tell("hall", rack.hall, [*stated(rack, "hall"), (By.SERIES, hall.where.at("names"))])
    told.tell("row", rack.row, stated(rack, "name" if counted else "row"))
    told.tell("position", rack.position, stated(rack, "racks" if counted else "position"))
    told.tell("at", rack.at, stated(rack, "at"))
    told.tell("type", rack.type, stated(rack, "type"))
    told.tell("height", f"{rack.height} {rack.unit}", _of_type(inventory, rack, ("height", "u_height")))
    told.tell("load", amount(MASS, rack.load_kg), _of_type(inventory, rack, ("load", "max_weight")))
    told.tell("power", amount(POWER, rack.power_w), stated(rack, "power"))
    for feed, unit in rack.feeds.items():
        told.tell(f"feed {feed}", unit, [(by, where.at(feed)) for by, where in stated(rack, "feeds")])
    way, most = cooling_of(inventory, rack)
    told.tell("cooling", way, [*stated(rack, "cooling"), *hall_places(scene, hall, "cooling")])
    told.tell("most by cooling", amount(POWER, most), [(By.DATA, _LIMITS.at("cooling").at(str(way)))])
    told.tell("cold", rack.cold, stated(rack, "cold"))
    for key in ("air_class", "water_class"):
        own = getattr(rack, key) or getattr(hall, key)
        told.tell(key, own, [*stated(rack, key), *hall_places(scene, hall, key)])
    _of_rack_type(inventory, rack, told)
    _measured(inventory, rack.name, measured(inventory).racks.get(rack.name), told)
    told.ledger(scene.ledger, rack.name)
    return told.story()


def _of_type(inventory: Inventory, rack: Rack, keys: tuple[str, str]) -> list[Place]:
    """Height and load: an override of the type brings those of the type before what the row says."""
    own, of_type = stated(rack, keys[0]), _type_places(inventory, rack, *keys)
    old = rack.instead_of
    if old is not None and old.type != rack.type:
        return [own[0], *of_type, *own[1:]]
    return [*own, *of_type]


def _type_places(inventory: Inventory, rack: Rack, key: str, in_file: str) -> list[Place]:
    """What overrides.yaml says of a type of racks comes before its file."""
    kind, facts = inventory.rack_types.get(rack.type), inventory.rack_facts.get(rack.type)
    told: list[Place] = [(By.FACTS, facts.at(key))] if facts else []
    return [*told, (By.TYPE, Where(kind.where.file).at(in_file))] if kind else told


def _of_rack_type(inventory: Inventory, rack: Rack, told: Teller) -> None:
    kind = inventory.rack_types.get(rack.type)
    if kind is not None:
        told.tell("mass", amount(MASS, kind.kg), _type_places(inventory, rack, "weight", "weight"))
        depth = amount(LENGTH, kind.mounting_depth_mm)
        told.tell("depth between rails", depth, _type_places(inventory, rack, "depth", "mounting_depth"))
        told.tell("width", f"{kind.width_in} in", [(By.TYPE, Where(kind.where.file).at("width"))])
        for side, door in (("front", kind.front), ("rear", kind.rear)):
            told.tell(f"{side} door", _door(door), _type_places(inventory, rack, side, side))
    for key in ("cords", "cables"):
        places = [*_type_places(inventory, rack, key, key), (By.DATA, _LIMITS.at("entries").at(key))]
        told.tell(f"most {key}", most_entering(inventory, rack, key), places)


def _door(door: Door | None) -> str | None:
    if door is None or door.clear_mm == inf:
        return "none" if door else None
    said = []
    if door.clear_mm is not None:
        said.append(f"{shown(LENGTH, door.clear_mm)} from the rails")
    if door.open_share is not None:
        said.append(f"{shown(SHARE, door.open_share * 100)} open")
    return ", ".join(said)


def device_story(scene: Scene, device: Device) -> Story:
    inventory = scene.inventory
    by, home = home_of(device)
    told = Teller(f"device {device.name}", home, scene.root)
    told.tell("type", inventory.types[device.type].bare, stated(device, "type"))
    for bay, module in device.modules.items():
        places = [(by, where.at(bay)) for by, where in stated(device, "modules")]
        told.tell(f"module in {bay}", module, places)
    for key in ("role", "number", "status", "nos", "pod", "face", "feed"):
        told.tell(key, getattr(device, key), stated(device, key))
    row: list[Place] = [(by, place.at("racks")) for place in above(home, 3)] if by is By.PATTERN else []
    told.tell("bay", device.bay, stated(device, "bay"))
    by_parent = stated(device, "bay") if device.bay else []
    told.tell("rack", device.rack, by_parent or row or stated(device, "rack"))
    told.tell("u", f"{device.u:g}", by_parent or stated(device, "u"))
    told.tell("oob", device.oob, stated(device, "oob"))
    for key in BOX:
        csv: list[Place] = [(By.UNITS, device.box[key])] if key in device.box else []
        told.tell(key, getattr(device, key), csv or stated(device, key))
    _draw(inventory, device, told)
    _body(inventory, device, told)
    _measured(inventory, device.name, measured(inventory).devices.get(device.name), told)
    told.ledger(scene.ledger, device.name)
    return told.story()


def _facts(inventory: Inventory, device: Device, key: str, in_file: str = "") -> list[Place]:
    """What overrides.yaml says of a type comes before its file."""
    facts = inventory.facts.get(device.type)
    told: list[Place] = [(By.FACTS, facts.where.at(key))] if facts else []
    file = Where(inventory.types[device.type].where.file)
    return [*told, (By.TYPE, file.at(in_file))] if in_file else told


def _draw(inventory: Inventory, device: Device, told: Teller) -> None:
    """`allocated_draw` of a type's file is of each of its inlets: the one that states the most is told."""
    draw, facts = draw_of(inventory, device), inventory.facts.get(device.type)
    kind = inventory.types[device.type]
    inlets = Where(kind.where.file).at("power-ports")
    of_chassis = len(inventory.types[kind.bare].parts.inlets)  # those of modules come after them
    own = stated(device, "draw") if device.draw_w is not None else []
    at = stated_at(kind.parts.inlets)
    brought = stated(device, "modules")
    in_file = [] if at is None else [(By.TYPE, inlets.at(at).at("allocated_draw"))]
    in_file = brought if at is not None and at >= of_chassis else in_file
    places = own or [*_facts(inventory, device, "allocated"), *in_file]
    by_file = not own and at is not None and (facts is None or facts.allocated_w is None)
    redundant = f", of {draw.needed} of {draw.psus} PSUs" if by_file and draw.psus > 1 else ""
    watts = amount(POWER, draw.allocated_w)
    told.tell("draw", f"{watts}{redundant}" if watts else watts, places)
    if facts:
        nameplate = amount(POWER, facts.nameplate_w)
        told.tell("nameplate", nameplate, _facts(inventory, device, "nameplate"))
    told.tell("PSUs", draw.psus or None, brought if draw.psus > of_chassis else [(By.TYPE, inlets)])
    told.tell("PSUs needed", draw.needed if draw.psus else None, _facts(inventory, device, "psus_needed"))


def _body(inventory: Inventory, device: Device, told: Teller) -> None:
    kind, facts = inventory.types[device.type], inventory.facts.get(device.type)
    file = Where(kind.where.file)
    told.tell("height", f"{kind.units:g} U", [(By.TYPE, file.at("u_height"))])
    kg = amount(MASS, weight_of(inventory, device))
    with_modules = f"{kg}, its modules included" if kg and device.modules else kg
    told.tell("mass", with_modules, _facts(inventory, device, "weight", "weight"))
    told.tell("airflow", airflow_of(inventory, device), _facts(inventory, device, "airflow", "airflow"))
    widths = " or ".join(f"{inches} in" for inches in widths_of(inventory, device.type))
    told.tell("width", widths if device.u and not device.bay else None, _facts(inventory, device, "width"))
    if facts:
        told.tell("depth", amount(LENGTH, facts.depth_mm), _facts(inventory, device, "depth"))
        liquid = shown(SHARE, facts.liquid_share * 100) if facts.liquid_share else None
        told.tell("heat to liquid", liquid, _facts(inventory, device, "liquid"))


def _measured(inventory: Inventory, name: str, watts: float | None, told: Teller) -> None:
    """At the first line of it: a sum of several."""
    lines = (r.where for r in inventory.readings if name in (r.point.device, r.point.rack))
    told.tell("measured", amount(POWER, watts), [(By.READINGS, where) for where in lines])


def hall_story(scene: Scene, hall: Hall) -> Story:
    told = Teller(f"hall {hall.name}", hall.where, scene.root)
    values = {
        "building": hall.building,
        "number": hall.number,
        "floor": hall.floor,
        "zone": hall.zone,
        "power": amount(POWER, hall.power_w),
        "availability": hall.availability,
        "protection": hall.protection,
        "cooling": hall.cooling,
        "salt_filtration": "yes" if hall.salt_filtration else "no",
        "floor_load": amount(LOAD, hall.floor_kg_m2),
        "air_class": hall.air_class,
        "water_class": hall.water_class,
    }
    for key, value in values.items():
        told.tell(key, value, hall_places(scene, hall, key))
    return told.story()


def hall_places(scene: Scene, hall: Hall, key: str) -> list[Place]:
    """What a series says itself comes before its kind."""
    if not hall.where.path.startswith("hall_series"):
        return [(By.WRITTEN, hall.where.at(key))]
    counted = {"building": ("buildings",), "number": ("number", "halls")}
    places: list[Place] = [(By.SERIES, hall.where.at(word)) for word in counted.get(key, (key,))]
    kind = scene.kinds.get(hall.name)
    return [*places, (By.KIND, kind.at(key))] if kind else places
