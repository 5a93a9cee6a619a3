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
    ("metrics", address)              -> hosts that the Prometheus at an address of its host's own finds up
    ("logs", host)                    -> {"heard"} where the word of this look is in a host's file of a day
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from igoudar.verify.checks import HEARD, Facts

Key = tuple[str, ...]
Pairs = Iterator[tuple[Key, str]]
ROUTE_TARGET = re.compile(r"RT:([0-9.]+:[0-9]+)")
DISTINGUISHER = re.compile(r"([0-9.]+):[0-9]+")
UNREACHABLE = "unreachable"
NO_SUCH_NAME = 2  # status of getent
METRICS_PORT = 9090  # Prometheus's own
# Of the ends of files in which something was written lately, the lines with the word, each after its file.
KEPT, LATELY_MIN, END_BYTES = "/var/log/igoudar", 10, 65536
FIND = "find {kept} -name '????-??-??.log' -mmin -{minutes} -exec tail -v -c {end} {{}} +"
HEARD_OF = FIND + " | grep -e '^==> ' -e {word}"
NO_LINE = 1  # status of grep
FRR = "frr|"  # one vtysh for many questions: starting it costs ten times what it answers


def facts_of(outputs: Mapping[str, Mapping[str, Any]], keys: Iterable[Key]) -> Facts:
    """Those of `keys` that were told; `outputs`: name of a command -> {"rc", "out"}, by `on_host.look`."""
    found: dict[Key, set[str]] = {}
    answered: set[str] = set()
    for name, output in outputs.items():
        for part, told in _parts(name, int(output["rc"]), str(output["out"])):
            if told is None:
                continue
            answered.add(part)
            for key, value in PARSERS[part.partition(" ")[0]](told, part):
                found.setdefault(key, set()).add(value)
    return {key: frozenset(found.get(key, ())) for key in keys if teller(key) in answered}


def _parts(name: str, status: int, text: str) -> Iterator[tuple[str, Any]]:
    """Questions with their answers: JSON as a document, all else as text; None where there is no answer.

    The status of `vtysh` is that of its last question, so there each document speaks for itself.
    """
    if name.startswith(FRR):
        for question, document in zip(name.removeprefix(FRR).split("|"), _documents(text), strict=False):
            refused = isinstance(document, dict) and "warning" in document
            yield question, None if refused else document
    elif name == "lldp":
        yield name, next(_documents(text), None) if status == 0 else None
    else:
        yield name, text if _whole(name, status, text) else None


def _whole(name: str, status: int, text: str) -> bool:
    """Whether a command did its work; `ifquery` ends with 1 where it found a fault."""
    if name == "interfaces":
        return "iface " in text and (status == 0 or (status == 1 and "[fail]" in text))
    if name == "time":
        return status == 0 and text.count(",") > 2
    if name.startswith("metrics "):
        return status == 0
    if name == "logs":
        return status in (0, NO_LINE)
    return status in (0, NO_SUCH_NAME)


def _documents(text: str) -> Iterator[Any]:
    """JSON documents one after another; a line in between, such as that a daemon is down, is None."""
    decoder, at = json.JSONDecoder(), 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        if at >= len(text):
            return
        try:
            document, at = decoder.raw_decode(text, at)
        except ValueError:
            document, at = None, text.find("\n", at) + 1 or len(text)
        yield document


def lldp(told: Any, _: str) -> Pairs:
    """`lldpcli -f json0 show neighbors`: json0 has lists throughout, whatever their length."""
    for group in told.get("lldp", ()):
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


def bgp(told: Any, _: str) -> Pairs:
    """`show bgp vrf all summary json`."""
    for vrf, families in told.items():
        for family, summary in families.items() if isinstance(families, dict) else ():
            for peer, session in summary.get("peers", {}).items() if isinstance(summary, dict) else ():
                yield ("bgp", vrf, peer, family), str(session.get("state"))


def announced(told: Any, name: str) -> Pairs:
    """`show bgp vrf VRF ... neighbors PEER advertised-routes json`; called `announced VRF PEER`."""
    for prefix in told.get("advertisedRoutes", ()):
        yield ("announced", *name.split()[1:]), prefix


