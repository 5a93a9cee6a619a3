"""What the graph says of a site, as findings: each of one object, which a waiver names.

Faults of the graph come first, and alone: nothing flows in a graph that cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from igoudar.errors import Finding, Severity, Where
from igoudar.facility.cold import too_cold
from igoudar.facility.envelope import Need, envelopes, left_to_air, needs
from igoudar.facility.failed import failures
from igoudar.facility.graph import as_designed, power_graph
from igoudar.facility.plant import Energy, Medium, Promise
from igoudar.facility.rest import Concern, Rest, Unreadable
from igoudar.facility.standstill import standstills
from igoudar.hall.excess import Excess
from igoudar.hall.places import Campus
from igoudar.model import Inventory
from igoudar.power import (
    Declared,
    Design,
    Fault,
    Graph,
    design,
    design_faults,
    faults,
    load_faults,
    renewable_share,
    scheme_faults,
    settle,
)
from igoudar.power.energy import PERIODS
from igoudar.quantities import ENERGY, SHARE, VOLUME, shown

SHARED = ("feeds-share-unit", "feeds-share-group")
SAID_BY_FAILURES = ("scheme-overload", "scheme-loses", "scheme-overloads")
OF_FAILURES = ("single-loss", "single-overload", "double-failure")  # concern whom they reach
OF_PROMISES = ("scheme-in-pairs", "scheme-without-blocks")  # said once for all halls of a promise
LITRES_A_M3 = 1000
HOURS, HOURS_OF_A_LEAP_YEAR = PERIODS["hourly"]
LONGEST_MONTH = 31 * 12 / 366  # of the mean one
TELLING = 0.01  # a profile is rounded
KEYS = {
    "unit": {
        "breaker-below-load": "breaker",
        "loop-in-chain": "from",
        "needs-more-than-there-are": "needed",
        "overload": "type",
        "phase-overload": "type",
        "source-with-feed": "from",
    },
    "loop": {"loop-in-chain": "to"},
    "rack": dict.fromkeys(
        (
            "breaker-below-load",
            "feed-alone-loses",
            "feed-alone-overload",
            "feeds-share-group",
            "feeds-share-unit",
        ),
        "feeds",
    ),
}
"""The key of an entry that a fault is about, where it is one."""


def judge(inventory: Inventory) -> Iterator[Finding]:
    """Nothing for a site without units."""
    if not inventory.plant.units:
        return
    graph, things = power_graph(inventory), _Things(inventory)
    if unreadable := faults(graph):
        yield from (things.told(fault) for fault in unreadable if not things.of_a_type(fault))
        return
    yield from _flowing(inventory, graph, graph, None)


def judge_with(rest: Rest) -> Iterator[Finding]:
    """What of a site with more halls than are counted out concerns some.

    Raises Unreadable.
    """
    inventory = rest.inventory
    if not inventory.plant.units:
        return
    there = power_graph(inventory)
    if faults(there):
        raise Unreadable
    graph = rest.added(there)
    concern = Concern(rest, graph)
    for finding in _flowing(inventory, there, graph, (rest, concern)):
        if finding.code in OF_FAILURES or finding.code in OF_PROMISES or concern.concerns(finding.subject):
            yield finding


def _flowing(
    inventory: Inventory, there: Graph, graph: Graph, rest: tuple[Rest, Concern] | None
) -> Iterator[Finding]:
    """`there`: what is counted out of a graph without faults."""
    things, settled = _Things(inventory), settle(graph, sound=True)
    yield from _unfed(inventory, there)
    yield from _without_liquid(inventory, there)
    found = load_faults(graph, inventory.plant.limits.balance, settled)
    carried = [*_loads(inventory, found, things), *failures(inventory, graph, settled.state, rest)]
    yield from carried
    said = {finding.subject for finding in carried if finding.severity is Severity.ERROR}
    for promise in inventory.plant.schemes.values():
        if rest is None or rest[1].concerns(f"scheme {promise.name}"):
            yield from _scheme(promise, _hung(inventory, graph, promise, rest), (things, said, rest))
    if inventory.campus is None and inventory.plant.energy is None:
        return
    designed = as_designed(inventory, there)
    needed = [need for need in needs(inventory, there) if rest is None or _about(need) in rest[0].halls]
    yield from left_to_air(inventory, designed)
    designed = rest[0].added(designed) if rest else designed
    yield from envelopes(inventory, (graph, designed), needed, said)
    known = [need for need in needed if isinstance(need, Need)]
    yield from standstills(inventory, graph, settled.state, known)
    yield from too_cold(inventory)
    figures = design(designed, sound=True)
    if inventory.campus is not None:
        yield from _design(inventory, inventory.campus, designed, figures)
    yield from _renewable(inventory, designed, figures)


def _about(need: Need | Finding) -> str:
    """The name of its hall."""
    return need.hall.name if isinstance(need, Need) else need.subject.removeprefix("hall ")


class _Things:
    """What a fault is about, as check says it: unit, loop or rack."""

    def __init__(self, inventory: Inventory) -> None:
        plant = inventory.plant
        self.places = dict.fromkeys((loop.where for loop in plant.loops.values()), "loop")
        self.places |= dict.fromkeys((unit.where for unit in plant.units.values()), "unit")

    def of_a_type(self, fault: Fault) -> bool:
        """PSUs that a type needs and has not: `checks.racks` tells it once, where the type says so."""
        return fault.code == "needs-more-than-there-are" and fault.where not in self.places

    def told(self, fault: Fault, severity: Severity = Severity.ERROR) -> Finding:
        where = fault.where or Where("")
        kind = self.places.get(where, "rack")
        about, key = f"{kind} {fault.name}", KEYS[kind].get(fault.code)
        return Finding(
            fault.code,
            where.at(key) if key else where,
            fault.message,
            fault.expected,
            fault.hint,
            severity,
            subject=about,
            amount=fault.amount,
            unit=fault.unit,
        )


def _unfed(inventory: Inventory, graph: Graph) -> Iterator[Finding]:
    held = {device.rack for device in inventory.devices.values()}
    for rack in graph.racks:
        if not rack.feeds and rack.name in held:
            said = f"rack {rack.name} holds devices and has no feed"
            where = inventory.racks[rack.name].where
            yield Finding("no-feed", where, said, "'feeds' with units", subject=f"rack {rack.name}")


def _without_liquid(inventory: Inventory, graph: Graph) -> Iterator[Finding]:
    """Heat to liquid in a hall that has loops, and none for it."""
    media = {(loop.hall, loop.medium) for loop in inventory.plant.loops.values()}
    for rack in graph.racks:
        hall = inventory.racks[rack.name].hall
        looked_at = (hall, Medium.AIR) in media
        if rack.liquid_share and looked_at and (hall, Medium.LIQUID) not in media:
            said = f"rack {rack.name} gives {rack.liquid_share:.0%} of its heat to liquid, and hall {hall}"
            where = inventory.racks[rack.name].where
            expected = "a loop with 'medium: liquid'"
            about = f"rack {rack.name}"
            yield Finding("no-liquid-loop", where, f"{said} has none for it", expected, subject=about)


def _loads(inventory: Inventory, faults: Iterable[Fault], things: _Things) -> Iterator[Finding]:
    """Of a rack that is not counted out, what is wrong is said of the one that it is like."""
    units = {*inventory.plant.units, *inventory.plant.loops}
    for fault in faults:
        if fault.name not in units and fault.name not in inventory.racks:
            continue
        severity = Severity.ERROR
        if fault.code in SHARED and inventory.halls[inventory.racks[fault.name].hall].availability in (1, 2):
            severity = Severity.WARNING
        yield things.told(fault, severity)


def _hung(inventory: Inventory, graph: Graph, promise: Promise, rest: tuple[Rest, Concern] | None) -> Graph:
    """With the racks of the promise's halls; those without a feed are told already."""
    halls = set(promise.halls or inventory.halls)
    hall_of = rest[1].hall_of if rest else {name: rack.hall for name, rack in inventory.racks.items()}
    racks = (rack for rack in graph.racks if rack.feeds and hall_of[rack.name] in halls)
    return replace(graph, racks=tuple(racks))


