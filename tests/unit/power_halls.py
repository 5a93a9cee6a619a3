"""Small halls of every scheme, drawn by a seed: with losses, cooling and limits near what they carry."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from igoudar.power import Device, Graph, Input, Loop, Psu, Rack, Source, Unit
from tests.unit.power_oracle import World

SCHEMES = ("N", "N+1", "2N", "distributed redundant", "block redundant", "wild")
WATTS = (0.0, 400.0, 490.0, 1200.0)


def on(*units: str, together: bool = False) -> Input:
    return Input(units, together)


def hall(scheme: str, seed: int) -> Graph:
    """The same graph for the same scheme and seed."""
    rng = Random(f"{scheme} {seed}")
    units, ends = _power(scheme, rng)
    units, loops = [*units, *_cooling(rng, [unit.name for unit in units])], _loops(rng)
    if loops:
        units = [replace(unit, heats=rng.choice(("", "air"))) for unit in units]
    else:
        units = [unit for unit in units if not unit.cools]
    racks = _racks(rng, ends, bool(loops))
    shuffled = rng.sample(units, len(units))
    return _limited(rng, Graph(tuple(shuffled), racks, loops, rng.choice((20.0, 30.0))))


def _power(scheme: str, rng: Random) -> tuple[list[Unit], list[tuple[str, ...]]]:
    """The chain, and the sets of units between which racks choose their feeds."""
    grid = Unit(name="grid", kind="grid", source=Source(False, True))
    wind = Unit(name="wind", kind="wind", source=Source(True, True, 0.5), count=rng.randint(1, 2))
    main = Unit(name="main", kind="board", power=on("wind", "grid", together=rng.random() < 0.5))
    start = [grid, wind, main]
    if scheme == "N":
        return [*start, *_block(rng, "a", on("main"), 1)], [("bus-a",)]
    if scheme == "N+1":
        return [*start, *_block(rng, "a", on("main"), 2)], [("bus-a",), ("bus-a", "main")]
    if scheme == "2N":
        other = Unit(
            name="main-b", kind="board", power=on("grid", "main") if rng.random() < 0.5 else on("grid")
        )
        sides = [*_block(rng, "a", on("main"), rng.randint(1, 2)), *_block(rng, "b", on("main-b"), 1)]
        return [*start, other, *sides], [("bus-a", "bus-b")]
    if scheme == "distributed redundant":
        blocks = [unit for name in "abc" for unit in _block(rng, name, on("main"), 1)]
        return [*start, *blocks], [("bus-a", "bus-b"), ("bus-b", "bus-c"), ("bus-a", "bus-c")]
    if scheme == "block redundant":
        blocks = [_ups(rng, f"ups-{name}", on("main"), 1) for name in ("a", "b", "r")]
        switches = [
            Unit(name=f"sts-{name}", kind="sts", power=on(f"ups-{name}", "ups-r"), loss_share=0.01)
            for name in "ab"
        ]
        return [*start, *blocks, *switches], [("sts-a",), ("sts-b",), ("sts-a", "sts-b")]
    return _wild(rng, start)


def _wild(rng: Random, start: list[Unit]) -> tuple[list[Unit], list[tuple[str, ...]]]:
    """Any graph without circles: parallel groups, switches of three inputs, rings, water."""
    units = [*start, Unit(name="tank", kind="tank", source=Source(True, True))]
    for n in range(rng.randint(3, 6)):
        before = [unit.name for unit in units if unit.kind != "tank"]
        chosen = rng.sample(before, rng.randint(1, min(3, len(before))))
        unit = _ups(rng, f"u{n}", Input((*chosen,), rng.random() < 0.3), rng.randint(1, 3))
        units.append(replace(unit, water=on("tank") if rng.random() < 0.1 else None))
    names = [unit.name for unit in units if unit.kind != "tank"]
    return units, [tuple(rng.sample(names, rng.randint(1, 3))) for _ in range(3)]


def _ups(rng: Random, name: str, power: Input, count: int) -> Unit:
    return Unit(
        name=name,
        kind="ups",
        power=power,
        count=count,
        needed=rng.randint(max(1, count - 1), count),
        loss_share=rng.choice((0.0, 0.04)),
        loss_fixed_w=rng.choice((0.0, 0.0, 50.0)),
        draw_w=rng.choice((0.0, 0.0, 0.0, 30.0)),
    )


def _block(rng: Random, name: str, power: Input, count: int) -> list[Unit]:
    transformer = _ups(rng, f"tx-{name}", power, 1)
    ups = _ups(rng, f"ups-{name}", on(f"tx-{name}"), count)
    return [transformer, ups, Unit(name=f"bus-{name}", kind="busway", power=on(f"ups-{name}"))]


def _cooling(rng: Random, boards: list[str]) -> list[Unit]:
    boards = [name for name in boards if name != "tank"]
    found = [
        Unit(name="tower-water", kind="main", source=Source(True, True)),
        Unit(
            name="tower", kind="cooler", power=on(rng.choice(boards)), cools="out", count=rng.randint(1, 2),
            cooling=((20.0, 9000.0), (40.0, 5000.0)), draw_w=200.0, heats="out",
            water=on("tower-water") if rng.random() < 0.5 else None,
        ),
    ]  # fmt: skip
    for n in range(rng.randint(1, 2)):
        fed = on(*rng.sample(boards, rng.randint(1, 2)))
        count = rng.randint(1, 2)
        found.append(
            Unit(
                name=f"crah-{n}",
                kind="crah",
                power=fed,
                cools="air",
                count=count,
                needed=rng.randint(1, count),
                cooling=((50.0, rng.choice((800.0, 2000.0, 4000.0))),),
                draw_w=rng.choice((0.0, 100.0)),
                heats="air",
            )
        )
    return found


def _loops(rng: Random) -> tuple[Loop, ...]:
    return (Loop("air", "out"), Loop("out")) if rng.random() < 0.6 else ()


def _racks(rng: Random, ends: list[tuple[str, ...]], cooled: bool) -> tuple[Rack, ...]:
    """One to four, some of them like the one before."""
    racks = [_rack(rng, 0, ends, cooled)]
    for n in range(1, rng.choice((1, 2, 2, 3, 4))):
        alike = replace(racks[-1], name=f"r{n}")
        racks.append(alike if rng.random() < 0.4 else _rack(rng, n, ends, cooled))
    return tuple(racks)


def _rack(rng: Random, n: int, ends: list[tuple[str, ...]], cooled: bool) -> Rack:
    feeds = tuple(zip("ABC", rng.choice(ends), strict=False))
    letters = [letter for letter, _ in feeds]
    devices = []
    for at in range(rng.choice((1, 1, 2, 2, 3))):
        psus = [
            letters[(at * (rng.random() < 0.2) + place) % len(letters)] for place in range(rng.randint(1, 3))
        ]
        needed = 1 if rng.random() < 0.7 else rng.randint(1, len(psus))
        w = rng.choice(WATTS)
        devices.append(Device(name=f"d{at}", allocated_w=w, psus=tuple(map(Psu, psus)), psus_needed=needed))
    limits = {letter: rng.choice((None, 800.0, 1500.0, 3000.0)) for letter in letters}
    if rng.random() < 0.5:
        limits = dict.fromkeys(letters, limits["A"])
    feed_w = tuple((letter, w) for letter, w in limits.items() if w is not None)
    heat = {"air": "air", "liquid": rng.choice(("", "out")), "liquid_share": rng.choice((0.0, 0.7))}
    return Rack(name=f"r{n}", feeds=feeds, devices=tuple(devices), feed_w=feed_w, **(heat if cooled else {}))  # type: ignore[arg-type]


def _limited(rng: Random, graph: Graph) -> Graph:
    """With limits near the load, so that some are exceeded by one failure, some by two, some by PSUs."""
    world = World(graph, ())
    units = []
    for unit in graph.units:
        load = world.load(unit.name) / unit.count
        factor = rng.choice((0.9, 1.0, 1.1, 1.34, 1.7, 2.0, 2.5, None))
        limit = None if factor is None else max(load, 300.0) * factor
        by_va = rng.random() < 0.3
        if by_va and limit is not None:
            units.append(replace(unit, capacity_va=limit / 0.9, power_factor=0.9))
        else:
            units.append(replace(unit, capacity_w=limit, breaker_w=rng.choice((None, None, limit))))
    return replace(graph, units=tuple(units))
