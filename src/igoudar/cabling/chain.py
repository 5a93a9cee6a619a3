"""Pieces of a link through panels as one chain: pins meet holes in every coupling, transmit meets receive.

In a plate the plugs of two pieces meet each other, in a cassette each meets the cassette's own port.
Cassettes lead straight through, as their type's file says; so whether transmit comes out as receive is a
matter of how many pieces cross (`polarities` of `data/cabling.yaml`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from igoudar.cabling.fit import OPPOSITE, Misfit
from igoudar.cabling.goods import Cord, Goods, Link, Plug
from igoudar.model import Cable, End


@dataclass(frozen=True, slots=True)
class Step:
    """A piece in the direction of its link. `ports`: NetBox's types of what it ends in, empty at a device."""

    piece: Cable
    near: End
    far: End
    ports: tuple[str, str]


def steps_of(start: End, pieces: Sequence[tuple[Cable, tuple[str, str]]]) -> list[Step]:
    """Of pieces in the order of the link that begins at `start`, with their ports as they are written."""
    found: list[Step] = []
    for cable, (a, b) in pieces:
        if cable.a == start or (cable.b != start and cable.a.device == start.device):
            found.append(Step(cable, cable.a, cable.b, (a, b)))
        else:
            found.append(Step(cable, cable.b, cable.a, (b, a)))
        start = found[-1].far
    return found


def misfit(steps: Sequence[Step], cords: Sequence[Cord], link: Link, goods: Goods) -> Misfit | None:
    """The first thing by which these cords make no link of this module; nothing where they do."""
    return next(_genders(steps, cords, link, goods), None) or _crossing(steps, cords, link, goods)


def _plugs(step: Step, cord: Cord, module: Plug, goods: Goods) -> tuple[Plug, Plug]:
    """What a cord has at the near and at the far end of its piece."""
    near = goods.panels[step.ports[0]].connector if step.ports[0] else module.connector
    return (cord.near, cord.far) if cord.near.connector == near else (cord.far, cord.near)


def _genders(steps: Sequence[Step], cords: Sequence[Cord], link: Link, goods: Goods) -> Iterator[Misfit]:
    assert link.plug is not None
    plugs = [_plugs(step, cord, link.plug, goods) for step, cord in zip(steps, cords, strict=True)]
    for at, side in ((0, 0), (-1, 1)):
        yield from _meet((cords[at].name, plugs[at][side].gender), (link.module, link.plug.gender), "")
    for (one, two), (near, far), (left, right) in zip(
        pairwise(steps), pairwise(cords), pairwise(plugs), strict=True
    ):
        if one.ports[1] == two.ports[0]:
            yield from _meet((near.name, left[1].gender), (far.name, right[0].gender), str(one.far))
        else:
            for end, port, cord, plug in (
                (one.far, one.ports[1], near, left[1]), (two.near, two.ports[0], far, right[0]),
            ):  # fmt: skip
                yield from _meet((cord.name, plug.gender), ("the port", goods.panels[port].gender), str(end))


def _meet(one: tuple[str, str], two: tuple[str, str], where: str) -> Iterator[Misfit]:
    """Names of two things that are plugged together, and their genders."""
    if one[1] and one[1] == two[1]:
        at = f"at {where} " if where else ""
        said = f"{at}the cord {one[0]} meets {two[0]}, and both are {one[1]}"
        yield Misfit("wrong-gender", said, f"{OPPOSITE[one[1]]} meets {one[1]}", "say `cord` of a piece")


def _crossing(steps: Sequence[Step], cords: Sequence[Cord], link: Link, goods: Goods) -> Misfit | None:
    assert link.plug is not None
    wanted = link.plug.polarity
    rule = goods.polarities.get(wanted)
    known = (*rule.crosses, *rule.straight) if rule else ()
    for step, cord in zip(steps, cords, strict=True):
        if cord.near.polarity not in known:
            said = f"{step.piece.key}: the cord {cord.name} has the polarity {cord.near.polarity or 'none'}"
            expected = f"one of {', '.join(known)}, of which {link.module} can be made" if known else ""
            return Misfit("wrong-polarity", said, expected, "say `cord` of the piece")
    crossed = sum(rule is not None and cord.near.polarity in rule.crosses for cord in cords)
    if crossed % 2:
        return None
    names = ", ".join(f"{cord.name} ({cord.near.polarity})" for cord in cords)
    said = f"transmit meets transmit over {names}, of which {crossed} cross"
    return Misfit("wrong-polarity", said, "an odd number that cross", "say `cord` of a piece")
