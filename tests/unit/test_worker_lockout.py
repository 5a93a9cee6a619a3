"""Nobody is locked out: the script of a host and what it leaves there, run for real by `sh` in a folder.

A stand-in is systemd alone: it starts what it is told to start, and notes what becomes of units. The login
that confirms runs its command here instead of over SSH; on kernels of their own it is tests/twin/hosts.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from igoudar.errors import DeviceFailed
from igoudar.roles import RoleCommand, RoleFile, RoleUnit
from igoudar.transport import Access, Result
from igoudar.worker import new_login
from igoudar.worker.lockout import FOLDER, Window
from igoudar.worker.results import HostResult
from igoudar.worker.script import ReloadUnits, RoleSteps, Step
from tests.unit.test_worker_script import ACTIVE, Sandbox, what

SYSTEMCTL = """#!/bin/sh
here={folder}
case $1 in
show) cat "$here/units" ;;
is-enabled) cat "$here/files" ;;
-q) [ "$3" != sysinit.target ] ;;
daemon-reload | reset-failed) ;;
*)
    [ "$*" = "stop igoudar-lockout.service" ] || exec echo "$*" >>"$here/told"
    [ ! -s "$here/watch" ] || kill -- "-$(cat "$here/watch")"
    ;;
esac
"""
SYSTEMD_RUN = """#!/bin/sh
[ ! -e {folder}/refuses ] || {{ echo "Failed to start transient service unit" >&2; exit 1; }}
while [ "$1" != /bin/sh ]; do shift; done
setsid "$@" </dev/null >>{folder}/journal 2>&1 9>&- &
echo $! >{folder}/watch
"""
LOGGER = """#!/bin/sh
shift 3
echo "$*" >>{folder}/journal
"""
RUN = "20261127T080000Z-abcdef"
SHORT, LONG = Window(RUN, seconds=1), Window(RUN, seconds=600)
SOON = Window(RUN, seconds=3)  # for who confirms: he pauses for a part of it
ACCESS = Access("srv-1", "192.0.2.101", "igoudar", Path("/none"), "")


class Host(Sandbox):
    """A scratch host. Its role `gate` may lock everybody out."""

    def gate(self, *steps: Step, window: Window = SHORT, plan: bool = False) -> HostResult:
        return self.run_roles(RoleSteps("gate", "d1", steps, lockout=True), window=window, plan=plan)

    def sshd(self, text: str, **more: object) -> RoleFile:
        return self.file("sshd.conf", text, notify=("reload:thing.service",), **more)

    def back(self, *words: str) -> str:
        command = ["sh", str(self.folder / "lockout" / "back"), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()

    def text(self, name: str) -> str:
        return (self.folder / name).read_text()

    def is_armed(self) -> bool:
        return (self.folder / "lockout" / "armed").exists()

    def watched(self) -> bool:
        """Whether a process waits for the end of a window."""
        try:
            os.killpg(int(self.text("watch")), 0)
        except (ProcessLookupError, FileNotFoundError):
            return False
        return True

    def starts_anew(self) -> None:
        """The power goes and comes back: nothing runs any more, and the start is another."""
        os.killpg(int(self.text("watch")), 9)
        (self.folder / "lockout" / RUN / "boot").write_text("another\n")


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    (tmp_path / "bin").mkdir()
    for name, text in (("systemctl", SYSTEMCTL), ("systemd-run", SYSTEMD_RUN), ("logger", LOGGER)):
        tool = tmp_path / "bin" / name
        tool.write_text(text.format(folder=tmp_path))
        tool.chmod(0o755)
    (tmp_path / "units").write_text(ACTIVE)
    (tmp_path / "files").write_text("enabled\n")
    (tmp_path / "sshd.conf").write_text("old\n")
    (tmp_path / "sshd.conf").chmod(0o600)
    made = Host(tmp_path)
    yield made
    if made.watched():
        os.killpg(int(made.text("watch")), 9)


def test_what_nobody_confirms_goes_back_by_itself(host: Host) -> None:
    new = host.file("new.conf", "x\n")
    result = host.gate(host.sshd("shut\n"), new, RoleUnit("thing.service"))

    assert (result.status, what(result)[0]) == ("ok", "file sshd.conf text")
    until(lambda: not host.watched())
    assert host.text("sshd.conf") == "old\n"
    assert (host.folder / "sshd.conf").stat().st_mode & 0o777 == 0o600
    assert not (host.folder / "new.conf").exists()
    assert host.told() == ["reload thing.service", "enable thing.service", "reload thing.service"]
    assert host.text("journal") == f"{RUN}: restored at the end of its window of 1 s\n"
    assert not (host.folder / "state" / "gate.digest").exists(), "the next run is to know that it is undone"
    assert host.back("status", RUN).startswith("restored ")
    assert sorted(p.name for p in (host.folder / "lockout").iterdir()) == ["back", "last", "lock"]


def test_a_file_that_no_role_declares_any_more_comes_back_too(host: Host) -> None:
    """And is ours again: the next run removes it anew."""
    stays, goes = host.sshd("good\n"), host.file("drop.conf", "in\n", notify=("reload:thing.service",))
    host.gate(stays, goes, RoleUnit("thing.service"), window=LONG)
    host.back("confirm", RUN)
    host.told()
    for _ in range(2):
        assert what(host.gate(stays, RoleUnit("thing.service"))) == [
            "file drop.conf remove",
            "unit thing.service reload",
        ]
        until(lambda: not host.watched())
        assert host.text("drop.conf") == "in\n"
        gone, *_, came = host.told()
        assert gone == came == "reload thing.service"


def test_a_role_that_leaves_locks_nobody_out_either(host: Host) -> None:
    """Whatever stays on the host: what goes decided who gets in."""
    host.gate(host.file("drop.conf", "in\n", notify=("reload:thing.service",)), window=LONG)
    host.back("confirm", RUN)
    result = host.run_roles(RoleSteps("plain", "d2", ()), window=SHORT)

    assert what(result)[0] == "file drop.conf remove"
    until(lambda: not host.watched())
    assert host.text("drop.conf") == "in\n"
    assert host.text("state/history").splitlines()[-1].endswith("\trestored")
    assert what(host.run_roles(RoleSteps("plain", "d2", ()), window=LONG))[0] == "file drop.conf remove"


def test_what_a_new_login_confirms_stays(host: Host) -> None:
    steps = (host.sshd("good\n"), RoleUnit("thing.service"))
    host.gate(*steps, window=LONG)
    assert host.watched()

    assert host.back("confirm", RUN).startswith("confirmed ")
    assert host.back("confirm", RUN).startswith("confirmed "), "an answer may have been lost"
    until(lambda: not host.watched())
    assert not host.is_armed()
    assert host.text("sshd.conf") == "good\n"
    assert host.gate(*steps).changes == ()
    assert not host.is_armed()


def test_a_host_where_nothing_changes_is_left_in_peace(host: Host) -> None:
    host.gate(host.sshd("new\n"), plan=True)
    host.gate(host.sshd("old\n", mode="0600"), RoleUnit("thing.service"))
    host.run(host.file("other.conf", "x\n"))

    assert not (host.folder / "lockout").exists()
    assert not (host.folder / "etc").exists()


def test_while_it_waits_no_other_run_changes_anything(host: Host) -> None:
    host.gate(host.sshd("new\n"), window=LONG)
    until(lambda: host.back("status").startswith("armed "))
    result = host.run(host.file("other.conf", "x\n"))

    assert result.status == "failed"
    assert "goes back to its old files in " in result.message
    assert 500 <= int(result.message.partition("old files in ")[2].split()[0]) <= 601
    assert not (host.folder / "other.conf").exists()
    assert host.run(host.file("other.conf", "x\n"), plan=True).status == "ok", "a look is a look"


def test_what_cannot_be_watched_is_not_changed(host: Host) -> None:
    (host.folder / "refuses").touch()
    result = host.gate(host.sshd("new\n"))

    assert result.status == "failed"
    assert (
        "cannot be armed: Failed to start transient service unit; nothing more is changed" in result.message
    )
    assert host.text("sshd.conf") == "old\n"
    assert not host.is_armed()


def test_a_host_that_is_started_anew_is_as_before(host: Host) -> None:
    (host.folder / "units").write_text("Id=thing.service\nActiveState=inactive\n")
    (host.folder / "files").write_text("disabled\n")
    host.gate(host.sshd("shut\n"), RoleUnit("thing.service"), window=LONG)
    host.told()

    assert host.back("boot") == "", "it was not started anew: the window goes on"
    assert host.text("sshd.conf") == "shut\n"
    host.starts_anew()
    host.back("boot")
    assert host.text("sshd.conf") == "old\n"
    assert host.told() == ["disable thing.service", "--no-block stop thing.service"]
    assert host.text("journal") == f"{RUN}: restored when it was started anew\n"


def test_a_unit_that_the_role_only_enables_is_not_stopped(host: Host) -> None:
    """To stop networking takes the way in down."""
    (host.folder / "units").write_text("Id=thing.service\nActiveState=inactive\n")
    (host.folder / "files").write_text("disabled\n")
    host.gate(host.file("sshd.conf", "new\n"), RoleUnit("thing.service", running=None))
    until(lambda: not host.watched())

    assert host.told() == ["enable thing.service", "disable thing.service"]


def test_the_unit_of_the_start_is_enabled_and_right(host: Host) -> None:
    host.gate(host.sshd("new\n"))
    units = host.folder / "etc/systemd/system"
    link = units / "multi-user.target.wants/igoudar-lockout-boot.service"

    assert link.resolve() == units / "igoudar-lockout-boot.service"
    assert f"ExecStart=/bin/sh {host.folder}/lockout/back boot" in link.read_text()


def test_a_power_cut_while_it_keeps_or_restores(host: Host) -> None:
    """A line that was cut off names nothing, and what was put back once is put back twice."""
    other = host.folder / "other"
    other.write_text("not ours\n")
    host.gate(host.sshd("shut\n"), window=LONG)
    saved = host.folder / "lockout" / RUN
    with (saved / "manifest").open("a") as manifest:
        manifest.write(f"absent {other}")
    host.starts_anew()
    (host.folder / "sshd.conf").write_text("half")
    host.back("boot")

    assert host.text("sshd.conf") == "old\n"
    assert other.read_text() == "not ours\n"


def test_the_window_begins_when_the_run_has_ended(host: Host) -> None:
    slow = f"sleep 2.5; cp {host.folder}/sshd.conf {host.folder}/then"
    host.gate(host.sshd("new\n"), RoleCommand("slow", slow, unless="false"))

    assert host.text("then") == "new\n", "its window is shorter than its run"
    until(lambda: host.text("sshd.conf") == "old\n")


def test_a_run_that_never_ends_is_ended(host: Host) -> None:
    stuck = RoleCommand("stuck", "sleep 4", unless="false")
    later = RoleCommand("later", f"touch {host.folder}/later", unless="false")
    result = host.gate(host.sshd("shut\n"), stuck, later, window=replace(SHORT, longest=1))

    assert (result.status, result.message) == ("failed", "the answer broke off")
    until(lambda: host.text("sshd.conf") == "old\n")
    assert not (host.folder / "later").exists()


def test_commands_and_units_of_the_old_files_run_again(host: Host) -> None:
    count = f"cat {host.folder}/sshd.conf >>{host.folder}/count"
    steps = (
        host.file("sshd.conf", "new\n", notify=("run:count", "restart:thing.service")),
        host.file("quiet.conf", "x\n", notify=("run:other",)),
        RoleCommand("count", count),
        RoleCommand("other", f"touch {host.folder}/other"),
        ReloadUnits(),
        RoleUnit("thing.service"),
    )
    (host.folder / "quiet.conf").write_text("x\n")
    (host.folder / "quiet.conf").chmod(0o644)
    host.gate(*steps)
    until(lambda: not host.watched())

    assert host.text("count") == "new\nold\n"
    assert host.told() == ["restart thing.service", "enable thing.service", "restart thing.service"]
    assert not (host.folder / "other").exists(), "its file was as it should be"


def test_what_cannot_be_activated_again_is_said(host: Host) -> None:
    broken = host.file("sshd.conf", "new\n", notify=("run:bad",))
    host.gate(broken, RoleCommand("bad", f"grep -q new {host.folder}/sshd.conf || {{ echo no; exit 3; }}"))
    until(lambda: not host.watched())

    assert host.text("journal").endswith("window of 1 s, but command bad: no\n")


def test_a_role_that_fails_half_way_is_watched_too(host: Host) -> None:
    result = host.gate(host.sshd("new\n"), host.file("b.conf", "x\n", validate="false"), window=LONG)

    assert result.status == "failed"
    assert host.is_armed()


def test_a_text_in_other_words_goes_back_at_once_by_hand(host: Host) -> None:
    host.gate(host.sshd("shut\n"), window=LONG)

    assert host.back("now").startswith("restored ")
    assert host.text("sshd.conf") == "old\n"


# -- the login


class Login:
    """What `connect` gives, on this host."""

    def __init__(self, host: Host) -> None:
        self.host = host

    def __enter__(self) -> Login:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def run(self, command: str, timeout: float) -> Result:
        here = command.removeprefix("sudo -n ").replace(FOLDER, f"{self.host.folder}/lockout")
        assert here != command, "by sudo"
        done = subprocess.run(["sh", "-c", here], capture_output=True, check=False)
        return Result(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def logins(host: Host, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], bool]], None]:
    """Says when the host lets a login in."""

    def while_(open_: Callable[[], bool]) -> None:
        tries = [False]  # the first one comes too early

        def connect(access: Access, timeout: float) -> Login:
            if (tries and not tries.pop()) or not open_():
                raise DeviceFailed(f"{access}: the login with /none was refused")
            return Login(host)

        monkeypatch.setattr(new_login, "connect", connect)

    monkeypatch.setattr(new_login, "PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(new_login, "BACK_SECONDS", 3.0)
    return while_


def is_open(host: Host) -> bool:
    return host.text("sshd.conf") != "shut\n"


def test_a_login_that_comes_through_confirms(
    host: Host, logins: Callable[[Callable[[], bool]], None]
) -> None:
    result = host.gate(host.sshd("good\n"), window=LONG)
    logins(lambda: is_open(host))

    assert new_login.settled(ACCESS, SOON, result) is result
    assert not host.is_armed()


def test_who_comes_while_sshd_begins_anew_comes_again_soon(
    host: Host, logins: Callable[[Callable[[], bool]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """sshd closes its port while it reads its new file; later tries are less and less often."""
    result, pauses = host.gate(host.sshd("good\n"), window=LONG), list[float]()
    logins(lambda: len(pauses) == 6)
    monkeypatch.setattr(new_login, "PAUSE_SECONDS", 0.5)
    monkeypatch.setattr(new_login.time, "sleep", pauses.append)

    assert new_login.settled(ACCESS, Window(RUN, seconds=60), result) is result
    assert pauses == [0.5, 1, 2, 4, 8, 8]


def test_a_login_that_does_not_is_told_with_what_became_of_it(
    host: Host, logins: Callable[[Callable[[], bool]], None]
) -> None:
    result = host.gate(host.sshd("shut\n"))
    logins(lambda: is_open(host))
    told = new_login.settled(ACCESS, SHORT, result)

    assert told.status == "failed"
    assert told.message == (
        "changed, but a new login did not come through: srv-1 (igoudar@192.0.2.101:22): the login with /none "
        "was refused; the host went back to its old files at the end of its window of 1 s"
    )
    assert told.changes == result.changes


def test_where_no_login_ever_comes_through_nothing_is_claimed(
    host: Host, logins: Callable[[Callable[[], bool]], None]
) -> None:
    result = host.gate(host.sshd("shut\n"))
    logins(lambda: False)
    message = new_login.settled(ACCESS, SHORT, result).message

    assert "whether it went back to its old files is unknown" in message
    assert f"sh {FOLDER}/back now" in message


def test_a_session_that_broke_is_looked_after(
    host: Host, logins: Callable[[Callable[[], bool]], None]
) -> None:
    broken = HostResult("srv-1", "failed", message="the session broke: reset")
    logins(lambda: True)

    assert new_login.after_break(ACCESS, SHORT, broken) == broken, "it was never armed"
    host.gate(host.sshd("shut\n"))
    message = new_login.after_break(ACCESS, SHORT, broken).message
    assert message == (
        "the session broke: reset; the host went back to its old files at the end of its window of 1 s"
    )
