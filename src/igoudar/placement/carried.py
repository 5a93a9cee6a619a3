"""A proposal that units and halls carry: what `check` finds too much of limits the search. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from igoudar.errors import Finding, Severity, Where
from igoudar.facility.judged import judge
from igoudar.hall.excess import Excess
from igoudar.model import Device, Inventory, Status
from igoudar.placement.answer import placement_of
from igoudar.placement.known import draw_asked, rack_draws
from igoudar.placement.problem import Effort, Placement, Problem, Shared
from igoudar.placement.request import RequestFile
from igoudar.placement.search import Search
from igoudar.placement.shared import shared_of, two_out
from igoudar.placement.written import Placed, placed
from igoudar.quantities import POWER, shown
from igoudar.waivers import waive

ROUNDS = 6  # of the search: without what is shared, with it, and with pairs of failures as they are found


@dataclass(frozen=True, slots=True)
class Proposal:
    """`over`: what it would make too much of; nothing, or else what the search found no way around."""

    placement: Placement
    devices: list[Placed]
    over: tuple[Finding, ...]


def propose(
    inventory: Inventory, asked: tuple[RequestFile, Problem], asked_at: Where, effort: Effort, today: date
) -> Proposal:
    """Without what racks share, then within what of it is broken: mostly nothing is, and the search is short.

    `asked`: what is wanted, and that as a problem; `asked_at`: where.
    """
    request, problem = asked
    for _ in range(ROUNDS):
        placement = placement_of(Search(problem, effort))
        devices = [*placed(placement, request, inventory)]
        after = _with(inventory, request, devices, asked_at)
        over = overloads(inventory, after, request, today)
        more = _limits(inventory, after, asked, problem, over)
        if not more:
            break
        problem = replace(problem, shared=(*problem.shared, *more))
    return Proposal(placement, devices, over)


def _limits(
    inventory: Inventory,
    after: Inventory,
    asked: tuple[RequestFile, Problem],
    problem: Problem,
    over: tuple[Finding, ...],
) -> list[Shared]:
    """Those that the search has not been told of."""
    if not over:
        return []
    found = [] if problem.shared else [*shared_of(inventory, *asked)]
    if any(finding.code == "double-failure" for finding in over):
        found += two_out(inventory, after, *asked)
    known = {shared.what for shared in problem.shared}
    return [*{limit.what: limit for limit in found if limit.what not in known}.values()]


def _with(
    inventory: Inventory, request: RequestFile, devices: Sequence[Placed], asked_at: Where
) -> Inventory:
    new = {d.name: _device(inventory, request, d, asked_at) for d in devices}
    return replace(inventory, devices={**inventory.devices, **new})


def overloads(
    inventory: Inventory, after: Inventory, request: RequestFile, today: date
) -> tuple[Finding, ...]:
    """Errors that `check` would find of loads with the devices in the site, and does not find without them.

    A load that was too high already is among them where it grew.
    """
    new = after.devices.keys() - inventory.devices.keys()
    if not new:
        return ()
    racks = {after.devices[name].rack for name in new}
    halls = dict.fromkeys(inventory.racks[name].hall for name in sorted(racks))
    found = _errors([*judge(after), *_halls(after, request, halls)], inventory, today)
    if not found:
        return ()
    before = {(f.code, f.subject): f.amount or 0.0 for f in _errors(judge(inventory), inventory, today)}
    return tuple(
        f
        for f in found
        if (known := before.get((f.code, f.subject))) is None or (f.amount is not None and f.amount > known)
    )


def _device(inventory: Inventory, request: RequestFile, placed: Placed, where: Where) -> Device:
    entry, hall = placed.entry, inventory.racks[placed.rack].hall
    return Device(
        placed.name, entry.type, entry.role, placed.number, hall, placed.rack, placed.u, where,
        status=Status.PLANNED, face=entry.face, draw_w=draw_asked(entry, inventory, request),
    )  # fmt: skip


def _errors(findings: Iterable[Finding], inventory: Inventory, today: date) -> list[Finding]:
    found = list(findings)
    codes = {finding.code for finding in found}
    waived = waive(found, inventory.waivers, today)
    return [f for f in waived if f.severity is Severity.ERROR and f.code in codes]


def _halls(inventory: Inventory, request: RequestFile, halls: Iterable[str]) -> Iterator[Finding]:
    drawn = rack_draws(inventory, request)
    for name in halls:
        hall = inventory.halls[name]
        total = round(sum(drawn[rack.name] for rack in inventory.racks.values() if rack.hall == name), 3)
        if hall.power_w is not None and total > hall.power_w:
            over, where = Excess(POWER, total, hall.power_w), hall.where.at("power")
            said = f"the devices of hall {name} would draw {shown(POWER, total)}"
            yield over.of(f"hall {name}", "hall-over-power", where, said)
