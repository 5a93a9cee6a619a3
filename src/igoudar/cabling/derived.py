"""Cables that rules give: where a box stands says which port of which switch it is on, by counting only.

Equal ends are one cable, of which the written one says what it says. A device that comes or goes moves no
other's port: a port follows from a U or a number, else it is in the ledger.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import product

from igoudar.cabling.numbers import PORT, port_request
from igoudar.cabling.panels import with_links
from igoudar.cabling.power import cords_apart, power_kinds
from igoudar.cabling.pulls import port_kinds, whole_port
from igoudar.cabling.trays import Among, CordRule, MeshRule, RackRule
from igoudar.errors import Finding, Where, and_more
from igoudar.hall.draw import feeds_of
from igoudar.hall.part import Part
from igoudar.ledger import Ledger, Request, allocate_numbers
from igoudar.model import Cable, CableStatus, Device, End, Face, Inventory, Status


def with_derived(
    inventory: Inventory, ledger: Callable[[], Ledger], part: Part | None = None
) -> tuple[Inventory, list[Finding]]:
    """The site with all its cables and cords. The ledger is read where a rule leaves ports to it.

    `part`: of a site of which no more is there; cables that are wholly of others are left out.
    """
    inventory, findings = with_links(cords_apart(inventory))
    cabling = inventory.cabling
    if cabling is None:
        return inventory, findings
    if cabling.in_racks or cabling.meshes:
        made = _Deriver(inventory, inventory.cables, port_kinds(inventory), part)
        for rack_rule in cabling.in_racks:
            made.in_racks(rack_rule)
        for mesh_rule in cabling.meshes:
            made.mesh(mesh_rule)
        inventory = replace(inventory, cables=made.joined(ledger, findings))
    if cabling.cords:
        made = _corded(inventory, inventory.cords, cabling.cords, part)
        inventory = replace(inventory, cords=made.joined(ledger, findings))
    return inventory, findings


def new_cords(
    inventory: Inventory, names: Collection[str], ledger: Callable[[], Ledger]
) -> tuple[dict[str, Cable], list[Finding]]:
    """All cords of a site in which some devices are new: those that are there, and theirs by the rules."""
    if inventory.cabling is None or not inventory.cabling.cords:
        return dict(inventory.cords), []
    made = _corded(inventory, {}, inventory.cabling.cords)
    made.hand_out(ledger)
    theirs = [cord for cord in made.cables if cord.a.device in names or cord.b.device in names]
    cords, clashes = _joined(inventory.cords, theirs)
    return cords, [*made.findings, *made.said.values(), *clashes]


def _corded(
    inventory: Inventory, written: Mapping[str, Cable], rules: Iterable[CordRule], part: Part | None = None
) -> _Deriver:
    made = _Deriver(inventory, written, power_kinds(inventory), part)
    for rule in rules:
        made.cords(rule)
    return made


@dataclass(slots=True)
class _Deriver:
    """`written`: by people, of the same kind as what the rules give. `kinds`: of the ports of these."""

    inventory: Inventory
    written: Mapping[str, Cable]
    kinds: Mapping[str, Mapping[str, str]]
    part: Part | None = None
    cables: list[Cable] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    said: dict[tuple[str, Where], Finding] = field(default_factory=dict)
    open: list[tuple[Request, RackRule | CordRule, End, Device]] = field(default_factory=list)
    by_role: dict[str, list[Device]] = field(default_factory=lambda: defaultdict(list))
    by_rack: dict[tuple[str, str], list[Device]] = field(default_factory=lambda: defaultdict(list))
    by_number: dict[tuple[str, str, int], Device] = field(default_factory=dict)
    by_place: dict[tuple[str, str, int], str] = field(default_factory=dict)
    rpdus: dict[tuple[str, str], list[Device]] = field(default_factory=dict)
    taken: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Devices whose rack or type is not there are told of elsewhere."""
        for device in self.inventory.devices.values():
            if device.rack in self.inventory.racks and device.type in self.kinds:
                self.by_role[device.role].append(device)
                self.by_rack[device.rack, device.role].append(device)
                self.by_number[device.hall, device.role, device.number] = device
                if device.feed:
                    self.rpdus.setdefault((device.rack, device.feed), []).append(device)
        for rack in self.inventory.racks.values():
            self.by_place[rack.hall, rack.row, rack.position] = rack.name

    def joined(self, ledger: Callable[[], Ledger], findings: list[Finding]) -> dict[str, Cable]:
        """All cables of the kind; what is wrong goes to `findings`."""
        self.hand_out(ledger)
        cables, clashes = _joined(self.written, self.cables)
        findings += [*self.findings, *self.said.values(), *clashes]
        return cables

    def _devices(self, rule: RackRule | MeshRule | CordRule) -> list[Device]:
        """Those that a rule is about; one about nobody is misspelt."""
        found = list(self._among(rule.devices))
        if self.part is not None and not isinstance(rule, MeshRule):
            found = [d for d in found if self.part.has_all_of(self.inventory.racks[d.rack])]
        if not found:
            among = rule.devices
            hall = "" if not among.halls else min(among.halls) + and_more(len(among.halls))
            narrowed = (("hall", hall), ("row", among.row), ("pod", among.pod or ""))
            where = ", ".join(f"{word} {value}" for word, value in narrowed if value)
            of = f" of the role {among.role}" if among.role else ""
            said = f"no device{of}{' of ' if where else ''}{where} is there for it"
            self._say("rule-hits-nothing", rule.where, said, "devices of the site", "remove it, or mend it")
        return found

    def _among(self, among: Among) -> Iterator[Device]:
        roles = [among.role] if among.role else sorted(self.by_role)
        for device in (device for role in roles for device in self.by_role[role]):
            rack = self.inventory.racks[device.rack]
            if (among.halls is None or rack.hall in among.halls) and among.row in ("", rack.row):
                pod = among.pod in (0, device.pod)
                if pod and (not among.positions or rack.position in among.positions):
                    yield device

    def in_racks(self, rule: RackRule) -> None:
        onto: dict[float, str] = dict(zip(rule.u, rule.onto, strict=False))
        for device in self._devices(rule):
            switch = self._switch(rule, device)
            if switch is None:
                continue
            if port := onto.get(device.u):
                self._add(rule, End(device.name, rule.port), End(switch.name, port))
            else:
                self._ask(rule, End(device.name, rule.port), switch)

    def _ask(self, rule: RackRule | CordRule, end: End, switch: Device) -> None:
        """The ledger for a port of `rest`."""
        if rule.rest is None:
            device = self.inventory.devices[end.device]
            said = f"{device.name} stands on U{device.u}, for which the rule has no port"
            self._say("no-port-by-rule", rule.where.at("u"), said, "its U in `u`, or ports in `rest`")
            return
        request = port_request(self.inventory, (switch.name, end), rule.rest[1:], rule.where)
        self.open.append((request, rule, end, switch))

    def cords(self, rule: CordRule) -> None:
        """Each PSU to the rPDU of its feed, in racks that have any; what gets no outlet is told by checks.

        Of two devices on one U, at both faces, the one in front has the outlets of the U.
        """
        first: dict[float, int] = {u: n * rule.each for n, u in enumerate(rule.u)}
        fed = {rack for rack, _ in self.rpdus}
        devices = [d for d in self._devices(rule) if d.rack in fed and not d.feed]
        for device in sorted(devices, key=lambda d: d.face is not Face.FRONT):
            at = first.get(device.u)
            own = () if at is None else rule.onto[at : at + rule.each]
            mine = {(device.rack, outlet) for outlet in own}
            self._plug(rule, device, () if mine & self.taken else own)
            self.taken |= mine

    def _plug(self, rule: CordRule, device: Device, own: tuple[str, ...]) -> None:
        """`own`: outlets of each rPDU that are the device's by rule."""
        inlets = self.inventory.types[device.type].parts.inlets
        letters = sorted(self.inventory.racks[device.rack].feeds)
        used: Counter[str] = Counter()
        for inlet, letter in zip(inlets, feeds_of(letters, len(inlets)), strict=False):
            rpdu, end = self._rpdu(rule, device, letter), End(device.name, inlet.name)
            if rpdu is not None and used[letter] < len(own):
                self._add(rule, end, End(rpdu.name, own[used[letter]]))
            elif rpdu is not None and rule.rest is not None:
                self._ask(rule, end, rpdu)
            used[letter] += 1

    def _rpdu(self, rule: CordRule, device: Device, letter: str) -> Device | None:
        found = self.rpdus.get((device.rack, letter), [])
        if len(found) == 1:
            return found[0]
        if found:
            said = f"rack {device.rack} has {len(found)} rPDUs of feed {letter}"
            hint = "write the cords of the rack under `cables`, and leave it out of the rule"
            self._say("which-rpdu", rule.where, said, "one of each feed", hint)
        else:
            said = f"rack {device.rack} has no rPDU of feed {letter} for {device.name}"
            hint = f"a device with outlets and `feed: {letter}`"
            self._say("no-rpdu", rule.where, said, "one of each feed of the rack", hint)
        return None

    def _switch(self, rule: RackRule, device: Device) -> Device | None:
        rack = self.inventory.racks[device.rack]
        place = (rack.hall, rack.row, rack.position + rule.beside)
        name = self.by_place.get(place, "")
        found = [d for d in self.by_rack[name, rule.to] if rule.to_u in (0, d.u)]
        if len(found) == 1:
            return found[0]
        at = f" on U{rule.to_u}" if rule.to_u else ""
        if not name:
            said = (
                f"row {rack.row} has no position {place[2]}, where the {rule.to} for {device.name} should be"
            )
            self._say("no-switch", rule.where.at("beside"), said, "a rack there")
        elif not found:
            said = f"rack {name} has no {rule.to}{at} for {device.name}"
            self._say("no-switch", rule.where, said, "one in each rack of the rule", "`beside`, `positions`")
        else:
            said = f"rack {name} has {len(found)} devices of the role {rule.to}{at}"
            self._say("which-switch", rule.where, said, "`to_u`, the U of the one that is meant")
        return None

    def mesh(self, rule: MeshRule) -> None:
        """A number that nobody has leaves a hole; a rule of holes only is misspelt."""
        place = {number: n for n, number in enumerate(rule.numbers)}
        own = {number: n * len(place) for n, number in enumerate(rule.to_halls)}
        halls = self.inventory.halls
        named = {(hall.building, hall.number): hall.name for hall in halls.values()}
        step = rule.numbers[1] - rule.numbers[0] if len(place) > 1 else 1
        asked = met = False
        for device in self._devices(rule):
            if (device.number - rule.numbers[0]) % step:  # of another rule: only every so many are counted
                continue
            hall = halls[device.hall]
            if device.number not in place or (own and hall.number not in own):
                said = f"{device.name} has the number {device.number}, for which the rule has no port"
                self._say("no-port-by-rule", rule.where.at("numbers"), said, "its number in `numbers`")
                continue
            asked = True
            first = (own.get(hall.number, 0) + place[device.number]) * rule.links
            there = rule.onto[first : first + rule.links]
            targets = [named.get((hall.building, n), "") for n in rule.to_halls] or [hall.name]
            for n, (target, number) in enumerate(product(targets, rule.to_numbers)):
                other = self.by_number.get((target, rule.to, number))
                if other is None or not self._ours(device, other):
                    continue
                met = True
                here = rule.ports[n * rule.links : (n + 1) * rule.links]
                for a, b in zip(here, there, strict=False):
                    self._add(rule, End(device.name, a), End(other.name, b))
        if asked and not met:
            said = f"no {rule.to} with one of the numbers of `to_numbers` is there for it"
            expected, hint = "a device that it leads to", "remove it, or mend it"
            self._say("rule-hits-nothing", rule.where.at("to_numbers"), said, expected, hint)

    def _ours(self, *devices: Device) -> bool:
        return self.part is None or any(device.hall in self.part.halls for device in devices)

    def hand_out(self, ledger: Callable[[], Ledger]) -> None:
        """Ports out of the ledger, which is read where any is left to it.

        What rests in it counts as taken, until `igoudar plan` takes it out.
        """
        if not self.open:
            return
        wanted = [request for request, *_ in self.open]
        given = allocate_numbers(wanted, ledger(), date.min)
        hint = "take one of both out of the ledger, then plan again"
        self.findings += [replace(f, hint=hint) if f.code == "number-twice" else f for f in given.findings]
        for request, rule, end, switch in self.open:
            number = given.numbers.get(PORT, {}).get(request.owner)
            if number is not None and rule.rest is not None:
                self._add(rule, end, End(switch.name, f"{rule.rest[0]}{number}"), handed=request.owner)
        self._kept_free({cable.key for cable in self.cables if cable.handed})

    def _kept_free(self, handed: set[str]) -> None:
        """Nobody writes another cable onto a port that the ledger may give to anybody at any time."""
        rests = {(switch.name, rule.rest): rule for _, rule, _, switch in self.open}
        ports = {
            End(switch, f"{rest[0]}{number}"): rule
            for (switch, rest), rule in rests.items()
            if rest is not None
            for number in range(rest[1], rest[2] + 1)
        }
        for cable in self.written.values():
            for end in () if cable.key in handed else (cable.a, cable.b):
                if end in ports:
                    said = f"{end} of {cable.key} is one of the ports that the ledger hands out"
                    expected = "a port outside of `rest`, or no written cable"
                    see = ports[end].where.at("rest")
                    self.findings.append(Finding("port-by-ledger", cable.where, said, expected, see=see))

    def _add(self, rule: RackRule | MeshRule | CordRule, a: End, b: End, handed: str = "") -> None:
        devices = [self.inventory.devices[end.device] for end in (a, b)]
        for device, end in zip(devices, (a, b), strict=True):
            if whole_port(end.port, self.kinds[device.type]) is None:
                said = f"the type {device.type} of {device.name} has no port {end.port!r}"
                self._say("unknown-port", rule.where, said, "ports that the devices of the rule have")
                return
        planned = any(device.status is Status.PLANNED for device in devices)
        status = CableStatus.PLANNED if planned else CableStatus.CONNECTED
        length = rule.length_m if isinstance(rule, MeshRule) else None
        self.cables.append(
            Cable(a, b, rule.where, status, rule.medium, length_m=length, derived=True, handed=handed)
        )

    def _say(self, code: str, where: Where, said: str, expected: str, hint: str = "") -> None:
        """Once a kind and line, of the first by name: a rule is about thousands."""
        found = Finding(code, where, said, expected, hint)
        known = self.said.get((code, where))
        self.said[code, where] = min(found, known or found, key=lambda f: f.message)


