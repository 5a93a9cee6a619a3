"""What people write of trays and slack: the section `cabling` of a site, once in it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from igoudar.cabling.trays import Among, Cabling, Carries, CordRule, Floor, MeshRule, RackRule, Spot, Tray
from igoudar.errors import Finding, Where, nearest
from igoudar.hall.schema import Count
from igoudar.model import Role
from igoudar.quantities import DISTANCE, LENGTH, Metres, Millimetres, quantity
from igoudar.schema import Entry, Label, counted, one_of

_PLACE = re.compile(r"([A-Z]{1,2})([0-9]{1,3})")
Place = tuple[int, int]  # by digits and by letters, each from 1


def place(text: Any) -> Place:
    """`AJ05` of the floor's grid: letters for one axis, digits for the other. Raises ValueError."""
    match = _PLACE.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError("a place on the floor's grid such as AJ05")
    letters = 0
    for letter in match[1]:
        letters = letters * 26 + ord(letter) - ord("A") + 1
    return int(match[2]), letters


GridPlace = Annotated[Place, BeforeValidator(place)]
Tile = Annotated[float, quantity(LENGTH, low=100, high=5000)]
TrayHeight = Annotated[float, quantity(LENGTH, low=-5000, high=20_000)]  # below: under a raised floor
Slack = Annotated[float, quantity(DISTANCE, high=20)]


class TrayIn(Entry):
    """A straight piece between two places, both included. `height`: above the floor."""

    name: Label
    carries: Annotated[Carries, one_of(Carries)]
    begin: GridPlace
    end: GridPlace
    height: TrayHeight


class FloorIn(Entry):
    """`rows`: where position 1 of a row stands; the others follow by digits, a `pitch` (else a tile) apart.

    A rack that has `at` stands there.
    """

    tile: Tile
    pitch: Millimetres | None = None
    rows: dict[Label, GridPlace] = Field(default_factory=dict)
    trays: list[TrayIn] = Field(default_factory=list)


class SlackIn(Entry):
    """What is left at each end of a cable: of one that stays in its rack, and of one that leaves it."""

    rack: Slack
    tray: Slack


_PORTS = re.compile(r"(.*?)([0-9]+(?:\.\.[0-9]+(?:/[0-9]+)?)?)")
_START = re.compile(r"[A-Za-z][A-Za-z0-9/_.-]*")
Rest = tuple[str, int, int]


def _ports(value: Any) -> tuple[str, ...]:
    """`swp1..24`, or of every second one `swp2..48/2`, or one alone."""
    match = _PORTS.fullmatch(value) if isinstance(value, str) else None
    if match is None or not _START.fullmatch(match[1]):
        raise ValueError("ports as they are counted, such as swp1..24")
    if match[2].isdigit():
        return (match[0],)
    return tuple(f"{match[1]}{number}" for number in counted(match[2]))


def _outlets(value: Any) -> tuple[str, ...]:
    """As ports, and `01..24`, since many rPDUs have but numbers on them."""
    if isinstance(value, str) and not value[:1].isalpha():
        return counted(value)
    return _ports(value)


def _rest(value: Any) -> Rest:
    ports = _outlets(value)
    numbers = [int(port[len(_word(port)) :]) for port in ports]
    if numbers[-1] - numbers[0] != len(numbers) - 1:
        raise ValueError("ports one after the other, such as swp41..48")
    return _word(ports[0]), numbers[0], numbers[-1]


def _word(port: str) -> str:
    return port.rstrip("0123456789")


Ports = Annotated[tuple[str, ...], BeforeValidator(_ports)]
RestPorts = Annotated[Rest, BeforeValidator(_rest)]
Outlets = Annotated[tuple[str, ...], BeforeValidator(_outlets)]
PortName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9/_.-]*$")]
Tails = Annotated[int, Field(ge=1, le=8)]


class RuleIn(Entry):
    """`devices`: a role; the rest narrows it, `kind` to halls of a kind.

    `tails`: into so many each port of `onto` is broken out.
    """

    devices: Annotated[Role, one_of(Role)]
    kind: Label | None = None
    hall: Label | None = None
    row: Label | None = None
    positions: Count | None = None
    pod: Annotated[int, Field(ge=1, le=99)] | None = None
    to: Annotated[Role, one_of(Role)]
    onto: Ports
    tails: Tails = 1
    medium: str = ""


