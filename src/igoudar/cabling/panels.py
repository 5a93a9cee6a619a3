"""Paths through patch panels: from front to rear, over a trunk, from rear to front, to the next device.

A port of a panel is written `panel/front/NAME` or `panel/rear/NAME`, since both sides often have the same
names. The pieces of a path are cables to pull; all of them together are the link between its two devices, by
which reach and loss are judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from igoudar.errors import Finding
from igoudar.hardware.parts import DeviceType, Passive
from igoudar.model import Cable, CableStatus, End, Inventory

FRONT, REAR = "front/", "rear/"


def panel_kinds(inventory: Inventory) -> dict[str, dict[str, str]]:
    """Slug of a device type -> port of a panel -> NetBox's type of it."""
    return {slug: {n: p.type for n, p in ports_of(kind).items()} for slug, kind in inventory.types.items()}


def all_ports(inventory: Inventory) -> dict[str, dict[str, str]]:
    """Slug of a device type -> port, of a panel or not -> NetBox's type of it."""
    panels = panel_kinds(inventory)
    return {
        slug: {i.name: i.kind for i in k.interfaces} | panels[slug] for slug, k in inventory.types.items()
    }


def ports_of(kind: DeviceType) -> dict[str, Passive]:
    fronts = {f"{FRONT}{port.name}": port for port in kind.parts.fronts}
    return fronts | {f"{REAR}{port.name}": port for port in kind.parts.rears}


def with_links(inventory: Inventory) -> tuple[Inventory, list[Finding]]:
    """Written cables to panels as pieces, and the links that they make in their place."""
    kinds = panel_kinds(inventory)
    pieces = {
        key: cable
        for key, cable in inventory.cables.items()
        if any(_is_panel(inventory, kinds, end) for end in (cable.a, cable.b))
    }
    if not pieces:
        return inventory, []
    tracer = _Tracer(inventory, kinds, pieces)
    rest = {key: cable for key, cable in inventory.cables.items() if key not in pieces}
    links = {link.key: link for link in tracer.links()}
    return replace(inventory, cables={**rest, **links}, pieces=pieces), tracer.findings


def _is_panel(inventory: Inventory, kinds: Mapping[str, Mapping[str, str]], end: End) -> bool:
    """Meant to be one; whether the panel has such a port is told of like any other port."""
    device = inventory.devices.get(end.device)
    return device is not None and end.port.startswith((FRONT, REAR)) and bool(kinds.get(device.type))


@dataclass(slots=True)
class _Tracer:
    inventory: Inventory
    kinds: Mapping[str, Mapping[str, str]]
    pieces: Mapping[str, Cable]
    findings: list[Finding] = field(default_factory=list)
    at: dict[End, Cable] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for cable in self.pieces.values():
            self.at |= {cable.a: cable, cable.b: cable}

    def links(self) -> Iterator[Cable]:
        """Each path once, from the end that sorts first; one that ends in a panel is no link yet."""
        for cable in self.pieces.values():
            for end in (cable.a, cable.b):
                if _is_panel(self.inventory, self.kinds, end):
                    continue
                far, path = self._trace(end)
                if far is not None and end < far:
                    yield self._link(end, far, path)

    def _trace(self, start: End) -> tuple[End | None, list[Cable]]:
        """The device at the other end, or None where nothing goes on, and the pieces on the way."""
        path: list[Cable] = []
        lanes: list[int] = []  # positions in the trunks that the path is in
        end = start
        while True:
            cable = self.at.get(end)
            if cable is None or cable in path:
                return None, path
            path.append(cable)
            end = cable.b if end == cable.a else cable.a
            if not _is_panel(self.inventory, self.kinds, end):
                return end, path
            through = self._through(end, lanes)
            if through is None:
                return None, path
            end = through

    def _through(self, end: End, lanes: list[int]) -> End | None:
        """The other side of a panel."""
        kind = self.inventory.types[self.inventory.devices[end.device].type]
        ports = ports_of(kind)
        side, _, name = end.port.partition("/")
        if end.port not in ports:
            return None
        for one in kind.parts.through:
            if side == "front" and one.front == name:
                if ports[f"{REAR}{one.rear}"].positions > 1:
                    lanes.append(one.rear_at)
                return End(end.device, f"{REAR}{one.rear}")
        if side == "rear":
            lane = (lanes.pop() if lanes else 0) if ports[end.port].positions > 1 else 1
            for one in kind.parts.through:
                if (one.rear, one.rear_at) == (name, lane):
                    return End(end.device, f"{FRONT}{one.front}")
        return None

    def _link(self, a: End, b: End, path: list[Cable]) -> Cable:
        """As good as the worst of its pieces; what one of them says of the medium is said of all."""
        status = next((s for s in _WORST if any(c.status is s for c in path)), CableStatus.CONNECTED)
        media = {c.medium for c in path if c.medium}
        if len(media) > 1:
            said = f"the pieces from {a} to {b} differ: {' and '.join(sorted(media))}"
            self.findings.append(Finding("pieces-differ", path[0].where, said, "one medium from end to end"))
        return Cable(
            a, b, path[0].where, status,
            medium=next(iter(sorted(media)), ""),
            drained=any(c.drained for c in path),
            mated=sum(pairs_of(self.inventory, self.kinds, c) for c in path),
            via=tuple(c.key for c in path),
        )  # fmt: skip


def pairs_of(inventory: Inventory, kinds: Mapping[str, Mapping[str, str]], piece: Cable) -> int:
    """Pairs of connectors that a piece brings: those that people say, and those at its ends in panels.

    In a plate of one kind both plugs meet in one pair, which counts for what is plugged into its front.
    """
    found = piece.mated
    for end in (piece.a, piece.b):
        if _is_panel(inventory, kinds, end):
            kind = inventory.types[inventory.devices[end.device].type]
            found += 1 if end.port.startswith(FRONT) or not _plate(kind, end.port) else 0
    return found


_WORST = (CableStatus.DECOMMISSIONING, CableStatus.PLANNED)


def _plate(kind: DeviceType, rear: str) -> bool:
    """Whether a rear port is nothing but the back of a front port with the same connector."""
    ports = ports_of(kind)
    name = rear.removeprefix(REAR)
    fronts = [f"{FRONT}{one.front}" for one in kind.parts.through if one.rear == name]
    return len(fronts) == 1 and ports[fronts[0]].type == ports[rear].type
