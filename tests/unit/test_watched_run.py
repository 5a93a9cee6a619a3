"""What the faults of the lab count as an orphan."""

from __future__ import annotations

import os
import signal
import subprocess
import uuid

from tests.twin.watched import MARK, living, orphans


def started(mark: str) -> int:
    """A process in a session of its own, whose parent has ended."""
    command = ["sh", "-c", "setsid sleep 60 >/dev/null 2>&1 & echo $!"]
    done = subprocess.run(command, env={**os.environ, MARK: mark}, stdout=subprocess.PIPE, check=True)
    return int(done.stdout)


def test_one_that_left_its_tree_is_an_orphan() -> None:
    mine, other = uuid.uuid4().hex, uuid.uuid4().hex
    pid, foreign = started(mine), started(other)
    try:
        assert [*orphans(mine)] == [pid], "and nobody else's"
    finally:
        os.kill(pid, signal.SIGKILL)
        os.kill(foreign, signal.SIGKILL)
    assert orphans(mine) == {}
    assert living(uuid.uuid4().hex) == {}
