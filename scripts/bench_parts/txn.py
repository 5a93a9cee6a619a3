"""One transaction over many real switches: seconds by step, messages and bytes, and what a restore costs."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from igoudar import twin, vendors
from igoudar.apply.change import Wanted
from igoudar.apply.driver import FrrDriver
from igoudar.apply.operator import Operator, Plan
from igoudar.apply.witnesses import SshWitnesses
from igoudar.errors import DeviceFailed, IgoudarError
from igoudar.runs import Report, new_id
from igoudar.transport import Access, Lines, Result, Session
from igoudar.twin import TwinHost, TwinSpec, TwinWire, waiting
from tests.twin import bare
from tests.twin.bare import ROOT, at_all
from tests.twin.faults.fabric import WITNESSES

SPINES = 4  # of a pod
POD = 36  # switches; a kernel of a twin takes some forty ports
BOOT_SECONDS = 1200  # of all of them on two cores
VERIFY_SECONDS = 400.0
PROBE_SECONDS = 0.05
# As the role `base` has it; sshd's own is 10, and then it drops logins. All switches come to vote at once.
WITNESS_SETUP = f"""
echo 'MaxStartups 60:30:120' >/etc/ssh/sshd_config.d/30-startups.conf
{bare.WITNESS_SETUP}"""
WITNESS_MB = 512  # a login takes some 25 MB of it
MEMORY_MB, SPINE_MB = 256, 320  # daemons, frr-reload beside them, and three agents; spines have 32 neighbours


@dataclass(frozen=True, slots=True)
class Clos:
    """`size` switches in pods of four spines, none larger than POD; every leaf on every spine of its pod."""

    folder: Path
    size: int

    @property
    def pods(self) -> int:
        return -(-self.size // POD)

    @property
    def spines(self) -> list[str]:
        return [f"sp-{n}" for n in range(1, SPINES * self.pods + 1)]

    @property
    def leaves(self) -> list[str]:
        return [f"lf-{n}" for n in range(1, self.size - SPINES * self.pods + 1)]

    @property
    def names(self) -> list[str]:
        return [*self.spines, *self.leaves]

    def number(self, name: str) -> int:
        return WITNESSES.get(name) or 10 + self.names.index(name)

    def peers(self, name: str) -> dict[str, str]:
        mine, far = (self.spines, self.leaves) if name in self.spines else (self.leaves, self.spines)
        pod = mine.index(name) % self.pods
        return {f"swp{n}": other for n, other in enumerate(far[pod :: self.pods], 1)}

    def port(self, name: str, peer: str) -> tuple[str, str]:
        return name, next(port for port, other in self.peers(name).items() if other == peer)

    def text(self, name: str, version: int) -> dict[str, str]:
        asn = 65000 if name in self.spines else 65000 + self.number(name)
        return bare.fabric_texts(self.number(name), name, asn, (*self.peers(name),), f"version {version}")

    def spec(self) -> TwinSpec:
        wires = tuple(
            TwinWire(f"{leaf}-{spine}", self.port(leaf, spine), self.port(spine, leaf))
            for leaf in self.leaves
            for spine in self.peers(leaf).values()
        )
        voters = [
            replace(bare.witness_host(name, number), memory_mb=WITNESS_MB)
            for name, number in WITNESSES.items()
        ]
        hosts = (*(self._host(name) for name in self.names), *voters)
        return TwinSpec("txn", "igoudar", "192.0.2.254/24", hosts, wires)

    def _host(self, name: str) -> TwinHost:
        ports, texts = (*self.peers(name),), self.text(name, 1)
        memory = SPINE_MB if name in self.spines else MEMORY_MB
        return bare.switch_host(name, self.number(name), ports, texts, memory)

    def access(self, name: str) -> Access:
        return bare.access(self.folder, name, self.number(name))

    def operator(self, before: int, after: int, names: Sequence[str] = ()) -> Operator:
        """`names`: of the switches that change; without any, all."""
        wants = {
            n: Wanted(
                n, f"S-{n}", self.text(n, after), self.text(n, before), {}, adopt=False, peers=self.peers(n)
            )
            for n in names or self.names
        }
        rules = vendors.load(ROOT / "templates")["frr"].impact
        waves = [self.leaves[:1], self.leaves[1::2], self.leaves[2::2], self.spines[::2], self.spines[1::2]]
        id_, keys = new_id(), {n: self.access(n).host_key for n in self.names}
        plain: dict[str, tuple[str, ...]] = dict.fromkeys(self.names, ())
        plan = Plan(
            id_, "txn", wants, waves, 60.0, 30.0, {}, plain, keys, rules=dict.fromkeys(self.names, rules)
        )
        voters = SshWitnesses([self.access(name) for name in WITNESSES])
        drivers = {n: FrrDriver(self.access(n)) for n in wants}
        report, quiet = Report(id_, "txn"), threading.Event()
        return Operator(plan, drivers, voters, report, _said, quiet, VERIFY_SECONDS)


def _said(name: str, text: str) -> None:
    if not name:
        print(f"    {text}", flush=True)


@dataclass(slots=True)
class Traffic:
    """Commands and bytes of the operator, by host."""

    messages: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    heard: Counter[str] = field(default_factory=Counter)

    def count(self, host: str, sent: int, heard: int) -> None:
        self.messages[host] += 1
        self.sent[host] += sent
        self.heard[host] += heard

    def told(self, hosts: Sequence[str]) -> str:
        count = len(hosts)
        messages = sum(self.messages[h] for h in hosts) / count
        sent, heard = (sum(of[h] for h in hosts) / count / 1000 for of in (self.sent, self.heard))
        return f"{messages:.1f} messages, {sent:.1f} kB to it, {heard:.1f} kB from it"


@contextmanager
def counted() -> Iterator[Traffic]:
    traffic, run, ask = Traffic(), Session.run, Lines.ask

    def running(self: Session, command: str, stdin: bytes = b"", timeout: float = 60.0) -> Result:
        done = run(self, command, stdin, timeout)
        traffic.count(self.access.host, len(command) + len(stdin), len(done.out) + len(done.err))
        return done

    def asking(self: Lines, seconds: float, **question: Any) -> dict[str, Any]:
        told = ask(self, seconds, **question)
        traffic.count(self.host, len(json.dumps(question)), len(json.dumps(told)))
        return told

    with patch.object(Session, "run", running), patch.object(Lines, "ask", asking):
        yield traffic


def measured(operator: Operator, names: list[str]) -> None:
    """Runs it, and prints seconds by step and what a host and the operator told each other."""
    with counted() as traffic:
        begun = time.monotonic()
        report = operator.run()
        whole = time.monotonic() - begun
    steps = ", ".join(f"{step} {seconds:.1f}" for step, seconds in report.seconds.items())
    print(f"  {report.outcome} in {whole:.1f} s: {steps}")
    if report.error:
        raise DeviceFailed(report.error)
    print(f"  a switch: {traffic.told(names)}")
    print(f"  a witness: {traffic.told([*WITNESSES])}", flush=True)


def txn(size: int) -> None:
    with tempfile.TemporaryDirectory() as made:
        clos = Clos(Path(made), size)
        begun = time.monotonic()
        try:
            with patch.object(waiting, "HOST_SECONDS", BOOT_SECONDS):
                twin.up(clos.spec(), clos.folder, twin.find_image(ROOT), lambda _: None)
            at_all(clos.names, lambda name: twin_sh(clos, name, bare.SWITCH_SETUP))
            at_all(WITNESSES, lambda name: twin_sh(clos, name, WITNESS_SETUP))
            print(f"{size} switches: up after {time.monotonic() - begun:.0f} s", flush=True)
            _converge(clos)
            _change(clos)
            _restore(clos, clos.leaves[:1])
            _restore(clos, clos.names)
        finally:
            twin.down(clos.folder, wipe=True)


def twin_sh(clos: Clos, name: str, script: str) -> str:
    for _ in range(5):
        with suppress(IgoudarError):
            return bare.sh(clos.folder, name, script)
    return ""


def _converge(clos: Clos) -> None:
    """Every session of the fabric is up."""
    ask = "vtysh -c 'show bgp summary json' | grep -c '\"state\":\"Established\"' || true"
    deadline = time.monotonic() + VERIFY_SECONDS
    while True:
        up = at_all(clos.names, lambda n: twin_sh(clos, n, ask))
        if sum(int(n or 0) for n in up) == 2 * SPINES * len(clos.leaves):
            return
        if time.monotonic() > deadline:
            raise DeviceFailed("the fabric does not come up")
        time.sleep(2)


def _change(clos: Clos) -> None:
    """A line of text on each switch."""
    logins = "journalctl -u ssh --no-pager | grep -c 'Accepted publickey for igoudar-witness' || true"
    before = int(twin_sh(clos, "mgmt-1", logins) or 0)
    wires = [_wires(clos), _wires(clos)]  # the second says what looking costs
    measured(clos.operator(1, 2), clos.names)
    wires.append(_wires(clos))
    after = int(twin_sh(clos, "mgmt-1", logins) or 0)
    print(f"  {after - before} logins of switches at a witness", flush=True)
    for what, names in (("a switch", clos.names), ("a witness", [*WITNESSES])):
        looked, whole = (
            sum(wires[n + 1][host] - wires[n][host] for host in names) / len(names) for n in (0, 1)
        )
        print(f"  on the wire of {what}, all that SSH adds and both ways: {(whole - looked) / 1000:.0f} kB")


def _wires(clos: Clos) -> dict[str, int]:
    """Bytes that each host's management port has sent and received."""
    hosts = [*clos.names, *WITNESSES]
    count = "cat /sys/class/net/eth0/statistics/[rt]x_bytes"
    return {
        h: sum(map(int, said.split()))
        for h, said in zip(hosts, at_all(hosts, lambda h: twin_sh(clos, h, count)), strict=True)
    }


