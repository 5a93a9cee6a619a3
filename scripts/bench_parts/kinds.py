"""Changes of text that `scripts/bench impact` measures, over the switches of the lab."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Texts = dict[str, str]
FRR, INTERFACES, DAEMONS = "/etc/frr/frr.conf", "/etc/network/interfaces", "/etc/frr/daemons"
LEAVES = ("leaf-1", "leaf-2", "leaf-3", "leaf-4")
Edit = tuple[str, str, str]  # file, pattern, what stands in its place


@dataclass(frozen=True, slots=True)
class Step:
    """Edits by switch. `way`: `reload`, `restart`, or `drain` (and restart), whatever the rules say."""

    name: str
    edits: Mapping[str, tuple[Edit, ...]]
    way: str = ""
    measured: bool = True

    def applied(self, texts: Mapping[str, Texts]) -> dict[str, Texts]:
        """The texts after it. An edit that changes nothing is a mistake of ours."""
        after = {name: dict(files) for name, files in texts.items()}
        for name, edits in self.edits.items():
            for path, old, new in edits:
                text, count = re.subn(old, new, after[name][path], flags=re.MULTILINE)
                assert count, f"{self.name}: {name} has no {old!r}"
                after[name][path] = text
        return after


@dataclass(frozen=True, slots=True)
class Kind:
    """`about`: how the lines begin whose rules it measures."""

    name: str
    steps: tuple[Step, ...]
    back_measured: bool = True
    about: tuple[str, ...] = ()


def one(
    name: str,
    *edits: Edit,
    on: tuple[str, ...] = ("leaf-1",),
    way: str = "",
    about: tuple[str, ...] = (),
) -> Kind:
    """A kind of one step."""
    return Kind(name, (Step("there", dict.fromkeys(on, edits), way),), about=about)


def frr(old: str, new: str) -> Edit:
    return FRR, old, new


def interfaces(old: str, new: str) -> Edit:
    return INTERFACES, old, new


def kinds() -> list[Kind]:
    return [*hitless(), *policies(), *sessions(), *tenants(), *ports(), *restarts()]


def hitless() -> Iterator[Kind]:
    yield Kind("nothing", (Step("there", {}),))
    yield one(
        "description",
        frr(r"description spine-1/swp1$", "description spine-1/other"),
        about=("neighbor swp1 description",),
    )
    yield one("rd of a VRF", frr(r"^  rd (\S+):55845$", r"  rd \1:55846"), about=("rd",))
    yield one("rd of an L2VNI", frr(r"^   rd (\S+):52303$", r"   rd \1:52304"), about=("rd",))
    yield one("timers", frr("FABRIC timers 3 9", "FABRIC timers 4 12"), about=("neighbor FABRIC timers",))
    yield one(
        "timers connect",
        frr("FABRIC timers connect 10", "FABRIC timers connect 11"),
        about=("neighbor FABRIC timers",),
    )
    yield one("bfd profile", frr("detect-multiplier 4", "detect-multiplier 5"), about=("detect-multiplier",))
    yield one("bfd interval", frr("-interval 500", "-interval 400"), about=("transmit-interval",))
    yield one("maximum-paths", frr("maximum-paths 64", "maximum-paths 32"), about=("maximum-paths",))
    drained = frr("^log syslog informational$", "log syslog informational\nbgp graceful-shutdown")
    yield one("graceful-shutdown of a leaf", drained, about=("bgp graceful-shutdown",))
    yield one("graceful-shutdown of a spine", drained, on=("spine-1",), about=("bgp graceful-shutdown",))
    yield one("graceful-shutdown of a border", drained, on=("border-1",), about=("bgp graceful-shutdown",))
    yield one("advertise-svi-ip", frr(r"^(   rd \S+:52303)$", r"\1\n   advertise-svi-ip"), way="reload")
    yield one("hostname", frr("^hostname leaf-1$", "hostname leaf-one"), about=("hostname",))
    yield one("log", frr("^log syslog informational$", "log syslog warnings"), about=("log syslog",))


def policies() -> Iterator[Kind]:
    vrf = r"route-target (import|export) 65000:54016"
    yield one("rt, one step", frr(vrf, r"route-target \1 65000:54017"), on=LEAVES, about=("route-target",))
    yield one(
        "rt of an L2VNI, one step",
        frr(r"route-target (import|export) 65000:18421", r"route-target \1 65000:18422"),
        on=("leaf-1", "leaf-3"),
        about=("route-target",),
    )
    old, new = "  route-target import 65000:54016", "  route-target import 65000:54017"
    steps = (
        Step("both imported", dict.fromkeys(LEAVES, (frr(f"^{old}$", f"{old}\n{new}"),))),
        Step("exported", dict.fromkeys(LEAVES, (frr("export 65000:54016", "export 65000:54017"),))),
        Step("old one dropped", dict.fromkeys(LEAVES, (frr(f"^{old}\n", ""),))),
    )
    yield Kind("rt, both imported first", steps)
    yield one(
        "prefix-list of the underlay, a line more",
        frr(
            r"^(ip prefix-list UNDERLAY .*)$",
            r"\1\nip prefix-list UNDERLAY seq 10 permit 10.254.0.0/16 ge 32",
        ),
        about=("ip prefix-list UNDERLAY",),
    )
    yield one(
        "prefix-list of the underlay, changed",
        frr(r"(prefix-list UNDERLAY seq 5 permit 10.255.0.0/16 ge) 32", r"\1 31"),
        about=("ip prefix-list UNDERLAY",),
    )
    yield one(
        "prefix-list of a server, a line more",
        frr(
            r"^(ip prefix-list SERVER-srv-2 .*)$",
            r"\1\nip prefix-list SERVER-srv-2 seq 10 permit 172.16.2.98/32",
        ),
        about=("ip prefix-list SERVER-srv-2",),
    )
    yield one("prefix-list renamed", frr("UNDERLAY", "UNDERNEATH"), about=("neighbor FABRIC prefix-list",))
    all_of_it = "route-map ALL permit 10\nexit\n!\n"
    evpn = (
        frr("^vrf fisc-prod$", f"{all_of_it}vrf fisc-prod"),
        frr(
            r"^(  neighbor FABRIC activate)\n(  advertise-all-vni)$",
            r"\1\n  neighbor FABRIC route-map ALL in\n\2",
        ),
    )
    yield one("route-map put on, EVPN", *evpn, way="reload")
    ipv4 = (
        frr("^vrf fisc-prod$", f"{all_of_it}vrf fisc-prod"),
        frr(r"^(  neighbor FABRIC prefix-list UNDERLAY out)$", r"\1\n  neighbor FABRIC route-map ALL in"),
    )
    yield one("route-map put on, underlay", *ipv4, about=("neighbor FABRIC route-map",))
    yield one(
        "route-map renamed",
        frr("TRANSIT-IN", "TRANSIT-INTO"),
        on=("border-1",),
        about=("neighbor 203.0.113.1 route-map",),
    )
    yield one(
        "route-map of advertise renamed",
        frr("WORLD-TO-FABRIC", "WORLD-TO-US"),
        on=("border-1",),
        about=("advertise ipv4",),
    )
    yield one(
        "route-map entry changed",
        frr("set local-preference 0", "set local-preference 1"),
        on=("border-1",),
        about=("set local-preference",),
    )
    more = "route-map TRANSIT-IN permit 105\n match as-path LONG-PATHS\nexit\n!\n"
    yield one(
        "route-map entry added",
        frr("^route-map TRANSIT-IN permit 110$", f"{more}route-map TRANSIT-IN permit 110"),
        on=("border-1",),
        about=("route-map TRANSIT-IN permit 105",),
    )
    yield one(
        "as-path list changed", frr(r"\{50\}", "{51}"), on=("border-1",), about=("bgp as-path access-list",)
    )
    yield one(
        "maximum-prefix of a server",
        frr("swp12 maximum-prefix 8 50", "swp12 maximum-prefix 9 50"),
        about=("neighbor swp12 maximum-prefix",),
    )
    yield one(
        "maximum-prefix of an upstream",
        frr("maximum-prefix 1000 80", "maximum-prefix 1200 80"),
        on=("border-1",),
        about=("neighbor 203.0.113.1 maximum-prefix",),
    )
    yield one(
        "network",
        frr("^  network 198.51.100.0/24$", "  network 198.51.100.0/24\n  network 192.0.2.0/24"),
        on=("border-1",),
        about=("network",),
    )


def sessions() -> Iterator[Kind]:
    yield one(
        "router-id of the fabric",
        frr("^ bgp router-id 10.255.4.1$", " bgp router-id 10.255.99.1"),
        about=("bgp router-id",),
    )
    yield one(
        "router-id of a VRF",
        frr("^ bgp router-id 218.37.4.1$", " bgp router-id 218.37.99.1"),
        about=("bgp router-id",),
    )
    yield one(
        "router-id of a spine",
        frr(r"^ bgp router-id (\S+)$", " bgp router-id 10.255.99.9"),
        on=("spine-1",),
        about=("bgp router-id",),
    )
    yield one("peer-group renamed", frr("FABRIC", "SPINES"), about=("neighbor FABRIC peer-group",))
    yield one(
        "peer-group of a spine renamed",
        frr("FABRIC", "LEAVES"),
        on=("spine-1",),
        about=("neighbor FABRIC peer-group",),
    )
    yield one(
        "password",
        frr("password secret:bgp-north@1", "password secret:bgp-south@1"),
        on=("border-1",),
        about=("neighbor 203.0.113.1 password",),
    )
    yield one(
        "graceful-shutdown of a wave",
        frr(r"^( neighbor (\S+) password \S+)$", r"\1\n neighbor \2 graceful-shutdown"),
        on=("border-1",),
        about=("neighbor 203.0.113.1 graceful-shutdown",),
    )
    yield one(
        "graceful-shutdown of a link",
        frr(r"^( neighbor swp1 description \S+)$", r"\1\n neighbor swp1 graceful-shutdown"),
        about=("neighbor swp1 graceful-shutdown",),
    )
    yield one(
        "ttl-security",
        frr("^ neighbor (203.0.113.1) ttl-security hops 1\n", ""),
        on=("border-1",),
        about=("neighbor 203.0.113.1 ttl-security",),
    )
    yield one(
        "bfd off and on", frr("^ neighbor FABRIC bfd( profile fabric)?\n", ""), about=("neighbor FABRIC bfd",)
    )
    described = r"^( neighbor swp12 bfd profile fabric)$"
    new = r"\1\n neighbor swp20 interface remote-as 4201019999\n neighbor swp20 description bench"
    yield one("neighbor of a VRF", frr(described, new), about=("neighbor swp20 interface remote-as",))
    spine = r"^( neighbor swp2 description \S+)$"
    lines = ("interface peer-group FABRIC", "remote-as 4201019001", "description bench")
    yield one(
        "neighbor of the fabric",
        frr(spine, "\n".join([r"\1", *(f" neighbor swp3 {x}" for x in lines)])),
        about=("neighbor swp3 interface peer-group",),
    )
    yield one(
        "neighbor removed and added",
        frr("^ neighbor swp1 .*\n", ""),
        about=("neighbor swp1 interface peer-group", "neighbor swp1 remote-as"),
    )


def tenants() -> Iterator[Kind]:
    conf = """vrf bench
 ip route 0.0.0.0/0 reject 254
 ipv6 route ::/0 reject 254
 vni 59999
