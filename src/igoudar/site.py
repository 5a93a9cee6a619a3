"""What a site as a whole is told: its numbers, its pools, its services and who may log in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from netaddr import IPNetwork

from igoudar.errors import Where

MOST_HOSTS = 99999


@dataclass(frozen=True, slots=True)
class Pools:
    """Where numbers of hardware and tenants come from."""

    loopback4: IPNetwork
    loopback6: IPNetwork
    oob: IPNetwork
    public4: tuple[IPNetwork, ...]
    public6: tuple[IPNetwork, ...]
    l2vni: tuple[int, int]
    l3vni: tuple[int, int]
    vlan: tuple[int, int]
    index: tuple[int, int]


@dataclass(frozen=True, slots=True)
class User:
    """A person or a robot who may log in to every host; `keys` are OpenSSH public key lines."""

    name: str
    keys: tuple[str, ...]
    sudo: bool
    where: Where


@dataclass(frozen=True, slots=True)
class Service:
    """What management hosts do alike. Of `members`, at least `min_up` are there at any time.

    `promised`: it was written down, so that it holds whoever is offline; else it is all but one.
    """

    members: tuple[str, ...]
    min_up: int
    where: Where
    promised: bool = True


@dataclass(frozen=True, slots=True)
class Budget:
    """How many hosts of a wave may fail before no further wave begins: `percent` of the wave, or `count`."""

    percent: Decimal = Decimal(10)
    count: int | None = None

    def allows(self, hosts: int) -> int:
        return int(self.percent * hosts // 100) if self.count is None else self.count

    def lets_be_silent(self, hosts: int) -> int:
        """Of hosts that go first: one at least, since it says nothing of the change."""
        return max(1, self.allows(hosts)) if self.count is None else self.count

    def __str__(self) -> str:
        return f"{self.percent:f} %" if self.count is None else str(self.count)


def read_budget(value: object) -> Budget:
    """`10 %` of a wave, or so many hosts. Raises ValueError, with what it may be."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_HOSTS:
        return Budget(count=value)
    found = re.fullmatch(r"(\d{1,3}(?:\.\d+)?) ?%|(\d{1,5})", value) if isinstance(value, str) else None
    if found is None or Decimal(found[1] or 0) > 100:
        raise ValueError("a share of a wave such as 10 %, or a number of hosts")
    return Budget(count=int(found[2])) if found[2] else Budget(Decimal(found[1]))


@dataclass(frozen=True, slots=True)
class SshCa:
    """Authorities of SSH, as public key lines: of people's certificates and of hosts'.

    `principals`: login -> what else than its name a certificate may say. `revoked`: public key lines.
    `warn_days`: a host's certificate that ends in so many days is warned of.
    """

    users: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    principals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    revoked: tuple[str, ...] = ()
    warn_days: int = 30

    def __bool__(self) -> bool:
        """Whether the site has any."""
        return bool(self.users or self.hosts)


@dataclass(frozen=True, slots=True)
class Logs:
    """`full_percent`: of the disk of a log server, from where it alarms."""

    keep_days: int = 366
    full_percent: int = 90


@dataclass(frozen=True, slots=True)
class Packages:
    """Of the pool that hosts install from. `key`: public, armored, of whoever signs it; empty: nobody does.

    `sources`: where the pool's own packages come from, `URI SUITE [COMPONENT...]`. `more`: what hosts have
    beside what Debian calls required or important and what roles declare.
    """

    key: str = ""
    suite: str = "trixie"
    architecture: str = "amd64"
    sources: tuple[str, ...] = ()
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """`fabric_as` (2 bytes) stands in route targets; `public_as` is the AS the world sees.

    `asn_base`: the ASN of a device is base + building * 1,000,000 + hall * 10,000 + n, with n the number
    of a leaf or border (borders from 8001), or 9000 + pod for the spines of a pod.
    MTUs are in bytes: `fabric_mtu` of switch ports, `host_mtu` of servers and SVIs.
    `window_s`: seconds that a switch waits for its operator in a change before it goes back by itself;
    `restore_s`: seconds that this may take. `failures`: of hosts in a wave of a run of roles.
    """

    name: str
    folder: str
    domain: str
    timezone: str
    fabric_as: int
    public_as: int
    asn_base: int
    anycast_mac: str
    fabric_mtu: int
    host_mtu: int
    pools: Pools
    dns: tuple[str, ...]
    ntp: tuple[str, ...]
    bastion: str
    witnesses: tuple[str, ...]
    services: Mapping[str, Service]
    bogon_exceptions: tuple[IPNetwork, ...]
    bfd_interval_ms: int
    bfd_multiplier: int
    login: str
    users: tuple[User, ...]
    where: Where
    window_s: int = 60
    restore_s: int = 10
    ssh_ca: SshCa = field(default_factory=SshCa)
    logs: Logs = field(default_factory=Logs)
    packages: Packages = field(default_factory=Packages)
    failures: Budget = Budget()

    def served(self, name: str) -> Service | None:
        """The service of this name, where somebody serves it."""
        service = self.services.get(name)
        return service if service is not None and service.members else None
