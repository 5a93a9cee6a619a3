"""Drills on a twin: one thing is lost, packets 10 ms apart say for how long, then it is mended.

That it was lost is not taken for granted: a neighbour must see it. Nothing survives what did not happen.

Flows are those that the model means to work and that have another way; each is a socket of its own, so
that several of them are spread over equal paths.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from igoudar.intent import PortUse
from igoudar.model import Cable, Role
from igoudar.verify.checks import UNTOLD, FactCheck, Kind, Result
from igoudar.verify.fabric import Site, port_of, sessions
from igoudar.verify.flows import ANSWER_PORT, endpoints
from igoudar.verify.run import Say, Verification

INTERVAL = 0.01  # seconds between two packets of a flow
BEFORE = 2.0  # seconds of packets before the loss: logins and interpreters start in it
LEAST, SETTLE = 6.0, 1.5  # seconds: a flow is watched at least so long, and is back when so long clean
SLACK = 12.0  # seconds, on top of what detection takes by design; a twin may share its machine
PAIRS, SOCKETS = 1, 3  # pairs of servers a drill, flows a pair: each is 100 packets a second
# What a loss in the network does not touch, and what costs a busy machine most to ask.
STEADY = frozenset({Kind.INTERFACES, Kind.NTP, Kind.DNS, Kind.LEASE, Kind.METRICS, Kind.LOGS})
LOOK = 1.0  # seconds between two looks at those who must see a loss
MENDED = 90.0  # seconds until everything must be as before


class Breaker(Protocol):
    """What a twin can do to itself."""

    def cut(self, cable: Cable) -> None: ...
    def mend(self, cable: Cable) -> None: ...
    def power(self, host: str, on: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class Flow:
    """From a server to an address; `by` is `udp` to an answerer or `icmp`."""

    host: str
    to: str
    by: str


@dataclass(frozen=True, slots=True)
class Drill:
    """`bound`: seconds after the loss in which every flow must be back."""

    name: str
    subject: str
    flows: tuple[Flow, ...]
    bound: float
    cables: tuple[Cable, ...] = ()
    host: str = ""

    def lose(self, breaker: Breaker) -> None:
        for cable in self.cables:
            breaker.cut(cable)
        if self.host:
            breaker.power(self.host, on=False)

    def mend(self, breaker: Breaker) -> None:
        for cable in self.cables:
            breaker.mend(cable)
        if self.host:
            breaker.power(self.host, on=True)


def plan(site: Site, world: Mapping[str, Sequence[str]], say: Say) -> list[tuple[Drill, ...]]:
    """Drills in groups; those of a group share no path and are run at the same time."""
    uplink, spine = _uplink(site, world), _spine(site, world)
    border, cable = _border(site, world), _cable(site, world)
    for name, drill in (("leaf uplink", uplink), ("spine", spine), ("border", border), ("cable", cable)):
        if drill is None:
            say(f"no drill of one {name}: the site has no second one to go by")
    groups = ((uplink, cable), (spine,), (border,))
    present = [tuple(d for d in group if d is not None) for group in groups]
    return [group for group in present if group]


def _detection(site: Site) -> float:
    """Seconds until BFD notices a silent loss."""
    told = site.inventory.site
    return told.bfd_interval_ms * told.bfd_multiplier / 1000


def _inside(site: Site, leaf: str = "") -> tuple[Flow, ...]:
    """Flows between servers of a VPC behind different leaves, from or to `leaf` where one is given."""
    ends, found = endpoints(site), list[Flow]()
    pairs = [
        (a, b)
        for a in ends
        for b in ends
        if a.vrf == b.vrf
        and not set(a.leaves) & set(b.leaves)
        and (not leaf or leaf in (*a.leaves, *b.leaves))
    ]
    single = [p for p in pairs if not leaf or (leaf,) in (p[0].leaves, p[1].leaves)]
    for a, b in (single or pairs)[:PAIRS]:
        for number in range(SOCKETS):
            found.append(Flow(a.server, b.addresses[number % len(b.addresses)], "udp"))
    return tuple(found)


def _outside(site: Site, world: Mapping[str, Sequence[str]]) -> tuple[Flow, ...]:
    """From public servers to addresses of the world, of both families."""
    public = [e for e in endpoints(site) if e.public][:PAIRS]
    targets = [a for addresses in world.values() for a in addresses][: SOCKETS + 1]
    return tuple(Flow(e.server, a, "icmp") for e in public for a in targets)


def _uplink(site: Site, world: Mapping[str, Sequence[str]]) -> Drill | None:
    """The first uplink of the leaf with the most servers, not one that carries the world's flows."""
    ends = endpoints(site)
    busy = {leaf for e in ends if e.public for leaf in e.leaves} if world else set()
    leaves = [n for n, i in site.switches.items() if i.role is Role.LEAF and n not in busy]
    leaves.sort(key=lambda n: -sum(n in e.leaves for e in ends))
    for leaf in leaves:
        ports = [p for p in site.switches[leaf].ports if p.use is PortUse.FABRIC and site.up(p)]
        flows = _inside(site, leaf)
        if len(ports) > 1 and flows:
            cable = _cable_at(site, leaf, ports[0].name)
            bound = _detection(site) + SLACK
            return Drill("leaf uplink", f"{cable.key} cut", flows, bound, cables=(cable,))
    return None