exit-vrf
!
vrf fisc-prod"""
    instance = r"""router bgp 4201010001 vrf bench
 bgp router-id 218.37.4.77
 bgp ebgp-requires-policy
 no bgp default ipv4-unicast
 bgp bestpath as-path multipath-relax
 !
 address-family ipv4 unicast
  redistribute connected
 exit-address-family
 !
 address-family l2vpn evpn
  advertise ipv4 unicast
  rd 10.255.4.1:777
  route-target import 65000:59999
  route-target export 65000:59999
 exit-address-family
exit
!
bfd
 profile"""
    stanzas = r"""
auto vni59999
iface vni59999
    vxlan-id 59999
    vxlan-learning no
    bridge-access 3999
    bridge-learning off
    bridge-arp-nd-suppress on
    mtu 9000

auto vlan3999
iface vlan3999
    vlan-id 3999
    vlan-raw-device bridge
    hwaddress 02:00:0a:ff:04:01
    vrf bench
    mtu 9000
"""
    yield one(
        "VRF and VNI",
        frr("^vrf fisc-prod$", conf),
        frr("^bfd\n profile", instance),
        interfaces("^auto fisc-prod$", "auto bench\niface bench\n    vrf-table 4999\n\nauto fisc-prod"),
        interfaces(r"^    bridge-ports \\$", r"    bridge-ports \\\n        vni59999 \\"),
        interfaces(r"^    bridge-vids \\$", r"    bridge-vids \\\n        3999 \\"),
        interfaces(r"\Z", stanzas),
        about=("vrf bench", "auto vni59999", "iface vni59999"),
    )


def ports() -> Iterator[Kind]:
    yield one(
        "interface description", interfaces("alias spine-1/swp1$", "alias spine-1/other"), about=("alias",)
    )
    yield one(
        "mtu of a gateway", interfaces(r"(    vrf fisc-prod\n    mtu) 9000", r"\1 8900"), about=("mtu",)
    )
    yield one(
        "address of a gateway",
        interfaces("^(    address 172.16.1.1/24)$", r"\1\n    address 172.16.99.1/24"),
        about=("address",),
    )
    yield one(
        "address of a fabric port",
        interfaces(r"^(    alias spine-1/swp1)$", r"\1\n    address 10.253.0.1/31"),
        about=("address",),
    )
    yield one(
        "vlan of a port",
        interfaces(r"^(    alias srv-1/eth1\n    bridge-access) 104", r"\1 3998"),
        about=("bridge-access",),
    )


def restarts() -> Iterator[Kind]:
    asn = {
        "leaf-1": (frr("4201010001", "4201010099"),),
        "spine-1": (frr("remote-as 4201010001", "remote-as 4201010099"),),
        "spine-2": (frr("remote-as 4201010001", "remote-as 4201010099"),),
    }
    yield Kind("asn of a leaf", (Step("there", asn),), about=("router bgp 4201010001",))
    yield one(
        "frr defaults", frr("^frr defaults datacenter$", "frr defaults traditional"), about=("frr defaults",)
    )
    yield one("daemon added", (DAEMONS, "^bfdd=yes$", "bfdd=yes\nvrrpd=yes"), about=("vrrpd=yes",))
    log = frr("^log syslog informational$", "log syslog warnings")
    for name in ("leaf-1", "spine-1", "border-1"):
        for way in ("restart", "drain"):
            step = Step("there", {name: (log,)}, way=way)
            yield Kind(f"{way} of {name}", (step,), back_measured=False)
