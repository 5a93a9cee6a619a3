"""400 racks' worth of devices into a hall, as `igoudar place` puts them.

Racks are those of the reference campus: 47 U, 12.5 kW on each feed alone, two leaves and an out-of-band
switch at the top of all but the service racks. In `empty` the racks of a kind are alike. In `used` something
stands in each third rack at heights of its own, so that hardly two of those are alike. In `shared` rows of
empty racks share what their busway carries. In `phases` outlets of empty racks change phase from U to U,
behind tap-offs of 32 A. Draws and masses of the devices are assumed, of the order of what is bought today.
"""

from __future__ import annotations

import time
from dataclasses import replace

from igoudar.placement import Problem, place
from igoudar.placement.problem import Apart, DeviceClass, Per, Phase, Rack, Shared, Span

RACKS, ROW, HEIGHT = 400, 20, 47
FEEDS = ("busway-1a+busway-1b", "busway-2a+busway-2b")
POWER_W, COOLING_W, LOAD_KG = 12_500.0, 25_000.0, 1_200.0
PHASE_W = 5_616.0  # of a tap-off of 32 A behind a breaker that carries 80 % of it all day, a third
LEAF_W, OOB_W, LEAF_KG, OOB_KG = 350.0, 60.0, 11.0, 5.0
BUSWAY_W = (250_000.0, 215_000.0, 225_000.0)
PORTS = {"25gbase-x-sfp28": 96, "1000base-t": 46}
DUAL = {"25gbase-x-sfp28": 2, "1000base-t": 1}
# name, units, watts, kilograms, devices; all together for some 370 empty racks
MIX = (
    ("general", 1, 490.0, 18.0, 3_600),
    ("web", 1, 320.0, 14.0, 1_500),
    ("database", 2, 820.0, 29.0, 1_000),
    ("memory", 2, 1_250.0, 32.0, 420),
    ("storage", 4, 1_050.0, 88.0, 260),
    ("accelerator", 5, 3_600.0, 95.0, 120),
    ("monitoring", 1, 180.0, 9.0, 60),
    ("name-server", 1, 180.0, 9.0, 40),
)
APART = {
    "monitoring": (Apart("monitoring", 1, Per.RACK), Apart("monitoring", 5, Per.ROW)),
    "name-server": (Apart("name-server", 1, Per.RACK), Apart("name-server", 22, Per.FEEDS)),
}


def _empty(number: int) -> Rack:
    """One rack in 25 is a service rack, without switches."""
    service = number % 25 == 24
    units = HEIGHT if service else HEIGHT - 3
    return Rack(
        name=f"r{number + 1:03}",
        row=f"row{number // ROW + 1:02}",
        feeds=FEEDS[number // ROW % 2],
        front=(Span(1, units),),
        rear=(Span(1, units),),
        power_w=POWER_W - (0 if service else 2 * LEAF_W + OOB_W),
        cooling_w=COOLING_W - (0 if service else 2 * LEAF_W + OOB_W),
        load_kg=LOAD_KG - (0 if service else 2 * LEAF_KG + OOB_KG),
        ports=PORTS,
    )


def _used(number: int) -> Rack:
    """Between one and eight servers of 1 U stand in the rack at a height of its own."""
    rack = _empty(number)
    if number % 3:
        return rack
    low, servers = 5 + number * 7 % 23, 1 + number * 5 % 8
    top = rack.front[0].units
    free = (Span(1, low - 1), Span(low + servers, top - low - servers + 1))
    draw_w = servers * (300.0 + number % 7 * 30)
    assert rack.power_w is not None
    assert rack.cooling_w is not None
    assert rack.load_kg is not None
    return replace(
        rack,
        front=free,
        rear=free,
        power_w=rack.power_w - draw_w,
        cooling_w=rack.cooling_w - draw_w,
        load_kg=rack.load_kg - servers * 16,
        ports={kind: n - DUAL[kind] * servers for kind, n in PORTS.items()},
        open=True,
    )


def _classes(share: float) -> tuple[DeviceClass, ...]:
    return tuple(
        DeviceClass(name, units, round(count * share), watts, kg, ports=DUAL, apart=APART.get(name, ()))
        for name, units, watts, kg, count in MIX
    )


def _busways(classes: tuple[DeviceClass, ...]) -> tuple[Shared, ...]:
    """Each row is on a busway as its only feed; two in three carry less than its racks may draw."""
    draws = tuple(device.draw_w for device in classes)
    rows: dict[str, list[str]] = {}
    for number in range(RACKS):
        rows.setdefault(_empty(number).row, []).append(f"r{number + 1:03}")
    return tuple(
        Shared(f"busway of {row}", BUSWAY_W[at % 3], dict.fromkeys(names, draws))
        for at, (row, names) in enumerate(rows.items())
    )


def _with_phases(rack: Rack, classes: tuple[DeviceClass, ...]) -> Rack:
    """Both feeds alike: one stands for both. The switches at the top are on one phase each."""
    each = [
        tuple(tuple(c.draw_w * (u % 3 == at) for u in range(HEIGHT + 1)) for c in classes) for at in range(3)
    ]
    rooms = (PHASE_W - LEAF_W, PHASE_W - LEAF_W, PHASE_W - OOB_W)
    phases = tuple(Phase(f"L{at + 1}", rooms[at], each[at], "a", f"L{at + 1}") for at in range(3))
    return replace(rack, phases=phases)


def placement() -> None:
    """Two lines a case."""
    empty, used = (tuple(map(make, range(RACKS))) for make in (_empty, _used))
    cases = (
        ("empty", Problem(empty, _classes(1.08))),
        ("used", Problem(used, _classes(1.0))),
        ("shared", Problem(empty, _classes(0.9), shared=_busways(_classes(0.9)))),
        ("phases", Problem(tuple(_with_phases(rack, _classes(1.08)) for rack in empty), _classes(1.08))),
    )
    for name, problem in cases:
        begun, cpu = time.monotonic(), time.process_time()
        found = place(problem)
        spent, cpu = time.monotonic() - begun, time.process_time() - cpu
        devices = sum(c.count for c in problem.classes)
        left = sum(item.count for item in found.left)
        draw_w = sum(c.draw_w * c.count for c in problem.classes)
        spent = f"{spent:.1f} s ({cpu:.1f} CPU-s)"
        opened = f"{len(found.opened)} opened, bound {found.bounds.opened}, gap {found.gap_percent:.2f} %"
        stranded = f"{found.stranded_w / 1000:.1f} kW, bound {found.bounds.stranded_w / 1000:.1f} kW"
        stopped = "; stopped by time" if found.stopped else ""
        print(f"{name}: {devices} devices, {draw_w / 1e6:.2f} MW, {RACKS} racks, {left} left out: {spent}")
        print(f"  racks: {opened}; stranded: {stranded}{stopped}")
