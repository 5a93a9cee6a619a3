"""From the entries of all files to one `Inventory`: sections joined, names unique, each with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from igoudar import model, schema
from igoudar.errors import Finding, Where, step_path
from igoudar.hardware import DeviceType

_In = TypeVar("_In")
_Out = TypeVar("_Out")


@dataclass(slots=True)
class Documents:
    """File name and content, in order of file name."""

    sites: list[tuple[str, schema.SiteFile]] = field(default_factory=list)
    tenants: list[tuple[str, schema.TenantFile]] = field(default_factory=list)
    types: list[tuple[str, DeviceType]] = field(default_factory=list)


def assemble(documents: Documents, folder: str) -> tuple[model.Inventory | None, list[Finding]]:
    """The inventory, or findings about what stands twice and what is missing as a whole."""
    findings: list[Finding] = []
    site = _site(documents, folder, findings)
    joined = _Joiner(documents, findings)
    secrets = joined.section("secrets", _secret)
    racks = joined.section("racks", _rack)
    vpcs = {v.full_name: v for v in _once(_vpcs(documents), findings, lambda v: v.full_name)}
    types = {t.slug: t for t in _once((t for _, t in documents.types), findings, lambda t: t.slug)}
    devices = joined.section("devices", lambda n, d, w: _device(n, d, w, racks))
    cables = {c.key: c for c in _once(_cables(documents), findings, lambda c: c.key)}
    rest: dict[str, Any] = {
        "halls": joined.section("halls", lambda n, h, w: model.Hall(n, h.building, h.number, w)),
        "stations": joined.section("stations", lambda n, s, w: model.LandingStation(n, s.city, w)),
        "systems": joined.section("systems", _system),
        "waves": joined.section("waves", _wave),
        "upstreams": joined.section("upstreams", _upstream),
        "sessions": joined.section("sessions", _session),
    }
    if site is None or findings:
        return None, findings
    inventory = model.Inventory(
        site=site,
        types=types,
        racks=racks,
        devices=devices,
        cables=cables,
        vpcs=vpcs,
        secrets=secrets,
        **rest,
    )
    return inventory, findings


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


def _site(documents: Documents, folder: str, findings: list[Finding]) -> model.Site | None:
    found = [(file, d.site) for file, d in documents.sites if d.site is not None]
    if not found:
        where = Where(f"{folder}/site.yaml")
        findings.append(
            Finding("no-site", where, "no file of the folder has a section 'site'", "one section 'site'")
        )
        return None
    for file, _ in found[1:]:
        findings.append(_twice("site", Where(file, 0, "site"), Where(found[0][0])))
    file, entry = found[0]
    where = Where(file, 0, "site")
    lists = {"dns", "ntp", "witnesses", "bogon_exceptions"}
    plain = entry.model_dump(exclude={"pools", "users", "bastion", "bfd", *lists})
    pools = entry.pools
    ranges = pools.model_dump(exclude={"public4", "public6"})
    return model.Site(
        **plain,
        folder=folder,
        pools=model.Pools(**ranges, public4=tuple(pools.public4), public6=tuple(pools.public6)),
        dns=tuple(entry.dns),
        ntp=tuple(entry.ntp),
        bastion=entry.bastion or "",
        witnesses=tuple(entry.witnesses),
        bogon_exceptions=tuple(entry.bogon_exceptions),
        bfd_interval_ms=entry.bfd.interval_ms,
        bfd_multiplier=entry.bfd.multiplier,
        users=tuple(
            model.User(n, tuple(u.keys), u.sudo, where.at("users").at(n)) for n, u in entry.users.items()
        ),
        where=where,
    )


def _rack(name: str, entry: schema.RackIn, where: Where) -> model.Rack:
    return model.Rack(name, entry.hall, entry.row, entry.position, entry.height, tuple(entry.feeds), where)


def _device(name: str, entry: schema.DeviceIn, where: Where, racks: dict[str, model.Rack]) -> model.Device:
    rack = racks.get(entry.rack)
    return model.Device(
        name=name,
        where=where,
        hall=rack.hall if rack else "",
        oob_mac=entry.oob_mac or "",
        host_key=entry.host_key or "",
        nos=entry.nos or "",
        was=entry.was or "",
        **entry.model_dump(exclude={"oob_mac", "host_key", "nos", "was"}),
    )


def _cables(documents: Documents) -> Iterator[model.Cable]:
    for file, document in documents.sites:
        for position, c in enumerate(document.cables):
            where = Where(file, 0, f"cables[{position}]")
            yield model.Cable(c.a, c.b, where, c.status, c.medium, c.wave or "", c.drained)


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