def bfd(told: Any, _: str) -> Pairs:
    """`show bfd peers json`."""
    for peer in told or ():
        yield ("bfd", peer.get("vrf", "default"), peer.get("interface", "")), str(peer.get("status"))


def evpn(told: Any, _: str) -> Pairs:
    """`show evpn vni detail json`: a list of VNIs; those of type L3 have no tunnel ends of their own."""
    for vni in told or ():
        for remote in vni.get("remoteVteps", ()) or ():
            yield ("vtep", str(vni["vni"])), str(remote["ip"] if isinstance(remote, dict) else remote)


def targets(told: Any, _: str) -> Pairs:
    """`show bgp l2vpn evpn json`: route distinguisher -> route -> paths."""
    for rd, routes in told.items():
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


def routes(told: Any, _: str) -> Pairs:
    """`show ip route vrf all json` and its like for IPv6: only what is in use."""
    for vrf, table in told.items():
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


def metrics(text: str, name: str) -> Pairs:
    """Prometheus's `/api/v1/targets`; the command is called `metrics ADDRESS`."""
    told = next(_documents(text), None)
    for target in told["data"]["activeTargets"] if told else ():
        if target["health"] == "up":
            yield ("metrics", name.partition(" ")[2]), target["labels"]["instance"]


def logs(text: str, _: str) -> Pairs:
    """`tail -v` of FOLDER/HOST/DAY.log: `==> PATH <==`, then the lines that were looked for."""
    host = ""
    for line in text.splitlines():
        if line.startswith("==> "):
            host = line.split("/")[-2]
        else:
            yield ("logs", host), HEARD


PARSERS: Mapping[str, Callable[[Any, str], Pairs]] = {
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
    "metrics": metrics,
    "logs": logs,
}

COMMANDS: Mapping[str, tuple[str, ...]] = {
    "lldp": ("lldpcli", "-f", "json0", "show", "neighbors"),
    "interfaces": ("ifquery", "-a", "--check"),
    "time": ("chronyc", "-c", "-n", "tracking"),
}
ASKED: Mapping[str, str] = {
    "bgp": "show bgp vrf all summary json",
    "bfd": "show bfd peers json",
    "evpn": "show evpn vni detail json",
    "targets": "show bgp l2vpn evpn json",
    "routes4": "show ip route vrf all json",
    "routes6": "show ipv6 route vrf all json",
}
# The first word of a fact's key -> what tells it, where it is called otherwise.
TOLD_BY: Mapping[str, str] = {"vtep": "evpn", "rt": "targets", "rts": "targets"}


def teller(key: Key) -> str:
    """What tells a fact: a command, or a question of FRR."""
    match key:
        case ("name" | "announced" | "metrics", *_):
            return " ".join(key)
        case ("route", _, prefix):
            return "routes6" if ":" in prefix else "routes4"
        case (kind, *_):
            return TOLD_BY.get(kind, kind)
    raise ValueError("a fact without a name")


def commands_for(keys: Iterable[Key], word: str = "") -> dict[str, tuple[str, ...]]:
    """Name -> argument list of every command that these facts need. `word`: what hosts said to their logs."""
    needed: dict[str, tuple[str, ...]] = {}
    asked: dict[str, str] = {}
    for key in keys:
        name = teller(key)
        match key:
            case ("name", host):
                needed[name] = ("getent", "ahostsv4", host)
            case ("metrics", address):
                url = f"http://{address}:{METRICS_PORT}/api/v1/targets?state=active"
                needed[name] = ("curl", "-fsS", "-m", "10", url)
            case ("logs", _):
                line = HEARD_OF.format(kept=KEPT, minutes=LATELY_MIN, end=END_BYTES, word=word)
                needed[name] = ("sh", "-c", line)
            case ("announced", vrf, peer):
                family = "ipv6" if ":" in peer else "ipv4"
                asked[name] = f"show bgp vrf {vrf} {family} unicast neighbors {peer} advertised-routes json"
            case _ if name in COMMANDS:
                needed[name] = COMMANDS[name]
            case _:
                asked[name] = ASKED[name]
    if asked:
        needed[FRR + "|".join(asked)] = ("vtysh", *(word for line in asked.values() for word in ("-c", line)))
    return needed
