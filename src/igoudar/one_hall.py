"""The part of a site that is one hall: what is counted for it, and what is written down by name.

A campus of eighty halls is a hundred lines and half a million boxes: whoever works on one hall expands that
one. What joins halls is judged of the whole: buildings, campus, energy and units that they share of
`all_halls`, in which each kind of hall is counted once; tenants and cables between them of all of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from igoudar.assemble import Documents
from igoudar.cable_key import device_of, ends_of
from igoudar.cabling.schema import CablingIn
from igoudar.errors import BadInput, Finding, Severity, Where, unknown
from igoudar.facility.kinds import kind_halls, loops_of, misspelt, units_of
from igoudar.facility.schema import PromiseIn
from igoudar.hall.part import Part
from igoudar.hall.schema import RowParts, SeriesIn, StandingIn
from igoudar.model import Inventory
from igoudar.site_files import SiteFile, TenantFile
from igoudar.site_schema import SiteIn

OF_THE_WHOLE = frozenset(
    {"rule-hits-nothing", "waiver-matches-nothing", "no-exit", "one-cut", "witnesses", "wave-unused",
     "unrouted-space", "not-in-stack", "no-spine", "warm-before-battery-ends", "min-up", "service-members"}
)  # fmt: skip
"""Things of which other halls may have the rest; a battery that they share lasts longer without them."""

OF_TIES = frozenset({"attachment", "last-border"})
"""What is wrongly said where another hall has a leaf of a server, or the other border."""

OF_PLANTS = frozenset({"unknown-hall", "unknown-unit", "unknown-loop"})
"""What is wrongly said where power and cooling of other halls of a series is named."""

SITES = frozenset({"campus", "energy"})  # objects of findings that are about all halls
WITH_LESS = frozenset({"phase-imbalance", "scheme-in-pairs", "scheme-without-blocks"})
"""What the racks of other halls may mend on units that they share. Any other load only falls with theirs."""
OF_WAIVERS = frozenset({"waiver-matches-nothing"})
SHARED = ("units.", "schemes.")  # where units and promises stand that are not of one hall


def halls_of(documents: Documents) -> list[str]:
    """Names of all halls, without expanding one."""
    return sorted({name for _, file in documents.sites for name in (*file.halls, *_counted(file))})


def _counted(file: SiteFile) -> Iterator[str]:
    for series in file.hall_series:
        for building in series.buildings:
            yield from (filled(series.names, building=building, hall=hall) for hall in series.halls)


def halls_with(documents: Documents, wanted: Collection[str]) -> list[str]:
    """Halls that are named so, or have a rack, a device, a unit or a loop of their own that is."""
    names, kinds = {*wanted}, {hall.name: hall for hall in kind_halls(documents.sites)}
    if [*misspelt([*kinds.values()])]:
        return []

    def has(hall: str) -> bool:
        own = {hall}
        if hall in kinds:
            own |= {unit.name for unit in units_of(kinds[hall])} | {
                loop.name for loop in loops_of(kinds[hall])
            }
        return not names.isdisjoint(own) or not names.isdisjoint(names_of(documents, hall))

    return [hall for hall in halls_of(documents) if has(hall)]


def all_names(documents: Documents) -> Iterator[str]:
    """Of racks and devices of all halls, absent ones too."""
    for hall in halls_of(documents):
        yield from names_of(documents, hall)


def of_hall(documents: Documents, hall: str) -> Documents:
    """The same files with one hall in them. Raises BadInput where there is no such hall."""
    known = halls_of(documents)
    if hall not in known:
        raise BadInput([unknown("hall", hall, Where("--hall"), known)])
    names = {*names_of(documents, hall)}
    return replace(
        documents,
        sites=[(name, _site(file, hall, names)) for name, file in documents.sites],
        tenants=[(name, part) for name, file in documents.tenants if (part := _tenant(file, names))],
        units={name: unit for name, unit in documents.units.items() if name in names},
        readings=[reading for reading in documents.readings if reading.point.rack in names],
        tested=[row for row in documents.tested if {device_of(end) for end in ends_of(row.cable)} <= names],
    )


def with_plants(part: Documents, documents: Documents, hall: str) -> Documents:
    """The part, and the power and cooling of other halls of series, which written things may name."""
    series = {name: file.hall_series for name, file in documents.sites}
    sites = [(name, file.model_copy(update={"hall_series": series[name]})) for name, file in part.sites]
    return replace(part, sites=sites, part=Part(frozenset({hall})))


def filled(pattern: str, **words: object) -> str:
    """Words that are not known are told of when the part is counted out."""
    return pattern.format_map(defaultdict(str, words))


def names_of(documents: Documents, hall: str) -> Iterator[str]:
    """Racks and devices of the hall, absent ones too."""
    racks = set()
    for _, file in documents.sites:
        racks |= {name for name, rack in file.racks.items() if rack.hall == hall}
        for entry in rows_of(documents, file, hall):
            for rack, boxes in standing(entry, hall):
                racks.add(rack)
                yield from boxes
    yield from racks
    for _, file in documents.sites:
        yield from (name for name, device in file.devices.items() if device.rack in racks)


def rows_of(documents: Documents, file: SiteFile, hall: str) -> Iterator[RowParts]:
    """Of the hall in a file; a kind may stand in another."""
    yield from (row for row in file.rows if row.hall == hall)
    for series in file.hall_series:
        one = file.model_copy(update={"hall_series": [series]})
        kinds = (other.hall_kinds.get(series.kind) for _, other in documents.sites)
        kind = next((kind for kind in kinds if kind is not None), None)
        if kind is not None and hall in _counted(one):
            yield from kind.rows


def standing(entry: RowParts, hall: str) -> Iterator[tuple[str, list[str]]]:
    for row in entry.name:
        for counted in entry.racks:
            rack = filled(entry.names, hall=hall, row=row, rack=counted)
            boxes = [d for d in entry.devices if d.racks is None or counted in d.racks]
            yield rack, [name for box in boxes for name in _boxes(box, (hall, row, rack))]


def _boxes(box: StandingIn, place: tuple[str, str, str]) -> Iterator[str]:
    hall, row, rack = place
    for n, u in enumerate(box.u, 1):
        yield filled(box.name, hall=hall, row=row, rack=rack, n=n, u=u)


def _site(file: SiteFile, hall: str, names: Collection[str]) -> SiteFile:
    ends = {name: {wave.border.device, wave.far.device} for name, wave in file.waves.items()}
    kept = {name for name, devices in ends.items() if devices <= {*names}}
    changed: dict[str, Any] = {
        "hall_series": [_series(entry, hall) for entry in file.hall_series],
        "rows": [row if row.hall == hall else row.model_copy(update={"name": ()}) for row in file.rows],
        "racks": _those(file.racks, names),
        "devices": _those(file.devices, names),
        "overrides": _those(file.overrides, names),
        "waves": _those(file.waves, kept),
        "sessions": {n: s for n, s in file.sessions.items() if s.wave in kept},
        "schemes": {n: _of_one(s, hall) for n, s in file.schemes.items() if not s.halls or hall in s.halls},
        "energy": None,
    }
    if file.site is not None:
        changed["site"] = _hosts(file.site, names)
    if file.cabling is not None:
        changed["cabling"] = _cabling(file.cabling, hall)
    return file.model_copy(update=changed)


def _of_one(promise: PromiseIn, hall: str) -> PromiseIn:
    return promise.model_copy(update={"halls": [hall]})


def _those(section: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: entry for name, entry in section.items() if name in names}


def _series(entry: SeriesIn, hall: str) -> SeriesIn:
    """The series with the one building and hall that give it, or none: places in lists are lines."""
    for building in entry.buildings:
        for at, counted in enumerate(entry.halls):
            if filled(entry.names, building=building, hall=counted) == hall:
                number = entry.number + at
                update = {"buildings": (building,), "halls": (counted,), "number": number}
                return entry.model_copy(update=update)
    return entry.model_copy(update={"buildings": ()})


def _hosts(site: SiteIn, names: Collection[str]) -> SiteIn:
    """Management hosts of other halls are known to the whole."""
    kept = {key: [n for n in getattr(site, key) if n in names] for key in ("dns", "ntp", "witnesses")}
    services = {
        key: service.model_copy(update={"members": [n for n in service.members if n in names]})
        for key, service in site.services.items()
    }
    bastion = site.bastion if site.bastion in names else None
    return site.model_copy(update={**kept, "services": services, "bastion": bastion})


def _cabling(entry: CablingIn, hall: str) -> CablingIn:
    floors = {name: floor for name, floor in entry.halls.items() if name == hall}
    return entry.model_copy(update={"halls": floors})


def _tenant(file: TenantFile, names: Collection[str]) -> TenantFile | None:
    """VPCs with servers here; others of theirs are left out."""
    vpcs = {}
    for name, vpc in file.vpcs.items():
        subnets = {
            key: subnet.model_copy(update={"servers": [s for s in subnet.servers if s in names]})
            for key, subnet in vpc.subnets.items()
        }
        if any(subnet.servers for subnet in subnets.values()):
            vpcs[name] = vpc.model_copy(update={"subnets": subnets})
    return file.model_copy(update={"vpcs": vpcs}) if vpcs else None


def judged(findings: Iterable[Finding]) -> list[Finding]:
    """Without what a part says wrongly."""
    return [finding for finding in findings if not _of_the_whole(finding)]


def of_one(findings: Iterable[Finding]) -> list[Finding]:
    """The same without what is said of sums over halls."""
    return [f for f in judged(findings) if not f.subject.startswith("building ")]


def _of_the_whole(finding: Finding) -> bool:
    shared = finding.where.path.startswith(SHARED) and finding.code in WITH_LESS
    return finding.code in OF_THE_WHOLE or finding.subject in SITES or shared


def whole_not_judged(inventory: Inventory) -> Finding:
    """Where what halls share cannot be read, because something of others is wrong."""
    said = "the campus, its buildings, its energy and units that halls share were judged with this hall alone"
    said = f"{said}, because something of the site cannot be read"
    expected, where = (
        f"nothing in `igoudar check {inventory.site.name}`, which says what",
        inventory.site.where,
    )
    return Finding("whole-not-judged", where, said, expected, severity=Severity.WARNING)


def leaving(documents: Documents, inventory: Inventory) -> int:
    """How many cables are written down from the part to what is not in it."""
    inside = inventory.devices
    written = (cable for _, file in documents.sites for cable in file.cables)
    return sum((cable.a.device in inside) != (cable.b.device in inside) for cable in written)


def without_loose_ends(inventory: Inventory) -> Inventory:
    """Without written cables to what is not in the part, and floors on which nothing of it stands."""
    cables, devices, cabling = inventory.cables.values(), inventory.devices, inventory.cabling
    kept = {c.key: c for c in cables if c.a.device in devices and c.b.device in devices}
    if cabling is not None:
        stood_on = {rack.hall for rack in inventory.racks.values()}
        floors = {hall: floor for hall, floor in cabling.floors.items() if hall in stood_on}
        cabling = replace(cabling, floors=floors)
    return replace(inventory, cables=kept, cabling=cabling)
