"""What a role may know of the host it runs on, taken from the plan. Pure.

Roles see this and nothing else, so what a host's files depend on can be read off here. Addresses are
text, ready for a template.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from netaddr import IPNetwork

from igoudar.design import PlacedSubnet, Plan
from igoudar.model import SWITCH_ROLES, Attachment, Device, Role
from igoudar.numbering import server_asn
from igoudar.site import Logs, Packages, Site, SshCa
from igoudar.ssh_certificates import HostCertificate

OOB_PORT = "eth0"
NO_CERTIFICATES: Mapping[str, HostCertificate] = {}


@dataclass(frozen=True, slots=True)
class Login:
    """A person or robot with a login on every host."""

    name: str
    keys: tuple[str, ...]
    sudo: bool


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A host of the site: its name and its out-of-band address without prefix length.

    `mac` is that of the port there, empty while nobody has written it down. `role`, `hall`, `row` and `rack`
    of the inventory say what it is and where; `roles` is what runs on it by the design, none where no role is
    applied: it is planned, offline, or not ours to configure.
    """

    name: str
    address: str
    mac: str = ""
    role: str = ""
    hall: str = ""
    row: str = ""
    rack: str = ""
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DataPort:
    """A server's port in use. `mtu` in bytes; `far` is the leaf's end, `device/port`."""

    name: str
    mtu: int
    far: str


@dataclass(frozen=True, slots=True)
class AccessLink:
    """A place in an `access` subnet. Addresses have a prefix length, gateways none; empty: no such family."""

    port: str
    mtu: int
    subnet: str
    address4: str
    gateway4: str
    address6: str
    gateway6: str


@dataclass(frozen=True, slots=True)
class RoutedLink:
    """A place in a `routed` subnet: own /32 and /128, told to the leaves by BGP over `ports`."""

    ports: tuple[str, ...]
    mtu: int
    subnet: str
    address4: str
    address6: str
    asn: int
    bfd_interval_ms: int
    bfd_multiplier: int


@dataclass(frozen=True, slots=True)
class HostView:
    """`oob` is address/length or empty. `resolvers`, `time_servers` and `witnesses` are out-of-band
    addresses.

    `upstream_routers` and other foreign boxes are not among `neighbours`. `snapshot`: of the pool of
    packages, empty where the site has none.
    """

    name: str
    site: str
    domain: str
    role: Role
    number: int
    timezone: str
    login: str
    logins: tuple[Login, ...]
    oob_port: str
    oob: str
    oob_network: str
    bastion: str
    resolvers: tuple[Neighbour, ...]
    time_servers: tuple[Neighbour, ...]
    witnesses: tuple[Neighbour, ...]
    neighbours: tuple[Neighbour, ...]
    ports: tuple[DataPort, ...] = ()
    access: tuple[AccessLink, ...] = ()
    routed: RoutedLink | None = None
    cabled_ports: tuple[str, ...] = ()
    oob_mac: str = ""
    services: Mapping[str, tuple[Neighbour, ...]] = field(default_factory=dict)
    ssh_ca: SshCa = field(default_factory=SshCa)
    certificate: HostCertificate | None = None
    logs: Logs = field(default_factory=Logs)
    packages: Packages = field(default_factory=Packages)
    snapshot: str = ""

    @property
    def fqdn(self) -> str:
        return f"{self.name}.{self.domain}"

    @property
    def is_switch(self) -> bool:
        return self.role in SWITCH_ROLES

    @property
    def is_resolver(self) -> bool:
        return any(self.name == r.name for r in self.resolvers)

    @property
    def is_time_server(self) -> bool:
        return any(self.name == t.name for t in self.time_servers)

    @property
    def is_witness(self) -> bool:
        return any(self.name == w.name for w in self.witnesses)

    def service(self, name: str) -> tuple[Neighbour, ...]:
        """The hosts that serve the site so, such as `dhcp`; none where the site has no such service."""
        return self.services.get(name, ())

    def serves(self, name: str) -> bool:
        return any(self.name == n.name for n in self.service(name))

    @property
    def bastions(self) -> tuple[Neighbour, ...]:
        """By whom people come in: the members of the service, or the one by which workers do."""
        return self.service("bastion") or tuple(n for n in self.neighbours if n.name == self.bastion)

    @property
    def is_bastion(self) -> bool:
        return self.name == self.bastion or self.serves("bastion")

    @property
    def oob_address(self) -> str:
        return self.oob.partition("/")[0]


