"""From fillings by rack class to racks, U and names: the placement as people carry it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from igoudar.placement.fillings import RackClass, allowed, room_left
from igoudar.placement.limits import TOLERANCE, Filling, shape_of
from igoudar.placement.master import Chosen
from igoudar.placement.problem import DeviceClass, Left, Placement, Problem, Seat
from igoudar.placement.reasons import Standing, why
from igoudar.placement.search import Search
from igoudar.placement.space import Free, free_of, seated


def placement_of(search: Search) -> Placement:
    chosen, bounds = search.run()
    problem = search.problem
    fillings = _by_rack(problem, search.kinds, chosen)
    _thin_out(problem, fillings)
    kinds = {rack.name: kind for kind in search.kinds for rack in kind.racks}
    _top_up(problem, kinds, fillings)
    seats, free = _seats(problem, fillings)
    used = [rack for rack in problem.racks if any(fillings[rack.name])]
    placed = [sum(f[at] for f in fillings.values()) for at in range(len(problem.classes))]
    standing = Standing(problem, fillings, free, room_left(problem, fillings))
    return Placement(
        seats=seats,
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


def _seats(problem: Problem, fillings: Mapping[str, Filling]) -> tuple[tuple[Seat, ...], dict[str, Free]]:
    """Numbers of a class run along the racks and upwards. Also what is free in each rack afterwards."""
    seats: list[Seat] = []
    free: dict[str, Free] = {}
    given = dict.fromkeys((c.name for c in problem.classes), 0)
    for rack in problem.racks:
        devices = _in_order(problem, fillings[rack.name])
        found = seated(free_of(rack), [shape_of(device) for device in devices])
        assert found is not None, f"a filling of {rack.name} does not fit, which was looked at before"
        lows, free[rack.name] = found
        for low, device in sorted(zip(lows, devices, strict=True), key=lambda pair: pair[0]):
            seats.append(Seat(rack.name, low, device.name, given[device.name]))
            given[device.name] += 1
    return tuple(seats), free


def _in_order(problem: Problem, filling: Filling) -> list[DeviceClass]:
    """From the bottom: heavy ones first, then tall ones, then as in the request."""
    devices = [c for c, n in zip(problem.classes, filling, strict=True) for _ in range(n)]
    return sorted(devices, key=lambda c: (-c.kg, -c.units)) if problem.heavy_low else devices
