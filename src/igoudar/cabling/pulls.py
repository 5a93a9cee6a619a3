"""Every cable of a site as what must be pulled: its way, what it is, how long, and what is wrong with it.

Cables to somebody else's equipment and those that carry a wave are not of the hall: they end elsewhere. The
tails of one port are one assembly of one length.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from igoudar.cabling.fit import Ends, Fitter, Misfit, Wish, break_out, join
from igoudar.cabling.goods import PortKind
from igoudar.cabling.laid import Pull, Pulls, wrong
from igoudar.cabling.panels import pairs_of, panel_kinds
from igoudar.cabling.pieces import Piece, Pieces
from igoudar.cabling.power import cord_pulls
from igoudar.cabling.route import Mount, NoRoute, Route, Router
from igoudar.cabling.trays import Carries
from igoudar.errors import Finding, Where, nearest
from igoudar.model import Cable, End, Inventory, Role

_TAIL = re.compile(r"(.+)s([0-7])")
_WORDS = ("medium", "cord", "length_m")


def whole_port(port: str, known: Mapping[str, str]) -> tuple[str, int | None] | None:
    """The port of a type, and which tail of it `swp1s0` is; None where the type has no such port."""
    if port in known:
        return port, None
    match = _TAIL.fullmatch(port)
    return (match[1], int(match[2])) if match and match[1] in known else None


def port_kinds(inventory: Inventory) -> dict[str, dict[str, str]]:
    """Slug of a device type -> port -> NetBox's interface type."""
    return {slug: {i.name: i.kind for i in kind.interfaces} for slug, kind in inventory.types.items()}


def pulls_of(inventory: Inventory) -> Pulls:
    """Of all cables of halls, in the order of the inventory, then of all power cords."""
    data, power = _Puller(inventory).all(), cord_pulls(inventory)
    return Pulls({**data.by_key, **power.by_key}, (*data.findings, *power.findings))


@dataclass(frozen=True, slots=True)
class _Socket:
    """An end as a port of a kind; `tail` where it is one of several of that port."""

    end: End
    port: str
    tail: int | None
    kind: PortKind | None
    type: str

    @property
    def host(self) -> str:
        return f"{self.end.device}/{self.port}"


