"""From an inventory and a request to a problem: what each rack has left, and what is not known of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from igoudar.facility.graph import Racks
from igoudar.hall.draw import widths_of
from igoudar.hall.levels import span
from igoudar.hall.places import Rack as SiteRack
from igoudar.hall.standing import standing
from igoudar.model import SWITCH_ROLES, Device, End, Face, Inventory, Role
from igoudar.placement.known import RackLimits, draw_asked, draw_of, lower, mass_asked, mass_of, rack_limits
from igoudar.placement.phases import Outlets
from igoudar.placement.problem import Apart, DeviceClass, Phase, Problem, Rack, Span
from igoudar.placement.problem import Face as Takes
from igoudar.placement.request import DevicesIn, RequestFile
from igoudar.placement.space import spans_of
from igoudar.power import feed_loads
from igoudar.power.graph import LEGS

# what stands in a rack before anything is put into it: such a rack is not yet in use
BEFORE_USE = frozenset({Role.LEAF, Role.OOB, Role.EQUIPMENT})


@dataclass(frozen=True, slots=True)
class Asked:
    """`unused`: what limits could not be looked at, in words. `full`: racks that count as full, and why."""

    problem: Problem
    unused: tuple[str, ...]
    full: tuple[str, ...]


def problem_of(inventory: Inventory, request: RequestFile) -> Asked:
    """The request must be sound (`igoudar.placement.sound`)."""
    limits = rack_limits(inventory, request)
    rails = common_widths(inventory, request)
    chosen = [
        r
        for r in inventory.racks.values()
        if r.width_in in rails and (request.halls is None or r.hall in request.halls)
    ]
    chosen.sort(key=lambda r: (r.hall, r.row, r.position, r.name))
    inside = standing(inventory)
    used = {end for cable in inventory.cables.values() for end in (cable.a, cable.b)}
    groups = _groups(request)
    full: list[str] = []
    classes = tuple(_class(entry, inventory, request) for entry in request.devices)
    racks, drawn, outlets = [], Racks(inventory), Outlets(inventory, request, classes)
    for rack in chosen:
        here = inside[rack.name]
        draws = {d.name: draw_of(inventory, d, request) for d in here}
        masses = {d.name: mass_of(inventory, d, request) for d in here}
        left = _Left(inventory, request, limits[rack.name], here, draws, masses)
        full += left.unknown(rack.name)
        racks.append(_rack(rack, left, used, groups, _fed(drawn, outlets, rack, here)))
    unused = tuple(_unused(request, [limits[rack.name] for rack in chosen]))
    return Asked(Problem(tuple(racks), classes, request.heavy_low), unused, tuple(full))


def common_widths(inventory: Inventory, request: RequestFile) -> frozenset[int]:
    """Of the racks, in inches between their rails, that all devices of the request fit."""
    fits = (frozenset(widths_of(inventory, entry.type)) for entry in request.devices)
    return frozenset.intersection(*fits)


def _groups(request: RequestFile) -> dict[str, set[str]]:
    """Devices of the inventory that belong to a group already."""
    members: dict[str, set[str]] = {}
    for entry in request.devices:
        if entry.apart:
            members.setdefault(entry.apart.group, set()).update(entry.apart.standing)
    return members


@dataclass(frozen=True, slots=True)
class _Left:
    """What one rack has left. What stands there and is not known in full leaves nothing.

    `draws` in W and `masses` in kg of what stands there, by name.
    """

    inventory: Inventory
    request: RequestFile
    limits: RackLimits
    standing: Sequence[Device]
    draws: Mapping[str, float | None]
    masses: Mapping[str, float | None]

    def after(self, limit: float | None, taken: Iterable[float | None]) -> float | None:
        if limit is None:
            return None
        sums = [*taken]
        # rounded, so that racks with equal things in another order are alike
        return 0.0 if None in sums else round(limit - sum(s for s in sums if s is not None), 6)

    def unknown(self, rack: str) -> Iterator[str]:
        electric = self.limits.power_w is not None or self.limits.cooling_w is not None
        for word, matters, values in (
            ("draws", electric, self.draws),
            ("weighs", self.limits.load_kg is not None, self.masses),
        ):
            if missing := {d.type for d in self.standing if values[d.name] is None} if matters else ():
                yield f"{rack}: what a {' or a '.join(sorted(missing))} {word}"

    def free(self, rack: SiteRack, face: Face) -> tuple[Span, ...]:
        """Whole U, counted from the bottom whatever the rail says: the lowest is bit 1."""
        bits = (1 << (rack.height + 1)) - 2
        for device in self.standing:
            kind = self.inventory.types[device.type]
            if device.u and not device.bay and (kind.full_depth or device.face is face):
                covered = span(rack, device.u, kind.units)
                for place in range(math.floor(covered.low), math.ceil(covered.high)):
                    bits &= ~(1 << (place + 1))
        return spans_of(bits)

    def ports(self, used: set[End]) -> dict[str, int] | None:
        """Free switch ports by kind; not a limit where no class asks for any."""
        if not any(entry.ports for entry in self.request.devices):
            return None
        found: dict[str, int] = {}
        for device in self.standing:
            if device.role in SWITCH_ROLES or device.role is Role.OOB:
                for port in self.inventory.types[device.type].parts.interfaces:
                    if not port.mgmt_only and End(device.name, port.name) not in used:
                        found[port.kind] = found.get(port.kind, 0) + 1
        return found

    def groups(self, members: Mapping[str, set[str]]) -> dict[str, int]:
        """How many of each group stand here; `members` by group."""
        here = {device.name for device in self.standing}
        return {group: len(names & here) for group, names in members.items() if names & here}


class _Fed(NamedTuple):
    """What the weakest of a rack's tap-offs carries more alone, and their phases where a U has one."""

    most_w: float | None
    phases: tuple[Phase, ...]


