"""Hosts as roles see them, made by hand: small, of a site that no other test knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from igoudar.errors import Where
from igoudar.hostview import AccessLink, DataPort, HostView, Login, Neighbour, RoutedLink
from igoudar.model import Role, SecretName
from igoudar.site import Packages, SshCa
from igoudar.ssh_certificates import HostCertificate

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
OTHER = f"{KEY[:-1]}B"
TOLD = ("base", "node_exporter")
RESOLVERS = (
    Neighbour("mgmt-1", "192.0.2.2", "", "management", "h1", "a", "a03", TOLD),
    Neighbour("mgmt-2", "192.0.2.3", "", "management", "h1", "a", "a03"),
)
HOSTS = (
    *RESOLVERS,
    Neighbour("leaf-1", "192.0.2.21", "02:00:00:01:00:03", "leaf", "h1", "a", "a01", TOLD),
    Neighbour("srv-1", "192.0.2.101", "02:00:00:01:00:01", "server", "h1", "a", "a01", TOLD),
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
MANAGEMENT = view(
    "mgmt-1",
    Role.MANAGEMENT,
    "192.0.2.2",
    cabled_ports=("eth0",),
    services={"dns": RESOLVERS, "ntp": RESOLVERS, "dhcp": RESOLVERS[:1], "metrics": RESOLVERS},
)
# One of two ways in for people; workers come by the other.
MEMBER = replace(MANAGEMENT, bastion="mgmt-2", services={**MANAGEMENT.services, "bastion": RESOLVERS})
# MANAGEMENT without the second server, and on a network whose reverse names are cut into four.
WIDE = replace(
    MANAGEMENT,
    oob="10.0.4.2/22",
    oob_network="10.0.4.0/22",
    neighbours=(Neighbour("mgmt-1", "10.0.4.2"), Neighbour("srv-1", "10.0.7.254", "02:00:00:01:00:01")),
    services={"dns": (Neighbour("mgmt-1", "10.0.4.2"),)},
)
SWITCH = view(
    "leaf-1",
    Role.LEAF,
    "192.0.2.21",
    cabled_ports=("swp1", "swp2", "eth0"),
)

SSH_CA = SshCa(users=(f"{KEY} people",), hosts=(f"{KEY} hosts",))
ROLLED = SshCa(
    users=(f"{KEY} people", f"{OTHER} people-2027"),
    hosts=(f"{KEY} hosts", f"{OTHER} hosts-2027"),
    principals={"amina": ("operators",), "karim": ("operators", "guests"), "igoudar": ("robots",)},
    revoked=(f"{OTHER} lost",),
)
CERTIFICATE = HostCertificate(
    "srv-1-cert.pub",
    "ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29t srv-1",
    KEY,
    KEY,
    ("srv-1",),
    date(2027, 11, 27),
)

SECRETS = {
    "authority-logs": SecretName("authority-logs", 1, Where("secrets.yaml")),
    "logs-srv-1": SecretName("logs-srv-1", 2, Where("secrets.yaml")),
}
KEEPERS = {"logs": RESOLVERS}
OWN: dict[str, object] = {"authority": "secret:authority-logs@1", "identity": "secret:logs-srv-1@2"}
POOL = Packages(key="-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEZ\n-----END PGP PUBLIC KEY BLOCK-----\n")
POOLED: dict[str, Any] = {
    "packages": POOL,
    "snapshot": "20261120T000000Z",
    "services": {"packages": RESOLVERS},
}

# Every role has at least one case: name of the case -> (settings as people write them, the host).
CASES: dict[str, dict[str, tuple[dict[str, object], HostView]]] = {
    "base": {
        "access": ({}, ACCESS),
        "bastion": ({"log_level": "INFO", "sysctl": {"vm.swappiness": 10}}, MANAGEMENT),
        "member": ({}, MEMBER),
        "switch": ({}, SWITCH),
    },
    "ssh_ca": {
        "signed": ({}, replace(ACCESS, ssh_ca=SSH_CA, certificate=CERTIFICATE)),
        "rolled": ({}, replace(MANAGEMENT, ssh_ca=ROLLED)),
    },
    "bastion": {
        "names": ({}, MANAGEMENT),
        "addresses": (
            {"names": False, "ports": [22, 443]},
            replace(MANAGEMENT, logins=MANAGEMENT.logins[:1], ssh_ca=SSH_CA),
        ),
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
    "logs": {
        "sends": (OWN, replace(ACCESS, services=KEEPERS)),
        "keeps": (
            {**OWN, "queue_mb": 64},
            replace(MANAGEMENT, services=KEEPERS),
        ),
    },
    "package_mirror": {"serves": ({}, replace(MANAGEMENT, **POOLED))},
    "packages": {"server": ({}, replace(ACCESS, **POOLED)), "switch": ({}, replace(SWITCH, **POOLED))},
    "dns_authoritative": {"one": ({}, MANAGEMENT), "cut": ({"ttl": 60}, WIDE)},
    "unbound": {"alone": ({}, MANAGEMENT), "forwarding": ({"forwarders": ["192.0.2.53"]}, WIDE)},
    "kea": {"known": ({"lease": 3600}, MANAGEMENT)},
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
        "asked": ({}, MEMBER),
        "strict": ({"every": "1m", "down_for": "5m", "disk_free_percent": 20, "keep": "1y"}, MANAGEMENT),
    },
    "nftables": {
        "access": ({}, ACCESS),
        "management": (
            {"more": [{"port": 873, "protocol": "tcp", "source": "2001:db8::/64", "purpose": "a backup"}]},
            MANAGEMENT,
        ),
        "member": ({}, MEMBER),
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
        "dns_authoritative": "one",
        "unbound": "alone",
        "kea": "known",
        "prometheus": "first",
    },
    ("nftables", "member"): {
        "base": "member",
        "unbound": "alone",
        "node_exporter": "management",
        "prometheus": "asked",
    },
    ("nftables", "switch"): {"base": "switch", "frr_switch": "fresh", "node_exporter": "switch"},
}