class RackRuleIn(RuleIn):
    """One port of each device to the switch of its rack: the device on the n-th `u` gets the n-th of `onto`.

    `beside`: the switch stands so many positions further in the row. `rest`: ports that the ledger hands out
    to what stands on another U; nobody else may use them.
    """

    port: PortName
    u: Count
    to_u: Annotated[int, Field(ge=1, le=100)] | None = None
    beside: Annotated[int, Field(ge=-99, le=99)] = 0
    rest: RestPorts | None = None


class MeshRuleIn(RuleIn):
    """Every device of `numbers` to every one of `to_numbers`: the n-th of `ports` goes to the n-th there.

    `links`: so many ports in a row to each. `to_halls`: by their numbers in the building, instead of its own.
    """

    numbers: Count
    ports: Ports
    to_numbers: Count
    to_halls: Count = ()
    links: Annotated[int, Field(ge=1, le=64)] = 1
    length: Metres | None = None


class CordRuleIn(Entry):
    """PSUs of each device to the rPDUs of its rack, feed by feed; `each`: PSUs of a device on one feed.

    Without `devices` it is about all that have PSUs. Without `u` and `onto` the ledger hands out all outlets,
    of `rest`. `cord`: one of the power cords in stock.
    """

    devices: Annotated[Role | None, one_of(Role)] = None
    kind: Label | None = None
    hall: Label | None = None
    row: Label | None = None
    positions: Count | None = None
    pod: Annotated[int, Field(ge=1, le=99)] | None = None
    u: Count = ()
    onto: Outlets = ()
    each: Annotated[int, Field(ge=1, le=8)] = 1
    rest: RestPorts | None = None
    cord: str = ""


def _labels(value: Any) -> tuple[int, int]:
    match = re.fullmatch(r"([1-9][0-9]{0,8})-([1-9][0-9]{0,8})", value) if isinstance(value, str) else None
    if match is None or int(match[1]) > int(match[2]):
        raise ValueError("a range such as 100000-999999")
    return int(match[1]), int(match[2])


class CablingIn(Entry):
    """`kinds`: the floor of each hall of a kind that has none in `halls`.

    `label_planned`: whether cables to what is planned, and stands nowhere yet, have a number.
    """

    slack: SlackIn
    halls: dict[Label, FloorIn] = Field(default_factory=dict)
    kinds: dict[Label, FloorIn] = Field(default_factory=dict)
    in_racks: list[RackRuleIn] = Field(default_factory=list)
    meshes: list[MeshRuleIn] = Field(default_factory=list)
    cords: list[CordRuleIn] = Field(default_factory=list)
    labels: Annotated[tuple[int, int], BeforeValidator(_labels)] = (100_000, 999_999)
    label_planned: bool = True


Kinds = Mapping[str, Collection[str]]


def cabling_of(
    entry: CablingIn, where: Where, findings: list[Finding], kinds: Kinds | None = None
) -> Cabling:
    """As frozen values; what is wrong goes to `findings`. `kinds`: the halls of each kind."""
    rules = _Rules(kinds or {}, findings)
    floors = {
        hall: _floor(hall, floor, where.at("halls").at(hall), findings) for hall, floor in entry.halls.items()
    }
    for kind, floor in entry.kinds.items():
        at = where.at("kinds").at(kind)
        one = _floor(kind, floor, at, findings)
        floors = {hall: replace(one, hall=hall) for hall in rules.of_kind(kind, at)} | floors
    return Cabling(
        where=where,
        slack_rack_m=entry.slack.rack,
        slack_tray_m=entry.slack.tray,
        floors=floors,
        in_racks=tuple(rules.in_rack(r, where.at("in_racks").at(n)) for n, r in enumerate(entry.in_racks)),
        meshes=tuple(rules.mesh(r, where.at("meshes").at(n)) for n, r in enumerate(entry.meshes)),
        cords=tuple(rules.cord(r, where.at("cords").at(n)) for n, r in enumerate(entry.cords)),
        labels=entry.labels,
        label_planned=entry.label_planned,
    )


