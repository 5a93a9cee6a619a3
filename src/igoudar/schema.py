"""What people write, as pydantic models: one class a kind of entry, unknown keys refused.

The only place of the package that knows the spelling of the files. `igoudar.inventory` turns these
into the frozen values of `igoudar.model`.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, Literal

from netaddr import EUI, AddrFormatError, IPAddress, IPNetwork, mac_unix_expanded, valid_mac
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from igoudar.bay_text import IN_A_BAY, bay, bay_pattern, in_a_bay
from igoudar.model import Attachment, CableStatus, End, Face, Role, SessionRole, Status
from igoudar.quantities import DeviceWatts, Metres
from igoudar.validated import LABEL, NAME_PATTERN

_NETWORK = re.compile(r"[0-9A-Fa-f.:]+/[0-9]{1,3}")
_COUNT = re.compile(r"([0-9]{1,5})\.\.([0-9]{1,5})(?:/([0-9]{1,3}))?")
_HALF = r"[0-9]{1,3}(?:\.[05])?"
_LEVELS = re.compile(rf"({_HALF})(?:\.\.({_HALF}))?(?:/({_HALF}))?")
MOST = 10_000  # what one count may give
_EXAMPLES = {4: ("172.16.1.0/24", "203.0.113.1"), 6: ("2001:db8:1::/64", "2001:db8::1")}


def _network(version: int | None) -> Callable[[Any], IPNetwork]:
    """An address and a prefix length, of one family or of any."""
    example = _EXAMPLES[version or 4][0]
    family = f"an IPv{version} address" if version else "an address"

    def read(value: Any) -> IPNetwork:
        try:
            if not isinstance(value, str) or not _NETWORK.fullmatch(value):
                raise ValueError
            network = IPNetwork(value)
        except (AddrFormatError, ValueError) as error:
            raise ValueError(f"{family} and a prefix length such as {example}") from error
        if version and network.version != version:
            raise ValueError(f"{family} and a prefix length such as {example}")
        return network

    return read


def _subnet(version: int | None) -> Callable[[Any], IPNetwork]:
    """The same without host bits."""
    read_network = _network(version)

    def read(value: Any) -> IPNetwork:
        network = read_network(value)
        if network.ip != network.network:
            raise ValueError(f"a network address; that of {value} is {network.cidr}")
        return network

    return read


def _address(version: Literal[4, 6]) -> Callable[[Any], IPAddress]:
    def read(value: Any) -> IPAddress:
        try:
            if not isinstance(value, str):
                raise ValueError
            return IPAddress(value, version)
        except (AddrFormatError, ValueError) as error:
            raise ValueError(f"an IPv{version} address such as {_EXAMPLES[version][1]}") from error

    return read


def counted(value: Any) -> tuple[str, ...]:
    """`01..20` or, every second, `2..48/2`, as it is spelt: zeros in front stay."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return (str(value),)
    if isinstance(value, str) and re.fullmatch("[0-9]{1,5}", value):
        return (value,)
    match = _COUNT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("a count such as '01..20', or '2..48/2' for every second")
    first, last, step = int(match[1]), int(match[2]), int(match[3] or 1)
    if step < 1 or last < first:
        raise ValueError("a count from the lower number to the higher")
    if (last - first) // step >= MOST:
        raise ValueError(f"a count of at most {MOST}")
    return tuple(str(n).zfill(len(match[1])) for n in range(first, last + 1, step))


def _name_pattern(value: Any) -> str:
    """Text with words in braces, which `patterns` fills in."""
    if not isinstance(value, str) or not re.fullmatch(NAME_PATTERN, value):
        raise ValueError("a name with words in braces such as 'srv-{rack}-{n}'")
    return value


