"""Hosts as roles see them, made by hand: small, of a site that no other test knows."""

from __future__ import annotations

from igoudar.hostview import AccessLink, DataPort, HostView, Login, Neighbour, RoutedLink
from igoudar.model import Role

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
TOLD = ("base", "node_exporter")
RESOLVERS = (
    Neighbour("mgmt-1", "192.0.2.2", "management", "h1", "a", "a03", TOLD),
    Neighbour("mgmt-2", "192.0.2.3", "management", "h1", "a", "a03"),
)
HOSTS = (
    *RESOLVERS,
    Neighbour("leaf-1", "192.0.2.21", "leaf", "h1", "a", "a01", TOLD),
    Neighbour("srv-1", "192.0.2.101", "server", "h1", "a", "a01", TOLD),
)


def view(name: str, role: Role, oob: str, **more: object) -> HostView:
    common: dict[str, object] = {
        "site": "small",
        "domain": "small.example",
        "number": 1,
        "timezone": "Africa/Casablanca",
        "login": "igoudar",
        "logins": (Login("amina", (f"{KEY} amina",), True), Login("karim", (f"{KEY} karim",), False)),
        "oob_port": "eth0",
        "oob_network": "192.0.2.0/24",
        "bastion": "mgmt-1",
        "resolvers": RESOLVERS,
        "time_servers": RESOLVERS,
        "witnesses": RESOLVERS[:1],
        "neighbours": HOSTS,
        "services": {"metrics": RESOLVERS},
    }
    return HostView(name=name, role=role, oob=f"{oob}/24", **{**common, **more})  # type: ignore[arg-type]


ACCESS = view(
    "srv-1",
    Role.SERVER,
    "192.0.2.101",
    cabled_ports=("eth1", "eth0"),
    ports=(DataPort("eth1", 9000, "leaf-1/swp11"),),
    access=(
        AccessLink(
            "eth1",
            9000,
            "t/v/web",
            "172.16.1.10/24",
            "172.16.1.1",
            "2001:db8:1:1::a/64",
            "2001:db8:1:1::1",
        ),
    ),
)
ROUTED = view(
    "srv-2",
    Role.SERVER,
    "192.0.2.102",
    cabled_ports=("eth1", "eth2", "eth0"),
    ports=(DataPort("eth1", 9000, "leaf-1/swp12"), DataPort("eth2", 9000, "leaf-2/swp12")),
    routed=RoutedLink(
        ("eth1", "eth2"), 9000, "t/v/db", "172.16.2.10/32", "2001:db8:1:2::a/128", 4201019999, 500, 4
    ),
)
ROUTED6 = view(
    "srv-3",
    Role.SERVER,
    "192.0.2.103",
    ports=(DataPort("eth1", 1500, "leaf-1/swp13"),),
    routed=RoutedLink(("eth1",), 1500, "t/v/six", "", "2001:db8:1:3::a/128", 4201019999, 300, 3),
)
MANAGEMENT = view("mgmt-1", Role.MANAGEMENT, "192.0.2.2", cabled_ports=("eth0",))
SWITCH = view(
    "leaf-1",
    Role.LEAF,
    "192.0.2.21",
    cabled_ports=("swp1", "swp2", "eth0"),
)

# Every role has at least one case: name of the case -> (settings as people write them, the host).
CASES: dict[str, dict[str, tuple[dict[str, object], HostView]]] = {
    "base": {
        "access": ({}, ACCESS),
        "bastion": ({"log_level": "INFO", "sysctl": {"vm.swappiness": 10}}, MANAGEMENT),
        "switch": ({}, SWITCH),
    },
    "lldpd": {
        "access": ({}, ACCESS),
        "routed": ({}, ROUTED),
        "management": ({}, MANAGEMENT),
        "switch": ({"interval": 5}, SWITCH),
    },
    "chrony": {
        "client": ({}, ACCESS),
        "server": ({"sources": ["192.0.2.9 iburst", "time.example iburst nts"]}, MANAGEMENT),
    },
    "unbound": {"alone": ({}, MANAGEMENT), "forwarding": ({"forwarders": ["192.0.2.53"]}, MANAGEMENT)},
    "host_net": {"access": ({"speak_every": 20}, ACCESS)},
    "bgp_host": {"both": ({}, ROUTED), "ipv6": ({}, ROUTED6)},
    "frr_switch": {"fresh": ({}, SWITCH)},
    "witness": {"register": ({}, MANAGEMENT)},
    "node_exporter": {
        "access": ({}, ACCESS),
        "management": ({"more": ["mdadm", "cpu"]}, MANAGEMENT),
        "switch": ({}, SWITCH),
    },
    "prometheus": {
        "first": ({}, MANAGEMENT),
        "strict": ({"every": "1m", "down_for": "5m", "disk_free_percent": 20, "keep": "1y"}, MANAGEMENT),
    },
    "nftables": {
        "access": ({}, ACCESS),
        "management": (
            {"more": [{"port": 873, "protocol": "tcp", "source": "2001:db8::/64", "purpose": "a backup"}]},
            MANAGEMENT,
        ),
        "switch": ({}, SWITCH),
    },
}

# What a role that is told of the others sees in a case: the cases of other roles of that host.
BESIDE: dict[tuple[str, str], dict[str, str]] = {
    ("nftables", "access"): {"base": "access", "chrony": "client", "node_exporter": "access"},
    ("nftables", "management"): {
        "base": "bastion",
        "chrony": "server",
        "node_exporter": "management",
        "unbound": "alone",
        "prometheus": "first",
    },
    ("nftables", "switch"): {"base": "switch", "frr_switch": "fresh", "node_exporter": "switch"},
}
