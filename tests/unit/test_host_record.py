"""What a run leaves on its host, by the real script in a folder of its own: history, and a wanted reboot."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from igoudar.host_history import Entry, read_history
from igoudar.roles import RoleCommand
from igoudar.worker.results import HostResult, read_answer
from igoudar.worker.script import RoleSteps, bundle_script


@dataclass(frozen=True)
class Box:
    folder: Path

    def script(self, *steps: RoleCommand, plan: bool = False, by: str = "a test") -> str:
        script = bundle_script([RoleSteps("one", "d1", steps)], "", plan=plan, by=by)
        for old, new in (
            ("STATE=/var/lib/igoudar/roles", f"STATE={self.folder}/state"),
            ("/run/reboot-required", f"{self.folder}/reboot-required"),
            ("/boot/vmlinuz-", f"{self.folder}/boot/vmlinuz-"),
        ):
            script = script.replace(old, new)
        return script

    def run(self, *steps: RoleCommand, plan: bool = False, by: str = "a test") -> HostResult:
        script = self.script(*steps, plan=plan, by=by)
        done = subprocess.run(["sh", "-s"], input=script, capture_output=True, text=True, check=False)
        assert done.stderr == ""
        return read_answer("here", done.stdout.splitlines(), 0.0, done.stderr)

    @property
    def history(self) -> list[Entry]:
        path = self.folder / "state/history"
        return read_history(path.read_text()) if path.exists() else []


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_each_run_leaves_its_line_and_a_plan_leaves_none(box: Box) -> None:
    box.run(RoleCommand("look", "true", "false"), plan=True)
    assert box.history == []
    box.run(RoleCommand("look", "true", "false"), by="pulumi up,\tstack lab\n")
    box.run(RoleCommand("fine", "true", "true"))
    box.run(RoleCommand("bad", "exit 3", "false"))
    assert [(e.by, e.result, e.changes) for e in box.history] == [
        ("pulumi up, stack lab", "done", ("one: command look run",)),
        ("a test", "done", ()),
        ("a test", "failed", ("one: command bad run", "one: failed command bad")),
    ]
    first = box.history[0]
    assert (first.roles, first.seconds in (0, 1), first.at[-1]) == ((("one", "d1"),), True, "Z")


def test_a_run_that_breaks_off_has_no_end(box: Box) -> None:
    box.run(RoleCommand("gone", "kill -9 $$", "false"))
    box.run(RoleCommand("fine", "true", "true"))
    assert [e.result for e in box.history] == ["no end", "done"]


def test_a_history_keeps_the_last_runs(box: Box) -> None:
    (box.folder / "state").mkdir()
    old = "2026-01-01T00:00:00Z\tlong ago\tdone\t1\t\t\n"
    (box.folder / "state/history").write_text(old * 800)
    box.run(RoleCommand("fine", "true", "true"))
    assert len(box.history) == 399  # of four hundred lines two are of this run
    assert box.history[-1].by == "a test"


@pytest.mark.parametrize("kernels", [[], ["{}"], ["{}", "4.19.0-1"], ["0.1", "{}"]])
def test_a_host_with_the_newest_kernel_wants_no_reboot(box: Box, kernels: list[str]) -> None:
    runs = _kernels(box, kernels)
    assert box.run().reboot == "", runs


def test_a_newer_kernel_or_a_package_wants_a_reboot(box: Box) -> None:
    runs = _kernels(box, ["{}", "99.1.0-2", "9.9"])
    assert box.run(plan=True).reboot == f"the kernel {runs} runs, 99.1.0-2 is installed"
    (box.folder / "reboot-required").touch()
    assert box.run().reboot == f"asked for by a package; the kernel {runs} runs, 99.1.0-2 is installed"
    (box.folder / "reboot-required.pkgs").write_text("libc6\ndbus\nlibc6\n")
    failed = box.run(RoleCommand("bad", "exit 3", "false"))
    assert (failed.status, failed.reboot.startswith("asked for by dbus libc6; the kernel ")) == (
        "failed",
        True,
    )


def _kernels(box: Box, names: list[str]) -> str:
    runs = subprocess.run(["uname", "-r"], capture_output=True, text=True, check=True).stdout.strip()
    (box.folder / "boot").mkdir()
    for name in names:
        (box.folder / "boot" / f"vmlinuz-{name.format(runs)}").touch()
    return runs


def test_lines_that_are_cut_short_say_what_they_can() -> None:
    text = "2026-01-01T00:00:00Z\tx\tbegun\n2026-01-02T00:00:00Z\ty\tbegun\n\x00\x00\x00\n"
    text = f"{text}2026-01-02T00:00:00Z\ty\tdo"
    assert [(e.by, e.result) for e in read_history(text)] == [("x", "no end"), ("y", "do")]
    reboot = "2026-01-01T00:00:00Z\tx\tbegun\n2026-01-01T00:00:00Z\tx\treboot\n"
    assert [e.result for e in read_history(reboot)] == ["no end", "reboot"]
