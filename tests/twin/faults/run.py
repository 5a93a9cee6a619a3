"""One change with one fault: begun, hit, healed, settled, judged, and finished by the next run."""

from __future__ import annotations

import json
import queue
import random
import re
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from igoudar.agent.switch import DAEMONS_FILE
from igoudar.apply.change import FRR, INTERFACES, Texts
from igoudar.apply.driver import Disguise, FrrDriver
from igoudar.errors import IgoudarError
from igoudar.runs import new_id
from tests.twin.bare import ROOT, at_all
from tests.twin.faults.catalogue import Fault, Scene
from tests.twin.faults.fabric import DAEMONS, FIRST, LINES, PORTS, PROBED, STACK, Fabric

VERSIONS = (FIRST, LINES, PORTS, DAEMONS)
LONGEST = 150.0  # seconds until the operator has ended
PATIENCE = 90.0  # seconds that an operator to which nothing happens waits for sessions, on a busy machine
SETTLE = 120.0  # seconds after everything is healed
POLL = 1.0  # seconds between questions to switches that have other things to do
PING = "nohup ping -n -i 0.01 -W 1 -I 10.255.0.11 {to} > /run/probe 2>&1 &"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`end`: `new`, `old` or what is mixed. `settled`: seconds from the fault. `wrong`: empty if it is well.

    `lost` of `sent` packets, one every 10 ms from leaf to leaf; `sent` is 0 where the prober was hit itself.
    """

    fault: str
    switch: str
    reported: str
    end: str
    settled: float
    sent: int
    lost: int
    wrong: str


class Bench:
    """A fabric that is up, and the version that it runs; 0 where that is not known.

    It asks the switches over logins that stay: a new one for each question would be most of what they do.
    """

    def __init__(self, fabric: Fabric) -> None:
        self.fabric, self.version = fabric, 0
        self.asking = {name: FrrDriver(fabric.access(name)) for name in fabric.switches}

    def one(self, fault: Fault, seed: int, *, short: bool = False) -> Outcome:
        """A run without a fault follows and does what is left; `short`: the next fault's change is that run,
        and no probe counts packets.
        """
        dice = random.Random(seed)
        switch = dice.choice(sorted(self.fabric.switches))
        before = self._version()
        after = FIRST if before != FIRST else dice.choice((LINES, PORTS, DAEMONS))
        self._converged()
        if not short:
            self.fabric.sh("lf-1", PING.format(to=PROBED))
        process = self._begin(fault.moment.format(s=switch), before, after)
        said = _lines(process)
        scene = Scene(self.fabric, switch, process, dice, lambda stack: self._plain(before, after, stack))
        try:
            told, began = self._hit(fault, scene, said)
        finally:  # the next fault finds all hosts as they were
            scene.kill()
            fault.heal(scene)
        self._settle()
        settled = time.monotonic() - began
        live = self._live()
        sent, lost = (0, 0) if short else self._probed()
        end = self._which(live, before, after)
        wrong = _judge(fault, end, told)
        outcome = Outcome(fault.name, switch, told.get("outcome", ""), end, settled, sent, lost, wrong)
        if not short and not wrong:
            wrong = self._finished(live, before, after)
            end = "new"
        now = after if end == "new" else before
        self.version = 0 if wrong else now
        return replace(outcome, wrong=wrong)

    def _version(self) -> int:
        """What all run; looked up at first, and after something went wrong."""
        if not self.version:
            self._settle()
            live = self._live()
            (self.version,) = [v for v in VERSIONS if live == self.fabric.texts(v)]
        return self.version

    def _begin(self, moment: str, before: int, after: int) -> subprocess.Popen[str]:
        words = [str(self.fabric.folder), str(self.fabric.spines), new_id(), str(before), str(after), moment]
        return subprocess.Popen(
            [sys.executable, "-m", "tests.twin.faults.hold", *words],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def _hit(self, fault: Fault, scene: Scene, said: queue.Queue[str]) -> tuple[Mapping[str, Any], float]:
        """What the operator reported, empty where it did not, and when it was hit."""
        line = said.get(timeout=LONGEST)
        began = time.monotonic()
        if line == "held":
            word = fault.act(scene)
            if word and scene.process.stdin is not None:
                scene.process.stdin.write(f"{word}\n")
                scene.process.stdin.flush()
            line = said.get(timeout=LONGEST)
        while line.startswith("late"):
            line = said.get(timeout=LONGEST)
        scene.process.wait(LONGEST)
        return (json.loads(line.removeprefix("report ")) if line else {}), began

    def _plain(self, before: int, after: int, stack: str) -> str:
        """The outcome of an operator's run in which nothing happens, and why."""
        drivers = {name: FrrDriver(self.fabric.access(name)) for name in self.fabric.switches}
        change = self.fabric.change(new_id(), before, after, stack)
        run = self.fabric.operator(change, drivers, self.fabric.witnesses())
        run.verify_seconds = PATIENCE
        try:
            run.run()
        except IgoudarError as error:
            run.report.error = str(error)
        return " ".join(filter(None, (run.report.outcome, run.report.error)))

    def finished(self) -> str:
        """A run from what all run to another version; what is wrong with it."""
        before = self._version()
        return self._finished(self._live(), before, FIRST if before != FIRST else LINES)

    def _finished(self, live: Mapping[str, Any], before: int, after: int) -> str:
        """The next run does what is left, without cleaning by hand."""
        found = before if self._which(live, before, after) == "old" else after
        said = self._plain(found, after, STACK)
        if said != "done" or self._which(self._live(), before, after) != "new":
            return f"the next run does not finish it: {said}"
        return ""

    def _settle(self) -> None:
        """Until no switch has anything open; asked all at once."""
        deadline = time.monotonic() + SETTLE
        left = [*self.fabric.switches]
        while left:
            assert time.monotonic() < deadline, f"still open: {', '.join(left)}"
            left = [name for name, is_open in zip(left, at_all(left, self._is_open), strict=True) if is_open]
            time.sleep(POLL if left else 0)

    def _is_open(self, name: str) -> bool:
        try:
            return self.asking[name].status().open is not None
        except IgoudarError:
            self.asking[name].close()
            return True

    def _live(self) -> dict[str, Texts]:
        """What each runs: files, and `running-config` only where its daemons run something else."""

        def read(name: str) -> Texts:
            return self.asking[name].read((DAEMONS_FILE, FRR, INTERFACES), Disguise()).texts

        return dict(zip(self.fabric.switches, at_all(self.fabric.switches, read), strict=True))

    def _which(self, live: Mapping[str, Any], before: int, after: int) -> str:
        return _which(live, self.fabric.texts(before), self.fabric.texts(after))

    def _converged(self) -> None:
        """All sessions are up, so that what is lost is the fault's."""
        ask = "vtysh -c 'show bgp summary json' | grep -c '\"state\":\"Established\"'"

        def wait(name: str) -> None:
            until = shlex.quote(f"until [ $({ask}) = {len(self.fabric.peers(name))} ]; do sleep {POLL}; done")
            self.fabric.sh(name, f"timeout {SETTLE:.0f} sh -c {until}", SETTLE + 10)

        at_all(self.fabric.switches, wait)

    def _probed(self) -> tuple[int, int]:
        told = self.fabric.sh("lf-1", "pkill -INT -x ping; sleep 0.3; tail -n 3 /run/probe; rm -f /run/probe")
        found = re.search(r"(\d+) packets transmitted, (\d+) received", told)
        return (int(found[1]), int(found[1]) - int(found[2])) if found else (0, 0)


