"""What the doctor prints of the lab with hands in it: `tests/unit/data/doctor/<name>.txt`.

Each case moves plugs of the lab's cables; what its ports would say is written as a file and judged by the
command. `python -m tests.doctor_cases` rewrites the texts; people read `git diff`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from math import isinf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from igoudar.doctor import Observation
from igoudar.doctor.site import plan_of
from igoudar.inventory import load
from tests.cable_world import CableWorld, end
from tests.errors import checkout, run

TEXTS = Path(__file__).parent / "unit" / "data" / "doctor"
Hand = Callable[[CableWorld], None]
UNSEEN = {"half-seen": ("leaf-1/swp1", "spine-1/swp2")}


def _number(world: CableWorld, port: str) -> int:
    place = world.where(end(port))
    assert place is not None
    return place[0]


def _mixed(world: CableWorld) -> None:
    world.exchange(end("spine-1/swp1"), end("spine-1/swp2"))
    world.exchange(end("leaf-3/swp11"), end("leaf-3/swp20"))
    world.pull(_number(world, "srv-7/eth1"))
    world.mute.add(end("border-1/swp2"))
    world.turn([end("leaf-1/swp11"), end("leaf-1/swp12"), end("leaf-1/swp13")])


def _racks(world: CableWorld) -> None:
    """All that leaves a04 and a05; the cable between them stays."""
    world.exchange(end("leaf-3/swp1"), end("leaf-4/swp1"))
    world.exchange(end("leaf-3/swp2"), end("leaf-4/swp2"))


def _crossed_and_pulled(world: CableWorld) -> None:
    world.exchange(end("spine-1/swp1"), end("spine-1/swp2"))
    world.pull(_number(world, "spine-1/swp1"))


HANDS: Mapping[str, Hand] = {
    "as-planned": lambda world: None,
    "swapped-pair": lambda world: world.exchange(end("spine-1/swp1"), end("spine-1/swp2")),
    "half-seen": lambda world: world.exchange(end("spine-1/swp1"), end("spine-1/swp2")),
    "swapped-racks": _racks,
    "wrong-port": lambda world: world.exchange(end("leaf-1/swp1"), end("leaf-1/swp20")),
    "missing": lambda world: world.pull(_number(world, "leaf-1/swp1")),
    "dead-optic": lambda world: world.mute.add(end("leaf-1/swp1")),
    "two-explanations": _crossed_and_pulled,
    "mixed": _mixed,
}


def case_world(name: str, root: Path) -> CableWorld:
    inventory = load(root / "inventory" / "lab", root)
    plan = plan_of(inventory)
    free = [end(f"{d}/{p}") for d, names in plan.ports.items() for p in names if p == "swp20"]
    world = CableWorld(plan, tuple(sorted(free)))
    HANDS[name](world)
    return world


def document(world: CableWorld, unseen: tuple[str, ...] = ()) -> dict[str, Any]:
    """The file of observations that this world makes."""
    seen = world.observed({end(e) for e in unseen})
    devices = sorted({e.device for e in seen})
    return {
        "chassis": {device: [f"mac:{device}"] for device in devices},
        "ends": {str(e): _end(told) for e, told in seen.items()},
    }


def _end(told: Observation) -> dict[str, Any]:
    said: dict[str, Any] = {k: v for k in ("chassis", "port", "mac") if (v := getattr(told, k))}
    if told.silent:
        said["silent"] = True
    if told.link is not None:
        said["link"] = "up" if told.link else "down"
    if told.module is not None:
        said["module"] = told.module
    if told.rx_dbm is not None:
        said["rx_dbm"] = "none" if isinf(told.rx_dbm) else told.rx_dbm
    return said


def outcome(name: str, root: Path, options: str = "") -> str:
    """What the command prints in a checkout, and its exit status."""
    told = document(case_world(name, root), UNSEEN.get(name, ()))
    (root / "seen.json").write_text(json.dumps(told), "utf-8")
    return run(f"doctor lab --observed seen.json {options}".strip(), root)


def main() -> None:
    TEXTS.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        root = checkout(Path(folder))
        for name in HANDS:
            (TEXTS / f"{name}.txt").write_text(outcome(name, root), "utf-8")


if __name__ == "__main__":
    main()
