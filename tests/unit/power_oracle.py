"""What a graph does under failures, by the plainest code: everything anew for every set of failures.

Shares nothing with `igoudar.power` but its values. A failure is ("unit", name), ("feed", rack, letter) or
("psu", rack, device, position); a thing of a unit of several may fail as often as there are things.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from igoudar.power import Graph, Unit

Failure = tuple[str, ...] | tuple[str, str, str, int]


@dataclass(frozen=True)
class Outcome:
    """W lost by device, and load and limit of what is overloaded: units, loops and `rack/feed`."""

    lost: dict[tuple[str, str], float]
    over: dict[str, tuple[float, float]]


def all_failures(graph: Graph) -> Iterator[Failure]:
    """Each thing that may fail; units with several things once for each."""
    for unit in graph.units:
        for _ in range(unit.count):
            yield ("unit", unit.name)
    for rack in graph.racks:
        for letter, _ in rack.feeds:
            yield ("feed", rack.name, letter)
        for device in rack.devices:
            for at in range(len(device.psus)):
                yield ("psu", rack.name, device.name, at)


class World:
    def __init__(self, graph: Graph, failed: Iterable[Failure]) -> None:
        self.graph = graph
        self.failed = Counter(failed)
        self.units = {unit.name: unit for unit in graph.units}
        self.live: dict[str, bool] = {}
        self.drawn: dict[str, float] = {}
        self.loads: dict[str, float] = {}
        self.device_feeds: dict[tuple[str, str], list[str]] = {}
        for rack in graph.racks:
            feeds = dict(rack.feeds)
            for device in rack.devices:
                alive = []
                for at, psu in enumerate(device.psus):
                    dead = self.failed["psu", rack.name, device.name, at]
                    dead = dead or self.failed["feed", rack.name, psu.feed]
                    if not dead and self.lives(feeds[psu.feed]):
                        alive.append(psu.feed)
                self.device_feeds[rack.name, device.name] = alive if len(alive) >= device.psus_needed else []

    def left(self, unit: Unit) -> int:
        return max(0, unit.count - self.failed["unit", unit.name])

    def lives(self, name: str) -> bool:
        if name not in self.live:
            unit = self.units[name]
            needed = 1 if unit.cools else unit.needed
            fed = unit.power is None or any(self.lives(other) for other in unit.power.units)
            wet = unit.water is None or any(self.lives(other) for other in unit.water.units)
            self.live[name] = self.left(unit) >= needed and fed and wet
        return self.live[name]

    def part(self, consumer: Unit, supplier: str) -> float:
        """Of what the consumer draws, the share that comes from the supplier."""
        if consumer.power is None or supplier not in consumer.power.units or not self.lives(consumer.name):
            return 0.0
        alive = [name for name in consumer.power.units if self.lives(name)]
        if not consumer.power.together:
            return 1.0 if alive[0] == supplier else 0.0
        if supplier not in alive:
            return 0.0
        sizes = {name: self.units[name].limit_w * self.left(self.units[name]) for name in alive}
        if any(math.isinf(size) for size in sizes.values()):
            return 1 / len(alive)
        return sizes[supplier] / sum(sizes.values())

    def rack_feed(self, rack_name: str, letter: str) -> float:
        rack = next(rack for rack in self.graph.racks if rack.name == rack_name)
        total = 0.0
        for device in rack.devices:
            alive = self.device_feeds[rack.name, device.name]
            if alive:
                total += device.allocated_w * alive.count(letter) / len(alive)
        return total

    def load(self, name: str) -> float:
        if name not in self.loads:
            self.loads[name] = self._load(name)
        return self.loads[name]

    def _load(self, name: str) -> float:
        total = 0.0
        for unit in self.graph.units:
            if part := self.part(unit, name):
                total += part * self.draw(unit.name)
        for rack in self.graph.racks:
            total += sum(self.rack_feed(rack.name, letter) for letter, unit in rack.feeds if unit == name)
        return total

    def loss(self, name: str) -> float:
        unit = self.units[name]
        if not self.lives(name):
            return 0.0
        own = min(self.left(unit), unit.needed) * unit.draw_w
        return unit.loss_share * self.load(name) + unit.loss_fixed_w * self.left(unit) + own

    def draw(self, name: str) -> float:
        if name not in self.drawn:
            self.drawn[name] = self.load(name) + self.loss(name) if self.lives(name) else 0.0
        return self.drawn[name]

    def heat(self, loop: str) -> float:
        total = sum(self.loss(unit.name) for unit in self.graph.units if unit.heats == loop)
        for rack in self.graph.racks:
            for device in rack.devices:
                if self.device_feeds[rack.name, device.name]:
                    if rack.air == loop:
                        total += device.allocated_w * (1 - rack.liquid_share)
                    if rack.liquid == loop:
                        total += device.allocated_w * rack.liquid_share
        return total + sum(self.heat(other.name) for other in self.graph.loops if other.rejects_to == loop)

    def cold(self, loop: str) -> float:
        ambient = self.graph.ambient_c
        cooling = [unit for unit in self.graph.units if unit.cools == loop and self.lives(unit.name)]
        return sum(self.left(unit) * unit.cooling_w(ambient) for unit in cooling)


def outcome(graph: Graph, failed: Iterable[Failure]) -> Outcome:
    world = World(graph, failed)
    lost, over = {}, {}

    def judge(name: str, load: float, limit: float) -> None:
        if load > limit + 1e-6 + 1e-9 * load:
            over[name] = load, limit

    for rack in graph.racks:
        for device in rack.devices:
            if not world.device_feeds[rack.name, device.name]:
                lost[rack.name, device.name] = device.allocated_w
        for letter, limit in rack.feed_w:
            judge(f"{rack.name}/{letter}", world.rack_feed(rack.name, letter), limit)
    for unit in graph.units:
        if world.lives(unit.name) and not math.isinf(unit.limit_w):
            judge(unit.name, world.load(unit.name), unit.limit_w * world.left(unit))
    for loop in graph.loops:
        judge(loop.name, world.heat(loop.name), world.cold(loop.name))
    return Outcome(lost, over)