def _lines(process: subprocess.Popen[str]) -> queue.Queue[str]:
    """Lines of its output as they come, and an empty one at its end."""
    found: queue.Queue[str] = queue.Queue()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            found.put(line.strip())
        found.put("")

    threading.Thread(target=read, daemon=True).start()
    return found


def _which(live: Mapping[str, Any], old: Mapping[str, Texts], new: Mapping[str, Texts]) -> str:
    if all(live[name] == new[name] for name in live):
        return "new"
    if all(live[name] == old[name] for name in live):
        return "old"

    def state(name: str) -> str:
        if live[name] in (new[name], old[name]):
            return "new" if live[name] == new[name] else "old"
        others = {
            path: text
            for path, text in live[name].items()
            if text not in (new[name].get(path), old[name].get(path))
        }
        return f"other: {others or 'files of both'}"

    states = {name: state(name) for name in live}
    return "mixed: " + ", ".join(f"{name} {state}" for name, state in states.items())


def _judge(fault: Fault, end: str, told: Mapping[str, Any]) -> str:
    if end not in fault.ends:
        return f"ended {end}; expected {' or '.join(sorted(fault.ends))}; {told.get('error', '')}"
    if fault.reports and told.get("outcome") not in fault.reports:
        return f"reported {told.get('outcome')}: {told.get('error', '')}; expected {', '.join(fault.reports)}"
    states = {*told.get("states", {}).values()} if fault.truthful else set()
    if states & {"new", "unconfirmed"} and end != "new":
        return f"reported {states}, is {end}"
    if states & {"old", "restored"} and end != "old":
        return f"reported {states}, is {end}"
    return ""
