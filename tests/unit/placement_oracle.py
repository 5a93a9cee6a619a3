"""Placement by trying everything, for a few racks and devices: what the solver is judged by.

Written from the words of the problem, not from the code: every U is tried, every sum is added up here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from igoudar.placement.problem import DeviceClass, Face, Placement, Problem, Rack

Cell = tuple[str, int]
Loads = Mapping[str, Sequence[float]]
NEAR = 1e-6


def cells(rack: Rack) -> set[Cell]:
    """Every free U of each face."""
    faces = (("front", rack.front), ("rear", rack.rear))
    return {(face, u) for face, spans in faces for s in spans for u in range(s.low, s.low + s.units)}


def takes(device: DeviceClass, u: int) -> set[Cell]:
    faces = ("front", "rear") if device.face is Face.BOTH else (str(device.face),)
    return {(face, level) for face in faces for level in range(u, u + device.units)}


def stands(
    free: set[Cell], devices: Sequence[DeviceClass], phases: Sequence[tuple[float, Loads]] = ()
) -> bool:
    """`phases`: what each carries more, and by name of the class W at each U."""
    if not devices:
        return True
    first, rest = devices[0], devices[1:]
    for u in range(1, 60):
        taken = takes(first, u)
        if taken <= free:
            left = [(room - loads[first.name][u], loads) for room, loads in phases]
            enough = all(room >= -NEAR or not loads[first.name][u] for (room, loads) in left)
            if enough and stands(free - taken, rest, left):
                return True
    return False


def phases_of(problem: Problem, rack: Rack) -> list[tuple[float, Loads]]:
    names = [c.name for c in problem.classes]
    return [(phase.room_w, dict(zip(names, phase.each, strict=True))) for phase in rack.phases]


def phases_kept(problem: Problem, placement: Placement) -> bool:
    """Whether no phase of a feed carries too much, as devices stand."""
    for rack in problem.racks:
        here = [seat for seat in placement.seats if seat.rack == rack.name]
        for room, loads in phases_of(problem, rack):
            carried = sum(loads[seat.device][seat.u] for seat in here)
            if carried and carried > max(room, 0.0) + NEAR:
                return False
    return True


def inside(problem: Problem, rack: Rack, counts: Sequence[int]) -> bool:
    """Whether one rack may hold so many of each class."""
    devices = [c for c, n in zip(problem.classes, counts, strict=True) for _ in range(n)]
    draw = sum(d.draw_w for d in devices)
    if any(d.zones is not None and rack.zone not in d.zones for d in devices):
        return False
    if any(d.name in rack.barred for d in devices):
        return False
    for used, room in (
        (draw, rack.power_w),
        (draw, rack.cooling_w),
        (sum(d.kg for d in devices), rack.load_kg),
    ):
        if room is not None and used and used > max(room, 0) + NEAR:
            return False
    if rack.ports is not None:
        for kind in {kind for d in devices for kind in d.ports}:
            if sum(d.ports.get(kind, 0) for d in devices) > rack.ports.get(kind, 0):
                return False
    return stands(cells(rack), sorted(devices, key=lambda d: -d.units), phases_of(problem, rack))


def together(problem: Problem, filled: Mapping[str, Sequence[int]]) -> bool:
    """Whether the rules of anti-affinity hold over all racks, and what they share is enough."""
    for shared in problem.shared:
        taken = (zip(shared.each.get(rack, ()), counts, strict=False) for rack, counts in filled.items())
        if sum(watts * n for pairs in taken for watts, n in pairs) > shared.room_w + 1e-6:
            return False
    for apart in {apart for c in problem.classes for apart in c.apart}:
        scopes = {rack.scope(apart.per) for rack in problem.racks}
        for scope in scopes:
            near = [rack for rack in problem.racks if rack.scope(apart.per) == scope]
            new = sum(
                n
                for rack in near
                for c, n in zip(problem.classes, filled[rack.name], strict=True)
                if apart in c.apart
            )
            standing = sum(rack.groups.get(apart.group, 0) for rack in near)
            if new and new + standing > apart.at_most:
                return False
    return True


def stranded(problem: Problem, rack: Rack, counts: Sequence[int]) -> float:
    """Power left that nothing else left can use, with the class that draws most for it."""
    if rack.power_w is None:
        return 0.0
    some = [c for c in problem.classes if c.zones is None or rack.zone in c.zones]
    some = [c for c in some if c.name not in rack.barred]
    devices = [c for c, n in zip(problem.classes, counts, strict=True) for _ in range(n)]
    draw = sum(d.draw_w for d in devices)

    def face_units(device: DeviceClass) -> int:
        return device.units * (2 if device.face is Face.BOTH else 1)

    left = [(float(len(cells(rack)) - sum(map(face_units, devices))), [float(face_units(c)) for c in some])]
    if rack.cooling_w is not None:
        left.append((rack.cooling_w - draw, [c.draw_w for c in some]))
    if rack.load_kg is not None:
        left.append((rack.load_kg - sum(d.kg for d in devices), [c.kg for c in some]))
    for kind in sorted({k for c in problem.classes for k in c.ports}) if rack.ports is not None else ():
        assert rack.ports is not None
        rest = rack.ports.get(kind, 0) - sum(d.ports.get(kind, 0) for d in devices)
        left.append((float(rest), [float(c.ports.get(kind, 0)) for c in some]))
    usable = [
        rest * max(c.draw_w / need for c, need in zip(some, needs, strict=True))
        for rest, needs in left
        if needs and all(needs)
    ]
    return max(0.0, rack.power_w - draw - min(usable)) if usable else 0.0


def strands(problem: Problem, filled: Mapping[str, Sequence[int]]) -> float:
    """Over all racks that get something; of those in use before, what is added."""
    none = [0] * len(problem.classes)
    return sum(
        stranded(problem, rack, filled[rack.name]) - (stranded(problem, rack, none) if rack.open else 0.0)
        for rack in problem.racks
        if any(filled[rack.name])
    )


def best(problem: Problem) -> tuple[int, int, float]:
    """Devices left out, racks opened, W stranded: no placement is better."""
    return min(_costs(problem))


def _costs(problem: Problem) -> Iterator[tuple[int, int, float]]:
    each = [
        [
            counts
            for counts in itertools.product(*(range(c.count + 1) for c in problem.classes))
            if inside(problem, rack, counts)
        ]
        for rack in problem.racks
    ]
    wanted = [c.count for c in problem.classes]
    for choice in itertools.product(*each):
        sums = [sum(counts[at] for counts in choice) for at in range(len(wanted))]
        if any(s > w for s, w in zip(sums, wanted, strict=True)):
            continue
        filled = {rack.name: counts for rack, counts in zip(problem.racks, choice, strict=True)}
        if together(problem, filled):
            opened = sum(any(filled[r.name]) for r in problem.racks if not r.open)
            yield sum(wanted) - sum(sums), opened, round(strands(problem, filled), 6)


def counts_of(problem: Problem, placement: Placement) -> dict[str, list[int]]:
    """How many of each class a placement puts into each rack."""
    filled = {rack.name: [0] * len(problem.classes) for rack in problem.racks}
    at = {c.name: number for number, c in enumerate(problem.classes)}
    for seat in placement.seats:
        filled[seat.rack][at[seat.device]] += 1
    return filled


def overlaps(problem: Problem, placement: Placement) -> bool:
    """Whether something stands where there is no free U, or on something else."""
    free = {rack.name: cells(rack) for rack in problem.racks}
    kinds = {c.name: c for c in problem.classes}
    for seat in placement.seats:
        taken = takes(kinds[seat.device], seat.u)
        if not taken <= free[seat.rack]:
            return True
        free[seat.rack] -= taken
    return False
