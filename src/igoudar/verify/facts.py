"""From what commands printed to flat facts. Pure; every parser takes the text of one command.

Keys of facts:

    ("lldp", port)                    -> {"device/port"}
    ("interfaces",)                   -> {"swp1: mtu 9216", ...}, what `ifquery -a --check` found wrong
    ("bgp", vrf, peer, family)        -> {state}
    ("announced", vrf, peer)          -> prefixes that are sent to an address
    ("bfd", vrf, interface)           -> {status}
    ("vtep", vni)                     -> remote tunnel ends of an L2VNI
    ("rt", route target)              -> loopbacks of those whose routes carry it (the RD says it)
    ("rts",)                          -> every route target seen
    ("route", vrf, prefix)            -> next hops: a tunnel end's address, else the interface
    ("time",)                         -> {"synchronised", address of the source}
    ("name", asked)                   -> addresses by the system's own resolver
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from igoudar.verify.checks import Facts

Pairs = Iterator[tuple[tuple[str, ...], str]]
ROUTE_TARGET = re.compile(r"RT:([0-9.]+:[0-9]+)")
DISTINGUISHER = re.compile(r"([0-9.]+):[0-9]+")
UNREACHABLE = "unreachable"


def facts_of(outputs: Mapping[str, Mapping[str, Any]]) -> Facts:
    """`outputs`: name of a command -> {"rc", "out"}, as `on_host.look` gives them."""
    found: dict[tuple[str, ...], set[str]] = {}
    for name, output in outputs.items():
        parse = PARSERS[name.partition(" ")[0]]
        for key, value in parse(str(output["out"]), name):
            found.setdefault(key, set()).add(value)
    return {key: frozenset(values) for key, values in found.items()}


def _json(text: str) -> Any:
    """The document, or an empty one where the daemon printed an error or nothing."""
    try:
        return json.loads(text)
    except ValueError:
        return {}


def lldp(text: str, _: str) -> Pairs:
    """`lldpcli -f json0 show neighbors`: json0 has lists throughout, whatever their length."""
    for group in _json(text).get("lldp", ()):
        for port in group.get("interface", ()):
            for chassis in port.get("chassis", ()):
                name = _value(chassis.get("name"))
                far = _value((port.get("port") or [{}])[0].get("id"))
                yield ("lldp", port["name"]), f"{name.partition('.')[0]}/{far}"


def _value(entries: Any) -> str:
    return str(entries[0].get("value", "")) if entries else ""


def interfaces(text: str, _: str) -> Pairs:
    """`ifquery -a --check`: a word a line, marked `[pass]` or `[fail]`."""
    current = ""
    for line in text.splitlines():
        words = line.split()
        if len(words) > 1 and words[0] == "iface":
            current = words[1]
        if line.rstrip().endswith("[fail]"):
            yield ("interfaces",), f"{current}: {' '.join(words[:-1])}"


def bgp(text: str, _: str) -> Pairs:
    """`show bgp vrf all summary json`."""
    for vrf, families in _json(text).items():
        for family, summary in families.items() if isinstance(families, dict) else ():
            for peer, session in summary.get("peers", {}).items() if isinstance(summary, dict) else ():
                yield ("bgp", vrf, peer, family), str(session.get("state"))


def announced(text: str, name: str) -> Pairs:
    """`show bgp vrf VRF ... neighbors PEER advertised-routes json`; called `announced VRF PEER`."""
    for prefix in _json(text).get("advertisedRoutes", ()):
        yield ("announced", *name.split()[1:]), prefix


def bfd(text: str, _: str) -> Pairs:
    """`show bfd peers json`."""
    for peer in _json(text) or ():
        yield ("bfd", peer.get("vrf", "default"), peer.get("interface", "")), str(peer.get("status"))


def evpn(text: str, _: str) -> Pairs:
    """`show evpn vni detail json`: a list of VNIs; those of type L3 have no tunnel ends of their own."""
    for vni in _json(text) or ():
        for remote in vni.get("remoteVteps", ()) or ():
            yield ("vtep", str(vni["vni"])), str(remote["ip"] if isinstance(remote, dict) else remote)


def targets(text: str, _: str) -> Pairs:
    """`show bgp l2vpn evpn json`: route distinguisher -> route -> paths."""
    for rd, routes in _json(text).items():
        owner = DISTINGUISHER.fullmatch(rd)
        for route in routes.values() if owner and isinstance(routes, dict) else ():
            for path in _paths(route):
                community = path.get("extendedCommunity", {}).get("string", "")
                for target in ROUTE_TARGET.findall(community):
                    yield ("rt", target), owner[1] if owner else ""
                    yield ("rts",), target


def _paths(route: Any) -> Iterator[dict[str, Any]]:
    """Paths stand in a list, in some versions in a list of lists."""
    for entry in route.get("paths", ()) if isinstance(route, dict) else ():
        yield from entry if isinstance(entry, list) else (entry,)


def routes(text: str, _: str) -> Pairs:
    """`show ip route vrf all json` and its like for IPv6: only what is in use."""
    for vrf, table in _json(text).items():
        for prefix, entries in table.items() if isinstance(table, dict) else ():
            for entry in entries if isinstance(entries, list) else ():
                if entry.get("selected"):
                    for hop in entry.get("nexthops", ()):
                        yield ("route", vrf, prefix), next_hop(hop)


def next_hop(hop: Mapping[str, Any]) -> str:
    """A tunnel end by its address (EVPN made it on-link), else the interface that leads there."""
    if hop.get("unreachable") or hop.get("reject") or hop.get("blackhole"):
        return UNREACHABLE
    address = str(hop.get("ip", "")).removeprefix("::ffff:")
    if hop.get("onLink") and "." in address:
        return address
    return str(hop.get("interfaceName") or address)


def time(text: str, _: str) -> Pairs:
    """`chronyc -c -n tracking`: reference id, address, stratum, ..., leap status last."""
    fields = text.strip().split(",")
    if len(fields) > 3:
        yield ("time",), fields[1]
        if fields[-1] == "Normal":
            yield ("time",), "synchronised"


def names(text: str, name: str) -> Pairs:
    """`getent ahostsv4 NAME`; the command is called `name NAME`."""
    for line in text.splitlines():
        yield ("name", name.partition(" ")[2]), line.split()[0]


PARSERS: Mapping[str, Callable[[str, str], Pairs]] = {
    "lldp": lldp,
    "interfaces": interfaces,
    "bgp": bgp,
    "bfd": bfd,
    "announced": announced,
    "evpn": evpn,
    "targets": targets,
    "routes4": routes,
    "routes6": routes,
    "time": time,
    "name": names,
}

_VTYSH = ("vtysh", "-c")
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "lldp": ("lldpcli", "-f", "json0", "show", "neighbors"),
    "interfaces": ("ifquery", "-a", "--check"),
    "bgp": (*_VTYSH, "show bgp vrf all summary json"),
    "bfd": (*_VTYSH, "show bfd peers json"),
    "evpn": (*_VTYSH, "show evpn vni detail json"),
    "targets": (*_VTYSH, "show bgp l2vpn evpn json"),
    "routes4": (*_VTYSH, "show ip route vrf all json"),
    "routes6": (*_VTYSH, "show ipv6 route vrf all json"),
    "time": ("chronyc", "-c", "-n", "tracking"),
}
# The first word of a fact's key -> the commands that tell it, where they are called otherwise.
TOLD_BY: Mapping[str, tuple[str, ...]] = {
    "vtep": ("evpn",),
    "rt": ("targets",),
    "rts": ("targets",),
    "route": ("routes4", "routes6"),
}


def commands_for(keys: Iterable[tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Name -> argument list of every command that these facts need."""
    needed: dict[str, tuple[str, ...]] = {}
    for key in keys:
        if key[0] == "name":
            needed[f"name {key[1]}"] = ("getent", "ahostsv4", key[1])
            continue
        if key[0] == "announced":
            family = "ipv6" if ":" in key[2] else "ipv4"
            asked = f"show bgp vrf {key[1]} {family} unicast neighbors {key[2]} advertised-routes json"
            needed[" ".join(key)] = (*_VTYSH, asked)
            continue
        for name in TOLD_BY.get(key[0], (key[0],)):
            needed[name] = COMMANDS[name]
    return needed
