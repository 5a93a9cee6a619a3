"""What the doctor says: movements of a hand, and how sure they are. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from igoudar.doctor.plan import End


class Kind(StrEnum):
    """`ring`: three or more plugs moved round, and no trunk explains it. `extra`: a cable without a plan."""

    SWAPPED_RACKS = "swapped racks"
    ROTATED_TRUNK = "rotated trunk"
    SWAPPED_PAIR = "swapped pair"
    RING = "ring"
    WRONG_PORT = "wrong port"
    MISSING = "missing"
    DEAD_OPTIC = "dead optic"
    EXTRA = "extra"


class Certainty(StrEnum):
    EXACT = "exact"
    AMBIGUOUS = "ambiguous"
    CONTRADICTORY = "contradictory"


@dataclass(frozen=True, slots=True, order=True)
class Move:
    """The plug in `source` belongs into `target`."""

    source: End
    target: End


@dataclass(frozen=True, slots=True, order=True)
class Movement:
    """One movement. All `moves` of it happen at once; `instead`: the same done at the other ends of the
    cables, which no port can tell apart.

    `ends`: of the cable that is missing, extra or in a wrong port; dead optic: where its transmitter is, and
    where nothing arrives; else the ports whose plugs move. `group`: the trunk, or the two racks. `by`: places
    that a trunk is rotated. `why`: what the kind alone does not say, for a person in front of the rack.
    """

    kind: Kind
    ends: tuple[End, ...]
    moves: tuple[Move, ...] = ()
    instead: tuple[Move, ...] = ()
    group: tuple[str, ...] = ()
    by: int = 0
    why: str = ""


Explanation = tuple[Movement, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """What explains some ends that belong together: one of `candidates`, each a smallest list of movements.

    `unseen`: ends that nobody observed, or that do not say who is there; something else may sit in them, so
    a statement with any is not exact. `contradiction`: observations that cannot all be true.
    """

    ends: tuple[End, ...]
    evidence: tuple[str, ...]
    candidates: tuple[Explanation, ...]
    unseen: tuple[End, ...] = ()
    contradiction: bool = False

    @property
    def certainty(self) -> Certainty:
        if self.contradiction:
            return Certainty.CONTRADICTORY
        exact = len(self.candidates) == 1 and not self.unseen
        return Certainty.EXACT if exact else Certainty.AMBIGUOUS

    @property
    def is_exact(self) -> bool:
        return self.certainty is Certainty.EXACT


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`planned`: cables of the plan, of which `good` were seen to be as planned; nobody can say of `unproven`
    whether they are, and nothing speaks against them.
    """

    planned: int
    good: int
    statements: tuple[Statement, ...]
    unproven: tuple[tuple[End, End], ...]

    def exact(self) -> Iterator[Movement]:
        for statement in self.statements:
            if statement.is_exact:
                yield from statement.candidates[0]
