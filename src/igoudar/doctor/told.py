"""From what commands printed on a host to observations of its ports. Pure.

neighbours   lldpcli: who is heard                 chassis      lldpcli: who it is itself
links        ip: its ports, addresses and states   addresses    bridge: what it learnt
module PORT  ethtool: the optics in a port         serial       of the box
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

from igoudar.doctor.plan import End, Observation

# The first that can be read counts, as for the agent and for roles.
SERIAL_FILES = ("/etc/igoudar/serial", "/sys/class/dmi/id/product_serial")
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "neighbours": ("lldpcli", "-f", "json0", "show", "neighbors"),
    "chassis": ("lldpcli", "-f", "json0", "show", "chassis"),
    "links": ("ip", "-details", "-json", "link", "show"),
    "addresses": ("bridge", "-json", "fdb", "show"),
    "serial": ("sh", "-c", " || ".join(f"cat {name} 2>/dev/null" for name in SERIAL_FILES)),
}
# `Receiver signal average optical power : 0.5010 mW / -3.00 dBm`, a line a lane in modules of several
RECEIVED = re.compile(r"^\s*(?:Receiver signal average|Rcvr signal avg) optical power.*/ *(\S+) dBm", re.M)
DOWN = frozenset({"DOWN", "LOWERLAYERDOWN"})


@dataclass(frozen=True, slots=True)
class Link:
    """A port by the kernel: its own address, whether it is switched on, and its operational state."""

    mac: str
    on: bool
    state: str


@dataclass(frozen=True, slots=True)
class Told:
    """What one host said. `identities`: its chassis, and the addresses of its ports; `speaks`: LLDP runs.

    `serial`: empty where the box does not tell.
    """

    speaks: bool
    identities: frozenset[str]
    macs: Mapping[str, str] = field(default_factory=dict)
    ends: Mapping[End, Observation] = field(default_factory=dict)
    serial: str = ""


def commands_for(ports: Iterable[str], modules: bool) -> dict[str, tuple[str, ...]]:
    """`modules`: ask for optics as well, a command a port."""
    asked = {f"module {port}": ("ethtool", "-m", port) for port in ports} if modules else {}
    return {**COMMANDS, **asked}


def told(host: str, ports: Iterable[str], outputs: Mapping[str, Mapping[str, Any]], carriers: bool) -> Told:
    """`outputs`: name of a command -> {"rc", "out"}. `carriers`: the state of a link is worth something."""
    links = dict(_links(_document(outputs, "links")))
    neighbours = _document(outputs, "neighbours")
    heard = _neighbours(neighbours)
    learnt = dict(_learnt(_document(outputs, "addresses")))
    chassis = {i for part in _found(_document(outputs, "chassis"), "chassis") for i in _ids(part)}
    ends = {}
    for port in ports:
        link = links.get(port)
        if link is None or not link.on:
            continue  # nobody can hear anything there
        around = heard.get(port, ())
        module, power = _module(outputs.get(f"module {port}"))
        ends[End(host, port)] = Observation(
            *(around[0] if around else ("", "")),
            mac="" if around else learnt.get(port, ""),
            silent=neighbours is not None and not around,
            link=_state(link) if carriers else None,
            module=module,
            rx_dbm=power,
            others=around[1:],
        )
    own = {link.mac for link in links.values() if link.mac}
    mine = set(ports)
    macs = {link.mac: port for port, link in links.items() if port in mine}
    return Told(neighbours is not None, frozenset(chassis | own), macs, ends, _serial(outputs.get("serial")))


def _serial(output: Mapping[str, Any] | None) -> str:
    return str(output["out"]).strip() if output is not None and int(output["rc"]) == 0 else ""


def _document(outputs: Mapping[str, Mapping[str, Any]], name: str) -> Any:
    """None where the command is not there, failed, or did not print JSON."""
    output = outputs.get(name)
    if output is None or int(output["rc"]) != 0:
        return None
    try:
        return json.loads(output["out"])
    except ValueError:
        return None


def _found(document: Any, name: str) -> Iterator[Any]:
    """Everything called `name`, at any depth; lldpcli wraps lists around everything."""
    if isinstance(document, list):
        for part in document:
            yield from _found(part, name)
    elif isinstance(document, dict):
        for key, part in document.items():
            if key == name:
                yield from part if isinstance(part, list) else (part,)
            else:
                yield from _found(part, name)


def _ids(part: Any) -> Iterator[str]:
    for entry in part.get("id", ()) if isinstance(part, dict) else ():
        if value := str(entry.get("value", "")):
            yield value.lower() if entry.get("type") == "mac" else value


def _neighbours(document: Any) -> dict[str, tuple[tuple[str, str], ...]]:
    """Port -> (chassis, port) of each neighbour on it."""
    found: dict[str, dict[tuple[str, str], None]] = {}
    for port in _found(document, "interface"):
        chassis = next((i for part in port.get("chassis", ()) for i in _ids(part)), "")
        far = next((i for part in port.get("port", ()) for i in _ids(part)), "")
        if chassis:
            found.setdefault(str(port["name"]), {})[chassis, far] = None
    return {name: tuple(sorted(around)) for name, around in found.items()}


def _links(document: Any) -> Iterator[tuple[str, Link]]:
    for link in document or ():
        mac = str(link.get("permaddr") or link.get("address", "")).lower()
        own = link.get("link_type") == "ether" and "info_kind" not in link.get("linkinfo", {})
        state = str(link.get("operstate", ""))
        yield str(link["ifname"]), Link(mac if own else "", "UP" in link.get("flags", ()), state)


def _state(link: Link) -> bool | None:
    if link.state in DOWN:
        return False
    return True if link.state == "UP" else None


def _learnt(document: Any) -> Iterator[tuple[str, str]]:
    """Port -> the address learnt there, if it is one; behind several stands another bridge."""
    found: dict[str, set[str]] = {}
    for entry in document or ():
        if not entry.get("state") and not {"self", "extern_learn"} & set(entry.get("flags", ())):
            found.setdefault(str(entry.get("ifname")), set()).add(str(entry.get("mac", "")).lower())
    for port, macs in found.items():
        if len(macs) == 1:
            yield port, macs.pop()


def _module(output: Mapping[str, Any] | None) -> tuple[bool | None, float | None]:
    """In its cage or not known, and the weakest lane's received power; a dark lane makes the end dark.

    A command that failed says nothing: an empty cage and a port without a cage answer alike.
    """
    if output is None or int(output["rc"]) != 0:
        return None, None
    lanes = [_dbm(power) for power in RECEIVED.findall(str(output["out"]))]
    return True, min(lanes) if lanes else None


def _dbm(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return -inf
