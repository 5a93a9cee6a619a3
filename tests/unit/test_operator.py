"""The operator over switches with the agent's real rules: a fault at each step of each switch."""

from __future__ import annotations

import errno
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from igoudar import runs
from igoudar.agent.protocol import State
from igoudar.agent.voting import Witness
from igoudar.apply.change import FRR, INTERFACES, judge, mode
from igoudar.apply.operator import VOTING
from igoudar.apply.together import each
from igoudar.apply.work import Work
from igoudar.errors import DeviceFailed, Drift, IgoudarError
from tests.agent_world import NEW, OLD, PATHS, SECRET, filled
from tests.factory import RULES
from tests.switch_world import Box, Fabric, lost

CHANGED = filled(NEW)
NAMES = ("leaf-1", "leaf-2", "leaf-3")


@pytest.fixture
def fabric(tmp_path: Path) -> Fabric:
    return Fabric(tmp_path, NAMES)


def all_are(fabric: Fabric, texts: dict[str, str]) -> bool:
    return fabric.texts() == dict.fromkeys(NAMES, texts)


def test_a_change_lands_everywhere(fabric: Fabric) -> None:
    report = fabric.operator().run()
    assert report.states == dict.fromkeys(NAMES, "new")
    assert report.outcome == "done"
    assert list(report.seconds) == ["read", "stage", "wave 1", "prepare", "vote", "confirm"]
    fabric.settle()
    assert all_are(fabric, CHANGED)


def test_the_report_tells_no_secret(fabric: Fabric, tmp_path: Path) -> None:
    report = fabric.operator().run()
    folder = runs.write(report, tmp_path)
    texts = [(folder / name).read_text() for name in ("report.json", "report.md")]
    assert json.loads(texts[0])["states"] == dict.fromkeys(NAMES, "new")
    assert "| leaf-2 | new | nothing to do |" in texts[1]
    assert SECRET not in "".join(texts)


def test_a_report_that_can_not_be_written_hides_no_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(runs, "write", full)
    report = runs.Report("run-1", "lab", states={"leaf-1": "new", "leaf-2": "unconfirmed"})
    said = Work(tmp_path, {}, {}, {})._written(report)
    assert "  new: leaf-1 - nothing to do" in said
    assert "  unconfirmed: leaf-2 - the change is decided" in said
    assert said.endswith("report: it could not be written (No space left on device)")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("verb", ["read", "stage", "arm", "apply", "verify", "prepare"])
@pytest.mark.parametrize("name", ["leaf-1", "leaf-3"])
def test_a_switch_that_falls_silent_before_the_last_word(
    fabric: Fabric, name: str, verb: str, when: str
) -> None:
    operator = fabric.operator(lost(name, verb, when))
    with pytest.raises(DeviceFailed, match=name):
        operator.run()
    assert set(operator.report.states.values()) <= {"old", "restored", "not asked"}
    assert all_are(fabric, OLD)
    fabric.settle()
    assert all_are(fabric, OLD)
    assert all(box.closed for box in fabric.boxes.values())


def test_one_that_can_not_be_put_back_goes_back_by_itself(fabric: Fabric) -> None:
    def dead(box: Box, verb: str, when: str) -> None:
        if box.name == "leaf-2" and verb in ("verify", "restore", "extend"):
            raise DeviceFailed("leaf-2: silent")

    operator = fabric.operator(dead)
    with pytest.raises(DeviceFailed):
        operator.run()
    assert operator.report.states == {"leaf-1": "restored", "leaf-2": "unreachable", "leaf-3": "restored"}
    assert fabric.boxes["leaf-2"].world.live() == CHANGED
    fabric.settle()
    assert all_are(fabric, OLD)


def test_a_defect_of_ours_puts_everything_back(fabric: Fabric) -> None:
    def defect(box: Box, verb: str, when: str) -> None:
        if box.name == "leaf-2" and verb == "verify":
            raise ZeroDivisionError("planted")

    operator = fabric.operator(defect)
    with pytest.raises(ZeroDivisionError):
        operator.run()
    assert set(operator.report.states.values()) == {"restored"}
    assert all_are(fabric, OLD)