@dataclass(frozen=True, slots=True)
class _Rules:
    kinds: Kinds
    findings: list[Finding]

    def in_rack(self, rule: RackRuleIn, where: Where) -> RackRule:
        onto = _broken_out(rule)
        self._as_many(("u", len(rule.u)), ("onto", len(onto)), where)
        return RackRule(
            devices=self._among(rule, where),
            port=rule.port,
            to=rule.to,
            to_u=rule.to_u or 0,
            beside=rule.beside,
            u=tuple(int(u) for u in rule.u),
            onto=onto,
            rest=rule.rest,
            medium=rule.medium,
            where=where,
        )

    def mesh(self, rule: MeshRuleIn, where: Where) -> MeshRule:
        onto, each = _broken_out(rule), rule.links * max(1, len(rule.to_halls))
        self._as_many(("numbers", each * len(rule.numbers)), ("onto", len(onto)), where)
        self._as_many(("ports", len(rule.ports)), ("to_numbers", each * len(rule.to_numbers)), where)
        return MeshRule(
            devices=self._among(rule, where),
            numbers=tuple(int(n) for n in rule.numbers),
            ports=rule.ports,
            to=rule.to,
            to_numbers=tuple(int(n) for n in rule.to_numbers),
            onto=onto,
            medium=rule.medium,
            where=where,
            links=rule.links,
            to_halls=tuple(int(n) for n in rule.to_halls),
            length_m=rule.length,
        )

    def cord(self, rule: CordRuleIn, where: Where) -> CordRule:
        self._as_many(("u", rule.each * len(rule.u)), ("onto", len(rule.onto)), where)
        return CordRule(
            devices=self._among(rule, where),
            u=tuple(int(u) for u in rule.u),
            onto=rule.onto,
            each=rule.each,
            rest=rule.rest,
            medium=rule.cord,
            where=where,
        )

    def of_kind(self, kind: str, where: Where) -> Collection[str]:
        if kind in self.kinds:
            return self.kinds[kind]
        known = ", ".join(sorted(self.kinds)) or "a kind of a section hall_series"
        said, hint = f"no hall is of the kind {kind!r}", nearest(kind, self.kinds)
        self.findings.append(Finding("unknown-kind", where, said, f"one of {known}", hint))
        return ()

    def _among(self, rule: RuleIn | CordRuleIn, where: Where) -> Among:
        positions = frozenset(int(p) for p in rule.positions or ())
        halls = frozenset({rule.hall}) if rule.hall else None
        if rule.kind:
            mine = frozenset(self.of_kind(rule.kind, where.at("kind")))
            halls = mine if halls is None else halls & mine
        return Among(str(rule.devices or ""), halls, rule.row or "", positions, rule.pod or 0)

    def _as_many(self, one: tuple[str, int], other: tuple[str, int], where: Where) -> None:
        """Two counts of a rule go with each other, one by one."""
        if one[1] != other[1]:
            said, expected = (
                f"{one[0]!r} counts {one[1]} and {other[0]!r} {other[1]}",
                "as many of one as of the other",
            )
            self.findings.append(Finding("counts-differ", where.at(other[0]), said, expected))


def _broken_out(rule: RuleIn) -> tuple[str, ...]:
    if rule.tails == 1:
        return rule.onto
    return tuple(f"{port}s{tail}" for port in rule.onto for tail in range(rule.tails))


def _floor(hall: str, entry: FloorIn, where: Where, findings: list[Finding]) -> Floor:
    tile = entry.tile
    trays: dict[str, Tray] = {}
    for number, tray in enumerate(entry.trays):
        here = where.at("trays").at(number)
        a, b = sorted((tray.begin, tray.end))
        if a != b and a[0] != b[0] and a[1] != b[1]:
            said = f"the tray {tray.name} is not straight"
            expected = "two places with the same letters or the same digits"
            findings.append(Finding("tray-not-straight", here, said, expected, "write a tray for each piece"))
        if tray.name in trays:
            said, see = f"{tray.name!r} is there already", trays[tray.name].where
            findings.append(Finding("duplicate-name", here, said, "each name once in a hall", see=see))
        trays[tray.name] = Tray(tray.name, tray.carries, _spot(a, tile), _spot(b, tile), tray.height, here)
    rows = {row: _spot(first, tile) for row, first in entry.rows.items()}
    ordered = tuple(trays[name] for name in sorted(trays))
    return Floor(hall, tile, entry.pitch or tile, rows, ordered, where)


def _spot(at: Place, tile_mm: float) -> Spot:
    return Spot(at[0] * tile_mm, at[1] * tile_mm)
