"""The script of a host, run for real by `sh` as an ordinary user, in a folder of its own.

Only what needs a whole host is a stand-in: systemctl answers from a file and notes what it was told.
"""

from __future__ import annotations

import fcntl
import getpass
import grp
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from igoudar.roles import RoleCommand, RoleFile, RoleUnit
from igoudar.worker.lockout import Window
from igoudar.worker.results import HostResult, read_answer
from igoudar.worker.script import Packages, ReloadUnits, RoleSteps, Step, bundle_script

SYSTEMCTL = """#!/bin/sh
here={folder}
case $1 in
show) cat "$here/units" ;;
is-enabled) cat "$here/files" ;;
daemon-reload | reset-failed) ;;
*) echo "$*" >>"$here/told" ; [ ! -e "$here/refuses" ] ;;
esac
"""
FAILED = "Id=thing.service\nActiveState=failed\n"
ACTIVE = "Id=thing.service\nActiveState=active\n"


@dataclass(frozen=True)
class Sandbox:
    folder: Path

    def file(self, name: str, text: str, **more: object) -> RoleFile:
        owner, group = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
        return RoleFile(f"{self.folder}/{name}", text=text, owner=owner, group=group, **more)  # type: ignore[arg-type]

    def run(self, *steps: Step, plan: bool = False, digest: str = "d1") -> HostResult:
        return self.run_roles(RoleSteps("one", digest, steps), plan=plan)

    def run_roles(
        self, *roles: RoleSteps, plan: bool = False, serial: str = "", window: Window | None = None
    ) -> HostResult:
        script = bundle_script(roles, serial, plan=plan, window=window)
        script = script.replace("/var/lib/igoudar/lockout", f"{self.folder}/lockout")
        script = script.replace("BOOT_UNIT=", f"BOOT_UNIT={self.folder}")
        script = script.replace("/etc/igoudar/serial", f"{self.folder}/serial")
        script = script.replace("STATE=/var/lib/igoudar/roles", f"STATE={self.folder}/state")
        script = script.replace("PATH=/usr/sbin", f"PATH={self.folder}/bin:/usr/sbin")
        done = subprocess.run(["sh", "-s"], input=script, capture_output=True, text=True, check=False)
        assert done.stderr == ""
        return read_answer("here", done.stdout.splitlines(), 0.0, done.stderr)

    def told(self) -> list[str]:
        """What systemctl was told since the last time."""
        path = self.folder / "told"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return [line.removeprefix("--no-reload ") for line in lines]


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    (tmp_path / "bin").mkdir()
    tool = tmp_path / "bin" / "systemctl"
    tool.write_text(SYSTEMCTL.format(folder=tmp_path))
    tool.chmod(0o755)
    (tmp_path / "units").write_text(ACTIVE)
    (tmp_path / "files").write_text("enabled\n")
    return Sandbox(tmp_path)


def record(*texts: str) -> list[str]:
    return [f"{len(text)} {text}" for text in texts]


def what(result: HostResult) -> list[str]:
    return [f"{c.kind} {c.name.rsplit('/', 1)[-1]} {c.what}" for c in result.changes]


def test_a_second_run_changes_nothing(sandbox: Sandbox) -> None:
    steps = (sandbox.file("a/b.conf", "one\n\n two \\ $x `y` 'z'\n"), RoleUnit("thing.service"))
    first, second = sandbox.run(*steps), sandbox.run(*steps)

    assert (first.status, what(first)) == ("ok", ["file b.conf text"])
    assert (sandbox.folder / "a/b.conf").read_text() == "one\n\n two \\ $x `y` 'z'\n"
    assert (second.status, second.changes) == ("ok", ())
    assert second.roles[0].recorded == "d1"


def test_a_plan_writes_nothing_and_says_the_same(sandbox: Sandbox) -> None:
    (sandbox.folder / "b.conf").write_text("old\n")
    steps = (sandbox.file("b.conf", "new\n", notify=("restart:thing.service",)), RoleUnit("thing.service"))
    planned = sandbox.run(*steps, plan=True)

    assert (sandbox.folder / "b.conf").read_text() == "old\n"
    assert not (sandbox.folder / "state").exists()
    assert sandbox.told() == []
    assert planned.changes[0].old == "old\n"
    assert what(planned) == what(sandbox.run(*steps))
    assert sandbox.told() == ["restart thing.service"]


