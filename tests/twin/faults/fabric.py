"""A small fabric on a twin: two leaves over one or two spines, BGP unnumbered, and three management hosts."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from igoudar import twin, vendors
from igoudar.agent.switch import DAEMONS_FILE
from igoudar.apply.change import INTERFACES, Wanted
from igoudar.apply.driver import Driver
from igoudar.apply.operator import Operator, Plan
from igoudar.apply.witnesses import SshWitnesses, Witnesses
from igoudar.runs import Report
from igoudar.transport import Access
from igoudar.twin import TwinSpec, TwinWire
from tests.twin import bare
from tests.twin.bare import ROOT, at_all, sh

LEAVES = {"lf-1": 11, "lf-2": 12}
SPINES = {"sp-1": 21, "sp-2": 22}
WITNESSES = {"mgmt-1": 2, "mgmt-2": 3, "mgmt-3": 4}
PROBED = "10.255.0.12"  # the loopback of lf-2, asked from that of lf-1
WINDOW = 8.0
RESTORE = 24.0  # seconds, of all tries: the switches share a busy machine
VERIFY = 40.0  # seconds for sessions to come up again after all daemons started anew, on a busy machine
STACK = "small"
# What all switches run at first, and what a change from there is one of, back again too.
FIRST = 1
LINES = 2  # another description of each neighbour: FRR reloads
PORTS = 3  # an address more: the interfaces too, and one switch after the other
DAEMONS = 4  # a daemon more: FRR starts anew


@dataclass(frozen=True, slots=True)
class Run:
    """A change from one version to another: its id, its stack, the texts of both. `waves`: of one each."""

    id: str
    record: dict[str, dict[str, str]]
    target: dict[str, dict[str, str]]
    stack: str = STACK
    waves: bool = False


@dataclass(frozen=True, slots=True)
class Fabric:
    """In a folder. With one spine a change costs the machine a quarter less, and no switch has two ways."""

    folder: Path
    spines: int = 2

    @property
    def switches(self) -> dict[str, int]:
        """Name -> last byte of its addresses."""
        return LEAVES | {name: SPINES[name] for name in sorted(SPINES)[: self.spines]}

    def peers(self, name: str) -> dict[str, str]:
        """Port -> switch at its other end."""
        others = LEAVES if name in SPINES else {n: at for n, at in self.switches.items() if n in SPINES}
        return {f"swp{port}": other for port, other in enumerate(others, 1)}

    def texts(self, version: int) -> dict[str, dict[str, str]]:
        """What all switches run in a version."""
        return {name: self._text(name, version) for name in self.switches}

    def _text(self, name: str, version: int) -> dict[str, str]:
        number = self.switches[name]
        told = "version 2" if version == LINES else "version 1"
        texts = bare.fabric_texts(number, name, 65000 + min(number, 20), (*self.peers(name),), told)
        if version == PORTS:
            own = f"    address 10.255.0.{number}/32\n"
            texts[INTERFACES] = texts[INTERFACES].replace(own, f"{own}    address 10.255.1.{number}/32\n")
        if version == DAEMONS:
            texts[DAEMONS_FILE] = texts[DAEMONS_FILE].replace("bfdd=no", "bfdd=yes")
        return texts

    def spec(self) -> TwinSpec:
        switches = (
            bare.switch_host(name, number, (*self.peers(name),), self._text(name, 1))
            for name, number in self.switches.items()
        )
        wires = tuple(
            TwinWire(f"{leaf}-{spine}", (leaf, port), (spine, f"swp{at}"))
            for at, leaf in enumerate(LEAVES, 1)
            for port, spine in self.peers(leaf).items()
        )
        hosts = (*switches, *(bare.witness_host(name, number) for name, number in WITNESSES.items()))
        return TwinSpec("faults", "igoudar", "192.0.2.254/24", hosts, wires)

    def sh(self, name: str, script: str, seconds: float = 60.0) -> str:
        return sh(self.folder, name, script, seconds)

    def access(self, name: str) -> Access:
        return bare.access(self.folder, name, (LEAVES | SPINES | WITNESSES)[name])

    def witnesses(self) -> SshWitnesses:
        return SshWitnesses([self.access(name) for name in WITNESSES])

    def change(self, id_: str, before: int, after: int, stack: str = STACK) -> Run:
        """From one version to another; one of the interfaces goes from switch to switch."""
        return Run(id_, self.texts(before), self.texts(after), stack, waves=PORTS in (before, after))

    def operator(self, run: Run, drivers: Mapping[str, Driver], voters: Witnesses) -> Operator:
        """A change of all switches, with the window of the faults."""
        wants = {
            name: Wanted(name, f"S-{name}", run.target[name], run.record[name], {}, False, self.peers(name))
            for name in self.switches
        }
        keys = {name: self.access(name).host_key for name in wants}
        waves = [[name] for name in sorted(wants)] if run.waves else [sorted(wants)]
        rules = dict.fromkeys(wants, vendors.load(ROOT / "templates")["frr"].impact)
        plan = Plan(
            run.id, run.stack, wants, waves, WINDOW, RESTORE, {}, dict.fromkeys(wants, ()), keys, rules=rules
        )
        report = Report(run.id, run.stack)
        return Operator(
            plan, drivers, voters, report, lambda *_: None, threading.Event(), verify_seconds=VERIFY
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        try:
            twin.up(self.spec(), self.folder, twin.find_image(ROOT), lambda _: None)
            at_all(self.switches, lambda name: self.sh(name, bare.SWITCH_SETUP))
            at_all(WITNESSES, lambda name: self.sh(name, bare.WITNESS_SETUP))
            yield
        finally:
            twin.down(self.folder, wipe=True)
