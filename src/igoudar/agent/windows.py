"""What happens on a switch by itself: windows end, it asks when it is in doubt, and it is started anew."""

from __future__ import annotations

import contextlib
import fcntl
import os

from .core import Agent
from .journal import DOUBT, END, Journal
from .protocol import Event, Outcome, Refused, State, move
from .voting import ABORT, COMMIT

WATCH_SECONDS = 0.25
ASK_SECONDS = 5.0
TRIES = 4


def watch(agent: Agent) -> None:
    """Restores when the window ends; returns when nothing is open, or when another process watches already.

    The watch lock is given up only under the agent's lock with nothing open, so that an `arm`, which holds
    that one, can trust a watch lock that it finds held.
    """
    agent.disk.folder(agent.store.folder)
    handle = os.open(agent.store.watching, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if not _taken(agent, handle):
        os.close(handle)
        return
    try:
        while look(agent, handle):
            agent.clock.sleep(WATCH_SECONDS)
    finally:
        os.close(handle)


def _taken(agent: Agent, handle: int) -> bool:
    """The watch lock, unless a living watcher holds it; who only looks holds it for an instant."""
    for _ in range(TRIES):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        agent.clock.sleep(WATCH_SECONDS)
    return False


def look(agent: Agent, handle: int) -> bool:
    """One look: ends a window that is over. False, and the watch lock given up, when nothing is open."""
    journal = agent.store.open()
    if journal is not None and journal.state is State.IN_DOUBT:
        if not ask(agent, journal):
            agent.clock.sleep(ASK_SECONDS)
        return True
    if journal is not None and not ended(agent, journal):
        return True
    with agent.lock():
        journal = agent.store.open()
        if journal is None:
            fcntl.flock(handle, fcntl.LOCK_UN)
            return False
        if journal.state is State.PREPARED and ended(agent, journal):
            agent.store.give_room(journal.id, DOUBT)
            agent.store.save(journal.with_(state=move(journal.state, Event.WINDOW_ENDS)))
        elif journal.state is not State.IN_DOUBT and ended(agent, journal):
            agent.back(journal, Event.WINDOW_ENDS, "the window ended without a word")
    return True


def ask(agent: Agent, journal: Journal) -> bool:
    """Obeys what the witnesses hold, and makes sure that they hold something. False where they do not say."""
    value = agent.ballot.propose(journal.witnesses, journal.id, ABORT)
    with agent.lock():
        now = agent.store.open()
        if now is None or now.id != journal.id or now.state is not State.IN_DOUBT:
            return True  # somebody told it meanwhile
        if value == COMMIT:
            move(now.state, Event.COMMIT)
            agent.finish(now, Outcome.CONFIRMED, "the witnesses hold commit")
        elif value == ABORT:
            agent.back(now, Event.ABORT, "the witnesses hold abort")
    return bool(value)


def ended(agent: Agent, journal: Journal) -> bool:
    """A deadline of another boot is over: the boot unit should have ended it. So is a restore cut short."""
    cut_short = journal.state is State.RESTORING
    return cut_short or journal.boot != agent.clock.boot() or agent.clock.now() >= journal.deadline


def boot(agent: Agent) -> None:
    """Before networking and daemons start: files back, nothing to activate yet; or, bound by its vote, asks.

    Run again later in the same boot it leaves an open transaction to its window.
    """
    with agent.lock():
        journal = agent.store.open()
        if journal is not None and journal.boot == agent.clock.boot():
            raise Refused("same-boot", f"{journal.id} was armed since the switch was started")
        why = "the switch was started while it was open"
        state = move(journal.state, Event.BOOT) if journal is not None else None
        if journal is not None and state is State.IN_DOUBT:
            agent.store.give_room(journal.id, DOUBT)
            agent.store.save(journal.with_(state=state, worker=""))
            agent.switch.start_watch()
        elif journal is not None and state is State.RESTORING:
            agent.store.give_room(journal.id, END)
            agent.put_back(journal.id)
            agent.finish(journal, Outcome.RESTORED, why)
        elif journal is not None:
            agent.finish(journal, Outcome.DROPPED, why)
        for staged in agent.store.all():
            if staged.state is State.STAGED:
                agent.finish(staged, Outcome.DROPPED, "the switch was started before it was armed")
        agent.store.drop_orphans()
        agent.store.forget_old()
