"""`igoudar txn` and `igoudar recover` over switches in memory, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from igoudar.apply.left_open import Open
from igoudar.apply.witnesses import Answer
from igoudar.errors import DeviceFailed
from tests.agent_world import WINDOW
from tests.site_world import FRR, SiteWorld, Terminal, typed

PAIR = ("leaf-1", "leaf-2")


def answer(root: Path, command: str) -> dict[str, Any]:
    said, _ = typed(root, command)
    told: dict[str, Any] = json.loads(said[said.index("{\n") :])
    return told


def old(site: SiteWorld, *names: str) -> bool:
    """The files of these switches are what they were before."""
    return not any("! new" in site.file(name).read_text() for name in names)


def new(site: SiteWorld, *names: str) -> bool:
    return all("! new" in site.file(name).read_text() for name in names)


def hold(site: SiteWorld, id_: str, value: str, witnesses: int) -> None:
    for name in ("mgmt-1", "mgmt-2", "mgmt-3")[:witnesses]:
        site.registers.held[name][id_] = value


def passed(site: SiteWorld, seconds: float, *names: str) -> None:
    """Time goes on at these switches, which nobody asks anything."""
    for name in names:
        site.boxes[name].world.clock.time += seconds
        site.boxes[name].world.watch()


def silent(*names: str) -> Any:
    def fault(box: Any, verb: str, when: str) -> None:
        if box.name in names:
            raise DeviceFailed(f"{box.name}: no route to host")

    return fault


def proposals(site: SiteWorld) -> list[dict[str, str]]:
    return list(site.registers.held.values())


# txn


def test_a_quiet_site(root: Path, site: SiteWorld) -> None:
    said, status = typed(root, "txn lab")
    assert status == 0
    assert said.splitlines()[0].split() == ["switch", "open", "stack", "state", "left", "last"]
    assert said.splitlines()[-1] == "lab: 8 switches, nothing open, none silent; 3 of 3 witnesses"


def test_an_open_id_with_its_state_its_window_and_its_witnesses(root: Path, site: SiteWorld) -> None:
    site.open("run-1", *PAIR, until="prepared")
    site.open("run-2", "leaf-3", until="applied")
    hold(site, "run-1", "commit", 1)
    before = proposals(site)[0].copy()
    said, status = typed(root, "txn lab")
    assert status == 4
    assert "leaf-1    run-1  lab    prepared  8 s" in said
    assert "run-1 of the stack lab: prepared at leaf-1, leaf-2" in said
    assert "  witnesses: mgmt-1 commit, mgmt-2 none, mgmt-3 none: not decided" in said
    assert "run-2 of the stack lab: applied at leaf-3" in said
    assert said.splitlines()[-1] == "lab: 8 switches, 2 open, none silent; 3 of 3 witnesses"
    assert proposals(site) == [before, {}, {}], "looking decides nothing"


def test_other_witnesses_than_it_was_voted_on_with(
    root: Path, site: SiteWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A majority of the first may hold commit: with these nothing is finished, nor proposed."""
    site.open("run-1", *PAIR, until="prepared")
    monkeypatch.setattr(site.witnesses, "look", lambda id_: {"mgmt-9": Answer("none")})
    said, status = typed(root, "txn lab")
    assert status == 4
    voted = "it was voted on with mgmt-1, mgmt-2, mgmt-3"
    assert f"  witnesses: mgmt-9 none: they know nothing of it, {voted}" in said
    said, status = typed(root, "recover lab --yes --take-over")
    assert status == 4
    assert "left alone: name mgmt-1, mgmt-2, mgmt-3 as `witnesses` again until it is finished" in said
    assert not any(proposals(site))


def test_all_of_it_as_json(root: Path, site: SiteWorld) -> None:
    site.open("run-1", *PAIR, until="prepared")
    hold(site, "run-1", "commit", 2)
    told = answer(root, "txn lab --json")
    assert told["quiet"] is False
    assert told["open"] == {
        "run-1": {
            "stack": "lab",
            "switches": {"leaf-1": "prepared", "leaf-2": "prepared"},
            "held": {"mgmt-1": "commit", "mgmt-2": "commit", "mgmt-3": "none"},
            "decided": "commit",
            "operator_may_live": True,
            "recover": "keep the new text",
        }
    }
    assert told["switches"]["leaf-1"]["open"]["left"] == WINDOW
    assert told["witnesses"]["mgmt-1"] == {"here": True, "problem": ""}