def _fed(drawn: Racks, outlets: Outlets, rack: SiteRack, standing: list[Device]) -> _Fed:
    """Three times what the fullest phase of a feed carries more, or the sum of what each does by its U."""
    graph = drawn.rack(rack, standing)
    feeds = [*feed_loads(graph, {letter for letter, _ in graph.feeds})]
    limits = dict(graph.feed_w)
    phases = outlets.phases(rack, standing, (feeds, limits))
    if not limits or not feeds:
        return _Fed(None, phases)
    if not phases:
        bounded = (feed for feed in feeds if feed.feed in limits)
        return _Fed(round(min(limits[f.feed] - 3 * max(f.alone_legs_w) for f in bounded), 6), ())
    by_feed = (phases[at : at + len(LEGS)] for at in range(0, len(phases), len(LEGS)))
    return _Fed(min(sum(max(0.0, phase.room_w) for phase in each) for each in by_feed), phases)


def _rack(rack: SiteRack, left: _Left, used: set[End], groups: Mapping[str, set[str]], fed: _Fed) -> Rack:
    return Rack(
        name=rack.name,
        row=f"{rack.hall}/{rack.row}",
        feeds="+".join(sorted(rack.feeds.values())),
        front=left.free(rack, Face.FRONT),
        rear=left.free(rack, Face.REAR),
        power_w=lower(left.after(left.limits.power_w, left.draws.values()), fed.most_w),
        cooling_w=left.after(left.limits.cooling_w, left.draws.values()),
        load_kg=left.after(left.limits.load_kg, left.masses.values()),
        ports=left.ports(used),
        groups=left.groups(groups),
        zone=left.limits.zone,
        open=any(device.role not in BEFORE_USE for device in left.standing),
        phases=fed.phases,
    )


def _class(entry: DevicesIn, inventory: Inventory, request: RequestFile) -> DeviceClass:
    kind = inventory.types[entry.type]
    return DeviceClass(
        name=entry.names,
        units=math.ceil(kind.units),
        count=entry.count,
        face=Takes.BOTH if kind.full_depth else Takes(entry.face.value),
        draw_w=draw_asked(entry, inventory, request) or 0.0,
        kg=mass_asked(entry, inventory, request) or 0.0,
        ports=entry.ports,
        apart=(Apart(entry.apart.group, entry.apart.at_most, entry.apart.per),) if entry.apart else (),
        zones=None if entry.zones is None else frozenset(entry.zones),
    )


def _unused(request: RequestFile, limits: Sequence[RackLimits]) -> Iterator[str]:
    values: Mapping[str, list[float | None]] = {
        "power": [limit.power_w for limit in limits],
        "cooling": [limit.cooling_w for limit in limits],
        "load": [limit.load_kg for limit in limits],
    }
    for what, known in values.items():
        if missing := known.count(None):
            yield f"{what} of {missing} rack{'s' if missing > 1 else ''}"
    if not any(entry.ports for entry in request.devices):
        yield "switch ports, for which no device asks"
