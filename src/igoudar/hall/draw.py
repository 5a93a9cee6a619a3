"""What a device draws, weighs and fits, and who says so: itself, the overrides of its type, its type."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from igoudar.hall.places import USUAL_IN, Cooling, Rack
from igoudar.hardware.parts import DeviceType, Inlet
from igoudar.model import Device, Inventory


@dataclass(frozen=True, slots=True)
class Draw:
    """`allocated_w` is what checks count; None where nobody says it. `cap_w`: what its PSUs can give.

    `psus` inlets, of which `needed` carry it.
    """

    allocated_w: float | None
    cap_w: float | None
    psus: int
    needed: int


def draw_of(inventory: Inventory, device: Device) -> Draw:
    kind = inventory.types[device.type]
    psus, needed = psus_of(inventory, device.type)
    ratings = [inlet.maximum_w for inlet in kind.parts.inlets]
    known = [rating for rating in ratings if rating is not None]
    cap = needed * min(known) if known and len(known) == psus else None
    return Draw(_allocated(inventory, device, kind, needed), cap, psus, needed)


def psus_of(inventory: Inventory, slug: str) -> tuple[int, int]:
    """How many inlets a type has, and how many of them carry it."""
    facts, psus = inventory.facts.get(slug), len(inventory.types[slug].parts.inlets)
    return psus, (facts.psus_needed if facts else None) or max(1, psus // 2)


def feeds_of(letters: Sequence[str], psus: int) -> tuple[str, ...]:
    """The feed of each PSU: they alternate over those of the rack in the order of letters."""
    return tuple(letters[at % len(letters)] for at in range(psus)) if letters else ()


@dataclass(slots=True)
class Draws:
    """What devices draw; alike ones alike, and there may be half a million: each type is looked up once."""

    inventory: Inventory
    _types: dict[str, Draw] = field(default_factory=dict)

    def of(self, device: Device) -> Draw:
        if device.type not in self._types:
            self._types[device.type] = draw_of(self.inventory, replace(device, draw_w=None))
        known = self._types[device.type]
        return known if device.draw_w is None else replace(known, allocated_w=device.draw_w)


def left_w(power_w: float | None, draws: Sequence[float | None]) -> float:
    """What those are counted with of whom nobody says what they draw: all that the rack may draw beside."""
    if power_w is None or None not in draws:
        return 0.0
    return max(0.0, power_w - known_w(draws))


def known_w(draws: Iterable[float | None]) -> float:
    return sum((watts for watts in draws if watts is not None), 0.0)


def drawn_w(power_w: float | None, draws: Sequence[float | None]) -> float:
    """What a rack counts as now: what is known; with a gap all that it may draw, and never less than that."""
    return known_w(draws) + left_w(power_w, draws)


def built_w(power_w: float | None, draws: Sequence[float | None]) -> float:
    """What a rack is built for: what it may draw, and never less than what is known to stand in it."""
    return max(known_w(draws), power_w or 0.0)


def cooling_of(inventory: Inventory, rack: Rack) -> tuple[Cooling | None, float | None]:
    """How heat leaves a rack, its own way or its hall's, and how many W that can carry off."""
    way = rack.cooling or inventory.halls[rack.hall].cooling
    return way, inventory.limits.rack_w.get(way) if way else None


def most_entering(inventory: Inventory, rack: Rack, what: str) -> int | None:
    """How many `cords` or `cables` may lead into a rack, of its type or of any; None where nobody says it."""
    own: int | None = getattr(inventory.rack_types.get(rack.type), what, None)
    general: int | None = getattr(inventory.limits, what)
    return general if own is None else own


def _allocated(inventory: Inventory, device: Device, kind: DeviceType, needed: int) -> float | None:
    facts = inventory.facts.get(device.type)
    if device.draw_w is not None:
        return device.draw_w
    if facts is not None and facts.allocated_w is not None:
        return facts.allocated_w
    stated = stated_at(kind.parts.inlets)
    return None if stated is None else (kind.parts.inlets[stated].allocated_w or 0.0) * needed


def stated_at(inlets: Sequence[Inlet]) -> int | None:
    """Which inlet states the most draw; None where none does.

    PSUs are redundant: a file states at each what it draws when the others are gone. What the device draws is
    that of as many as it needs, never the sum of all.
    """
    stated = [(watts, -at) for at, inlet in enumerate(inlets) if (watts := inlet.allocated_w) is not None]
    return -max(stated)[1] if stated else None


def weight_of(inventory: Inventory, device: Device) -> float | None:
    """In kg; None where nobody says it."""
    facts = inventory.facts.get(device.type)
    return facts.kg if facts is not None and facts.kg is not None else inventory.types[device.type].kg


def widths_of(inventory: Inventory, slug: str) -> tuple[int, ...]:
    """Between which rails devices of a type stand, in inches."""
    facts = inventory.facts.get(slug)
    return facts.widths_in if facts else (USUAL_IN,)


def airflow_of(inventory: Inventory, device: Device) -> str:
    """NetBox's word such as `front-to-rear`; empty where nobody says it."""
    facts = inventory.facts.get(device.type)
    return (facts.airflow if facts else "") or inventory.types[device.type].airflow
