"""Changes for `scripts/bench impact`, each of one line of `impact.yaml`, and the lines that have none.

Where it can be, the line is one that probed traffic needs: of leaf-1, which alone serves the first server and
with leaf-2 the second, or of border-1. Some take that traffic away for as long as the line is gone; there the
way back is the figure. A session with a server or an upstream may stay down only where lines about it change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bench_parts.kinds import Kind, Texts, frr, interfaces, kinds, one
from igoudar.impact import Change, changes
from igoudar.impact_rules import Rules

BENCH = {"bench", "lines", "spared"}  # the sources, in impact.yaml, of rules that were measured here
UNMEASURED = "unmeasured"  # `--only` this: kinds about a rule of another source

# A line whose rule no kind measures -> why.
LEFT_OUT = {
    "service integrated-vtysh-config": "vtysh alone reads it, no daemon; it stands in every text",
    "no bgp default ipv4-unicast": "FRR prints `activate` only beside it: it goes with its instance",
    "bridge-ports": "the head of a list: it goes with its last member, and members are measured",
    "vrf-table 3889": "restart: measured by the rows of restarts",
    "vtysh_enable=yes": "restart: the start script alone reads it; measured by the rows of restarts",
    'mgmtd_options="  -A 127.0.0.1"': "restart: read when a daemon starts; measured by the rows of restarts",
}
VRF = "router bgp 4201010001 vrf fisc-prod"
BORDER = ("border-1",)


def every() -> list[Kind]:
    return [*kinds(), *_of_vrfs(), *_of_neighbours(), *_of_families(), *_of_ports(), *_of_tunnels()]


def about(kind: Kind, texts: Mapping[str, Texts], rules: Rules) -> dict[str, list[Change]]:
    """What changes of the lines that a kind is about, by the beginning that it names."""
    found: dict[str, list[Change]] = {word: [] for word in kind.about}
    before: Mapping[str, Texts] = texts
    for step in kind.steps:
        after = step.applied(before)
        for change in (c for name in step.edits for c in changes(before[name], after[name], rules)):
            for word in kind.about:
                if change.text.startswith(word):
                    found[word].append(change)
        before = after
    return found


def chosen(only: str, texts: Mapping[str, Texts], rules: Rules) -> list[Kind]:
    """Kinds whose name holds one of the words of `only`, which commas separate; without any, all."""
    words = only.split(",")
    return [
        kind
        for kind in every()
        if any(word in kind.name for word in words)
        or (UNMEASURED in words and is_unmeasured(kind, texts, rules))
    ]


def is_unmeasured(kind: Kind, texts: Mapping[str, Texts], rules: Rules) -> bool:
    told = (change.rule for found in about(kind, texts, rules).values() for change in found)
    return any(rule is not None and rule.source not in BENCH for rule in told)


def _of_vrfs() -> Iterator[Kind]:
    yield one(
        "line: reject route of a VRF",
        frr(r"^(vrf fisc-prod\n) ip route 0.0.0.0/0 reject 254\n", r"\1"),
        about=("ip route",),
    )
    yield one(
        "line: blackhole of an aggregate",
        frr("^ ip route 198.51.100.0/24 blackhole\n", ""),
        on=BORDER,
        about=("ip route",),
    )
    vni = frr("^ vni 54016\n", "")
    yield one("line: vni of a VRF", vni, about=("vni",))
    whole = frr(rf"^{VRF}\n(?:.*\n)*?exit\n!\n", "")
    yield one("line: instance of a VRF", vni, whole, about=(VRF,))
    yield one(
        "line: ebgp-requires-policy", frr("^ bgp ebgp-requires-policy\n", ""), about=("bgp ebgp-requires",)
    )
    yield one(
        "line: multipath-relax",
        frr("^ bgp bestpath as-path multipath-relax\n", ""),
        about=("bgp bestpath",),
    )


def _of_neighbours() -> Iterator[Kind]:
    yield one(
        "line: remote-as of a server",
        frr("swp12 interface remote-as 4201019999", "swp12 interface remote-as 4201019998"),
        about=("neighbor swp12 interface remote-as",),
    )
    yield one(
        "line: bfd of a server",
        frr("^ neighbor swp12 bfd( profile fabric)?\n", ""),
        about=("neighbor swp12 bfd",),
    )
    yield one(
        "line: bfd profile renamed",
        frr("profile fabric$", "profile fabric-2"),
        about=("profile", "neighbor FABRIC bfd profile"),
    )
    yield one(
        "frr without bfd",
        frr(r"^bfd\n(?:.*\n)*?exit\n!\n", ""),
        frr(r"^ neighbor \S+ bfd profile fabric\n", ""),
        about=("bfd",),
    )
    yield one(
        "line: local-role of an upstream",
        frr("^ neighbor 203.0.113.1 local-role customer strict-mode\n", ""),
        on=BORDER,
        about=("neighbor 203.0.113.1 local-role",),
    )
    yield one(
        "line: timers of an upstream",
        frr("neighbor 203.0.113.1 timers 10 30", "neighbor 203.0.113.1 timers 11 33"),
        on=BORDER,
        about=("neighbor 203.0.113.1 timers",),
    )
    draining = "bgp community-list standard DRAINING"
    yield one(
        "line: community-list",
        frr(f"^({draining} .*)$", rf"\1\n{draining} seq 10 permit 64500:1"),
        on=BORDER,
        about=(draining,),
    )


def _family(name: str) -> str:
    """A pattern: a family of the VRF on leaf-1 up to the line that is meant."""
    return rf"^({VRF}\n(?:[ ].*\n)*? address-family {name}\n(?:  .*\n)*?)"


def _of_families() -> Iterator[Kind]:
    fabric = r"^( address-family ipv6 unicast\n  network 2001:db8:ff::401/128\n)(?:  neighbor FABRIC .*\n)+"
    whole = r"^ address-family ipv6 unicast\n  network 2001:db8:ff::401/128\n(?:  .*\n)+ exit.*\n !\n"
    yield one("line: ipv6 of the fabric", frr(whole, ""), about=("address-family ipv6",))
    evpn = r"(?: !\n)? address-family l2vpn evpn\n(?:  .*\n)+ exit-address-family\n"
    yield one(
        "line: evpn of a VRF",
        frr(rf"^({VRF}\n(?:[ ].*\n)*?){evpn}", r"\1"),
        about=("address-family l2vpn evpn",),
    )
    yield one("line: network of a loopback", frr("^  network 10.255.4.1/32\n", ""), about=("network",))
    yield one("line: redistribute", frr("^  redistribute connected\n", ""), about=("redistribute",))
    yield one("line: activate of the fabric", frr(fabric, r"\1"), about=("neighbor FABRIC activate",))
    server = _family("ipv6 unicast") + "(?:  neighbor swp12 .*\n)+"
    yield one("line: activate of a server", frr(server, r"\1"), about=("neighbor swp12 activate",))
    yield one(
        "line: default-originate",
        frr("^  neighbor swp12 default-originate\n", ""),
        about=("neighbor swp12 default-originate",),
    )
    subnet = r"  vni 18421\n(?:   .*\n)+  exit-vni\n"  # FRR takes none without the line above
    yield one(
        "line: advertise-all-vni", frr(rf"^  advertise-all-vni\n{subnet}", ""), about=("advertise-all-vni",)
    )
    yield one("line: advertise unicast", frr(r"^  advertise ipv4 unicast\n", ""), about=("advertise ipv4",))
    yield one("line: vni of a subnet", frr(f"^{subnet}", ""), about=("vni",))


def _of_ports() -> Iterator[Kind]:
    yield one(
        "line: port of a server removed",
        interfaces(r"^auto swp11\n(?:.+\n)+\n", ""),
        interfaces(r"^        swp11 \\\n", ""),
        about=("auto swp11", "iface swp11", "swp11"),
    )
    yield one(
        "line: link-down of a server",
        interfaces("^(    alias srv-1/eth1)$", r"\1\n    link-down yes"),
        about=("link-down",),
    )
    yield one(
        "line: link-down of a fabric port",
        frr("^ neighbor swp1 .*\n", ""),
        interfaces("^(    alias spine-1/swp1)$", r"\1\n    link-down yes"),
        about=("link-down",),
    )
    gateway = r"^(iface vlan104\n(?:    .*\n)*?    )"
    yield one(
        "line: vrf of a gateway", interfaces(f"{gateway}vrf fisc-prod", r"\1vrf sante-prod"), about=("vrf",)
    )
    yield one(
        "line: hwaddress of a gateway",
        interfaces(f"{gateway}hwaddress .*", r"\1hwaddress 02:00:5e:00:01:99"),
        about=("hwaddress",),
    )
    yield one(
        "line: address of a gateway removed",
        interfaces("^    address 172.16.1.1/24\n", ""),
        about=("address",),
    )
    yield one("line: vlan-id of a gateway", interfaces("vlan-id 104$", "vlan-id 105"), about=("vlan-id",))


def _of_tunnels() -> Iterator[Kind]:
    yield one(
        "line: vxlan-local-tunnelip",
        frr("^  network 10.255.4.1/32$", "  network 10.255.4.1/32\n  network 10.255.4.99/32"),
        interfaces("^    address 10.255.4.1/32$", "    address 10.255.4.1/32\n    address 10.255.4.99/32"),
        interfaces("vxlan-local-tunnelip 10.255.4.1$", "vxlan-local-tunnelip 10.255.4.99"),
        about=("vxlan-local-tunnelip",),
    )
    yield one(
        "line: hwaddress of a switch",
        interfaces("02:00:0a:ff:04:01", "02:00:0a:ff:04:99"),
        about=("hwaddress",),
    )
    yield one("line: bridge-stp", interfaces("^    bridge-stp off\n", ""), about=("bridge-stp",))
    tunnel = r"^(iface vni18421\n(?:    .*\n)*?)    "
    for line in ("vxlan-learning no", "bridge-learning off", "bridge-arp-nd-suppress on"):
        yield one(f"line: {line.split()[0]}", interfaces(f"{tunnel}{line}\n", r"\1"), about=(line,))
    yield one(
        "line: vxlan-id", interfaces(f"{tunnel}vxlan-id 18421", r"\1    vxlan-id 18499"), about=("vxlan-id",)
    )
