"""Mutations of a site: what a tired hand, a bad merge or a broken disk may leave. By seed, repeatable."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import yaml

WORDS: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    10**30,
    1.5,
    "",
    "x",
    "no",
    "1:30",
    "08",
    [],
    {},
    [1],
    {"a": 1},
    "leaf-1",
    "\u00e9",
    "a b",
)
SIGNS = (
    b"\x00",
    b"\xff",
    b"\t",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"&a ",
    b"*a",
    b"!x ",
    b"- ",
    b"|",
    b"#",
    b"\r",
    b"%",
    b"@",
)
Files = dict[str, bytes]  # path inside the site -> content
Values = dict[str, tuple[Any, ...]]  # key -> what may stand there
Place = tuple[Any, Any]  # a mapping or a list, and a key of it


def mutated(files: Files, dice: random.Random) -> tuple[Files, str]:
    """The files with one to three mutations, and what they were."""
    out, said = dict(files), list[str]()
    if dice.random() < 0.6:
        out, how = _plausible(out, dice)
        said.append(how)
        if dice.random() < 0.7:
            return out, how
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        name = dice.choice(sorted(out))
        mutate = dice.choice((_in_data, _in_data, _in_data, _in_bytes))
        out[name], how = mutate(out[name], dice)
        said.append(f"{name}: {how}")
    return out, "; ".join(said)


def _in_data(content: bytes, dice: random.Random) -> tuple[bytes, str]:
    try:
        data = yaml.safe_load(content.decode("utf-8"))
    except (ValueError, yaml.YAMLError):
        return _in_bytes(content, dice)
    places = list(_places(data))
    if not places:
        return _in_bytes(content, dice)
    change = dice.choice((_drop, _duplicate, _rename, _retype, _exchange))
    how = change(places, dice)
    return _dumped(data), how


class _Dumper(yaml.SafeDumper):
    """Writes everything out: aliases are one mistake only."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _dumped(data: Any) -> bytes:
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    return text.encode("utf-8")


# Values that the schema takes, so that what comes after it is met too.
STATUS = ("planned", "staged", "active", "offline", "decommissioning")
DEVICE: Values = {
    "status": STATUS,
    "role": ("leaf", "spine", "border", "server", "management", "oob", "upstream"),
    "type": (
        "generic-switch-32",
        "generic-server-2",
        "generic-server-0",
        "generic-router-4",
        "generic-oob-48",
    ),
    "number": (1, 2, 7, 63, 64, 895, 896, 1024, 99999),
    "u": (1, 10, 46, 47, 48, 100),
    "pod": (1, 2, 99),
    "drained": (True, False),
    "adopt": (True, False),
    "nos": ("frr", "sonic"),
    "was": ("leaf-1", "srv-1", "gone"),
    "settings": ({}, {"base": {}}, {"base": {"x": 1}}, {"nobody": {}}, {"unbound": {}}, {"chrony": {}}),
}
CABLE: Values = {
    "status": ("planned", "connected", "decommissioning"),
    "wave": ("north-1", "south-1"),
    "medium": ("mmf", ""),
}
SUBNET: Values = {
    "attachment": ("routed", "access"),
    "public": (True, False),
    "servers": ([], ["srv-7"], ["srv-1"], ["srv-1", "srv-2", "srv-3"], ["leaf-1"], ["mgmt-1"]),
    "ipv4": (
        "172.16.1.0/24",
        "198.51.100.0/29",
        "198.51.100.0/30",
        "192.0.2.0/24",
        "0.0.0.0/0",
        "203.0.113.0/31",
    ),
    "ipv6": ("2001:db8:1::/48", "2001:db8:100:1::/64", "2001:db8::/65", "::/0", "fe80::/64"),
    "was": ("web", "db", "gone"),
}
SITE: Values = {
    "fabric_mtu": (1500, 9216),
    "host_mtu": (1280, 1500, 9216),
    "asn_base": (1, 4294967294, 64512),
    "fabric_as": (1, 65535),
    "public_as": (64496, 65000, 4200000000),
    "bogon_exceptions": ([], ["0.0.0.0/0"], ["::/0"]),
    "bastion": ("mgmt-3", "leaf-1"),
    "users": (
        {"anna": {"keys": ["ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAgDB anna"]}},
        {"root": {"keys": ["ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAgDB x"], "sudo": True}},
    ),
}
POOLS: Values = {
    "loopback4": ("10.255.0.0/30", "192.0.2.0/24", "10.0.0.0/8", "0.0.0.0/0"),
    "loopback6": ("2001:db8:ff::/127", "2001:db8:ff::/64"),
    "public4": ([], ["0.0.0.0/0"]),
    "l2vni": ("1-2", "10000-49999", "1-16777215"),
    "l3vni": ("1-2", "50000-50001", "1-16777215"),
    "vlan": ("2-3", "2-4094"),
    "index": ("1-2", "1-65535"),
}


def _plausible(files: Files, dice: random.Random) -> tuple[Files, str]:
    """One to three values of the right type that may not go together, or a device or a file less."""
    data = {name: yaml.safe_load(content) for name, content in files.items()}
    said: list[str] = []
    for _ in range(dice.choice((1, 1, 2, 3))):
        change = dice.choice(CHANGES)
        said.append(change(data, dice))
    return {name: _dumped(content) for name, content in data.items()}, "; ".join(said)


