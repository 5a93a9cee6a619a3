"""How long a hall stays within its envelope when cooling stands still, against its batteries and the restart.

The air and water of the loops that still move, and what stands in the air, are warmed as one body:

    t = C (limit - supply) / heat

with C in J/K, the supply on the extreme day, and the heat that is drawn now. It is an estimate from above
for single hot racks, from below for the walls, which count for nothing.

Power of all sources is gone, stores among them; what hangs on the battery of a UPS goes on. Cooling that
does is no standstill.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from igoudar.errors import Finding, Severity, Where
from igoudar.facility.envelope import Need
from igoudar.facility.plant import Kind, Medium, PlantUnit
from igoudar.hall.draw import weight_of
from igoudar.model import Inventory
from igoudar.power import Graph, State
from igoudar.power.supply import Supplies
from igoudar.quantities import TIME

KILO = 1000.0
SECONDS_AN_HOUR = 3600.0
KEPT = 3  # from this class of availability on a hall that is too warm too early is an error


def standstills(inventory: Inventory, graph: Graph, state: State, needs: Iterable[Need]) -> Iterator[Finding]:
    """`needs`: what each hall needs of each medium. Raises nothing; what is not known is a warning."""
    if inventory.campus is None:
        return
    site = Standing(inventory, graph, state)
    for need in needs:
        supplied = site.supplies.at(need.loop, graph.ambient_c).celsius
        if supplied is None or supplied > need.limit_c:
            continue  # said with the envelope
        stopped = site.stopped(need.taking)
        if not stopped:
            continue
        if missing := site.missing(need, stopped):
            yield missing
            continue
        lasts = site.lasts_s(need, need.limit_c - supplied)
        restart = max(site.restart_s(unit) or 0.0 for unit in stopped)
        yield from _judged(need, lasts, restart, site.battery_s(need.hall.name))


def _judged(need: Need, lasts: float, restart: float, battery: float) -> Iterator[Finding]:
    hall, about = need.hall, f"hall {need.hall.name}"
    said = f"without cooling hall {hall.name} leaves {need.name} after {_time(lasts)}"
    help_ = "hang the cooling on the UPS, or let it hold more water"
    if lasts < restart:
        severity = Severity.ERROR if (hall.availability or 0) >= KEPT else Severity.WARNING
        yield Finding(
            "warm-before-restart",
            need.where,
            f"{said}, and cooling is back {_time(restart)} after its power",
            f"at least {_time(restart)}",
            help_,
            severity,
            subject=about,
            amount=lasts,
            unit=TIME.base,
            less_is_worse=True,
        )
    elif lasts < battery:
        yield Finding(
            "warm-before-battery-ends",
            need.where,
            f"{said}, and its batteries carry its racks for {_time(battery)}",
            f"at least {_time(battery)}, else the rest of the batteries is of no use",
            help_,
            Severity.WARNING,
            subject=about,
            amount=lasts,
            unit=TIME.base,
            less_is_worse=True,
        )


def _time(seconds: float) -> str:
    """Whole seconds, minutes or hours: it is an estimate."""
    units = (("s", 1), ("min", 60), ("h", 3600))
    unit, size = next((each for each in units if seconds < 120 * each[1]), units[-1])
    return f"{seconds / size:.0f} {unit}"


@dataclass(frozen=True, slots=True)
class Warming:
    """What may still be given off in a hall so that it is not too warm before its cooling is back.

    `room_w`: W more of heat that `loop` takes; `kg_w`: how many W more for each kg that stands there.
    """

    need: Need
    loop: str
    room_w: float
    kg_w: float


def warmings(site: Standing, needs: Iterable[Need], stopped: Mapping[str, list[str]]) -> Iterator[Warming]:
    """Of halls that may not be too warm, as `site` is now; `stopped`: coolers, by the loop that takes heat.

    More stand still the more heat there is: those may be of the site with more in it.
    """
    for need in needs:
        supplied, still = site.supplies.at(need.loop, site.graph.ambient_c).celsius, stopped[need.taking]
        kept = (need.hall.availability or 0) >= KEPT
        if not kept or supplied is None or supplied > need.limit_c or not still or site.missing(need, still):
            continue
        if restart := max(site.restart_s(unit) or 0.0 for unit in still):
            kj, kj_kg = site.takes_kj(need)
            watts_a_kj = KILO * (need.limit_c - supplied) / restart
            yield Warming(need, *site.warmed(need, kj * watts_a_kj), kj_kg * watts_a_kj)


@dataclass(slots=True)
class Standing:
    """What goes on and what stops when all sources are gone."""

    inventory: Inventory
    graph: Graph
    state: State
    supplies: Supplies = field(init=False)
    _carried: dict[str, bool] = field(default_factory=dict)
    _mass: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.supplies = Supplies(self.graph)
        for device in self.inventory.devices.values():
            hall = self.inventory.racks[device.rack].hall
            kg = weight_of(self.inventory, device) or 0.0
            self._mass[hall] = self._mass.get(hall, 0.0) + kg

    def carried(self, name: str) -> bool:
        """Whether it goes on, by the battery of a UPS."""
        if name not in self._carried:
            unit = self.inventory.plant.units[name]
            power, water = (given.units if given else () for given in (unit.power, unit.water))
            fed = bool(self.batteries(unit)) or any(self.carried(other) for other in power)
            wet = not water or any(self.carried(other) for other in water)
            self._carried[name] = fed and wet
        return self._carried[name]

    def batteries(self, unit: PlantUnit) -> list[PlantUnit]:
        """Those of a UPS. One elsewhere in the chain is a store, and a source like others."""
        plant = self.inventory.plant
        if unit.power is None or plant.types[unit.type].kind is not Kind.UPS:
            return []
        given = (plant.units[name] for name in unit.power.units)
        return [store for store in given if plant.types[store.type].kind is Kind.BATTERY]

    def stopped(self, loop: str) -> list[str]:
        """The coolers on the way of its heat that stand still where those that go on do not take it all."""
        found = []
        for each in self.supplies.way(loop):
            if self.left_w(each) < self.heat_w(each):
                found += [u.name for u in self.supplies.coolers(each) if not self.carried(u.name)]
        return found

    def heat_w(self, loop: str) -> float:
        return next(w for link, w in zip(self.state.loops, self.state.heat, strict=True) if link.name == loop)

    def left_w(self, loop: str) -> float:
        """What those of its coolers that go on take."""
        coolers = (unit for unit in self.supplies.coolers(loop) if self.carried(unit.name))
        return sum(unit.count * unit.cooling_w(self.graph.ambient_c) for unit in coolers)

    def moving(self, loop: str) -> Iterator[str]:
        """The loops that the heat still reaches: as far as coolers that go on hand it on."""
        for each in self.supplies.way(loop):
            yield each
            if not any(self.carried(unit.name) for unit in self.supplies.coolers(each)):
                return

    def missing(self, need: Need, stopped: Iterable[str]) -> Finding | None:
        """What nobody says, as a finding."""
        plant, warmth = self.inventory.plant, self.inventory.limits.warmth
        loop = plant.loops[need.taking]
        if loop.air_m3 is None and loop.water_m3 is None:
            said, where = f"loop {loop.name} does not say what it holds", loop.where
            return _not_shown(need, where, said, "'air' or 'water' in m³")
        if warmth is None:
            return _not_shown(need, need.where, "nobody says what air and water take up", "'warmth' of data")
        for name in stopped:
            if self.restart_s(name) is None:
                said = f"{name} does not say how long it takes to restart"
                return _not_shown(need, plant.units[name].where, said, "'restart' of its type")
        return None

    def restart_s(self, name: str) -> float | None:
        """With its pumps: these come first."""
        unit = self.inventory.plant.units[name]
        own = self.inventory.plant.types[unit.type].restart_s
        pumps = [self.restart_s(pump) or 0.0 for pump in (unit.water.units if unit.water else ())]
        return None if own is None else own + max(pumps, default=0.0)

    def lasts_s(self, need: Need, kelvins: float) -> float:
        """Zero where there is nothing that could warm, infinity where nothing warms it."""
        kj, _ = self.takes_kj(need)
        _, spare = self.warmed(need, 0.0)
        return kj * KILO * kelvins / -spare if spare < 0 else math.inf

    def takes_kj(self, need: Need) -> tuple[float, float]:
        """What a K more takes up, and what of that is for each kg of devices."""
        warmth = self.inventory.limits.warmth
        assert warmth is not None  # `missing` says so
        kj = 0.0
        for name in self.moving(need.taking):
            loop = self.inventory.plant.loops[name]
            kj += (loop.air_m3 or 0.0) * warmth.air_kj_m3 + (loop.water_m3 or 0.0) * warmth.water_kj_m3
        kj_kg = warmth.devices_kj_kg * warmth.share if need.medium is Medium.AIR else 0.0
        return kj + self._mass.get(need.hall.name, 0.0) * kj_kg, kj_kg

    def warmed(self, need: Need, watts: float) -> tuple[str, float]:
        """The last loop that its heat reaches, and how much more than that it may take, with `watts` more."""
        *_, last = self.moving(need.taking)
        return last, watts + self.left_w(last) - self.heat_w(last)

    def battery_s(self, hall: str) -> float:
        """How long the batteries of a hall carry what hangs on them, both sides together; 0 without any."""
        plant = self.inventory.plant
        kwh = watts = 0.0
        for name in self._on_batteries(hall):
            stores = self.batteries(plant.units[name])
            kwh += sum(store.count * (plant.types[store.type].energy_kwh or 0.0) for store in stores)
            watts += self.state.draw[self.state.index[name]]
        return kwh * KILO * SECONDS_AN_HOUR / watts if watts else 0.0

    def _on_batteries(self, hall: str) -> set[str]:
        """The UPSs with a battery above the racks of a hall."""
        plant = self.inventory.plant
        found: set[str] = set()
        waiting = {
            u for rack in self.inventory.racks.values() if rack.hall == hall for u in rack.feeds.values()
        }
        seen = set(waiting)
        while waiting:
            unit: PlantUnit = plant.units[waiting.pop()]
            if self.batteries(unit):
                found.add(unit.name)
                continue
            inputs = unit.power.units if unit.power else ()
            waiting |= {*inputs} - seen
            seen |= {*inputs}
        return found


def _not_shown(need: Need, where: Where, said: str, expected: str) -> Finding:
    message = (
        f"how long hall {need.hall.name} stays within {need.name} without cooling cannot be shown: {said}"
    )
    about = f"hall {need.hall.name}"
    return Finding("standstill-not-shown", where, message, expected, severity=Severity.WARNING, subject=about)
