"""A proposal that units and halls carry: what `check` finds too much of limits the search. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from igoudar.cabling.derived import new_cords
from igoudar.errors import Finding, Severity, Where
from igoudar.facility.graph import power_graph
from igoudar.facility.judged import judge
from igoudar.hall.excess import Excess
from igoudar.ledger import Ledger
from igoudar.model import Device, Inventory, Status
from igoudar.placement.answer import placement_of
from igoudar.placement.feeds import with_bars
from igoudar.placement.known import draw_asked, rack_draws
from igoudar.placement.problem import Effort, Placement, Problem, Shared
from igoudar.placement.request import RequestFile
from igoudar.placement.search import Search
from igoudar.placement.shared import one_feed_out, restarts, shared_of, two_out
from igoudar.placement.written import Placed, placed
from igoudar.power import settle
from igoudar.power.graph import LEGS
from igoudar.quantities import POWER, shown
from igoudar.waivers import waive

ROUNDS = 6  # of the search: without what is shared, with it, and with pairs of failures as they are found


OF_PHASES = frozenset({"phase-imbalance", "phase-overload"})
LIMITS = (
    ("double-failure", two_out),
    ("single-overload", one_feed_out),
    ("warm-before-restart", restarts),
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """`over`: what it would make too much of; nothing, or else what the search found no way around.

    `warned`: what `check` would warn of with it, and does not without.
    """

    placement: Placement
    devices: list[Placed]
    over: tuple[Finding, ...]
    warned: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """What there is; the ledger is read where a rule of cords leaves outlets to it."""

    inventory: Inventory
    ledger: Callable[[], Ledger]
    today: date


def propose(site: Site, asked: tuple[RequestFile, Problem], asked_at: Where, effort: Effort) -> Proposal:
    """Without what racks share, then within what of it is broken: mostly nothing is, and the search is short.

    `asked`: what is wanted, and that as a problem; `asked_at`: where.
    """
    inventory, (request, problem) = site.inventory, asked
    problem = with_bars(inventory, request, problem, site.today)
    asked = request, problem
    judged = _Judged(inventory, request, site.today)
    for _ in range(ROUNDS):
        placement = placement_of(Search(problem, effort))
        devices = [*placed(placement, request, inventory)]
        after, odd = _with(site, request, devices, asked_at)
        over, warned = judged.worse(after)
        over = (*odd, *over)
        more = _limits(inventory, after, asked, problem, over)
        evenly = _evenly(inventory, problem, over)
        if not more and not evenly:
            break
        shared = {limit.what: limit for limit in (*problem.shared, *more)}
        problem = replace(problem, shared=tuple(shared.values()), carried=evenly or problem.carried)
    return Proposal(placement, devices, over, warned)


def _evenly(
    inventory: Inventory, problem: Problem, over: Iterable[Finding]
) -> Mapping[tuple[str, str], float]:
    """What the phases of units carry, where the proposal has too much on one and was not made for that."""
    if problem.carried or not any(finding.code in OF_PHASES for finding in over):
        return {}
    units = settle(power_graph(inventory)).loads.units
    return {(load.name, leg): w for load in units for leg, w in zip(LEGS, load.legs_w, strict=True)}


def _limits(
    inventory: Inventory,
    after: Inventory,
    asked: tuple[RequestFile, Problem],
    problem: Problem,
    over: tuple[Finding, ...],
) -> list[Shared]:
    """Those that the search has not been told of, or not so strictly."""
    if not over:
        return []
    codes = {finding.code for finding in over}
    found = [] if problem.shared else [*shared_of(inventory, *asked)]
    for code, limits in LIMITS:
        found += limits(inventory, after, *asked) if code in codes else ()
    known = {shared.what: shared.room_w for shared in problem.shared}
    return [limit for limit in found if limit.room_w < known.get(limit.what, limit.room_w + 1)]


def _with(
    site: Site, request: RequestFile, devices: Sequence[Placed], asked_at: Where
) -> tuple[Inventory, list[Finding]]:
    """With the devices, and the cords that rules give them: so their phases are known."""
    inventory = site.inventory
    new = {d.name: _device(inventory, request, d, asked_at) for d in devices}
    after = replace(inventory, devices={**inventory.devices, **new})
    cords, findings = new_cords(after, new, site.ledger)
    return replace(after, cords=cords), findings


@dataclass(slots=True)
class _Judged:
    """What `check` finds of loads with devices in the site, and does not find without them."""

    inventory: Inventory
    request: RequestFile
    today: date
    _before: dict[tuple[str, str], float] | None = None

    def worse(self, after: Inventory) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
        """Errors and warnings. A load that was too high already is among them where it grew."""
        new = after.devices.keys() - self.inventory.devices.keys()
        if not new:
            return (), ()
        racks = {after.devices[name].rack for name in new}
        halls = dict.fromkeys(self.inventory.racks[name].hall for name in sorted(racks))
        found = self._waived([*judge(after), *_halls(after, self.request, halls)])
        errors = [finding for finding in found if finding.severity is Severity.ERROR]
        warnings = [finding for finding in found if finding.severity is Severity.WARNING]
        return tuple(filter(self._grew, errors)), tuple(filter(self._grew, warnings))

    def _grew(self, finding: Finding) -> bool:
        if self._before is None:
            before = self._waived(judge(self.inventory))
            self._before = {(f.code, f.subject): f.amount or 0.0 for f in before}
        known = self._before.get((finding.code, finding.subject))
        if known is None or finding.amount is None:
            return known is None
        return finding.is_worse_than(known)

    def _waived(self, findings: Iterable[Finding]) -> list[Finding]:
        found = list(findings)
        codes = {finding.code for finding in found}
        return [f for f in waive(found, self.inventory.waivers, self.today) if f.code in codes]


def _device(inventory: Inventory, request: RequestFile, placed: Placed, where: Where) -> Device:
    entry, hall = placed.entry, inventory.racks[placed.rack].hall
    return Device(
        placed.name, entry.type, entry.role, placed.number, hall, placed.rack, placed.u, where,
        status=Status.PLANNED, face=entry.face, draw_w=draw_asked(entry, inventory, request),
        modules=entry.modules,
    )  # fmt: skip


def _halls(inventory: Inventory, request: RequestFile, halls: Iterable[str]) -> Iterator[Finding]:
    drawn = rack_draws(inventory, request)
    for name in halls:
        hall = inventory.halls[name]
        total = round(sum(drawn[rack.name] for rack in inventory.racks.values() if rack.hall == name), 3)
        if hall.power_w is not None and total > hall.power_w:
            over, where = Excess(POWER, total, hall.power_w), hall.where.at("power")
            said = f"the devices of hall {name} would draw {shown(POWER, total)}"
            yield over.of(f"hall {name}", "hall-over-power", where, said)
