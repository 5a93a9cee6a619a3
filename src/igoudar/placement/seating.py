"""U and phases together: where each device of a rack stands so that no phase of a feed carries too much.

An outlet has a phase, and rules give a device outlets by its U: its place says which phase it loads.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from igoudar.placement.problem import DeviceClass, Face, Rack
from igoudar.placement.solver import INFINITY, Model
from igoudar.placement.space import Free, Shape, counted, fits, free_of, seated, shape_of, starts

TOLERANCE = 1e-6  # of W
Cost = Callable[[int, int], float]  # of a class at a U
Quotas = Mapping[tuple[int, tuple[float, ...]], int]  # by class, and W on each phase
Stand = tuple[int, int]  # a class, and the lowest U of one of its devices


class Frame(NamedTuple):
    """A rack and classes as far as places go: `rooms` and `each` by phase, `each` by class and U, too."""

    free: Free
    shapes: tuple[Shape, ...]
    rooms: tuple[float, ...]
    each: tuple[tuple[tuple[float, ...], ...], ...]

    def taken(self, at: int, low: int) -> tuple[float, ...]:
        """By phase, of one device."""
        return tuple(by_class[at][low] for by_class in self.each)


def frame_of(rack: Rack, classes: Sequence[DeviceClass]) -> Frame:
    """With the phases that limit anything; of those loaded alike, as of both feeds, the fuller one."""
    rooms: dict[tuple[tuple[float, ...], ...], float] = {}
    for phase in rack.phases:
        if math.isfinite(phase.room_w):
            rooms[phase.each] = min(max(0.0, phase.room_w), rooms.get(phase.each, INFINITY))
    return Frame(free_of(rack), tuple(map(shape_of, classes)), tuple(rooms.values()), tuple(rooms))


def stand_together(rack: Rack, classes: Sequence[DeviceClass], filling: Sequence[int]) -> bool:
    """Whether so many of each class stand in the rack, each on U together; found exactly."""
    frame = frame_of(rack, classes)
    if not fits(frame.free, counted(s for s, n in zip(frame.shapes, filling, strict=True) for _ in range(n))):
        return False
    return not frame.rooms or _known(frame).stands(tuple(filling))


@dataclass(slots=True)
class _Known:
    """Fillings that were looked at: who holds one holds any part of it, who does not holds no more."""

    frame: Frame
    held: list[tuple[int, ...]] = field(default_factory=list)
    refused: list[tuple[int, ...]] = field(default_factory=list)

    def stands(self, filling: tuple[int, ...]) -> bool:
        if any(all(n <= m for n, m in zip(filling, other, strict=True)) for other in self.held):
            return True
        if any(all(n >= m for n, m in zip(filling, other, strict=True)) for other in self.refused):
            return False
        stands = _stands(self.frame, filling) is not None
        (self.held if stands else self.refused).append(filling)
        return stands


@lru_cache(maxsize=2_000)
def _known(frame: Frame) -> _Known:
    return _Known(frame)


def _stands(frame: Frame, filling: tuple[int, ...]) -> tuple[Stand, ...] | None:
    """Tall ones first, or those that draw most onto what has most room; else in any way that there is."""
    most = [max(map(max, (by_class[at] for by_class in frame.each))) for at in range(len(filling))]
    for key in (lambda at: (-frame.shapes[at].units, -most[at]), lambda at: -most[at]):
        wanted = [at for at in sorted(range(len(filling)), key=key) for _ in range(filling[at])]
        for roomy in (False, True):
            lows = lowest(frame, wanted, roomy=roomy)
            if lows is not None:
                return tuple(zip(wanted, lows, strict=True))
    quotas = _shared_out(frame, filling)
    if quotas is None:
        return None
    lows = lowest(frame, wanted, quotas=quotas)
    return _exactly(frame, filling) if lows is None else tuple(zip(wanted, lows, strict=True))


def seats(rack: Rack, classes: Sequence[DeviceClass], order: Sequence[int], cost: Cost | None) -> list[int]:
    """The U of each device, by class, in the order given: the lowest, or that of the least `cost`.

    Each leaves room for all that come after it. Such a filling must be `stand_together`.
    """
    frame = frame_of(rack, classes)
    if not frame.rooms and cost is None:
        found = seated(frame.free, [frame.shapes[at] for at in order])
        lows = None if found is None else found[0]
    else:
        lows = lowest(frame, order, cost) or lowest(frame, order)
    if lows is not None:
        return lows
    stands = _stands(frame, tuple(order.count(at) for at in range(len(classes))))
    assert stands is not None, f"a filling of {rack.name} does not fit, which was looked at before"
    places = {at: sorted(low for other, low in stands if other == at) for at in range(len(classes))}
    return [places[at].pop(0) for at in order]


def lowest(
    frame: Frame,
    order: Sequence[int],
    cost: Cost | None = None,
    *,
    roomy: bool = False,
    quotas: Quotas | None = None,
) -> list[int] | None:
    """None where one after the other they do not fit, though they might otherwise.

    `roomy`: at the U that leaves its phases most. `quotas`: how many of a class go onto which phases.
    """
    left_of = None if quotas is None else Counter(quotas)
    free, rooms, lows = frame.free, list(frame.rooms), list[int]()
    for number, at in enumerate(order):
        after = counted(frame.shapes[later] for later in order[number + 1 :])
        places = list(starts(free, frame.shapes[at]))
        if cost is not None:
            places.sort(key=lambda place: (cost(at, place[0]), place[0]))
        elif roomy:
            places.sort(key=lambda place: (_fullest(rooms, frame.taken(at, place[0])), place[0]))
        for low, bits in places:
            taken = frame.taken(at, low)
            enough = all(w <= room + TOLERANCE for w, room in zip(taken, rooms, strict=True))
            if left_of is not None and left_of[at, taken] <= 0:
                continue
            left = free.without(frame.shapes[at].face, bits)
            if enough and fits(left, after):
                free, rooms = left, [room - w for room, w in zip(rooms, taken, strict=True)]
                lows.append(low)
                if left_of is not None:
                    left_of[at, taken] -= 1
                break
        else:
            return None
    return lows


class Room(NamedTuple):
    """What a rack has left: U, and W by phase."""

    free: Free
    phases: tuple[float, ...]


def room_of(rack: Rack, classes: Sequence[DeviceClass], stands: Sequence[Stand]) -> Room:
    free, rooms = free_of(rack), [phase.room_w for phase in rack.phases]
    for at, low in stands:
        shape = shape_of(classes[at])
        free = free.without(shape.face, ((1 << shape.units) - 1) << low)
        rooms = [room - phase.each[at][low] for room, phase in zip(rooms, rack.phases, strict=True)]
    return Room(free, tuple(rooms))


def _fullest(rooms: Sequence[float], taken: Sequence[float]) -> float:
    """The less room one of the phases that it takes of has left, the more."""
    return -min((room - w for room, w in zip(rooms, taken, strict=True) if w), default=INFINITY)


@dataclass(slots=True)
class Evenly:
    """Devices go onto the phases of units that carry least; `carried`: W by unit and phase."""

    carried: dict[tuple[str, str], float]

    def costs(self, rack: Rack) -> Cost:
        """What a device adds to the sum of squares."""
        rows = [(phase, self.carried.get((phase.unit, phase.leg), 0.0)) for phase in rack.phases]

        def cost(at: int, low: int) -> float:
            return sum((2 * there + w) * w for phase, there in rows if (w := phase.each[at][low]))

        return cost

    def take(self, rack: Rack, stands: Sequence[Stand]) -> None:
        for at, low in stands:
            for phase in rack.phases:
                key = phase.unit, phase.leg
                self.carried[key] = self.carried.get(key, 0.0) + phase.each[at][low]


def by_phases(model: Model, frame: Frame, counts: Sequence[int]) -> dict[tuple[int, tuple[float, ...]], int]:
    """How many of each class are on which phases, as if U were free to choose: few variables, and too many
    fillings. `counts`: columns by class.
    """
    columns: dict[tuple[int, tuple[float, ...]], int] = {}
    for at, shape in enumerate(frame.shapes):
        alike = Counter(frame.taken(at, low) for low, _ in starts(frame.free, shape))
        here = {(at, taken): model.variable(number, integer=True) for taken, number in alike.items()}
        model.row(0, 0, {counts[at]: 1.0, **dict.fromkeys(here.values(), -1.0)})
        columns |= here
    for number, room in enumerate(frame.rooms):
        model.row(-INFINITY, room, {column: taken[number] for (_, taken), column in columns.items()})
    return columns


class Places:
    """Each class at each U as a variable of its own, in a program of one rack; `counts`: columns by class."""

    def __init__(self, model: Model, frame: Frame, counts: Sequence[int]) -> None:
        self.columns: dict[Stand, int] = {}
        for at, shape in enumerate(frame.shapes):
            for low, _ in starts(frame.free, shape):
                self.columns[at, low] = model.variable(1, integer=True)
            here = {column: -1.0 for (other, _), column in self.columns.items() if other == at}
            model.row(0, 0, {counts[at]: 1.0, **here})
        for face in (Face.FRONT, Face.REAR):
            for unit in range(frame.free.of(face).bit_length()):
                model.row(-INFINITY, 1, dict.fromkeys(self._over(frame, face, unit), 1.0))
        for room, by_class in zip(frame.rooms, frame.each, strict=True):
            terms = {column: by_class[at][low] for (at, low), column in self.columns.items()}
            model.row(-INFINITY, room, terms)

    def _over(self, frame: Frame, face: Face, unit: int) -> list[int]:
        return [
            column
            for (at, low), column in self.columns.items()
            if low <= unit < low + frame.shapes[at].units and frame.shapes[at].face in (face, Face.BOTH)
        ]


def _fixed(model: Model, filling: tuple[int, ...]) -> list[int]:
    counts = [model.variable(count, integer=True) for count in filling]
    for count, column in zip(filling, counts, strict=True):
        model.row(count, count, {column: 1.0})
    return counts


def _shared_out(frame: Frame, filling: tuple[int, ...]) -> Quotas | None:
    """As phases alone would allow it."""
    model = Model()
    columns = by_phases(model, frame, _fixed(model, filling))
    values = model.solve().values
    return {key: round(values[column]) for key, column in columns.items()} if values else None


def _exactly(frame: Frame, filling: tuple[int, ...]) -> tuple[Stand, ...] | None:
    model = Model()
    places = Places(model, frame, _fixed(model, filling))
    values = model.solve().values
    return (
        tuple(stand for stand, column in places.columns.items() if values[column] > 0.5) if values else None
    )
