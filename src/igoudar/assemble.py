"""From the entries of all files to one `Inventory`: sections joined, names unique, each with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from igoudar import log_secrets, model, schema
from igoudar.cabling.goods import NOTHING, Goods
from igoudar.cabling.schema import cabling_of
from igoudar.cabling.tested import Tested
from igoudar.cabling.trays import Cabling
from igoudar.errors import Finding, Where, step_path
from igoudar.facility.assembly import plant
from igoudar.facility.kinds import kind_halls
from igoudar.facility.library import Library
from igoudar.facility.plant import Plant
from igoudar.hall import patterns, series
from igoudar.hall import schema as hall_schema
from igoudar.hall.bays import seated
from igoudar.hall.facts import RackFacts
from igoudar.hall.modules import Catalogue, Fitting
from igoudar.hall.part import Part
from igoudar.hall.places import Building, Campus, Climate, Hall, Limits, Rack, TypeFacts
from igoudar.hall.rack_maker import RackMaker
from igoudar.hall.readings import Reading
from igoudar.hall.units import Unit, put_in
from igoudar.hardware import DeviceType, ModuleType, RackType
from igoudar.site import Pools, Service, Site, User
from igoudar.site_files import SiteFile, TenantFile
from igoudar.site_schema import GIVEN, ServiceIn, SiteIn, services_of
from igoudar.waivers import Waiver

_In = TypeVar("_In")
_Out = TypeVar("_Out")


@dataclass(slots=True)
class Documents:
    """File name and content, in order of file name. `part`: what rows give, where it is not all."""

    sites: list[tuple[str, SiteFile]] = field(default_factory=list)
    tenants: list[tuple[str, TenantFile]] = field(default_factory=list)
    types: list[DeviceType | RackType] = field(default_factory=list)
    modules: list[ModuleType] = field(default_factory=list)
    facts: Mapping[str, TypeFacts] = field(default_factory=dict)
    rack_facts: Mapping[str, RackFacts] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    goods: Goods = NOTHING
    units: Mapping[str, Unit] = field(default_factory=dict)
    readings: list[Reading] = field(default_factory=list)
    tested: list[Tested] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    facility: Library = field(default_factory=Library)
    part: Part | None = None


def assemble(documents: Documents, folder: str) -> tuple[model.Inventory | None, list[Finding]]:
    """The inventory, or findings about what stands twice and what is missing as a whole."""
    findings: list[Finding] = []
    site = _site(documents, folder, findings)
    joined = _Joiner(documents, findings)
    secrets = joined.section("secrets", _secret)
    vpcs = {v.full_name: v for v in _once(_vpcs(documents), findings, lambda v: v.full_name)}
    types = {t.slug: t for t in _once(iter(documents.types), findings, lambda t: t.slug.lower())}
    rack_types = _rack_types(types.values(), documents.rack_facts)
    halls, rows = _halls(documents, joined)
    racks, devices = _standing(rows, joined, RackMaker(rack_types, findings), documents.part)
    fitting = _fitting(documents, types, findings)
    devices, strays = seated(fitting.all(devices))
    findings += strays
    units = documents.units
    if documents.part is not None:
        units = {name: unit for name, unit in units.items() if name in devices}
    findings += put_in(devices, units)
    cables = {c.key: c for c in _once(_cables(documents), findings, lambda c: c.key)}
    rest: dict[str, Any] = {
        "buildings": joined.section("buildings", lambda n, b, w: Building(n, b.number, w, b.floors, b.power)),
        "halls": halls,
        "stations": joined.section("stations", lambda n, s, w: model.LandingStation(n, s.city, w)),
        "systems": joined.section("systems", _system),
        "waves": joined.section("waves", _wave),
        "upstreams": joined.section("upstreams", _upstream),
        "sessions": joined.section("sessions", _session),
        "plant": _plant(documents, joined),
    }
    campus = _campus(documents, findings)
    cabling = _cabling(documents, findings)
    findings += fitting.findings
    if site is None or findings:
        return None, findings
    inventory = model.Inventory(
        site=site,
        types=fitting.types,
        rack_types=rack_types,
        facts=fitting.facts,
        rack_facts={slug: told.where for slug, told in documents.rack_facts.items()},
        limits=documents.limits,
        waivers=tuple(_waivers(documents)),
        readings=tuple(documents.readings),
        tested=tuple(documents.tested),
        warnings=tuple(documents.warnings),
        campus=campus,
        cabling=cabling,
        goods=documents.goods,
        racks=racks,
        devices=devices,
        cables=cables,
        vpcs=vpcs,
        secrets={**log_secrets.implied(site, devices.values()), **secrets},
        **rest,
    )
    return inventory, findings


def _fitting(
    documents: Documents, types: Mapping[str, DeviceType | RackType], findings: list[Finding]
) -> Fitting:
    """Of device types and what is known of them, and of modules that can be in their bays."""
    modules = _once(iter(documents.modules), findings, lambda m: f"{m.manufacturer}/{m.model}")
    kinds = {slug: kind for slug, kind in types.items() if isinstance(kind, DeviceType)}
    return Fitting(kinds, {**documents.facts}, Catalogue.of(modules))


def _rack_types(
    types: Iterable[DeviceType | RackType], facts: Mapping[str, RackFacts]
) -> dict[str, RackType]:
    """Those of the files, with what overrides say of them."""
    racks = (kind for kind in types if isinstance(kind, RackType))
    return {kind.slug: facts[kind.slug].of(kind) if kind.slug in facts else kind for kind in racks}


class _Joiner:
    """Joins one section of all files; a name that stands in two files is refused with both places."""

    def __init__(self, documents: Documents, findings: list[Finding]) -> None:
        self.files = documents.sites
        self.findings = findings

    def section(self, name: str, build: Callable[[str, Any, Where], _Out]) -> dict[str, _Out]:
        out: dict[str, _Out] = {}
        places: dict[str, Where] = {}
        for file, document in self.files:
            for key, entry in getattr(document, name).items():
                where = Where(file, 0, step_path(name, key))
                if key in out:
                    self.findings.append(_twice(key, where, places[key]))
                    continue
                places[key] = where
                out[key] = build(key, entry, where)
        return out


def _twice(name: str, where: Where, first: Where) -> Finding:
    return Finding(
        "duplicate-name", where, f"{name!r} is there already", "each name once in a site", see=first
    )


def _once(items: Iterator[_Out], findings: list[Finding], key: Callable[[_Out], str]) -> Iterator[_Out]:
    seen: dict[str, Where] = {}
    for item in items:
        name, where = key(item), item.where  # type: ignore[attr-defined]
        if name in seen:
            findings.append(_twice(name, where, seen[name]))
            continue
        seen[name] = where
        yield item


def _only(documents: Documents, section: str, findings: list[Finding]) -> tuple[Any, Where] | None:
    """What may stand once in a site."""
    found = [(entry, file) for file, d in documents.sites if (entry := getattr(d, section)) is not None]
    for _, file in found[1:]:
        findings.append(_twice(section, Where(file, 0, section), Where(found[0][1])))
    return (found[0][0], Where(found[0][1], 0, section)) if found else None


def _waivers(documents: Documents) -> Iterator[Waiver]:
    for file, document in documents.sites:
        for position, entry in enumerate(document.waivers):
            yield Waiver(**dict(entry), where=Where(file, 0, f"waivers[{position}]"))


def _site(documents: Documents, folder: str, findings: list[Finding]) -> Site | None:
    found = _only(documents, "site", findings)
    if found is None:
        where = Where(f"{folder}/site.yaml")
        findings.append(
            Finding("no-site", where, "no file of the folder has a section 'site'", "one section 'site'")
        )
        return None
    entry, where = found
    lists = {"dns", "ntp", "witnesses", "services", "bogon_exceptions"}
    others = {"pools", "users", "bastion", "bfd", "roles", "ssh_ca", "logs", "packages"}
    plain = entry.model_dump(exclude=others | lists)
    pools, ranges = entry.pools, entry.pools.model_dump(exclude={"public4", "public6"})
    return Site(
        **plain,
        folder=folder,
        pools=Pools(**ranges, public4=tuple(pools.public4), public6=tuple(pools.public6)),
        dns=tuple(entry.dns),
        ntp=tuple(entry.ntp),
        bastion=entry.bastion or "",
        witnesses=tuple(entry.witnesses),
        services=dict(_services(entry, where.at("services"), findings)),
        bogon_exceptions=tuple(entry.bogon_exceptions),
        bfd_interval_ms=entry.bfd.interval_ms,
        failures=entry.roles.failures,
        bfd_multiplier=entry.bfd.multiplier,
        users=tuple(User(n, tuple(u.keys), u.sudo, where.at("users").at(n)) for n, u in entry.users.items()),
        **services_of(entry),
        where=where,
    )


def _services(entry: SiteIn, where: Where, findings: list[Finding]) -> Iterator[tuple[str, Service]]:
    """Names and time always, with the members that their own keys give; then the others."""
    for name in dict.fromkeys((*GIVEN, *entry.services)):
        said = entry.services.get(name, ServiceIn())
        given = name in GIVEN
        if given and said.members:
            at, what = where.at(name).at("members"), f"the members of {name} stand in site.{name}"
            findings.append(Finding("service-members", at, what, "`min_up` alone here"))
        members = getattr(entry, name) if given else said.members
        min_up = max(len(members) - 1, 0) if said.min_up is None else said.min_up
        yield name, Service(tuple(members), min_up, where.at(name), said.min_up is not None)


def _campus(documents: Documents, findings: list[Finding]) -> Campus | None:
    found = _only(documents, "campus", findings)
    if found is None:
        return None
    entry, where = found
    c = entry.climate
    dew_point = tuple(c.dew_point or ())
    climate = Climate(tuple(c.high), tuple(c.low), c.extreme, c.source, dew_point, c.extreme_low)
    return Campus(
        power_w=entry.capacity.power,
        basis=entry.capacity.basis,
        sea_m=entry.distance_to_sea,
        climate=climate,
        water_m3=entry.water_a_year,
        design_pue=entry.design_pue,
        design_wue=entry.design_wue,
        where=where,
    )


def _cabling(documents: Documents, findings: list[Finding]) -> Cabling | None:
    found = _only(documents, "cabling", findings)
    if found is None:
        return None
    kinds: dict[str, list[str]] = {s.kind: [] for _, file in documents.sites for s in file.hall_series}
    for hall in kind_halls(documents.sites):
        kinds[hall.kind].append(hall.name)
    return cabling_of(*found, findings, kinds)


def _plant(documents: Documents, joined: _Joiner) -> Plant:
    energy = _only(documents, "energy", joined.findings)
    return plant(documents.facility, joined, energy, kind_halls(documents.sites))


def _hall(name: str, entry: hall_schema.HallIn, where: Where) -> Hall:
    return series.hall_of(name, entry, entry.building, entry.number, where)


def _halls(documents: Documents, joined: _Joiner) -> tuple[dict[str, Hall], list[patterns.Rows]]:
    """Those written down and those of series, and the rows of all."""
    halls = joined.section("halls", _hall)
    kinds = joined.section("hall_kinds", lambda _, k, w: series.Kind(k, w))
    rows = [
        patterns.Rows(row.hall, row, Where(file, 0, f"rows[{n}]"))
        for file, d in documents.sites
        for n, row in enumerate(d.rows)
    ]
    counted = (
        (Where(file, 0, f"hall_series[{n}]"), entry)
        for file, d in documents.sites
        for n, entry in enumerate(d.hall_series)
    )
    for hall, own in series.expand_series(counted, kinds, joined.findings):
        if (other := halls.setdefault(hall.name, hall)) is not hall:
            joined.findings.append(_twice(hall.name, hall.where, other.where))
        rows += own
    if documents.part is not None:
        rows = [part for row in rows if (part := documents.part.of(row)) is not None]
    return halls, rows


def _standing(
    rows: list[patterns.Rows], joined: _Joiner, rack: RackMaker, part: Part | None
) -> tuple[dict[str, Rack], dict[str, model.Device]]:
    """What rows give, as overridden, and what is written down by itself."""
    found = patterns.expand(rows, rack)

    def alone(name: str, entry: hall_schema.RackIn, where: Where) -> Rack:
        place = {"hall": entry.hall, "row": entry.row, "position": entry.position, "at": entry.at or ""}
        return rack(name, entry, place, where)

    racks = joined.section("racks", alone)
    every = {**found.racks, **racks}
    devices = joined.section("devices", lambda n, d, w: _device(n, d, w, every))
    written = {n: r.where for n, r in racks.items()} | {n: d.where for n, d in devices.items()}
    overrides = joined.section("overrides", lambda _, e, w: (e, w))
    if part is not None:  # whether others are misspelt is judged of the whole
        overrides = {n: o for n, o in overrides.items() if n in found.racks or n in found.devices}
    patterns.override(found, written, overrides, rack)
    for name in written.keys() & {*found.racks, *found.devices}:
        thing = found.racks.get(name) or found.devices[name]
        joined.findings.append(_twice(name, written[name], thing.where))
    joined.findings += found.findings
    return {**racks, **found.racks}, {**devices, **found.devices}


def _device(name: str, entry: schema.DeviceIn, where: Where, racks: Mapping[str, Rack]) -> model.Device:
    rack = racks.get(entry.rack)
    return model.Device(
        name=name,
        where=where,
        hall=rack.hall if rack else "",
        oob_mac=entry.oob_mac or "",
        host_key=entry.host_key or "",
        nos=entry.nos or "",
        was=entry.was or "",
        serial=entry.serial or "",
        draw_w=entry.draw,
        feed=entry.feed or "",
        bay=entry.bay,
        **entry.model_dump(exclude={"oob_mac", "host_key", "nos", "was", "serial", "draw", "feed", "bay"}),
    )


def _cables(documents: Documents) -> Iterator[model.Cable]:
    for file, document in documents.sites:
        for position, c in enumerate(document.cables):
            where = Where(file, 0, f"cables[{position}]")
            yield model.Cable(
                **c.model_dump(exclude={"a", "b", "wave", "length", "trays"}),
                a=c.a,
                b=c.b,
                where=where,
                wave=c.wave or "",
                length_m=c.length,
                trays=tuple(c.trays),
            )


def _system(name: str, entry: schema.SystemIn, where: Where) -> model.CableSystem:
    return model.CableSystem(name, tuple(entry.stations), entry.length_km, entry.in_service, where)


def _wave(name: str, entry: schema.WaveIn, where: Where) -> model.Wave:
    return model.Wave(
        name=name,
        system=entry.system,
        station=entry.station,
        duct=entry.duct,
        border=entry.border,
        far=entry.far,
        classes=tuple(entry.classes),
        where=where,
        drained=entry.drained,
    )


def _upstream(name: str, entry: schema.UpstreamIn, where: Where) -> model.Upstream:
    return model.Upstream(name, entry.asn, entry.role, tuple(entry.announces), where)


def _session(name: str, entry: schema.SessionIn, where: Where) -> model.Session:
    return model.Session(name=name, where=where, **dict(entry))


def _secret(name: str, entry: schema.SecretIn, where: Where) -> model.SecretName:
    return model.SecretName(name, entry.version, where)


def _vpcs(documents: Documents) -> Iterator[model.Vpc]:
    for file, document in documents.tenants:
        for name, entry in document.vpcs.items():
            where = Where(file, 0, "vpcs").at(name)
            subnets = tuple(_subnet(n, s, where.at("subnets").at(n)) for n, s in entry.subnets.items())
            yield model.Vpc(document.tenant, name, subnets, where, entry.was or "", tuple(entry.own))


def _subnet(name: str, entry: schema.SubnetIn, where: Where) -> model.Subnet:
    return model.Subnet(
        name=name,
        ipv4=entry.ipv4,
        ipv6=entry.ipv6,
        attachment=entry.attachment,
        public=entry.public,
        servers=tuple(entry.servers),
        where=where,
        was=entry.was or "",
    )
