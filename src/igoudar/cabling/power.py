"""Power cords: from the inlets of PSUs to the outlets of the rPDUs of their rack.

A cord stays in its rack, so it meets no tray and no cable for data there. Which feed a PSU is on follows from
its cord; without one PSUs alternate over the feeds of the rack.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from igoudar.cabling.fit import Misfit, Wish, long_enough
from igoudar.cabling.goods import PowerCord
from igoudar.cabling.laid import Pull, Pulls, wrong
from igoudar.cabling.route import Mount, Route, Router
from igoudar.errors import Finding, nearest
from igoudar.hall.levels import number_at
from igoudar.hardware.parts import Inlet, Outlet
from igoudar.model import Cable, End, Inventory

Sockets = Mapping[str, Inlet | Outlet]


def sockets_of(inventory: Inventory) -> dict[str, Sockets]:
    """Slug of a device type -> its inlets and outlets by name."""
    found: dict[str, Sockets] = {}
    for slug, kind in inventory.types.items():
        parts: list[Inlet | Outlet] = [*kind.parts.inlets, *kind.parts.outlets]
        found[slug] = {part.name: part for part in parts}
    return found


def power_kinds(inventory: Inventory) -> dict[str, dict[str, str]]:
    """Slug of a device type -> inlet or outlet -> NetBox's type of it."""
    return {slug: {n: s.type for n, s in own.items()} for slug, own in sockets_of(inventory).items()}


def cords_apart(inventory: Inventory) -> Inventory:
    """With cords of their own: what people wrote among the cables, and has an end for power."""
    sockets = sockets_of(inventory)
    cords = {
        key: cable
        for key, cable in inventory.cables.items()
        if any(_socket(inventory, sockets, end) for end in (cable.a, cable.b))
    }
    cables = {key: cable for key, cable in inventory.cables.items() if key not in cords}
    return replace(inventory, cables=cables, cords=cords) if cords else inventory


def _socket(inventory: Inventory, sockets: Mapping[str, Sockets], end: End) -> Inlet | Outlet | None:
    device = inventory.devices.get(end.device)
    return sockets.get(device.type, {}).get(end.port) if device else None


@dataclass(frozen=True, slots=True)
class Plugged:
    """A PSU's inlet on an outlet: feed of the rack, and phase where the outlet's type says it."""

    feed: str
    leg: str


def plugged(inventory: Inventory) -> dict[End, Plugged]:
    """By inlet; of cords that are wrong, nothing."""
    sockets, found = sockets_of(inventory), dict[End, Plugged]()
    for cord in inventory.cords.values():
        for inlet, outlet in ((cord.a, cord.b), (cord.b, cord.a)):
            there = _socket(inventory, sockets, outlet)
            if isinstance(there, Outlet) and isinstance(_socket(inventory, sockets, inlet), Inlet):
                feed = inventory.devices[outlet.device].feed
                if feed:
                    found[inlet] = Plugged(feed, str(there.leg or ""))
    return found


def without_outlet(inventory: Inventory) -> dict[str, list[End]]:
    """Rack -> inlets that no cord reaches, of racks that have rPDUs."""
    racks = {device.rack for device in inventory.devices.values() if device.feed}
    found: dict[str, list[End]] = defaultdict(list)
    if not racks:
        return found
    reached = {end for cord in inventory.cords.values() for end in (cord.a, cord.b)}
    for device in inventory.devices.values():
        if device.rack in racks and not device.feed:
            inlets = inventory.types[device.type].parts.inlets
            ends = (End(device.name, inlet.name) for inlet in inlets)
            found[device.rack] += [end for end in ends if end not in reached]
    return {rack: bare for rack, bare in found.items() if bare}


def cord_pulls(inventory: Inventory) -> Pulls:
    """Of all power cords, in the order of the inventory."""
    return _Cords(inventory).all()


