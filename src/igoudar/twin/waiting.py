"""Waiting until the hosts of a twin let us in and their init has settled."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from igoudar.errors import DeviceFailed, first_few
from igoudar.transport import Access, Relay, connect
from igoudar.twin.control import ask, open_relay
from igoudar.twin.paths import Folder
from igoudar.twin.seed import public_line
from igoudar.twin.spec import TwinHost, TwinSpec

HOST_SECONDS = 240
BANNER_SECONDS = 3
POLL_SECONDS = 0.4
SAY_SECONDS = 3
STALLED_SECONDS = 60  # nothing came up for so long: a kernel that hangs in its boot gets one power cycle
TOGETHER = 8
RUNNING, DEGRADED = "running", "degraded"
# Its first line is the state; nothing while it is starting. Then names of failed units.
_ASK_INIT = (
    "timeout 5 systemctl is-system-running --wait || true; "
    "systemctl list-units --failed --plain --no-legend | cut -d' ' -f1"
)

Progress = Callable[[str], None]


def access(folder: Folder, spec: TwinSpec, host: TwinHost) -> Access:
    return Access(
        host=host.name,
        address=_address(host),
        user=spec.login,
        key_path=folder.login_key,
        host_key=public_line(folder.host_keys / host.name),
        via=Relay(folder.path),
    )


@dataclass(slots=True)
class _Wait:
    """What the threads of one wait share. `off`: hosts whose kernel has ended."""

    folder: Folder
    spec: TwinSpec
    deadline: float
    over: threading.Event = field(default_factory=threading.Event)
    off: frozenset[str] = frozenset()

    def until_settled(self, name: str) -> str:
        """The host's last word: `running`, or `degraded` and failed units. Raises DeviceFailed, Missing."""
        host, problem = self.spec.host(name), "no answer"
        while time.monotonic() < self.deadline and not self.over.is_set():
            if name in self.off:
                problem = "its kernel ended"
                break
            if _banner(self.folder, host):
                try:
                    return self._init(host)
                except DeviceFailed as error:
                    problem = str(error)
            self.over.wait(POLL_SECONDS)
        log = self.folder.logs / f"{name}.log"
        raise DeviceFailed(f"{name}: {problem}; its console is in {log} and ends with {_last_line(log)!r}")

    def _init(self, host: TwinHost) -> str:
        with connect(access(self.folder, self.spec, host)) as session:
            while not self.over.is_set():
                told = session.run(_ASK_INIT, timeout=30).out.decode("utf-8", "replace").split()
                if told and told[0] == RUNNING:
                    return RUNNING
                if told and told[0] == DEGRADED:
                    return f"{DEGRADED}: {' '.join(told[1:])}"
                if time.monotonic() > self.deadline or (told and told[0] == "stopping"):
                    raise DeviceFailed(f"its init says {told[0] if told else 'nothing'!r}")
        raise DeviceFailed("interrupted")


def wait_for(folder: Folder, spec: TwinSpec, names: Iterable[str], progress: Progress) -> None:
    """Until each host is up. Raises DeviceFailed with those that do not come, Missing where the twin ends."""
    wait = _Wait(folder, spec, time.monotonic() + HOST_SECONDS)
    pool = ThreadPoolExecutor(TOGETHER)
    futures = {name: pool.submit(wait.until_settled, name) for name in names}
    try:
        _watch(wait, futures, progress)
    finally:
        wait.over.set()
        pool.shutdown(cancel_futures=True)
    failed = [error for f in futures.values() if (error := f.exception()) is not None]
    if other := next((e for e in failed if not isinstance(e, DeviceFailed)), None):
        raise other
    if failed:
        raise DeviceFailed("\n".join(sorted(str(error) for error in failed)))


def _watch(wait: _Wait, futures: dict[str, Future[str]], progress: Progress) -> None:
    begun = said = moved = time.monotonic()
    waiting, cycled = dict(futures), False
    while waiting:
        for name in [name for name, future in waiting.items() if future.done()]:
            future, moved = waiting.pop(name), time.monotonic()
            if future.exception() is None and future.result() != RUNNING:
                progress(f"{name} is {future.result()}")
        if waiting and time.monotonic() - said > SAY_SECONDS:
            said = time.monotonic()
            wait.off = frozenset(
                h["name"] for h in ask(wait.folder, do="status")["hosts"] if h["state"] == "off"
            )
            count = f"{len(futures) - len(waiting)} of {len(futures)}"
            progress(f"{count} up after {said - begun:.0f} s, not yet: {first_few([*waiting], 4)}")
        if not cycled and time.monotonic() - moved > STALLED_SECONDS:
            for name in sorted(waiting):
                progress(f"{name} does not come up; switched off and on")
                ask(wait.folder, do="off", host=name)
                ask(wait.folder, do="on", host=name)
            cycled = True
        time.sleep(0.1)


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text("utf-8", "replace").split("\n")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _address(host: TwinHost) -> str:
    return host.oob.partition("/")[0]


def _banner(folder: Folder, host: TwinHost) -> bool:
    """Whether sshd speaks: cheaper to ask for, again and again, than a login."""
    try:
        with open_relay(folder, _address(host), 22) as sock:
            sock.settimeout(BANNER_SECONDS)
            return sock.recv(4) == b"SSH-"
    except (DeviceFailed, OSError):
        return False
