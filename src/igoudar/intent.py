"""What one switch is told, whole and vendor-neutral: every decision is made, templates only spell it.

Numbers, names, order and sharing are fixed here. What many switches have in common (`Vrf`, `L2Vni`,
`PrefixList`, `RouteMap`, ...) is one object that their intents share by reference; what is a switch's own
wraps it (`VrfInstance`, `LocalL2Vni`). All addresses are text in the canonical spelling of RFC 5952, MTUs
are bytes, intervals milliseconds, timers seconds. An empty string or 0 means: there is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from igoudar.errors import Where
from igoudar.model import Role


class PortUse(StrEnum):
    """What a port is for: the other end decides it. An idle one has a cable and is held down."""

    FABRIC = "fabric"
    ACCESS = "access"
    ROUTED = "routed"
    UPSTREAM = "upstream"
    IDLE = "idle"


class Family(StrEnum):
    IPV4 = "ipv4"
    IPV6 = "ipv6"


@dataclass(frozen=True, slots=True)
class Port:
    """A port with a connected cable. `vlan` of an access port, `vrf` of a routed or upstream one.

    `hosts` are the addresses, without prefix, of the server at the other end. `drained`: its cable is.
    """

    name: str
    use: PortUse
    remote_device: str
    remote_port: str
    mtu: int
    vlan: int = 0
    vrf: str = ""
    addresses: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    drained: bool = False

    @property
    def description(self) -> str:
        return f"{self.remote_device}/{self.remote_port}"


@dataclass(frozen=True, slots=True)
class OobPort:
    """The out-of-band port; `address` with prefix length."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Loopback:
    """Both without prefix length; `ipv4` is router id and VTEP too."""

    ipv4: str
    ipv6: str


@dataclass(frozen=True, slots=True)
class L2Vni:
    """An access subnet on the wire. `gateways` with prefix length, the same on every leaf, with `mac`."""

    owner: str
    vni: int
    vlan: int
    route_target: str
    vrf: str
    gateways: tuple[str, ...]
    mac: str
    mtu: int


@dataclass(frozen=True, slots=True)
class LocalL2Vni:
    l2vni: L2Vni
    rd: str


@dataclass(frozen=True, slots=True)
class Vrf:
    """A tenant's VPC, or `world`. `table` is the kernel's table, `vlan` carries the L3VNI on a switch.

    `index` stands in route distinguishers and router ids.
    """

    owner: str
    name: str
    index: int
    table: int
    vni: int
    vlan: int
    route_target: str
    mtu: int


@dataclass(frozen=True, slots=True)
class PrefixEntry:
    """`ge` and `le` are prefix lengths."""

    seq: int
    permit: bool
    prefix: str
    ge: int = 0
    le: int = 0


@dataclass(frozen=True, slots=True)
class PrefixList:
    name: str
    family: Family
    entries: tuple[PrefixEntry, ...]


@dataclass(frozen=True, slots=True)
class ListEntry:
    """Of an AS path list (a POSIX regular expression, `_` between numbers) or a community list."""

    seq: int
    permit: bool
    match: str


@dataclass(frozen=True, slots=True)
class AsPathList:
    name: str
    entries: tuple[ListEntry, ...]


@dataclass(frozen=True, slots=True)
class CommunityList:
    name: str
    entries: tuple[ListEntry, ...]


@dataclass(frozen=True, slots=True)
class RouteMapEntry:
    """All matches must hold; a prefix list of the other family never does.

    `set_local_preference` of None leaves it alone.
    """

    seq: int
    permit: bool
    match_prefix_list4: str = ""
    match_prefix_list6: str = ""
    match_as_path: str = ""
    match_community: str = ""
    set_local_preference: int | None = None


@dataclass(frozen=True, slots=True)
class RouteMap:
    name: str
    entries: tuple[RouteMapEntry, ...]