@dataclass(slots=True)
class _Cords:
    inventory: Inventory
    findings: list[Finding] = field(default_factory=list)
    sockets: Mapping[str, Sockets] = field(default_factory=dict)
    router: Router | None = None

    def __post_init__(self) -> None:
        self.sockets = sockets_of(self.inventory)
        if self.inventory.cabling is not None:
            self.router = Router(self.inventory.cabling, self.inventory.goods.size)

    def all(self) -> Pulls:
        pulls = {key: self._pull(cable) for key, cable in self.inventory.cords.items()}
        return Pulls(pulls, tuple(self.findings))

    def _pull(self, cable: Cable) -> Pull:
        found = self._ends(cable)
        if isinstance(found, Misfit):
            self.findings.append(wrong(cable, found))
            return Pull(cable, None, None, None)
        (inlet, _), (outlet, there) = found
        cord = self._chosen(cable, found)
        if isinstance(cord, Misfit):
            self.findings.append(wrong(cable, cord))
            return Pull(cable, None, None, None)
        route = self._route(inlet, (outlet, there))
        if cord is None or (route is None and cable.length_m is None):
            return Pull(cable, route, None, None, power=cord)
        need = route.length_m if route else 0.0
        length = long_enough(cord.stock_m, cord.name, need, Wish(length_m=cable.length_m))
        if isinstance(length, Misfit):
            self.findings.append(wrong(cable, length))
            return Pull(cable, route, None, None, power=cord)
        return Pull(cable, route, None, length, power=cord)

    def _ends(self, cable: Cable) -> tuple[tuple[End, Inlet], tuple[End, Outlet]] | Misfit:
        """Inlet first. What has other ends, leaves its rack or has trays is wrong."""
        a, b = (_socket(self.inventory, self.sockets, end) for end in (cable.a, cable.b))
        racks = [self.inventory.devices[end.device].rack for end in (cable.a, cable.b)]
        if racks[0] != racks[1]:
            said = f"it leads from rack {racks[0]} to rack {racks[1]}"
            return Misfit("cord-leaves-rack", said, "an outlet in the rack of the device")
        if cable.trays:
            said = f"it carries power, and lies in {', '.join(cable.trays)}"
            return Misfit("cord-in-tray", said, "no trays: a cord stays in its rack, apart from data")
        if isinstance(a, Inlet) and isinstance(b, Outlet):
            return (cable.a, a), (cable.b, b)
        if isinstance(b, Inlet) and isinstance(a, Outlet):
            return (cable.b, b), (cable.a, a)
        which = "inlets" if isinstance(a, Inlet) else "outlets"
        return Misfit("no-outlet", f"both ends are {which}", "an inlet and an outlet")

    def _chosen(
        self, cable: Cable, ends: tuple[tuple[End, Inlet], tuple[End, Outlet]]
    ) -> PowerCord | Misfit | None:
        """The one that is asked for, else the first that fits. None where nothing is known of any."""
        (_, inlet), (_, outlet) = ends
        known = self.inventory.goods.power_cords
        wish = cable.cord or cable.medium
        if not known:
            return None
        if wish and wish not in known:
            expected = f"one of {', '.join(sorted(known))}"
            return Misfit("unknown-cord", f"there is no power cord {wish!r}", expected, nearest(wish, known))
        among = [known[wish]] if wish else known.values()
        for cord in among:
            if cord.inlet == inlet.type and outlet.type in cord.outlets:
                return cord
        said = f"{wish or 'no power cord'} joins {inlet.type} to {outlet.type}"
        said = f"{wish} does not join {inlet.type} to {outlet.type}" if wish else said
        taken = sorted({into for cord in known.values() if cord.inlet == inlet.type for into in cord.outlets})
        expected = f"an outlet of {', '.join(taken)}" if taken else "a cord in inventory/data/cabling.yaml"
        return Misfit("wrong-connector", said, expected)

    def _route(self, inlet: End, outlet: tuple[End, Outlet]) -> Route | None:
        if self.router is None:
            return None
        device = self.inventory.devices[inlet.device]
        rack = self.inventory.racks[device.rack]
        units = self.inventory.types[device.type].units
        route = self.router.route(Mount(rack, device.u, units), Mount(rack, self._beside(*outlet)))
        return route if isinstance(route, Route) else None

    def _beside(self, end: End, outlet: Outlet) -> float:
        """The U that an outlet is at: outlets of what stands beside the U are spread evenly over the rack."""
        device = self.inventory.devices[end.device]
        if device.u:
            return device.u
        names = [o.name for o in self.inventory.types[device.type].parts.outlets]
        rack = self.inventory.racks[device.rack]
        low = round(names.index(outlet.name) * (rack.height - 1) / max(1, len(names) - 1))
        return number_at(rack, low, 1)
