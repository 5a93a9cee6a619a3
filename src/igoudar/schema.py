"""What people write, as pydantic models: one class a kind of entry, unknown keys refused.

The only place of the package that knows the spelling of the files. `igoudar.inventory` turns these
into the frozen values of `igoudar.model`.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any

from netaddr import EUI, AddrFormatError, IPAddress, IPNetwork, mac_unix_expanded, valid_mac
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from igoudar.model import Attachment, CableStatus, End, Role, SessionRole, Status

LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"


def _network(value: Any) -> IPNetwork:
    if isinstance(value, IPNetwork):
        return value
    if not isinstance(value, str) or "/" not in value:
        raise ValueError("an address and a prefix length such as 172.16.1.0/24")
    try:
        return IPNetwork(value)
    except (AddrFormatError, ValueError) as error:
        raise ValueError("an address and a prefix length such as 172.16.1.0/24") from error


def _subnet(value: Any) -> IPNetwork:
    network = _network(value)
    if network.ip != network.network:
        raise ValueError(f"a network address; that of {value} is {network.cidr}")
    return network


def _address(value: Any) -> IPAddress:
    try:
        if not isinstance(value, str):
            raise ValueError
        return IPAddress(value)
    except (AddrFormatError, ValueError) as error:
        raise ValueError("an address such as 203.0.113.1 or 2001:db8::1") from error


def _mac(value: Any) -> str:
    if not isinstance(value, str) or not valid_mac(value):
        raise ValueError("a MAC address such as 02:00:5e:00:01:01")
    return str(EUI(value, dialect=mac_unix_expanded))


def _end(value: Any) -> End:
    match = (
        re.fullmatch(rf"({LABEL})/([A-Za-z0-9][A-Za-z0-9/_.-]*)", value) if isinstance(value, str) else None
    )
    if not match:
        raise ValueError("device/port such as leaf-1/swp1")
    return End(match.group(1), match.group(3))


def _range(value: Any) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)-(\d+)", value) if isinstance(value, str) else None
    if not match or int(match.group(1)) > int(match.group(2)):
        raise ValueError("a range such as 10000-19999")
    return int(match.group(1)), int(match.group(2))


def _public_key(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(
        r"(ssh|ecdsa|sk)-[a-z0-9@.-]+ [A-Za-z0-9+/=]+( .*)?", value
    ):
        raise ValueError("an OpenSSH public key line such as 'ssh-ed25519 AAAA... name'")
    return value


def _one_of(kind: type[StrEnum]) -> BeforeValidator:
    def read(value: Any) -> StrEnum:
        try:
            return kind(value)
        except ValueError as error:
            raise ValueError(f"one of {', '.join(kind)}") from error

    return BeforeValidator(read)


Label = Annotated[str, StringConstraints(pattern=rf"^{LABEL}$")]
Network = Annotated[IPNetwork, BeforeValidator(_network)]
SubnetAddress = Annotated[IPNetwork, BeforeValidator(_subnet)]
Address = Annotated[IPAddress, BeforeValidator(_address)]
Mac = Annotated[str, BeforeValidator(_mac)]
Port = Annotated[End, BeforeValidator(_end)]
Range = Annotated[tuple[int, int], BeforeValidator(_range)]
PublicKey = Annotated[str, BeforeValidator(_public_key)]


class Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, strict=True)


class PoolsIn(Entry):
    loopback4: SubnetAddress
    loopback6: SubnetAddress
    oob: SubnetAddress
    public4: list[SubnetAddress] = []
    public6: list[SubnetAddress] = []
    l2vni: Range = (10000, 4999999)
    l3vni: Range = (5000000, 9999999)
    vlan: Range = (10, 3999)
    index: Range = (1001, 65000)


class UserIn(Entry):
    keys: Annotated[list[PublicKey], Field(min_length=1)]
    sudo: bool = False


class BfdIn(Entry):
    """Detection of dead links; 300 ms x 3 is the common value of the field."""

    interval_ms: Annotated[int, Field(ge=50, le=60000)] = 300
    multiplier: Annotated[int, Field(ge=2, le=255)] = 3


class SiteIn(Entry):
    name: Label
    domain: Annotated[str, StringConstraints(pattern=rf"^{LABEL}(\.{LABEL})+$")]
    timezone: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$")]
    fabric_as: Annotated[int, Field(ge=1, le=65535)]
    public_as: Annotated[int, Field(ge=1, le=4294967294)]
    asn_base: Annotated[int, Field(ge=1, le=4294967294)] = 4200000000
    anycast_mac: Mac
    fabric_mtu: Annotated[int, Field(ge=1500, le=9216)] = 9216
    host_mtu: Annotated[int, Field(ge=1280, le=9216)] = 9000
    pools: PoolsIn
    dns: Annotated[list[Label], Field(min_length=1)]
    ntp: Annotated[list[Label], Field(min_length=1)]
    bastion: Label | None = None
    bogon_exceptions: list[SubnetAddress] = []
    bfd: BfdIn = BfdIn()
    login: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,30}$")] = "igoudar"
    users: dict[Label, UserIn] = {}


class HallIn(Entry):
    building: Annotated[int, Field(ge=1, le=93)]
    number: Annotated[int, Field(ge=0, le=99)]


class RackIn(Entry):
    hall: Label
    row: Label
    position: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1, le=100)] = 47
    feeds: list[Label] = ["a", "b"]


class DeviceIn(Entry):
    type: Label
    role: Annotated[Role, _one_of(Role)]
    number: Annotated[int, Field(ge=1)]
    rack: Label
    u: Annotated[int, Field(ge=1, le=100)]
    status: Annotated[Status, _one_of(Status)] = Status.ACTIVE
    serial: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    oob: Network | None = None
    oob_mac: Mac | None = None
    host_key: PublicKey | None = None
    nos: Label | None = None
    pod: Annotated[int, Field(ge=1, le=99)] = 1
    drained: bool = False
    adopt: bool = False
    was: Label | None = None
    settings: dict[str, dict[str, Any]] = {}


class CableIn(Entry):
    a: Port
    b: Port
    status: Annotated[CableStatus, _one_of(CableStatus)] = CableStatus.CONNECTED
    medium: str = ""
    wave: Label | None = None


class StationIn(Entry):
    city: Annotated[str, StringConstraints(min_length=1)]


class SystemIn(Entry):
    stations: Annotated[list[Label], Field(min_length=1)]
    length_km: Annotated[float, Field(gt=0, le=50000, strict=False)]
    in_service: bool


class WaveIn(Entry):
    system: Label
    station: Label
    duct: Label
    border: Port
    far: Port
    classes: Annotated[list[Label], Field(min_length=1)]
    drained: bool = False


class UpstreamIn(Entry):
    asn: Annotated[int, Field(ge=1, le=4294967294)]
    role: Annotated[SessionRole, _one_of(SessionRole)]
    announces: list[SubnetAddress] = []


class SessionIn(Entry):
    wave: Label
    upstream: Label
    ours4: Network
    theirs4: Address
    ours6: Network
    theirs6: Address
    max_prefixes4: Annotated[int, Field(ge=1)]
    max_prefixes6: Annotated[int, Field(ge=1)]
    password: Label
    local_pref: Annotated[int, Field(ge=0, le=4294967295)] = 100


class SubnetIn(Entry):
    ipv4: SubnetAddress | None = None
    ipv6: SubnetAddress | None = None
    attachment: Annotated[Attachment, _one_of(Attachment)] = Attachment.ACCESS
    public: bool = False
    servers: list[Label] = []
    was: Label | None = None


class VpcIn(Entry):
    subnets: Annotated[dict[Label, SubnetIn], Field(min_length=1)]
    own: list[SubnetAddress] = []
    was: Label | None = None


class SecretIn(Entry):
    version: Annotated[int, Field(ge=1)]


class TenantFile(Entry):
    """`inventory/<site>/tenants/<any name>.yaml`."""

    tenant: Label
    vpcs: Annotated[dict[Label, VpcIn], Field(min_length=1)]


class SiteFile(Entry):
    """Every other YAML file of the folder: any of these sections; those of several files are joined."""

    site: SiteIn | None = None
    halls: dict[Label, HallIn] = {}
    racks: dict[Label, RackIn] = {}
    devices: dict[Label, DeviceIn] = {}
    cables: list[CableIn] = []
    stations: dict[Label, StationIn] = {}
    systems: dict[Label, SystemIn] = {}
    waves: dict[Label, WaveIn] = {}
    upstreams: dict[Label, UpstreamIn] = {}
    sessions: dict[Label, SessionIn] = {}
    secrets: dict[Label, SecretIn] = {}


class InterfaceIn(BaseModel):
    """Of the NetBox device-type format only what we use; the rest is left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    name: str
    type: str
    mgmt_only: bool = False


class DeviceTypeFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")
    manufacturer: str
    model: str
    slug: str
    u_height: Annotated[float, Field(ge=0)] = 1.0
    interfaces: list[InterfaceIn] = []
