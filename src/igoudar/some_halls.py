"""The part of a site that a stack of some halls needs: these whole, and of others what theirs are tied to.

So each of the halls has every record that it has of the whole site, cables into other halls included. What
is written down by name is little, and stays. Of what rows of other halls count stay rows to which a written
cable of ours leads, or in which a VPC with servers of ours has others; racks of written devices that ours
need; and far ends of meshes from hall to hall.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

from igoudar.assemble import Documents
from igoudar.cabling.panels import FRONT, REAR
from igoudar.cabling.schema import MeshRuleIn
from igoudar.facility.kinds import kind_halls
from igoudar.hall.part import Part, RowOf
from igoudar.model import End
from igoudar.one_hall import halls_of, names_of, rows_of, standing
from igoudar.site_files import SiteFile, TenantFile


def part_of(documents: Documents, halls: Collection[str]) -> Documents:
    """The same files with less in them, and `part`, which says what their rows give.

    Of `halls` those that are there.
    """
    halls = [hall for hall in halls_of(documents) if hall in halls]
    ties = _Ties(documents, frozenset(name for hall in halls for name in names_of(documents, hall)))
    ties.tenants()
    ties.hosts()
    ties.cables()
    rows, bare = ties.places(halls)
    roles = {role for rule in _between_halls(documents) for role in (rule.devices, rule.to)}
    part = Part(
        halls=frozenset(halls),
        rows=frozenset(rows),
        bare=frozenset(bare),
        near=_neighbours(documents, halls) if roles else frozenset(),
        meshed=frozenset(roles),
        elsewhere=frozenset(ties.elsewhere),
    )
    return replace(
        documents,
        sites=[(file, ties.written(site)) for file, site in documents.sites],
        tenants=[(file, _without_servers(tenant, part)) for file, tenant in documents.tenants],
        readings=[],
        part=part,
    )


@dataclass(slots=True)
class _Ties:
    """`own`: racks and boxes of the halls. `whole`: servers of others whose leaves are needed, too; `wanted`:
    boxes of others that are needed alone.
    """

    documents: Documents
    own: frozenset[str]
    whole: set[str] = field(default_factory=set)
    wanted: set[str] = field(default_factory=set)
    elsewhere: set[tuple[str, str]] = field(default_factory=set)

    def tenants(self) -> None:
        for _, file in self.documents.tenants:
            for name, vpc in file.vpcs.items():
                servers = {server for subnet in vpc.subnets.values() for server in subnet.servers}
                if servers & self.own:
                    self.whole |= servers - self.own
                elif servers:
                    self.elsewhere.add((file.tenant, name))

    def hosts(self) -> None:
        """Management hosts, and borders: what one may lose depends on the others."""
        for _, file in self.documents.sites:
            if file.site is not None:
                self.wanted |= {*file.site.dns, *file.site.ntp, *file.site.witnesses}
                self.wanted |= {file.site.bastion} if file.site.bastion else set()
            for wave in file.waves.values():
                self.wanted |= {wave.border.device, wave.far.device}
        self.wanted -= self.own

    def cables(self) -> None:
        """Far ends of written cables, through panels to the end of the way."""
        cables = [(cable.a, cable.b) for _, file in self.documents.sites for cable in file.cables]
        ways = [way for a, b in cables for way in ((a, b), (b, a))]
        before = -1
        while before != len(self.wanted):
            before = len(self.wanted)
            self.wanted |= {
                far.device for near, far in ways if self._leads(near) and far.device not in self.own
            }

    def _leads(self, end: End) -> bool:
        return end.device in self.own or (end.device in self.wanted and end.port.startswith((FRONT, REAR)))

    def written(self, site: SiteFile) -> SiteFile:
        """The file without written boxes in counted racks of other halls that nobody here needs."""
        racks = {name for _, file in self.documents.sites for name in file.racks} | self.own
        needed = self.whole | self.wanted
        kept = {n: d for n, d in site.devices.items() if d.rack in racks or n in needed}
        return site.model_copy(update={"devices": kept})

    def places(self, halls: Collection[str]) -> tuple[set[RowOf], set[RowOf]]:
        """Rows of other halls that are needed whole, and those of which the racks are enough."""
        files = [file for _, file in self.documents.sites]
        devices = {name: device.rack for file in files for name, device in file.devices.items()}
        racks = {name: (rack.hall, rack.row) for file in files for name, rack in file.racks.items()}
        sought = {name: True for name in self.wanted if name not in devices}
        sought |= {devices[name]: False for name in self.wanted if name in devices}
        sought |= {devices.get(name, name): True for name in self.whole}
        sought = {name: whole for name, whole in sought.items() if name not in self.own}
        rows = {racks[name] for name, whole in sought.items() if whole and name in racks}
        bare: set[RowOf] = set()
        missing = {*sought} - {*racks}
        for hall in halls_of(self.documents) if missing else ():
            if hall in halls:
                continue
            for place, names in _counted(self.documents, hall):
                found = missing & names
                (rows if any(sought[name] for name in found) else bare).update([place] if found else ())
                missing -= found
            if not missing:
                break
        return rows, bare


def _counted(documents: Documents, hall: str) -> Iterator[tuple[RowOf, set[str]]]:
    """Each counted row of a hall, with its racks and boxes."""
    for _, file in documents.sites:
        for entry in rows_of(documents, file, hall):
            for row in entry.name:
                one = entry.model_copy(update={"name": (row,)})
                yield (hall, row), {name for rack, boxes in standing(one, hall) for name in (rack, *boxes)}


def _between_halls(documents: Documents) -> Iterator[MeshRuleIn]:
    for _, file in documents.sites:
        if file.cabling is not None:
            yield from (rule for rule in file.cabling.meshes if rule.to_halls)


def _neighbours(documents: Documents, halls: Collection[str]) -> frozenset[str]:
    """Other halls of the buildings of these."""
    building = {hall.name: int(hall.building) for hall in kind_halls(documents.sites)}
    building |= {name: hall.building for _, file in documents.sites for name, hall in file.halls.items()}
    here = {building[hall] for hall in halls}
    return frozenset(name for name, number in building.items() if number in here) - {*halls}


def _without_servers(file: TenantFile, part: Part) -> TenantFile:
    """VPCs of other halls keep their numbers and their space."""
    vpcs = dict(file.vpcs)
    for name, vpc in file.vpcs.items():
        if (file.tenant, name) in part.elsewhere:
            subnets = {n: s.model_copy(update={"servers": []}) for n, s in vpc.subnets.items()}
            vpcs[name] = vpc.model_copy(update={"subnets": subnets})
    return file.model_copy(update={"vpcs": vpcs})
