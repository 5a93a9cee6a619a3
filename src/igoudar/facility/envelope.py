"""The envelope that racks of a hall need against what its cooling supplies, all year and on the extreme day.

What cannot be shown is said: a hall that promises a class and does not say enough is an error, one that
promises none a warning.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from igoudar.errors import Finding, Severity, Where
from igoudar.facility.plant import Medium
from igoudar.hall.places import Campus, Cooling, Envelope, Hall, Rack
from igoudar.model import Inventory
from igoudar.power import Graph, State
from igoudar.power import Rack as Drawing
from igoudar.power.flow import slack
from igoudar.power.supply import Supplies
from igoudar.quantities import DIFFERENCE, POWER, TEMPERATURE, shown

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Need:
    """What the racks of a hall need of one medium. `loop` is that whose supply is held against it.

    `limit_c`: of that supply; `taking`: the loop that takes the heat of the racks.
    """

    hall: Hall
    medium: Medium
    name: str
    envelope: Envelope
    limit_c: float
    where: Where
    loop: str = ""
    taking: str = ""


def envelopes(
    inventory: Inventory, graphs: tuple[Graph, Graph], needs: Iterable[Need | Finding], said: Collection[str]
) -> Iterator[Finding]:
    """`graphs`: as it is now, and with each rack at what it may draw. `said`: subjects that have an error.

    Of a site with units.
    """
    graph, designed = graphs
    campus = inventory.campus
    if campus is None:
        return  # a unit that cools needs a climate: loading says so
    supplies, built = Supplies(graph), State(designed, sound=True)
    heats = zip((loop.name for loop in built.loops), built.heat, strict=True)
    heat = {name: watts for name, watts in heats if f"loop {name}" not in said}
    for need in needs:
        if isinstance(need, Finding):
            yield need
            continue
        yield from _temperature(need, campus, supplies)
        yield from _capacity(need, campus, supplies, heat)
        if need.medium is Medium.AIR and need.hall.cooling and need.hall.cooling.outside_air:
            yield from _moisture(need, campus)
            yield from _dryness(need, campus)


def needs(inventory: Inventory, graph: Graph) -> Iterator[Need | Finding]:
    """Of each hall with racks: the strictest class of each medium, or why nothing can be shown."""
    racks: dict[str, list[Drawing]] = {name: [] for name in inventory.halls}
    for rack in graph.racks:
        racks[inventory.racks[rack.name].hall].append(rack)
    loops = {(loop.hall, loop.medium): loop for loop in inventory.plant.loops.values()}
    for hall in inventory.halls.values():
        for medium in Medium:
            within = [r for r in racks[hall.name] if medium is Medium.AIR or r.liquid_share]
            if not within:
                continue
            need = _strictest(inventory, hall, medium, within)
            loop = loops.get((hall.name, medium))
            if isinstance(need, Finding):
                yield need
            elif loop is None:
                yield _not_shown(hall, need.where, f"no loop takes its heat to {medium}", "a loop with both")
            else:
                supplied = loop.name if medium is Medium.AIR else loop.to or loop.name
                yield Need(
                    hall, medium, need.name, need.envelope, need.limit_c, need.where, supplied, loop.name
                )


def _strictest(inventory: Inventory, hall: Hall, medium: Medium, racks: Iterable[Drawing]) -> Need | Finding:
    """A rack's own class comes before its hall's."""
    air = medium is Medium.AIR
    key, known = ("air_class", inventory.limits.air) if air else ("water_class", inventory.limits.water)
    places = [_class(inventory.racks[rack.name], hall, key) for rack in racks]
    if silent := sum(not name for name, _ in places):
        said = f"which {medium} hall {hall.name} needs for {silent} of its racks"
        return _not_shown(hall, hall.where, said, f"'{key}', one of {', '.join(known)}", Severity.WARNING)
    name, where = min(places, key=lambda place: known[place[0]].high_c)
    envelope = known[name]
    limit = envelope.high_c - (inventory.limits.mixing_k if air else 0.0)
    return Need(hall, medium, name, envelope, limit, where)


def _class(rack: Rack, hall: Hall, key: str) -> tuple[str, Where]:
    own: str = getattr(rack, key)
    return (own, rack.where.at(key)) if own else (getattr(hall, key), hall.where.at(key))


def _not_shown(
    hall: Hall, where: Where, said: str, expected: str, severity: Severity = Severity.ERROR
) -> Finding:
    message = f"that hall {hall.name} stays within its envelope cannot be shown: {said}"
    about = f"hall {hall.name}"
    return Finding("envelope-not-shown", where, message, expected, severity=severity, subject=about)


def _temperature(need: Need, campus: Campus, supplies: Supplies) -> Iterator[Finding]:
    hall, climate = need.hall, campus.climate
    found: dict[float, float] = {}
    for ambient in supplies.turns(need.loop, climate.coldest_c, climate.extreme_c):
        supply = supplies.at(need.loop, ambient)
        if supply.celsius is None:
            lacks = f"{supply.unknown} does not say how warm what it supplies is"
            said = lacks if supply.unknown else f"nothing cools loop {need.loop}"
            expected = "'supply' in the points of its type's cooling, or 'approach'"
            yield _not_shown(hall, need.where, said, expected)
            return
        found[ambient] = supply.celsius
    ambient, worst = max(found.items(), key=lambda item: (item[1], item[0]))
    low = need.envelope.low_c
    if worst > need.limit_c + 1e-9:
        months = [supplies.at(need.loop, high).celsius or 0.0 for high in climate.high_c]
        hot = [celsius > need.limit_c + 1e-9 for celsius in months]
        also = f", and too warm on the mean day of {_months(hot)}" if any(hot) else ""
        limit, inlet = _celsius(need.limit_c), _celsius(need.envelope.high_c)
        rise = "" if limit == inlet else f", for {inlet} at the inlet"
        yield _missed(need, ambient, worst, f"at most {limit}{rise}", also)
    elif low is not None and worst < low:
        cold = _missed(need, ambient, worst, f"at least {_celsius(low)}", "")
        yield replace(cold, less_is_worse=True)


def _missed(need: Need, ambient: float, supplied: float, expected: str, also: str) -> Finding:
    said = f"hall {need.hall.name} leaves {need.name}: at {_celsius(ambient)} outside, loop {need.loop}"
    said = f"{said} supplies {_celsius(supplied)}{also}"
    about, unit = f"hall {need.hall.name}", TEMPERATURE.base
    return Finding("envelope-missed", need.where, said, expected, subject=about, amount=supplied, unit=unit)


def _celsius(celsius: float) -> str:
    return shown(TEMPERATURE, round(celsius, 1))


def _months(wrong: list[bool]) -> str:
    """Runs of those that are: `May to July, September`."""
    runs = [[*run] for bad, run in groupby(range(len(wrong)), key=wrong.__getitem__) if bad]
    return ", ".join(f"{MONTHS[r[0]]} to {MONTHS[r[-1]]}" if len(r) > 1 else MONTHS[r[0]] for r in runs)


def _capacity(need: Need, campus: Campus, supplies: Supplies, heat: Mapping[str, float]) -> Iterator[Finding]:
    """As the hall is built for, with the things that are needed. What is drawn now, loads say."""
    climate = campus.climate
    for loop in supplies.way(need.taking):
        if loop not in heat or not supplies.coolers(loop):
            continue
        turns = supplies.turns(loop, climate.coldest_c, climate.extreme_c)
        ambient = min(reversed(turns), key=lambda celsius: supplies.capacity_w(loop, celsius))
        taken, given = supplies.capacity_w(loop, ambient), heat[loop]
        if given - taken > slack(given):
            short = [given - supplies.capacity_w(loop, high) > slack(given) for high in climate.high_c]
            said = f"hall {need.hall.name} as it is built for leaves {need.name}: at {_celsius(ambient)}"
            said = f"{said} outside, loop {loop} takes {shown(POWER, taken)} of {shown(POWER, given)} of heat"
            said += f", and too little on the mean day of {_months(short)}" if any(short) else ""
            about, expected = (
                f"hall {need.hall.name}",
                f"cooling for {shown(POWER, given)} without what is spare",
            )
            yield Finding(
                "envelope-short", need.where, said, expected, subject=about, amount=given, unit=POWER.base
            )


def _moisture(need: Need, campus: Campus) -> Iterator[Finding]:
    """Of halls that let outside air in: nobody takes its water out."""
    hall, most, months = need.hall, need.envelope.dew_point_c, campus.climate.dew_point_c
    if most is None:
        return
    if not months:
        said = f"it is cooled by {hall.cooling}, and nobody says how moist the air is"
        yield _not_shown(hall, need.where, said, "'dew_point' of the climate, the highest of each month")
    elif max(months) > most:
        said = f"hall {hall.name} leaves {need.name} in {_months([m > most for m in months])}: air with a dew"
        said = f"{said} point of {_celsius(max(months))} comes in"
        expected = f"at most {_celsius(most)}, or cooling that leaves it outside"
        about, unit = f"hall {hall.name}", TEMPERATURE.base
        yield Finding(
            "envelope-moist", need.where, said, expected, subject=about, amount=max(months), unit=unit
        )


def _dryness(need: Need, campus: Campus) -> Iterator[Finding]:
    """Nor does anybody put water in: the dew point of air is at most its temperature."""
    hall, least, coldest = need.hall, need.envelope.dry_point_c, campus.climate.extreme_low_c
    if least is None or coldest is None or coldest >= least:
        return
    said = f"hall {hall.name} leaves {need.name}: air of {_celsius(coldest)} comes in"
    said = f"{said}, and its dew point is no higher"
    expected = f"a dew point of at least {_celsius(least)}, or cooling that leaves that air outside"
    about, short = f"hall {hall.name}", least - coldest
    yield Finding(
        "envelope-dry", need.where, said, expected, subject=about, amount=short, unit=DIFFERENCE.base
    )


def left_to_air(inventory: Inventory, designed: Graph) -> Iterator[Finding]:
    """What liquid leaves of a rack's heat goes to the air, which takes so much a rack."""
    for rack in designed.racks:
        standing = inventory.racks[rack.name]
        way: Cooling | None = standing.cooling or inventory.halls[standing.hall].cooling
        most = inventory.limits.left_w.get(way) if way else None
        left = sum(device.allocated_w for device in rack.devices) * (1 - rack.liquid_share)
        if most is not None and left - most > slack(left):
            said = f"rack {rack.name}, cooled by {way}, leaves {shown(POWER, left)} to the air"
            expected = f"at most {shown(POWER, most)}, or devices that give more to liquid"
            about, unit = f"rack {rack.name}", POWER.base
            where = standing.where.at("power")
            yield Finding("too-hot-for-air", where, said, expected, subject=about, amount=left, unit=unit)
