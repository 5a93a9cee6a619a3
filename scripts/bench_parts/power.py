"""All single and double failures over many PSUs, for a site of every scheme; merged and not."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from igoudar.power import Device, Graph, Input, Loop, Psu, Rack, Source, Unit, analyse, lines

RACKS_A_ROW, ROWS_A_HALL = 20, 20
SERVERS, SERVER_W, SWITCHES, SWITCH_W = 24, 490.0, 2, 350.0
SCHEMES = ("N", "N+1", "2N", "distributed redundant", "block redundant")


@dataclass(frozen=True, slots=True)
class Size:
    """What a hall of so many racks must carry: `each` of `blocks` that share it, with `spare` blocks more."""

    racks: int

    @property
    def it_w(self) -> float:
        return self.racks * (SERVERS * SERVER_W + SWITCHES * SWITCH_W)

    def block_w(self, blocks: int) -> float:
        return self.it_w / blocks * 1.02


def power(psus: int, distinct: bool = False) -> None:
    """Seconds, what was computed and how much of it is said, by scheme."""
    for scheme in SCHEMES:
        graph = site(scheme, psus, distinct)
        begun, worked = time.monotonic(), time.process_time()
        report = analyse(graph)
        took, cpu = time.monotonic() - begun, time.process_time() - worked
        said = len(report.singles) + len(report.doubles) + len(report.crowds)
        short = lines(report, {unit.name: unit.kind for unit in graph.units})
        total = sum(len(device.psus) for rack in graph.racks for device in rack.devices)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        alike = ", each device of other watts" if distinct else ""
        print(f"{scheme}{alike}: {total} PSUs, {report.things} things, {report.pairs / 1e9:.1f}e9 pairs")
        print(
            f"  {took:.1f} s, {cpu:.1f} CPU-s; computed {report.evaluated[0]} singles and "
            f"{report.evaluated[1]} doubles; said in {said} rows, {len(short)} lines; peak {peak:.2f} GiB",
            flush=True,
        )


def site(scheme: str, psus: int, distinct: bool) -> Graph:
    """Halls of 400 racks behind one substation, as many as it takes."""
    racks = -(-psus // (2 * (SERVERS + SWITCHES)))
    units = [
        Unit(name="wind", kind="wind", source=Source(True, True, 0.5)),
        Unit(name="grid", kind="grid", source=Source(False, False)),
        Unit(name="station", kind="transformer", count=2, power=Input(("wind", "grid")), loss_share=0.005),
    ]
    found: list[Rack] = []
    loops: list[Loop] = []
    number = 0
    while racks > 0:
        number += 1
        own = min(racks, RACKS_A_ROW * ROWS_A_HALL)
        racks -= own
        more, held, loop = _hall(scheme, f"h{number}", own)
        units += more
        loops.append(loop)
        found += held
    if distinct:
        found = [_distinct(rack, at) for at, rack in enumerate(found)]
    return Graph(tuple(units), tuple(found), tuple(loops))


def _hall(scheme: str, hall: str, racks: int) -> tuple[list[Unit], list[Rack], Loop]:
    size, units = Size(racks), []  # type: Size, list[Unit]
    pairs = [("a", "b")]
    if scheme == "N":
        units, pairs = [*_block(hall, "a", size.block_w(1), 1)], [("a", "a")]
    elif scheme == "N+1":
        units, pairs = [*_block(hall, "a", size.block_w(1), 5)], [("a", "a")]
    elif scheme == "2N":
        units = [unit for side in "ab" for unit in _block(hall, side, size.block_w(1), 5)]
    elif scheme == "distributed redundant":
        units = [unit for side in "abcd" for unit in _block(hall, side, size.block_w(3), 1)]
        pairs = [(one, two) for one in "abcd" for two in "abcd" if one < two]
    else:
        units = [unit for side in "abcdr" for unit in _block(hall, side, size.block_w(4), 1)]
        power = {side: Input((f"{hall}-out-{side}", f"{hall}-out-r")) for side in "abcd"}
        units += [
            Unit(name=f"{hall}-sts-{side}", kind="sts", power=given, loss_share=0.005)
            for side, given in power.items()
        ]
        pairs = [("a", "b"), ("c", "d")]
    units += _cooling(hall, size, sorted({side for pair in pairs for side in pair}))
    busways, held = _rows(hall, racks, pairs, "sts" if scheme == "block redundant" else "out")
    return [*units, *busways], held, Loop(f"{hall}-air")


def _block(hall: str, side: str, watts: float, modules: int) -> Iterator[Unit]:
    """Transformer, board, UPS of `modules` (one of them spare where there are more), board."""
    needed = max(1, modules - 1)
    over = watts * 1.3  # losses and cooling hang on the same
    yield Unit(
        name=f"{hall}-tx-{side}", kind="transformer", power=Input(("station",)), capacity_w=over,
        loss_share=0.01, loss_fixed_w=3000.0, heats=f"{hall}-air",
    )  # fmt: skip
    yield Unit(name=f"{hall}-in-{side}", kind="board", power=Input((f"{hall}-tx-{side}",)), capacity_w=over)
    yield Unit(
        name=f"{hall}-ups-{side}", kind="ups", power=Input((f"{hall}-in-{side}",)), count=modules,
        needed=needed, capacity_w=watts / needed, loss_share=0.035, loss_fixed_w=1000.0, balances=True,
        heats=f"{hall}-air",
    )  # fmt: skip
    yield Unit(name=f"{hall}-out-{side}", kind="board", power=Input((f"{hall}-ups-{side}",)), capacity_w=over)


def _cooling(hall: str, size: Size, sides: list[str]) -> Iterator[Unit]:
    """Air handlers, one more than needed on each board."""
    each = size.it_w * 1.1 / 20
    count = -(-20 // len(sides))
    for side in sides:
        yield Unit(
            name=f"{hall}-crah-{side}", kind="crah", power=Input((f"{hall}-in-{side}",)), count=count + 1,
            needed=count, draw_w=each * 0.05, cools=f"{hall}-air", cooling=((45.0, each),),
            heats=f"{hall}-air",
        )  # fmt: skip


def _rows(hall: str, racks: int, pairs: list[tuple[str, str]], end: str) -> tuple[list[Unit], list[Rack]]:
    """Two busways a row, and its racks."""
    busways, held = [], []
    row_w = RACKS_A_ROW * Size(1).it_w
    servers = [
        Device(name=f"srv-{n}", allocated_w=SERVER_W, psus=(Psu("A"), Psu("B"))) for n in range(SERVERS)
    ]
    switches = [
        Device(name=f"leaf-{n}", allocated_w=SWITCH_W, psus=(Psu("A"), Psu("B"))) for n in range(SWITCHES)
    ]
    for row in range(-(-racks // RACKS_A_ROW)):
        sides = pairs[row % len(pairs)]
        feeds = []
        for letter, side in zip("AB", sides, strict=True):
            name = f"{hall}-bus-{row:02}{letter.lower()}"
            power = Input((f"{hall}-{end}-{side}",))
            busways.append(Unit(name=name, kind="busway", power=power, breaker_w=row_w * 1.05))
            feeds.append((letter, name))
        held += [
            Rack(
                name=f"{hall}-{row:02}-{n:02}",
                feeds=tuple(feeds),
                devices=(*servers, *switches),
                feed_w=(("A", 17_700.0), ("B", 17_700.0)),
                air=f"{hall}-air",
            )
            for n in range(min(RACKS_A_ROW, racks - row * RACKS_A_ROW))
        ]
    return busways, held


def _distinct(rack: Rack, at: int) -> Rack:
    """The same with watts that no other device has: nothing is alike but what it hangs on."""
    devices = tuple(
        replace(device, allocated_w=device.allocated_w - (at * 30 + n) / 1000)
        for n, device in enumerate(rack.devices)
    )
    return replace(rack, devices=devices)