def test_another_box_than_the_one_that_is_meant_is_left_alone(sandbox: Sandbox) -> None:
    told = RoleSteps("one", "d1", (sandbox.file("b.conf", "new\n"),))
    (sandbox.folder / "serial").write_text(" OLD 1\n")
    result = sandbox.run_roles(told, serial="NEW 2")

    assert (result.status, result.changes) == ("failed", ())
    said = "the box there has the serial OLD 1, the inventory says NEW 2; correct whichever is wrong"
    assert result.message == said
    assert not (sandbox.folder / "b.conf").exists()
    assert not (sandbox.folder / "state").exists()
    assert sandbox.run_roles(told, serial="NEW 2", plan=True).status == "ok", "a look is a look"
    assert sandbox.run_roles(told, serial="OLD 1").status == "ok"


def test_mode_alone_is_a_change(sandbox: Sandbox) -> None:
    sandbox.run(sandbox.file("b.conf", "x\n", mode="0600"))
    result = sandbox.run(sandbox.file("b.conf", "x\n", mode="0640"))

    assert what(result) == ["file b.conf mode"]
    assert (sandbox.folder / "b.conf").stat().st_mode & 0o777 == 0o640


def test_a_refused_text_leaves_the_old_one_and_the_rest_alone(sandbox: Sandbox) -> None:
    (sandbox.folder / "b.conf").write_text("old\n")
    bad = sandbox.file("b.conf", "bad\n", validate="grep -q good {} || { echo no good; false; }")
    later = RoleSteps("two", "d2", (sandbox.file("c.conf", "c\n"),))
    result = sandbox.run_roles(RoleSteps("one", "d1", (bad, RoleUnit("thing.service"))), later)

    assert result.status == "failed"
    assert "no good" in result.message
    assert (sandbox.folder / "b.conf").read_text() == "old\n"
    assert [(r.role, r.skipped) for r in result.roles] == [("one", False), ("two", True)]
    assert not (sandbox.folder / "c.conf").exists()
    assert not list(sandbox.folder.glob("*.igoudar-new"))


def test_a_restart_that_was_due_is_done_by_the_next_run(sandbox: Sandbox) -> None:
    steps = (sandbox.file("b.conf", "x\n", notify=("restart:thing.service",)), RoleUnit("thing.service"))
    (sandbox.folder / "refuses").touch()
    failed = sandbox.run(*steps)
    (sandbox.folder / "refuses").unlink()
    sandbox.told()
    second, third = sandbox.run(*steps), sandbox.run(*steps)

    assert failed.status == "failed"
    assert "restart failed" in failed.message
    assert (second.status, what(second)) == ("ok", ["unit thing.service restart"])
    assert sandbox.told() == ["restart thing.service"]
    assert third.changes == ()


def test_units_are_enabled_and_started(sandbox: Sandbox) -> None:
    (sandbox.folder / "units").write_text(f"Id=other.service\nActiveState=active\n\n{FAILED}")
    (sandbox.folder / "files").write_text("enabled\ndisabled\n")
    result = sandbox.run(RoleUnit("other.service"), RoleUnit("thing.service"))

    assert what(result) == ["unit thing.service enable", "unit thing.service start"]
    assert sandbox.told() == ["enable thing.service", "start thing.service"]


def test_a_unit_whose_running_is_nobodys_business(sandbox: Sandbox) -> None:
    (sandbox.folder / "units").write_text("Id=thing.service\nActiveState=inactive\n")
    (sandbox.folder / "files").write_text("static\n")

    assert sandbox.run(RoleUnit("thing.service", running=None)).changes == ()
    assert what(sandbox.run(RoleUnit("thing.service", enabled=False, running=False))) == [
        "unit thing.service disable"
    ]


def test_a_unit_that_does_not_exist_is_not_disabled(sandbox: Sandbox) -> None:
    (sandbox.folder / "units").write_text("Id=thing.service\nActiveState=inactive\n")
    for said in ("not-found", "Failed to get unit file state for thing.service: No such file or directory"):
        (sandbox.folder / "files").write_text(f"{said}\n")

        assert sandbox.run(RoleUnit("thing.service", enabled=False, running=False)).changes == ()


def test_commands_run_when_due_and_only_then(sandbox: Sandbox) -> None:
    count = f"echo x >>{sandbox.folder}/count"
    steps = (
        sandbox.file("b.conf", "x\n", notify=("run:count",)),
        RoleCommand("count", count),
        RoleCommand("once", f"touch {sandbox.folder}/once", unless=f"[ -e {sandbox.folder}/once ]"),
    )
    first, second = sandbox.run(*steps), sandbox.run(*steps)

    assert what(first) == ["file b.conf text", "command count run", "command once run"]
    assert second.changes == ()
    assert (sandbox.folder / "count").read_text() == "x\n"


def test_a_command_that_fails_says_why(sandbox: Sandbox) -> None:
    result = sandbox.run(RoleCommand("bad", "echo because; exit 3", unless="false"))

    assert (result.status, result.message) == ("failed", "role one: command bad: because")


