"""Contiguous U: whether devices fit into what is free on both faces of a rack, and at which U each stands.

A face is an integer whose bit u says that U u is free.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from igoudar.placement.problem import DeviceClass, Face, Rack, Span


class Free(NamedTuple):
    """Both faces of a rack."""

    front: int
    rear: int

    @property
    def both(self) -> int:
        return self.front & self.rear

    def of(self, face: Face) -> int:
        return {Face.BOTH: self.both, Face.FRONT: self.front, Face.REAR: self.rear}[face]

    def without(self, face: Face, taken: int) -> Free:
        front = self.front if face is Face.REAR else self.front & ~taken
        return Free(front, self.rear if face is Face.FRONT else self.rear & ~taken)


class Shape(NamedTuple):
    units: int
    face: Face

    @property
    def face_units(self) -> int:
        """U of a face that it takes: a full-depth device takes those of both."""
        return self.units * (2 if self.face is Face.BOTH else 1)


def shape_of(device: DeviceClass) -> Shape:
    return Shape(device.units, device.face)


Wanted = tuple[tuple[Shape, int], ...]  # how many of each shape


def free_of(rack: Rack) -> Free:
    return Free(_bits(rack.front), _bits(rack.rear))


def _bits(spans: Iterable[Span]) -> int:
    return sum(((1 << span.units) - 1) << span.low for span in spans)


def spans_of(bits: int) -> tuple[Span, ...]:
    """The runs of free U, from the bottom."""
    found: list[Span] = []
    while bits:
        low = (bits & -bits).bit_length() - 1
        run = bits >> low
        units = (~run & (run + 1)).bit_length() - 1
        found.append(Span(low, units))
        bits &= ~(((1 << units) - 1) << low)
    return tuple(found)


class Run(NamedTuple):
    """`units` U together, and who may stand in them."""

    units: int
    faces: frozenset[Face]


def runs_of(free: Free, faces: frozenset[Face]) -> tuple[Run, ...] | None:
    """Runs into which devices of these faces can be packed one by one; None where those of the two faces
    overlap without being the same, so that it matters at which U each stands.

    In a run that is free on both faces those of full depth stand below, and each face goes on above them.
    """
    if len(faces) == 1:
        return tuple(Run(span.units, faces) for face in faces for span in spans_of(free.of(face)))
    front, rear = spans_of(free.front), spans_of(free.rear)
    found = [Run(span.units, frozenset(Face)) for span in front if span in rear]
    for face, spans, others in ((Face.FRONT, front, rear), (Face.REAR, rear, front)):
        for span in spans:
            if span in others:
                continue
            if _bits([span]) & _bits(others):
                return None
            found.append(Run(span.units, frozenset({face})))
    return tuple(found)


def counted(shapes: Iterable[Shape]) -> Wanted:
    """Tall ones first: they are the hardest to seat."""
    counts: dict[Shape, int] = {}
    for shape in shapes:
        counts[shape] = counts.get(shape, 0) + 1
    return tuple(sorted(counts.items(), key=lambda item: (-item[0].units, item[0].face)))


@lru_cache(maxsize=200_000)
def fits(free: Free, wanted: Wanted) -> bool:
    """Whether all stand in what is free, each on U together; found exactly, whatever the fragmentation."""
    if not _enough(free, wanted):
        return False
    faces = {shape.face for shape, _ in wanted}
    if not faces:
        return True
    if len(faces) == 1:
        lengths = sorted(span.units for span in spans_of(free.of(faces.pop())))
        return _packed(tuple(lengths), tuple((shape.units, count) for shape, count in wanted))
    shape, count = wanted[0]
    if shape.units == 1:
        return True  # devices of one U need no neighbours, and _enough counted them
    rest = ((shape, count - 1), *wanted[1:]) if count > 1 else wanted[1:]
    return any(fits(free.without(shape.face, taken), rest) for _, taken in starts(free, shape))


def _enough(free: Free, wanted: Wanted) -> bool:
    needs = dict.fromkeys(Face, 0)
    for shape, count in wanted:
        needs[shape.face] += shape.units * count
    both = needs[Face.BOTH]
    return (
        both <= free.both.bit_count()
        and both + needs[Face.FRONT] <= free.front.bit_count()
        and both + needs[Face.REAR] <= free.rear.bit_count()
    )


@lru_cache(maxsize=200_000)
def _packed(lengths: tuple[int, ...], wanted: tuple[tuple[int, int], ...]) -> bool:
    """Bin packing into runs of free U of one face; `lengths` ascending, `wanted` tall ones first."""
    if not wanted or wanted[0][0] == 1 or len(lengths) == 1:
        return sum(units * count for units, count in wanted) <= sum(lengths)
    units, count = wanted[0]
    rest = ((units, count - 1), *wanted[1:]) if count > 1 else wanted[1:]
    for at, length in enumerate(lengths):
        if length < units or (at and lengths[at - 1] == length):
            continue
        after = tuple(sorted((*lengths[:at], length - units, *lengths[at + 1 :])))
        if _packed(after, rest):
            return True
    return False


def starts(free: Free, shape: Shape) -> Iterator[tuple[int, int]]:
    """Every U that it can stand at, from the bottom, with the bits that it takes."""
    bits, block = free.of(shape.face), (1 << shape.units) - 1
    for low in range(bits.bit_length() - shape.units + 1):
        if bits >> low & block == block:
            yield low, block << low


def seated(free: Free, shapes: Sequence[Shape]) -> tuple[list[int], Free] | None:
    """The U of each, in the order given, and what is left; None where they do not fit together.

    Each takes the lowest U that leaves room for all that come after it.
    """
    lows: list[int] = []
    for number, shape in enumerate(shapes):
        after = counted(shapes[number + 1 :])
        for low, taken in starts(free, shape):
            left = free.without(shape.face, taken)
            if fits(left, after):
                lows.append(low)
                free = left
                break
        else:
            return None
    return lows, free
