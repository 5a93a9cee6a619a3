"""What is wrong with a request, beside the inventory that it is about."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from igoudar.errors import Finding, Where, and_more, unknown
from igoudar.hall.draw import widths_of
from igoudar.model import SWITCH_ROLES, Inventory
from igoudar.placement.known import RackLimits, draw_asked, mass_asked, rack_limits
from igoudar.placement.problem import Per
from igoudar.placement.request import DevicesIn, N, RequestFile
from igoudar.validated import LABEL, LABEL_TEXT


def unsound(request: RequestFile, inventory: Inventory, file: str) -> Iterator[Finding]:
    """Every finding; none means that `problem_of` can be asked."""
    top = Where(file)
    for position, hall in enumerate(request.halls or ()):
        yield from _known("hall", hall, top.at("halls").at(position), inventory.halls)
    limits = top.at("limits")
    for name in request.limits.racks:
        yield from _known("rack", name, limits.at("racks").at(name), inventory.racks)
    for name in request.limits.types:
        yield from _known("type", name, limits.at("types").at(name), inventory.written_types())
    entries = [(entry, top.at("devices").at(n)) for n, entry in enumerate(request.devices)]
    racks = [*rack_limits(inventory, request).values()]
    for entry, where in entries:
        yield from _type(entry, where, inventory, request, racks)
        yield from _places(entry, where, inventory, racks)
    yield from _rails(entries, inventory)
    yield from _names(entries, inventory)
    yield from _groups(entries)


def _known(kind: str, name: str, where: Where, known: Collection[str]) -> Iterator[Finding]:
    if name not in known:
        yield unknown(kind, name, where, known)


def _type(
    entry: DevicesIn, where: Where, inventory: Inventory, request: RequestFile, racks: Sequence[RackLimits]
) -> Iterator[Finding]:
    if entry.type not in inventory.types:
        yield from _known("type", entry.type, where.at("type"), inventory.written_types())
        return
    if not inventory.types[entry.type].units:
        said = f"{entry.type} has no height: it stands beside the U, or in another device"
        yield Finding("no-height", where.at("type"), said, "a type that takes U", "write it down by hand")
    limited = any(limit.power_w is not None or limit.cooling_w is not None for limit in racks)
    if limited and draw_asked(entry, inventory, request) is None:
        said = f"power or cooling of racks is limited, and what a {entry.type} draws is not known"
        yield Finding(
            "no-draw",
            where,
            said,
            "`draw` of the devices, or `allocated` of the type in types/overrides.yaml",
        )
    if any(limit.load_kg is not None for limit in racks) and mass_asked(entry, inventory, request) is None:
        said = f"the load of racks is limited, and what a {entry.type} weighs is not known"
        yield Finding("no-mass", where, said, "`weight` of the type in types/overrides.yaml")
    if entry.role in SWITCH_ROLES and not entry.nos:
        yield Finding("no-nos", where, "switches have no 'nos'", "a folder name of templates/")


def _rails(entries: list[tuple[DevicesIn, Where]], inventory: Inventory) -> Iterator[Finding]:
    """All of a request go into racks of one width between the rails."""
    left = {rack.width_in for rack in inventory.racks.values()}
    for entry, where in entries:
        fits = widths_of(inventory, entry.type)
        if left.isdisjoint(fits):
            rails = " or ".join(f"{inches} inches" for inches in fits)
            said = f"a {entry.type} is made for rails {rails} apart"
            expected = f"racks of the site that the others fit, too ({sorted(left)[0]} inches)"
            hint = "a request of its own, or `width` of the type in types/overrides.yaml"
            yield Finding("no-rack-fits", where.at("type"), said, expected, hint)
        else:
            left &= {*fits}


def _places(
    entry: DevicesIn, where: Where, inventory: Inventory, racks: Sequence[RackLimits]
) -> Iterator[Finding]:
    zones = {limit.zone for limit in racks if limit.zone}
    for position, zone in enumerate(entry.zones or ()):
        if zone not in zones:
            said = f"no hall is in the zone '{zone}'"
            expected = f"one of {', '.join(sorted(zones))}" if zones else "halls that say their `zone`"
            yield Finding("unknown-zone", where.at("zones").at(position), said, expected)
    apart = entry.apart
    for position, name in enumerate(apart.standing if apart else ()):
        place = where.at("apart").at("standing").at(position)
        yield from _known("device", name, place, inventory.devices)
    if apart and apart.per is Per.FEEDS and any(len(r.feeds) < 2 for r in inventory.racks.values()):
        said = "devices are kept apart by feeds, and some racks have no pair of them"
        yield Finding("no-feeds", where.at("apart").at("per"), said, "two feeds a rack")


def _names(entries: list[tuple[DevicesIn, Where]], inventory: Inventory) -> Iterator[Finding]:
    given: dict[str, Where] = {}
    for entry, where in entries:
        place = where.at("names")
        if entry.names.count(N) != 1 and not (entry.count == 1 and N not in entry.names):
            yield Finding(
                "wrong-name", place, f"{entry.names!r} does not fit", "a name with one {n}: srv-{n}"
            )
            continue
        names = [entry.name(number) for number in range(entry.count)]
        if not re.fullmatch(LABEL, names[-1]):
            yield Finding("wrong-name", place, f"{names[-1]!r} is not a name", LABEL_TEXT)
            continue
        if taken := [name for name in names if name in inventory.devices]:
            are = "are" if len(taken) > 1 else "is"
            said = f"{taken[0]}{and_more(len(taken))} {are} there already"
            hint = _free_from(entry, inventory) if N in entry.names else ""
            see = inventory.devices[taken[0]].where
            yield Finding("duplicate-name", place, said, "names that are free", hint, see=see)
        elif twice := next((name for name in names if name in given), ""):
            said = f"{twice} is a name of other devices of the request"
            yield Finding("duplicate-name", place, said, "each name once", see=given[twice])
        given.update(dict.fromkeys(names, place))


def _free_from(entry: DevicesIn, inventory: Inventory) -> str:
    """A `first` from which all are free."""
    head, tail = entry.names.split(N)
    numbers = [
        int(name[len(head) : len(name) - len(tail)])
        for name in inventory.devices
        if re.fullmatch(f"{re.escape(head)}[0-9]+{re.escape(tail)}", name)
    ]
    return f"say `first: {max(numbers) + 1}`"


def _groups(entries: list[tuple[DevicesIn, Where]]) -> Iterator[Finding]:
    first: dict[tuple[str, Per], tuple[int, Where]] = {}
    for entry, where in entries:
        if apart := entry.apart:
            place = where.at("apart").at("at_most")
            most, other = first.setdefault((apart.group, apart.per), (apart.at_most, place))
            if most != apart.at_most:
                said = f"at most {apart.at_most} of {apart.group} per {apart.per}, and {most} elsewhere"
                yield Finding("two-limits", place, said, "one limit a group", see=other)
