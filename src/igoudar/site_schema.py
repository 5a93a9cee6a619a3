"""What people write of a site as a whole, as pydantic models (see `igoudar.schema`)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, PlainValidator, StringConstraints

from igoudar.schema import (
    Asn,
    Entry,
    Indexes,
    Label,
    Mac,
    PublicKey,
    SubnetAddress,
    SubnetAddress4,
    SubnetAddress6,
    Vlans,
    Vnis,
)
from igoudar.site import Budget, Logs, Packages, SshCa, read_budget
from igoudar.validated import LABEL


class PoolsIn(Entry):
    loopback4: SubnetAddress4
    loopback6: SubnetAddress6
    oob: SubnetAddress4
    public4: list[SubnetAddress4] = Field(default=[])
    public6: list[SubnetAddress6] = Field(default=[])
    l2vni: Vnis = (10000, 4999999)
    l3vni: Vnis = (5000000, 9999999)
    vlan: Vlans = (10, 3999)
    index: Indexes = (1001, 65000)


class UserIn(Entry):
    keys: Annotated[list[PublicKey], Field(min_length=1)]
    sudo: bool = False


class BfdIn(Entry):
    """Detection of dead links; 300 ms x 3 is the common value of the field."""

    interval_ms: Annotated[int, Field(ge=50, le=60000)] = 300
    multiplier: Annotated[int, Field(ge=2, le=255)] = 3


GIVEN = ("dns", "ntp")  # services whose members stand in a key of the site of that name


class ServiceIn(Entry):
    """What several management hosts do alike. `members` of dns and ntp stand in those keys of the site.

    `min_up`: how many must be there at any time; where it is not said all but one of those in service.
    """

    members: list[Label] = Field(default=[])
    min_up: Annotated[int, Field(ge=0, le=999)] | None = None


Principal = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._@:-]+$")]


class SshCaIn(Entry):
    """Authorities of SSH: `users` of people's certificates, `hosts` of hosts'; two while one is rolled.

    `principals`: login -> what else than its name a certificate may say; `revoked`: public keys.
    """

    users: list[PublicKey] = Field(default=[])
    hosts: list[PublicKey] = Field(default=[])
    principals: dict[Label, list[Principal]] = Field(default={})
    revoked: list[PublicKey] = Field(default=[])
    warn_days: Annotated[int, Field(ge=1, le=366)] = 30


class LogsIn(Entry):
    """`keep_days`: a year and a day. `full_percent`: of the disk of a log server, from where it alarms."""

    keep_days: Annotated[int, Field(ge=1, le=3660)] = 366
    full_percent: Annotated[int, Field(ge=50, le=99)] = 90


PackageName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9+.-]+$")]
Suite = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]
SourceOf = Annotated[str, StringConstraints(pattern=r"^[a-z+]+:[!-~]+( [a-z0-9][a-z0-9/-]*)+$")]


class PackagesIn(Entry):
    """Of the pool that hosts install from. `key`: the public key, armored, of whoever signs it.

    `sources`: `URI SUITE [COMPONENT...]`, where its packages come from. `more`: what hosts have beside what
    Debian calls required or important and what roles declare, such as kernel and boot loader.
    """

    key: Annotated[str, StringConstraints(pattern=r"^-----BEGIN PGP PUBLIC KEY BLOCK-----\n")] = ""
    suite: Suite = "trixie"
    architecture: Suite = "amd64"
    sources: list[SourceOf] = Field(default=[])
    more: list[PackageName] = Field(default=[])


class RunIn(Entry):
    """Of roles over many hosts. `failures`: of a wave, before no further wave begins; the first has none."""

    failures: Annotated[Budget, PlainValidator(read_budget)] = Budget()


class SiteIn(Entry):
    name: Label
    domain: Annotated[str, StringConstraints(pattern=rf"^{LABEL}(\.{LABEL})+$")]
    timezone: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$")]
    fabric_as: Annotated[int, Field(ge=1, le=65535)]
    public_as: Asn
    asn_base: Asn = 4200000000
    anycast_mac: Mac
    fabric_mtu: Annotated[int, Field(ge=1500, le=9216)] = 9216
    host_mtu: Annotated[int, Field(ge=1280, le=9216)] = 9000
    pools: PoolsIn
    dns: Annotated[list[Label], Field(min_length=1)]
    ntp: Annotated[list[Label], Field(min_length=1)]
    bastion: Label | None = None
    witnesses: Annotated[list[Label], Field(min_length=1)]
    services: dict[Label, ServiceIn] = Field(default={})
    roles: RunIn = RunIn()
    bogon_exceptions: list[SubnetAddress] = Field(default=[])
    bfd: BfdIn = BfdIn()
    window_s: Annotated[int, Field(ge=1, le=3600)] = 60
    restore_s: Annotated[int, Field(ge=1, le=300)] = 10
    login: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,30}$")] = "igoudar"
    users: dict[Label, UserIn] = Field(default={})
    ssh_ca: SshCaIn = SshCaIn()
    logs: LogsIn = LogsIn()
    packages: PackagesIn = PackagesIn()


def services_of(entry: SiteIn) -> dict[str, Any]:
    """What a `Site` is told of single services, by its fields."""
    told = entry.packages
    packages = Packages(told.key, told.suite, told.architecture, tuple(told.sources), tuple(told.more))
    return {"ssh_ca": _ssh_ca(entry.ssh_ca), "logs": Logs(**entry.logs.model_dump()), "packages": packages}


def _ssh_ca(entry: SshCaIn) -> SshCa:
    principals = {login: tuple(names) for login, names in entry.principals.items()}
    return SshCa(tuple(entry.users), tuple(entry.hosts), principals, tuple(entry.revoked), entry.warn_days)