def _serial(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[!-~]([ -~]{0,62}[!-~])?", value):
        raise ValueError(
            "what the label says: 1 to 64 printable characters, in quotes if they are digits only"
        )
    return value


def _mac(value: Any) -> str:
    if not isinstance(value, str) or not valid_mac(value):
        raise ValueError("a MAC address such as 02:00:5e:00:01:01, in quotes if it is of digits only")
    mac = EUI(value, dialect=mac_unix_expanded)
    if mac.words[0] & 1 or not int(mac):
        raise ValueError("the MAC address of one device, not of a group")
    return str(mac)


_WORD = "[A-Za-z0-9][A-Za-z0-9/_.-]*"  # of the name of a port, which may have several


def _end(value: Any) -> End:
    match = re.fullmatch(rf"({LABEL})/({_WORD}(?: {_WORD})*)", value) if isinstance(value, str) else None
    if not match:
        raise ValueError("device/port such as leaf-1/swp1")
    return End(match.group(1), match.group(3))


def _range(low: int, high: int) -> Callable[[Any], tuple[int, int]]:
    """Both ends included."""

    def read(value: Any) -> tuple[int, int]:
        match = re.fullmatch(r"([0-9]{1,9})-([0-9]{1,9})", value) if isinstance(value, str) else None
        first, last = (int(match.group(1)), int(match.group(2))) if match else (0, -1)
        if not low <= first <= last <= high:
            raise ValueError(f"a range inside {low}-{high}, written like that")
        return first, last

    return read


def _public_key(value: Any) -> str:
    wanted = re.compile(r"((?:ssh|ecdsa|sk)-[a-z0-9@.-]+) ([A-Za-z0-9+/=]+)( .*)?")
    match = wanted.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise ValueError("an OpenSSH public key line such as 'ssh-ed25519 AAAA... name'")
    if not _is_whole(*match.group(1, 2)):
        raise ValueError("the whole line of a public key; its second word is cut off, or of another kind")
    return match.string


def _is_whole(kind: str, word: str) -> bool:
    """RFC 4253, 6.6: strings, each behind its length in four bytes; the first is the kind of key."""
    try:
        rest = b64decode(word, validate=True)
    except ValueError:
        return False
    parts = []
    while len(rest) >= 4:
        size = int.from_bytes(rest[:4]) + 4
        parts.append(rest[4:size])
        if len(rest) < size:
            return False
        rest = rest[size:]
    return not rest and len(parts) > 1 and parts[0] == kind.encode()


def one_of(kind: type[StrEnum]) -> BeforeValidator:
    def read(value: Any) -> StrEnum:
        try:
            return kind(value)
        except ValueError as error:
            raise ValueError(f"one of {', '.join(kind)}") from error

    return BeforeValidator(read)


def _feed(value: Any) -> Any:
    if value not in ("A", "B"):
        raise ValueError("the feed A or B; L1, L2 and L3 are phases of one")
    return value


Letter = Annotated[Literal["A", "B"], BeforeValidator(_feed)]
Label = Annotated[str, StringConstraints(pattern=rf"^{LABEL}$")]
Network4 = Annotated[IPNetwork, BeforeValidator(_network(4))]
Network6 = Annotated[IPNetwork, BeforeValidator(_network(6))]
SubnetAddress = Annotated[IPNetwork, BeforeValidator(_subnet(None))]
SubnetAddress4 = Annotated[IPNetwork, BeforeValidator(_subnet(4))]
SubnetAddress6 = Annotated[IPNetwork, BeforeValidator(_subnet(6))]
Address4 = Annotated[IPAddress, BeforeValidator(_address(4))]
Address6 = Annotated[IPAddress, BeforeValidator(_address(6))]
Mac = Annotated[str, BeforeValidator(_mac)]
Port = Annotated[End, BeforeValidator(_end)]
Vnis = Annotated[tuple[int, int], BeforeValidator(_range(1, 2**24 - 1))]
Vlans = Annotated[tuple[int, int], BeforeValidator(_range(2, 4094))]  # 1 is the bridge's own
Indexes = Annotated[tuple[int, int], BeforeValidator(_range(1, 65535))]
Asn = Annotated[int, Field(ge=1, le=4294967294)]
PrefixCount = Annotated[int, Field(ge=1, le=4294967295)]  # what FRR takes
MOST_NUMBER = 99_999
DeviceNumber = Annotated[int, Field(ge=1, le=MOST_NUMBER)]  # of its role in its hall
ClassName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9+-]{0,15}$")]  # such as A2
Source = Annotated[str, Field(min_length=1)]  # where a number is from
PublicKey = Annotated[str, BeforeValidator(_public_key)]
Serial = Annotated[str, BeforeValidator(_serial)]
NamePattern = Annotated[str, BeforeValidator(_name_pattern)]
Given = Annotated[str, Field(min_length=1)]
Modules = dict[Given, Given]
Bay = Annotated[End, BeforeValidator(bay)]
BayPattern = Annotated[str, BeforeValidator(bay_pattern)]


