"""Who hears whom: the one pass over all cables, and what it leaves to be explained. Pure.

Nearly all cables are as planned, so the pass does no more for one than two look-ups and a comparison.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field

from igoudar.doctor.plan import End, Observation, Plan, PlannedCable

Seen = Mapping[End, Observation]
MAC = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")


@dataclass(slots=True)
class Survey:
    """`far`: the plan, both ways. `open`: ends of cables that are not settled. `claims`: end -> whom it
    hears, of open ends and of ends that the plan does not know; `vague`: end -> device, where it names no
    port. `free`: observed ports without a plan.

    An end of the plan that is not open is settled: it is as planned, and somebody saw it.
    """

    far: dict[End, End]
    ports: Mapping[str, frozenset[str]]
    open: dict[End, PlannedCable] = field(default_factory=dict)
    claims: dict[End, End] = field(default_factory=dict)
    others: dict[End, tuple[End, ...]] = field(default_factory=dict)
    vague: dict[End, str] = field(default_factory=dict)
    free: tuple[End, ...] = ()

    def settled(self, end: End) -> End | None:
        """Where it leads, if that is as planned and was seen."""
        return None if end in self.open else self.far.get(end)


def survey(plan: Plan, seen: Seen) -> Survey:
    found = Survey(both_ways(plan), plan.ports)
    left = dict(seen)  # what the plan does not know stays in it
    look, who = left.pop, plan.identities.get
    for cable in plan.cables:
        a, b = cable.a, cable.b
        at_a, at_b = look(a, None), look(b, None)
        if at_a is None:  # what is seen from one end is evidence for both
            a, b, at_a, at_b = b, a, at_b, at_a
        if at_a is not None and at_a.port == b.port and who(at_a.chassis) == b.device and not at_a.others:
            if at_b is None:
                continue
            if at_b.port == a.port and who(at_b.chassis) == a.device and not at_b.others:
                continue
        found.open[a] = found.open[b] = cable
    found.free = tuple(sorted(left))
    for end in (*found.open, *found.free):
        if (told := seen.get(end)) is not None:
            _note(found, end, told, plan)
    _leave_nameless(found, seen, plan)
    _by_elimination(found, plan)
    return found


def both_ways(plan: Plan) -> dict[End, End]:
    """End -> the other end of its cable."""
    far = {cable.a: cable.b for cable in plan.cables}
    far.update({cable.b: cable.a for cable in plan.cables})
    return far


def _note(found: Survey, end: End, told: Observation, plan: Plan) -> None:
    if told.chassis:
        first = _named(told.chassis, told.port, plan)
    elif (learnt := owner_of(told.mac, plan)) is not None:
        first = learnt
    else:
        return
    if first.port:
        found.claims[end] = first
    else:
        found.vague[end] = first.device
    if told.others:
        named = dict.fromkeys(_named(c, p, plan) for c, p in told.others)
        if others := tuple(o for o in named if o.port and o != first):
            found.others[end] = others


def _leave_nameless(found: Survey, seen: Seen, plan: Plan) -> None:
    """A stranger may be the very neighbour that is meant, where nobody knows what that one calls itself.

    A chassis is compared with identities of its own form: a MAC address proves nothing against a serial, nor
    against the one address that the inventory has of a box, which may name itself by any of its own.
    """
    strange = [e for e, far in found.claims.items() if is_stranger(far) and e in found.far]
    if not strange:
        return
    forms = {(device, bool(MAC.fullmatch(identity))) for identity, device in plan.identities.items()}
    known = {(device, by_mac) for device, by_mac in forms if not by_mac or device in plan.told}
    for end in strange:
        form = bool(MAC.fullmatch(seen[end].chassis))
        if (found.far[end].device, form) not in known:
            del found.claims[end]


def is_stranger(end: End) -> bool:
    """Devices have no blank in their name."""
    return end.device.startswith("unknown ")


def _named(chassis: str, port: str, plan: Plan) -> End:
    """By LLDP. A chassis that nobody knows is a stranger, named as it names itself; without a port: vague."""
    if port in plan.macs:
        return plan.macs[port]
    device = plan.identities.get(chassis)
    if device is None:
        return End(f"unknown chassis {chassis}", port or "?")
    known = plan.ports.get(device)
    return End(device, port if known is None or port in known else "")


def owner_of(mac: str, plan: Plan) -> End | None:
    """An address that nobody knows proves nothing: guests of a server have addresses of their own."""
    if mac in plan.macs:
        return plan.macs[mac]
    device = plan.identities.get(mac)
    return End(device, "") if device is not None else None


def _by_elimination(found: Survey, plan: Plan) -> None:
    """A neighbour known by its device only is the one port of it that nothing else accounts for.

    Where that is the planned device the port may be right, or another of the same device: nothing is claimed.
    """
    taken = {*found.claims, *found.claims.values()}
    for end, device in list(found.vague.items()):
        planned = found.far.get(end)
        if planned is not None and planned.device == device:
            del found.vague[end]
            continue
        left = list(free_ports(device, found, taken))
        if len(left) == 1 and device in found.ports:
            found.claims[end] = left[0]
            taken |= {end, left[0]}
            del found.vague[end]


def free_ports(device: str, found: Survey, taken: Container[End]) -> Iterator[End]:
    """Ends of a device, in order, that nothing accounts for yet."""
    names = found.ports.get(device)
    known = {End(device, n) for n in names} if names else {e for e in found.open if e.device == device}
    for end in sorted(known):
        if found.settled(end) is None and end not in taken:
            yield end
