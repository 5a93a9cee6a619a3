"""In which waves hosts change, so that enough is left of what several of them do. Pure.

Of a service `min_up` members stay, of the witnesses a majority, of switches those that carry for each other
(`igoudar.waves`). First come canaries, one host of each kind of roles; then each wave is at most `GROWTH`
times all that went well before it. What failed, or is left alone by the inventory, is away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from igoudar.design import Design
from igoudar.errors import first_few
from igoudar.model import SWITCH_ROLES, Status
from igoudar.site import Budget, Site, read_budget
from igoudar.waves import waves

GROWTH = 4  # 1, 4, 20, 100, 500: a thousand hosts in six waves
WITNESSES = "witnesses"
PARTNERS = "switches that carry for each other"
NAMED = 4


@dataclass(frozen=True, slots=True)
class Limit:
    """Of `members`, which are `what` together, at most `away` may be away at once."""

    what: str
    members: frozenset[str]
    away: int

    def takes(self, name: str, gone: set[str]) -> bool:
        """Whether one of its members may be away too, beside `gone`, where it may be already."""
        return name in gone or len(self.members & gone) < self.away


@dataclass(frozen=True, slots=True)
class Course:
    """How a run goes over hosts: in this order where nothing else decides.

    `away`: host -> why, before it. `most`: hosts of a wave, however many went well; 0: no bound.
    """

    order: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    away: Mapping[str, str] = field(default_factory=dict)
    failures: Budget = field(default_factory=Budget)
    most: int = 0

    def others(self, names: Collection[str]) -> list[str]:
        """Who shares a limit with some of `names`, is none of them, and is not known to be away."""
        shared = (limit.members for limit in self.limits if not limit.members.isdisjoint(names))
        return sorted({n for members in shared for n in members} - {*names} - self.away.keys())

    def as_json(self) -> dict[str, Any]:
        """Names of many hosts are one text: the engine keeps each value of a record several times over."""
        limits = [
            {"what": w.what, "members": " ".join(sorted(w.members)), "away": w.away} for w in self.limits
        ]
        told = {"order": " ".join(self.order), "limits": limits, "away": dict(self.away)}
        return {**told, "failures": str(self.failures)}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Course:
        limits = (Limit(w["what"], frozenset(_names(w["members"])), int(w["away"])) for w in data["limits"])
        order, away = tuple(_names(data["order"])), dict(data["away"])
        return Course(order, tuple(limits), away, read_budget(data["failures"]))


def _names(told: str | Sequence[str]) -> Sequence[str]:
    """An older igoudar recorded a list."""
    return told.split() if isinstance(told, str) else told


def course(design: Design, names: Collection[str]) -> Course:
    """Of runs over some hosts of a site: those of a group."""
    site, devices = design.inventory.site, design.inventory.devices
    here = {n for n in names if not devices[n].cordoned}
    members = {n for service in site.services.values() for n in service.members} | {*site.witnesses}
    alone = {n: why for n in members & devices.keys() if (why := devices[n].left_alone)}
    absent = {n for n in members & devices.keys() if devices[n].status is Status.PLANNED}
    limits = [w for w in _services(site, alone, absent) if w.members & here and w.away < len(w.members)]
    away = {name: alone[name] for w in limits for name in sorted(w.members & alone.keys())}
    switches = {n for n in names if devices[n].role in SWITCH_ROLES}
    if switches:  # groups of servers are many, and need not look at all cables
        limits += _partners(design, here & switches)
    return Course(_order(design, names, switches), tuple(limits), away, site.failures)


def _services(site: Site, alone: Collection[str], absent: Collection[str]) -> Iterator[Limit]:
    """Whom the inventory leaves `alone` is away where `min_up` is written down; else it is of the others.

    Who is `absent`, as only planned, serves nobody yet and counts nowhere.
    """
    for name, service in site.services.items():
        members = frozenset(service.members) - {*absent}
        if service.promised:
            yield Limit(name, members, max(1, len(members) - service.min_up))
        else:
            yield Limit(name, members - {*alone}, 1)
    witnesses = frozenset(site.witnesses) - {*absent}
    yield Limit(WITNESSES, witnesses - {*alone}, max(1, (len(witnesses) - 1) // 2))


def _partners(design: Design, here: Collection[str]) -> list[Limit]:
    """One leaf of a server, one border of a fabric or of a class, half of the spines of a fabric."""
    apart: set[frozenset[str]] = set()
    for pairs in design.networks.attachments.values():
        apart.add(frozenset(leaf.device for _, leaf in pairs))
    of_class: dict[str, set[str]] = {}
    for edge in design.uplinks.sessions:
        for traffic in edge.wave.classes:
            of_class.setdefault(traffic, set()).add(edge.border)
    apart |= {frozenset(f.borders) for f in design.networks.fabrics} | set(map(frozenset, of_class.values()))
    found = {Limit(PARTNERS, together, 1) for members in apart if len(together := members & {*here}) > 1}
    for fabric in design.networks.fabrics:
        if len(spines := frozenset(fabric.spines) & {*here}) > 1:
            found.add(Limit(PARTNERS, spines, len(spines) // 2))
    return sorted(found, key=lambda limit: (sorted(limit.members), limit.away))


def _order(design: Design, names: Collection[str], switches: Collection[str]) -> tuple[str, ...]:
    """Switches as a change of the network has them; others by how little they serve, the bastion last."""
    site = design.inventory.site
    known = [n for wave in waves(design, switches) for n in wave] if switches else []
    serves = [name for service in site.services.values() for name in service.members]

    def weight(name: str) -> tuple[bool, int, int, str]:
        return name == site.bastion, serves.count(name), len(name), name

    others = sorted({*names} - {*switches}, key=weight)
    return (*others, *known, *sorted({*switches} - {*known}))


@dataclass(slots=True)
class Rollout:
    """A run under way, from wave to wave.

    `kinds`: host -> what it has to do; one of each kind goes first. `left`: not begun yet; `good`: done well;
    `away`: host -> why it may not be up; `stopped`: why no further wave begins, or empty.
    """

    over: Course
    kinds: Mapping[str, str]
    left: list[str]
    away: dict[str, str]
    good: set[str] = field(default_factory=set)
    silent: int = 0
    stopped: str = ""

    @staticmethod
    def begun(
        over: Course, kinds: Mapping[str, str], away: Mapping[str, str], waiting: Collection[str] = ()
    ) -> Rollout:
        """Over the hosts of `kinds`. `away`: those that the last run left failed or silent, and why.

        `waiting`: whom the last run did not begin; of those that are away they go before the others, so that
        one that never comes back does not stop every run.
        """
        place = {name: at for at, name in enumerate(over.order)}
        known = {**over.away, **away}
        left = sorted(kinds, key=lambda n: (n in known and n not in waiting, place.get(n, len(place)), n))
        return Rollout(over, kinds, left, known)

    def next(self) -> list[str]:
        """Whom to change now; nobody where the run has ended. What is away comes last where it can."""
        if self.stopped:
            return []
        fresh = [n for n in self.left if n not in self.away]
        return self._of(fresh) or self._of(self.left)

    def _of(self, names: Sequence[str]) -> list[str]:
        tried = {self.kinds[name] for name in self.good}
        untried = [n for n in names if self.kinds[n] not in tried]
        canaries = self._together(untried, one_of_each=True)
        most = max(1, GROWTH * len(self.good))
        return canaries or self._together(names)[: min(most, self.over.most or most)]

    def _together(self, names: Iterable[str], *, one_of_each: bool = False) -> list[str]:
        """As many as limits let be away at once."""
        gone, wave, kinds = {*self.away}, list[str](), set[str]()
        for name in names:
            if one_of_each and self.kinds[name] in kinds:
                continue
            if all(limit.takes(name, gone) for limit in self._limits(name)):
                gone.add(name)
                kinds.add(self.kinds[name])
                wave.append(name)
        return wave

    def _limits(self, name: str) -> Iterator[Limit]:
        return (limit for limit in self.over.limits if name in limit.members)

    def ended(self, wave: Sequence[str], failed: Mapping[str, str], silent: Mapping[str, str]) -> None:
        """What came of a wave. `silent`: hosts that let nobody in, so that nothing was begun there."""
        first = {self.kinds[n] for n in wave}.isdisjoint(self.kinds[n] for n in self.good)
        self.left = [n for n in self.left if n not in wave]
        for name in wave:
            self.away.pop(name, None)
        self.good |= {*wave} - {*failed} - {*silent}
        self.away |= {**silent, **failed}
        self.silent += len(silent) if first else 0
        self.stopped = self._canaries(failed) if first else self._wave(wave, [*failed, *silent])

    def _canaries(self, failed: Mapping[str, str]) -> str:
        """One that lets nobody in says nothing of the change: another one goes first, if not too often."""
        if failed:
            return f"{first_few(sorted(failed), NAMED)} failed, which went first"
        allowed = self.over.failures.lets_be_silent(len(self.kinds))
        if self.silent > allowed:
            return f"{self.silent} of the first hosts did not answer, where {allowed} may ({self._budget()})"
        return ""

    def _wave(self, wave: Sequence[str], bad: Sequence[str]) -> str:
        allowed = self.over.failures.allows(len(wave))
        if len(bad) <= allowed:
            return ""
        return f"{len(bad)} of {len(wave)} hosts of a wave failed, where {allowed} may ({self._budget()})"

    def _budget(self) -> str:
        return f"`roles: {{failures: {self.over.failures}}}` of the site"

    def not_begun(self) -> dict[str, str]:
        """host -> why."""
        return {name: self.stopped or self._held(name) for name in sorted(self.left)}

    def _held(self, name: str) -> str:
        gone = {*self.away}
        limit = next((w for w in self._limits(name) if not w.takes(name, gone)), None)
        if limit is None:
            return "the run was ended"
        away = [f"{n} is ({self.away[n]})" for n in sorted(limit.members & gone)]
        members = first_few(sorted(limit.members), NAMED)
        return f"{limit.what}: of {members} {limit.away} may be away at once, and {first_few(away, NAMED)}"


def waves_of(over: Course, kinds: Mapping[str, str], away: Mapping[str, str]) -> list[list[str]]:
    """The waves of a run in which all goes well."""
    rollout, found = Rollout.begun(over, kinds, away), list[list[str]]()
    while wave := rollout.next():
        found.append(wave)
        rollout.ended(wave, {}, {})
    return found
