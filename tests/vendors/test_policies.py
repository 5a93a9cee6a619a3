"""The policies of a border before another real router: two FRR in namespaces, the text as rendered.

What this kernel lacks is left out: TCP MD5 (the password lines), and VRF devices (a namespace is the VRF).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from igoudar import vendors
from igoudar.bogons import load_bogons
from igoudar.derive import derive
from igoudar.intent import DeviceIntent, Neighbor
from igoudar.render import render
from igoudar.validate.sandbox import run
from tests import factory, golden

pytestmark = pytest.mark.image

# prefix -> (AS path that the far side prepends, communities)
SAID: dict[str, tuple[str, str]] = {
    "9.9.1.0/24": ("", ""),
    "9.9.2.0/24": ("", "graceful-shutdown"),
    "9.9.3.0/25": ("", ""),
    "9.9.4.0/24": ("64499", ""),
    "9.9.5.0/24": ("4200000001", ""),
    "9.9.6.0/24": (" ".join(["3356"] * 50), ""),
    "9.9.7.0/24": (" ".join(["3356"] * 40), ""),
    "9.9.8.0/24": ("64500", ""),
    "10.1.0.0/16": ("", ""),
    "172.20.0.0/14": ("", ""),
    "198.51.100.0/24": ("", ""),
    "198.51.100.128/25": ("", ""),
    "2620:fe:1::/48": ("", ""),
    "2620:fe:2::/48": ("", "graceful-shutdown"),
    "2620:fe:3::/64": ("", ""),
    "2620:fe:4::/48": ("23456", ""),
    "fd00::/8": ("", ""),
    "2002::/16": ("", ""),
    "2001:db8:100::/48": ("", ""),
    "2001:db8:100:1::/64": ("", ""),
}
TAKEN = {"9.9.1.0/24", "9.9.2.0/24", "9.9.7.0/24", "2620:fe:1::/48", "2620:fe:2::/48"}
DEFAULTS = {"0.0.0.0/0", "::/0"}
OURS = {"198.51.100.0/24", "2001:db8:100::/48"}
WAIT = 40  # seconds for both sessions

SCRIPT = """
cd /run/judged
ip netns add world; ip netns add far
ip link add swp1 netns world type veth peer name eth1 netns far
for pair in world:swp1:ours far:eth1:theirs; do
  space=${pair%%:*}; rest=${pair#*:}; port=${rest%%:*}
  ip -n $space link set lo up; ip -n $space link set $port up
  for address in $(cat ${rest#*:}); do ip -n $space addr add $address dev $port nodad; done
done
for daemon in mgmtd "zebra -w" bgpd staticd bfdd; do eval /usr/lib/frr/$daemon -d || exit 3; done
mkdir -p /etc/frr/far /run/frr/far; cp /etc/frr/vtysh.conf /etc/frr/far/
for daemon in mgmtd zebra bgpd staticd; do ip netns exec far /usr/lib/frr/$daemon -N far -d || exit 4; done
for second in $(seq 20); do
  vtysh -c 'show interface vrf world brief' | grep -q '^swp1 ' && break
  sleep 1
done
vtysh -f text > load 2>&1
vtysh -N far -f other > far-load 2>&1
for second in $(seq @WAIT@); do
  for family in ipv4 ipv6; do
    vtysh -c "show bgp vrf world $family unicast json" > border-$family
    vtysh -N far -c "show bgp $family unicast json" > far-$family
  done
  grep -q '9.9.1.0/24' border-ipv4 && grep -q '2620:fe:1::/48' border-ipv6 &&
    grep -q '"path":"64500"' far-ipv4 && grep -q '"path":"64500"' far-ipv6 && break
  sleep 1
done
sleep 2
for family in ipv4 ipv6; do
  vtysh -c "show bgp vrf world $family unicast json" > border-$family
  vtysh -N far -c "show bgp $family unicast json" > far-$family
done
vtysh -c 'show bgp vrf world neighbors json' > neighbors
exit 0
"""


def far_config(sessions: list[Neighbor], ours: dict[str, str]) -> str:
    """A router that says everything of SAID, and nothing of what it heard."""
    head = [
        f"router bgp {sessions[0].remote_asn}",
        " no bgp ebgp-requires-policy",
        " no bgp network import-check",
    ]
    head.append(" no bgp default ipv4-unicast")
    body: list[str] = []
    for session in sessions:
        family = session.families[0].family
        peer = ours[session.key]
        role = {"customer": "provider", "peer": "peer"}[session.local_role]
        head += [f" neighbor {peer} remote-as 64500", f" neighbor {peer} local-role {role}"]
        head.append(f" neighbor {peer} ttl-security hops 1")
        body += [f" address-family {family} unicast", f"  neighbor {peer} activate"]
        body += [f"  neighbor {peer} default-originate", f"  neighbor {peer} route-map OUT out"]
        body += [f"  network {p}" for p in SAID if (":" in p) == (family == "ipv6")]
        body.append(" exit-address-family")
    return "\n".join([*head, *body, "exit", *_maps()]) + "\n"


def _maps() -> list[str]:
    lines = []
    for number, (prefix, (path, community)) in enumerate(SAID.items(), 1):
        word = "ipv6" if ":" in prefix else "ip"
        lines += [f"{word} prefix-list P{number} seq 5 permit {prefix}", f"route-map OUT permit {number}"]
        lines.append(f" match {word} address prefix-list P{number}")
        lines += [f" set as-path prepend {path}"] if path else []
        lines += [f" set community {community}"] if community else []
        lines.append("exit")
    return lines


def converse(border: DeviceIntent, image: Path) -> dict[str, Any]:
    """What each side holds in the end."""
    port = next(p for p in border.ports if p.use == "upstream")
    sessions = [n for v in border.vrfs for n in v.neighbors]
    ours = dict(zip(port.hosts, (a.split("/")[0] for a in port.addresses), strict=True))
    text = render(border, vendors.load(golden.ROOT / "templates")["frr"])["/etc/frr/frr.conf"]
    lines = [line for line in text.splitlines() if " password " not in line]
    # a more specific route of ours, which must not leave
    lines.insert(lines.index("  network 198.51.100.0/24"), "  network 198.51.100.64/26")
    lines.insert(lines.index(" ip route 198.51.100.0/24 blackhole"), " ip route 198.51.100.64/26 blackhole")
    files = {
        "text": "\n".join(lines) + "\n",
        "other": far_config(sessions, ours),
        "ours": " ".join(port.addresses),
        "theirs": " ".join(
            f"{theirs}/{a.split('/')[1]}" for theirs, a in zip(port.hosts, port.addresses, strict=True)
        ),
    }
    script = SCRIPT.replace("swp1", port.name).replace("@WAIT@", str(WAIT))
    found = run(image, border.name, script, files, seconds=180)
    names = ("border-ipv4", "border-ipv6", "far-ipv4", "far-ipv6", "neighbors")
    return {name: json.loads(found[name]) for name in names}


@pytest.mark.parametrize(("name", "extra"), [("border-1", DEFAULTS), ("border-2", set())])
def test_a_border_takes_and_says_what_it_should(name: str, extra: set[str], image: Path) -> None:
    """border-1 has a transit, which may send a default route, border-2 a peer, which may not."""
    derived = derive(factory.plan(factory.site()), load_bogons(golden.ROOT))
    found = converse(derived.intents[name], image)
    held = {**found["border-ipv4"]["routes"], **found["border-ipv6"]["routes"]}
    heard = {p for p, paths in held.items() if any(path["path"] for path in paths)}
    assert heard == TAKEN | extra
    last = {p for p in heard if held[p][0].get("locPrf") == 0}
    assert last == {p for p in TAKEN if SAID[p][1]}
    told = {**found["far-ipv4"]["routes"], **found["far-ipv6"]["routes"]}
    ours = {p: path["path"] for p, paths in told.items() for path in paths if path["path"]}
    assert ours == dict.fromkeys(OURS, "64500")
    for neighbor in found["neighbors"].values():
        if isinstance(neighbor, dict) and "bgpState" in neighbor:
            assert neighbor["bgpState"] == "Established"