def _scheme(
    promise: Promise, graph: Graph, known: tuple[_Things, set[str], tuple[Rest, Concern] | None]
) -> Iterator[Finding]:
    """`known`: also of which units it is said already that what they carry, or to lose them, is too much."""
    things, said, rest = known
    where = promise.where.at("scheme")
    mine = {u for u in rest[0].inventory.plant.units if rest[1].concerns(f"unit {u}")} if rest else None
    for fault in scheme_faults(graph, promise.scheme, str(promise.blocks), mine, sound=True):
        about = things.told(fault)
        if rest and fault.code not in OF_PROMISES and not rest[1].concerns(about.subject):
            continue
        if fault.code not in SAID_BY_FAILURES or about.subject not in said:
            subject = f"scheme {promise.name}" if fault.code == "scheme-without-blocks" else about.subject
            yield Finding(fault.code, where, fault.message, fault.expected, see=fault.where, subject=subject)


def _design(inventory: Inventory, campus: Campus, graph: Graph, figures: Design) -> Iterator[Finding]:
    limits = inventory.plant.limits
    declared = Declared(campus.design_pue, campus.design_wue, limits.pue, limits.wue)
    for fault in design_faults(graph, declared, figures):
        where = campus.where.at(f"design_{fault.name}")
        yield Finding(fault.code, where, fault.message, fault.expected, subject="campus")
    used_m3 = figures.water_l_per_h * HOURS / LITRES_A_M3
    if used_m3 > campus.water_m3 * (1 + 1e-9):
        said = f"cooling uses {shown(VOLUME, used_m3)} of water a year, of the site as it is built for"
        over, where = Excess(VOLUME, used_m3, campus.water_m3), campus.where.at("water_a_year")
        yield over.of("campus", "water-over-budget", where, said)