def _restore(clos: Clos, names: list[str]) -> None:
    """All are applied, one is not as it should be, and all are put back; the first is knocked at.

    They share the cores of this machine, which switches do not: one alone says what it is for a switch.
    """
    run, knocked = clos.operator(2, 1, names), names[0]
    run.verify_seconds = 1.0

    def never(self: FrrDriver, *rest: object, **more: object) -> object:
        raise DeviceFailed(f"{self.name}: not as it should be")

    stop, gaps = threading.Event(), list[float]()
    knocking = threading.Thread(target=_knock, args=(clos, knocked, stop, gaps))
    run.plan = replace(run.plan, waves=[names])
    knocking.start()
    try:
        with patch.object(FrrDriver, "verify", never), suppress(DeviceFailed):
            run.run()
    finally:
        stop.set()
        knocking.join()
    states = Counter(run.report.states.values())
    print(f"  restore of {len(names)} at once: {run.report.seconds['restore']:.1f} s, {dict(states)}")
    print(
        f"  {knocked} did not greet at its management port for {max(gaps, default=0.0):.2f} s at most",
        flush=True,
    )


def _knock(clos: Clos, name: str, stop: threading.Event, gaps: list[float]) -> None:
    """Seconds between two greetings of its sshd, the longest last."""
    last = time.monotonic()
    while not stop.is_set():
        with suppress(Exception), twin.open_channel(clos.folder, bare.oob(clos.number(name)), 22) as sock:
            sock.settimeout(2)
            if sock.recv(16).startswith(b"SSH-"):
                now = time.monotonic()
                gaps.append(now - last)
                last = now
        time.sleep(PROBE_SECONDS)
