"""The agent of a switch: its table of states, its window, reboots and power cuts at every step."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from igoudar.agent.__main__ import answer
from igoudar.agent.core import VOTED
from igoudar.agent.protocol import BOUND, MOVES, OPEN, Event, State
from igoudar.agent.switch import Done, Switch
from igoudar.agent.voting import Witness
from igoudar.agent.windows import boot
from igoudar.agent.workers import end_worker
from tests.agent_world import (
    FRR,
    INTERFACES,
    MARK,
    NEW,
    OLD,
    SECRET,
    WINDOW,
    PowerCut,
    World,
    defaults,
    filled,
)

CHANGED = filled(NEW)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def applied(world: World) -> None:
    for verb in ("stage", "arm", "apply"):
        assert "code" not in world.ask(verb), verb


def prepared(world: World) -> None:
    applied(world)
    assert world.ask("prepare") == {"state": "prepared", "left": WINDOW}


def test_a_whole_change(world: World) -> None:
    applied(world)
    assert world.live() == world.runs() == CHANGED
    assert world.read()["open"] == {
        "id": "t1",
        "stack": "lab",
        "state": "applied",
        "witnesses": [],
        "left": WINDOW,
        "window": WINDOW,
    }
    assert world.ask("prepare")["state"] == "prepared"
    assert world.ask("confirm") == {"state": "finished", "outcome": "confirmed", "why": "", "problem": ""}
    world.settle()
    assert world.live() == CHANGED
    assert world.read()["open"] is None
    assert world.left_behind() == []


def test_an_answer_that_was_lost_is_given_again(world: World) -> None:
    prepared(world)
    assert world.ask("confirm") == world.ask("confirm")
    assert world.ask("restore")["code"] == "finished"
    assert world.live() == CHANGED


def test_restore_puts_files_and_daemons_back(world: World) -> None:
    applied(world)
    assert world.ask("restore")["outcome"] == "restored"
    assert world.live() == world.runs() == OLD
    assert world.switch.activations == ["reload", "restart"]
    assert world.ask("restore")["outcome"] == "restored"
    assert world.ask("confirm")["code"] == "finished"
    assert world.switch.activations == ["reload", "restart"]


def test_what_was_only_armed_is_dropped_without_a_restart(world: World) -> None:
    world.ask("stage")
    world.ask("arm")
    assert world.ask("restore")["outcome"] == "dropped"
    assert world.switch.activations == []
    assert world.left_behind() == []


@pytest.mark.parametrize("verbs", [("arm",), ("arm", "apply")])
def test_a_switch_whose_operator_vanished_is_as_before_when_its_window_ends(
    world: World, verbs: tuple[str, ...]
) -> None:
    for verb in ("stage", *verbs):
        world.ask(verb)
    begun = world.clock.now()
    world.settle()
    assert WINDOW <= world.clock.now() - begun < WINDOW + 2
    assert world.live() == world.runs() == OLD
    assert world.ask("confirm")["code"] == "finished"
    assert world.left_behind() == []


def test_extending_keeps_the_window_open(world: World) -> None:
    applied(world)
    for _ in range(10):
        world.clock.sleep(WINDOW / 3)
        world.watch()
        assert world.ask("extend")["left"] == WINDOW
    assert world.live() == CHANGED
    world.settle()
    assert world.live() == OLD


def test_arming_again_extends(world: World) -> None:
    world.ask("stage")
    world.ask("arm")
    world.clock.sleep(WINDOW - 1)
    assert world.ask("arm")["left"] == WINDOW
    world.clock.sleep(2)
    world.watch()
    assert world.read()["open"]["state"] == "armed"


def test_arm_is_refused_while_another_is_open(world: World) -> None:
    applied(world)
    world.ask("stage", "t2", stack="other")
    answer = world.ask("arm", "t2")
    assert answer["code"] == "other-open"
    assert "t1 of lab is open here for 8 s more" in answer["error"]


def test_arm_is_refused_for_a_finished_id(world: World) -> None:
    applied(world)
    world.ask("restore")
    assert world.ask("stage")["code"] == "wrong-state"
    assert world.ask("arm")["code"] == "finished"


def test_arm_is_refused_where_live_is_not_base(world: World) -> None:
    base = world.base()
    world.ask("stage")
    world.switch.path(FRR).write_text("router bgp 65002\nexit\n")
    assert world.ask("arm", base=base)["code"] == "base-differs"
    assert world.read()["open"] is None


def test_arm_is_refused_where_nothing_can_be_saved(world: World) -> None:
    world.ask("stage")
    world.disk.full = "/saved/"
    with pytest.raises(OSError, match="No space left"):
        world.ask("arm")
    assert world.read()["open"] is None


def test_arm_is_refused_where_no_room_is_left_for_the_way_back(world: World) -> None:
    world.ask("stage")
    world.disk.free = 1 << 16
    with pytest.raises(OSError, match="No space left"):
        world.ask("arm")
    assert world.read()["open"] is None


@pytest.mark.parametrize("end", ["restore", "time", "boot"])
def test_a_disk_that_becomes_full_after_apply_does_not_stop_the_way_back(world: World, end: str) -> None:
    applied(world)
    world.disk.free = 0
    if end == "restore":
        assert world.ask("restore")["outcome"] == "restored"
    elif end == "boot":
        world.power_cycle()
    world.settle()
    assert world.live() == world.runs() == OLD
    assert world.left_behind() == []


@pytest.mark.parametrize("by", ["time", "boot"])
@pytest.mark.parametrize(("value", "texts"), [("commit", CHANGED), ("abort", OLD)])
def test_nor_does_it_stop_one_that_has_voted(
    world: World, monkeypatch: pytest.MonkeyPatch, by: str, value: str, texts: dict[str, str]
) -> None:
    prepared(world)
    world.disk.free = 0
    monkeypatch.delattr(Path, "write_text")  # the keys of the witnesses go by another way than the disk
    for held in world.registers.held.values():
        held["t1"] = value
    if by == "boot":
        world.power_cycle()
    world.settle()
    assert world.live() == texts
    assert world.left_behind() == []


def test_arm_is_refused_where_nothing_would_end_the_window(world: World) -> None:
    world.ask("stage")
    world.switch.watchable = False
    assert world.ask("arm")["code"] == "no-watch"
    assert world.read()["open"] is None
    assert world.left_behind() == []


def test_interfaces_are_left_in_peace_where_only_routing_changes(world: World) -> None:
    routing = {**OLD, FRR: NEW[FRR]}
    world.ask("stage", files=routing)
    world.ask("arm")
    world.ask("apply")
    world.ask("restore")
    assert world.switch.activations == ["reload without interfaces", "restart without interfaces"]
    assert world.live() == OLD


def test_a_witness_that_was_busy_is_asked_again(world: World) -> None:
    applied(world)
    ask, busy = world.ballot.ask, ["mgmt-1", "mgmt-2", "mgmt-3"]

    def slow(witness: Witness, words: str, keys: Path) -> str | None:
        if witness.name in busy:
            busy.remove(witness.name)
            return None
        return ask(witness, words, keys)

    world.ballot.ask = slow  # type: ignore[method-assign]
    assert world.ask("prepare")["state"] == "prepared"


def test_no_more_witnesses_are_asked_than_it_takes(world: World) -> None:
    applied(world)
    ask, asked, down = world.ballot.ask, list[str](), {"mgmt-1"}

    def counting(witness: Witness, words: str, keys: Path) -> str | None:
        asked.append(witness.name)
        return None if witness.name in down else ask(witness, words, keys)

    world.ballot.ask = counting  # type: ignore[method-assign]
    assert world.ask("prepare")["state"] == "prepared"
    assert sorted(asked) == ["mgmt-1", "mgmt-2", "mgmt-3"]
    down.clear()
    asked.clear()
    assert world.ask("prepare")["state"] == "prepared"
    assert sorted(asked) == ["mgmt-1", "mgmt-2"]


def test_a_slow_restore_is_tried_again(world: World) -> None:
    applied(world)
    tries = iter(["did not end in 10 s", ""])
    world.switch.activate = lambda mode, seconds, **_: next(tries)  # type: ignore[method-assign]
    assert world.ask("restore")["problem"] == ""
    assert next(tries, None) is None


@pytest.mark.parametrize("window", [0, -1, 4000, float("nan")])
def test_a_window_has_bounds(world: World, window: float) -> None:
    world.ask("stage")
    assert world.ask("arm", window=window)["code"] == "bad-request"
    assert world.ask("arm", restore=window)["code"] == "bad-request"


@pytest.mark.parametrize("verb", ["extend", "apply", "prepare", "confirm", "restore", "arm"])
@pytest.mark.parametrize("id_", ["t0", "never", "../../etc"])
def test_a_message_for_another_id_changes_nothing(world: World, verb: str, id_: str) -> None:
    world.ask("stage", "t0")
    world.ask("arm", "t0")
    world.ask("restore", "t0")
    applied(world)
    before = world.live(), world.store.open()
    answer = world.ask(verb, id_)
    assert "code" in answer or (id_, verb) == ("t0", "restore")
    assert (world.live(), world.store.open()) == before


def test_a_candidate_that_is_refused_leaves_nothing(world: World) -> None:
    answer = world.ask("stage", files={**NEW, FRR: "misspelt\n"})
    assert answer["code"] == "candidate"
    assert answer["error"] == f"{FRR}: line 3: % Unknown command: misspelt"
    assert world.ask("arm")["code"] == "unknown-id"
    assert world.left_behind() == []


def test_staging_drops_what_a_run_of_the_same_stack_left(world: World) -> None:
    world.ask("stage", "t0")
    world.ask("stage", "t1", stack="other")
    world.ask("stage", "t2")
    left = {name.partition("/")[0] for name in world.left_behind()}
    assert left == {"t1", "t2"}
    assert world.ask("arm", "t0")["code"] == "finished"


def test_a_file_that_was_not_there_goes_again(world: World) -> None:
    world.switch.path(INTERFACES).unlink()
    applied(world)
    assert world.switch.path(INTERFACES).exists()
    world.ask("restore")
    assert not world.switch.path(INTERFACES).exists()


def test_owner_and_mode_are_kept(world: World) -> None:
    world.switch.path(FRR).chmod(0o640)
    applied(world)
    assert stat.S_IMODE(world.switch.path(FRR).stat().st_mode) == 0o640
    world.ask("restore")
    assert stat.S_IMODE(world.switch.path(FRR).stat().st_mode) == 0o640


def test_copies_are_for_root_only(world: World) -> None:
    applied(world)
    for found in world.store.folder.rglob("*"):
        assert not stat.S_IMODE(found.stat().st_mode) & 0o077, found


@pytest.mark.parametrize("state", [State.STAGED, State.ARMED, State.APPLIED, State.RESTORING])
def test_a_reboot_leads_back(world: World, state: State) -> None:
    world.ask("stage")
    if state is not State.STAGED:
        world.ask("arm")
    if state in (State.APPLIED, State.RESTORING):
        world.ask("apply")
    if state is State.RESTORING:
        journal = world.store.journal("t1")
        assert journal is not None
        world.store.save(journal.with_(state=State.RESTORING))
    world.power_cycle()
    assert world.live() == world.runs() == OLD
    assert world.read()["open"] is None
    assert world.left_behind() == []
    assert world.ask("confirm")["code"] == "finished"


def test_the_boot_unit_run_by_hand_leaves_an_open_transaction_alone(world: World) -> None:
    applied(world)
    with pytest.raises(Exception, match="armed since the switch was started"):
        boot(world.agent)
    assert world.live() == CHANGED


def test_a_boot_unit_that_failed_is_made_good_by_the_watcher(world: World) -> None:
    applied(world)
    world.clock.booted += 1
    world.clock.time = 5.0  # far before the deadline of the other boot
    assert world.ask("confirm")["code"] == "restarted"
    world.watch()
    assert world.live() == world.runs() == OLD


def test_a_restore_that_was_cut_short_is_finished_at_once(world: World) -> None:
    applied(world)
    world.disk.left = 2
    with pytest.raises(PowerCut):
        world.ask("restore")
    world.disk.left = None
    assert world.ask("confirm")["code"] == "wrong-state"
    world.watch()
    assert world.live() == world.runs() == OLD


def test_every_pair_of_state_and_event_is_decided() -> None:
    for (state, event), after in MOVES.items():
        assert state is not State.FINISHED
        assert after is not State.STAGED or event is Event.STAGE
    for state in OPEN - BOUND:
        for event in (Event.WINDOW_ENDS, Event.BOOT, Event.RESTORE):
            assert MOVES[state, event] in (State.RESTORING, State.FINISHED)
    for event in (Event.WINDOW_ENDS, Event.BOOT):
        assert MOVES[State.PREPARED, event] is State.IN_DOUBT


# -- votes


@pytest.mark.parametrize("by", ["time", "boot"])
@pytest.mark.parametrize(("value", "texts"), [("commit", CHANGED), ("abort", OLD)])
def test_a_switch_that_has_voted_does_what_the_witnesses_hold(
    world: World, by: str, value: str, texts: dict[str, str]
) -> None:
    prepared(world)
    for held in world.registers.held.values():
        held["t1"] = value
    if by == "boot":
        world.power_cycle()
        assert world.live() == world.runs() == CHANGED, "until it hears otherwise it runs what it voted for"
    world.settle()
    assert world.live() == world.runs() == texts
    assert world.read()["open"] is None
    assert world.left_behind() == []
    assert world.ask("restore" if value == "commit" else "confirm")["code"] == "finished"


def test_a_decision_heard_while_daemons_start_makes_no_drift_of_what_they_read_later(world: World) -> None:
    prepared(world)
    for held in world.registers.held.values():
        held["t1"] = "commit"
    world.power_cycle()
    world.switch.runs = {FRR: CHANGED[FRR].splitlines(keepends=True)[0].encode()}
    world.settle()
    world.switch.runs = world.switch.live((FRR,))
    assert world.read()["running_drift"] == ""


@pytest.mark.parametrize("how", ["dead", "mute"])
def test_no_vote_while_daemons_do_not_run(world: World, how: str) -> None:
    """What runs then is no measure of drift."""
    applied(world)
    if how == "dead":
        world.switch.dead = {"bgpd"}
    else:
        world.switch.runs[FRR] = b""
    assert world.ask("prepare")["code"] == "daemons"
    world.settle()
    assert world.live() == OLD


def test_a_vote_by_an_older_agent_is_kept_whole(world: World) -> None:
    prepared(world)
    (world.store.txn("t1") / VOTED).unlink()
    assert world.ask("confirm")["outcome"] == "confirmed"
    assert world.store.load(world.store.folder / "confirmed.json")["values"] == {MARK: SECRET}
    assert world.read()["running_drift"] == ""


def test_in_doubt_it_makes_sure_that_something_is_held(world: World) -> None:
    prepared(world)
    world.settle()
    assert world.live() == OLD
    assert [held["t1"] for held in world.registers.held.values()] == ["abort"] * 3


def test_without_a_majority_it_never_guesses(world: World) -> None:
    prepared(world)
    world.registers.held["mgmt-1"]["t1"] = "commit"
    world.registers.down = {"mgmt-2", "mgmt-3"}
    for _ in range(40):
        world.clock.sleep(WINDOW)
        world.watch()
    assert world.live() == CHANGED
    assert world.read()["open"] == {
        "id": "t1",
        "stack": "lab",
        "state": "in doubt",
        "witnesses": ["mgmt-1", "mgmt-2", "mgmt-3"],
        "left": 0.0,
        "window": WINDOW,
    }
    world.registers.down = {"mgmt-3"}
    world.watch()
    assert world.read()["open"]["state"] == "in doubt", "one holds commit, one abort: nothing is decided"
    world.registers.down = set()
    world.settle()
    assert world.live() == OLD


def test_who_reaches_no_majority_does_not_vote(world: World) -> None:
    applied(world)
    world.registers.down = {"mgmt-1", "mgmt-2"}
    assert world.ask("prepare")["code"] == "no-majority"
    world.settle()
    assert world.live() == OLD
    assert world.registers.held["mgmt-3"] == {}


@pytest.mark.parametrize(("verb", "texts"), [("confirm", CHANGED), ("restore", OLD)])
def test_the_operators_word_ends_a_doubt(world: World, verb: str, texts: dict[str, str]) -> None:
    prepared(world)
    world.registers.down = {"mgmt-1", "mgmt-2", "mgmt-3"}
    world.power_cycle()
    world.watch()
    assert world.ask(verb)["state"] == "finished"
    assert world.live() == texts


def test_who_asked_other_witnesses_does_not_put_it_back(world: World) -> None:
    """It was seen before it voted, by a run whose inventory names others: what these hold decides nothing."""
    prepared(world)
    assert world.ask("restore", witnesses=["mgmt-9"])["code"] == "other-witnesses"
    assert world.live() == CHANGED
    told = world.ask("restore", witnesses=["mgmt-3", "mgmt-1", "mgmt-2"])
    assert told["outcome"] == "restored"


def test_another_stack_is_told_that_it_is_in_doubt(world: World) -> None:
    prepared(world)
    world.registers.down = {"mgmt-1", "mgmt-2", "mgmt-3"}
    world.power_cycle()
    world.ask("stage", "t2", stack="other")
    assert world.ask("arm", "t2")["error"] == "t1 of lab is open here and in doubt"


# -- secrets


def test_live_text_is_masked_by_position_and_by_pattern(world: World) -> None:
    prepared(world)
    world.ask("confirm")
    assert world.read()["files"] == NEW
    assert world.read()["running_drift"] == ""
    changed = CHANGED[FRR].replace(SECRET, "hunter2") + " neighbor swp9 password hunter3\n"
    world.switch.path(FRR).write_text(changed)
    text = world.read()["files"][FRR]
    assert " neighbor swp1 password secret:?changed\n" in text
    assert " neighbor swp9 password secret:?\n" in text


def test_no_answer_carries_a_secret(world: World) -> None:
    verbs = ("stage", "arm", "apply", "verify", "prepare", "confirm", "read", "status")
    answers = [world.ask(verb) for verb in verbs]
    world.switch.runs[FRR] = CHANGED[FRR].replace("external", "internal").encode()
    answers.append(world.read())
    assert "internal" in answers[-1]["running_drift"]
    assert SECRET not in json.dumps(answers)


def test_what_tools_say_is_masked_before_it_leaves(world: World) -> None:
    """Parsers and reloads quote the very lines that hold passwords."""
    bad = {**NEW, FRR: NEW[FRR].replace("password", "misspelt")}
    base = world.base()

    def request(verb: str) -> dict[str, Any]:
        return {"id": "t1", "base": base, **defaults(verb)}

    told = answer(world.agent, "stage", {**request("stage"), "files": bad})
    assert told["error"] == f"{FRR}: line 3: % Unknown command:  neighbor swp1 misspelt {MARK}"
    world.switch.said = f" no neighbor swp1 password {SECRET}"
    answers = [answer(world.agent, verb, request(verb)) for verb in ("stage", "arm", "apply", "verify")]
    answers.append(answer(world.agent, "restore", {"id": "t1"}))
    assert f"password {MARK}" in answers[2]["problem"]
    assert answers[3]["residue"] == [" no neighbor swp1 password secret:?"]
    assert f"password {MARK}" in answers[4]["problem"]
    assert SECRET not in json.dumps(answers)
    world.switch.said = " no neighbor swp9 password by-hand"
    assert answer(world.agent, "verify", request("verify"))["residue"] == [
        " no neighbor swp9 password secret:?"
    ]


def test_a_mark_without_a_value_is_refused(world: World) -> None:
    with pytest.raises(KeyError, match=MARK):
        world.ask("stage", values={})
    assert world.left_behind() == []


@pytest.mark.parametrize("how", ["dead", "mute"])
def test_daemons_that_do_not_answer_are_drift(world: World, how: str) -> None:
    prepared(world)
    world.ask("confirm")
    if how == "dead":
        world.switch.dead = {"bgpd"}
    else:
        world.switch.runs[FRR] = b""
    expected = {"dead": "not running: bgpd\n", "mute": "the daemons do not tell what they run\n"}
    assert world.read()["running_drift"] == expected[how]


def test_what_is_fresh(world: World) -> None:
    world.switch.path(FRR).write_text("frr version 10.3\nhostname x\n")
    assert world.read()["fresh"]
    for path, text in ((FRR, "ip route 0.0.0.0/0 192.0.2.1\n"), (INTERFACES, "iface lo\niface a\niface b\n")):
        before = world.switch.path(path).read_text()
        world.switch.path(path).write_text(text)
        assert not world.read()["fresh"], path
        world.switch.path(path).write_text(before)
    world.ask("stage")
    world.ask("arm")
    assert not world.read()["fresh"]
    world.ask("restore")
    assert world.read()["fresh"], "a first change that did not come about may be tried again"


def test_a_way_back_that_does_not_work_is_told(world: World) -> None:
    applied(world)
    world.switch.said = "bgpd does not come up"
    told = world.ask("restore")
    assert (told["outcome"], told["problem"]) == ("restored", "restart of frr: bgpd does not come up")
    assert world.ask("restore") == told, "a lost answer is given again, with its problem"


def test_what_was_saved_and_is_gone_is_said(world: World) -> None:
    applied(world)
    (world.store.txn("t1") / "saved" / "manifest.json").unlink()
    assert world.ask("restore")["code"] == "damaged"


def test_drift_of_the_running_daemons(world: World) -> None:
    prepared(world)
    world.ask("confirm")
    world.switch.runs[FRR] = CHANGED[FRR].replace("exit\n", " no bgp ebgp-requires-policy\nexit\n").encode()
    assert "+router bgp 65001 > no bgp ebgp-requires-policy" in world.read()["running_drift"]


# -- power cuts and lost watchers at every step


def run_until_cut(world: World, steps: int | None) -> bool:
    """A whole change with a power cut after so many changes to the disk; True where it was confirmed."""
    world.disk.left = steps
    try:
        for verb in ("stage", "arm", "apply", "extend", "prepare", "extend", "confirm"):
            assert "code" not in world.ask(verb), verb
    except PowerCut:
        journal = world.store.journal("t1")
        return journal is not None and journal.outcome == "confirmed"
    return True


def steps_of_a_change() -> int:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        run_until_cut(world, None)
        return world.disk.steps


@pytest.mark.parametrize("by", ["boot", "watcher"])
def test_a_crash_at_any_step_leaves_all_old_or_all_new(tmp_path: Path, by: str) -> None:
    outcomes = set()
    for steps in range(steps_of_a_change() + 1):
        folder = tmp_path / str(steps)
        folder.mkdir()
        world = World(folder)
        confirmed = run_until_cut(world, steps)
        world.disk.left = None
        if by == "boot":
            world.power_cycle()
        world.settle()
        assert world.live() == world.runs() == (CHANGED if confirmed else OLD), steps
        assert world.read()["open"] is None
        outcomes.add(confirmed)
        world.ask("stage", "t2")
        assert {name.partition("/")[0] for name in world.left_behind()} == {"t2"}, steps
        _close(world)
    assert outcomes == {True, False}


def _close(world: World) -> None:
    if world.switch.watching >= 0:
        os.close(world.switch.watching)


MESSAGES = st.tuples(
    st.sampled_from(["stage", "arm", "extend", "apply", "prepare", "confirm", "restore"]),
    st.sampled_from(["t1", "t2"]),
)
HAPPENINGS = st.one_of(
    MESSAGES,
    st.tuples(st.just("time"), st.sampled_from(["1", "9"])),
    st.tuples(st.just("boot"), st.just("")),
    st.tuples(st.just("cut"), st.sampled_from(["0", "1", "2", "3", "5"])),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(HAPPENINGS, max_size=25))
def test_whatever_happens_it_is_whole_and_true_in_the_end(happenings: list[tuple[str, str]]) -> None:
    """Late and repeated messages of two transactions, time, reboots and power cuts in any order."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        told = {"t1": "", "t2": ""}
        for what, which in happenings:
            try:
                _happen(world, what, which, told)
            except PowerCut:
                world.power_cycle()
        world.disk.left = None
        world.settle()
        assert world.live() in (OLD, CHANGED)
        assert world.live() == world.runs()
        assert world.read()["open"] is None
        for id_, outcome in told.items():
            journal = world.store.journal(id_)
            if outcome:
                assert journal is not None
                assert journal.outcome == outcome
        if all(outcome != "confirmed" for outcome in told.values()):
            journals = [world.store.journal(id_) for id_ in told]
            confirmed = any(j is not None and j.outcome == "confirmed" for j in journals)
            assert world.live() == (CHANGED if confirmed else OLD)
        _close(world)


