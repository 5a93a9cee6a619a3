"""Frees a stack of the file backend whose `pulumi` was killed; never one whose `pulumi` lives.

A lock is a file `locks/organization/<project>/<stack>/<id>.json` with process id, host and time. It is
dead when it is of this host and the process is gone, or is another one that was started after the lock.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from igoudar.errors import IgoudarError, Missing
from igoudar.tree import runtime_folder

SLACK_SECONDS = 2.0  # of the kernel's start times, which count in hundredths since boot


class Locked(IgoudarError):
    """The holder of the lock lives, or may live."""


@dataclass(frozen=True, slots=True)
class Lock:
    path: Path
    pid: int
    host: str
    at: float


def unlock(stack: str, checkout: Path) -> list[str]:
    """What was done, a sentence each. Raises Locked with the holder, Missing without a file backend."""
    state = _state_folder(checkout)
    locks = [lock for path in _lock_files(state, stack, checkout) if (lock := _read(path)) is not None]
    living = [lock for lock in locks if lock.host != socket.gethostname() or _lives(lock)]
    if living:
        lock = living[0]
        raise Locked(
            f"{stack} is locked by process {lock.pid} on {lock.host} since "
            f"{datetime.fromtimestamp(lock.at):%Y-%m-%d %H:%M:%S}, which "
            + ("lives" if lock.host == socket.gethostname() else "cannot be looked at from here")
            + "; wait for it, or end it there"
        )
    done: list[str] = []
    for lock in locks:
        lock.path.unlink(missing_ok=True)
        done.append(f"freed the lock of process {lock.pid}, which is gone")
    done += _clear_pending(stack, checkout)
    return done or [f"{stack} is not locked and nothing is pending"]


def _state_folder(checkout: Path) -> Path:
    backend = os.environ.get("PULUMI_BACKEND_URL") or f"file://{runtime_folder(checkout) / 'state'}"
    if not backend.startswith("file://"):
        raise Missing(
            f"{backend.partition(':')[0]} backends keep their own locks; `pulumi cancel` frees one there"
        )
    path = Path(backend.removeprefix("file://"))
    return (path if path.is_absolute() else checkout / path) / ".pulumi"


def _lock_files(state: Path, stack: str, checkout: Path) -> list[Path]:
    """A backend may serve several projects, whose stacks may have equal names."""
    project = yaml.safe_load((checkout / "Pulumi.yaml").read_text("utf-8"))["name"]
    return sorted((state / "locks/organization" / project / stack).glob("*.json"))


def _read(path: Path) -> Lock | None:
    """None where the lock is gone by now. Raises Locked where it does not say whose it is."""
    try:
        data: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
        return Lock(path, int(data["pid"]), str(data["hostname"]), path.stat().st_mtime)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Locked(
            f"{path} does not say whose lock it is ({error}); remove it once no pulumi runs on the stack"
        ) from error


def _lives(lock: Lock) -> bool:
    """Whether the process that wrote the lock is there: same id, and started before the lock."""
    try:
        stat = Path(f"/proc/{lock.pid}/stat").read_text("ascii").rpartition(")")[2].split()
    except OSError:
        return False
    if stat[0] == "Z":
        return False
    ticks = int(stat[19]) / os.sysconf("SC_CLK_TCK")
    started = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + ticks
    return started <= lock.at + SLACK_SECONDS


def _clear_pending(stack: str, checkout: Path) -> list[str]:
    """A create that was under way stays in the state as a warning for ever; devices are the truth, not it."""
    exported = _pulumi(checkout, "stack", "export", "--stack", stack)
    state = json.loads(exported)
    pending = state["deployment"].get("pending_operations") or []
    if not pending:
        return []
    state["deployment"]["pending_operations"] = []
    _pulumi(checkout, "stack", "import", "--stack", stack, "--force", given=json.dumps(state))
    urns = ", ".join(op["resource"]["urn"].rpartition("::")[2] for op in pending)
    return [f"cleared {len(pending)} operations that were under way ({urns}); the next `pulumi up` does them"]


def _pulumi(checkout: Path, *words: str, given: str | None = None) -> str:
    try:
        done = subprocess.run(
            ["pulumi", *words], cwd=checkout, input=given, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise Missing("pulumi is not on PATH; run `. scripts/env` first") from error
    if done.returncode != 0:
        raise IgoudarError(f"pulumi {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout
