"""The process that is applying: named so that no other is ever ended in its place, and ended as a whole."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

END_SECONDS = 3.0


def worker_name() -> str:
    """`<process id> <start time>` of this process, which becomes the head of a process group of its own."""
    with contextlib.suppress(PermissionError):  # the head of a session is the head of a group already
        os.setpgid(0, 0)
    return f"{os.getpid()} {_started(os.getpid())}"


def end_worker(name: str) -> None:
    """Kill it and all that it started, and wait until it is gone. Nothing where it lives no more."""
    pid, _, started = name.partition(" ")
    if not pid or int(pid) == os.getpid() or not started or _started(int(pid)) != started:
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(int(pid), signal.SIGKILL)
    deadline = time.monotonic() + END_SECONDS
    while _started(int(pid)) == started and time.monotonic() < deadline:
        time.sleep(0.01)


def _started(pid: int) -> str:
    """Start time in clock ticks since boot; empty for a process that is gone, or is a mere entry."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]