def test_a_candidate_that_one_switch_refuses_starts_nothing(fabric: Fabric) -> None:
    operator = fabric.operator(target={**NEW, FRR: "misspelt\n"})
    with pytest.raises(DeviceFailed, match="Unknown command: misspelt"):
        operator.run()
    assert operator.report.outcome == "not started"
    assert all("arm" not in box.asked for box in fabric.boxes.values())
    assert all(box.world.left_behind() == [] for box in fabric.boxes.values())


def test_sessions_that_stay_down_put_everything_back(fabric: Fabric) -> None:
    fabric.boxes["leaf-2"].down = True
    operator = fabric.operator()
    with pytest.raises(
        DeviceFailed, match="leaf-2: not as it should be after 1 s: sessions down: default swp1"
    ):
        operator.run()
    assert all_are(fabric, OLD)


def test_drift_on_one_switch_starts_nothing_and_is_shown(fabric: Fabric) -> None:
    fabric.boxes["leaf-2"].world.switch.path(FRR).write_text(OLD[FRR] + "! by hand\n")
    operator = fabric.operator()
    with pytest.raises(Drift) as raised:
        operator.run()
    said = str(raised.value)
    assert "leaf-2 runs something else than its record" in said
    assert "+++ b/leaf-2:/etc/frr/frr.conf" in said
    assert "+! by hand" in said
    assert "pulumi refresh" in said
    assert operator.report.outcome == "drift"
    assert all(set(box.asked) == {"read"} for box in fabric.boxes.values())


def test_the_lost_answer_of_a_confirm_is_asked_for_again(fabric: Fabric) -> None:
    report = fabric.operator(lost("leaf-2", "confirm", "after", times=2)).run()
    assert report.states == dict.fromkeys(NAMES, "new")
    fabric.settle()
    assert all_are(fabric, CHANGED)


def test_who_misses_the_last_word_hears_it_from_the_witnesses(fabric: Fabric) -> None:
    report = fabric.operator(lost("leaf-2", "confirm")).run()
    assert report.outcome == "unconfirmed"
    assert report.states == {"leaf-1": "new", "leaf-2": "unconfirmed", "leaf-3": "new"}
    fabric.settle()
    assert all_are(fabric, CHANGED)
    again = fabric.operator(record=NEW).run()
    assert again.states == dict.fromkeys(NAMES, "recorded")


def test_the_next_run_tells_it_too(fabric: Fabric) -> None:
    fabric.operator(lost("leaf-2", "confirm")).run()
    again = fabric.operator(record=NEW).run()
    assert again.states == dict.fromkeys(NAMES, "recorded")
    assert ("leaf-2", "keeps run-1, which a run left open") in fabric.told
    assert all_are(fabric, CHANGED)


@pytest.mark.parametrize("down", [{"mgmt-1"}, {"mgmt-2"}])
def test_one_witness_of_three_may_be_down(fabric: Fabric, down: set[str]) -> None:
    fabric.registers.down = down
    assert fabric.operator().run().outcome == "done"
    assert all_are(fabric, CHANGED)


def test_without_a_majority_of_witnesses_nobody_votes(fabric: Fabric) -> None:
    fabric.registers.down = {"mgmt-1", "mgmt-3"}
    operator = fabric.operator()
    with pytest.raises(DeviceFailed, match="a majority of the witnesses cannot be reached from here"):
        operator.run()
    assert operator.report.outcome == "undecided", "a prepare was sent, and nobody can tell what became of it"
    fabric.registers.down = set()
    fabric.settle()
    assert all_are(fabric, OLD)


def test_not_all_ask_the_witnesses_at_once(tmp_path: Path) -> None:
    """Each asks by a login at each of them: too many at once are all too late."""
    many = Fabric(tmp_path, tuple(f"leaf-{n}" for n in range(1, 2 * VOTING)))
    asking, most, counting = set[str](), [0], threading.Lock()

    def slow(box: Box, verb: str, when: str) -> None:
        if verb != "prepare":
            return
        with counting:
            (asking.add if when == "before" else asking.discard)(box.name)
            most[0] = max(most[0], len(asking))
        time.sleep(0.02 if when == "before" else 0)

    report = many.operator(slow).run()

    assert report.outcome == "done"
    assert 1 < most[0] <= VOTING


