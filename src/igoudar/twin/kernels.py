"""User-mode Linux processes: one kernel a host, started, killed and noticed when it ends."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from igoudar.twin.paths import Folder, Image
from igoudar.twin.spec import TwinHost

KILL_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Socket:
    """A device `vecN` of a kernel: the raw end it is on, its MAC and MTU."""

    end: str
    mac: str
    mtu: int


def command_line(host: TwinHost, image: Image, folder: Folder, sockets: Sequence[Socket]) -> list[str]:
    """The kernel's arguments. Paths with a comma or a blank cannot be said to it; `up` refuses them."""
    vectors = [
        f"vec{n}:transport=raw,ifname={s.end},bpffile={folder.path}/out.bpf,mtu={s.mtu},mac={s.mac}"
        for n, s in enumerate(sockets)
    ]
    return [
        str(image.kernel),
        f"mem={host.memory_mb}M",
        f"ubd0={folder.disks}/{host.name}.cow,{image.disk}",
        f"ubd1r={folder.seeds}/{host.name}.tar",
        "root=/dev/ubda",
        "rw",
        "con=null",
        "con0=null,fd:1",
        f"umid={host.name}",
        "uml_dir=uml",  # relative: a socket's path has 107 bytes at most
        "seccomp=on",
        *vectors,
        f"systemd.hostname={host.name}",
        f"systemd.machine_id={_machine_id(host)}",
        "systemd.show_status=0",
        "quiet",
    ]


def _machine_id(host: TwinHost) -> str:
    """The same at every start, another for a replaced machine."""
    return hashlib.sha256(f"{host.name}/{host.serial}".encode()).hexdigest()[:32]


def start(words: Sequence[str], log: Path, number: int) -> int:
    """Process id of a kernel in a session of its own, console into `log`.

    A kernel and each of its processes wait for one another thousands of times a second; across two CPUs that
    costs up to three times as much as on one, so all of a kernel stay on one CPU: the `number`th, in turn.
    """
    sys.stdout.flush()
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    allowed = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {allowed[number % len(allowed)]})  # inherited; the caller has one thread
    try:
        pid = os.posix_spawn(words[0], list(words), os.environ, file_actions=actions, setsid=True)
    finally:
        os.sched_setaffinity(0, allowed)
    _weigh(pid)
    return pid


def _weigh(pid: int) -> None:
    """As nice as who begins it: Linux weighs sessions first, then processes, and this one is its own."""
    with suppress(OSError):  # a kernel that does not
        Path(f"/proc/{pid}/autogroup").write_text(str(os.getpriority(os.PRIO_PROCESS, 0)), "ascii")


def kill(pid: int) -> None:
    """A power cut: the kernel and the processes it is made of. Returns when it is gone, its disk unlocked."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    deadline = time.monotonic() + KILL_SECONDS
    while time.monotonic() < deadline:
        try:
            if os.waitpid(pid, os.WNOHANG)[0] == pid:
                return
        except ChildProcessError:
            return
        time.sleep(0.005)


def reap() -> list[int]:
    """Process ids that have ended since the last call; orphans of the namespace among them."""
    ended: list[int] = []
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended.append(pid)
