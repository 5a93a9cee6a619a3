"""Hands in a twin's cables: which plugs change places. Pure.

What cannot be is a ValueError, a sentence for the one who asked for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from igoudar.twin.spec import TwinSpec

Port = tuple[str, str]
Joints = Mapping[Port, Port | None]
Moves = list[tuple[Port, Port]]


class Mistake(StrEnum):
    SWAP = "swap"
    ROTATE = "rotate"
    RACKS = "racks"
    WRONG_PORT = "wrong-port"
    MISSING = "missing"
    DEAD_OPTIC = "dead-optic"


LEAST_PORTS = {Mistake.SWAP: 2, Mistake.ROTATE: 3, Mistake.RACKS: 2, Mistake.WRONG_PORT: 2}
MOST_PORTS = {Mistake.SWAP: 2, Mistake.RACKS: 2, Mistake.WRONG_PORT: 2}


@dataclass(frozen=True, slots=True)
class Wiring:
    """What is not as the spec says: an empty one is a twin as it was made.

    `joints`: port -> the port at the other end of its cable, None where the cable is gone. `muted`: ports
    whose transmitter is dead.
    """

    joints: Joints = field(default_factory=dict)
    muted: frozenset[Port] = frozenset()

    def lines(self) -> Iterator[str]:
        """For people, in order."""
        for port, far in sorted(self.joints.items(), key=str):
            if far is None:
                yield f"{'/'.join(port)} -- nothing"
            elif port < far:
                yield f"{'/'.join(port)} -- {'/'.join(far)}"
        yield from (f"{'/'.join(port)} sends nothing" for port in sorted(self.muted))

    def as_json(self) -> dict[str, Any]:
        return {
            "joints": [[*pair] for pair in sorted(self.joints.items(), key=str)],
            "muted": sorted(self.muted),
        }


def from_json(told: Mapping[str, Any]) -> Wiring:
    """The other way; a twin that knows nothing of it is as it was made."""
    joints = {tuple(port): tuple(far) if far else None for port, far in told.get("joints", ())}
    return Wiring(joints, frozenset(tuple(port) for port in told.get("muted", ())))


def mistaken(
    spec: TwinSpec, wiring: Wiring, kind: Mistake, where: Sequence[str], *, racks: Mapping[str, str]
) -> Wiring:
    """The wiring with one more mistake. `where`: ports (`host/port`) or two racks; `racks`: host -> rack."""
    least, most = LEAST_PORTS.get(kind, 1), MOST_PORTS.get(kind)
    if len(where) < least or (most and len(where) > most):
        what = "racks" if kind is Mistake.RACKS else "ports"
        raise ValueError(f"{kind} takes {least}{'' if most == least else ' or more'} {what}")
    if kind is Mistake.RACKS:
        return Wiring(_moved(spec, wiring.joints, _rack_moves(spec, racks, *where)), wiring.muted)
    ports = [_port(spec, written) for written in where]
    match kind:
        case Mistake.MISSING:
            return Wiring(_pulled(spec, wiring.joints, ports), wiring.muted)
        case Mistake.DEAD_OPTIC:
            return Wiring(wiring.joints, wiring.muted | set(ports))
        case Mistake.WRONG_PORT:
            return Wiring(_moved(spec, wiring.joints, [(ports[0], ports[1])]), wiring.muted)
        case _:
            moves = list(zip(ports, (*ports[1:], ports[0]), strict=True))
            return Wiring(_moved(spec, wiring.joints, moves), wiring.muted)


def without(spec: TwinSpec, wiring: Wiring, ports: Iterable[Port]) -> Wiring:
    """The wiring without the mistakes that these ports are part of: what they are mixed up with is right."""
    meant, group, todo = _wired(spec), set(ports), list(ports)
    while todo:
        at = todo.pop()
        new = {far for far in (meant.get(at), wiring.joints.get(at)) if far is not None} - group
        group |= new
        todo += new
    joints = {port: far for port, far in wiring.joints.items() if port not in group}
    return Wiring(joints, wiring.muted - group)


def _port(spec: TwinSpec, written: str) -> Port:
    host, _, name = written.partition("/")
    if (host, name) not in {(h.name, p.name) for h in spec.hosts for p in h.ports}:
        raise ValueError(f"no host of this twin has a port {written}")
    return host, name


def _wired(spec: TwinSpec) -> dict[Port, Port]:
    """The cables of the spec, both ways."""
    return {w.a: w.b for w in spec.wires} | {w.b: w.a for w in spec.wires}


def _moved(spec: TwinSpec, joints: Joints, moves: Moves) -> Joints:
    """After each plug went from one port to another, all at once."""
    going = dict(moves)
    now = {port: far for port, far in {**_wired(spec), **joints}.items() if far is not None}
    if empty := [port for port in going if port not in now]:
        raise ValueError(f"no plug sits in {'/'.join(empty[0])}")
    after = [going.get(port, port) for port in now]
    if twice := [port for port in going.values() if after.count(port) > 1]:
        raise ValueError(f"two plugs would sit in {'/'.join(twice[0])}")
    return _differing(spec, {going.get(p, p): going.get(far, far) for p, far in now.items()})


def _pulled(spec: TwinSpec, joints: Joints, ports: Iterable[Port]) -> Joints:
    now = {**_wired(spec), **joints}
    gone = {end for port in ports for end in (port, now.get(port))}
    return _differing(spec, {p: far for p, far in now.items() if far is not None and p not in gone})


def _differing(spec: TwinSpec, made: Mapping[Port, Port]) -> Joints:
    meant = _wired(spec)
    return {p: made.get(p) for p in (*meant, *made) if made.get(p) != meant.get(p)}


def _rack_moves(spec: TwinSpec, racks: Mapping[str, str], one: str, two: str) -> Moves:
    """The plugs of all cables that leave two racks, exchanged port for port; those between the two stay.

    Boxes answer to each other in order of name.
    """
    leaving: dict[str, list[Port]] = {one: [], two: []}
    for port, far in sorted(_wired(spec).items()):
        if (rack := racks.get(port[0], "")) in leaving and racks.get(far[0]) not in leaving:
            leaving[rack].append(port)
    boxes = [list(dict.fromkeys(host for host, _ in leaving[rack])) for rack in (one, two)]
    counterpart = dict(zip(*boxes, strict=False))
    meant = [(counterpart.get(host, ""), name) for host, name in leaving[one]]
    if one == two or not meant or sorted(meant) != sorted(leaving[two]):
        raise ValueError(f"the cables that leave {one} and those that leave {two} are not of the same ports")
    return [move for a, b in zip(leaving[one], meant, strict=True) for move in ((a, b), (b, a))]