@dataclass(slots=True)
class _Puller:
    inventory: Inventory
    findings: list[Finding] = field(default_factory=list)
    kinds: dict[str, dict[str, str]] = field(default_factory=dict)
    panels: dict[str, dict[str, str]] = field(default_factory=dict)
    router: Router | None = None
    fitter: Fitter = field(init=False)
    sockets: dict[End, _Socket] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.kinds = port_kinds(self.inventory)
        self.panels = panel_kinds(self.inventory)
        self.fitter = Fitter(self.inventory.goods)
        if self.inventory.cabling is not None:
            self.router = Router(self.inventory.cabling, self.inventory.goods.size)

    def all(self) -> Pulls:
        pulls: dict[str, Pull] = {}
        for group in self._assemblies():
            pulls.update((pull.cable.key, pull) for pull in self._pull(group))
        pulls |= self._through_panels()
        keys = (*self.inventory.cables, *self.inventory.pieces)
        return Pulls({key: pulls[key] for key in keys if key in pulls}, tuple(self.findings))

    def _through_panels(self) -> dict[str, Pull]:
        """Links and their pieces; of a piece that is in no link yet only the way is known."""
        pieces = {key: self._piece(cable) for key, cable in self.inventory.pieces.items()}
        found = {key: Pull(piece.cable, piece.route, None, None) for key, piece in pieces.items()}
        maker = Pieces(self.inventory.goods)
        for link in self.inventory.cables.values():
            if not link.via or not _ours(self.inventory, link) or not self.inventory.goods.ports:
                continue
            ports = [self._socket(end) for end in (link.a, link.b)]
            kinds = [socket.kind for socket in ports]
            for socket in ports:
                if socket.kind is None:
                    self._unknown(socket)
            if kinds[0] is None or kinds[1] is None:
                continue
            if any(socket.tail is not None for socket in ports):
                self._say(link, Misfit("no-breakout", "its tails end in panels", "a whole port"))
                continue
            made = maker.link(link, (kinds[0], kinds[1]), [pieces[key] for key in link.via])
            if isinstance(made, Misfit):
                self._say(link, made)
            else:
                found[link.key] = made
        return found | maker.pulls

    def _piece(self, cable: Cable) -> Piece:
        ports = []
        for end in (cable.a, cable.b):
            kind = self.inventory.devices[end.device].type
            ports.append(self.panels[kind].get(end.port, ""))
        route = self._route(cable)
        need = route.length_m if route else 0.0
        mated = pairs_of(self.inventory, self.panels, cable)
        return Piece(cable, (ports[0], ports[1]), route, need, mated)

    def _assemblies(self) -> list[list[Cable]]:
        """Cables alone, and those that share a host port; a whole cable on such a port is an error."""
        groups: dict[str, list[Cable]] = defaultdict(list)
        whole: dict[str, Cable] = {}
        for cable in self.inventory.cables.values():
            if cable.via or not _ours(self.inventory, cable):
                continue
            sockets = [self._socket(end) for end in (cable.a, cable.b)]
            hosts = [socket.host for socket in sockets if socket.tail is not None]
            groups[hosts[0] if hosts else cable.key].append(cable)
            for socket in sockets:
                if socket.tail is None:
                    whole[socket.host] = cable
        for host in sorted(groups.keys() & whole.keys()):
            tail, other = groups[host][0], whole[host]
            said = f"{host} is broken out and has a cable of its own, {other.key}"
            self._say(tail, Misfit("port-twice", said, "the whole port or its tails"), other)
        return list(groups.values())

    def _socket(self, end: End) -> _Socket:
        known = self.sockets.get(end)
        if known is None:
            known = self.sockets[end] = self._made(end)
        return known

    def _made(self, end: End) -> _Socket:
        slug = self.inventory.devices[end.device].type
        port, tail = whole_port(end.port, self.kinds[slug]) or (end.port, None)
        name = self.kinds[slug].get(port, "")
        return _Socket(end, port, tail, self.inventory.goods.ports.get(name), name)

    def _pull(self, group: list[Cable]) -> Iterator[Pull]:
        routes = [self._route(cable) for cable in group]
        need = max((route.length_m for route in routes if route), default=0.0)
        known = all(routes)
        first = group[0]
        wish = self._wish(group)
        ends = self._ends(group) if self.inventory.goods.ports else None
        found = self.fitter.choose(ends, need, wish) if ends else []
        if isinstance(found, list):
            for misfit in found:
                self._say(first, misfit)
            choice, length = None, None
        else:
            choice, length = found[0], found[1] if known or wish.length_m is not None else None
        host = self._host(first) if ends and ends.tails > 1 else ""
        for cable, route in zip(group, routes, strict=True):
            loss = choice.loss_db(length, wish.mated, self.inventory.goods) if choice and length else None
            yield Pull(cable, route, choice, length, loss, host)

    def _host(self, cable: Cable) -> str:
        sockets = (self._socket(cable.a), self._socket(cable.b))
        return next((s.host for s in sockets if s.tail is not None), "")

    def _wish(self, group: list[Cable]) -> Wish:
        """What is said of one of an assembly is said of all; two that differ are an error."""
        for one in group[1:]:
            other = group[0]
            for word in _WORDS:
                mine, theirs = getattr(one, word), getattr(other, word)
                if mine and theirs and mine != theirs:
                    host = self._host(one)
                    text = f"the tails of {host} are one assembly, and differ: {mine} and {theirs}"
                    self._say(one, Misfit("tails-differ", text, "one medium, cord and length"), other)
        medium, cord, length = (
            next((said for c in group if (said := getattr(c, word))), None) for word in _WORDS
        )
        mated = max(cable.mated for cable in group)
        return Wish(medium or "", cord or "", length, mated)

    def _ends(self, group: list[Cable]) -> Ends | None:
        """What kinds of ports are to be joined; None where it is said why not."""
        cable = group[0]
        a, b = self._socket(cable.a), self._socket(cable.b)
        for socket in (a, b):
            if socket.kind is None:
                self._unknown(socket)
        if a.kind is None or b.kind is None:
            return None
        if a.tail is None and b.tail is None:
            made = join(a.kind, b.kind, self.inventory.goods)
        elif a.tail is not None and b.tail is not None:
            made = Misfit("no-breakout", "both ends are tails", "one port that is broken out")
        else:
            host, far = (a, b) if a.tail is not None else (b, a)
            made = self._broken_out(group, host, far)
        if isinstance(made, Misfit):
            self._say(cable, made)
            return None
        return made

    def _unknown(self, socket: _Socket) -> None:
        """Told of the type, which many devices have."""
        kind = self.inventory.types[self.inventory.devices[socket.end.device].type]
        said = f"{socket.port} of {kind.slug} is a {socket.type}, of which no connector is known"
        expected = "a type of interface that inventory/data/cabling.yaml knows"
        hint, about = nearest(socket.type, self.inventory.goods.ports), f"type {kind.slug}"
        self.findings.append(Finding("unknown-connector", kind.where, said, expected, hint, subject=about))

    def _broken_out(self, group: list[Cable], host: _Socket, far: _Socket) -> Ends | Misfit:
        assert host.kind is not None
        assert far.kind is not None
        made = break_out(host.kind, far.kind)
        if isinstance(made, Misfit):
            return made
        for cable in group:
            a, b = self._socket(cable.a), self._socket(cable.b)
            mine, other = (a, b) if a.tail is not None else (b, a)
            if mine.tail is not None and mine.tail >= made.tails:
                text = f"{mine.end} is tail {mine.tail} of {made.tails}, counted from 0"
                return Misfit("no-such-tail", text, f"{host.port}s0 to {host.port}s{made.tails - 1}")
            if other.kind != far.kind:
                text = f"the tails of {host.host} end at {far.kind.name} and {other.type}"
                return Misfit("tails-differ", text, "ports of one kind")
        return made

    def _route(self, cable: Cable) -> Route | None:
        if self.router is None:
            return None
        mounts = [self._mount(end) for end in (cable.a, cable.b)]
        only = self._only(cable)
        found = self.router.route(mounts[0], mounts[1], only)
        if not isinstance(found, NoRoute):
            return found
        if cable.length_m is None or found.strange:
            self._no_route(cable, found)
        return None

    def _no_route(self, cable: Cable, found: NoRoute) -> None:
        """Told of the row or the rack where it is theirs, else of the cable."""
        cabling = self.inventory.cabling
        if found.row and cabling:
            where = cabling.where.at("halls").at(self.inventory.devices[cable.a.device].hall).at("rows")
            said, about = f"nobody says where row {found.row} is", f"row {found.row}"
            self.findings.append(Finding("no-row", where, said, "the place of its position 1", subject=about))
            return
        if not found.rack:
            hint = "or write the cable's `length`"
            self._say(cable, Misfit("no-route", found.said, "trays from end to end", hint))
            return
        where, about = self.inventory.racks[found.rack].where, f"rack {found.rack}"
        expected = "a tray for data over the rack"
        code, said = "no-tray", found.said
        if found.strange:
            code, said = "data-on-power", f"only {', '.join(found.strange)} for power passes {about}"
        self.findings.append(Finding(code, where, said, expected, subject=about))

    def _mount(self, end: End) -> Mount:
        device = self.inventory.devices[end.device]
        kind = self.inventory.types[device.type]
        return Mount(self.inventory.racks[device.rack], device.u, kind.units)

    def _only(self, cable: Cable) -> frozenset[str]:
        """Trays that people chose; those of power are an error, unknown ones too."""
        if not cable.trays or self.inventory.cabling is None:
            return frozenset()
        hall = self.inventory.devices[cable.a.device].hall
        floor = self.inventory.cabling.floors.get(hall)
        trays = {tray.name: tray for tray in floor.trays} if floor else {}
        for name in cable.trays:
            if name not in trays:
                said = f"hall {hall} has no tray {name!r}"
                known = ", ".join(sorted(trays)) or "a tray of the hall, which has none"
                self._say(cable, Misfit("unknown-tray", said, f"one of {known}", nearest(name, trays)))
            elif trays[name].carries is not Carries.DATA:
                said = f"{cable.key} carries data, and {name} is a tray for power"
                where = cable.where.at("trays")
                self._say(cable, Misfit("data-on-power", said, "trays for data"), where=where)
        return frozenset(name for name in cable.trays if name in trays)

    def _say(
        self, cable: Cable, misfit: Misfit, other: Cable | None = None, where: Where | None = None
    ) -> None:
        self.findings.append(wrong(cable, misfit, other, where))


def _ours(inventory: Inventory, cable: Cable) -> bool:
    ends = (inventory.devices[cable.a.device], inventory.devices[cable.b.device])
    return not cable.wave and all(device.role is not Role.UPSTREAM for device in ends)
