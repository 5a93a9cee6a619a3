"""What stands in a rack: no more power and mass than it is built for, no air against air."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from igoudar.design import Design
from igoudar.errors import Finding, Severity
from igoudar.hall.bays import fed_in_bays
from igoudar.hall.cause import Suspect, grown, home, suspect, told_at
from igoudar.hall.draw import Draw, Draws, airflow_of, known_w, psus_of, weight_of
from igoudar.hall.excess import Excess
from igoudar.hall.gaps import gap, held, of_types
from igoudar.hall.places import Rack
from igoudar.hall.standing import rows_first, standing
from igoudar.model import Device, Face, Inventory
from igoudar.quantities import LOAD, MASS, POWER, shown


def check(design: Design) -> Iterator[Finding]:
    inventory = design.inventory
    inside = standing(inventory)
    draws = Draws(inventory)
    for name in sorted(inside):
        rack, devices = inventory.racks[name], rows_first(inside[name])
        yield from _power(draws, rack, devices)
        yield from _mass(inventory, rack, devices)
        yield from _airflow(inventory, rack, devices)
    yield from _floor(inventory, inside)
    if not inventory.plant.units:  # else they are judged by what they hang on
        yield from _feeds(inventory)


def _power(known: Draws, rack: Rack, devices: list[Device]) -> Iterator[Finding]:
    """What nobody knows is an error: the rack counts as if it were full."""
    draws = {device.name: known.of(device) for device in devices}
    if rack.power_w is not None or held(known.inventory, rack):
        yield from _no_draw(draws, rack, devices)
    if rack.feeds:
        yield from _no_inlet(known.inventory, draws, rack, devices)
    bays = fed_in_bays(known.inventory, ((one, draws[one.name].allocated_w) for one in devices))
    for device in devices:
        yield from _over_psus(known.inventory, device, draws[device.name], bays.get(device.name, 0.0))
        yield from _over_nameplate(known.inventory, device)
    if rack.power_w is None:
        return
    total = round(known_w(draw.allocated_w for draw in draws.values()), 3)
    if total > rack.power_w:
        said = f"what stands in rack {rack.name} draws {shown(POWER, total)}{_most(draws)}"
        over = Excess(POWER, total, rack.power_w)
        about, more = f"rack {rack.name}", ", which each of its feeds carries alone"
        suspects = (
            suspect(rack, ("power",), lambda one: one.power_w is not None and total > one.power_w),
            *grown(devices, ("draw", "type"), lambda one: known.of(one).allocated_w, total - rack.power_w),
        )
        yield over.of(about, "rack-over-power", told_at(home(rack, "power"), suspects), said, more)


def _no_draw(draws: Mapping[str, Draw], rack: Rack, devices: list[Device]) -> Iterator[Finding]:
    unknown = [device for device in devices if draws[device.name].allocated_w is None]
    known = round(known_w(draw.allocated_w for draw in draws.values()), 3)
    for kind, alike in of_types(unknown).items():
        counts = f"nobody knows what {rack.name} draws"
        if rack.power_w is not None:
            counts = f"{rack.name} counts as its {shown(POWER, rack.power_w)}"
            if known > rack.power_w:
                counts = f"{rack.name} counts as the {shown(POWER, known)} of the others"
        elif rack.feeds:
            counts = f"nobody knows what the feeds of {rack.name} carry"
        yield Finding(
            "no-draw",
            alike[0].where.at("type"),
            f"nobody says what a {kind} draws, so {counts}",
            "`draw` of the device, or `allocated` of its type in types/overrides.yaml",
            severity=Severity.ERROR if rack.power_w is not None else gap(alike),
            subject=f"rack {rack.name} / type {kind}",
        )


def _no_inlet(
    inventory: Inventory, draws: Mapping[str, Draw], rack: Rack, devices: list[Device]
) -> Iterator[Finding]:
    """Of types whose power supplies are modules, which their file has bays for and no more."""

    def lacking(device: Device) -> bool:
        kind = inventory.types[device.type]
        bays_alone = bool(kind.parts.module_bays) and not kind.parts.inlets
        fed = bays_alone and kind.powered is not False and not device.bay  # by its parent
        return fed and bool(draws[device.name].allocated_w)

    for slug, alike in of_types(device for device in devices if lacking(device)).items():
        said = f"a {slug} draws power and its type has bays for modules, but no inlet that a feed leads to"
        expected = "its power supplies in `modules` of the device: bay -> type of the module"
        hint = f"or `power-ports` in {inventory.types[slug].where.file}, where all of the type have the same;"
        hint = f"{hint} `is_powered: false` for what needs none, as on a busbar"
        where, about = alike[0].where.at("type"), f"rack {rack.name} / type {slug}"
        yield Finding("no-power-inlet", where, said, expected, hint, severity=gap(alike), subject=about)


def _over_nameplate(inventory: Inventory, device: Device) -> Iterator[Finding]:
    """What a type is planned with is held against it where `types/overrides.yaml` is read."""
    facts = inventory.facts.get(device.type)
    most = facts.nameplate_w if facts else None
    if facts is None or most is None or device.draw_w is None or device.draw_w <= most:
        return
    said = f"{device.name} draws {shown(POWER, device.draw_w)}"
    over, told = Excess(POWER, device.draw_w, most), (device.where.at("draw"), facts.where.at("nameplate"))
    yield over.of(f"device {device.name}", "over-nameplate", told, said, f", the nameplate of {device.type}")


def _over_psus(inventory: Inventory, device: Device, draw: Draw, in_bays: float) -> Iterator[Finding]:
    """Told of the type where the device says nothing itself. `in_bays`: W that it hands on."""
    if draw.psus and draw.needed > draw.psus:
        yield _too_few_psus(inventory, device, draw)
        return
    if draw.allocated_w is None or draw.cap_w is None or draw.allocated_w + in_bays <= draw.cap_w:
        return
    facts, said_itself = inventory.facts.get(device.type), device.draw_w is not None
    own = said_itself or bool(in_bays)
    where = device.where.at("draw" if said_itself else "type")
    where = facts.where if facts and not own else where
    about = f"device {device.name}" if own else f"type {device.type}"
    whole = " with what is in its bays" if in_bays else ""
    watts = draw.allocated_w + in_bays
    said = f"{device.name if own else device.type}{whole} draws {shown(POWER, watts)}"
    over = Excess(POWER, watts, draw.cap_w)
    yield over.of(about, "over-psus", where, said, f", what {draw.needed} of its {draw.psus} PSUs give")


def _too_few_psus(inventory: Inventory, device: Device, draw: Draw) -> Finding:
    """Of a device that says its modules at these, else of its type."""
    code, told = "needs-more-than-there-are", inventory.facts[device.type].where.at("psus_needed")
    some = f"{draw.psus} PSU{'' if draw.psus == 1 else 's'}"
    said = f"{device.type} has {some} and is said to need {draw.needed}"
    if not device.modules:
        return Finding(code, told, said, f"at most {draw.psus}")

    def wrong(one: Device) -> bool:
        psus, needed = psus_of(inventory, one.type)
        return needed > psus

    where, _ = told_at(home(device, "modules"), [suspect(device, ("type",), wrong)])
    return Finding(code, where, said, f"{draw.needed} or more of them in its bays", see=told)


def _most(draws: Mapping[str, Draw]) -> str:
    name, watts = max(((n, d.allocated_w or 0) for n, d in draws.items()), key=lambda i: (i[1], i[0]))
    return f", {shown(POWER, watts)} of it {name}"


def _mass(inventory: Inventory, rack: Rack, devices: list[Device]) -> Iterator[Finding]:
    if rack.load_kg is None:
        return
    masses = {device.name: weight_of(inventory, device) for device in devices}
    if unknown := [device for device in devices if masses[device.name] is None]:
        names = sorted(device.name for device in unknown)
        said = f"nobody says the weight of {names[0]}{' and others' if names[1:] else ''} in rack {rack.name}"
        expected = "`weight` of the type in types/overrides.yaml"
        where, about = rack.where.at("load"), f"rack {rack.name}"
        yield Finding("no-weight", where, said, expected, severity=gap(unknown), subject=about)
    total = round(sum(mass or 0 for mass in masses.values()), 3)
    if total > rack.load_kg:
        said = f"what stands in rack {rack.name} has {shown(MASS, total)}"
        over = Excess(MASS, total, rack.load_kg)
        suspects = (
            suspect(rack, ("type", "load"), lambda one: one.load_kg is not None and total > one.load_kg),
            *grown(devices, ("type",), lambda one: weight_of(inventory, one), total - rack.load_kg),
        )
        yield over.of(f"rack {rack.name}", "rack-over-load", told_at(home(rack, "load"), suspects), said)


def _airflow(inventory: Inventory, rack: Rack, devices: list[Device]) -> Iterator[Finding]:
    """Air that one blows out is what the other breathes. At the rear face it is the other way round."""
    ways = ways_of(inventory, devices)
    if len(ways) > 1:
        first, second = ways.values()
        said = f"{first.name} and {second.name} in rack {rack.name} blow against each other"
        about, keys = f"rack {rack.name}", ("type", "face")
        suspects = (suspect(second, keys, lambda one: _way(inventory, one) == _way(inventory, second)),)
        where, see = told_at((first.instead_of or first).where, suspects)
        yield Finding("airflow", where, said, "one direction a rack", see=see or second.where, subject=about)


def ways_of(inventory: Inventory, devices: list[Device]) -> dict[str, Device]:
    """Each way that air goes in a rack -> the first device of it."""
    ways: dict[str, Device] = {}
    for device in devices:
        if way := _way(inventory, device):
            ways.setdefault(way, device)
    return ways


_TURNED = {"front-to-rear": "rear-to-front", "rear-to-front": "front-to-rear"}


def _way(inventory: Inventory, device: Device) -> str:
    """Of the air in the rack; empty where it does not go from one side of it to the other."""
    way = airflow_of(inventory, device)
    if way not in _TURNED:
        return ""
    return way if device.face is Face.FRONT else _TURNED[way]


def _floor(inventory: Inventory, inside: Mapping[str, list[Device]]) -> Iterator[Finding]:
    """A rack with what stands in it, over its own footprint.

    Where somebody's mass is not known, the rack counts as loaded with all that it may carry.
    """
    for rack in inventory.racks.values():
        limit = inventory.halls[rack.hall].floor_kg_m2
        devices = inside[rack.name]
        masses = [weight_of(inventory, device) for device in devices]
        kg = sum(m or 0 for m in masses) if None not in masses else rack.load_kg or 0
        load = _on_floor(inventory, rack, kg)
        if limit is not None and load > limit:
            said = f"rack {rack.name} with {shown(MASS, kg)} in it stands with {load:.0f} kg/m²"
            over, more = Excess(LOAD, load, limit), f", what the floor of hall {rack.hall} carries"
            told = told_at(home(rack, "type"), _heavier(inventory, rack, devices, limit))
            yield over.of(f"rack {rack.name}", "floor-overload", told, said, more)


def _heavier(
    inventory: Inventory, rack: Rack, devices: list[Device], limit: float
) -> Iterator[Suspect | None]:
    inside = sum(weight_of(inventory, device) or 0 for device in devices)
    yield suspect(rack, ("type", "load"), lambda one: _on_floor(inventory, one, inside) > limit)
    over = (_on_floor(inventory, rack, inside) - limit) * _area(inventory, rack)
    yield from grown(devices, ("type",), lambda one: weight_of(inventory, one), over)


def _area(inventory: Inventory, rack: Rack) -> float:
    """Its footprint in m²; 0 where nobody says it."""
    kind = inventory.rack_types.get(rack.type)
    return (kind.outer_width_mm or 0) * (kind.outer_depth_mm or 0) / 1e6 if kind else 0.0


def _on_floor(inventory: Inventory, rack: Rack, inside: float) -> float:
    """In kg/m², with `inside` kg in it; 0 where nobody says its footprint."""
    kind, area = inventory.rack_types.get(rack.type), _area(inventory, rack)
    return ((kind.kg or 0) + inside) / area if kind and area else 0.0


def _feeds(inventory: Inventory) -> Iterator[Finding]:
    for rack in inventory.racks.values():
        if len({*rack.feeds.values()}) < len(rack.feeds):
            said = f"feeds A and B of rack {rack.name} are both on {rack.feeds['A']}"
            about = f"rack {rack.name}"
            yield Finding("feeds-on-one-unit", rack.where.at("feeds"), said, "a unit each", subject=about)
