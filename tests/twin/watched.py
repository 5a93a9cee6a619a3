"""A `pulumi up` that is watched: what it says, its processes, and what is killed of it."""

from __future__ import annotations

import os
import pty
import queue
import re
import shlex
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from igoudar.agent.__main__ import LOOKING
from igoudar.agent.core import VERBS
from tests.twin.checkout import Checkout

LONGEST = 240.0  # seconds for a step to come, and for a run to end
ORPHAN_SECONDS = 2.0
LATE_SECONDS = 10.0
MARK = "IGOUDAR_TEST_RUN"  # inherited by all that a run starts, whoever adopts it later
NAMES = {
    "engine": r"(^|/)pulumi up",
    "language host": r"pulumi-language-python",
    "provider": r"igoudar\.provider",
    "transaction": r"igoudar\.apply",
    "worker": r"igoudar\.worker",
}


class Run:
    """`terminal`: it has one of its own, and the shell on it is the session's leader."""

    def __init__(self, checkout: Checkout, *, terminal: bool = False) -> None:
        self.ours, theirs = pty.openpty() if terminal else os.pipe()
        own = ["env", "--default-signal=HUP,INT,QUIT"]  # as a shell that somebody sits at begins it
        begin = [*own, "setsid", *(["--ctty"] if terminal else [])]
        end = f"{checkout.up}; true" if terminal else f"exec {checkout.up}"
        script = f". scripts/env {checkout.site} && {end}"
        self.mark = uuid.uuid4().hex
        self.process = subprocess.Popen(
            [*begin, "bash", "-c", script],
            cwd=checkout.folder,
            env={**os.environ, MARK: self.mark},
            stdin=theirs if terminal else subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        self.said: list[str] = []
        self.lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        rest = ""
        while True:
            try:
                data = os.read(self.ours, 65536)
            except OSError:  # a terminal whose other end is gone
                data = b""
            if not data:
                self.lines.put("")
                return
            *whole, rest = (rest + data.decode("utf-8", "replace")).split("\n")
            for line in whole:
                self.said.append(line)
                self.lines.put(line or " ")

    def until(self, step: str) -> None:
        """Until the transaction says that it is at `step`."""
        deadline = time.monotonic() + LONGEST
        while time.monotonic() < deadline:
            line = self.lines.get(timeout=LONGEST)
            assert line, f"it ended before {step}:\n{self.told()}"
            if re.search(step, line):
                return
        raise AssertionError(f"{step} did not come:\n{self.told()}")

    def told(self) -> str:
        return "\n".join(self.said[-60:])

    def processes(self) -> dict[int, str]:
        """All below the shell that was started, with their command lines."""
        return _below(self.process.pid)

    def pid(self, name: str) -> int:
        found = [p for p, command in self.processes().items() if re.search(NAMES[name], command)]
        assert found, f"no {name} among {self.processes()}"
        return found[0]

    def kill(self, name: str) -> set[int]:
        """What hung on it, itself too."""
        pid = self.process.pid if name == "terminal" else self.pid(name)
        hung = {*_below(pid)}
        os.kill(pid, signal.SIGKILL)
        return hung

    def interrupt(self) -> None:
        os.killpg(self.process.pid, signal.SIGINT)

    def gone(self) -> None:
        """A test that failed leaves nothing that holds the stack's lock."""
        for pid in living(self.mark):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def ended(self) -> int:
        return self.process.wait(LONGEST)


def _below(pid: int) -> dict[int, str]:
    """It and its descendants that live, with their command lines."""
    below = _children()
    found, left = dict[int, str](), [pid]
    while left:
        pid = left.pop()
        if (command := _command(pid)) is not None:
            found[pid] = command
            left += below.get(pid, [])
    return found


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            found.setdefault(parent, []).append(int(entry.name))
    return found


def _command(pid: int) -> str | None:
    """None where it does not live, or is only waited for."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return None
    return None if state == "Z" else words.replace(b"\0", b" ").decode("utf-8", "replace").strip()


def living(mark: str) -> dict[int, str]:
    """All with this mark in their environment, with their command lines: also those that left the tree."""
    sought, found = f"{MARK}={mark}".encode(), dict[int, str]()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            marked = sought in (entry / "environ").read_bytes().split(b"\0")
        except OSError:  # it ended meanwhile, or is another user's
            continue
        if marked and (command := _command(int(entry.name))) is not None:
            found[int(entry.name)] = command
    return found


def orphans(mark: str, hung: Collection[int] | None = None) -> dict[int, str]:
    """Those of a run, or of what hung on one of its processes, that live when orphans may not any more."""

    def now() -> dict[int, str]:
        return {pid: c for pid, c in living(mark).items() if hung is None or pid in hung}

    deadline = time.monotonic() + ORPHAN_SECONDS
    while (left := now()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def orders_once_still(checkout: Checkout) -> dict[str, int]:
    """What was on its way when its sender died has arrived: a busy switch is late to look at it."""
    deadline, before = time.monotonic() + LATE_SECONDS, orders(checkout)
    while time.monotonic() < deadline:
        time.sleep(1)
        if (now := orders(checkout)) == before:
            return now
        before = now
    return before


def orders(checkout: Checkout) -> dict[str, int]:
    """How many orders to write each switch had since it was started, as its own journal says."""
    verbs = "|".join(verb for verb in VERBS if verb not in LOOKING)
    told = checkout.at_all(f"sudo journalctl -q -t igoudar-agent -o cat | grep -cE '^({verbs}) '")
    found = {name: int(said) for name, said in told.items()}
    assert any(found.values()), "each change tells some switch to write"
    return found


def settle(checkout: Checkout) -> None:
    """Until nothing is open anywhere."""
    begun = time.monotonic()
    # the agent is asked when it points to none: that costs more, so it may wait for a while
    pointed = "for n in $(seq 20); do test -s /var/lib/igoudar/open || break; sleep 1; done"
    closed = "echo '{}' | igoudar-agent status | grep -q '\"open\": null'"
    wait = shlex.quote(f"{pointed}; until {closed}; do sleep 1; done")
    waited = f"sudo timeout 40 sh -c {wait} && echo closed"
    while left := [name for name, said in checkout.at_all(waited).items() if said != "closed"]:
        assert time.monotonic() - begun < LONGEST, f"still open: {', '.join(left)}"
