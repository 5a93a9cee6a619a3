"""What a rack draws from each feed and gives off as heat, as its record says it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from igoudar.facility.graph import Racks
from igoudar.model import Device
from igoudar.power import FeedLoad, feed_loads
from igoudar.power.graph import LEGS
from igoudar.quantities import POWER, shown

UNKNOWN = "unknown"


def drawn_and_given_off(racks: Racks, name: str, boxes: Sequence[Device]) -> dict[str, Any]:
    """`heat` by what takes it; `load` of each feed with all of them and alone, by phase where one is known.

    Unknown where nobody says what a device draws. All that is drawn becomes heat in the rack.
    """
    if any(racks.draw_w(box) is None for box in boxes):
        return {"heat": UNKNOWN, "load": dict.fromkeys(sorted(racks.inventory.racks[name].feeds), UNKNOWN)}
    rack = racks.rack(racks.inventory.racks[name], list(boxes))
    total = sum(racks.draw_w(box) or 0.0 for box in boxes)
    liquid = total * rack.liquid_share
    heat = {"air": _watts(total - liquid), **({"liquid": _watts(liquid)} if rack.liquid_share else {})}
    legs = {psu.feed for device in rack.devices for psu in device.psus if psu.leg}
    feeds = feed_loads(rack, {letter for letter, _ in rack.feeds})
    load = dict(
        line for feed in feeds for line in _load(feed, rack.limit_w(feed.feed), by_leg=feed.feed in legs)
    )
    return {"heat": heat, "load": load}


def _load(feed: FeedLoad, limit_w: float | None, *, by_leg: bool) -> Iterator[tuple[str, str]]:
    """`1.62 kW, alone 3.23 kW of 17.7 kW`."""
    of = "" if limit_w is None else f" of {_watts(limit_w)}"
    yield feed.feed, f"{_watts(feed.load_w)}, alone {_watts(feed.alone_w)}{of}"
    if by_leg:
        legs = zip(LEGS, feed.alone_legs_w, strict=True)
        of = "" if limit_w is None else f" of {_watts(limit_w / 3)} each"
        yield f"{feed.feed} alone", f"{', '.join(f'{leg} {_watts(watts)}' for leg, watts in legs)}{of}"


def _watts(watts: float) -> str:
    return shown(POWER, round(watts))
