"""Phases while something is out: of tap-offs, and of units up to where one balances them."""

from __future__ import annotations

from collections.abc import Iterator

from igoudar.power.flow import State, slack
from igoudar.power.graph import LEGS, Graph
from igoudar.power.loads import Legs, alive_feeds, by_feed, scaled, unit_legs
from igoudar.power.report import Overload

Place = tuple[str, str, str]
"""A rack with a feed, or a unit with "", and a phase."""


class Phases:
    """Of the racks of a graph; nothing where no PSU is on a phase that anybody knows."""

    def __init__(self, graph: Graph) -> None:
        legged = any(psu.leg for rack in graph.racks for device in rack.devices for psu in device.psus)
        self._racks = sorted(graph.racks, key=lambda rack: rack.name) if legged else []
        self._known: dict[tuple[str, frozenset[str]], dict[str, Legs]] = {}

    def over(self, state: State) -> dict[Place, Overload]:
        """Phases that carry more than a third of what all three may, as `state` is, where these together
        carry no more than that. In W."""
        found, feeds = dict[Place, Overload](), list[tuple[str, Legs]]()
        for rack in self._racks:
            alive = alive_feeds(state, rack)
            key = rack.name, alive
            if key not in self._known:
                self._known[key] = by_feed(rack, alive)
            units, racks = dict(rack.feeds), (rack.name, *rack.more)
            for letter, legs in self._known[key].items():
                feeds.append((units[letter], scaled(legs, len(racks))))
                most_w = rack.limit_w(letter)
                for leg, w in _over(legs, most_w):
                    limit_w = (most_w or 0.0) / 3
                    found[rack.name, letter, leg] = Overload(f"{letter} on {leg}", w, limit_w, racks)
        for at, legs in enumerate(unit_legs(state, feeds) if feeds else ()):
            name, limit_w = state.units[at].name, state.reading(at)[1]
            for leg, w in _over(legs, limit_w):
                found[name, "", leg] = Overload(f"{leg} of {name}", w, limit_w / 3)
        return found


def _over(legs: Legs, limit_w: float | None) -> Iterator[tuple[str, float]]:
    if limit_w is None or sum(legs) - limit_w > slack(limit_w):
        return
    for leg, w in zip(LEGS, legs, strict=True):
        if w - limit_w / 3 > slack(w):
            yield leg, w
