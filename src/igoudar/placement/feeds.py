"""Which devices stay on with one feed of their rack: of those that do not, no number fits. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from igoudar.errors import Finding, Severity
from igoudar.hall import draw
from igoudar.hall.places import Rack as Standing
from igoudar.model import Inventory
from igoudar.placement.problem import DeviceClass, Problem, Rack
from igoudar.placement.request import DevicesIn, RequestFile
from igoudar.waivers import waive

PROMISED, TWICE = 3, 4  # classes that allow no overload and no loss with one thing out, and with two
WORDS = {
    "no-feed": "a rack with feeds",
    "feed-alone-loses": "each feed alone keeps it on",
    "single-loss": "two feeds a rack",
}


def psus_in(inventory: Inventory, slug: str, letters: tuple[str, ...]) -> tuple[tuple[str, ...], int]:
    """The feeds of its PSUs and how many it needs; without any, it hangs on all feeds of the rack."""
    psus, needed = draw.psus_of(inventory, slug)
    return (draw.feeds_of(letters, psus), needed) if psus else (letters, 1)


def with_bars(inventory: Inventory, request: RequestFile, problem: Problem, today: date) -> Problem:
    """The same, where racks bar what one of their feeds alone would not keep on, save what is waived."""
    if not inventory.plant.units:
        return problem
    racks = tuple(
        replace(rack, barred=dict(_barred(inventory, request, problem, (rack, today))))
        for rack in problem.racks
    )
    return replace(problem, racks=racks)


def _barred(
    inventory: Inventory, request: RequestFile, problem: Problem, at: tuple[Rack, date]
) -> Iterator[tuple[str, str]]:
    rack, today = at
    there = inventory.racks[rack.name]
    for entry, device in zip(request.devices, problem.classes, strict=True):
        code = _code(inventory, there, entry, device)
        if code and _stands(inventory, Finding(code, there.where, "", subject=f"rack {rack.name}"), today):
            yield device.name, WORDS[code]


def _code(inventory: Inventory, rack: Standing, entry: DevicesIn, device: DeviceClass) -> str:
    """What `check` would find; empty where one feed may fail."""
    letters = tuple(sorted(rack.feeds))
    if not letters:
        return "no-feed"
    if len(letters) == 1:
        promised = (inventory.halls[rack.hall].availability or 0) >= PROMISED
        return "single-loss" if promised and device.draw_w else ""
    psus, needed = psus_in(inventory, entry.type, letters)
    return "feed-alone-loses" if any(psus.count(letter) < needed for letter in letters) else ""


def _stands(inventory: Inventory, finding: Finding, today: date) -> bool:
    """Nobody answers for it."""
    meant = [w for w in inventory.waivers if (w.code, w.object) == (finding.code, finding.subject)]
    return waive([finding], meant, today)[0].severity is Severity.ERROR