class HostViews:
    """The views of all devices that roles run on; what they share is looked up once.

    `cabled`: device -> every port of it that a cable of the inventory ends in, out-of-band ports too.
    `certificates`: host -> that of its SSH host key. `snapshot`: of the pool of packages.
    """

    def __init__(
        self, plan: Plan, certificates: Mapping[str, HostCertificate] = NO_CERTIFICATES, snapshot: str = ""
    ) -> None:
        self.plan, self.certificates, self.snapshot = plan, certificates, snapshot
        self.neighbours = {n.name: n for n in _neighbours(plan)}
        self.everybody = tuple(self.neighbours.values())
        users = plan.design.inventory.site.users
        self.services = {
            name: tuple(self.neighbours[n] for n in service.members if n in self.neighbours)
            for name, service in plan.design.inventory.site.services.items()
        }
        self.logins = tuple(Login(u.name, u.keys, u.sudo) for u in users)
        self.cabled: dict[str, dict[str, None]] = {}
        for cable in plan.design.inventory.cables.values():
            for end in (cable.a, cable.b):
                self.cabled.setdefault(end.device, {})[end.port] = None
        self.placed: dict[str, list[PlacedSubnet]] = {}
        for placed in plan.design.tenants.subnets:
            for server in dict.fromkeys(placed.subnet.servers):
                self.placed.setdefault(server, []).append(placed)

    def of(self, name: str) -> HostView:
        return _view(self, name)


def _view(views: HostViews, name: str) -> HostView:
    plan, by_address = views.plan, views.neighbours
    inventory = plan.design.inventory
    site, device = inventory.site, inventory.devices[name]
    return HostView(
        name=name,
        site=site.name,
        domain=site.domain,
        role=device.role,
        number=device.number,
        timezone=site.timezone,
        login=site.login,
        logins=views.logins,
        oob_port=OOB_PORT,
        oob=str(device.oob) if device.oob else "",
        oob_network=str(site.pools.oob),
        oob_mac=device.oob_mac,
        bastion=site.bastion,
        resolvers=tuple(by_address[n] for n in site.dns if n in by_address),
        time_servers=tuple(by_address[n] for n in site.ntp if n in by_address),
        witnesses=tuple(by_address[n] for n in site.witnesses if n in by_address),
        services=views.services,
        ssh_ca=site.ssh_ca,
        logs=site.logs,
        packages=site.packages,
        snapshot=views.snapshot,
        certificate=views.certificates.get(name),
        neighbours=views.everybody,
        ports=_ports(plan, device, site),
        access=_access(views, device, site),
        routed=_routed(views, device, site),
        cabled_ports=tuple(views.cabled.get(name, ())),
    )


def _neighbours(plan: Plan) -> tuple[Neighbour, ...]:
    """Every box of ours with an out-of-band address, in the order of the inventory."""
    racks = plan.design.inventory.racks
    roles = {name: told for group in plan.design.servers.groups for name, told in group.roles.items()}
    return tuple(
        Neighbour(
            name=d.name,
            address=str(d.oob.ip),
            mac=d.oob_mac,
            role=str(d.role),
            hall=d.hall,
            row=racks[d.rack].row if d.rack in racks else "",
            rack=d.rack,
            roles=roles.get(d.name, ()),
        )
        for d in plan.design.inventory.devices.values()
        if d.oob is not None and d.role is not Role.UPSTREAM
    )


def _ports(plan: Plan, device: Device, site: Site) -> tuple[DataPort, ...]:
    pairs = plan.design.networks.attachments.get(device.name, ())
    return tuple(DataPort(server.port, site.host_mtu, str(leaf)) for server, leaf in pairs)


def _places(views: HostViews, device: Device, attachment: Attachment) -> list[PlacedSubnet]:
    return [p for p in views.placed.get(device.name, ()) if p.subnet.attachment is attachment]


def _position(plan: Plan, placed: PlacedSubnet, device: Device) -> int:
    return plan.number("host", f"{placed.owner}/{device.name}")


def _at(network: IPNetwork | None, position: int, length: int | None = None) -> str:
    """An address of the network as text, with its length, or with `length` (0: none)."""
    if network is None:
        return ""
    address = str(network[position])
    length = network.prefixlen if length is None else length
    return f"{address}/{length}" if length else address


def _access(views: HostViews, device: Device, site: Site) -> tuple[AccessLink, ...]:
    """An access server has one port in use; each further subnet would need one more."""
    plan = views.plan
    pairs = plan.design.networks.attachments.get(device.name, ())
    places = _places(views, device, Attachment.ACCESS)
    links = []
    for (server, _), placed in zip(pairs, places, strict=False):
        position, subnet = _position(plan, placed, device), placed.subnet
        links.append(
            AccessLink(
                port=server.port,
                mtu=site.host_mtu,
                subnet=placed.owner,
                address4=_at(subnet.ipv4, position),
                gateway4=_at(subnet.ipv4, 1, 0),
                address6=_at(subnet.ipv6, position),
                gateway6=_at(subnet.ipv6, 1, 0),
            )
        )
    return tuple(links)


def _routed(views: HostViews, device: Device, site: Site) -> RoutedLink | None:
    plan = views.plan
    pairs = plan.design.networks.attachments.get(device.name, ())
    places = _places(views, device, Attachment.ROUTED)
    if not pairs or not places:
        return None
    position, subnet = _position(plan, places[0], device), places[0].subnet
    return RoutedLink(
        ports=tuple(server.port for server, _ in pairs),
        mtu=site.host_mtu,
        subnet=places[0].owner,
        address4=_at(subnet.ipv4, position, 32),
        address6=_at(subnet.ipv6, position, 128),
        asn=server_asn(site, plan.design.inventory.halls[device.hall], device),
        bfd_interval_ms=site.bfd_interval_ms,
        bfd_multiplier=site.bfd_multiplier,
    )
