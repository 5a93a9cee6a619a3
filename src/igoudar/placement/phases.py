"""Which phase of a feed a new device loads, by the U where it stands: rules give it outlets by it. Pure.

What a rule leaves to the ledger, and what has no cord, is taken as a third on each phase.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from igoudar.cabling.trays import Among, CordRule
from igoudar.hall.levels import number_at
from igoudar.hall.places import Rack as SiteRack
from igoudar.model import Device, Inventory
from igoudar.placement.feeds import psus_in
from igoudar.placement.problem import DeviceClass, Phase
from igoudar.placement.request import DevicesIn, RequestFile
from igoudar.power import FeedLoad
from igoudar.power.graph import LEGS

EVENLY = (1 / 3, 1 / 3, 1 / 3)
Legs = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Outlets:
    """Of the rPDUs of racks. `classes` are the entries of the request as the search has them."""

    inventory: Inventory
    request: RequestFile
    classes: Sequence[DeviceClass]

    def phases(
        self, rack: SiteRack, standing: Sequence[Device], fed: tuple[Sequence[FeedLoad], Mapping[str, float]]
    ) -> tuple[Phase, ...]:
        """Nothing where no rule says a phase. `fed`: the feeds as they are, and what each tap-off carries."""
        feeds, limits = fed
        known = self._by_letter(standing)
        held = {device.u for device in standing if device.u}  # in front or behind: they have the outlets
        places = [self._places(rack, entry, known, held) for entry in self.request.devices] if known else []
        if not any(places):
            return ()
        return tuple(
            Phase(
                what=f"{leg} of feed {feed.feed}",
                room_w=round(limits.get(feed.feed, math.inf) / 3 - feed.alone_legs_w[at], 6),
                each=tuple(self._each(rack, feed.feed, number, places, at) for number in range(len(places))),
                unit=feed.unit,
                leg=leg,
            )
            for feed in feeds
            for at, leg in enumerate(LEGS)
        )

    def _each(
        self, rack: SiteRack, letter: str, number: int, places: Sequence[Mapping[str, list[Legs]]], leg: int
    ) -> tuple[float, ...]:
        """W of a device at each U, with this feed alone."""
        entry, device = self.request.devices[number], self.classes[number]
        psus, needed = psus_in(self.inventory, entry.type, tuple(sorted(rack.feeds)))
        on = psus.count(letter)
        if on < needed:
            return (0.0,) * (rack.height + 1)
        by_u = places[number].get(letter)
        if by_u is None:
            return (device.draw_w / 3,) * (rack.height + 1)
        return tuple(device.draw_w * shares[leg] for shares in by_u)

    def _by_letter(self, standing: Sequence[Device]) -> dict[str, dict[str, str]]:
        """Feed -> outlet of its one rPDU -> phase."""
        found: dict[str, dict[str, str]] = {}
        for device in standing:
            if device.feed:
                outlets = self.inventory.types[device.type].parts.outlets
                legs = {outlet.name: str(outlet.leg or "") for outlet in outlets}
                found[device.feed] = {} if device.feed in found else legs  # of two nobody knows which
        return {letter: legs for letter, legs in found.items() if any(legs.values())}

    def _places(
        self,
        rack: SiteRack,
        entry: DevicesIn,
        known: Mapping[str, Mapping[str, str]],
        held: Collection[float],
    ) -> dict[str, list[Legs]]:
        """Feed -> by U, from 0, how its load is shared among the phases; of feeds of which a rule says it."""
        rule = next((rule for rule in self._rules() if _about(rule.devices, entry, rack)), None)
        letters = tuple(sorted(rack.feeds))
        psus, _ = psus_in(self.inventory, entry.type, letters)
        if rule is None or not self.inventory.types[entry.type].parts.inlets:
            return {}
        units = self.inventory.types[entry.type].units
        own: dict[float, tuple[str, ...]] = {
            u: rule.onto[at * rule.each : (at + 1) * rule.each]
            for at, u in enumerate(rule.u)
            if u not in held
        }
        outlets = [own.get(number_at(rack, low, units), ()) for low in range(rack.height)]
        return {
            letter: [EVENLY, *(_legs(names, known[letter], psus.count(letter)) for names in outlets)]
            for letter in letters
            if letter in known
        }

    def _rules(self) -> Iterator[CordRule]:
        if self.inventory.cabling is not None:
            yield from self.inventory.cabling.cords


def _legs(outlets: Sequence[str], legs: Mapping[str, str], psus: int) -> Legs:
    """Shares of the phases, of as many PSUs on this feed."""
    found = [0.0, 0.0, 0.0]
    for at in range(psus):
        leg = legs.get(outlets[at], "") if at < len(outlets) else ""
        for number, name in enumerate(LEGS):
            found[number] += (1 / 3 if not leg else float(name == leg)) / psus
    return found[0], found[1], found[2]


def _about(among: Among, entry: DevicesIn, rack: SiteRack) -> bool:
    """Whether a rule is about a device of the class in this rack; new ones are of pod 1."""
    return (
        among.role in ("", entry.role)
        and (among.halls is None or rack.hall in among.halls)
        and among.row in ("", rack.row)
        and among.pod in (0, 1)
        and (not among.positions or rack.position in among.positions)
    )
