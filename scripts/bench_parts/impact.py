"""Packets lost by kind of change, on the running twin of the lab.

Each change is one of text, brought to its switches by the product's own operator and agent, and taken back
afterwards; a probe every 10 ms on each flow says for how long packets were lost. What is measured goes into
`templates/frr/impact.yaml` and docs/benchmarks.md by hand.
"""

from __future__ import annotations

import os
import secrets
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench_parts.kinds import Kind, Step, Texts
from bench_parts.lines import chosen
from igoudar import vendors
from igoudar.apply.change import APPLY, impacts
from igoudar.apply.work import Work
from igoudar.compiler import Compiled, compile_site
from igoudar.errors import IgoudarError
from igoudar.impact import summary
from igoudar.resources import switches_inputs
from igoudar.stack_files import stacks_of
from igoudar.transport import access_map
from igoudar.verify.drills import STEADY
from igoudar.verify.fabric import live
from igoudar.verify.flows import ANSWER_PORT, Endpoint, endpoints
from igoudar.verify.look import Logins
from igoudar.verify.run import Verification
from igoudar.verify.twins import outside_of

INTERVAL = 0.01  # seconds between two probes of a flow
BEFORE = 2.0  # seconds of probes before a change begins: logins and interpreters start in it
LEAST, SETTLE, MOST = 9.0, 3.0, 300.0  # seconds: a flow is watched so long, until so long clean, at most
PATIENCE = 40.0  # seconds after a change that one is watched for, which takes the traffic away for good
CONVERGED = 120.0  # seconds until all must be as described before a change
FLOWS = ("in a subnet", "between subnets", "routed", "world")


@dataclass(frozen=True, slots=True)
class Flow:
    """Of one sort, from a server to an address."""

    sort: str
    host: str
    to: str
    by: str


class Bench:
    """The lab. `texts` are what its switches carry as described, `now` what they carry."""

    def __init__(self, root: Path, compiled: Compiled, verification: Verification, flows: Sequence[Flow]):
        self.root, self.verification, self.flows = root, verification, flows
        (stack,) = stacks_of(root / compiled.folder, root)
        self.inputs = switches_inputs(compiled, stack.name, stack.told["secrets"])
        self.rules = {name: nos.impact for name, nos in vendors.load(root / "templates").items()}
        self.texts: Mapping[str, Texts] = {n: dict(files) for n, files in compiled.switches.items()}
        self.now = self.texts
        self.stop = threading.Event()

    def run(self, kind: Kind) -> None:
        """One line a measured step, and one for the way back."""
        left = [r for r in self.verification.converge(CONVERGED, but=STEADY) if not r.good]
        if left:
            _row(kind.name, f"not begun: {left[0]}")
            return
        try:
            for step in kind.steps:
                if self.stop.is_set() or not self._step(kind, step, step.applied(self.now)):
                    break
        finally:  # an interrupted measurement takes its change back too; what failed was put back by itself
            if self.now != self.texts:
                way = "reload" if kind.steps[-1].way else ""
                self._step(kind, Step("back", {}, way, kind.back_measured), self.texts)

    def _step(self, kind: Kind, step: Step, after: Mapping[str, Texts]) -> bool:
        before = self.now
        watch = Watch(self.verification, self.flows if step.measured else ())
        with watch:
            begun = time.monotonic()
            said, how = self._change(before, after, step)
            self.now, seconds = before if said else after, time.monotonic() - begun
        if step.measured or said:
            lost, load = [watch.lost(sort) for sort in FLOWS], f"{os.getloadavg()[0]:.0f}"
            _row(
                kind.name,
                step.name,
                how,
                *lost,
                f"{seconds:.0f} s",
                load,
                self._foreseen(before, after),
                said,
            )
        return not said

    def _change(self, before: Mapping[str, Texts], after: Mapping[str, Texts], step: Step) -> tuple[str, str]:
        """What went wrong, empty where nothing did; and how it went. The way back is not interrupted."""
        told: list[str] = []
        work = Work(self.root, self._inputs(before, step.way), self._inputs(after, step.way), {})
        stop = threading.Event() if after is self.texts else self.stop
        try:
            with _forced(step.way):
                work.update(lambda name, text: told.append(text), stop)
        except IgoudarError as error:
            return " ".join(str(error).split("\n")[0].split()), _ways(told)
        return "", _ways(told)

    def _foreseen(self, before: Mapping[str, Texts], after: Mapping[str, Texts]) -> str:
        """What a preview says of the change."""
        old, new = self._inputs(before, ""), self._inputs(after, "")
        return summary(impacts(old, new, self.rules)).removeprefix("impact: ")

    def _inputs(self, texts: Mapping[str, Texts], way: str) -> dict[str, Any]:
        """A switch that nobody relieves is not drained."""
        apply = self.inputs[APPLY]
        marks = {name: {**told, "relieved": way == "drain"} for name, told in apply["marks"].items()}
        return {**texts, APPLY: {**apply, "marks": marks}}


