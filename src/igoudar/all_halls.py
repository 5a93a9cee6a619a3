"""A site as some of its halls need it to judge what all share: halls that are alike are counted out once.

A campus of eighty halls is a handful of kinds. What a hall of a kind draws, and where its heat goes, the
others of the kind do as well, unless something is written of theirs by name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from igoudar.assemble import Documents
from igoudar.facility.kinds import KindHall, kind_halls, misspelt
from igoudar.facility.rest import Copy
from igoudar.hall.part import Part
from igoudar.one_hall import filled, halls_of, names_of
from igoudar.site_files import SiteFile


def shared_of(documents: Documents, halls: Collection[str]) -> tuple[Documents, tuple[Copy, ...]]:
    """The same files with what draws power in them, `part` the halls that are counted out: `halls`, one of
    each kind, and those of their own. And the racks of all others.
    """
    like = _alike(documents, halls)
    counted = frozenset(halls_of(documents)) - {*like}
    kinds = {hall.name: hall for hall in kind_halls(documents.sites)}
    copies = tuple(copy for hall, one in like.items() for copy in _copies(kinds[hall], kinds[one]))
    sites = [(name, _drawing(file)) for name, file in documents.sites]
    return replace(documents, sites=sites, tenants=[], readings=[], part=Part(counted)), copies


def _drawing(file: SiteFile) -> SiteFile:
    """Without networks: of cables only the cords of power are needed, and those that are written."""
    cabling = file.cabling and file.cabling.model_copy(update={"in_racks": [], "meshes": []})
    return file.model_copy(update={"cabling": cabling, "waves": {}, "sessions": {}})


def _alike(documents: Documents, halls: Collection[str]) -> dict[str, str]:
    """Hall -> the hall of its kind that is counted out for it."""
    files, kinds = [file for _, file in documents.sites], kind_halls(documents.sites)
    cords = [rule for file in files if file.cabling for rule in file.cabling.cords]
    if [*misspelt(kinds)] or any(rule.rest for rule in cords):  # the ledger gives outlets by name
        return {}
    alone = {rule.hall for rule in cords} | {row.hall for file in files for row in file.rows}
    alone |= {rack.hall for file in files for rack in file.racks.values()}
    alone |= _told_of(documents, [*halls, *(hall.name for hall in kinds)])
    alike: dict[str, list[str]] = {}
    for hall in kinds:
        if hall.name not in alone:
            alike.setdefault(hall.kind, []).append(hall.name)
    found: dict[str, str] = {}
    for same in alike.values():
        first = next((name for name in same if name in halls), same[0])
        found |= {name: first for name in same if name != first and name not in halls}
    return found


def _told_of(documents: Documents, halls: Collection[str]) -> set[str]:
    """Halls that have something of which something is said by name. What a kind gives has its hall's name in
    it; `srv-g01-2-a07-1` has that of the hall a07-1, too, and is none of its boxes.
    """
    names, found = {*_written([file for _, file in documents.sites])}, set[str]()
    for hall in halls:
        if any(hall in name for name in names) and (own := names.intersection(names_of(documents, hall))):
            found.add(hall)
            names -= own
    return found


def _written(files: Collection[SiteFile]) -> Iterator[str]:
    """Names of racks and devices of which something is said."""
    for file in files:
        yield from file.overrides
        for name, device in file.devices.items():
            yield from (name, device.rack)
        for cable in file.cables:
            yield from (cable.a.device, cable.b.device)


def _copies(hall: KindHall, one: KindHall) -> Iterator[Copy]:
    for entry in hall.entry.rows:
        for row in entry.name:
            for counted in entry.racks:
                name, like = (
                    filled(entry.names, hall=each.name, row=row, rack=counted) for each in (hall, one)
                )
                words: Mapping[str, str] = {"hall": hall.name, "row": row, "name": name}
                feeds = sorted((str(feed), filled(unit, **words)) for feed, unit in entry.feeds.items())
                yield Copy(name, hall.name, like, tuple(feeds))
