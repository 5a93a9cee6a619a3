"""What happens on a switch by itself: windows end, and switches are started anew."""

from __future__ import annotations

import fcntl
import os

from .core import Agent
from .journal import Journal
from .protocol import Event, Outcome, Refused, State, move

WATCH_SECONDS = 0.25
FIRST_LOOK_SECONDS = 5.0  # a watcher that was started for an `arm` waits that long for it


def watch(agent: Agent) -> None:
    """Restores when the window ends; returns when nothing is open, or when another process watches already.

    The watch lock is given up only under the agent's lock with nothing open, so that an `arm`, which holds
    that one, can trust a watch lock that it finds held.
    """
    agent.disk.folder(agent.store.folder)
    handle = os.open(agent.store.watching, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return
    try:
        while look(agent, handle):
            agent.clock.sleep(WATCH_SECONDS)
    finally:
        os.close(handle)


def look(agent: Agent, handle: int) -> bool:
    """One look: ends a window that is over. False, and the watch lock given up, when nothing is open."""
    journal = agent.store.open()
    if journal is not None and not ended(agent, journal):
        return True
    with agent.lock():
        journal = agent.store.open()
        if journal is None:
            fcntl.flock(handle, fcntl.LOCK_UN)
            return False
        if ended(agent, journal):
            agent.back(journal, Event.WINDOW_ENDS, "the window ended without a word")
    return True


def ended(agent: Agent, journal: Journal) -> bool:
    """A deadline of another boot is over: the boot unit should have ended it. So is a restore cut short."""
    cut_short = journal.state is State.RESTORING
    return cut_short or journal.boot != agent.clock.boot() or agent.clock.now() >= journal.deadline


def boot(agent: Agent) -> None:
    """Before networking and daemons start: files back, nothing to activate yet.

    Run again later in the same boot it leaves an open transaction to its window.
    """
    with agent.lock():
        journal = agent.store.open()
        if journal is not None and journal.boot == agent.clock.boot():
            raise Refused("same-boot", f"{journal.id} was armed since the switch was started")
        why = "the switch was started while it was open"
        if journal is not None and move(journal.state, Event.BOOT) is State.RESTORING:
            agent.put_back(journal.id)
            agent.finish(journal, Outcome.RESTORED, why)
        elif journal is not None:
            agent.finish(journal, Outcome.DROPPED, why)
        for staged in agent.store.all():
            if staged.state is State.STAGED:
                agent.finish(staged, Outcome.DROPPED, "the switch was started before it was armed")
        agent.store.drop_orphans()
        agent.store.forget_old()
