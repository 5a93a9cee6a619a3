"""What a run left open at switches: looking at it decides nothing, finishing it follows the witnesses.

Only the witnesses know what was decided, so whoever finishes proposes abort and does what a majority holds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from igoudar.agent.protocol import BOUND
from igoudar.agent.voting import ABORT, COMMIT, decided
from igoudar.apply.driver import Driver, Standing
from igoudar.apply.together import each
from igoudar.apply.witnesses import Answer, Witnesses
from igoudar.errors import DeviceFailed

UNDECIDED = "it settles by itself when a majority of the witnesses is back; nothing was touched"
GUARDED = ("armed", "applied", "prepared")  # states whose window an operator extends
KEPT, BACK = "confirmed", "restored"
NONE = "none"  # the answer of a witness that holds nothing yet


def others(opened: Mapping[str, Any]) -> str:
    """What is open somewhere is another stack's; when it will be over, if time ends it."""
    whose = f"{opened['id']} of the stack {opened['stack']}"
    if opened["state"] in BOUND:
        return f"{whose} is {opened['state']} there, which the witnesses decide; see `igoudar txn`"
    return f"{whose} is open there for {opened['left']:.0f} s more; wait, then run again"


def _without_witnesses(opened: Mapping[str, Any]) -> str:
    """What ends it while no majority of the witnesses answers: who has not voted does not wait for them."""
    if opened["state"] in BOUND:
        return f"is undecided there: {UNDECIDED}"
    left = f"it goes back by itself within {opened['left']:.0f} s"
    return f"is open there, and no majority of the witnesses answers: {left}; nothing was touched"


def _voted_with_others(standing: Iterable[Mapping[str, Any]], asked: Collection[str]) -> tuple[str, ...]:
    """The witnesses that switches voted with, where these are not the ones that would be asked."""
    voted = {name for opened in standing for name in opened.get("witnesses", ())}
    return tuple(sorted(voted)) if voted and voted != {*asked} else ()


class LeftOpen:
    """The witnesses are asked once about an id, however many switches have it open."""

    def __init__(self, witnesses: Witnesses) -> None:
        self._witnesses = witnesses
        self._held = dict[str, str]()
        self._asking = threading.Lock()

    def finish(self, driver: Driver, opened: Mapping[str, Any], say: Callable[[str], None]) -> str:
        """`confirmed` or `restored`; `opened` as its agent tells.

        Raises DeviceFailed without a decision, where others were voted with than would be asked, and where
        not all runs again.
        """
        id_, asked = str(opened["id"]), {witness.name for witness in self._witnesses.told()}
        if voted := _voted_with_others([opened], asked):
            raise DeviceFailed(
                f"{driver.name}: it voted on {id_} with the witnesses {', '.join(voted)}, the "
                f"inventory says {', '.join(sorted(asked))}; name the first again until nothing is open"
            )
        with self._asking:
            if id_ not in self._held:
                self._held[id_] = self._witnesses.propose(id_, ABORT)
        held = self._held[id_]
        if not held:
            raise DeviceFailed(f"{driver.name}: {id_} {_without_witnesses(opened)}")
        say(f"{'keeps' if held == COMMIT else 'puts back'} {id_}, which a run left open")
        if held == COMMIT:
            driver.confirm(id_)
            return KEPT
        if problem := driver.restore(id_, sorted(asked)).problem:
            raise DeviceFailed(f"{driver.name}: {id_} was put back, and not all runs again: {problem}")
        return BACK


class Verdict(StrEnum):
    """What finishing an id will come to, as far as looking can tell."""

    KEEP = "keep the new text"
    PUT_BACK = "put back"
    LIVING = "left alone"
    UNDECIDED = "undecided"
    OTHERS = "voted on with other witnesses"


@dataclass(frozen=True, slots=True)
class Open:
    """A transaction that is open somewhere. `at`: switch -> its state, seconds `left` of its `window`."""

    id: str
    stack: str
    at: Mapping[str, Mapping[str, Any]]
    held: Mapping[str, Answer]

    @property
    def others(self) -> tuple[str, ...]:
        """Witnesses that it was voted on with, where the site names others now, which know nothing of it."""
        return _voted_with_others(self.at.values(), self.held)

    @property
    def decided(self) -> str:
        """What a majority of the witnesses holds; empty where none does."""
        return decided([answer.word for answer in self.held.values()], len(self.held))

    @property
    def living(self) -> bool:
        """Whether its operator may live: it extends each window by the third, so one has much of it left.

        An agent of before says no window: then any time that is left counts.
        """
        return any(
            told["state"] in GUARDED and told["left"] > told.get("window", 0.0) / 2
            for told in self.at.values()
        )

    @property
    def bound(self) -> bool:
        """Whether some switch has voted, so that no window ends it there."""
        return any(told["state"] in BOUND for told in self.at.values())

    def verdict(self, *, take_over: bool = False) -> Verdict:
        if self.others:
            return Verdict.OTHERS
        if not self.decided and self.living and not take_over:
            return Verdict.LIVING
        proposed = [ABORT if answer.word == NONE else answer.word for answer in self.held.values()]
        would = decided(proposed, len(proposed))
        return {COMMIT: Verdict.KEEP, ABORT: Verdict.PUT_BACK}.get(would, Verdict.UNDECIDED)


@dataclass(frozen=True, slots=True)
class Survey:
    """What is at the switches that answer. `witnesses`: whether each is there."""

    standing: Mapping[str, Standing]
    silent: Mapping[str, str]
    open: tuple[Open, ...]
    witnesses: Mapping[str, Answer]

    @property
    def majority(self) -> bool:
        return 2 * sum(bool(a.word) for a in self.witnesses.values()) > len(self.witnesses)

    @property
    def quiet(self) -> bool:
        """Nothing is open, and nobody who could say otherwise is silent."""
        return not self.open and not self.silent and self.majority


def survey(drivers: Mapping[str, Driver], witnesses: Witnesses) -> Survey:
    """Asks every switch, and every witness about each id that is open. Proposes nothing."""
    standing, silent = dict[str, Standing](), dict[str, str]()

    def ask(name: str) -> None:
        try:
            standing[name] = drivers[name].status()
        except DeviceFailed as error:
            silent[name] = str(error)

    each(sorted(drivers), ask)
    at: dict[str, dict[str, Mapping[str, Any]]] = {}
    for name, found in sorted(standing.items()):
        if found.open is not None:
            at.setdefault(str(found.open["id"]), {})[name] = found.open
    opened = [
        Open(id_, str(next(iter(there.values()))["stack"]), there, witnesses.look(id_))
        for id_, there in sorted(at.items())
    ]
    return Survey(dict(sorted(standing.items())), silent, tuple(opened), witnesses.here())


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of an id: switch -> `confirmed` or `restored`; `failed`: switch -> why it is still open."""

    id: str
    done: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def recover(
    opened: Open, drivers: Mapping[str, Driver], left: LeftOpen, say: Callable[[str, str], None]
) -> Finished:
    """Finishes one id at every switch that has it open. Raises nothing of what a switch or a witness does."""
    finished = Finished(opened.id)

    def finish(name: str) -> None:
        try:
            finished.done[name] = left.finish(drivers[name], opened.at[name], lambda text: say(name, text))
        except DeviceFailed as error:
            finished.failed[name] = str(error)
            say(name, str(error))

    each(sorted(opened.at), finish)
    return finished