def _cable_at(site: Site, device: str, port: str) -> Cable:
    cables = site.inventory.cables.values()
    return next(c for c in cables for e in (c.a, c.b) if (e.device, e.port) == (device, port))


def _spine(site: Site, world: Mapping[str, Sequence[str]]) -> Drill | None:
    spines = [n for n, i in site.switches.items() if i.role is Role.SPINE]
    flows = (*_inside(site), *_outside(site, world))
    if len(spines) < 2 or not flows:
        return None
    return Drill("spine", f"{spines[0]} without power", flows, _detection(site) + SLACK, host=spines[0])


def _border(site: Site, world: Mapping[str, Sequence[str]]) -> Drill | None:
    """Behind the lost border the far end still sends to it until its own timer ends the session."""
    edges = [e for e in site.plan.design.uplinks.sessions if e.border in site.switches]
    borders = list(dict.fromkeys(e.border for e in edges))
    flows = _outside(site, world)
    if len(borders) < 2 or not flows:
        return None
    bound = max(e.timers.hold for e in edges) + SLACK
    return Drill("border", f"{borders[0]} without power", flows, bound, host=borders[0])


def _cable(site: Site, world: Mapping[str, Sequence[str]]) -> Drill | None:
    """A whole submarine cable: every wave on it."""
    edges = [e for e in site.plan.design.uplinks.sessions if e.border in site.switches]
    systems = list(dict.fromkeys(e.wave.system for e in edges))
    flows = _outside(site, world)
    if len(systems) < 2 or not flows:
        return None
    waves = [e.wave for e in edges if e.wave.system == systems[0]]
    cables = tuple(_cable_at(site, w.border.device, w.border.port) for w in waves)
    bound = max(e.timers.hold for e in edges) + SLACK
    return Drill("submarine cable", f"{systems[0]} cut", flows, bound, cables=cables)


def signs(site: Site, drill: Drill) -> tuple[FactCheck, ...]:
    """What is up and must be seen down: a session at each lost cable, one of a neighbour of a lost host."""
    lost = {(end.device, end.port): c.key for c in drill.cables for end in (c.a, c.b)}
    found: dict[str, FactCheck] = {}
    for name, intent in site.switches.items():
        for neighbor, told in sessions(site, intent) if name != drill.host else ():
            what = lost.get((name, port_of(intent, neighbor)))
            if neighbor.remote_device == drill.host:
                what = drill.host
            if what:
                found.setdefault(what, told[0])
    return tuple(found.values())


