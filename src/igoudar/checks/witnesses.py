"""Who holds what was decided: one witness or three, each with a way to it."""

from __future__ import annotations

from collections.abc import Iterator

from igoudar.design import Design
from igoudar.errors import Finding


def check(design: Design) -> Iterator[Finding]:
    site, devices = design.inventory.site, design.inventory.devices
    where = site.where.at("witnesses")
    if len(set(site.witnesses)) not in (1, 3) or len(set(site.witnesses)) != len(site.witnesses):
        yield Finding(
            "witnesses",
            where,
            f"{', '.join(site.witnesses)}: {len(site.witnesses)} witnesses",
            "one, or three different ones: of two each can hold another decision for ever",
        )
    for position, name in enumerate(site.witnesses):
        if name in devices and devices[name].oob is None:
            yield Finding(
                "no-oob",
                where.at(position),
                f"{name} has no out-of-band address, so no switch can ask it",
                "oob: <address/length>",
            )