@dataclass(frozen=True, slots=True)
class Policies:
    """All lists and maps of a switch, each tuple sorted by name."""

    prefix_lists: tuple[PrefixList, ...] = ()
    as_path_lists: tuple[AsPathList, ...] = ()
    community_lists: tuple[CommunityList, ...] = ()
    route_maps: tuple[RouteMap, ...] = ()


@dataclass(frozen=True, slots=True)
class BfdProfile:
    name: str
    interval_ms: int
    multiplier: int


@dataclass(frozen=True, slots=True)
class Timers:
    """Seconds."""

    keepalive: int
    hold: int
    connect_retry: int


@dataclass(frozen=True, slots=True)
class FamilyPolicy:
    """What a session carries of one family. Lists and maps by name; no policy, no routes (RFC 8212).

    `max_prefixes` counts what is received, refused routes included; at `warn_percent` of it a message is
    logged, beyond it the session is ended and tried again after `restart_minutes`.
    """

    family: Family
    prefix_list_in: str = ""
    prefix_list_out: str = ""
    route_map_in: str = ""
    route_map_out: str = ""
    max_prefixes: int = 0
    warn_percent: int = 0
    restart_minutes: int = 0
    default_originate: bool = False


@dataclass(frozen=True, slots=True)
class Neighbor:
    """A BGP session. `key` is a port (unnumbered) or an address. `local_role` is ours by RFC 9234, strict.

    `password` is a secret's mark. `ttl_hops` is that of RFC 5082. `drained` asks the far side to avoid us.
    """

    key: str
    unnumbered: bool
    remote_asn: int
    remote_device: str
    remote_port: str
    description: str
    families: tuple[FamilyPolicy, ...]
    bfd: str = ""
    timers: Timers | None = None
    password: str = ""
    ttl_hops: int = 0
    local_role: str = ""
    drained: bool = False


@dataclass(frozen=True, slots=True)
class Blackhole:
    """A destination that ends here unless something more specific is known."""

    family: Family
    prefix: str


@dataclass(frozen=True, slots=True)
class VrfInstance:
    """A VRF on one switch. `asn` is the switch's own, or the public one in the world on a border.

    `aggregates` are originated here; `blackholes` hold them, and what must not leave.
    `redistribute_connected`: the subnets of local gateways go out as EVPN type 5. `export_map` bounds what of
    the VRF's routes goes out as type 5 ("" is all). Neighbours: ports first, then addresses.
    """

    vrf: Vrf
    asn: int
    rd: str
    router_id: str
    max_paths: int
    neighbors: tuple[Neighbor, ...] = ()
    aggregates: tuple[Blackhole, ...] = ()
    blackholes: tuple[Blackhole, ...] = ()
    redistribute_connected: bool = True
    export_map: str = ""


@dataclass(frozen=True, slots=True)
class Fabric:
    """The underlay and EVPN instance: eBGP unnumbered, one peer group for all fabric ports.

    Both loopbacks are announced; the prefix lists called `prefix_list` bound both directions. `vtep` is false
    on a spine: it passes EVPN routes on and ends no tunnel.
    """

    asn: int
    router_id: str
    max_paths: int
    timers: Timers
    bfd: str
    prefix_list: str
    neighbors: tuple[Neighbor, ...]
    vtep: bool


@dataclass(frozen=True, slots=True)
class DeviceIntent:
    """One switch. `fabric` is None in base text: out-of-band only, all ports idle, no routing at all.

    `router_mac` is that of all its L3 interfaces. Ports are in natural order of their names, VRFs
    by name, L2VNIs by number, neighbours in the order of their ports. `where` is the device's own entry.
    `host_mtu` bounds everything that is bridged.
    """

    name: str
    role: Role
    nos: str
    where: Where
    oob: OobPort
    drained: bool = False
    host_mtu: int = 0
    loopback: Loopback | None = None
    router_mac: str = ""
    ports: tuple[Port, ...] = ()
    fabric: Fabric | None = None
    bfd_profiles: tuple[BfdProfile, ...] = ()
    vrfs: tuple[VrfInstance, ...] = ()
    l2vnis: tuple[LocalL2Vni, ...] = ()
    policies: Policies = Policies()
