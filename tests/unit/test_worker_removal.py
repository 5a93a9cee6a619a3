"""What no role declares any more leaves the host; what somebody else wrote stays."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from igoudar.roles import RoleCommand, RoleUnit
from igoudar.worker.report import told_of
from igoudar.worker.results import NO_ROLE
from igoudar.worker.script import ReloadUnits, RoleSteps
from tests.scratch_host import ScratchHost, role


@pytest.fixture
def host(tmp_path: Path) -> ScratchHost:
    return ScratchHost(tmp_path / "host")


def test_a_file_that_no_role_declares_any_more_is_removed(host: ScratchHost) -> None:
    a, b = host.file("etc/a", "one\n"), host.file("etc/b", "two\n")
    host.apply(role("base", a, b))
    planned = host.run([role("base", a)], plan=True)

    assert [*told_of(planned, {"base": {}})] == [
        f"  file {b.path}: remove: no role declares it any more\n"
        f"--- {b.path}\n+++ /dev/null\n@@ -1 +0,0 @@\n-two\n"
    ]
    assert host.texts() == {"a": "one\n", "b": "two\n"}
    assert host.apply(role("base", a)) == ["file etc/b: remove"]
    assert host.texts() == {"a": "one\n"}


def test_addresses_stay_whoever_wrote_them(host: ScratchHost) -> None:
    (host.folder / "etc/network").mkdir()
    interfaces = host.file("etc/network/interfaces", "auto lo\n")
    host.apply(role("host_net", interfaces))
    result = host.run([role("base")])

    assert host.said(result) == ["file etc/network/interfaces: kept: the host needs one"]
    assert (host.folder / "etc/network/interfaces").read_text() == "auto lo\n"
    assert host.apply(role("base")) == []


def test_a_text_that_may_hold_a_secret_is_not_shown_by_who_has_none(host: ScratchHost) -> None:
    host.apply(role("app", host.file("etc/a", "hunter2\n"), private=True))
    planned = host.run([role("app", host.file("etc/a", "none\n"))], plan=True)
    assert [change.old for change in planned.changes] == [None]


def test_a_role_that_leaves_takes_all_that_is_its_own(host: ScratchHost) -> None:
    base = role("base", host.file("etc/a", "one\n"))
    host.apply(base, role("extra", host.file("etc/b", "two\n")))

    assert host.apply(base) == ["file etc/b: remove"]
    assert sorted(p.name for p in (host.folder / "state").iterdir()) == [
        "base.digest",
        "files",
        "history",
        "lock",
    ]
    assert host.apply() == ["file etc/a: remove"]
    assert (host.folder / "state" / "files").read_text() == "all\n"


def test_a_file_that_moves_to_another_role_stays(host: ScratchHost) -> None:
    a = host.file("etc/a", "one\n")
    host.apply(role("base"), role("extra", a))

    assert host.apply(role("base", a)) == []
    assert host.texts() == {"a": "one\n"}
    assert host.apply(role("base")) == ["file etc/a: remove"]


def test_a_file_that_somebody_changed_is_left_said_once_and_forgotten(host: ScratchHost) -> None:
    a = host.file("etc/a", "one\n")
    host.apply(role("base", a))
    (host.folder / "etc" / "a").write_text("mine\n")

    assert host.apply(role("base")) == ["file etc/a: kept: changed since"]
    (host.folder / "etc" / "a").write_text("one\n")
    assert host.apply(role("base")) == [], "it is somebody's by now, whatever it holds"


def test_what_is_gone_already_or_was_never_ours_is_no_change(host: ScratchHost) -> None:
    a, b = host.file("etc/a", "one\n"), host.file("etc/b", "two\n")
    (host.folder / "etc" / "b").write_text("two\n")
    host.apply(role("base", a, b))
    (host.folder / "etc" / "a").unlink()

    assert host.apply(role("base")) == []
    assert host.texts() == {"b": "two\n"}


def test_a_run_of_some_roles_removes_nothing(host: ScratchHost) -> None:
    base, extra = role("base", host.file("etc/a", "one\n")), role("extra", host.file("etc/b", "two\n"))
    host.apply(base, extra)

    assert host.apply(role("base"), whole=False) == []
    assert host.apply(base, extra) == []
    assert host.texts() == {"a": "one\n", "b": "two\n"}


def test_a_run_in_which_a_role_failed_removes_nothing(host: ScratchHost) -> None:
    host.apply(role("base", host.file("etc/a", "one\n")))
    result = host.run([role("base"), role("bad", RoleCommand("no", "false", unless="false"))])

    assert result.status == "failed"
    assert host.texts() == {"a": "one\n"}
    assert host.apply(role("base")) == ["file etc/a: remove"]


def test_what_a_run_wrote_that_died_is_known(host: ScratchHost) -> None:
    """The text is noted before it stands there: as if the power had gone between two lines of the script."""
    bad = role("base", host.file("etc/a", "one\n"), RoleCommand("no", "kill -9 $$", unless="false"))
    died = host.run([bad])

    assert died.status == "failed"
    assert "broke off" in died.message
    assert host.apply(role("base")) == ["file etc/a: remove"]


def test_files_of_before_there_was_a_list_are_known(host: ScratchHost) -> None:
    a = host.file("etc/a", "one\n")
    host.apply(role("base", a))
    (host.folder / "state" / "files").unlink()

    assert host.apply(role("base", a)) == []
    assert host.apply(role("base")) == ["file etc/a: remove"]


def test_a_file_that_is_left_alone_while_its_test_succeeds_is_still_ours_as_we_wrote_it(
    host: ScratchHost,
) -> None:
    kept = host.file("etc/a", "one\n", unless=f"[ -s {host.folder}/etc/a ]")
    host.apply(role("base", kept))
    (host.folder / "etc" / "a").write_text("grown\n")

    assert host.apply(role("base", kept)) == []
    (host.folder / "etc" / "a").write_text("one\n")
    assert host.apply(role("base")) == ["file etc/a: remove"]


def test_a_text_that_may_hold_a_secret_is_not_shown(host: ScratchHost) -> None:
    host.apply(role("base", host.file("etc/a", "password x\n"), private=True))
    (planned,) = host.run([role("base")], plan=True).left_over

    assert (planned.what, planned.old) == ("remove", None)
    assert (host.folder / "state" / "files").stat().st_mode & 0o777 == 0o600


def test_the_daemon_that_read_it_reads_again_if_it_runs(host: ScratchHost) -> None:
    host.vendor_unit("ssh.service")
    drop_in = host.file("etc/x.conf", "x\n", notify=("reload:ssh.service",))
    stopped = host.file("etc/y.conf", "y\n", notify=("restart:cron.service",))
    base = role("base", drop_in, stopped, RoleUnit("ssh.service"))
    (host.folder / "systemd" / "cron.service.vendor").touch()
    host.apply(base)
    host.told()

    assert host.apply(role("base")) == [f"file {name}: remove" for name in ("etc/x.conf", "etc/y.conf")] + [
        "unit ssh.service: reload"
    ]
    assert host.told() == ["reload ssh.service"]


def test_a_reload_that_failed_is_said_and_done_by_the_next_run(host: ScratchHost) -> None:
    host.vendor_unit("ssh.service")
    host.apply(role("base", host.file("etc/x.conf", "x\n", notify=("reload:ssh.service",))))
    (host.folder / "refuses-reload").touch()
    failed = host.run([role("base")])
    (host.folder / "refuses-reload").unlink()

    assert failed.message.startswith("files that no role declares any more: unit ssh.service: reload failed")
    assert host.apply(role("base")) == ["unit ssh.service: reload"]


def test_a_command_of_a_role_that_is_still_there_is_run(host: ScratchHost) -> None:
    count = RoleCommand("count", f'echo "it\'s" >>{host.folder}/count')
    host.apply(role("base", host.file("etc/a", "one\n", notify=("run:count",)), count))
    host.apply(role("extra", host.file("etc/b", "two\n", notify=("run:count",)), count), role("base", count))

    assert (host.folder / "count").read_text() == "it's\n" * 3
    assert host.apply(role("base", count)) == ["file etc/b: remove"], "the other command left with its role"


def test_a_unit_whose_file_goes_is_stopped_first(host: ScratchHost) -> None:
    service = host.file("system/x.service", "s\n")
    timed = host.file("system/x.timer", "t\n", notify=("restart:x.timer",))
    host.apply(role("extra", service, timed, ReloadUnits(), RoleUnit("x.service"), RoleUnit("x.timer")))
    host.told()

    assert host.apply(role("base")) == [
        "unit x.timer: disable",
        "unit x.timer: stop",
        "unit x.service: disable",
        "unit x.service: stop",
        "file system/x.service: remove",
        "file system/x.timer: remove",
    ]
    assert host.told() == [
        "disable x.timer", "stop x.timer", "disable x.service", "stop x.service", "daemon-reload"
    ]  # fmt: skip
    assert not list((host.folder / "system").iterdir())


def test_a_unit_that_does_not_stop_keeps_its_file(host: ScratchHost) -> None:
    host.apply(role("extra", host.file("system/x.service", "s\n"), RoleUnit("x.service")))
    (host.folder / "refuses-stop").touch()
    failed = host.run([role("base")])
    (host.folder / "refuses-stop").unlink()

    assert "unit x.service: stop failed" in failed.message
    assert failed.roles[-1].role == NO_ROLE
    assert (host.folder / "system" / "x.service").exists()
    assert host.apply(role("base")) == ["unit x.service: stop", "file system/x.service: remove"]


def test_a_unit_that_a_role_still_names_goes_on_without_our_file(host: ScratchHost) -> None:
    """Our file stood before that of the package."""
    host.vendor_unit("x.service")
    host.apply(
        role(
            "base", host.file("system/x.service", "s\n", notify=("restart:x.service",)), RoleUnit("x.service")
        )
    )
    host.told()

    assert host.apply(role("base", RoleUnit("x.service"))) == [
        "file system/x.service: remove",
        "unit x.service: restart",
    ]
    assert host.told() == ["daemon-reload", "restart x.service"]


PATHS, ROLES, TEXTS = ("p", "q", "r"), ("one", "two", "three"), ("1\n", "2\n")
Wanted = Mapping[str, tuple[str, str]]
wanted = st.dictionaries(st.sampled_from(PATHS), st.tuples(st.sampled_from(ROLES), st.sampled_from(TEXTS)))
foreign = st.tuples(st.sampled_from(PATHS), st.sampled_from((*TEXTS, "mine\n", None)))
runs = st.tuples(wanted, st.sampled_from((None, None, *ROLES)))


@dataclass
class World:
    """What should be there: `disk`, and of each path the texts that are ours."""

    disk: dict[str, str] = field(default_factory=dict)
    ours: dict[str, set[str]] = field(default_factory=dict)

    def edit(self, path: str, text: str | None) -> None:
        self.disk.pop(path, None)
        if text is not None:
            self.disk[path] = text

    def run(self, told: Wanted, fails: str | None) -> None:
        """The role that fails has written its files by then, those after it have not begun."""
        begun = ROLES[: ROLES.index(fails) + 1] if fails else ROLES
        for path, (owner, text) in told.items():
            if owner not in begun:
                continue
            if self.disk.get(path) != text:
                self.disk[path] = text
                self.ours.setdefault(path, set()).add(text)
            elif path in self.ours and not fails:
                self.ours[path].add(text)
        if not fails:
            self.sweep({path: text for path, (_, text) in told.items()})

    def sweep(self, told: Mapping[str, str]) -> None:
        for path in [*self.ours]:
            if path in told:
                self.ours[path] = {told[path]}
                continue
            if self.disk.get(path) in self.ours.pop(path):
                del self.disk[path]


def steps(host: ScratchHost, told: Wanted, fails: str | None) -> list[RoleSteps]:
    return [
        role(
            name,
            *(host.file(f"etc/{path}", text) for path, (owner, text) in told.items() if owner == name),
            *([RoleCommand("no", "false", unless="false")] if name == fails else []),
        )
        for name in ROLES
    ]


@settings(max_examples=8, deadline=None)
@given(st.lists(st.one_of(runs, foreign), min_size=2, max_size=6))
def test_a_host_holds_what_is_declared_and_what_is_not_ours(
    happens: list[tuple[Wanted, str | None] | tuple[str, str | None]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        host, world = ScratchHost(Path(folder) / "host"), World()
        for first, second in happens:
            if isinstance(first, str):
                world.edit(first, second)
                path = host.folder / "etc" / first
                path.unlink(missing_ok=True)
                if second is not None:
                    path.write_text(second)
                continue
            world.run(first, second)
            if second:
                assert host.run(steps(host, first, second)).status == "failed"
            else:
                host.apply(*steps(host, first, None))
            assert host.texts() == world.disk
