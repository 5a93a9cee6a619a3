"""Halls made in Python whose cables all come from rules: two leaves and an out-of-band switch a rack, spines.

`hall()` is a small one, `REFERENCE` the size of the general hall of the campus. `section()` is what people
would write of either.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from igoudar.cabling.catalogue import read_goods
from igoudar.cabling.derived import with_derived
from igoudar.cabling.schema import CablingIn, cabling_of
from igoudar.errors import Finding, Where
from igoudar.hall.places import Rack
from igoudar.hardware.parts import Components, DeviceType, InterfaceType
from igoudar.ledger import Ledger
from igoudar.model import Cable, Device, Inventory, Role, Status
from tests import factory

AT = Where("hall.yaml", 1)
GOODS, _ = read_goods(Path(__file__).parents[1])
TOP, LEAF_U, OOB_U = 47, (46, 45), 44
TAILS = 4  # leaves on one port of a spine


def kind(slug: str, *ports: tuple[str, int, str]) -> DeviceType:
    """`ports`: word, how many, NetBox's type; `eth0` of every device is its management port."""
    made = [InterfaceType("eth0", "1000base-t", True)]
    made += [InterfaceType(f"{word}{n}", port) for word, many, port in ports for n in range(1, many + 1)]
    return DeviceType(slug, "Test", slug, 1, True, Components(interfaces=tuple(made)), where=AT)


TYPES = {
    "server": kind("server", ("eth", 2, "25gbase-x-sfp28")),
    "leaf": kind("leaf", ("swp", 48, "25gbase-x-sfp28"), ("up", 8, "100gbase-x-qsfp28")),
    "spine": kind("spine", ("swp", 128, "400gbase-x-qsfpdd")),
    "oob": kind("oob", ("port", 48, "1000base-t")),
}


@dataclass(frozen=True, slots=True)
class Size:
    """`racks` of servers a row, of `rows` rows; a pod is a row of spines' leaves."""

    rows: int = 2
    racks: int = 3
    servers: int = 2
    spines: int = 2


REFERENCE = Size(rows=16, racks=24, servers=24, spines=4)  # of 16 pods, where the campus has 4 larger ones
NAMES = "abcdefghijklmnopqrstuvwxyz"


def device(name: str, role: Role, number: int, place: tuple[str, int], pod: int = 1) -> Device:
    rack, u = place
    return Device(name, str(role), role, number, "h1", rack, u, AT, pod=pod, serial=name)


def _row(size: Size, row: int) -> tuple[list[Rack], list[Device]]:
    letter = NAMES[row]
    racks = [Rack(f"{letter}{n:02}", "h1", letter, n, 47, AT) for n in range(1, size.racks + 2)]
    found: list[Device] = []
    for place, rack in enumerate(racks[:-1]):
        index = row * size.racks + place
        for n, u in enumerate(LEAF_U):
            found.append(
                device(f"leaf-{rack.name}-{n + 1}", Role.LEAF, 2 * index + n + 1, (rack.name, u), row + 1)
            )
        found.append(device(f"oob-{rack.name}", Role.OOB, index + 1, (rack.name, OOB_U)))
        for n in range(size.servers):
            number = index * size.servers + n + 1
            found.append(device(f"srv-{rack.name}-{n + 1}", Role.SERVER, number, (rack.name, n + 1), row + 1))
    for n in range(size.spines):
        name = f"spine-{letter}-{n + 1}"
        found.append(device(name, Role.SPINE, row * size.spines + n + 1, (racks[-1].name, n + 1), row + 1))
    return racks, found


def section(size: Size, **more: Any) -> dict[str, Any]:
    """The section `cabling`: rows four tiles apart, a tray over each and one across at both ends."""
    letters = [chr(ord("A") + row) if row < 26 else "" for row in range(26)]
    grid = [
        f"{'' if 4 * r < 26 else letters[4 * r // 26 - 1]}{letters[4 * r % 26]}" for r in range(size.rows)
    ]
    last = size.racks + 2
    trays = [
        {
            "name": f"row-{NAMES[r]}",
            "carries": "data",
            "begin": f"{at}1",
            "end": f"{at}{last}",
            "height": "2.5 m",
        }
        for r, at in enumerate(grid)
    ]
    trays += [
        {
            "name": f"across-{n}",
            "carries": "data",
            "begin": f"{grid[0]}{at}",
            "end": f"{grid[-1]}{at}",
            "height": "2.6 m",
        }
        for n, at in enumerate((1, last))
    ]
    racks: list[dict[str, Any]] = [
        {"devices": "server", "port": f"eth{n}", "to": "leaf", "to_u": u, "u": "1..40", "onto": "swp1..40"}
        for n, u in zip((1, 2), LEAF_U, strict=True)
    ]
    racks.append({"devices": "server", "port": "eth0", "to": "oob", "u": "1..40", "onto": "port1..40"})
    racks.append({"devices": "leaf", "port": "eth0", "to": "oob", "u": "45..46", "onto": "port41..42"})
    meshes = []
    for row in range(size.rows):
        first, many = 2 * size.racks * row + 1, 2 * size.racks
        ports = -(-many // TAILS)
        meshes.append({
            "devices": "leaf", "pod": row + 1, "numbers": f"{first}..{first + TAILS * ports - 1}",
            "ports": f"up1..{size.spines}", "to": "spine", "tails": TAILS, "onto": f"swp1..{ports}",
            "to_numbers": f"{row * size.spines + 1}..{(row + 1) * size.spines}",
        })  # fmt: skip
    floor = {"tile": "600 mm", "rows": {NAMES[r]: f"{at}1" for r, at in enumerate(grid)}, "trays": trays}
    slack = {"rack": "0.3 m", "tray": "0.5 m"}
    return {"slack": slack, "halls": {"h1": floor}, "in_racks": racks, "meshes": meshes, **more}


def bare(size: Size, **more: Any) -> Inventory:
    """Without the cables that rules give."""
    made = factory.site(leaves=1, vpcs=0)
    racks: dict[str, Rack] = {}
    devices: dict[str, Device] = {}
    for row in range(size.rows):
        there, standing = _row(size, row)
        racks |= {rack.name: rack for rack in there}
        devices |= {one.name: one for one in standing}
    findings: list[Finding] = []
    written = CablingIn.model_validate(section(size, **more))
    cabling = cabling_of(written, Where("hall.yaml", 0, "cabling"), findings)
    assert not findings
    return replace(
        made, types=TYPES, racks=racks, devices=devices, cables={}, vpcs={}, waves={}, sessions={},
        upstreams={}, systems={}, cabling=cabling, goods=GOODS,
    )  # fmt: skip


def cabled(inventory: Inventory, ledger: Ledger | None = None) -> tuple[Inventory, list[Finding]]:
    return with_derived(inventory, lambda: ledger or Ledger())


def hall(size: Size | None = None, **more: Any) -> Inventory:
    made, findings = cabled(bare(size or Size(), **more))
    assert not findings
    return made


def keys(inventory: Inventory) -> set[str]:
    return set(inventory.cables)


def with_cable(inventory: Inventory, cable: Cable) -> Inventory:
    return replace(inventory, cables={**inventory.cables, cable.key: cable})


def with_device(inventory: Inventory, added: Device) -> Inventory:
    return replace(inventory, devices={**inventory.devices, added.name: added})


def without_device(inventory: Inventory, name: str) -> Inventory:
    return replace(inventory, devices={n: d for n, d in inventory.devices.items() if n != name})


def planned(inventory: Inventory, name: str) -> Inventory:
    return with_device(inventory, replace(inventory.devices[name], status=Status.PLANNED))