def test_undecided_is_said_and_nothing_is_touched(fabric: Fabric) -> None:
    def cut(box: Box, verb: str, when: str) -> None:
        if (verb, when) == ("prepare", "after"):
            fabric.witnesses.cut = True

    operator = fabric.operator(cut)
    with pytest.raises(DeviceFailed, match="undecided: it settles by itself when a majority"):
        operator.run()
    assert operator.report.states == dict.fromkeys(NAMES, "undecided")
    assert all("restore" not in box.asked for box in fabric.boxes.values())
    assert all_are(fabric, CHANGED)
    fabric.settle()
    assert all_are(fabric, OLD)
    assert fabric.registers.held["mgmt-1"] == {"run-1": "abort"}


def test_a_switch_that_gave_it_up_first_takes_all_back(fabric: Fabric) -> None:
    def give_up(box: Box, verb: str, when: str) -> None:
        if (box.name, verb, when) == ("leaf-3", "prepare", "after"):
            for held in fabric.registers.held.values():
                held.setdefault("run-1", "abort")

    with pytest.raises(DeviceFailed, match="gave run-1 up before it was decided"):
        fabric.operator(give_up).run()
    assert all_are(fabric, OLD)


def test_the_next_run_waits_while_it_is_undecided(fabric: Fabric) -> None:
    for verb in ("stage", "arm", "apply", "prepare"):
        fabric.boxes["leaf-2"].world.ask(verb, "dead-run")
    fabric.witnesses.cut = True
    with pytest.raises(DeviceFailed, match="leaf-2: dead-run is undecided there"):
        fabric.operator().run()
    fabric.witnesses.cut = False
    assert fabric.operator().run().states == dict.fromkeys(NAMES, "new")


def test_what_has_not_voted_does_not_wait_for_witnesses(fabric: Fabric) -> None:
    for verb in ("stage", "arm", "apply"):
        fabric.boxes["leaf-2"].world.ask(verb, "dead-run")
    fabric.witnesses.cut = True
    said = r"leaf-2: dead-run is open there, .* no majority .*: it goes back by itself within \d+ s"
    with pytest.raises(DeviceFailed, match=said):
        fabric.operator().run()
    fabric.settle()
    assert all_are(fabric, OLD)


def test_after_the_last_word_nothing_is_put_back(fabric: Fabric) -> None:
    def defect(box: Box, verb: str, when: str) -> None:
        if box.name == "leaf-2" and verb == "confirm":
            raise ZeroDivisionError("planted")

    report = fabric.operator(defect).run()
    assert report.states["leaf-2"] == "unconfirmed"
    assert all("restore" not in box.asked for box in fabric.boxes.values())


@pytest.mark.parametrize("verb", ["read", "stage", "arm", "apply", "verify", "prepare"])
def test_an_interrupt_before_the_last_word_puts_everything_back(fabric: Fabric, verb: str) -> None:
    def interrupt(box: Box, asked: str, when: str) -> None:
        if (box.name, asked, when) == ("leaf-2", verb, "after"):
            fabric.stop.set()

    with pytest.raises(DeviceFailed, match="interrupted before the last word"):
        fabric.operator(interrupt).run()
    assert all_are(fabric, OLD)
    assert all(box.world.read()["open"] is None for box in fabric.boxes.values())


def test_an_interrupt_after_the_last_word_changes_nothing(fabric: Fabric) -> None:
    def interrupt(box: Box, asked: str, when: str) -> None:
        if asked == "confirm":
            fabric.stop.set()

    report = fabric.operator(interrupt).run()
    assert report.states == dict.fromkeys(NAMES, "new")