def _happen(world: World, what: str, which: str, told: dict[str, str]) -> None:
    match what:
        case "time":
            world.clock.sleep(float(which))
            world.watch()
        case "boot":
            world.power_cycle()
        case "cut":
            world.disk.left = int(which)
        case _:
            answer = world.ask(what, which)
            if outcome := answer.get("outcome"):
                told[which] = outcome


def test_going_back_goes_on_where_it_had_no_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three tries; what is done is not done again."""
    for verb in ("stage", "arm", "apply"):
        world.ask(verb)
    said = ["ifreload: did not end; restart of frr: did not end", "restart of frr: did not end", ""]
    asked: list[tuple[bool, bool]] = []

    def activate(mode: str, seconds: float, *, interfaces: bool, again: bool) -> str:
        asked.append((interfaces, again))
        return said[len(asked) - 1]

    monkeypatch.setattr(world.agent, "_readdressed", lambda _: True)
    monkeypatch.setattr(world.switch, "activate", activate)
    assert world.ask("restore")["problem"] == ""
    assert asked == [(True, False), (True, True), (False, True)]


@pytest.mark.parametrize("interfaces", [True, False])
@pytest.mark.parametrize("bound", [1.0, 8.0, 10.0, 300.0])
def test_going_back_has_one_bound_for_all_its_tries(
    world: World, monkeypatch: pytest.MonkeyPatch, bound: float, interfaces: bool
) -> None:
    """Whatever hangs, questions to systemd too; the clock is one that nobody sets."""
    switch, clock = world.switch, world.clock

    def hangs(words: Sequence[str], seconds: float) -> Done:
        clock.time += seconds
        return Done(124, "it did not end")

    monkeypatch.setattr("igoudar.agent.switch.time", SimpleNamespace(monotonic=clock.now, sleep=clock.sleep))
    monkeypatch.setattr(world.agent, "_readdressed", lambda _: interfaces)
    world.ask("stage")
    world.ask("arm", restore=bound)
    world.ask("apply")
    monkeypatch.setattr(switch, "run", hangs)
    monkeypatch.setattr(switch, "activate", partial(Switch.activate, switch))
    begun = clock.time
    ended = world.ask("restore")
    assert clock.time - begun <= bound + 1.0
    assert (ended["outcome"], "did not end" in ended["problem"]) == ("restored", True)
    assert world.live() == OLD


# -- the process that is applying


SLOW = """
import sys, time
from pathlib import Path
from tests.agent_world import World
world = World(Path(sys.argv[1]))
def activate(mode, seconds, **rest):
    Path(sys.argv[1], "applying").touch()
    time.sleep(600)
world.switch.activate = activate
world.ask("apply")
"""


def test_restore_ends_an_apply_that_hangs(world: World) -> None:
    world.ask("stage")
    world.ask("arm")
    process = subprocess.Popen([sys.executable, "-c", SLOW, str(world.root)], cwd=ROOT)
    while not (world.root / "applying").exists():
        assert process.poll() is None
        time.sleep(0.05)
    assert world.live() == CHANGED
    assert world.ask("extend")["state"] == "applied"
    assert world.ask("restore")["outcome"] == "restored"
    assert process.wait(10) == -signal.SIGKILL
    assert world.live() == OLD


def test_a_process_that_only_has_the_same_number_is_left_alone() -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        end_worker(f"{process.pid} 1")
        end_worker("")
        assert process.poll() is None
        process.kill()


@pytest.mark.parametrize("stdin", ["", "[]", "{"])
def test_what_is_no_request_gets_a_sentence(tmp_path: Path, stdin: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "igoudar.agent", "status"],
        input=stdin,
        env={**os.environ, "IGOUDAR_AGENT_STORE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == "igoudar-agent status: expected one JSON object on stdin, such as {}\n"
