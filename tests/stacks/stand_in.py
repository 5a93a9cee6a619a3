"""Devices that stand in for real ones where a process of ours asks them, under the real engine.

`sitecustomize.py` in the folder `stand-in` of a checkout, on PYTHONPATH, calls `put_in` before that process
begins. What the devices say is in `floor.json` beside it: `hands`, the name of a case of doctor_cases,
`serials` and `silent`.
"""

from __future__ import annotations

import json
from pathlib import Path

from igoudar.verify import cables
from tests.doctor_cases import case_world
from tests.host_world import Hosts

CUSTOM = """import sys
if "igoudar.verify" in sys.orig_argv:
    from tests.stacks.stand_in import put_in
    put_in({folder!r})
"""


def put_in(folder: str) -> None:
    said = json.loads((Path(folder) / "stand-in/floor.json").read_text("utf-8"))
    world = case_world(said["hands"], Path(folder))
    cables.Logins = Hosts(world, said["silent"], serials=said["serials"])  # type: ignore[misc, assignment]


def stand_in(folder: Path, hands: str, serials: dict[str, str], silent: list[str]) -> None:
    """What the devices say from now on."""
    place = folder / "stand-in"
    place.mkdir(exist_ok=True)
    (place / "sitecustomize.py").write_text(CUSTOM.format(folder=str(folder)), "utf-8")
    told = {"hands": hands, "serials": serials, "silent": silent}
    (place / "floor.json").write_text(json.dumps(told), "utf-8")
