"""Whose lock may be freed: lock files as the engine writes them, processes as they are."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from igoudar import unlock as module
from igoudar.errors import Missing
from igoudar.unlock import Locked, unlock

HERE = socket.gethostname()
NOBODY = 2**22 + 1  # above the greatest process id that Linux gives
FREE = ["lab is not locked and nothing is pending"]

STATE = {"version": 3, "deployment": {"pending_operations": None, "resources": []}}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose `pulumi` exports the file `exported` and imports into `imported`."""
    (tmp_path / "Pulumi.yaml").write_text("name: igoudar\n", "utf-8")
    (tmp_path / "exported").write_text(json.dumps(STATE), "utf-8")
    program = tmp_path / "bin/pulumi"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\necho "$PULUMI_BACKEND_URL $*" >>{tmp_path}/asked\n'
        f'if [ "$2" = import ]; then cat >{tmp_path}/imported; else cat {tmp_path}/exported; fi\n',
        "utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}/state")
    return tmp_path


def lock(checkout: Path, pid: int, host: str = HERE, project: str = "igoudar") -> Path:
    folder = checkout / "state/.pulumi/locks/organization" / project / "lab"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{pid}.json"
    path.write_text(json.dumps({"pid": pid, "hostname": host, "username": "n", "timestamp": ""}), "utf-8")
    return path


def test_a_dead_holder_is_freed(checkout: Path) -> None:
    path = lock(checkout, NOBODY)

    assert unlock("lab", checkout) == [f"freed the lock of process {NOBODY}, which is gone"]
    assert not path.exists()
    assert unlock("lab", checkout) == FREE


def test_a_living_holder_keeps_every_lock(checkout: Path) -> None:
    dead, living = lock(checkout, NOBODY), lock(checkout, os.getpid())

    with pytest.raises(Locked, match=f"process {os.getpid()} on {HERE} since .* which lives"):
        unlock("lab", checkout)
    assert dead.exists()
    assert living.exists()


def test_a_process_that_got_the_id_later_holds_nothing(checkout: Path) -> None:
    path = lock(checkout, os.getpid())
    os.utime(path, (0, 1_000_000_000))

    assert unlock("lab", checkout) == [f"freed the lock of process {os.getpid()}, which is gone"]


def test_a_clock_set_forward_since_makes_no_living_holder_dead(checkout: Path) -> None:
    """The holder seems to have been started long after its lock."""
    engine = checkout / "engine/pulumi"
    engine.parent.mkdir()
    shutil.copy("/bin/sleep", engine)
    with subprocess.Popen([engine, "60"]) as holder:
        path = lock(checkout, holder.pid)
        os.utime(path, (0, path.stat().st_mtime - 3600))
        try:
            with pytest.raises(Locked, match="which lives"):
                unlock("lab", checkout)
        finally:
            holder.kill()
    assert path.exists()


def test_a_holder_that_nobody_has_buried_is_dead(checkout: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.read()
        path = lock(checkout, child.pid)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

        assert unlock("lab", checkout) == [f"freed the lock of process {child.pid}, which is gone"]
    assert not path.exists()


def test_another_hosts_lock_stays(checkout: Path) -> None:
    path = lock(checkout, NOBODY, host="elsewhere")

    with pytest.raises(Locked, match=r"on elsewhere since .* cannot be looked at from here"):
        unlock("lab", checkout)
    assert path.exists()


def test_another_projects_lock_is_not_ours(checkout: Path) -> None:
    path = lock(checkout, NOBODY, project="other")

    assert unlock("lab", checkout) == FREE
    assert path.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}'])
def test_a_lock_cut_short_is_named_and_stays(checkout: Path, text: str) -> None:
    path = lock(checkout, NOBODY)
    path.write_text(text, "utf-8")

    with pytest.raises(Locked, match=f"{path} is a lock that does not name its holder"):
        unlock("lab", checkout)
    assert path.exists()


def test_without_start_times_any_process_of_that_id_is_the_holder(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_lives", lambda held: module._exists(held.pid))
    lock(checkout, NOBODY)
    assert unlock("lab", checkout)[0].startswith("freed")
    os.utime(lock(checkout, os.getpid()), (0, 0))
    with pytest.raises(Locked):
        unlock("lab", checkout)


def test_what_was_under_way_is_cleared_on_the_backend_whose_locks_were_read(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PULUMI_BACKEND_URL")
    urn = "urn:pulumi:lab::igoudar::igoudar:network:Switches::lab"
    resources = [{"urn": "urn:pulumi:lab::igoudar::pulumi:pulumi:Stack::igoudar-lab"}]
    pending = [{"type": "creating", "resource": {"urn": urn}}]
    state = {"version": 3, "deployment": {"pending_operations": pending, "resources": resources}}
    (checkout / "exported").write_text(json.dumps(state), "utf-8")

    said = unlock("lab", checkout)

    assert said == ["cleared 1 operations that were under way (lab); the next `pulumi up` does them"]
    left = json.loads((checkout / "imported").read_text("utf-8"))["deployment"]
    assert left == {"pending_operations": [], "resources": resources}
    asked = (checkout / "asked").read_text("utf-8").splitlines()
    assert all(line.startswith(f"file://{checkout}/.igoudar/state stack ") for line in asked)


def test_other_backends_keep_their_own_locks(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://records/igoudar")

    with pytest.raises(Missing, match="s3 backends keep their own locks"):
        unlock("lab", checkout)


def test_a_lock_that_is_freed_meanwhile_is_none(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_lock_files", lambda folder, stack: [folder / "freed.json"])

    assert unlock("lab", checkout) == FREE
