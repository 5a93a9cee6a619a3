"""What several management hosts do alike: known, done by somebody, and so that one may be away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from igoudar.design import Design
from igoudar.errors import Finding, unknown
from igoudar.site import Site


def check(design: Design) -> Iterator[Finding]:
    for name, service in design.inventory.site.services.items():
        count = len(service.members)
        if name not in design.servers.services:
            found = unknown("service", name, service.where, design.servers.services)
            made = "a new one is an entry of BY_SERVICE in stacks/servers.py"
            yield replace(found, hint=found.hint or made)
        elif not service.members:
            yield Finding("service-members", service.where, f"nobody serves {name}", "`members`")
        elif service.min_up >= count:
            said = f"{service.min_up} of the {count} members of {name} have to be up, so none may ever change"
            where, hint = service.where.at("min_up"), "or give it more members"
            yield Finding("min-up", where, said, f"at most {count - 1}", hint)
    yield from _way_in(design.inventory.site)


def _way_in(site: Site) -> Iterator[Finding]:
    """The host by which workers come in passes everything on where it is none of those that are narrowed."""
    service = site.served("bastion")
    if service is not None and site.bastion and site.bastion not in service.members:
        said = f"workers come in by {site.bastion}, which does not serve bastion"
        yield Finding(
            "bastion-outside", site.where.at("bastion"), said, f"one of {', '.join(service.members)}"
        )
