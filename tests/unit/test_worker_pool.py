"""Worker processes, for real: answers, refusals, death. No host is needed: unreachable ones say so."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from igoudar.errors import IgoudarError
from igoudar.worker.pool import Pool, run_roles
from igoudar.worker.results import HostResult

ROOT = Path(__file__).parents[2]
NOTHING = {"base": {"packages": ["sudo"]}}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout of its own with the lab's inventory: no twin runs there, and no host key is known."""
    shutil.copytree(ROOT / "inventory", tmp_path / "inventory")
    (tmp_path / "roles").symlink_to(ROOT / "roles")
    return tmp_path


def roles_of(root: Path, hosts: Sequence[str] = ("far-north",), **more: Any) -> dict[str, HostResult]:
    return run_roles(root / "inventory" / "lab", root, dict.fromkeys(hosts, NOTHING), serials={}, **more)


def test_a_host_that_cannot_be_reached_is_a_result(root: Path) -> None:
    told: list[HostResult] = []
    results = roles_of(root, ("far-north", "far-south"), progress=told.append)

    assert {r.status for r in results.values()} == {"unreachable"}
    assert {r.host for r in told} == {"far-north", "far-south"}
    assert all("no host key is known" in r.message for r in told)


def test_a_site_that_cannot_be_read_is_said_by_the_worker(root: Path) -> None:
    shutil.rmtree(root / "inventory" / "lab")
    with pytest.raises(IgoudarError, match="no such folder"):
        roles_of(root)


def test_a_worker_is_kept_and_then_replaced(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("igoudar.worker.pool.RUNS_A_WORKER", 2)
    pool = Pool()
    seen = []
    for _ in range(3):
        roles_of(root, pool=pool)
        seen.append([worker.process.pid for worker in pool._idle])
    pool.close()

    assert [len(pids) for pids in seen] == [1, 0, 1]
    assert seen[0] != seen[2]


def _kill_idle(pool: Pool) -> None:
    for worker in pool._idle:
        worker.process.kill()
        os.waitid(os.P_PID, worker.process.pid, os.WEXITED | os.WNOWAIT)


def test_a_worker_that_died_between_two_runs_is_replaced(root: Path) -> None:
    pool = Pool()
    roles_of(root, pool=pool)
    _kill_idle(pool)
    results = roles_of(root, pool=pool)
    pool.close()

    assert "no host key is known" in results["far-north"].message


def test_a_worker_that_dies_as_it_is_asked_is_a_result_of_its_hosts(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = Pool()
    roles_of(root, pool=pool)
    _kill_idle(pool)
    (worker,) = pool._idle
    monkeypatch.setattr(pool, "_take", lambda: worker)  # as if it had died a moment later
    results = roles_of(root, pool=pool)

    assert results["far-north"].status == "failed"
    assert "a worker process ended" in results["far-north"].message


def test_a_cancelled_run_says_so_for_each_host(root: Path) -> None:
    stop = threading.Event()
    stop.set()
    results = roles_of(root, cancelled=stop)

    assert (results["far-north"].status, results["far-north"].message) == ("failed", "cancelled")


PARENT = """
import sys, time
from igoudar.worker.pool import Worker
worker = Worker()
print(worker.process.pid, flush=True)
time.sleep(60)
"""


def test_a_worker_ends_with_its_parent() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    time.sleep(1.5)  # it has asked the kernel by then
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 60
    while Path(f"/proc/{worker}").exists() and _state(worker) != "Z" and time.monotonic() < deadline:
        time.sleep(0.05)

    assert not Path(f"/proc/{worker}").exists() or _state(worker) == "Z"


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return "Z"
