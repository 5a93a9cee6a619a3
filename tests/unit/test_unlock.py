"""Whose lock is freed and whose is not; the engine's own part is in tests/stacks."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from igoudar import unlock as module
from igoudar.errors import Missing
from igoudar.unlock import Locked, unlock


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a file backend; nothing is pending there."""
    (tmp_path / "Pulumi.yaml").write_text("name: trial\n", "utf-8")
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}/state")
    monkeypatch.setattr(module, "_clear_pending", lambda stack, checkout: [])
    return tmp_path


def lock(checkout: Path, pid: int, *, host: str = "", project: str = "trial") -> Path:
    path = checkout / "state/.pulumi/locks/organization" / project / "lab" / f"{pid}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"pid": pid, "hostname": host or socket.gethostname()}), "utf-8")
    return path


def gone() -> int:
    """The id of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    return ended.pid


def test_a_lock_of_a_process_that_is_gone_is_freed(checkout: Path) -> None:
    path = lock(checkout, pid := gone())

    assert unlock("lab", checkout) == [f"freed the lock of process {pid}, which is gone"]
    assert not path.exists()
    assert unlock("lab", checkout) == ["lab is not locked and nothing is pending"]


def test_a_living_holder_keeps_its_lock(checkout: Path) -> None:
    path = lock(checkout, os.getpid())

    with pytest.raises(Locked, match=f"process {os.getpid()} .* which lives"):
        unlock("lab", checkout)
    assert path.exists()


def test_a_process_that_only_has_the_same_id_keeps_nothing(checkout: Path) -> None:
    path = lock(checkout, os.getpid())
    before_us = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    os.utime(path, (before_us, before_us))

    assert unlock("lab", checkout) == [f"freed the lock of process {os.getpid()}, which is gone"]


def test_another_machine_keeps_its_lock_and_all_locks_with_it(checkout: Path) -> None:
    dead, far = lock(checkout, gone()), lock(checkout, 7, host="elsewhere.example")

    with pytest.raises(Locked, match="cannot be looked at from here"):
        unlock("lab", checkout)
    assert dead.exists()
    assert far.exists()


def test_a_stack_of_that_name_in_another_project_is_left_alone(checkout: Path) -> None:
    path = lock(checkout, gone(), project="other")

    assert unlock("lab", checkout) == ["lab is not locked and nothing is pending"]
    assert path.exists()


def test_a_lock_that_says_nothing_is_named(checkout: Path) -> None:
    path = lock(checkout, gone())
    path.write_text("", "utf-8")

    with pytest.raises(Locked, match=f"{path} does not say whose lock it is"):
        unlock("lab", checkout)


def test_backends_without_such_files_are_not_guessed_at(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://bucket")

    with pytest.raises(Missing, match="s3 backends keep their own locks"):
        unlock("lab", checkout)
