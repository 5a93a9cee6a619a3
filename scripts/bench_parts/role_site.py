"""The site of `scripts/bench roles`: N servers, a folder that workers read, and what their roles declare."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from igoudar.allocate import allocate
from igoudar.compiler import describe
from igoudar.hostview import HostViews
from igoudar.inventory import load
from igoudar.ledger import Ledger
from igoudar.render_roles import render_declaration
from igoudar.role_document import Document, as_document
from igoudar.roles import Declaration, load_roles

NAME, NETWORK, LOGIN = "bench", "10.64.0.0/16", "igoudar"
MANAGER, MANAGER_ADDRESS = "mgmt-1", "10.64.255.1"  # serves names and time; does not run, nothing asks it
A_RACK = 40
USERS = {"amina": True, "karim": False}  # login -> sudo
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43


def names(count: int) -> list[str]:
    return [f"srv-{n:03}" for n in range(1, count + 1)]


def address(name: str) -> str:
    high, low = divmod(int(name.removeprefix("srv-")), 250)
    return f"10.64.{high}.{low + 1}"


def write_site(root: Path, checkout: Path, host_keys: Mapping[str, str]) -> Path:
    """A checkout in `root` with a site of these hosts; all but the inventory is `checkout`'s."""
    folder = root / "inventory" / NAME
    folder.mkdir(parents=True)
    for name in ("roles", "templates", "inventory/types", "inventory/data"):
        (root / name).symlink_to(checkout / name)
    site = {
        "name": NAME,
        "domain": "bench.example",
        "timezone": "Africa/Casablanca",
        "fabric_as": 65000,
        "public_as": 64500,
        "anycast_mac": "02:00:5e:00:01:01",
        "pools": {"loopback4": "10.255.0.0/16", "loopback6": "2001:db8:ff::/48", "oob": NETWORK},
        "dns": [MANAGER],
        "ntp": [MANAGER],
        "witnesses": [MANAGER],  # and no bastion: every host is reached directly
        "login": LOGIN,
        "users": {user: {"keys": [f"{KEY} {user}"], "sudo": sudo} for user, sudo in USERS.items()},
    }
    racks = range(1, -(-len(host_keys) // A_RACK) + 1)
    hall = {"building": 1, "number": 1, "power": "900 kW", "availability": 3}
    hall |= {"cooling": "air-indirect", "air_class": "A2"}
    data = {
        "site": site,
        "halls": {"h1": hall},
        "racks": {f"a{n:02}": {"hall": "h1", "row": "a", "position": n, "height": "47 U"} for n in racks},
        "devices": _devices(host_keys),
    }
    (folder / "site.yaml").write_text(json.dumps(data), "utf-8")
    return folder


def _devices(host_keys: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    manager = {"type": "generic-server-0", "role": "management", "number": 1, "rack": "a01", "u": 45}
    manager |= {"serial": "B0", "oob": f"{MANAGER_ADDRESS}/16"}
    devices: dict[str, dict[str, Any]] = {MANAGER: manager}
    for at, (name, key) in enumerate(host_keys.items()):
        devices[name] = {
            "type": "generic-server-2",
            "role": "server",
            "number": at + 1,
            "rack": f"a{at // A_RACK + 1:02}",
            "u": at % A_RACK + 1,
            "serial": f"B{at + 1}",
            "oob": f"{address(name)}/16",
            "host_key": key,
        }
    return devices


def declared(root: Path, chosen: Sequence[str]) -> dict[str, dict[str, Declaration]]:
    """host -> role -> what it declares, with its texts; the roles that every host of a site has."""
    inventory = load(root / "inventory" / NAME, root)
    plan = allocate(describe(inventory, root), Ledger(), date.today())
    folders, views = load_roles(root / "roles", root), HostViews(plan)
    wanted = {name: group.roles[name] for group in plan.design.servers.groups for name in group.hosts}
    found: dict[str, dict[str, Declaration]] = {}
    for name in chosen:
        view = views.of(name)
        found[name] = {}
        for role in (r for r in folders if r in wanted[name]):
            told = folders[role].declare(folders[role].module.Settings(), view, {})
            found[name][role] = render_declaration(told, folders[role])
    return found


def documents(told: Mapping[str, Mapping[str, Declaration]]) -> dict[str, dict[str, Document]]:
    return {host: {role: as_document(d) for role, d in roles.items()} for host, roles in told.items()}
