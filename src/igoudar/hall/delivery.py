"""A delivery against the plan: which box is which planned device, and every mismatch. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import Field

from igoudar.errors import Finding, Severity, Where, and_more, nearest
from igoudar.hall.levels import rising
from igoudar.hall.places import Rack
from igoudar.hall.units import Unit
from igoudar.model import Device, Inventory
from igoudar.schema import Entry, Label, Mac, PublicKey, Serial

COLUMNS = ("serial", "type", "part_number", "name", "asset", "oob_mac", "host_key")


class BoxIn(Entry):
    """What a delivery note says of a box; `type` is a slug, or `part_number` names the type."""

    serial: Serial
    type: str = ""
    part_number: str = ""
    name: Label | None = None
    asset: str = Field(default="", max_length=64)
    oob_mac: Mac | None = None
    host_key: PublicKey | None = None


@dataclass(frozen=True, slots=True)
class Box:
    entry: BoxIn
    where: Where


@dataclass(frozen=True, slots=True)
class Receipt:
    """`units`: boxes that have a device now. `findings`: errors, and warnings of what did not come."""

    units: tuple[Unit, ...]
    findings: tuple[Finding, ...]


def receive(inventory: Inventory, boxes: Iterable[Box], units: Iterable[Unit] = ()) -> Receipt:
    """Named boxes to their devices; the others to planned devices of their type, rack by rack from below.

    `units`: boxes that are there already, with what no device tells of them.
    """
    waiting = _waiting(inventory)
    known = _known(inventory) | {("asset tag", unit.asset): unit for unit in units if unit.asset}
    taken: dict[str, Unit] = {}
    findings: list[Finding] = []
    seen: dict[tuple[str, str], Where] = {}
    unnamed: list[tuple[str, Box]] = []
    for box in boxes:
        wrong = [*_once(box, known, seen)]
        slug, odd = _type(inventory, box)
        wrong += odd
        if not wrong and box.entry.name:
            wrong += _named(inventory, box, slug, taken)
        elif not wrong:
            unnamed.append((slug, box))
        findings += wrong
    free = {slug: (d for d in devices if d.name not in taken) for slug, devices in waiting.items()}
    for slug, box in unnamed:
        device = next(free.get(slug, iter(())), None)
        if device is None:
            said = f"no device of the type {slug} waits for a box"
            findings.append(Finding("not-planned", box.where, said, "a planned device without a serial"))
        else:
            taken[device.name] = _unit(device.name, box)
    findings += _short(waiting, taken)
    return Receipt(tuple(taken.values()), tuple(findings))


def _waiting(inventory: Inventory) -> Mapping[str, list[Device]]:
    """Devices without a serial by the type that is bought, in walking order."""
    found: dict[str, list[Device]] = defaultdict(list)
    for device in inventory.devices.values():
        if not device.serial:
            found[_bought(inventory, device)].append(device)
    racks = inventory.racks
    for devices in found.values():
        devices.sort(key=lambda d: _walk(racks[d.rack], d))
    return found


def _bought(inventory: Inventory, device: Device) -> str:
    """A note says of no box which modules are in it."""
    return inventory.types[device.type].bare


def _walk(rack: Rack, device: Device) -> tuple[object, ...]:
    return rack.hall, rack.row, rack.position, rising(rack, device.u), device.name


def _known(inventory: Inventory) -> dict[tuple[str, str], Device | Unit]:
    """What a box has for itself alone -> the device that has it."""
    facets = (("serial", "serial"), ("oob_mac", "MAC address"), ("host_key", "host key"))
    return {
        (label, value): device
        for device in inventory.devices.values()
        for key, label in facets
        if (value := getattr(device, key))
    }


def _once(
    box: Box, known: Mapping[tuple[str, str], Device | Unit], seen: dict[tuple[str, str], Where]
) -> Iterator[Finding]:
    e = box.entry
    own = {"serial": e.serial, "MAC address": e.oob_mac, "host key": e.host_key, "asset tag": e.asset}
    for label, value in own.items():
        if not value:
            continue
        if (device := known.get((label, value))) is not None:
            said = f"the {label} {value} is that of {device.name}"
            expected = "a box that is not there yet"
            yield Finding("duplicate-serial", box.where, said, expected, see=device.where)
        if (before := seen.setdefault((label, value), box.where)) is not box.where:
            said = f"the {label} {value} is delivered twice"
            yield Finding("duplicate-serial", box.where, said, "each box once", see=before)


def _type(inventory: Inventory, box: Box) -> tuple[str, list[Finding]]:
    entry = box.entry
    number = entry.part_number
    if entry.type in inventory.types:
        other = inventory.types[entry.type].part_number
        if number and other and number != other:
            said = f"{entry.type} has the part number {other!r}, the box {number!r}"
            return entry.type, [Finding("another-type", box.where, said, "the type of the box")]
        return entry.type, []
    if not entry.type and not number:
        return "", [Finding("unknown-type", box.where, "the box has no type", "a type or a part number")]
    kinds = (kind for kind in inventory.types.values() if number and kind.part_number == number)
    slugs = [*dict.fromkeys(kind.bare for kind in kinds)]
    if len(slugs) == 1 and not entry.type:
        return slugs[0], []
    said = f"there is no type {entry.type!r}" if entry.type else f"no type has the part number {number!r}"
    if len(slugs) > 1:
        said = f"the part number {number!r} is that of {', '.join(sorted(slugs))}"
    hint = nearest(entry.type, inventory.written_types()) if entry.type else ""
    return "", [Finding("unknown-type", box.where, said, "the slug of a type, or its part number", hint)]


def _named(inventory: Inventory, box: Box, slug: str, taken: dict[str, Unit]) -> Iterator[Finding]:
    name = box.entry.name or ""
    device = inventory.devices.get(name)
    if device is None:
        hint = nearest(name, inventory.devices) if len(inventory.devices) < 20_000 else ""
        yield Finding("unknown-device", box.where, f"there is no device {name!r}", "a planned device", hint)
    elif device.serial or name in taken:
        said = f"{name} has the serial {device.serial or taken[name].serial} already"
        expected, see = "a device without a serial", device.where
        yield Finding("has-a-serial", box.where, said, expected, "another box: docs/runbooks/rma.md", see=see)
    elif (bought := _bought(inventory, device)) != slug:
        said = f"{name} is to be a {bought}, the box is a {slug}"
        yield Finding("another-type", box.where, said, f"a {bought}", see=device.where)
    else:
        taken[name] = _unit(name, box)


def _unit(name: str, box: Box) -> Unit:
    e = box.entry
    return Unit(name, e.serial, e.asset, e.oob_mac or "", e.host_key or "", box.where)


def _short(waiting: Mapping[str, list[Device]], taken: Mapping[str, Unit]) -> Iterator[Finding]:
    """What still has no box, of the types that came."""
    came = {slug for slug, devices in waiting.items() for device in devices if device.name in taken}
    for slug in sorted(came):
        left = [device for device in waiting[slug] if device.name not in taken]
        if left:
            more = and_more(len(left))
            said = f"{left[0].name}{more} of the type {slug} still have no box"
            yield Finding("not-delivered", left[0].where, said, severity=Severity.WARNING)
