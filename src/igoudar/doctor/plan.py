"""What was meant, and what the ends of it say: the two inputs of the doctor. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class End(NamedTuple):
    """A port that a plug fits into, written `device/port`; a named tuple, because a hall hashes millions."""

    device: str
    port: str

    def __str__(self) -> str:
        return f"{self.device}/{self.port}"


class Medium(StrEnum):
    """What can be told of a dark cable depends on it.

    `optics`: a module in each port, and a fibre between them; `assembly`: the modules are the cable's own
    ends (DAC, AOC); `copper`: no module at all (twisted pair, a wire of a twin).
    """

    OPTICS = "optics"
    ASSEMBLY = "assembly"
    COPPER = "copper"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PlannedCable:
    a: End
    b: End
    medium: Medium = Medium.UNKNOWN


@dataclass(frozen=True, slots=True)
class Trunk:
    """Cables that are pulled together, in the order of their plugs: (near end, far end) of each."""

    name: str
    cables: tuple[tuple[End, End], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """`racks`: device -> rack. `identities`: chassis MAC or serial -> device; never a system name.

    `macs`: MAC of a port -> its end. `ports`: device -> all its ports, where they are known; a neighbour
    that names another port, or none, is known by its device only. `told`: devices of which every address is
    known, as they said it themselves; of the others at most one. No two cables share an end.
    """

    cables: tuple[PlannedCable, ...]
    racks: Mapping[str, str] = field(default_factory=dict)
    trunks: tuple[Trunk, ...] = ()
    identities: Mapping[str, str] = field(default_factory=dict)
    macs: Mapping[str, End] = field(default_factory=dict)
    ports: Mapping[str, frozenset[str]] = field(default_factory=dict)
    told: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Observation:
    """What one end said. All of it may be absent; an end that said nothing has no observation.

    `chassis`, `port`: the neighbour's identity and port by LLDP; `others`: further neighbours heard on the
    same port. `mac`: a learnt address, of an end that speaks no LLDP. `silent`: LLDP listened for longer than
    a neighbour is remembered, and heard nobody. `link`: up or down, None where it says nothing (a twin's wire
    has no carrier). `module`: in its cage or not. `rx_dbm`: received optical power, -inf for none.
    """

    chassis: str = ""
    port: str = ""
    mac: str = ""
    silent: bool = False
    link: bool | None = None
    module: bool | None = None
    rx_dbm: float | None = None
    others: tuple[tuple[str, str], ...] = ()


def is_lit(seen: Observation, dark_dbm: float) -> bool | None:
    """Whether light, or a signal, arrives at an end; None where the observation does not say.

    A link that is up proves both directions, so silence over it is a neighbour that does not speak LLDP.
    """
    if seen.chassis or seen.mac or seen.link:
        return True
    if seen.rx_dbm is not None:
        return seen.rx_dbm > dark_dbm
    if seen.link is False or seen.module is False or seen.silent:
        return False
    return None