def _turn(data: dict[str, Any], dice: random.Random) -> str:
    devices = data.get("devices.yaml", {}).get("devices", {})
    cables = data.get("cables.yaml", {}).get("cables", [])
    vpcs = [v for name, d in data.items() if name.startswith("tenants/") for v in d["vpcs"].values()]
    subnets = [s for vpc in vpcs for s in vpc["subnets"].values()]
    site = data.get("site.yaml", {}).get("site", {})
    kinds: list[tuple[list[Any], Values]]
    kinds = [(list(devices.values()), DEVICE), (cables, CABLE), (subnets, SUBNET), ([site], SITE)]
    kinds.append(([site["pools"]] if site else [], POOLS))
    entries, values = dice.choice([kind for kind in kinds if kind[0]] or [([{}], SITE)])
    key = dice.choice(sorted(values)) if "status" not in values or dice.random() < 0.5 else "status"
    value = dice.choice(values[key])
    entry = dice.choice(entries)
    entry[key] = value
    return f"{key} is {value!r} in {entry.get('name', entry.get('serial', entry.get('a', '')))}"


def _without_device(data: dict[str, Any], dice: random.Random) -> str:
    """With its cables and its place in subnets."""
    devices = data.get("devices.yaml", {}).get("devices", {})
    if not devices:
        return "nothing"
    name = dice.choice(sorted(devices))
    del devices[name]
    cables = data.get("cables.yaml", {}).get("cables", [])
    cables[:] = [c for c in cables if not {c["a"].split("/")[0], c["b"].split("/")[0]} & {name}]
    for file, content in data.items():
        for vpc in content["vpcs"].values() if file.startswith("tenants/") else ():
            for subnet in vpc["subnets"].values():
                subnet["servers"] = [s for s in subnet.get("servers", []) if s != name]
    return f"no {name}"


def _without_entry(data: dict[str, Any], dice: random.Random) -> str:
    """A session, a subnet, a VPC or a cable less, which nothing else names."""
    holders = [data.get("uplinks.yaml", {}).get("sessions"), data.get("cables.yaml", {}).get("cables")]
    for name in (name for name in data if name.startswith("tenants/")):
        holders += [data[name]["vpcs"], *(vpc["subnets"] for vpc in data[name]["vpcs"].values())]
    holder = dice.choice([h for h in holders if h] or [{"": None}])
    key = dice.choice(sorted(holder)) if isinstance(holder, dict) else dice.randrange(len(holder))
    del holder[key]
    return f"no {key}"


def _without_file(data: dict[str, Any], dice: random.Random) -> str:
    name = dice.choice(sorted(data))
    if len(data) > 2:
        del data[name]
    return f"no {name}"


CHANGES = (_turn, _turn, _turn, _turn, _without_device, _without_entry, _without_entry, _without_file)


def _places(node: Any) -> list[Place]:
    keys = list(node) if isinstance(node, dict) else list(range(len(node))) if isinstance(node, list) else []
    out: list[Place] = [(node, key) for key in keys]
    for key in keys:
        out += _places(node[key])
    return out


def _drop(places: list[Place], dice: random.Random) -> str:
    holder, key = dice.choice(places)
    del holder[key]
    return f"drop {key!r}"


def _duplicate(places: list[Place], dice: random.Random) -> str:
    """Again under another name, or once more in the list."""
    holder, key = dice.choice(places)
    if isinstance(holder, list):
        holder.insert(dice.randrange(len(holder) + 1), holder[key])
    else:
        holder[f"{key}-2"] = holder[key]
    return f"duplicate {key!r}"


def _rename(places: list[Place], dice: random.Random) -> str:
    holder, key = dice.choice(places)
    if isinstance(holder, list):
        return _retype(places, dice)
    name = dice.choice(
        (f"{key}x", str(key)[:-1], str(key).upper(), "name", "a" * 70, f"{key}/{key}", "\u00e9t\u00e9")
    )
    holder[name] = holder.pop(key)
    return f"rename {key!r} to {name!r}"


def _retype(places: list[Place], dice: random.Random) -> str:
    holder, key = dice.choice(places)
    value = dice.choice(WORDS)
    holder[key] = value
    return f"{key!r} is {value!r}"


def _exchange(places: list[Place], dice: random.Random) -> str:
    """The value of another place, anywhere in the file."""
    holder, key = dice.choice(places)
    other, theirs = dice.choice(places)
    value = other[theirs]
    if not isinstance(value, dict | list):
        holder[key] = value
    return f"{key!r} takes the value of {theirs!r}"


def _cut(content: bytes, at: int, dice: random.Random) -> bytes:
    return content[:at]


def _insert(content: bytes, at: int, dice: random.Random) -> bytes:
    return content[:at] + dice.choice(SIGNS) + content[at:]


def _remove(content: bytes, at: int, dice: random.Random) -> bytes:
    return content[:at] + content[at + dice.randrange(1, 40) :]


def _flip(content: bytes, at: int, dice: random.Random) -> bytes:
    return content[:at] + bytes([dice.randrange(256)]) + content[at + 1 :]


def _twice(content: bytes, at: int, dice: random.Random) -> bytes:
    lines = content.splitlines(keepends=True)
    place = content[:at].count(b"\n")
    return b"".join([*lines[: place + 1], *lines[place:]])


BYTES: tuple[Callable[[bytes, int, random.Random], bytes], ...] = (_cut, _insert, _remove, _flip, _twice)


def _in_bytes(content: bytes, dice: random.Random) -> tuple[bytes, str]:
    at = dice.randrange(len(content) + 1)
    change = dice.choice(BYTES)
    return change(content, at, dice), f"{change.__name__.strip('_')} at byte {at}"