def _joined(written: Mapping[str, Cable], derived: list[Cable]) -> tuple[dict[str, Cable], list[Finding]]:
    """Equal ends are one; a port with two different cables is an error that names both."""
    cables = dict(written)
    at: dict[End, Cable] = {end: cable for cable in written.values() for end in (cable.a, cable.b)}
    findings: dict[tuple[Where, Where], Finding] = {}
    for cable in derived:
        known = cables.get(cable.key)
        if known is not None and not known.derived:
            cables[cable.key] = replace(
                known, medium=known.medium or cable.medium, derived=True, handed=cable.handed
            )
            continue
        other = next((at[end] for end in (cable.a, cable.b) if end in at), None)
        if other is None:
            cables[cable.key] = cable
            at |= {cable.a: cable, cable.b: cable}
            continue
        clash = _clash(other, cable)
        findings.setdefault((clash.where, other.where if other.derived else cable.where), clash)
    return cables, list(findings.values())


def _clash(other: Cable, cable: Cable) -> Finding:
    (end,) = [end for end in (cable.a, cable.b) if end in (other.a, other.b)][:1]
    if other.derived:
        said = f"the rules give {end} two cables, {other.key} and {cable.key}"
        return Finding("port-twice", cable.where, said, "one cable a port", see=other.where)
    said = f"{other.key} is written down, and a rule gives {end} the cable {cable.key}"
    hint = "remove it, or leave the port out of the rule"
    return Finding("port-derived", other.where, said, "one cable a port", hint, see=cable.where)
