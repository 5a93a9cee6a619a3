"""`igoudar:network:Switches`: what check and diff say, and the process that runs its transactions."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from igoudar import jobs
from igoudar.apply import client
from igoudar.apply.change import APPLY, concerned, untouched, wanted
from igoudar.errors import DeviceFailed
from igoudar.provider import resources, switches
from igoudar.provider.kit import Context, Kind
from igoudar.provider.switches import Switches
from tests.factory import RULES

ROOT = Path(__file__).parents[2]
FRR, INTERFACES = "/etc/frr/frr.conf", "/etc/network/interfaces"


def inputs(texts: Mapping[str, str], **marks: Mapping[str, Any]) -> dict[str, Any]:
    """Switch -> its frr.conf; `marks` change what is said of a switch."""
    told = {
        name: {
            "serial": f"S-{name}",
            "nos": "frr",
            "status": "active",
            "adopt": False,
            "base": {},
            **marks.get(name, {}),
        }
        for name in {**texts, **marks}
    }
    files: dict[str, Any] = {name: {FRR: text, INTERFACES: "auto lo\n"} for name, text in texts.items()}
    seconds = {"window": 60, "restore": 10}
    apply = {"site": "inventory/lab", "stack": "lab", "secrets": "", **seconds, "waves": [], "marks": told}
    return {**files, APPLY: apply}


def diff(old: Any, new: Any, outputs: Any = None) -> dict[str, Kind]:
    return dict(asyncio.run(Switches().diff(old, new, outputs or {}, context())).changes)


def check(new: Any, old: Any) -> dict[str, Any]:
    recorded, refused = asyncio.run(Switches().check(new, old))
    assert refused == []
    return dict(recorded)


OLD = inputs({"a": "one\n", "b": "two\n"})


def test_the_provider_serves_it() -> None:
    assert "igoudar:network:Switches" in {resource.token for resource in resources()}


def test_a_changed_line_is_named_by_switch_and_file() -> None:
    assert diff(OLD, inputs({"a": "one\n", "b": "new\n"})) == {f'["b"]["{FRR}"]': Kind.UPDATE}


def test_what_a_change_costs_is_said_beside_it_and_where_nothing_changes_nothing_is() -> None:
    said: list[tuple[str, str]] = []

    class Told(Context):
        async def log(self, severity: str, text: str, *, ephemeral: bool = False) -> None:
            assert not ephemeral
            said.append((severity, text))

    ctx = Told("lab", "urn", False, asyncio.Event(), None)
    text = "router bgp 1\n neighbor swp1 interface remote-as 2\n neighbor swp1 description {}\nexit\n"
    before = inputs({"a": text.format("x"), "b": text.format("x"), "c": text.format("x")})
    new = {"a": text.format("y"), "b": text.format("x").replace("bgp 1", "bgp 7"), "c": text.format("z")}
    asyncio.run(Switches().diff(before, before, {"unconfirmed": {"a": {}}}, ctx))
    asyncio.run(Switches().diff(before, inputs(new, c={"status": "offline"}), {}, ctx))
    assert said == [("info", f"impact: a hitless; b restart, 1 session ({RULES.restart.seconds:g} s)")]


def test_switches_that_come_and_go() -> None:
    assert diff(OLD, inputs({"a": "one\n", "c": "three\n"})) == {'["b"]': Kind.DELETE, '["c"]': Kind.ADD}


def test_how_to_apply_is_no_change() -> None:
    other = inputs({"a": "one\n", "b": "two\n"}, a={"adopt": True})
    other[APPLY] |= {"window": 8, "waves": [["a"], ["b"]], "secrets": "file:x"}
    assert diff(OLD, other) == {}
    assert concerned(OLD, other, {}) == []


def test_another_box_under_a_name_is_a_change_without_a_changed_line() -> None:
    other = inputs({"a": "one\n", "b": "two\n"}, b={"serial": "S-new"})
    assert diff(OLD, other) == {'["_apply"]["marks"]["b"]["serial"]': Kind.UPDATE}
    assert concerned(OLD, other, {}) == ["b"]
    assert wanted(OLD, other, "b").record is None
    assert wanted(OLD, other, "a").record == OLD["a"]


def test_what_was_left_unconfirmed_asks_for_an_update() -> None:
    left = {"b": {"run": "r1"}}
    assert diff(OLD, OLD, {"unconfirmed": left}) == {'["unconfirmed"]["b"]': Kind.DELETE}
    assert concerned(OLD, OLD, left) == ["b"]


def test_an_offline_switch_keeps_its_record_until_it_is_back() -> None:
    new = {"a": "one\n", "b": "new\n"}
    away = check(inputs(new, b={"status": "offline"}), OLD)
    assert away["b"] == OLD["b"]
    assert diff(OLD, away) == {}
    assert concerned(OLD, away, {"b": {}}) == []
    back = check(inputs(new), away)
    assert diff(away, back) == {f'["b"]["{FRR}"]': Kind.UPDATE}
    assert concerned(away, back, {}) == ["b"]


def test_a_new_box_that_comes_while_offline_gets_its_text_when_it_is_back() -> None:
    text = {"a": "one\n", "b": "two\n"}
    away = check(inputs(text, b={"status": "offline", "serial": "S-new"}), OLD)
    assert diff(OLD, away) == {}
    back = check(inputs(text, b={"serial": "S-new"}), away)
    assert diff(away, back) == {'["_apply"]["marks"]["b"]["serial"]': Kind.UPDATE}
    assert concerned(away, back, {}) == ["b"]
    assert wanted(away, back, "b").record is None


def test_what_is_unconfirmed_is_known_until_it_is_back() -> None:
    left = {"b": {"run": "r1"}, "gone": {"run": "r1"}}
    away = check(inputs({"a": "one\n", "b": "two\n"}, b={"status": "offline"}), OLD)
    assert diff(OLD, away, {"unconfirmed": left}) == {}
    assert untouched(away, left, concerned(OLD, away, left)) == {"b": {"run": "r1"}}
    back = check(OLD, away)
    assert diff(away, back, {"unconfirmed": left}) == {'["unconfirmed"]["b"]': Kind.DELETE}
    assert untouched(back, left, concerned(away, back, left)) == {}


def test_an_offline_switch_without_a_record_is_not_recorded() -> None:
    away = check(inputs({"a": "one\n", "c": "three\n"}, c={"status": "offline"}), OLD)
    assert "c" not in away
    assert concerned(OLD, away, {}) == []


def test_a_vanished_switch_is_not_touched() -> None:
    assert concerned(OLD, inputs({"a": "one\n"}), {}) == []


# -- the steps around the process


def context() -> Context:
    return Context("lab", "urn", False, asyncio.Event(), None)


def answering(monkeypatch: pytest.MonkeyPatch, answer: Mapping[str, Any]) -> list[str]:
    asked: list[str] = []

    async def in_process(run: str, *rest: Any) -> dict[str, Any]:
        asked.append(run)
        return dict(answer)

    monkeypatch.setattr(switches, "in_process", in_process)
    return asked


def test_create_and_update_record_outputs_and_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, {"txn": "r1", "unconfirmed": {}, "unreachable": {}, "said": ""})
    outputs = {"txn": "r1", "unconfirmed": {}, "unreachable": {}}
    assert asyncio.run(Switches().create(OLD, context())) == ("lab", outputs)
    assert asyncio.run(Switches().update(OLD, OLD, {}, context())) == outputs


def test_a_lost_last_word_is_told_and_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    left = {"b": {"run": "r1"}}
    answering(monkeypatch, {"txn": "r1", "unconfirmed": left, "unreachable": {}, "said": "  new: a"})
    outputs = asyncio.run(Switches().update(OLD, OLD, {}, context()))
    assert outputs == {"txn": "r1", "unconfirmed": left, "unreachable": {}}


def test_read_takes_live_text_and_forgets_what_it_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    live = inputs({"a": "by hand\n", "b": "two\n"})
    answering(monkeypatch, {"inputs": live, "unreachable": {"b": "silent"}})
    before = {"txn": "r1", "unconfirmed": {"a": {}, "b": {}}, "unreachable": {}}
    found, outputs = asyncio.run(Switches().read("lab", OLD, before, context()))
    assert found == live
    assert outputs == {"txn": "r1", "unconfirmed": {"b": {}}, "unreachable": {"b": "silent"}}


def test_delete_touches_no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answering(monkeypatch, {})
    asyncio.run(Switches().delete("lab", OLD, {}, context()))
    assert asked == []


# -- the process itself


def in_process(request: Mapping[str, Any]) -> dict[str, Any]:
    told: list[str] = []

    async def tell(name: str, text: str) -> None:
        told.append(f"{name}: {text}")

    return asyncio.run(client.in_process("update", ROOT, request, tell, asyncio.Event()))


def test_nothing_to_do_asks_no_switch() -> None:
    result = in_process({"old": OLD, "new": OLD, "outputs": {}})
    assert result["unconfirmed"] == {}


def test_a_failure_arrives_as_its_sentence() -> None:
    new = inputs({"a": "new\n", "b": "two\n"})
    new[APPLY]["site"] = "inventory/nowhere"
    with pytest.raises(DeviceFailed, match="there is no such folder"):
        in_process({"old": OLD, "new": new, "outputs": {}})


def test_a_defect_arrives_as_a_sentence_too() -> None:
    with pytest.raises(DeviceFailed, match="internal error"):
        in_process({"old": {}, "new": {"a": {}, APPLY: {}}, "outputs": {}})


def test_one_that_dies_before_it_listens_is_told_by_its_status(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "sys", SimpleNamespace(executable="/bin/false"))
    large = {"a": {FRR: "x" * 1_000_000}}
    with pytest.raises(DeviceFailed, match="the transaction ended with status 1"):
        in_process({"old": {}, "new": large, "outputs": {}})


def test_it_dies_with_its_parent() -> None:
    script = "import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-m', 'igoudar.apply'], "
    script += "stdin=subprocess.PIPE); print(p.pid, flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=ROOT) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        time.sleep(0.5)
        parent.send_signal(signal.SIGKILL)
    for _ in range(200):
        if not _lives(child):
            return
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    raise AssertionError("it outlived its parent")


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"