def test_an_interrupt_does_not_wait_for_what_hangs(fabric: Fabric) -> None:
    hanging, freed = threading.Event(), threading.Event()

    def hang(box: Box, asked: str, when: str) -> None:
        if (box.name, asked, when) == ("leaf-2", "apply", "before"):
            box.lock.release()
            hanging.set()
            freed.wait(60)
            box.lock.acquire()
            raise DeviceFailed("leaf-2: ended from outside")
        if asked == "restore" and box.name == "leaf-2":
            freed.set()

    threading.Thread(target=lambda: (hanging.wait(60), fabric.stop.set())).start()
    with pytest.raises(DeviceFailed, match="interrupted"):
        fabric.operator(hang).run()
    assert all_are(fabric, OLD)


def test_what_a_killed_run_left_open_is_put_back_first(fabric: Fabric) -> None:
    for verb in ("stage", "arm", "apply"):
        fabric.boxes["leaf-2"].world.ask(verb, "dead-run")
    report = fabric.operator().run()
    assert report.states == dict.fromkeys(NAMES, "new")
    assert any(name == "leaf-2" and "dead-run" in text for name, text in fabric.told)


def test_what_another_stack_has_open_is_left_alone(fabric: Fabric) -> None:
    world = fabric.boxes["leaf-2"].world
    world.ask("stage", "theirs", stack="hall-2")
    world.ask("arm", "theirs")
    with pytest.raises(DeviceFailed, match=r"theirs of the stack hall-2 is open there for \d+ s more"):
        fabric.operator().run()
    journal = world.store.journal("theirs")
    assert journal is not None
    assert journal.state is State.ARMED


def test_another_stack_has_voted_and_time_does_not_end_it(fabric: Fabric) -> None:
    for verb in ("stage", "arm", "apply", "prepare"):
        fabric.boxes["leaf-2"].world.ask(verb, "theirs", **({"stack": "hall-2"} if verb == "stage" else {}))
    said = "theirs of the stack hall-2 is prepared there, which the witnesses decide; see `igoudar txn`"
    with pytest.raises(DeviceFailed, match=said):
        fabric.operator().run()


