"""All switches of a checkout's site in memory, each with the product's own agent, for tests of commands.

They run what the site compiles to, and a record says so; `SiteWorld.into` puts both in the way of a command.
"""

from __future__ import annotations

import copy
import io
import json
import re
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from igoudar.agent.masks import MARK, fill
from igoudar.agent.running import canonical
from igoudar.agent.switch import DAEMONS_FILE
from igoudar.apply.driver import Candidate
from igoudar.compiler import Compiled, compile_site
from igoudar.resources import switches_inputs
from tests.agent_world import Registers, World
from tests.errors import run
from tests.switch_world import Box, Fault, MemoryDriver, MemoryWitnesses, nothing

PATTERN = r"^ *(no )?neighbor \S+ password (?P<secret>.+)$"
FRR = "/etc/frr/frr.conf"


class Terminal(io.StringIO):
    """Somebody who types this, in place of stdin."""

    def isatty(self) -> bool:
        return True


def typed(root: Path, command: str) -> tuple[str, int]:
    """What the command says in the checkout, and its exit status."""
    said, _, last = run(command, root).rstrip("\n").rpartition("\n")
    return said, int(last.removeprefix("exit "))


class SiteWorld:
    """`boxes` by switch; those in `silent` do not answer. `record` is what the stack `lab` was brought to."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.root = root
        self.registers = Registers()
        self.witnesses = MemoryWitnesses(self.registers)
        self.fault: Fault = nothing
        compiled = self.compiled()
        self.record: dict[str, Any] = copy.deepcopy(switches_inputs(compiled, "lab", ""))
        texts = [t for files in compiled.switches.values() for t in files.values()]
        self.values = {
            mark: f"word-{n}" for n, mark in enumerate(sorted({m for t in texts for m in MARK.findall(t)}))
        }
        self.boxes = {name: self._box(folder / name, compiled, name) for name in compiled.switches}

    def compiled(self) -> Compiled:
        return compile_site(self.root / "inventory/lab", root=self.root, today=date(2026, 11, 25))

    def _box(self, folder: Path, compiled: Compiled, name: str) -> Box:
        folder.mkdir(parents=True)
        world = World(folder, self.registers)
        files = compiled.switches[name]
        for path, text in files.items():
            world.switch.path(path).write_text(fill(text, self.values))
        daemons = re.findall(r"^(\w+d)=yes", files[DAEMONS_FILE], re.MULTILINE)
        living = dict.fromkeys((*daemons, "zebra", "staticd", "mgmtd"), 7)
        world.switch.daemons = lambda: {d: n for d, n in living.items() if d not in world.switch.dead}  # type: ignore[method-assign]
        serial = compiled.design.inventory.devices[name].serial
        world.switch.path("/etc/igoudar/serial").write_text(f"{serial}\n")
        world.switch.runs = world.switch.live(tuple(files))
        kept = {"files": files, "values": self.values, "running": canonical(files[FRR])}
        world.store.folder.mkdir(parents=True, exist_ok=True)
        (world.store.folder / "confirmed.json").write_text(json.dumps(kept))
        return Box(name, world)

    def into(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """In place of SSH and of pulumi's state."""
        reach = lambda inventory, root: {n: SimpleNamespace(host=n, host_key="") for n in inventory.devices}  # noqa: E731
        monkeypatch.setattr("igoudar.apply.reach.access_map", reach)
        monkeypatch.setattr("igoudar.apply.reach.driver", lambda nos, access: self.driver(access.host))
        monkeypatch.setattr("igoudar.live.of_site", lambda site, access: self.witnesses)
        monkeypatch.setattr("igoudar.record.record", lambda stack, root: self.record)
        monkeypatch.setattr("igoudar.cli.drift.AGAIN_SECONDS", 0.0)

    def driver(self, name: str) -> MemoryDriver:
        return MemoryDriver(self.boxes[name], self.fault)

    def file(self, name: str, path: str = FRR) -> Path:
        return self.boxes[name].world.switch.path(path)

    def daemons_run(self, name: str, text: str) -> None:
        """The daemons run this, whatever the file says; marks are filled in."""
        self.boxes[name].world.switch.runs[FRR] = fill(text, self.values).encode()

    def open(self, id_: str, *names: str, until: str = "armed", **fields: Any) -> None:
        """A transaction is begun at these switches and goes as far as the verb that leads to `until`."""
        verbs = ("arm", "apply", "prepare")[: ("armed", "applied", "prepared").index(until) + 1]
        for name in names:
            world = self.boxes[name].world
            files = {p: t + "! new\n" if p == FRR else t for p, t in self.record[name].items()}
            candidate = Candidate(files, self.values, (PATTERN,))
            world.ask("stage", id_, files=candidate.files, values=candidate.values, stack="lab")
            base = self.driver(name).read(tuple(files), _nobody()).digest
            for verb in verbs:
                told = world.ask(verb, id_, **({"base": base} if verb == "arm" else {}), **fields)
                assert "code" not in told, told


def _nobody() -> Any:
    from igoudar.apply.driver import Disguise  # noqa: PLC0415

    return Disguise()
