"""What a twin is made of: hosts, wires and the out-of-band network, as plain values that travel as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from netaddr import IPNetwork

OOB_PORT = "eth0"
LONGEST_NAME = 15  # bytes of a Linux interface name


@dataclass(frozen=True, slots=True)
class TwinPort:
    """A data port inside the host; `mtu` in bytes is given at boot and stays."""

    name: str
    mac: str
    mtu: int


@dataclass(frozen=True, slots=True)
class TwinHost:
    """One user-mode Linux. `oob` is address/length on eth0. `files`: absolute path -> text, at first boot.

    `management` hosts reach every out-of-band port, others reach management hosts only. `enable` are units
    started from the first boot on.
    """

    name: str
    memory_mb: int
    oob: str
    oob_mac: str
    serial: str
    ports: tuple[TwinPort, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    enable: tuple[str, ...] = ()
    management: bool = False


@dataclass(frozen=True, slots=True)
class TwinWire:
    """A cable between two data ports: (host, port) at each end. `key` names it for cut and mend."""

    key: str
    a: tuple[str, str]
    b: tuple[str, str]


@dataclass(frozen=True, slots=True)
class TwinSpec:
    """`gateway` is address/length of the twin's own end on the out-of-band network; `login` its user."""

    name: str
    login: str
    gateway: str
    hosts: tuple[TwinHost, ...]
    wires: tuple[TwinWire, ...] = field(default=())

    def host(self, name: str) -> TwinHost:
        """Raises KeyError."""
        for host in self.hosts:
            if host.name == name:
                return host
        raise KeyError(f"there is no host {name!r}")

    def names(self) -> tuple[str, ...]:
        return tuple(h.name for h in self.hosts)

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1)


def from_json(text: str) -> TwinSpec:
    """The other way; raises KeyError or ValueError on text that `to_json` did not write."""
    data: dict[str, Any] = json.loads(text)
    hosts = tuple(
        TwinHost(
            **{
                **host,
                "ports": tuple(TwinPort(**p) for p in host["ports"]),
                "files": tuple((path, body) for path, body in host["files"]),
                "enable": tuple(host["enable"]),
            }
        )
        for host in data["hosts"]
    )
    wires = tuple(TwinWire(w["key"], tuple(w["a"]), tuple(w["b"])) for w in data["wires"])
    return TwinSpec(data["name"], data["login"], data["gateway"], hosts, wires)


def problems(spec: TwinSpec) -> Iterator[str]:
    """What makes a spec impossible to build, a sentence each."""
    names = spec.names()
    if len(set(names)) != len(names):
        yield "two hosts have the same name"
    addresses = [IPNetwork(h.oob).ip for h in spec.hosts] + [IPNetwork(spec.gateway).ip]
    if len(set(addresses)) != len(addresses):
        yield "two hosts have the same out-of-band address"
    ends = [end for wire in spec.wires for end in (wire.a, wire.b)]
    known = {(h.name, p.name) for h in spec.hosts for p in h.ports}
    for end in ends:
        if end not in known:
            yield f"a wire ends at {end[0]}/{end[1]}, which no host has"
    if len(set(ends)) != len(ends):
        yield "two wires end at the same port"
    for host in spec.hosts:
        for port in host.ports:
            if not re.fullmatch(rf"[A-Za-z0-9_.-]{{1,{LONGEST_NAME}}}", port.name) or port.name == OOB_PORT:
                yield f"{host.name}: {port.name!r} cannot be the name of a data port"
