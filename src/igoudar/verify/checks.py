"""What a check is, and what became of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# What a host said, flat: ("bgp", "default", "swp1", "ipv4Unicast") -> {"Established"}. See `facts`.
# A fact that was told and has nothing in it is empty; one that nobody told is not there.
Facts = Mapping[tuple[str, ...], frozenset[str]]


class Kind(StrEnum):
    """In the order in which they are shown: what must hold first stands first."""

    REACHED = "login"
    LLDP = "lldp"
    INTERFACES = "interfaces"
    BFD = "bfd"
    BGP = "bgp"
    ANNOUNCED = "announced"
    ROUTE_TARGET = "route-target"
    VTEP = "vtep"
    ROUTE = "route"
    GATEWAY = "gateway"
    REACH = "reach"
    MTU = "mtu"
    WORLD = "world"
    DNS = "dns"
    LEASE = "lease"
    NTP = "ntp"
    METRICS = "metrics"
    LOGS = "logs"
    ISOLATION = "isolation"
    DRILL = "drill"


class Mode(StrEnum):
    EXACTLY = "exactly"
    ALL_OF = "all of"
    ONE_OF = "one of"
    AT_MOST = "at most"


HEARD = "heard"
SILENCE, REFUSED = "no answer", "refused"  # the latter: somebody is there, and nobody listens
UNTOLD = "not told: the host did not answer, or its command failed"


@dataclass(frozen=True, slots=True, eq=False)
class FactCheck:
    """`want` against the fact at `at` of one host. What was not told is wrong, whatever is wanted."""

    kind: Kind
    host: str
    subject: str
    at: tuple[str, ...]
    want: frozenset[str]
    mode: Mode = Mode.EXACTLY

    def judge(self, facts: Facts) -> Result:
        word = "" if self.mode is Mode.EXACTLY or len(self.want) < 2 else f"{self.mode} "
        expected = word + told(self.want)
        found = facts.get(self.at)
        if found is None:
            return Result(self.kind, self.host, self.subject, False, expected, UNTOLD)
        good = {
            Mode.EXACTLY: found == self.want,
            Mode.ALL_OF: self.want <= found,
            Mode.ONE_OF: bool(self.want & found),
            Mode.AT_MOST: found <= self.want,
        }[self.mode]
        return Result(self.kind, self.host, self.subject, good, expected, told(found))


@dataclass(frozen=True, slots=True, eq=False)
class ProbeCheck:
    """A probe of `on_host` and the answers that are right; empty: silence is, after a packet that left."""

    kind: Kind
    host: str
    subject: str
    probe: Mapping[str, Any]
    want: frozenset[str] = frozenset()

    def judge(self, outcome: Mapping[str, str]) -> Result:
        answer = outcome.get("answer", "")
        good = answer in self.want if self.want else "silent" in outcome
        found = answer or outcome.get("silent") or f"not asked: {outcome.get('unsent', 'the host was not')}"
        return Result(
            self.kind, self.host, self.subject, good, told(self.want) if self.want else SILENCE, found
        )


@dataclass(frozen=True, slots=True)
class Result:
    """`found` and `expected` are text for people."""

    kind: Kind
    host: str
    subject: str
    good: bool
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.host}: {self.subject}: {self.found}; expected {self.expected}"


def told(values: Iterable[str]) -> str:
    return ", ".join(sorted(values)) or "nothing"
