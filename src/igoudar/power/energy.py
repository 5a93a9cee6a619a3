"""Design PUE and WUE, and the renewable share under a matching rule; of the year's mean, not of a peak."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from igoudar.power.flow import State
from igoudar.power.graph import Fault, Graph

PERIODS = {"monthly": (12,), "hourly": (8760, 8784)}


@dataclass(frozen=True, slots=True)
class Design:
    """Means of a year with every device at its allocated watts. `pue` is None where there is no IT load."""

    it_w: float
    facility_w: float
    water_l_per_h: float

    @property
    def pue(self) -> float | None:
        return self.facility_w / self.it_w if self.it_w else None

    @property
    def wue_l_per_kwh(self) -> float | None:
        return self.water_l_per_h / (self.it_w / 1000) if self.it_w else None


@dataclass(frozen=True, slots=True)
class Declared:
    """What the site says of itself; None is not said. Tolerances are in the unit of the figure."""

    pue: float | None = None
    wue_l_per_kwh: float | None = None
    pue_tolerance: float = 0.0
    wue_tolerance: float = 0.0


def design(graph: Graph, *, sound: bool = False) -> Design:
    """Raises ValueError for a graph that has `faults`; `sound`: somebody knows that it has none."""
    state = State(graph, mean=True, sound=sound)
    it_w = 0.0
    for kind in state.kinds:
        it_w += sum(kind.draws(state.mask[kind.hanging])[0]) * len(kind.racks)
    sources = (at for at, unit in enumerate(state.units) if unit.source is not None)
    water = 0.0
    for at, unit in enumerate(state.units):
        loop = state.cools[at]
        if loop >= 0 and state.live[at] and state.cold[loop]:
            share = state.things[at] * state.cooling[at] / state.cold[loop]
            water += unit.water_l_per_kwh * share * state.heat[loop] / 1000
    return Design(it_w, sum(state.load[at] for at in sources), water)


def design_faults(graph: Graph, declared: Declared, found: Design | None = None) -> tuple[Fault, ...]:
    """Where the graph has other figures than the site declares; `found`: its figures."""
    found = found or design(graph)
    return (
        *_differs("pue", declared.pue, found.pue, declared.pue_tolerance),
        *_differs("wue", declared.wue_l_per_kwh, found.wue_l_per_kwh, declared.wue_tolerance),
    )


def _differs(name: str, declared: float | None, found: float | None, tolerance: float) -> Iterator[Fault]:
    if declared is None:
        return
    if found is None:
        yield Fault(f"design-{name}", name, f"the design {name.upper()} cannot be computed without IT load")
    elif abs(found - declared) > tolerance + 1e-9:
        said = f"the design {name.upper()} of the graph is {found:.3f}, declared is {declared:.3f}"
        yield Fault(f"design-{name}", name, said, f"{found:.3f} within {tolerance:g}")


class Rule(StrEnum):
    """Over which time renewable energy must match what is used."""

    ANNUAL = "annual"
    MONTHLY = "monthly"
    HOURLY = "hourly"


@dataclass(frozen=True, slots=True)
class Profile:
    """kWh of each month or each hour of a year: what the site uses, and what each source gives, by name."""

    demand_kwh: tuple[float, ...]
    given_kwh: tuple[tuple[str, tuple[float, ...]], ...]


@dataclass(frozen=True, slots=True)
class Share:
    """`share` is None where it cannot be shown, and then `why` says what is missing: that is no pass."""

    rule: Rule
    share: float | None
    why: str = ""


def renewable_share(
    graph: Graph,
    rule: Rule,
    profile: Profile | None = None,
    *,
    local: bool = False,
    known: Design | None = None,
) -> Share:
    """Of the energy used, what renewable sources gave in the same year, month or hour. No storage between.

    `local`: only local sources count; `known`: figures of the graph. Raises ValueError for one that
    has `faults`.
    """
    counted = {
        unit.name: unit
        for unit in graph.units
        if unit.source is not None and unit.source.renewable and (unit.source.local or not local)
    }
    if profile is not None:
        return _by_profile(rule, profile, set(counted))
    if rule is not Rule.ANNUAL:
        return Share(rule, None, f"cannot be shown: {rule} matching needs a profile")
    demand_w = (known or design(graph)).facility_w
    if not demand_w:
        return Share(rule, None, "cannot be shown: nothing is used")
    given_w = 0.0
    for unit in counted.values():
        factor = unit.source.capacity_factor if unit.source is not None else None
        if factor is not None and factor > 0:
            if math.isinf(unit.limit_w):
                return Share(rule, None, f"cannot be shown: {unit.name} has no capacity")
            given_w += unit.limit_w * unit.count * factor
    return Share(rule, min(1.0, given_w / demand_w))


def _by_profile(rule: Rule, profile: Profile, counted: set[str]) -> Share:
    """By the periods of the profile, which must be the rule's; a year may be any."""
    demand = profile.demand_kwh
    if rule is not Rule.ANNUAL and len(demand) not in PERIODS[rule]:
        return Share(rule, None, f"cannot be shown: the profile has {len(demand)} periods, not {rule} ones")
    numbers = [*demand, *(kwh for _, given in profile.given_kwh for kwh in given)]
    if any(len(given) != len(demand) for _, given in profile.given_kwh):
        return Share(rule, None, "cannot be shown: the sources of the profile differ in their periods")
    if not all(math.isfinite(kwh) and kwh >= 0 for kwh in numbers):
        return Share(rule, None, "cannot be shown: the profile has numbers that are no energy")
    if not sum(demand):
        return Share(rule, None, "cannot be shown: nothing is used")
    given = [0.0] * len(demand)
    for name, own in profile.given_kwh:
        if name in counted:
            given = [total + kwh for total, kwh in zip(given, own, strict=True)]
    if rule is Rule.ANNUAL:
        return Share(rule, min(1.0, sum(given) / sum(demand)))
    matched = sum(min(used, had) for used, had in zip(demand, given, strict=True))
    return Share(rule, matched / sum(demand))
