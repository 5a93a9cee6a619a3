"""States of a transaction on one switch, what may be asked in each, and where it leads.

The whole protocol of a device is the table `MOVES`; `core` carries out what a move means. From `prepared` on
the switch has voted for the change: it never goes back by itself, only by the word of its operator or of a
majority of the witnesses.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """`staged`: nothing live changed, nothing is owed. `prepared`: voted for, bound to what is decided.
    `in doubt`: the same, and asking the witnesses. `restoring`: being put back, whatever comes now.
    """

    STAGED = "staged"
    ARMED = "armed"
    APPLIED = "applied"
    PREPARED = "prepared"
    IN_DOUBT = "in doubt"
    RESTORING = "restoring"
    FINISHED = "finished"


class Event(StrEnum):
    """Messages of the operator, the two things that happen by themselves, and what the witnesses hold."""

    STAGE = "stage"
    ARM = "arm"
    EXTEND = "extend"
    APPLY = "apply"
    PREPARE = "prepare"
    CONFIRM = "confirm"
    RESTORE = "restore"
    WINDOW_ENDS = "window ends"
    BOOT = "boot"
    COMMIT = "commit"
    ABORT = "abort"


class Outcome(StrEnum):
    """How a finished transaction ended; `dropped`: before anything live was changed."""

    CONFIRMED = "confirmed"
    RESTORED = "restored"
    DROPPED = "dropped"


OPEN = frozenset({State.ARMED, State.APPLIED, State.PREPARED, State.IN_DOUBT, State.RESTORING})
BOUND = frozenset({State.PREPARED, State.IN_DOUBT})

MOVES: Mapping[tuple[State, Event], State] = {
    (State.STAGED, Event.STAGE): State.STAGED,
    (State.STAGED, Event.ARM): State.ARMED,
    (State.STAGED, Event.RESTORE): State.FINISHED,
    (State.STAGED, Event.BOOT): State.FINISHED,
    (State.ARMED, Event.ARM): State.ARMED,
    (State.ARMED, Event.EXTEND): State.ARMED,
    (State.ARMED, Event.APPLY): State.APPLIED,
    (State.ARMED, Event.RESTORE): State.FINISHED,
    (State.ARMED, Event.WINDOW_ENDS): State.FINISHED,
    (State.ARMED, Event.BOOT): State.FINISHED,
    (State.APPLIED, Event.EXTEND): State.APPLIED,
    (State.APPLIED, Event.APPLY): State.APPLIED,
    (State.APPLIED, Event.PREPARE): State.PREPARED,
    (State.APPLIED, Event.RESTORE): State.RESTORING,
    (State.APPLIED, Event.WINDOW_ENDS): State.RESTORING,
    (State.APPLIED, Event.BOOT): State.RESTORING,
    (State.PREPARED, Event.PREPARE): State.PREPARED,
    (State.PREPARED, Event.EXTEND): State.PREPARED,
    (State.PREPARED, Event.CONFIRM): State.FINISHED,
    (State.PREPARED, Event.RESTORE): State.RESTORING,
    (State.PREPARED, Event.WINDOW_ENDS): State.IN_DOUBT,
    (State.PREPARED, Event.BOOT): State.IN_DOUBT,
    (State.IN_DOUBT, Event.CONFIRM): State.FINISHED,
    (State.IN_DOUBT, Event.RESTORE): State.RESTORING,
    (State.IN_DOUBT, Event.BOOT): State.IN_DOUBT,
    (State.IN_DOUBT, Event.COMMIT): State.FINISHED,
    (State.IN_DOUBT, Event.ABORT): State.RESTORING,
    (State.RESTORING, Event.RESTORE): State.RESTORING,
    (State.RESTORING, Event.WINDOW_ENDS): State.RESTORING,
    (State.RESTORING, Event.BOOT): State.RESTORING,
}

REPEATED: Mapping[Event, frozenset[Outcome]] = {
    Event.CONFIRM: frozenset({Outcome.CONFIRMED}),
    Event.RESTORE: frozenset({Outcome.RESTORED, Outcome.DROPPED}),
}


class Refused(Exception):
    """The answer to a message that may not be carried out now; `code` is a stable kebab-case word."""

    def __init__(self, code: str, sentence: str) -> None:
        self.code = code
        super().__init__(sentence)


def move(state: State, event: Event) -> State:
    """Where the event leads. Raises Refused where it leads nowhere."""
    try:
        return MOVES[state, event]
    except KeyError:
        raise Refused("wrong-state", f"the transaction is {state}, and {event} is not for that") from None
