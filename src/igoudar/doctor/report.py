"""The diagnosis for people and for programs. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from igoudar.doctor.diagnosis import Certainty, Diagnosis, Explanation, Kind, Move, Movement, Statement
from igoudar.doctor.plan import End
from igoudar.errors import first_and_more

MOST_LINES = 8  # of what one statement rests on; programs get all


def lines(found: Diagnosis) -> Iterator[tuple[Certainty, str]]:
    """What to print, and how sure it is."""
    for statement in found.statements:
        for line in _statement(statement):
            yield statement.certainty, line


def in_one_line(statement: Statement) -> str:
    """What it says, without what it rests on: received power is another at every look."""
    if statement.contradiction:
        return f"contradictory: these cannot all be true: {_listed(statement.ends)}"
    explanations = ["; and ".join(_explanation(candidate)) for candidate in statement.candidates]
    if statement.is_exact:
        return explanations[0]
    unseen = f"nobody saw what is in {_listed(statement.unseen)}" if statement.unseen else ""
    return f"ambiguous: {', or '.join((*explanations, *([unseen] if unseen else [])))}"


def summary(site: str, found: Diagnosis) -> str:
    counts = Counter(s.certainty for s in found.statements)
    said = [f"{found.good} of {found.planned} cables as planned"]
    said += [f"{len(found.unproven)} that nobody saw"] if found.unproven else []
    said += [f"{counts[c]} {c}" for c in Certainty if counts[c]]
    return f"{site}: {', '.join(said)}"


def _statement(statement: Statement) -> Iterator[str]:
    if statement.contradiction:
        yield in_one_line(statement)
    elif statement.is_exact:
        yield from _explanation(statement.candidates[0])
    else:
        yield f"ambiguous: {_listed(statement.ends)}"
        for number, candidate in enumerate(statement.candidates, 1):
            yield f"  {number}. {'; and '.join(_explanation(candidate))}"
        if statement.unseen:
            yield f"  not settled, for nobody saw what is in {_listed(statement.unseen)}"
    shown = statement.evidence[:MOST_LINES]
    yield from (f"    {sentence}" for sentence in shown)
    if len(statement.evidence) > len(shown):
        yield f"    and {len(statement.evidence) - len(shown)} more such"


def _explanation(movements: Explanation) -> Iterator[str]:
    for movement in movements:
        why = f" ({movement.why})" if movement.why else ""
        yield f"{movement.kind}: {_told(movement)}{why}"


def _told(movement: Movement) -> str:
    ends = movement.ends
    match movement.kind:
        case Kind.SWAPPED_RACKS:
            return f"{' and '.join(movement.group)}: {_moved(movement.moves)}"
        case Kind.ROTATED_TRUNK:
            places = f"{movement.by} place{'' if movement.by == 1 else 's'}"
            return f"{movement.group[0]} by {places}: {_moved(movement.moves)}{_instead(movement.instead)}"
        case Kind.SWAPPED_PAIR:
            instead = f"; or those in {_sources(movement.instead)}" if movement.instead else ""
            return f"exchange the plugs in {_sources(movement.moves)}{instead}"
        case Kind.RING | Kind.WRONG_PORT:
            return f"{_moved(movement.moves)}{_instead(movement.instead)}"
        case Kind.MISSING:
            return f"lay or plug in {ends[0]} -- {ends[1]}"
        case Kind.EXTRA:
            return f"{' -- '.join(map(str, ends))} is in no plan; take it out or plan it"
        case Kind.DEAD_OPTIC:
            if movement.why == "no light either way":
                return f"look at both ends of {ends[0]} -- {ends[1]}"
            return f"the transmitter in {ends[0]}, the receiver in {ends[1]} or the fibre between them"


def _moved(moves: Iterable[Move]) -> str:
    """Few moves one by one, many by the first and the number of the others."""
    listed = list(moves)
    shown = listed if len(listed) <= MOST_LINES else listed[:1]
    said = ", ".join(f"the plug in {m.source} to {m.target}" for m in shown)
    rest = len(listed) - len(shown)
    return f"move {said}{f' and so {rest} more' if rest else ''}"


def _instead(moves: Iterable[Move]) -> str:
    return f"; or {_moved(moves).removeprefix('move ')}" if moves else ""


def _sources(moves: Iterable[Move]) -> str:
    return " and ".join(str(m.source) for m in moves)


def _listed(ends: Iterable[End]) -> str:
    return first_and_more([str(e) for e in ends], MOST_LINES)


def as_json(site: str, found: Diagnosis) -> dict[str, Any]:
    return {
        "site": site,
        "planned": found.planned,
        "good": found.good,
        "unproven": [[str(a), str(b)] for a, b in found.unproven],
        "statements": [_as_json(s) for s in found.statements],
    }


def _as_json(statement: Statement) -> dict[str, Any]:
    return {
        "certainty": str(statement.certainty),
        "ends": [str(e) for e in statement.ends],
        "evidence": list(statement.evidence),
        "unseen": [str(e) for e in statement.unseen],
        "candidates": [[_movement(m) for m in c] for c in statement.candidates],
    }


def _movement(movement: Movement) -> dict[str, Any]:
    return {
        "kind": str(movement.kind),
        "ends": [str(e) for e in movement.ends],
        "moves": _pairs(movement.moves),
        "instead": _pairs(movement.instead),
        "group": list(movement.group),
        "by": movement.by,
        "why": movement.why,
        "told": _told(movement),
    }


def _pairs(moves: Iterable[Move]) -> list[dict[str, str]]:
    return [{"from": str(m.source), "to": str(m.target)} for m in moves]
