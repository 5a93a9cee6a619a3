"""The agent of a switch: its states; and a crash anywhere, then a boot, leaves one text or the other."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from igoudar.agent.__main__ import answer
from igoudar.agent.clock import Clock
from igoudar.agent.core import Agent
from igoudar.agent.disk import Attributes, Disk
from igoudar.agent.journal import Store
from igoudar.agent.switch import FRR_FILE, INTERFACES_FILE, Done, Switch

OLD = {FRR_FILE: "hostname old\n", INTERFACES_FILE: "auto lo\n"}
NEW = {FRR_FILE: "hostname new\nneighbor swp1 password secret:bgp@1\n", INTERFACES_FILE: "auto lo swp1\n"}
VALUES = {"secret:bgp@1": "hunter2"}
PATHS = tuple(sorted(OLD))


class FakeClock(Clock):
    def __init__(self) -> None:
        self.time, self.boots = 100.0, 1

    def now(self) -> float:
        return self.time

    def boot(self) -> str:
        return f"boot-{self.boots}"

    def sleep(self, seconds: float) -> None:
        self.time += seconds


class FakeSwitch(Switch):
    """Files under a folder; commands always succeed and are remembered."""

    def __init__(self, disk: Disk, root: Path) -> None:
        super().__init__(disk, root)
        self.ran: list[str] = []
        self.refuses = ""

    def run(self, words: Iterable[str], seconds: float) -> Done:
        self.ran.append(" ".join(words))
        if self.refuses and self.ran[-1].startswith(self.refuses):
            return Done(1, "% Unknown command")
        return Done(0, "")

    def attributes(self, path: str) -> Attributes:
        return Attributes(os.getuid(), os.getgid(), 0o600)

    def expected_daemons(self) -> set[str]:
        return set()


class Crash(Exception):
    """The power went."""


class CrashingDisk(Disk):
    """Lets so many changes through, then nothing any more."""

    def __init__(self, changes: int) -> None:
        self.left = changes

    def _spend(self) -> None:
        if self.left == 0:
            raise Crash
        self.left -= 1

    def write(self, path: Path, data: bytes, attributes: Attributes | None = None) -> None:
        self._spend()
        super().write(path, data, attributes)

    def remove(self, path: Path) -> None:
        self._spend()
        super().remove(path)


class Box:
    """A switch with its agent; `crash` gives it a disk that fails."""

    def __init__(self, folder: Path, disk: Disk | None = None) -> None:
        self.folder = folder
        disk = disk or Disk()
        self.switch = FakeSwitch(disk, folder / "root")
        self.clock = FakeClock()
        self.agent = Agent(Store(folder / "store", disk), self.switch, self.clock)

    def fresh(self) -> Box:
        for path, text in OLD.items():
            target = self.switch.path(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")
        return self

    def ask(self, verb: str, **request: Any) -> dict[str, Any]:
        return answer(self.agent, verb, request)

    def read(self) -> dict[str, Any]:
        return self.ask("read", paths=PATHS, desired=NEW, values=VALUES, patterns=())

    def texts(self) -> dict[str, str]:
        return {path: data.decode() for path, data in self.switch.live(PATHS).items()}

    def prepare(self, id_: str = "t1") -> None:
        assert self.ask("stage", id=id_, stack="lab", files=NEW, values=VALUES)["ok"]
        assert self.ask("arm", id=id_, base=self.read()["digest"], window=60)["ok"]


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path).fresh()


def filled() -> dict[str, str]:
    return {path: text.replace("secret:bgp@1", "hunter2") for path, text in NEW.items()}


def test_a_transaction_from_stage_to_confirm(box: Box) -> None:
    box.prepare()
    assert box.texts() == OLD
    assert box.ask("apply", id="t1", mode="reload") == {
        "ok": True,
        "protocol": 1,
        "state": "applied",
        "problem": "",
    }
    assert box.texts() == filled()
    assert box.read()["files"] == NEW, "secrets leave as marks"
    assert box.ask("confirm", id="t1", values=VALUES)["outcome"] == "confirmed"
    assert box.read()["open"] is None
    kept = b"".join(
        p.read_bytes() for p in (box.folder / "store").rglob("*") if p.is_file() and p.name != "key"
    )
    assert b"hunter2" not in kept, "a finished transaction keeps no secret"


def test_a_window_that_ends_restores(box: Box) -> None:
    box.prepare()
    box.ask("apply", id="t1", mode="reload")
    box.clock.time += 59
    assert box.read()["open"]["left"] == 1.0
    box.clock.time += 1.5
    box.agent.watch()
    assert box.texts() == OLD
    assert "systemctl restart frr" in box.switch.ran
    refused = box.ask("confirm", id="t1", values=VALUES)
    assert (refused["ok"], refused["code"]) == (False, "finished")
    assert box.texts() == OLD


def test_extend_moves_the_window(box: Box) -> None:
    box.prepare()
    box.clock.time += 50
    assert box.ask("extend", id="t1", window=60)["ok"]
    assert box.read()["open"]["left"] == 60.0


def test_what_is_refused_changes_nothing(box: Box) -> None:
    box.ask("stage", id="t0", stack="lab", files=NEW, values=VALUES)
    assert box.ask("arm", id="t0", base="another", window=60)["code"] == "base-differs"
    box.prepare()
    box.ask("stage", id="t2", stack="other", files=NEW, values=VALUES)
    other = box.ask("arm", id="t2", base=box.read()["digest"], window=60)
    assert other["code"] == "other-open"
    assert "t1 of lab is open here for 60 s more" in other["error"]
    for verb, request in (
        ("apply", {"id": "t2", "mode": "reload"}),
        ("apply", {"id": "t9", "mode": "reload"}),
        ("confirm", {"id": "t1", "values": {}}),
        ("extend", {"id": "t9", "window": 60}),
        ("restore", {"id": "t9"}),
        ("apply", {"id": "../../etc", "mode": "reload"}),
        ("arm", {"id": "t1", "base": "", "window": 0.1}),
        ("stage", {"id": "t3", "stack": "lab", "files": NEW, "values": {}}),
    ):
        assert not box.ask(verb, **request)["ok"], (verb, request)
    assert box.texts() == OLD
    assert box.read()["open"]["id"] == "t1"


def test_a_refused_candidate_leaves_no_trace(box: Box) -> None:
    box.switch.refuses = "vtysh -C"
    refused = box.ask("stage", id="t1", stack="lab", files=NEW, values=VALUES)
    assert refused["code"] == "candidate"
    assert "Unknown command" in refused["error"]
    assert not (box.folder / "store" / "txn" / "t1").exists()
    assert box.texts() == OLD


def test_restore_is_idempotent_and_a_late_one_of_another_id_does_nothing(box: Box) -> None:
    box.prepare("t1")
    box.ask("apply", id="t1", mode="reload")
    assert box.ask("restore", id="t1")["outcome"] == "restored"
    assert box.ask("restore", id="t1")["outcome"] == "restored"
    box.prepare("t2")
    box.ask("apply", id="t2", mode="reload")
    box.ask("confirm", id="t2", values=VALUES)
    box.ask("restore", id="t1")
    assert box.texts() == filled()


def test_a_boot_restores_before_daemons_start(box: Box) -> None:
    box.prepare()
    box.ask("apply", id="t1", mode="restart")
    box.switch.ran.clear()
    box.clock.boots += 1
    box.agent.boot()
    assert box.texts() == OLD
    assert box.switch.ran == [], "nothing to activate yet"
    assert box.read()["open"] is None


def steps(box: Box) -> None:
    """A whole transaction; the disk may fail at any change."""
    box.ask("stage", id="t1", stack="lab", files=NEW, values=VALUES)
    box.ask("arm", id="t1", base=box.read()["digest"], window=60)
    box.ask("apply", id="t1", mode="reload")
    box.ask("confirm", id="t1", values=VALUES)


def changes(folder: Path) -> int:
    disk = CrashingDisk(10_000)
    steps(Box(folder, disk).fresh())
    return 10_000 - disk.left


@settings(max_examples=120)
@given(data=st.data())
def test_a_crash_anywhere_then_a_boot_leaves_one_text_or_the_other(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole = changes(tmp_path_factory.mktemp("whole"))
    folder = tmp_path_factory.mktemp("crash")
    box = Box(folder, CrashingDisk(data.draw(st.integers(0, whole)))).fresh()
    with contextlib.suppress(Crash):
        steps(box)
    # a second crash during the restore, then a boot that comes through
    for disk in (CrashingDisk(data.draw(st.integers(0, 6))), Disk()):
        again = Box(folder, disk)
        again.clock.boots = 2
        try:
            again.agent.boot()
        except Crash:
            continue
    last = Box(folder)
    assert last.texts() in (OLD, filled())
    journal = last.agent.store.journal("t1")
    confirmed = journal is not None and journal.outcome == "confirmed"
    assert (last.texts() == filled()) == confirmed, "new text only where the transaction was confirmed"
    assert last.read()["open"] is None
    last.prepare("t2")
    assert last.ask("apply", id="t2", mode="reload")["ok"]
