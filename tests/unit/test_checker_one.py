"""Every run of the transaction with one witness and at most two faults, and mistakes that must be found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

import pytest

from igoudar.agent import windows
from igoudar.agent.core import Agent
from igoudar.agent.journal import Journal
from igoudar.agent.protocol import Event, Outcome, State
from igoudar.apply import operator
from igoudar.apply.operator import Operator
from igoudar.witness.register import Register
from tests import checker
from tests.checker import (
    APART,
    Fault,
    Schedule,
    by_hand,
    faults,
    overwritten,
    quick,
    schedules,
    violations,
    wrong,
)


@pytest.mark.parametrize("first", faults(1), ids=lambda fault: f"{fault[0]}-{fault[1]}")
def test_no_two_faults_break_the_promise(first: Fault) -> None:
    _, found = violations(first, 1)
    assert found == {}


@pytest.mark.parametrize("first", faults(1), ids=lambda fault: f"{fault[0]}-{fault[1]}")
def test_nor_with_two_waves(first: Fault) -> None:
    with patch.object(checker, "WAVES", APART):
        _, found = violations(first, 1)
    assert found == {}


def test_those_are_all() -> None:
    """A protocol with other messages has other numbers; one that loses runs is looked at."""
    with quick():
        assert sum(1 for first in faults(1) for _ in schedules(first, 1)) == 19_883
        with patch.object(checker, "WAVES", APART):
            assert sum(1 for first in faults(1) for _ in schedules(first, 1)) == 22_640


def test_what_was_changed_by_hand_after_it_was_read_is_not_overwritten() -> None:
    with quick():
        tried = [(case, overwritten(*case, 1)) for case in by_hand(1)]
    assert [(case, said) for case, said in tried if said] == []
    assert len(tried) > 1000


# -- mistakes in the product: each must be found, by one of the runs above


def forgets_the_vote() -> AbstractContextManager[Any]:
    """The window ends, and a switch that has voted goes back."""

    def look(agent: Agent, handle: int) -> bool:
        journal = agent.store.open()
        if journal is not None and windows.ended(agent, journal):
            agent.back(journal.with_(state=State.APPLIED), Event.WINDOW_ENDS, "")
        return True

    return patch.object(checker, "look", look)


def votes_before_it_is_on_disk() -> AbstractContextManager[Any]:
    prepare = Agent.prepare

    def vote(self: Agent, request: Any) -> Any:
        before = self.store.open()
        told = prepare(self, request)
        assert before is not None
        self.store.save(before)
        return told

    return patch.object(Agent, "prepare", vote)


def boots_old_whatever_it_voted() -> AbstractContextManager[Any]:
    def boot(agent: Agent) -> None:
        journal = agent.store.open()
        if journal is not None:
            agent.back(journal.with_(state=State.APPLIED), Event.BOOT, "")

    return patch.object(checker, "boot", boot)


def boots_new_and_is_done() -> AbstractContextManager[Any]:
    def boot(agent: Agent) -> None:
        if (journal := agent.store.open()) is not None:
            agent.finish(journal, Outcome.CONFIRMED, "")

    return patch.object(checker, "boot", boot)


def guesses_in_doubt() -> AbstractContextManager[Any]:
    """No answer of the witnesses is taken for an abort."""
    ask = windows.ask

    def guess(agent: Agent, journal: Journal) -> bool:
        if not ask(agent, journal):
            agent.back(journal, Event.ABORT, "")
        return True

    return patch.object(windows, "ask", guess)


def keeps_in_doubt() -> AbstractContextManager[Any]:
    """No answer of the witnesses is taken for a commit."""
    ask = windows.ask

    def guess(agent: Agent, journal: Journal) -> bool:
        if not ask(agent, journal):
            agent.finish(journal, Outcome.CONFIRMED, "")
        return True

    return patch.object(windows, "ask", guess)


def a_register_that_is_written_twice() -> AbstractContextManager[Any]:
    propose = Register.propose

    def again(self: Register, id_: str, value: str) -> str:
        (self.folder / id_).unlink(missing_ok=True)
        return propose(self, id_, value)

    return patch.object(Register, "propose", again)


def restores_after_a_vote_was_asked_for() -> AbstractContextManager[Any]:
    undone = Operator._undone

    def careless(self: Operator, error: Exception) -> None:
        self.bound = False
        undone(self, error)

    return patch.object(Operator, "_undone", careless)


def takes_silence_for_commit() -> AbstractContextManager[Any]:
    def vote(self: Operator, value: str) -> None:
        self.decided = self.witnesses.propose(self.plan.id, value) or operator.COMMIT

    return patch.object(Operator, "_vote", vote)


def takes_silence_for_abort() -> AbstractContextManager[Any]:
    def vote(self: Operator, value: str) -> None:
        self.decided = self.witnesses.propose(self.plan.id, value) or operator.ABORT

    return patch.object(Operator, "_vote", vote)


def confirms_before_all_have_voted() -> AbstractContextManager[Any]:
    def agreed(self: Operator, go: Any) -> None:
        self.bound = True
        for name in go:
            self._prepare(name)
            self.drivers[name].confirm(self.plan.id)
        self.decided = operator.COMMIT

    return patch.object(Operator, "_agreed", agreed)


MISTAKES: tuple[Callable[[], AbstractContextManager[Any]], ...] = (
    forgets_the_vote,
    votes_before_it_is_on_disk,
    boots_old_whatever_it_voted,
    boots_new_and_is_done,
    guesses_in_doubt,
    keeps_in_doubt,
    a_register_that_is_written_twice,
    restores_after_a_vote_was_asked_for,
    takes_silence_for_commit,
    takes_silence_for_abort,
    confirms_before_all_have_voted,
)


def runs() -> Iterator[Schedule]:
    """One fault, then two; those with a lost answer first, which the rarest mistakes need."""
    for first in faults(1):
        yield from (schedule for schedule in schedules(first, 1) if len(schedule) == 1)
    for first in sorted(faults(1), key=lambda fault: fault[0] != "mute"):
        yield from schedules(first, 1)


def does_not_compare_the_base() -> AbstractContextManager[Any]:
    arm = Agent.arm

    def careless(self: Agent, request: Any) -> Any:
        with patch.object(Agent, "_digest", lambda *_: request["base"]):
            return arm(self, request)

    return patch.object(Agent, "arm", careless)


def test_an_agent_that_does_not_compare_the_base_is_found() -> None:
    with quick(), does_not_compare_the_base():
        assert any(overwritten(*case, 1) for case in by_hand(1))


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.__name__)
def test_a_planted_mistake_is_found(mistake: Callable[[], AbstractContextManager[Any]]) -> None:
    with quick(), mistake():
        assert any(wrong(schedule, 1) for schedule in runs())