def test_how_the_last_ones_ended(root: Path, site: SiteWorld) -> None:
    site.open("run-1", "leaf-1", until="applied")
    site.boxes["leaf-1"].world.settle()
    said, status = typed(root, "txn lab")
    assert status == 0
    assert "leaf-1    -     -      -      -     restored run-1" in said
    assert answer(root, "txn lab --json")["switches"]["leaf-1"]["last"][0]["detail"] == (
        "the window ended without a word"
    )


def test_a_switch_that_is_silent_may_hold_something_open(root: Path, site: SiteWorld) -> None:
    site.fault = silent("leaf-4")
    said, status = typed(root, "txn lab")
    assert status == 4
    assert "no answer: leaf-4: no route to host" in said
    assert answer(root, "txn lab --json")["switches"]["leaf-4"]["problem"] == "leaf-4: no route to host"


@pytest.mark.parametrize(("down", "status"), [({"mgmt-1"}, 0), ({"mgmt-1", "mgmt-3"}, 4)])
def test_a_minority_of_silent_witnesses_stops_nothing(
    root: Path, site: SiteWorld, down: set[str], status: int
) -> None:
    site.registers.down = down
    said, ended = typed(root, "txn lab")
    assert ended == status
    assert "no answer: mgmt-1: no route to host" in said
    assert said.endswith(f"{3 - len(down)} of 3 witnesses")


# recover


def test_nothing_to_recover(root: Path, site: SiteWorld) -> None:
    assert typed(root, "recover lab") == ("lab: 0 switches finished, nothing is open, none silent", 0)


@pytest.mark.parametrize("until", ["armed", "applied", "prepared"])
def test_what_nobody_decided_goes_back_everywhere(root: Path, site: SiteWorld, until: str) -> None:
    site.open("run-1", *PAIR, until=until)
    passed(site, WINDOW * 0.6, *PAIR)
    said, status = typed(root, "recover lab --yes")
    assert status == 0
    assert "  will: propose abort, and put the old text back at leaf-1, leaf-2" in said
    assert "leaf-1: puts back run-1, which a run left open" in said
    assert said.endswith("lab: 2 switches finished, nothing is open, none silent")
    assert proposals(site) == [{"run-1": "abort"}] * 3
    assert old(site, *PAIR)
    assert typed(root, "txn lab")[1] == 0


def test_what_is_decided_is_kept_where_it_was_not_heard(root: Path, site: SiteWorld) -> None:
    site.open("run-1", *PAIR, until="prepared")
    hold(site, "run-1", "commit", 2)
    said, status = typed(root, "recover lab --yes")
    assert status == 0, "a decided id is finished at once, whoever lives"
    assert "  will: keep the new text at leaf-1, leaf-2" in said
    assert new(site, *PAIR)
    assert typed(root, "txn lab")[1] == 0


@pytest.mark.parametrize("held", [0, 1])
def test_without_a_majority_nothing_is_touched(root: Path, site: SiteWorld, held: int) -> None:
    site.open("run-1", *PAIR, until="prepared")
    hold(site, "run-1", "commit", held)
    passed(site, WINDOW + 1, *PAIR)
    site.registers.down = {"mgmt-2", "mgmt-3"} if held == 0 else {"mgmt-3"}
    before = [dict(h) for h in proposals(site)]
    asked = {name: len(site.boxes[name].asked) for name in PAIR}
    said, status = typed(root, "recover lab --yes")
    assert status == 4
    assert "left alone: undecided, no majority of the witnesses says which way" in said
    assert said.endswith("1 id still open, none silent")
    assert proposals(site) == before
    assert {n: site.boxes[n].asked[asked[n] :] for n in PAIR} == {n: ["status"] for n in PAIR}
    assert new(site, *PAIR)


