"""Hosts of a site that stand in for real ones where cables and serials are asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any

from tests.cable_world import CableWorld


class Hosts:
    """Stands for `Logins`: each host prints what its ports would say, by a world of plugs, and its serial."""

    def __init__(
        self,
        world: CableWorld,
        silent: Iterable[str] = (),
        stale: int = 0,
        serials: Mapping[str, str] | None = None,
    ) -> None:
        self.world, self.silent, self.stale = world, set(silent), stale
        self.serials = serials or {}
        self.refused: dict[str, str] = {}

    def __call__(self, accesses: Mapping[str, object], seconds: float) -> Hosts:
        return self

    def is_late(self) -> bool:
        return False

    def __enter__(self) -> Hosts:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def open(self, hosts: Iterable[str]) -> None:
        self.refused |= {h: f"{h}: no answer" for h in hosts if h in self.silent}

    def every(self, hosts: Iterable[str], ask: Callable[[str], Any]) -> dict[str, Any]:
        return {host: ask(host) for host in hosts}

    def ask(self, host: str, spec: Mapping[str, Any]) -> dict[str, Any]:
        if host in self.silent:
            return {}
        printed = {"neighbours": self._lldp(host), "chassis": {}, "links": self._links(host)}
        facts = {name: {"rc": 0, "out": json.dumps(text)} for name, text in printed.items()}
        if host in self.serials:
            facts["serial"] = {"rc": 0, "out": f"{self.serials[host]}\n"}
        return {"facts": facts}

    def _lldp(self, host: str) -> dict[str, Any]:
        ports = []
        for near, far in sorted(self.world.joined().items()):
            if near.device != host or far.device.startswith("far-") or far in self.world.mute:
                continue
            ports.append(neighbour(near.port, mac(far.device), far.port))
            if self.stale:
                ports.append(neighbour(near.port, mac("leaf-2"), "swp1"))
        self.stale = max(0, self.stale - 1)
        return {"lldp": [{"interface": ports}]}

    def _links(self, host: str) -> list[dict[str, Any]]:
        ports = {e.port for e in self.world.observed() if e.device == host}
        cards = [{"ifname": p, "address": mac(f"{host}/{p}"), "link_type": "ether"} for p in sorted(ports)]
        cards.append({"ifname": "eth0", "address": mac(host), "link_type": "ether"})
        cards.append({"ifname": "vlan9", "address": "02:00:5e:00:01:01", "link_type": "ether"})
        free = {e.port for e in self.world.observed() if e.device == host and e not in self.world.joined()}
        states = {True: "DOWN", False: "UP"}
        return [
            {**card, "flags": ["BROADCAST", "UP"], "operstate": states[card["ifname"] in free]}
            for card in cards
        ]


def mac(name: str) -> str:
    return "02:" + ":".join(f"{byte:02x}" for byte in sha256(name.encode()).digest()[:5])


def neighbour(port: str, chassis: str, far: str) -> dict[str, Any]:
    ids = [{"type": "mac", "value": chassis}], [{"type": "ifname", "value": far}]
    return {"name": port, "chassis": [{"id": ids[0]}], "port": [{"id": ids[1]}]}
