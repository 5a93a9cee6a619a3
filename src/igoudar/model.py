"""The inventory as frozen values: hardware that exists, and what people ask of it in data.

Everything here is read from files by `igoudar.inventory` and never changed afterwards. Addresses are
netaddr values. Names are DNS labels, unique in the site. `where` is the line that people would edit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from netaddr import IPAddress, IPNetwork

from igoudar.cable_key import cable_key
from igoudar.cabling.goods import NOTHING, Goods
from igoudar.cabling.trays import Cabling
from igoudar.errors import Finding, Where
from igoudar.facility.plant import Plant
from igoudar.hall.places import Building, Campus, Hall, Limits, Rack, TypeFacts
from igoudar.hardware.parts import DeviceType, RackType
from igoudar.site import Site

if TYPE_CHECKING:
    from igoudar.cabling.tested import Tested
    from igoudar.hall.readings import Reading
    from igoudar.waivers import Waiver


class Role(StrEnum):
    """What a device is for. `upstream` is somebody else's router: a twin brings it, no stack touches it.

    `equipment` takes room and power and is told nothing: a PDU, a panel, a tray of a chassis. Nor is a
    `super-spine`, which has cables, too: the fabric ends at the spines.
    """

    LEAF = "leaf"
    SPINE = "spine"
    SUPER_SPINE = "super-spine"
    BORDER = "border"
    SERVER = "server"
    MANAGEMENT = "management"
    OOB = "oob"
    UPSTREAM = "upstream"
    EQUIPMENT = "equipment"


SWITCH_ROLES = frozenset({Role.LEAF, Role.SPINE, Role.BORDER})
HOST_ROLES = frozenset({Role.SERVER, Role.MANAGEMENT})


class Status(StrEnum):
    """Life of a device, in NetBox's words (design 8a)."""

    PLANNED = "planned"
    STAGED = "staged"
    ACTIVE = "active"
    OFFLINE = "offline"
    DECOMMISSIONING = "decommissioning"


class CableStatus(StrEnum):
    PLANNED = "planned"
    CONNECTED = "connected"
    DECOMMISSIONING = "decommissioning"


class Face(StrEnum):
    """Side of a rack that a device is mounted at. One of full depth takes both."""

    FRONT = "front"
    REAR = "rear"


class Attachment(StrEnum):
    """How servers of a subnet are attached (design 8a)."""

    ROUTED = "routed"
    ACCESS = "access"


class SessionRole(StrEnum):
    """The far side's business role as we see it; our RFC 9234 role is the opposite."""

    TRANSIT = "transit"
    PEER = "peer"
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class Device:
    """One box. `number` is its coordinate among devices of its role in the hall: leaf 1, leaf 2, ...

    `oob` is address and prefix on the out-of-band network. `host_key` is an OpenSSH public key line
    without comment; a twin brings its own. `settings` is role name -> mapping, checked by that role.
    `roles`: of its host, beyond those that it has by what it is and serves.
    `cordoned`: no run touches it, whatever it is; what is recorded of it stays.
    `u` is the number on the rack's rail (`igoudar.hall.levels`), 0 beside the U. `draw_w` is what it may draw
    itself; None: what its type says. `feed`: of its rack, which an rPDU hands on. `modules`: bay -> module
    type, as they are written; `type` is then one that is made with them.
    `bay`: of which parent it stands in; then rack, U and face are those of the parent.
    `box`: key -> line of what is known of the single box. `instead_of`: what its row gave, where an override
    says otherwise.
    """

    name: str
    type: str
    role: Role
    number: int
    hall: str
    rack: str
    u: float
    where: Where
    status: Status = Status.ACTIVE
    serial: str = ""
    oob: IPNetwork | None = None
    oob_mac: str = ""
    host_key: str = ""
    nos: str = ""
    pod: int = 1
    drained: bool = False
    adopt: bool = False
    was: str = ""
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    face: Face = Face.FRONT
    draw_w: float | None = None
    feed: str = ""
    modules: Mapping[str, str] = field(default_factory=dict)
    bay: End | None = None
    box: Mapping[str, Where] = field(default_factory=dict)
    instead_of: Device | None = None
    cordoned: bool = False
    roles: Sequence[str] = ()

    @property
    def left_alone(self) -> str:
        """Why no run touches it, in one word; empty where runs do."""
        if self.cordoned:
            return "cordoned"
        return "offline" if self.status is Status.OFFLINE else ""

    def says(self, key: str) -> Where:
        """Where `key` is written down."""
        return self.box.get(key) or self.where.at(key)


@dataclass(frozen=True, slots=True, order=True)
class End:
    """One end of a cable, written `device/port`; or a bay, `device/bay`."""

    device: str
    port: str

    def __str__(self) -> str:
        return f"{self.device}/{self.port}"


@dataclass(frozen=True, slots=True)
class Cable:
    """Its key is the sorted pair of ends. `drained`: both ends avoid it, as long as there is another way.

    `length_m`, `cord`, `trays` and `mated` (pairs of connectors between its ends): what people say.
    `via`: keys of the pieces through panels that a link is made of. `derived`: a rule gives it; `handed`: who
    has its port in the ledger, where that is where it comes from.
    """

    a: End
    b: End
    where: Where
    status: CableStatus = CableStatus.CONNECTED
    medium: str = ""
    wave: str = ""
    drained: bool = False
    length_m: float | None = None
    cord: str = ""
    trays: tuple[str, ...] = ()
    mated: int = 0
    via: tuple[str, ...] = ()
    derived: bool = False
    handed: str = ""

    @property
    def key(self) -> str:
        return cable_key(str(self.a), str(self.b))


