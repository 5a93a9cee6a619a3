"""The provider kit under the real engine: verbs, statuses, diffs, failures, interrupts, killed engines."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import pytest

from igoudar.unlock import Locked, unlock
from tests.stacks.project import Project, interrupt

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]
OLD = "hostname leaf-1\nline two\nline three\n"
NEW = "hostname leaf-1\nline 2\nline three\n"


def box(text: str = OLD, **more: Any) -> dict[str, Any]:
    return {"files": {"/etc/frr/frr.conf": text, "/etc/frr/daemons": "bgpd=yes\n"}, **more}


def test_the_life_of_a_stack(project: Project) -> None:
    project.boxes(one=box())
    assert project.pulumi("preview", "--expect-no-changes").status == 7
    assert not project.events("begin"), "a preview does nothing"
    assert project.pulumi("up", "--yes").status == 0
    assert project.pulumi("preview", "--expect-no-changes").status == 0

    project.boxes(one=box(NEW))
    shown = project.pulumi("preview", "--diff")
    assert "- line two" in shown.text
    assert "+ line 2" in shown.text
    assert "bgpd=yes" not in shown.text, "what stays is not shown"
    assert "[diff: ~files]" in project.pulumi("preview").text
    assert project.pulumi("up", "--yes").status == 0

    (project.folder / "store" / "one.json").write_text('{"/etc/frr/frr.conf": "drifted\\n"}', "utf-8")
    assert project.pulumi("refresh", "--preview-only", "--expect-no-changes").status == 7
    assert "drifted" in project.pulumi("refresh", "--yes", "--diff").text
    assert project.pulumi("preview", "--expect-no-changes").status == 7
    assert project.pulumi("up", "--yes").status == 0

    assert project.pulumi("destroy", "--yes").status == 0
    assert [e["name"] for e in project.events("delete")] == ["one"]
    assert project.pulumi("up", "--yes").status == 0
    assert project.pulumi("preview", "--expect-no-changes").status == 0


def test_a_refused_input_is_said_before_anything_starts(project: Project) -> None:
    project.boxes(one={"files": {}})
    done = project.pulumi("preview")
    assert done.status != 0
    assert "must not be empty" in done.text
    assert "Traceback" not in done.text


def test_half_a_failure_is_recorded_and_the_next_up_goes_on(project: Project) -> None:
    project.boxes(one=box(fail=True))
    done = project.pulumi("up", "--yes")
    assert done.status != 0
    assert "one of two did not answer" in done.text
    assert "Traceback" not in done.text
    shown = project.pulumi("preview", "--diff").text
    assert "no route to host" in shown, "why it goes on is shown, not what the engine cannot know"
    assert "[unknown]" not in shown
    assert project.pulumi("up", "--yes").status == 0
    assert len(project.events("begin")) == 2
    assert project.pulumi("preview", "--expect-no-changes").status == 0


def test_ctrl_c_restores_and_says_so(project: Project) -> None:
    project.boxes(one=box(slow=60))
    running = project.start("up", "--yes")
    project.wait_for("begin")
    interrupt(running)
    text, _ = running.communicate(timeout=30)
    assert running.returncode != 0
    assert project.events("restored")
    assert not project.events("end")
    assert "everything is as before" in text
    project.boxes(one=box())
    assert project.pulumi("up", "--yes").status == 0


def test_nothing_outlives_a_killed_engine_and_unlock_frees_its_lock(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in project.environment.items():
        monkeypatch.setenv(name, value)
    project.boxes(one=box(slow=60))
    running = project.start("up", "--yes")
    project.wait_for("begin")
    with pytest.raises(Locked, match=f"process {running.pid}"):
        unlock("trial", project.folder)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    time.sleep(2)
    assert list(project.processes()) == []
    project.boxes(one=box())
    refused = project.pulumi("up", "--yes")
    assert refused.status != 0
    assert "lock" in refused.text
    said = unlock("trial", project.folder)
    assert f"freed the lock of process {running.pid}, which is gone" in said
    assert any(line.startswith("cleared 1 operations") for line in said)
    done = project.pulumi("up", "--yes")
    assert done.status == 0
    assert "pending" not in done.text.lower()
    assert unlock("trial", project.folder) == ["trial is not locked and nothing is pending"]
