"""A small fabric on a twin: two leaves over two spines, BGP unnumbered, and three management hosts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from igoudar import twin, vendors
from igoudar.apply.change import Texts, Wanted
from igoudar.apply.driver import Driver
from igoudar.apply.operator import Operator, Plan
from igoudar.apply.witnesses import SshWitnesses, Witnesses
from igoudar.runs import Report
from igoudar.transport import Access
from igoudar.twin import TwinSpec, TwinWire
from tests.twin import bare
from tests.twin.bare import ROOT, sh

SWITCHES = {"lf-1": 11, "lf-2": 12, "sp-1": 21, "sp-2": 22}
WITNESSES = {"mgmt-1": 2, "mgmt-2": 3, "mgmt-3": 4}
PEERS = {
    "lf-1": {"swp1": "sp-1", "swp2": "sp-2"},
    "lf-2": {"swp1": "sp-1", "swp2": "sp-2"},
    "sp-1": {"swp1": "lf-1", "swp2": "lf-2"},
    "sp-2": {"swp1": "lf-1", "swp2": "lf-2"},
}
PROBED = "10.255.0.12"  # the loopback of lf-2, asked from that of lf-1
T = TypeVar("T")
WINDOW, RESTORE = 8.0, 8.0
STACK = "small"


def texts(version: int) -> dict[str, dict[str, str]]:
    """What all switches run; each version has its own descriptions of neighbours."""
    return {name: _text(name, version) for name in SWITCHES}


def _text(name: str, version: int) -> dict[str, str]:
    number = SWITCHES[name]
    return bare.fabric_texts(number, name, 65000 + min(number, 20), (*PEERS[name],), version)


def spec() -> TwinSpec:
    switches = (bare.switch_host(n, number, (*PEERS[n],), _text(n, 1)) for n, number in SWITCHES.items())
    wires = tuple(
        TwinWire(f"{leaf}-{spine}", (leaf, port), (spine, back))
        for leaf, back in (("lf-1", "swp1"), ("lf-2", "swp2"))
        for port, spine in PEERS[leaf].items()
    )
    hosts = (*switches, *(bare.witness_host(name, number) for name, number in WITNESSES.items()))
    return TwinSpec("faults", "igoudar", "192.0.2.254/24", hosts, wires)


def bring_up(folder: Path) -> None:
    twin.up(spec(), folder, twin.find_image(ROOT), lambda _: None)
    at_all(SWITCHES, lambda name: sh(folder, name, bare.SWITCH_SETUP))
    at_all(WITNESSES, lambda name: sh(folder, name, bare.WITNESS_SETUP))


@contextmanager
def running(folder: Path) -> Iterator[Path]:
    try:
        bring_up(folder)
        yield folder
    finally:
        twin.down(folder, wipe=True)


def at_all(names: Iterable[str], work: Callable[[str], T]) -> list[T]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(work, names))


def access(folder: Path, name: str) -> Access:
    return bare.access(folder, name, (SWITCHES | WITNESSES)[name])


def witnesses(folder: Path) -> SshWitnesses:
    return SshWitnesses([access(folder, name) for name in WITNESSES])


@dataclass(frozen=True, slots=True)
class Run:
    """A change from one version to another: its id, its stack, and the texts of both."""

    id: str
    record: Mapping[str, Texts]
    target: Mapping[str, Texts]
    stack: str = STACK


def operator(folder: Path, run: Run, drivers: Mapping[str, Driver], voters: Witnesses) -> Operator:
    """A change of all switches, with the window of the faults."""
    wants = {
        name: Wanted(
            name, f"S-{name}", run.target[name], run.record[name], {}, adopt=False, peers=PEERS[name]
        )
        for name in SWITCHES
    }
    keys = {name: access(folder, name).host_key for name in SWITCHES}
    waves = [sorted(SWITCHES)]  # one: what a fault may hit is the same, and it is quicker
    rules = dict.fromkeys(wants, vendors.load(ROOT / "templates")["frr"].impact)
    plan = Plan(
        run.id, run.stack, wants, waves, WINDOW, RESTORE, {}, dict.fromkeys(wants, ()), keys, rules=rules
    )
    report = Report(run.id, run.stack)
    return Operator(plan, drivers, voters, report, lambda *_: None, threading.Event(), verify_seconds=25.0)
