"""States of a transaction on one switch, what may be asked in each, and where it leads.

The whole protocol of a device is the table `MOVES`; `core` carries out what a move means. Votes (`prepared`,
`in doubt`) will be more rows: from `prepared` on no event of a device leads to `restoring`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """`staged`: nothing live changed, nothing is owed. `restoring`: being put back, whatever comes now."""

    STAGED = "staged"
    ARMED = "armed"
    APPLIED = "applied"
    RESTORING = "restoring"
    FINISHED = "finished"


class Event(StrEnum):
    """Messages of the operator, and the two things that happen by themselves."""

    STAGE = "stage"
    ARM = "arm"
    EXTEND = "extend"
    APPLY = "apply"
    CONFIRM = "confirm"
    RESTORE = "restore"
    WINDOW_ENDS = "window ends"
    BOOT = "boot"


class Outcome(StrEnum):
    """How a finished transaction ended; `dropped`: before anything live was changed."""

    CONFIRMED = "confirmed"
    RESTORED = "restored"
    DROPPED = "dropped"


OPEN = frozenset({State.ARMED, State.APPLIED, State.RESTORING})

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
    (State.APPLIED, Event.CONFIRM): State.FINISHED,
    (State.APPLIED, Event.RESTORE): State.RESTORING,
    (State.APPLIED, Event.WINDOW_ENDS): State.RESTORING,
    (State.APPLIED, Event.BOOT): State.RESTORING,
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