@dataclass(frozen=True, slots=True)
class LandingStation:
    name: str
    city: str
    where: Where


@dataclass(frozen=True, slots=True)
class CableSystem:
    """A submarine cable. `length_km` is route length, for delay at 4.9 us a km one way in fibre."""

    name: str
    stations: tuple[str, ...]
    length_km: float
    in_service: bool
    where: Where


@dataclass(frozen=True, slots=True)
class Wave:
    """One wavelength over a cable system, from a landing station by a duct to a border's port.

    `classes` are the classes of traffic that it is bought for, the names used by `check`.
    """

    name: str
    system: str
    station: str
    duct: str
    border: End
    far: End
    classes: tuple[str, ...]
    where: Where
    drained: bool = False


@dataclass(frozen=True, slots=True)
class Upstream:
    """Somebody else's network at the far end. `announces` is what the twin's copy of it originates."""

    name: str
    asn: int
    role: SessionRole
    announces: tuple[IPNetwork, ...]
    where: Where


@dataclass(frozen=True, slots=True)
class Session:
    """One eBGP session, one a wave. `password` is a name in secrets.yaml. Prefix limits are counts."""

    name: str
    wave: str
    upstream: str
    ours4: IPNetwork
    theirs4: IPAddress
    ours6: IPNetwork
    theirs6: IPAddress
    max_prefixes4: int
    max_prefixes6: int
    password: str
    where: Where
    local_pref: int = 100


@dataclass(frozen=True, slots=True)
class Subnet:
    """`servers` are device names. A public subnet lives in the VRF `world`. At least one family is set."""

    name: str
    ipv4: IPNetwork | None
    ipv6: IPNetwork | None
    attachment: Attachment
    public: bool
    servers: tuple[str, ...]
    where: Where
    was: str = ""


@dataclass(frozen=True, slots=True)
class Vpc:
    """A tenant's private cloud; isolated from all others. `own` is address space a tenant brought (BYOIP)."""

    tenant: str
    name: str
    subnets: tuple[Subnet, ...]
    where: Where
    was: str = ""
    own: tuple[IPNetwork, ...] = ()

    @property
    def full_name(self) -> str:
        return f"{self.tenant}-{self.name}"


@dataclass(frozen=True, slots=True)
class SecretName:
    """A name and its version; the value is in a store outside of git (`igoudar:secrets`)."""

    name: str
    version: int
    where: Where

    @property
    def mark(self) -> str:
        return f"secret:{self.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class Inventory:
    """All of a site. Mappings keep the order of the files; keys are names (cables and cords: `Cable.key`).

    `cords` join an inlet to an outlet, and are cables in all but what flows in them. `pieces` lead to panels;
    the links that they make are among `cables`.
    """

    site: Site
    types: Mapping[str, DeviceType]
    halls: Mapping[str, Hall]
    racks: Mapping[str, Rack]
    devices: Mapping[str, Device]
    cables: Mapping[str, Cable]
    stations: Mapping[str, LandingStation]
    systems: Mapping[str, CableSystem]
    waves: Mapping[str, Wave]
    upstreams: Mapping[str, Upstream]
    sessions: Mapping[str, Session]
    vpcs: Mapping[str, Vpc]
    secrets: Mapping[str, SecretName]
    campus: Campus | None = None
    buildings: Mapping[str, Building] = field(default_factory=dict)
    rack_types: Mapping[str, RackType] = field(default_factory=dict)
    facts: Mapping[str, TypeFacts] = field(default_factory=dict)
    rack_facts: Mapping[str, Where] = field(default_factory=dict)  # types with more than their files say
    limits: Limits = field(default_factory=Limits)
    plant: Plant = field(default_factory=Plant)
    waivers: tuple[Waiver, ...] = ()
    cabling: Cabling | None = None
    cords: Mapping[str, Cable] = field(default_factory=dict)
    pieces: Mapping[str, Cable] = field(default_factory=dict)
    goods: Goods = NOTHING
    readings: tuple[Reading, ...] = ()
    tested: tuple[Tested, ...] = ()
    warnings: tuple[Finding, ...] = ()  # of reading it: what is odd in the files of types

    def laid(self) -> Iterator[Cable]:
        """All that has a label and is pulled: cables, pieces of links, power cords."""
        yield from (cable for cable in self.cables.values() if not cable.via)
        yield from self.pieces.values()
        yield from self.cords.values()

    def cable(self, key: str) -> Cable:
        """Of any kind. Raises KeyError."""
        return self.cables.get(key) or self.pieces.get(key) or self.cords[key]

    def written_types(self) -> list[str]:
        """Slugs that people can write: those of files, not those that modules make."""
        return [slug for slug, kind in self.types.items() if not kind.chassis]

    def switches(self) -> tuple[Device, ...]:
        return tuple(d for d in self.devices.values() if d.role in SWITCH_ROLES)

    def exits(self) -> dict[str, list[Wave]]:
        """Class of traffic -> waves that carry it: their cable is in service, and they have a session."""
        used = {session.wave for session in self.sessions.values()}
        found: dict[str, list[Wave]] = {}
        for wave in self.waves.values():
            if wave.name in used and self.systems[wave.system].in_service:
                for traffic in wave.classes:
                    found.setdefault(traffic, []).append(wave)
        return found

    def hosts(self) -> tuple[Device, ...]:
        return tuple(d for d in self.devices.values() if d.role in HOST_ROLES)