def test_a_file_is_left_alone_while_its_test_succeeds(sandbox: Sandbox) -> None:
    (sandbox.folder / "history").mkdir()
    kept = sandbox.file("b.conf", "base\n", unless=f'[ -n "$(ls -A {sandbox.folder}/history)" ]')
    fresh = sandbox.run(kept)
    (sandbox.folder / "b.conf").write_text("grown\n")
    (sandbox.folder / "history" / "1").mkdir()

    assert what(fresh) == ["file b.conf text"]
    assert sandbox.run(kept).changes == ()
    assert (sandbox.folder / "b.conf").read_text() == "grown\n"


def test_missing_packages_are_named(sandbox: Sandbox) -> None:
    result = sandbox.run(Packages(("no-such-package-here",)), plan=True)

    assert what(result) == ["package no-such-package-here install"]


def test_unit_files_are_read_again_before_units(sandbox: Sandbox) -> None:
    script = bundle_script(
        [RoleSteps("one", "d", (RoleFile("/etc/systemd/system/x.timer", text="x\n"), ReloadUnits()))],
        "",
        plan=True,
    )

    assert script.index("file /etc/systemd/system/x.timer") < script.rindex("reload_units")


def test_text_that_holds_the_end_mark_of_a_neighbour(sandbox: Sandbox) -> None:
    one = sandbox.file("one", "a\n")
    mark = next(
        line
        for line in bundle_script([RoleSteps("r", "d", (one,))], "", plan=False).splitlines()
        if "END-" in line
    )
    two = sandbox.file("two", f"{mark.split()[-1]}\nEND\n'\n")
    sandbox.run(one, two)

    assert (sandbox.folder / "two").read_text() == f"{mark.split()[-1]}\nEND\n'\n"


def test_two_runs_at_once_do_not_meet(sandbox: Sandbox) -> None:
    (sandbox.folder / "state").mkdir()
    with (sandbox.folder / "state" / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        result = sandbox.run(sandbox.file("b", "x\n"))

    assert "another run holds this host" in result.message


def test_an_answer_that_broke_off(sandbox: Sandbox) -> None:
    result = read_answer("here", record("role\tone", "change\tfile\t/x\ttext\t-"), 1.0, "Connection lost")

    assert (result.status, result.message) == ("failed", "Connection lost")
    assert read_answer("here", record("role\tone", "done\tone\t-"), 1.0, "Lost").status == "failed"
    assert read_answer("here", record("end"), 1.0).status == "ok"


def test_what_a_login_prints_before_is_no_answer() -> None:
    printed = ["Welcome", "5 news", "", *record("role\tone", "done\tone\td1", "end")]

    assert [role.role for role in read_answer("here", printed, 1.0).roles] == ["one"]


def test_an_answer_that_something_else_is_in_is_not_believed() -> None:
    whole = record("role\tone", "change\tfile\t/x\ttext\tc2VjcmV0", "done\tone\td1", "end")
    for at in range(1, len(whole)):
        for wrong in (["noise", *whole[at:]], [whole[at][:-1], *whole[at + 1 :]], ["3 odd", *whole[at:]]):
            result = read_answer("here", [*whole[:at], *wrong], 1.0)

            assert result.status == "failed", wrong
            assert "c2VjcmV0" not in result.message


@pytest.mark.parametrize("said", ["sudo: a password is required", "sh: 1: sudo: not found"])
def test_a_login_that_may_not_become_root_is_told_what_to_do(said: str) -> None:
    result = read_answer("here", [], 1.0, f"Welcome\n{said}\n")

    assert (result.status, result.message) == (
        "unreachable",
        f"{said}; the login has to become root without a password: give it NOPASSWD: ALL in sudoers",
    )


def test_what_a_role_runs_cannot_speak_for_us(sandbox: Sandbox) -> None:
    """Nor keep our lock, should it leave a daemon behind."""
    lock = f"ls -l /proc/self/fd | grep -c {sandbox.folder}/state/lock"
    tell = "echo '8 role\tbad' >&1; echo '8 role\tbad' >&3"
    result = sandbox.run(RoleCommand("c", f"{tell}; {lock}; false", unless="false"))

    assert [role.role for role in result.roles] == ["one"]
    assert "8 role\tbad" in result.message
    assert "Bad file descriptor" in result.message
    assert result.message.endswith("\n0")


def test_of_a_long_message_the_last_whole_lines_are_told(sandbox: Sandbox) -> None:
    """A line without its beginning would hide its secret from the patterns that mask it."""
    count = "i=1; while [ $i -le 300 ]; do echo line $i of 300; i=$((i + 1)); done; false"
    message = sandbox.run(RoleCommand("c", count, unless="false")).message
    first, *lines = message.removeprefix("role one: command c: ").splitlines()

    assert first.startswith("line ")
    assert lines[-1] == "line 300 of 300"
