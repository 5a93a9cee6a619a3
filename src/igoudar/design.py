"""What the stacks say of a site (`stacks/*.describe`), and the plan that follows from it and the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from igoudar.cabling.laid import Pulls
from igoudar.errors import Finding
from igoudar.model import Cable, End, Inventory, Session, Subnet, Upstream, Vpc, Wave


@dataclass(frozen=True, slots=True)
class RowDesign:
    """The racks of a row of a hall; `devices` maps rack to device names, from the top U down."""

    hall: str
    row: str
    racks: tuple[str, ...]
    devices: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class HallDesign:
    """`pulls`: of all cables of the site, those of other halls too."""

    rows: tuple[RowDesign, ...]
    pulls: Pulls


@dataclass(frozen=True, slots=True)
class Bfd:
    """Milliseconds, and the number of lost packets that end a session."""

    interval_ms: int
    multiplier: int


@dataclass(frozen=True, slots=True)
class BgpTimers:
    """Seconds."""

    keepalive: int
    hold: int
    connect_retry: int


@dataclass(frozen=True, slots=True)
class FabricDesign:
    """A 3-stage Clos with EVPN. `links` are (leaf or border end, spine end) of connected cables."""

    name: str
    spines: tuple[str, ...]
    leaves: tuple[str, ...]
    borders: tuple[str, ...]
    links: tuple[tuple[End, End], ...]
    underlay: BgpTimers
    bfd: Bfd
    max_paths: int

    @property
    def switches(self) -> tuple[str, ...]:
        return (*self.spines, *self.leaves, *self.borders)


@dataclass(frozen=True, slots=True)
class NetworkDesign:
    """`attachments` maps a server to its (server end, leaf end) pairs, sorted by server port."""

    fabrics: tuple[FabricDesign, ...]
    attachments: Mapping[str, tuple[tuple[End, End], ...]]


@dataclass(frozen=True, slots=True)
class Circuit:
    """A wave with what it shares fate with: names such as `cable:x`, `station:y`, `duct:z`."""

    wave: Wave
    cable: Cable
    risk_groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EdgeSession:
    """A session with all that its two policies need."""

    session: Session
    upstream: Upstream
    wave: Wave
    border: str
    port: str
    timers: BgpTimers


@dataclass(frozen=True, slots=True)
class UplinkDesign:
    """`lost_by_one_cut`: risk group -> classes of traffic that lose everything when that group is cut."""

    circuits: tuple[Circuit, ...]
    sessions: tuple[EdgeSession, ...]
    lost_by_one_cut: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class PlacedSubnet:
    """A subnet, its VPC, the VRF it lives in (`world` for a public one) and the leaves that carry it."""

    subnet: Subnet
    vpc: Vpc
    vrf: str
    leaves: tuple[str, ...]

    @property
    def owner(self) -> str:
        """Name in the ledger."""
        return f"{self.vpc.tenant}/{self.vpc.name}/{self.subnet.name}"


@dataclass(frozen=True, slots=True)
class TenantDesign:
    """`vrfs` maps a VRF's owner in the ledger (`tenant/vpc`, or `world`) to its name on switches."""

    vrfs: Mapping[str, str]
    subnets: tuple[PlacedSubnet, ...]


@dataclass(frozen=True, slots=True)
class ServerGroupDesign:
    """Hosts and the roles of each in order of application; `settings`: host -> role -> what people wrote,
    and what the site says for them.
    """

    name: str
    hosts: tuple[str, ...]
    roles: Mapping[str, tuple[str, ...]]
    settings: Mapping[str, Mapping[str, Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class ServerDesign:
    """`services`: each that hosts can be members of, with the roles that its members have for it."""

    groups: tuple[ServerGroupDesign, ...]
    services: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Design:
    inventory: Inventory
    hall: HallDesign
    networks: NetworkDesign
    uplinks: UplinkDesign
    tenants: TenantDesign
    servers: ServerDesign


@dataclass(frozen=True, slots=True)
class Plan:
    """A design with its numbers: kind -> owner -> number. Provisional ones are not yet in the ledger.

    Kinds: `l2vni`, `index` by owner of an access subnet; `l3vni`, `index` by VRF owner (`vrf:` + owner);
    `vlan` by both; `host` by `<subnet owner>/<server>` (position in the subnet, 0 is the network address).
    """

    design: Design
    numbers: Mapping[str, Mapping[str, int]]
    provisional: frozenset[tuple[str, str]] = frozenset()
    findings: tuple[Finding, ...] = field(default=())

    def number(self, kind: str, owner: str) -> int:
        return self.numbers[kind][owner]
