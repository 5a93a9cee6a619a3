"""Switches in memory with the agent's own rules, for tests of the operator; faults are planted by step."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from igoudar.agent.protocol import Refused
from igoudar.agent.voting import Witness, decided
from igoudar.apply.change import FRR, Wanted
from igoudar.apply.driver import AgentDriver, AgentRefused
from igoudar.apply.operator import Operator, Plan
from igoudar.apply.witnesses import Answer
from igoudar.errors import DeviceFailed
from igoudar.runs import Report
from tests.agent_world import NEW, OLD, PATTERN, WITNESSES, Registers, World
from tests.factory import RULES

VALUES = {"secret:bgp-north@1": "swordfish"}
Fault = Callable[["Box", str, str], None]  # box, verb, "before" or "after" it is carried out


class MemoryDriver(AgentDriver):
    """Asks the real agent over a folder. `fault` may raise before a verb (lost) or after it (answer lost)."""

    def __init__(self, box: Box, fault: Fault) -> None:
        self.name = box.name
        self.box = box
        self.fault = fault

    def close(self) -> None:
        self.box.closed += 1

    def _ask(self, verb: str, request: Mapping[str, Any]) -> dict[str, Any]:
        with self.box.lock:
            self.box.asked.append(verb)
            self.fault(self.box, verb, "before")
            try:
                told: dict[str, Any] = getattr(self.box.world.agent, verb)(request)
            except Refused as refused:
                raise AgentRefused(self.name, refused.code, str(refused)) from refused
            self.fault(self.box, verb, "after")
        if verb in ("read", "verify"):
            told["sessions"] = self.box.sessions(told["files"][FRR])
            told["interfaces"] = self.box.interfaces if request["interfaces"] else ()
        return told


@dataclass
class Box:
    """A switch: its agent's world, what it was asked, which of its sessions stay down after a change."""

    name: str
    world: World
    asked: list[str] = field(default_factory=list)
    down: bool = False
    interfaces: tuple[str, ...] = ()
    closed: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def sessions(self, text: str) -> dict[str, str]:
        state = "Idle" if self.down and "password" in text else "Established"
        return {"default swp1": state} if " neighbor swp1 " in text else {}


def nothing(box: Box, verb: str, when: str) -> None:
    """No fault."""


def lost(host: str, verb: str, when: str = "before", times: int = 10**6) -> Fault:
    """The message (or, `after`, its answer) gets lost so many times."""
    left = [times]

    def fault(box: Box, asked: str, moment: str) -> None:
        if (box.name, asked, moment) == (host, verb, when) and left[0]:
            left[0] -= 1
            raise DeviceFailed(f"{host}: did not answer `{verb}`")

    return fault


class MemoryWitnesses:
    """The operator's way to the registers; `cut`: it reaches none."""

    def __init__(self, registers: Registers) -> None:
        self.registers = registers
        self.cut = False
        self.enrolled: set[str] = set()

    def told(self) -> tuple[Witness, ...]:
        return WITNESSES

    def enrol(self, keys: Iterable[str]) -> None:
        self.enrolled |= {*keys}

    def propose(self, id_: str, value: str) -> str:
        asked = [
            None if self.cut else self.registers.ask(w.name, f"propose {id_} {value}") for w in WITNESSES
        ]
        return decided(asked, len(WITNESSES))

    def here(self) -> dict[str, Answer]:
        return self._each("hello")

    def look(self, id_: str) -> dict[str, Answer]:
        return self._each(f"look {id_}")

    def _each(self, words: str) -> dict[str, Answer]:
        said = {w.name: None if self.cut else self.registers.ask(w.name, words) for w in WITNESSES}
        return {n: Answer(word or "", "" if word else f"{n}: no route to host") for n, word in said.items()}


class Fabric:
    """Some switches and one change of all of them."""

    def __init__(self, folder: Path, names: tuple[str, ...] = ("leaf-1", "leaf-2", "leaf-3")) -> None:
        self.boxes: dict[str, Box] = {}
        self.registers = Registers()
        self.witnesses = MemoryWitnesses(self.registers)
        for name in names:
            (folder / name).mkdir()
            self.boxes[name] = Box(name, World(folder / name, self.registers))
        self.told: list[tuple[str, str]] = []
        self.stop = threading.Event()
        self.ids = 0

    def wanted(self, name: str, **changes: object) -> Wanted:
        values: dict[str, object] = {
            "name": name,
            "serial": "S1",
            "target": NEW,
            "record": OLD,
            "base": {},
            "adopt": False,
            "peers": {"swp1": "spine-1"},
            **changes,
        }
        return Wanted(**values)  # type: ignore[arg-type]

    def operator(self, fault: Fault = nothing, **changes: object) -> Operator:
        self.ids += 1
        plan = Plan(
            id=f"run-{self.ids}",
            stack="lab",
            wants={name: self.wanted(name, **changes) for name in self.boxes},
            waves=[sorted(self.boxes)],
            window=3.0,
            restore=3.0,
            values=VALUES,
            patterns=dict.fromkeys(self.boxes, (PATTERN,)),
            rules=dict.fromkeys(self.boxes, RULES),
        )
        drivers = {name: MemoryDriver(box, fault) for name, box in self.boxes.items()}
        report = Report(plan.id, plan.stack)
        tell = lambda name, text: self.told.append((name, text))  # noqa: E731
        return Operator(plan, drivers, self.witnesses, report, tell, self.stop, verify_seconds=1.0)

    def settle(self) -> None:
        """Every window ends."""
        for box in self.boxes.values():
            box.world.settle()

    def texts(self) -> dict[str, dict[str, str]]:
        return {name: box.world.live() for name, box in self.boxes.items()}
