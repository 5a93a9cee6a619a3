"""Frees a stack of the file backend whose `pulumi` was killed; never one whose `pulumi` lives.

A lock is a file `locks/organization/<project>/<stack>/<id>.json` with process id, host and time. It is
dead when it is of this host and the process is gone, or is another program that was started after the lock.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from igoudar.errors import IgoudarError, Missing
from igoudar.pulumi_stack import backend, pulumi

ENGINE = "pulumi"  # what the kernel calls the process that writes locks
SLACK_SECONDS = 2.0  # of the kernel's start times, which count in hundredths since boot


class Locked(IgoudarError):
    """The holder of the lock lives, or may live."""


@dataclass(frozen=True, slots=True)
class Lock:
    path: Path
    pid: int
    host: str
    at: float  # seconds since the epoch


def unlock(stack: str, checkout: Path) -> list[str]:
    """What was done, a sentence each; no device is asked.

    Raises Locked with the holder, or where none can be made out, and Missing without a file backend.
    """
    locks = [lock for path in _lock_files(checkout, stack) if (lock := _read(path)) is not None]
    for lock in locks:
        _refuse_living(stack, lock)
    done: list[str] = []
    for lock in locks:
        lock.path.unlink(missing_ok=True)
        done.append(f"freed the lock of process {lock.pid}, which is gone")
    done += _clear_pending(stack, checkout)
    return done or [f"{stack} is not locked and nothing is pending"]


def _refuse_living(stack: str, lock: Lock) -> None:
    here = lock.host == socket.gethostname()
    if here and not _lives(lock):
        return
    since = datetime.fromtimestamp(lock.at)
    raise Locked(
        f"{stack} is locked by process {lock.pid} on {lock.host} since {since:%Y-%m-%d %H:%M:%S}, which "
        f"{'lives' if here else 'cannot be looked at from here'}; wait for it, or end it there"
    )


def _lock_files(checkout: Path, stack: str) -> list[Path]:
    """Those of this project only: one backend may hold stacks of the same name of several."""
    scheme, _, rest = backend(checkout).partition("://")
    if scheme != "file":
        raise Missing(f"{scheme} backends keep their own locks; `pulumi cancel` frees one there")
    project = yaml.safe_load((checkout / "Pulumi.yaml").read_text("utf-8"))["name"]
    state = checkout / Path(rest).expanduser()
    return sorted((state / ".pulumi/locks/organization" / project / stack).glob("*.json"))


def _read(path: Path) -> Lock | None:
    """None where it is freed by now. Raises Locked where the file is not whole, whoever wrote it."""
    try:
        data: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
        return Lock(path, int(data["pid"]), str(data["hostname"]), path.stat().st_mtime)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Locked(
            f"{path} is a lock that does not name its holder; if no pulumi runs on this stack, remove it"
        ) from error


def _lives(lock: Lock) -> bool:
    """Whether the process that wrote the lock is there: same id, and started before the lock.

    A clock that was set forward since makes the holder look younger than its lock, so a `pulumi` of that
    id counts whenever it was started. Without start times any process of that id is the holder.
    """
    if not Path("/proc/self/stat").exists():
        return _exists(lock.pid)
    try:
        named, _, told = Path(f"/proc/{lock.pid}/stat").read_text("utf-8", "replace").rpartition(")")
    except OSError:
        return False
    stat = told.split()
    if stat[0] in "ZX":
        return False
    if named.partition("(")[2] == ENGINE:
        return True
    ticks = int(stat[19]) / os.sysconf("SC_CLK_TCK")
    started = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + ticks
    return started <= lock.at + SLACK_SECONDS


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _clear_pending(stack: str, checkout: Path) -> list[str]:
    """A create that was under way stays in the state as a warning for ever; devices are the truth, not it."""
    exported = pulumi(checkout, "stack", "export", "--stack", stack)
    state = json.loads(exported)
    pending = state["deployment"].get("pending_operations") or []
    if not pending:
        return []
    state["deployment"]["pending_operations"] = []
    pulumi(checkout, "stack", "import", "--stack", stack, "--force", given=json.dumps(state))
    urns = ", ".join(op["resource"]["urn"].rpartition("::")[2] for op in pending)
    return [f"cleared {len(pending)} operations that were under way ({urns}); the next `pulumi up` does them"]