class Drills:
    """Runs groups of drills against a verification that has passed."""

    def __init__(self, verification: Verification, breaker: Breaker, say: Say) -> None:
        self.verification, self.breaker, self.say = verification, breaker, say

    def run(self, groups: Sequence[Sequence[Drill]]) -> list[Result]:
        results: list[Result] = []
        for group in groups:
            self.say(f"drill: {' and '.join(d.subject for d in group)}")
            results += self._group(group)
        return results

    def _group(self, group: Sequence[Drill]) -> Iterator[Result]:
        """Losing, watching, mending; whatever happens, what was broken is mended."""
        streams = [threading.Thread(target=self._watch, args=(d, d_out)) for d, d_out in self._outs(group)]
        for stream in streams:
            stream.start()
        time.sleep(BEFORE)
        try:
            for drill in group:
                drill.lose(self.breaker)
            unseen = self._unseen(group)
            for stream in streams:
                stream.join()
        finally:
            for drill in group:
                drill.mend(self.breaker)
                self.verification.forget(drill.host)
        begun = time.monotonic()
        left = [r for r in self.verification.converge(MENDED, but=STEADY) if not r.good]
        mended = time.monotonic() - begun
        for drill in group:
            yield _judge(drill, self.watched[drill.name], mended, left, unseen[drill.name])

    def _unseen(self, group: Sequence[Drill]) -> dict[str, str]:
        """Drill -> what does not show its loss, as long as it is watched; nothing where the loss was seen."""
        begun = time.monotonic()
        wanted = {d.name: signs(self.verification.site, d) for d in group}
        told = {d.name: "" if wanted[d.name] else "nobody could" for d in group}
        left = [d for d in group if wanted[d.name]]
        while left:
            results = self.verification.look(c for d in left for c in wanted[d.name])
            for drill in left:
                mine = [results[c] for c in wanted[drill.name]]
                told[drill.name] = next((str(r) for r in mine if r.good or r.found == UNTOLD), "")
            left = [d for d in left if told[d.name] and time.monotonic() - begun < d.bound]
            if left:
                time.sleep(LOOK)
        return told

    def _outs(self, group: Sequence[Drill]) -> list[tuple[Drill, dict[str, Any]]]:
        self.watched: dict[str, dict[str, Any]] = {d.name: {} for d in group}
        return [(d, self.watched[d.name]) for d in group]

    def _watch(self, drill: Drill, out: dict[str, Any]) -> None:
        """All flows of a drill, one exec a host; `out`: flow -> what became of its packets."""
        mine: dict[str, list[dict[str, Any]]] = {}
        for number, flow in enumerate(drill.flows):
            spec = {"id": str(number), "kind": flow.by, "to": flow.to, "port": ANSWER_PORT}
            mine.setdefault(flow.host, []).append(spec)
        most = BEFORE + drill.bound + SETTLE
        spec = {"do": "stream", "interval": INTERVAL, "least": LEAST, "settle": SETTLE, "most": most}

        def ask(host: str) -> dict[str, Any]:
            return self.verification.logins.ask(host, {**spec, "flows": mine[host]}, most + 30)

        for told in self.verification.logins.every(mine, ask).values():
            out.update(told.get("flows", {}))


def _judge(
    drill: Drill, flows: Mapping[str, Any], mended: float, left: Sequence[Result], unseen: str
) -> Result:
    """Good: the loss was seen, every flow was watched, came back, and all is as before once mended."""
    sent, lost = sum(f["sent"] for f in flows.values()), sum(f["lost"] for f in flows.values())
    hit = [f for f in flows.values() if f["lost"]]
    longest = max((f["last"] - f["first"] for f in hit), default=0.0)
    gone = [f for f in flows.values() if not f["back"]]
    told = f"{lost} of {sent} packets lost, {len(hit)} of {len(flows)} flows hit, longest {longest:.2f} s"
    told += f"; as before {mended:.0f} s after mending" if not left else f"; not mended: {left[0]}"
    if gone:
        told += f"; {len(gone)} flows did not come back"
    if unseen:
        told += f"; the loss was not seen: {unseen}"
    if len(flows) < len(drill.flows):
        told += f"; {len(drill.flows) - len(flows)} flows could not be watched"
    good = not gone and not left and not unseen and len(flows) == len(drill.flows)
    expected = f"the loss seen, all flows back in {drill.bound:.0f} s, and all as before"
    return Result(Kind.DRILL, drill.name, drill.subject, good, expected, told)
