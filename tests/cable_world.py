"""Cables as things: plugs in ports, moved by hands, and what ports would say. Knows nothing of the doctor.

For tests and measurements. A chassis is `mac:<device>`; each device speaks LLDP with the names of its ports.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from math import inf

from igoudar.doctor import End, Medium, Observation, Plan, PlannedCable, Trunk

LIGHT_DBM, DARK_DBM = -2.5, -30.0
DARK = Observation(silent=True, link=False, module=True, rx_dbm=-inf)
EMPTY = Observation(silent=True, link=False, module=False)


def end(text: str) -> End:
    device, _, port = text.partition("/")
    return End(device, port)


def planned(cables: Iterable[tuple[str, str]], medium: Medium = Medium.OPTICS) -> tuple[PlannedCable, ...]:
    return tuple(PlannedCable(end(a), end(b), medium) for a, b in cables)


def plan_of(
    cables: tuple[PlannedCable, ...], racks: dict[str, str] | None = None, trunks: tuple[Trunk, ...] = ()
) -> Plan:
    devices = {e.device for c in cables for e in (c.a, c.b)} | set(racks or {})
    return Plan(cables, racks or {}, trunks, {f"mac:{d}": d for d in sorted(devices)})


@dataclass
class CableWorld:
    """`plugs`: the two plugs of each planned cable, by its number, where they are; None: nowhere.

    `free`: ports without a plan. `mute`: ports whose transmitter is dead. `bare`: ports without a module.
    `one_way_speech`: a port whose light arrives nowhere still hears what the other end says.
    """

    plan: Plan
    free: tuple[End, ...] = ()
    plugs: list[list[End | None]] = field(default_factory=list)
    mute: set[End] = field(default_factory=set)
    bare: set[End] = field(default_factory=set)
    one_way_speech: bool = True

    def __post_init__(self) -> None:
        self.plugs = self.plugs or [[c.a, c.b] for c in self.plan.cables]

    def where(self, port: End) -> tuple[int, int] | None:
        """The plug in a port: number of the cable, and which of its two."""
        for number, pair in enumerate(self.plugs):
            if port in pair:
                return number, pair.index(port)
        return None

    def exchange(self, one: End, two: End) -> None:
        """The plugs of two ports change places; either may be empty."""
        at_one, at_two = self.where(one), self.where(two)
        for place, port in ((at_one, two), (at_two, one)):
            if place is not None:
                self.plugs[place[0]][place[1]] = port

    def turn(self, ports: list[End]) -> None:
        """Each plug goes to the next port, the last to the first."""
        places = [self.where(port) for port in ports]
        for place, port in zip(places, ports[1:] + ports[:1], strict=True):
            if place is not None:
                self.plugs[place[0]][place[1]] = port

    def pull(self, number: int) -> None:
        for port in self.plugs[number]:
            if port is not None:
                self.bare.add(port)
        self.plugs[number] = [None, None]

    def joined(self) -> dict[End, End]:
        found: dict[End, End] = {}
        for a, b in self.plugs:
            if a is not None and b is not None:
                found[a], found[b] = b, a
        return found

    def observed(self, unseen: Collection[End] = ()) -> dict[End, Observation]:
        joined, found = self.joined(), dict[End, Observation]()
        for port in (*(e for c in self.plan.cables for e in (c.a, c.b)), *self.free):
            if port not in unseen:
                found[port] = self._at(port, joined.get(port))
        return found

    def _at(self, port: End, far: End | None) -> Observation:
        if far is None:
            return EMPTY if port in self.bare else DARK
        if far in self.mute:
            return DARK
        if port not in self.mute:
            return Observation(f"mac:{far.device}", far.port, link=True, module=True, rx_dbm=LIGHT_DBM)
        if self.one_way_speech:
            return Observation(f"mac:{far.device}", far.port, link=False, module=True, rx_dbm=LIGHT_DBM)
        return Observation(silent=True, link=False, module=True, rx_dbm=LIGHT_DBM)