def test_what_was_voted_with_other_witnesses_is_not_decided_with_these(
    fabric: Fabric, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A majority of others may hold commit already."""
    for verb in ("stage", "arm", "apply", "prepare"):
        fabric.boxes["leaf-2"].world.ask(verb, "dead-run")
    monkeypatch.setattr(fabric.witnesses, "told", lambda: (Witness("mgmt-9", "", ""),))
    with pytest.raises(DeviceFailed, match="witnesses mgmt-1, mgmt-2, mgmt-3, the inventory says mgmt-9"):
        fabric.operator().run()
    assert not any(fabric.registers.held.values()), "nothing was proposed"


def test_a_first_change_that_was_put_back_may_be_made_again(fabric: Fabric) -> None:
    base = OLD | {FRR: "frr version 10.3\nhostname x\n", INTERFACES: "auto lo\niface lo inet loopback\n"}
    for box in fabric.boxes.values():
        for path, text in base.items():
            box.world.switch.path(path).write_text(text)
        box.world.switch.runs = box.world.switch.live(PATHS)
    with pytest.raises(DeviceFailed):
        fabric.operator(lost("leaf-2", "verify"), record=None).run()
    fabric.settle()
    assert all_are(fabric, base)
    assert fabric.operator(record=None).run().states == dict.fromkeys(NAMES, "new")


def test_another_box_under_the_name_starts_nothing(fabric: Fabric) -> None:
    fabric.boxes["leaf-2"].world.switch.path("/etc/igoudar/serial").write_text("S9\n")
    with pytest.raises(DeviceFailed, match="leaf-2: the box there has the serial S9, the inventory says S1"):
        fabric.operator().run()


def test_a_switch_that_runs_the_target_is_only_recorded(fabric: Fabric) -> None:
    for verb in ("stage", "arm", "apply", "prepare", "confirm"):
        fabric.boxes["leaf-2"].world.ask(verb, "earlier")
    before = list(fabric.boxes["leaf-2"].world.switch.activations)
    report = fabric.operator().run()
    assert report.states == {"leaf-1": "new", "leaf-2": "recorded", "leaf-3": "new"}
    assert fabric.boxes["leaf-2"].world.switch.activations == before


def test_switches_that_no_wave_names_come_last(fabric: Fabric) -> None:
    operator = fabric.operator()
    object.__setattr__(operator.plan, "waves", [["leaf-3"]])
    steps = ["read", "stage", "wave 1", "wave 2", "prepare", "vote", "confirm"]
    assert list(operator.run().seconds) == [*steps[:4], "all waves", *steps[4:]]
    assert all_are(fabric, CHANGED)


def test_windows_are_extended_while_a_wave_takes_long(fabric: Fabric) -> None:
    operator = fabric.operator()
    object.__setattr__(operator.plan, "window", 1.0)

    def slow(box: Box, asked: str, when: str) -> None:
        if (box.name, asked, when) == ("leaf-1", "verify", "before"):
            threading.Event().wait(1.5)

    for driver in operator.drivers.values():
        driver.fault = slow  # type: ignore[attr-defined]
    operator.run()
    assert fabric.boxes["leaf-2"].asked.count("extend") >= 3


# -- decisions


def test_no_record_wants_base_text_or_adopt(fabric: Fabric) -> None:
    with pytest.raises(Drift, match="`adopt: true` in the inventory"):
        judge(fabric.wanted("leaf-1", record=None, base=CHANGED), OLD)
    assert judge(fabric.wanted("leaf-1", record=None, base=OLD), OLD).value == "go"
    assert judge(fabric.wanted("leaf-1", record=None, adopt=True), OLD).value == "go"
    assert judge(fabric.wanted("leaf-1", record=None, base=CHANGED), OLD, fresh=True).value == "go"
    assert judge(fabric.wanted("leaf-1", record=None), NEW).value == "record"


CONF = "frr defaults datacenter\nrouter bgp 1\nexit\nrouter bgp 2 vrf a\nexit\n"


@pytest.mark.parametrize(
    ("before", "after", "how"),
    [
        (CONF, CONF + "router bgp 3 vrf b\nexit\n", "reload"),
        (CONF, CONF.replace("bgp 2 vrf a", "bgp 2 vrf c"), "reload"),
        (CONF, CONF.replace("bgp 1", "bgp 9"), "restart"),
        (CONF, CONF.replace("bgp 2", "bgp 9"), "restart"),
        (CONF, CONF.replace("datacenter", "traditional"), "restart"),
        ("frr defaults datacenter\n", CONF, "restart"),
        (CONF, "frr defaults datacenter\n", "restart"),
    ],
)
def test_reload_or_restart(before: str, after: str, how: str) -> None:
    daemons = {"/etc/frr/daemons": "bgpd=yes\n"}
    assert mode({FRR: before, **daemons}, {FRR: after, **daemons}, RULES) == how
    other = {FRR: after, "/etc/frr/daemons": "bgpd=no\n"}
    assert mode({FRR: before, **daemons}, other, RULES) == "restart"


def test_a_way_back_that_does_not_work_is_in_the_report(fabric: Fabric) -> None:
    fabric.boxes["leaf-2"].down = True

    def broken(box: Box, verb: str, when: str) -> None:
        if (box.name, verb, when) == ("leaf-1", "restore", "before"):
            box.world.switch.said = "bgpd does not come up"

    operator = fabric.operator(broken)
    with pytest.raises(DeviceFailed):
        operator.run()
    assert operator.report.states == {"leaf-1": "not running", "leaf-2": "restored", "leaf-3": "restored"}
    assert any("bgpd does not come up" in text for _, name, text in operator.report.steps if name == "leaf-1")


def test_interfaces_that_are_not_as_told_put_everything_back(fabric: Fabric) -> None:
    def wrong(box: Box, verb: str, when: str) -> None:
        if (box.name, verb, when) == ("leaf-2", "verify", "before"):
            box.interfaces = ("swp1 mtu 9216",)

    with pytest.raises(DeviceFailed, match=r"leaf-2: .*interfaces are not as told: swp1 mtu 9216"):
        fabric.operator(wrong).run()
    assert all_are(fabric, OLD)


def test_interfaces_are_looked_at_only_where_the_change_may_be_theirs(fabric: Fabric) -> None:
    for box in fabric.boxes.values():
        box.interfaces = ("swp9 mtu 9216",)
    routes = fabric.operator(target={**NEW, INTERFACES: OLD[INTERFACES]})
    routes.run()
    assert {live.interfaces for live in routes.live.values()} == {()}
    adopts = fabric.operator(record=None, adopt=True)
    adopts.run()
    assert {live.interfaces for live in adopts.live.values()} == {("swp9 mtu 9216",)}


def test_where_only_sessions_are_missing_these_alone_are_waited_for(fabric: Fabric) -> None:
    fabric.boxes["leaf-2"].down = True
    with pytest.raises(DeviceFailed, match="sessions down"):
        fabric.operator().run()
    asked = fabric.boxes["leaf-2"].asked
    assert asked.count("verify") == 1
    assert asked[asked.index("verify") :].count("read") > 1


def test_a_switch_that_ended_it_meanwhile_is_not_waited_for(fabric: Fabric) -> None:
    def paused(box: Box, verb: str, when: str) -> None:
        if (box.name, verb, when) == ("leaf-2", "verify", "before"):
            box.world.settle()

    operator = fabric.operator(paused)
    operator.verify_seconds = 60.0
    with pytest.raises(DeviceFailed, match="leaf-2: gave the change up by itself"):
        operator.run()
    assert fabric.boxes["leaf-2"].asked.count("verify") == 1
    assert all_are(fabric, OLD)


def test_a_daemon_that_a_reload_restarted_is_a_warning(fabric: Fabric) -> None:
    fabric.boxes["leaf-2"].world.switch.said = ""

    def restarted(box: Box, verb: str, when: str) -> None:
        if box.name == "leaf-2":
            box.world.switch.said = (
                "restarted by themselves: bgpd" if verb == "apply" and when == "before" else ""
            )

    report = fabric.operator(restarted).run()
    assert report.outcome == "done"
    assert report.warnings == ["leaf-2: reload of frr: restarted by themselves: bgpd"]


def test_all_are_looked_at_again_after_the_last_wave(fabric: Fabric) -> None:
    def breaks_a_sister(box: Box, verb: str, when: str) -> None:
        if (box.name, verb, when) == ("leaf-3", "apply", "after"):
            fabric.boxes["leaf-1"].down = True

    operator = fabric.operator(breaks_a_sister)
    object.__setattr__(operator.plan, "waves", [["leaf-1"], ["leaf-2", "leaf-3"]])
    with pytest.raises(DeviceFailed, match=r"leaf-1: .*sessions down: default swp1"):
        operator.run()
    assert [step for step in operator.report.seconds if "wave" in step] == ["wave 1", "wave 2", "all waves"]
    assert all_are(fabric, OLD)


def test_switches_that_carry_nothing_go_together_and_first(fabric: Fabric) -> None:
    operator = fabric.operator(record=None, base=OLD)
    object.__setattr__(operator.plan, "waves", [["leaf-1"], ["leaf-2"], ["leaf-3"]])
    assert [step for step in operator.run().seconds if "wave" in step] == ["wave 1"]


def test_a_switch_with_a_partner_is_drained_before_its_daemons_restart(fabric: Fabric) -> None:
    target = {**NEW, FRR: NEW[FRR].replace("65001", "65002")}
    fabric.operator(target=target, relieved=True).run()
    assert [box.world.switch.activations for box in fabric.boxes.values()] == [["drain"]] * 3
    assert all(box.world.switch.drained == 1 for box in fabric.boxes.values())


def test_every_failure_is_told_at_once() -> None:
    def fail(name: str) -> None:
        raise DeviceFailed(f"{name}: bad")

    with pytest.raises(IgoudarError, match=r"a: bad\nb: bad"):
        each(["a", "b"], fail)