def _renewable(inventory: Inventory, graph: Graph, figures: Design) -> Iterator[Finding]:
    energy = inventory.plant.energy
    if energy is None:
        return
    yield from _profile(energy, graph, figures)
    found = renewable_share(graph, energy.rule, energy.profile, local=energy.local, known=figures)
    if found.share is None:
        said = f"{energy.renewable:.0%} renewable energy {found.why}"
        expected = "a profile, or a rule that needs none"
        where = energy.where.at("matching")
        yield Finding("renewable-not-shown", where, said, expected, subject="energy")
    elif found.share + 1e-9 < energy.renewable:
        whose = "local sources" if energy.local else "sources"
        said = f"renewable {whose} give {found.share:.1%} of what is used, by {energy.rule} matching"
        where, expected = energy.where.at("renewable"), f"{energy.renewable:.1%}"
        yield Finding(
            "renewable-short",
            where,
            said,
            expected,
            subject="energy",
            amount=round(found.share * 100, 3),
            unit=SHARE.base,
            less_is_worse=True,
        )


def _profile(energy: Energy, graph: Graph, figures: Design) -> Iterator[Finding]:
    """A table that says more than the site can, or less than it uses."""
    profile = energy.profile
    if profile is None or not profile.demand_kwh:
        return
    where, periods = energy.where.at("profile"), len(profile.demand_kwh)
    hours = 1.0 if periods >= HOURS else HOURS_OF_A_LEAP_YEAR / periods * LONGEST_MONTH
    units = {unit.name: unit for unit in graph.units}
    for name, given in profile.given_kwh:
        most = units[name].limit_w * units[name].count * hours / 1000
        if max(given) > most * (1 + 1e-9):
            said = f"{name} gives {shown(ENERGY, max(given))} in one of {periods} periods"
            over = Excess(ENERGY, max(given), most)
            yield over.of(f"unit {name}", "profile-above-capacity", where, said, ", what it can")
    used, needed = sum(profile.demand_kwh), figures.facility_w * HOURS / 1000
    if used < needed * (1 - TELLING):
        said = f"the profile's demand is {shown(ENERGY, used)} a year"
        expected = f"{shown(ENERGY, needed)}, what the site as it is built for uses"
        yield Finding(
            "profile-below-design",
            where,
            said,
            expected,
            severity=Severity.WARNING,
            subject="energy",
            amount=used,
            unit=ENERGY.base,
            less_is_worse=True,
        )
