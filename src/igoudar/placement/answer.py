"""From fillings by rack class to racks, U and names: the placement as people carry it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from igoudar.placement.fillings import RackClass, allowed, room_left
from igoudar.placement.limits import TOLERANCE, Filling
from igoudar.placement.master import Chosen
from igoudar.placement.problem import Left, Placement, Problem, Seat
from igoudar.placement.reasons import Standing, why
from igoudar.placement.search import Search
from igoudar.placement.seating import Evenly, Room, room_of, seats


def placement_of(search: Search) -> Placement:
    chosen, bounds = search.run()
    problem = search.problem
    fillings = _by_rack(problem, search.kinds, chosen)
    _thin_out(problem, fillings)
    kinds = {rack.name: kind for kind in search.kinds for rack in kind.racks}
    _top_up(problem, kinds, fillings)
    seated, rooms = _seats(problem, fillings)
    used = [rack for rack in problem.racks if any(fillings[rack.name])]
    placed = [sum(f[at] for f in fillings.values()) for at in range(len(problem.classes))]
    standing = Standing(problem, fillings, rooms, room_left(problem, fillings))
    return Placement(
        seats=seated,
        opened=tuple(rack.name for rack in used if not rack.open),
        left=tuple(
            Left(c.name, c.count - n, why(standing, at, c.count - n))
            for at, (c, n) in enumerate(zip(problem.classes, placed, strict=True))
            if n < c.count
        ),
        stranded_w=sum(kinds[rack.name].stranded_w(fillings[rack.name]) for rack in used),
        bounds=bounds,
        stopped=search.stopped,
    )


def _by_rack(problem: Problem, kinds: Sequence[RackClass], chosen: Chosen) -> dict[str, Filling]:
    """The racks of a class in their order, fuller ones first."""
    none = (0,) * len(problem.classes)
    found = {rack.name: none for rack in problem.racks}
    for number, kind in enumerate(kinds):
        mine = [f for at, f, times in chosen if at == number for _ in range(times)]
        for rack, filling in zip(kind.racks, sorted(mine, reverse=True), strict=False):
            found[rack.name] = filling
    return found


def _thin_out(problem: Problem, fillings: dict[str, Filling]) -> None:
    """Takes out, from the last racks, what was placed beyond the number asked for."""
    for at, device in enumerate(problem.classes):
        surplus = sum(filling[at] for filling in fillings.values()) - device.count
        for rack in reversed(problem.racks):
            if surplus <= 0:
                break
            filling = fillings[rack.name]
            out = min(surplus, filling[at])
            fillings[rack.name] = (*filling[:at], filling[at] - out, *filling[at + 1 :])
            surplus -= out


def _top_up(problem: Problem, kinds: Mapping[str, RackClass], fillings: dict[str, Filling]) -> None:
    """One by one, what is left over and does fit somewhere: a search that was cut short may leave some."""
    room = room_left(problem, fillings)
    for at, device in enumerate(problem.classes):
        left = device.count - sum(filling[at] for filling in fillings.values())
        for rack in problem.racks:
            takes = [(wide.key, wide.each[at]) for wide in kinds[rack.name].wides if wide.each[at]]
            while left > 0 and all(room[key] + TOLERANCE >= each for key, each in takes):
                filling = fillings[rack.name]
                more = (*filling[:at], filling[at] + 1, *filling[at + 1 :])
                if not allowed(problem, kinds[rack.name], more):
                    break
                fillings[rack.name], left = more, left - 1
                for key, each in takes:
                    room[key] -= each


def _seats(problem: Problem, fillings: Mapping[str, Filling]) -> tuple[tuple[Seat, ...], dict[str, Room]]:
    """Numbers of a class run along the racks and upwards. Also what each rack has left afterwards."""
    found: list[Seat] = []
    rooms: dict[str, Room] = {}
    given = [0] * len(problem.classes)
    evenly = Evenly(dict(problem.carried))
    for rack in problem.racks:
        order = _in_order(problem, fillings[rack.name])
        lows = seats(rack, problem.classes, order, evenly.costs(rack) if problem.carried else None)
        stands = sorted(zip(lows, order, strict=True))
        rooms[rack.name] = room_of(rack, problem.classes, [(at, low) for low, at in stands])
        evenly.take(rack, [(at, low) for low, at in stands])
        for low, at in stands:
            found.append(Seat(rack.name, low, problem.classes[at].name, given[at]))
            given[at] += 1
    return tuple(found), rooms


def _in_order(problem: Problem, filling: Filling) -> list[int]:
    """Classes from the bottom: heavy ones first, then tall ones, then as in the request."""
    classes = problem.classes
    devices = [at for at, n in enumerate(filling) for _ in range(n)]
    heavy_first = sorted(devices, key=lambda at: (-classes[at].kg, -classes[at].units))
    return heavy_first if problem.heavy_low else devices
