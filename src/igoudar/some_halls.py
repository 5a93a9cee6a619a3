"""The part of a site that a stack of some halls needs: these whole, and of others what theirs are tied to.

So each of the halls has every record that it has of the whole site, cables into other halls included. What
is written down by name is little, and stays. Of what rows of other halls count stay rows to which a written
cable of ours leads, or in which a VPC with servers of ours has others; racks of written devices that ours
need; and far ends of meshes from hall to hall.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from igoudar.assemble import Documents
from igoudar.cabling.panels import FRONT, REAR
from igoudar.facility.kinds import kind_halls
from igoudar.hall.part import Part, RowOf
from igoudar.model import End, Role
from igoudar.one_hall import halls_of, names_of, rows_of, standing
from igoudar.site_files import SiteFile, TenantFile


def part_of(documents: Documents, halls: Collection[str]) -> Documents | None:
    """The same files with less in them, and `part`, which says what their rows give.

    Of `halls` those that are there. None where a rule leads from servers to switches by numbers: then whom a
    server of another hall is on is not known without all of that hall.
    """
    meshes = [rule for _, file in documents.sites if file.cabling for rule in file.cabling.meshes]
    between = {role for rule in meshes if rule.to_halls for role in (rule.devices, rule.to)}
    halls = [hall for hall in halls_of(documents) if hall in halls]
    own = frozenset(name for hall in halls for name in names_of(documents, hall))
    ties = _ties(documents, own, between)
    if Role.SERVER in between or (ties.whole and any(Role.SERVER in (r.devices, r.to) for r in meshes)):
        return None
    rows, bare = ties.places(halls)
    part = Part(
        halls=frozenset(halls),
        rows=frozenset(rows),
        bare=frozenset(bare),
        near=_neighbours(documents, halls) if between else frozenset(),
        meshed=frozenset(between),
        elsewhere=frozenset(ties.elsewhere),
        tied=bool(ties.whole),
    )
    return replace(
        documents,
        sites=[(file, ties.written(site)) for file, site in documents.sites],
        tenants=[(file, _without_servers(tenant, part)) for file, tenant in documents.tenants],
        readings=[],
        part=part,
    )


@dataclass(frozen=True, slots=True)
class _Ties:
    """`own`: racks and boxes of the halls. `whole`: boxes of others whose cables are needed, too; `wanted`:
    boxes of others that are needed alone. `elsewhere`: VPCs of which nothing is on a switch here.
    """

    documents: Documents
    own: frozenset[str]
    whole: frozenset[str]
    wanted: frozenset[str]
    elsewhere: Collection[tuple[str, str]]

    def written(self, site: SiteFile) -> SiteFile:
        """The file without written boxes in counted racks of other halls that nobody here needs."""
        racks = {name for _, file in self.documents.sites for name in file.racks} | self.own
        needed = self.whole | self.wanted
        boxes = {n: d for _, file in self.documents.sites for n, d in file.devices.items()}
        needed |= {bay.device for n in needed & boxes.keys() if (bay := boxes[n].bay)}
        kept = {n: d for n, d in site.devices.items() if d.rack in racks or n in needed}
        return site.model_copy(update={"devices": kept})

    def places(self, halls: Collection[str]) -> tuple[set[RowOf], set[RowOf]]:
        """Rows of other halls that are needed whole, and those of which the racks are enough."""
        files = [file for _, file in self.documents.sites]
        boxes = {name: device for file in files for name, device in file.devices.items()}
        devices = {name: device.rack for name, device in boxes.items()}
        racks = {name: (rack.hall, rack.row) for file in files for name, rack in file.racks.items()}
        sought = {name: True for name in self.wanted if name not in devices}
        alone = sorted((bool(boxes[name].bay), devices[name]) for name in self.wanted if name in devices)
        sought |= {rack: in_a_bay for in_a_bay, rack in alone}  # a parent may be one that the row counts
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


def _ties(documents: Documents, own: frozenset[str], between: Collection[str]) -> _Ties:
    """A server of another hall that is cabled into one of these counts as one of these: its VPC is on a
    switch here, and its other leaves are partners of that switch.
    """
    files = [file for _, file in documents.sites]
    ways = _Ways([way for file in files for c in file.cables for way in ((c.a, c.b), (c.b, c.a))], own)
    tied = ways.far(own)
    whole, elsewhere = set(tied), set()
    for _, tenant in documents.tenants:
        for name, vpc in tenant.vpcs.items():
            servers = {server for subnet in vpc.subnets.values() for server in subnet.servers}
            if servers & (own | tied):
                whole |= servers - own
            elif servers:
                elsewhere.add((tenant.tenant, name))
    hosts = {*_hosts(files)} - own
    meshed = {name for file in files for name, d in file.devices.items() if d.role in between}
    meshed |= {name for file in files for name, other in file.overrides.items() if other.role in between}
    wanted = whole | hosts | ways.far(whole | hosts) | (meshed - own)
    return _Ties(documents, own, frozenset(whole), frozenset(wanted), elsewhere)


def _hosts(files: Iterable[SiteFile]) -> Iterator[str]:
    """Management hosts, and borders: what one may lose depends on the others."""
    for file in files:
        if file.site is not None:
            yield from (*file.site.dns, *file.site.ntp, *file.site.witnesses)
            yield from (name for service in file.site.services.values() for name in service.members)
            yield from [file.site.bastion] if file.site.bastion else []
        for wave in file.waves.values():
            yield from (wave.border.device, wave.far.device)


@dataclass(frozen=True, slots=True)
class _Ways:
    """Written cables, in both directions."""

    ways: Sequence[tuple[End, End]]
    own: frozenset[str]

    def far(self, begin: Collection[str]) -> set[str]:
        """Far ends of their cables, through panels to the end of the way; none of `own`."""
        found: set[str] = set()
        before = -1
        while before != len(found):
            before = len(found)
            found |= {
                far.device
                for near, far in self.ways
                if far.device not in self.own
                and (near.device in begin or (near.device in found and near.port.startswith((FRONT, REAR))))
            }
        return found


def _counted(documents: Documents, hall: str) -> Iterator[tuple[RowOf, set[str]]]:
    """Each counted row of a hall, with its racks and boxes."""
    for _, file in documents.sites:
        for entry in rows_of(documents, file, hall):
            for row in entry.name:
                one = entry.model_copy(update={"name": (row,)})
                yield (hall, row), {name for rack, boxes in standing(one, hall) for name in (rack, *boxes)}


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
