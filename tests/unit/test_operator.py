"""The operator over switches in memory: with a fault anywhere all are old or new, or it says who is not."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from igoudar.apply import operator as module
from igoudar.apply.change import FRR, Todo, Wanted, concerned, judge, mode, recorded
from igoudar.apply.driver import Disguise, Live
from igoudar.apply.operator import Operator, Plan
from igoudar.errors import DeviceFailed, Drift
from igoudar.runs import Report

BASE = {FRR: "hostname x\n"}
OLD = {FRR: "hostname x\nrouter bgp 1\n neighbor swp1 remote-as external\nexit\n"}
NEW = {FRR: OLD[FRR] + "! more\n"}
VERBS = ("read", "stage", "arm", "apply", "verify", "confirm")


class Switch:
    """A driver that is the switch. `fails` names the verb that does not answer."""

    def __init__(self, name: str, text: Mapping[str, str] = OLD, fails: str = "") -> None:
        self.name, self.text, self.fails = name, dict(text), fails
        self.saved: dict[str, str] | None = None
        self.candidate: dict[str, str] | None = None
        self.serial, self.open = "S", None
        self.asked: list[str] = []

    def _asked(self, verb: str) -> None:
        self.asked.append(verb)
        if verb == self.fails:
            raise DeviceFailed(f"{self.name}: does not answer")

    def _live(self) -> Live:
        return Live(self.serial, dict(self.text), "digest", self.open, {"default swp1": "Established"})

    def read(self, paths: tuple[str, ...], disguise: Disguise) -> Live:
        self._asked("read")
        return self._live()

    def stage(self, id_: str, stack: str, files: Mapping[str, str], values: Mapping[str, str]) -> None:
        self._asked("stage")
        self.candidate = dict(files)

    def arm(self, id_: str, base: str, window: float) -> None:
        self._asked("arm")
        self.saved = dict(self.text)

    def extend(self, id_: str, window: float) -> None:
        self._asked("extend")

    def apply(self, id_: str, how: str) -> str:
        self._asked("apply")
        assert self.candidate is not None
        self.text = dict(self.candidate)
        return ""

    def verify(self, paths: tuple[str, ...], disguise: Disguise) -> Live:
        self._asked("verify")
        return self._live()

    def confirm(self, id_: str, disguise: Disguise) -> None:
        self._asked("confirm")
        self.saved = None

    def restore(self, id_: str) -> str:
        self._asked("restore")
        if self.saved is not None:
            self.text, self.saved = self.saved, None
        return "restored"

    def close(self) -> None:
        self.asked.append("close")


def want(name: str, **more: Any) -> Wanted:
    known = Wanted(name, "S", NEW, OLD, BASE, adopt=False, peers={})
    return replace(known, **more)


def run(*switches: Switch, stop: threading.Event | None = None, **wants: Wanted) -> Report:
    wanted = {s.name: wants.get(s.name, want(s.name)) for s in switches}
    plan = Plan("t1", "lab", wanted, [sorted(wanted)], 60.0, {}, dict.fromkeys(wanted, ()))
    report = Report("t1", "lab")
    operator = Operator(
        plan, {s.name: s for s in switches}, report, lambda name, text: None, stop or threading.Event()
    )
    try:
        operator.run()
    except (DeviceFailed, Drift) as error:
        report.error = str(error)
    return report


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "VERIFY_SECONDS", 0.2)
    monkeypatch.setattr(module, "POLL_SECONDS", 0.05)


def test_all_new() -> None:
    a, b = Switch("a"), Switch("b")
    report = run(a, b)
    assert report.outcome == "done"
    assert report.states == {"a": "new", "b": "new"}
    assert a.text == b.text == NEW
    assert [v for v in a.asked if v != "extend"] == [
        "read",
        "stage",
        "arm",
        "apply",
        "verify",
        "confirm",
        "close",
    ]


@pytest.mark.parametrize("verb", VERBS)
def test_one_that_does_not_answer(verb: str) -> None:
    """Before the last word: all old. At it: all new but one, and it is named."""
    a, b, c = Switch("a"), Switch("b", fails=verb), Switch("c")
    report = run(a, b, c)
    if verb == "confirm":
        assert report.states == {"a": "new", "b": "unconfirmed", "c": "new"}
        assert [s.text for s in (a, b, c)] == [NEW] * 3
    else:
        assert "b: " in report.error
        assert [s.text for s in (a, b, c)] == [OLD] * 3
        assert set(report.states.values()) <= {"old", "restored"}
    assert all(s.asked[-1] == "close" for s in (a, b, c))


def test_one_that_cannot_be_put_back_is_named() -> None:
    class Gone(Switch):
        def restore(self, id_: str) -> str:
            raise DeviceFailed("b: gone")

    report = run(Switch("a"), Gone("b", fails="verify"))
    assert report.states == {"a": "restored", "b": "unreachable"}


def test_drift_stops_everything_and_is_shown() -> None:
    a, b = Switch("a"), Switch("b", text={FRR: "hostname somebody-else\n"})
    report = run(a, b)
    assert report.outcome == "drift"
    assert "+hostname somebody-else" in report.error
    assert a.asked == ["read", "close"]


def test_a_switch_that_runs_the_target_is_only_recorded() -> None:
    a, b = Switch("a", text=NEW), Switch("b")
    report = run(a, b)
    assert report.states == {"a": "recorded", "b": "new"}
    assert "stage" not in a.asked


def test_an_open_transaction_of_ours_is_finished_and_of_another_stack_refused() -> None:
    a = Switch("a")
    a.open = {"id": "t0", "stack": "lab", "state": "applied", "left": 3}  # type: ignore[assignment]
    a.saved, a.text = OLD, NEW
    assert run(a).outcome == "done"
    assert "restore" in a.asked
    b = Switch("b")
    b.open = {"id": "t0", "stack": "other", "state": "applied", "left": 30}  # type: ignore[assignment]
    assert "t0 of the stack other is open there for 30 s more" in run(b).error


def test_another_box_is_refused() -> None:
    a = Switch("a")
    a.serial = "T"
    assert "has the serial T, the inventory says S" in run(a).error
    assert a.text == OLD


def test_cancel_puts_everything_back() -> None:
    stop = threading.Event()

    class Stops(Switch):
        def verify(self, paths: tuple[str, ...], disguise: Disguise) -> Live:
            stop.set()
            raise DeviceFailed("not yet")

    a, b = Switch("a"), Stops("b")
    report = run(a, b, stop=stop)
    assert "interrupted" in report.error
    assert a.text == b.text == OLD


def test_a_session_that_does_not_come_back_fails_the_run() -> None:
    class Loses(Switch):
        def verify(self, paths: tuple[str, ...], disguise: Disguise) -> Live:
            return replace(self._live(), sessions={"default swp1": "Connect"})

    a = Loses("a")
    report = run(a)
    assert "sessions down: default swp1" in report.error
    assert a.text == OLD


def test_who_is_concerned_and_what_is_recorded() -> None:
    def inputs(status: str, **texts: Mapping[str, str]) -> dict[str, Any]:
        marks = {
            n: {"serial": "S", "status": status if n == "b" else "active", "adopt": False, "base": BASE}
            for n in texts
        }
        return {**texts, "_apply": {"marks": marks}}

    old = inputs("active", a=OLD, b=OLD)
    assert concerned(old, inputs("active", a=NEW, b=OLD), {}) == ["a"]
    assert concerned(old, inputs("active", a=OLD, b=OLD), {"b": "t0"}) == ["b"]
    offline = inputs("offline", a=OLD, b=NEW)
    assert recorded(offline, old)["b"] == OLD, "an offline switch keeps its record"
    assert "b" not in recorded(offline, inputs("active", a=OLD)), "or has none"
    assert concerned(old, offline, {}) == []


def test_base_text_record_and_adopt() -> None:
    assert judge(want("a", record=None), BASE) is Todo.GO
    assert judge(want("a", record=None), NEW) is Todo.RECORD
    with pytest.raises(Drift, match="adopt: true"):
        judge(want("a", record=None), OLD)
    assert judge(want("a", record=None, adopt=True), OLD) is Todo.GO


def test_reload_or_restart() -> None:
    bgp = "frr defaults datacenter\nrouter bgp 1\nexit\n"
    assert mode({FRR: "hostname x\n"}, {FRR: bgp}) == "restart"
    assert mode({FRR: bgp}, {FRR: bgp + "router bgp 1 vrf t1\nexit\n"}) == "reload"
    assert mode({FRR: bgp}, {FRR: bgp.replace("router bgp 1", "router bgp 2")}) == "restart"
    assert mode({FRR: bgp}, {FRR: bgp.replace("datacenter", "traditional")}) == "restart"
    assert mode({FRR: bgp, "/etc/frr/daemons": "a"}, {FRR: bgp, "/etc/frr/daemons": "b"}) == "restart"