def test_witnesses_that_fall_silent_meanwhile_leave_it_undecided(
    root: Path, site: SiteWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.open("run-1", *PAIR, until="prepared")
    passed(site, WINDOW * 0.6, *PAIR)
    monkeypatch.setattr(site.witnesses, "propose", lambda id_, value: "")
    said, status = typed(root, "recover lab --yes")
    assert status == 4
    assert "leaf-1: run-1 is undecided there: it settles by itself" in said
    assert new(site, *PAIR)


def test_what_has_not_voted_is_not_said_to_wait_for_witnesses(root: Path, site: SiteWorld) -> None:
    site.open("run-1", *PAIR, until="applied")
    passed(site, WINDOW * 0.6, *PAIR)
    site.registers.down = {"mgmt-1", "mgmt-2"}
    said, status = typed(root, "recover lab --yes")
    assert status == 4
    assert "left alone: no majority of the witnesses answers, and it goes back by itself within 3 s" in said
    assert new(site, *PAIR)


def test_a_run_whose_operator_may_live_is_left_alone(root: Path, site: SiteWorld) -> None:
    site.open("run-1", *PAIR, until="applied")
    passed(site, WINDOW * 0.6, "leaf-1")  # its last extension was lost; that of leaf-2 was not
    said, status = typed(root, "recover lab --yes")
    assert status == 4
    assert "  left alone: its operator may live (8 s are left); wait, or --take-over" in said
    assert proposals(site) == [{}, {}, {}]
    assert new(site, *PAIR)
    said, status = typed(root, "recover lab --yes --take-over")
    assert status == 0
    assert old(site, *PAIR)


@pytest.mark.parametrize(
    ("told", "living"),
    [
        ({"state": "applied", "left": 31.0, "window": 60.0}, True),
        ({"state": "applied", "left": 30.0, "window": 60.0}, False),
        ({"state": "in doubt", "left": 0.0, "window": 60.0}, False),
        ({"state": "applied", "left": 1.0}, True),
        ({"state": "in doubt", "left": 0.0}, False),
    ],
)
def test_who_may_live(told: dict[str, Any], living: bool) -> None:
    """The last two are told by an agent that does not say its window."""
    assert Open("run-1", "lab", {"leaf-1": told}, {}).living is living


def test_a_switch_that_can_not_settle_by_itself_is_made_whole(root: Path, site: SiteWorld) -> None:
    """`in_doubt: operator`: nothing there asks the witnesses, and one switch did not hear the decision."""
    site.open("run-1", *PAIR, until="prepared")
    hold(site, "run-1", "commit", 3)
    assert "code" not in site.boxes["leaf-1"].world.ask("confirm", "run-1")
    site.boxes["leaf-2"].world.clock.time += 10 * WINDOW
    said, status = typed(root, "recover lab --yes")
    assert status == 0
    assert "leaf-2: keeps run-1, which a run left open" in said
    assert new(site, *PAIR)


def test_off_a_terminal_it_shows_and_does_nothing_without_yes(root: Path, site: SiteWorld) -> None:
    site.open("run-1", *PAIR, until="prepared")
    hold(site, "run-1", "abort", 2)
    said, status = typed(root, "recover lab")
    assert status == 4
    assert "  will: propose abort, and put the old text back at leaf-1, leaf-2" in said
    assert "nothing was done: nobody sits at this terminal; --yes does it" in said
    assert new(site, *PAIR)


@pytest.mark.parametrize(("typed_in", "status"), [("y\n", 0), ("n\n", 4), ("\n", 4)])
def test_on_a_terminal_it_asks_first(
    root: Path, site: SiteWorld, monkeypatch: pytest.MonkeyPatch, typed_in: str, status: int
) -> None:
    site.open("run-1", *PAIR, until="prepared")
    hold(site, "run-1", "abort", 2)
    monkeypatch.setattr("sys.stdin", Terminal(typed_in))
    said, ended = typed(root, "recover lab")
    assert "finish 1 transaction? [y/N]" in said
    assert (ended, old(site, *PAIR)) == (status, status == 0)


def test_one_switch_that_does_not_answer_keeps_the_id_open(root: Path, site: SiteWorld) -> None:
    site.open("run-1", *PAIR, until="prepared")
    passed(site, WINDOW * 0.6, *PAIR)

    def fault(box: Any, verb: str, when: str) -> None:
        if (box.name, verb) == ("leaf-2", "restore"):
            raise DeviceFailed("leaf-2: no route to host")

    site.fault = fault
    told = answer(root, "recover lab --yes --json")
    assert told["open"] == ["run-1"]
    assert told["finished"]["run-1"] == {
        "done": {"leaf-1": "restored"},
        "failed": {"leaf-2": "leaf-2: no route to host"},
    }
    assert old(site, "leaf-1")
    site.fault = silent()
    assert answer(root, "recover lab --yes --json")["open"] == []
    assert old(site, *PAIR)


def test_a_switch_that_does_not_answer_at_all_is_named(root: Path, site: SiteWorld) -> None:
    site.open("run-1", *PAIR, until="prepared")
    passed(site, WINDOW * 0.6, *PAIR)
    site.fault = silent("leaf-2")
    said, status = typed(root, "recover lab --yes")
    assert status == 4
    assert "no answer: leaf-2: no route to host" in said
    assert said.endswith("lab: 1 switch finished, nothing is open, 1 silent")
    site.fault = silent()
    assert typed(root, "recover lab --yes")[1] == 0
    assert old(site, *PAIR)
    assert site.file("leaf-2").read_text() == site.boxes["leaf-2"].world.runs()[FRR]
