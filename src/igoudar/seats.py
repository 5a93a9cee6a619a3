"""Racks of devices that are written down in a bay: those of their parents, so that each is in a hall."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from igoudar.assemble import Documents
from igoudar.one_hall import halls_of, rows_of, standing


def with_racks(documents: Documents) -> Documents:
    """What a row counts has its rack. A parent that is nowhere is told of when names are looked up."""
    written = {name: entry for _, file in documents.sites for name, entry in file.devices.items()}
    parents = {name: entry.bay.device for name, entry in written.items() if entry.bay}
    if not parents:
        return documents
    racks = {name: written[name].rack for name in parents.values() if name in written}
    racks |= dict(_counted(documents, {*parents.values()} - {*racks}))
    seats = {name: racks[parent] for name, parent in parents.items() if parent in racks}
    sites = []
    for path, file in documents.sites:
        devices = {
            name: entry.model_copy(update={"rack": seats[name]}) if name in seats else entry
            for name, entry in file.devices.items()
        }
        sites.append((path, file.model_copy(update={"devices": devices})))
    return replace(documents, sites=sites)


def _counted(documents: Documents, wanted: Collection[str]) -> Iterator[tuple[str, str]]:
    """Each of `wanted` that a row counts, with its rack."""
    for hall in halls_of(documents) if wanted else ():
        for _, file in documents.sites:
            for row in rows_of(documents, file, hall):
                for rack, boxes in standing(row, hall):
                    yield from ((box, rack) for box in boxes if box in wanted)