LEVEL = "a number of the rack's rail such as 12, 12.5 for half a U, or 0 for what stands beside the U"
HIGHEST = 200


def _level(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(LEVEL)
    if not (value == 0 or 1 <= value <= HIGHEST) or value * 2 != int(value * 2):
        raise ValueError(f"{LEVEL}; at most {HIGHEST}")
    return int(value) if value == int(value) else value


def counted_levels(value: Any) -> tuple[str, ...]:
    """As `counted`, and in halves: `12.5`, or every half from U1 on `1..12.5/0.5`."""
    match = _LEVELS.fullmatch(str(value)) if isinstance(value, str | float) else None
    if match is None or not any("." in part for part in match.groups("")):
        return counted(value)
    first, last, step = float(match[1]), float(match[2] or match[1]), float(match[3] or 1)
    if step <= 0 or last < first:
        raise ValueError("a count from the lower number to the higher")
    return tuple(f"{first + n * step:g}" for n in range(int((last - first) / step) + 1))


Level = Annotated[float, PlainValidator(_level)]


class Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, strict=True)


class BoxIn(Entry):
    """What a device states itself, and a pattern for many. `draw`: allocated power, instead of its type's.

    `feed`: of its rack, which an rPDU hands on. `modules`: name of a bay -> the module type in it.
    `roles`: of its host, beyond those that it has by what it is and serves.
    """

    type: Label
    role: Annotated[Role, one_of(Role)]
    status: Annotated[Status, one_of(Status)] = Status.ACTIVE
    face: Annotated[Face, one_of(Face)] = Face.FRONT
    nos: Label | None = None
    pod: Annotated[int, Field(ge=1, le=99)] = 1
    drained: bool = False
    cordoned: bool = False
    adopt: bool = False
    draw: DeviceWatts | None = None
    feed: Letter | None = None
    modules: Modules = {}
    roles: list[str] = []
    settings: dict[str, dict[str, Any]] = {}


class DeviceIn(BoxIn):
    """`u` is 0 for what stands beside the U, such as a vertical PDU.

    `bay` of a parent, such as chassis-1/Slot 3, instead of `rack` and `u`.
    """

    number: DeviceNumber
    rack: Label
    u: Level
    bay: Bay | None = None
    serial: Serial | None = None
    oob: Network4 | None = None
    oob_mac: Mac | None = None
    host_key: PublicKey | None = None
    was: Label | None = None

    _of_its_parent = model_validator(mode="before")(in_a_bay)

    @field_validator("bay")
    @classmethod
    def _alone(cls, bay: End | None, info: ValidationInfo) -> End | None:
        if bay is not None and (info.data.get("rack", IN_A_BAY) != IN_A_BAY or info.data.get("u")):
            raise ValueError("`bay` without `rack` and `u`, which are those of the parent")
        return bay


class CableIn(Entry):
    """`cord` between optics, `trays` it lies in and `mated` pairs of connectors: only where people choose."""

    a: Port
    b: Port
    status: Annotated[CableStatus, one_of(CableStatus)] = CableStatus.CONNECTED
    medium: str = ""
    wave: Label | None = None
    drained: bool = False
    length: Metres | None = None
    cord: str = ""
    trays: list[Label] = []
    mated: Annotated[int, Field(ge=0, le=20)] = 0


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
    asn: Asn
    role: Annotated[SessionRole, one_of(SessionRole)]
    announces: list[SubnetAddress] = []


class SessionIn(Entry):
    wave: Label
    upstream: Label
    ours4: Network4
    theirs4: Address4
    ours6: Network6
    theirs6: Address6
    max_prefixes4: PrefixCount
    max_prefixes6: PrefixCount
    password: Label
    local_pref: Annotated[int, Field(ge=0, le=4294967295)] = 100


class SubnetIn(Entry):
    ipv4: SubnetAddress4 | None = None
    ipv6: SubnetAddress6 | None = None
    attachment: Annotated[Attachment, one_of(Attachment)] = Attachment.ACCESS
    public: bool = False
    servers: list[Label] = []
    was: Label | None = None


class VpcIn(Entry):
    subnets: Annotated[dict[Label, SubnetIn], Field(min_length=1)]
    own: list[SubnetAddress] = []
    was: Label | None = None


class SecretIn(Entry):
    version: Annotated[int, Field(ge=1, le=999999)]
