"""Random walks: several operators at once, late messages of old runs, anything may happen at any time."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

import pytest
from greenlet import getcurrent, greenlet

from igoudar.agent.core import Agent
from igoudar.agent.journal import Journal
from igoudar.agent.protocol import Refused, State
from igoudar.apply.operator import Operator
from igoudar.runs import Report
from tests import checker
from tests.checker import Killed, World, operate, quick

WALKS, STEPS = 10_000, 160
LASTING = ("iso", "cutw", "opw", "wit", "opiso")


class Walk:
    """One walk. Each operator is a greenlet that stops before each of its messages."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.world = World(self.dice.choice((1, 3)), ())
        self.waves = self.dice.choice((checker.TOGETHER, checker.APART))
        self.world.before_message = self._stop
        self.running: dict[str, greenlet] = {}
        self.reports: dict[str, Report] = {}
        self.number = 0

    def _stop(self) -> None:
        """In an operator: others come first; the loss of its message is thrown here."""
        self.world.message = getcurrent().parent.switch() or ""
        if self.world.message == "crash":
            raise Killed

    def _begin(self) -> None:
        self.number += 1
        id_ = f"t{self.number:03}"

        def whole() -> None:
            report = operate(self.world, id_, target=f"router bgp 1\n {id_}\nexit\n", adopt=True)
            if report is not None:
                self.reports[id_] = report

        self.running[id_] = greenlet(whole)

    def _go_on(self) -> None:
        id_ = self.dice.choice(sorted(self.running))
        fate = self.dice.choices(("", "lost", "mute", "late", "crash"), (60, 2, 2, 2, 1))[0]
        runs = self.running[id_]
        runs.switch(fate) if runs else runs.switch()
        if runs.dead:
            del self.running[id_]

    def _happen(self) -> None:
        kind = self.dice.choices(("boot", "window", *LASTING, "heal", "arrive"), (2, 4, 1, 1, 1, 1, 1, 6, 3))[
            0
        ]
        device = self.dice.choice(self.world.devices)
        if kind == "boot":
            device.boot()
        elif kind == "window":
            device.window_ends()
        elif kind == "heal":
            self.world.down.clear()
        elif kind == "arrive":
            self.world.arrive_one(self.dice)
        else:
            self.world.down.add((kind, 0 if kind == "opiso" else self.dice.randrange(3)))

    def run(self) -> str:
        """What must not be; empty where all is well."""
        for _ in range(STEPS):
            if len(self.running) < 2 and self.number < 4 and self.dice.random() < 0.1:
                self._begin()
            if self.running and self.dice.random() < 0.85:
                self._go_on()
            else:
                self._happen()
        for runs in self.running.values():  # those that still run are killed
            if runs and not runs.dead:
                runs.switch("crash")
        self.world.heal(late_first=self.dice.random() < 0.5)
        return self._judge()

    def _judge(self) -> str:
        texts = {device.live for device in self.world.devices}
        if len(texts) > 1:
            return f"mixed: {sorted(texts)}"
        if any(device.agent.store.open() for device in self.world.devices):
            return "still open"
        (live,) = texts
        told = [id_ for id_, r in self.reports.items() if r.outcome in ("put back", "not started")]
        return next((f"{id_} was reported as put back and is live" for id_ in told if id_ in live), "")


def first_wrong(walks: int) -> str:
    with quick():
        for seed in range(walks):
            walk = Walk(seed)
            with patch.object(checker, "WAVES", walk.waves):
                said = walk.run()
            if said:
                return f"seed {seed}: {said}"
    return ""


def test_whatever_happens_it_is_whole_in_the_end() -> None:
    assert first_wrong(WALKS) == ""


def no_lock() -> AbstractContextManager[Any]:
    """A second transaction is armed while one is open."""

    def arm(self: Agent, request: Any) -> Any:
        with self.lock():
            journal = self._known(request["id"])
            self._save(journal.id, self.switch.live(self._candidate(journal.id)))
            self.store.point(journal.id)
            self.store.save(self._timed(journal, State.ARMED, 8.0))
        return {"state": State.ARMED, "left": 8.0}

    return patch.object(Agent, "arm", arm)


def no_fencing() -> AbstractContextManager[Any]:
    """A message for an older transaction is carried out on the one that is open."""

    def known(self: Agent, id_: str) -> Journal:
        if (journal := self.store.open() or self.store.journal(id_)) is None:
            raise Refused("unknown-id", id_)
        return journal

    return patch.multiple(Agent, _known=known, _repeated=lambda *_: None)


def restores_what_is_open_without_asking() -> AbstractContextManager[Any]:
    def finish(self: Operator, name: str, opened: Any) -> None:
        self.drivers[name].restore(opened["id"])

    return patch.object(Operator, "_finish_open", finish)


@pytest.mark.parametrize(
    "mistake",
    [no_lock, no_fencing, restores_what_is_open_without_asking],
    ids=lambda mistake: mistake.__name__,
)
def test_a_planted_mistake_is_found(mistake: Callable[[], AbstractContextManager[Any]]) -> None:
    with mistake():
        assert first_wrong(WALKS) != ""