class Watch:
    """Probes on all flows while the block runs, however long it takes, and until they have settled."""

    def __init__(self, verification: Verification, flows: Sequence[Flow]) -> None:
        self.verification, self.flows = verification, flows
        self.told: dict[str, Any] = {}
        self.over = f"/tmp/igoudar-bench-{secrets.token_hex(8)}"
        self.thread = threading.Thread(target=self._ask)

    def __enter__(self) -> None:
        self.thread.start()
        time.sleep(BEFORE if self.flows else 0)

    def __exit__(self, *rest: object) -> None:
        self._on_hosts(f"touch {self.over}")
        self.thread.join()
        self._on_hosts(f"rm -f {self.over}")
        time.sleep(0 if self.flows else SETTLE)

    def _on_hosts(self, command: str) -> None:
        for host in {flow.host for flow in self.flows}:
            self.verification.logins.sessions[host].run(command)

    def _ask(self) -> None:
        mine: dict[str, list[dict[str, Any]]] = {}
        for number, flow in enumerate(self.flows):
            spec = {"id": str(number), "kind": flow.by, "to": flow.to, "port": ANSWER_PORT}
            mine.setdefault(flow.host, []).append(spec)
        spec = {
            "do": "stream",
            "interval": INTERVAL,
            "least": LEAST,
            "settle": SETTLE,
            "most": MOST,
            "until": self.over,
            "patience": PATIENCE,
        }

        def ask(host: str) -> dict[str, Any]:
            return self.verification.logins.ask(host, {**spec, "flows": mine[host]}, MOST + 30)

        for told in self.verification.logins.every(mine, ask).values():
            self.told.update(told.get("flows", {}))

    def lost(self, sort: str) -> str:
        """Milliseconds for which the worst flow of the sort was silent in one go, then all that it lost.

        `?` where one was not watched.
        """
        mine = [self.told.get(str(n)) for n, flow in enumerate(self.flows) if flow.sort == sort]
        if not mine or None in mine:
            return "?"
        known = [m for m in mine if m]
        gone = "" if all(m["back"] for m in known) else " and on"
        worst = max(known, key=lambda m: m["longest"])
        silent, lost = (f"{worst[key] * INTERVAL * 1000:.0f}" for key in ("longest", "lost"))
        return f"{silent}{gone}" if silent == lost else f"{silent}{gone} ({lost})"


@contextmanager
def _forced(way: str) -> Iterator[None]:
    """This way, whatever the rules say; a drain is a restart of a switch that others relieve."""
    if not way:
        yield
        return
    with patch("igoudar.apply.operator.mode", lambda *_: "reload" if way == "reload" else "restart"):
        yield


def _row(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


def _ways(told: Sequence[str]) -> str:
    signs = {"reload": "reloading", "restart": "restarting", "drained restart": "draining"}
    found = [way for way, sign in signs.items() if any(t.startswith(sign) for t in told)]
    return " and ".join(found) or "none"


def flows_of(verification: Verification, world: Mapping[str, Sequence[str]]) -> list[Flow]:
    """Over the fabric, in each way that servers are attached; several sockets where paths are equal."""
    ends = endpoints(verification.site)
    found: list[Flow] = []
    for sort, near, far, sockets in ((FLOWS[0], 1, 1, 1), (FLOWS[1], 1, 2, 2), (FLOWS[2], 2, 2, 4)):
        a, b = next((a, b) for a in ends for b in ends if _fit(a, b, near, far))
        found += [Flow(sort, a.server, b.addresses[n % len(b.addresses)], "udp") for n in range(sockets)]
    public = next(e for e in ends if e.public)
    found += [Flow(FLOWS[3], public.server, address, "icmp") for told in world.values() for address in told]
    return found


def _fit(a: Endpoint, b: Endpoint, near: int, far: int) -> bool:
    """Servers of a VPC on so many leaves each, none of which both share."""
    apart = not set(a.leaves) & set(b.leaves)
    return a.vrf == b.vrf and apart and (len(a.leaves), len(b.leaves)) == (near, far)


def impact(root: Path, only: str, after: int) -> None:
    """The kinds that `only` chooses, but for the first `after`. A row is printed as each step ends."""
    compiled = compile_site(root / "inventory/lab", root=root, today=date.today())
    inventory = compiled.design.inventory
    outside = outside_of(inventory, root)
    with Logins(access_map(inventory, root)) as logins:
        site = live(compiled.plan, compiled.intents)
        verification = Verification(site, logins, outside, lambda _: None)
        try:
            bench = Bench(root, compiled, verification, flows_of(verification, outside.world))
            wanted = chosen(only, bench.texts, bench.rules["frr"])[after:]
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: bench.stop.set())
            sorts = [f"{sort}, ms" for sort in FLOWS]
            _row("kind", "step", "way", *sorts, "took", "load", "foreseen", "failed")
            for kind in wanted:
                if not bench.stop.is_set():
                    bench.run(kind)
        finally:
            verification.end()
