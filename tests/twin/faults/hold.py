"""An operator that stops: `python -m tests.twin.faults.hold FOLDER SPINES ID FROM TO MOMENT [STACK]`.

MOMENT is `VERB WHEN SWITCH`, such as `apply before lf-2`; a witness's is `propose before all`. There it
prints `held` and waits for a word on stdin: `go`; `lose`, the message or its answer is lost; `late`, it is
lost and comes after everything else; `cut`, the operator is cut off from all from here on. It ends with
`report {...}`.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from igoudar.agent.voting import Witness
from igoudar.apply.driver import FrrDriver
from igoudar.apply.witnesses import SshWitnesses
from igoudar.errors import DeviceFailed, IgoudarError
from igoudar.process import die_with_parent
from igoudar.transport import Access
from tests.twin.faults.fabric import Fabric


class Gate:
    """Where messages pass. `late`: what is still under way."""

    def __init__(self, moment: str) -> None:
        self.moment = moment
        self.cut = False
        self.late: list[Any] = []
        self.lock = threading.Lock()
        self.held = False

    def word(self, verb: str, when: str, whom: str) -> str:
        if self.cut:
            raise DeviceFailed(f"{whom}: no way")
        with self.lock:
            if self.held or self.moment != f"{verb} {when} {whom}":
                return "go"
            self.held = True
        print("held", flush=True)
        said = sys.stdin.readline().strip()
        self.cut = said == "cut"
        if said in ("lose", "late", "cut"):
            return said
        return "go"


class HeldDriver(FrrDriver):
    def __init__(self, access: Access, gate: Gate) -> None:
        super().__init__(access)
        self.gate = gate

    def _ask(self, verb: str, request: Mapping[str, Any]) -> dict[str, Any]:
        said = self.gate.word(verb, "before", self.name)
        if said == "late":
            self.gate.late.append(lambda: super(HeldDriver, self)._ask(verb, request))
        if said != "go":
            raise DeviceFailed(f"{self.name}: `{verb}` was lost")
        told = super()._ask(verb, request)
        if self.gate.word(verb, "after", self.name) != "go":
            raise DeviceFailed(f"{self.name}: the answer to `{verb}` was lost")
        return told


class HeldWitnesses:
    def __init__(self, ours: SshWitnesses, gate: Gate) -> None:
        self.ours, self.gate = ours, gate

    def told(self) -> tuple[Witness, ...]:
        return self.ours.told()

    def enrol(self, keys: Iterable[str]) -> None:
        self.ours.enrol(keys)

    def propose(self, id_: str, value: str) -> str:
        try:
            if self.gate.word("propose", "before", "all") != "go":
                return ""
            held = self.ours.propose(id_, value)
            return held if self.gate.word("propose", "after", "all") == "go" else ""
        except DeviceFailed:
            return ""


def main() -> None:
    die_with_parent()
    folder, spines, id_, before, after, moment, *stack = sys.argv[1:]
    fabric = Fabric(Path(folder), int(spines))
    gate = Gate(moment)
    change = fabric.change(id_, int(before), int(after), *stack)
    if moment.startswith("wrong"):
        name = moment.split()[-1]
        change.target[name] = wrong(change.target[name], moment.split()[1])
    drivers = {name: HeldDriver(fabric.access(name), gate) for name in fabric.switches}
    voters = HeldWitnesses(fabric.witnesses(), gate)
    run = fabric.operator(change, drivers, voters)
    try:
        run.run()
    except IgoudarError as error:
        run.report.error = str(error)
    for send in gate.late:
        try:
            print("late", send(), flush=True)
        except IgoudarError as refused:
            print("late", refused, flush=True)
    print("report", json.dumps(asdict(run.report)), flush=True)


def wrong(texts: dict[str, str], how: str) -> dict[str, str]:
    """A text that FRR refuses, or one that ends the switch's own sessions of the fabric."""
    old, new = {
        "word": ("redistribute connected", "redistrbute all"),
        "peers": ("remote-as external", "remote-as 65099"),
    }[how]
    return {path: text.replace(old, new) for path, text in texts.items()}


if __name__ == "__main__":
    main()
