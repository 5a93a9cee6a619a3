"""Devices in bays of others, such as blades in a chassis: in the rack and at the U of their parent. Pure.

Their draw and mass count in that rack. What has no inlet of its own is fed by its parent's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from igoudar.bay_text import IN_A_BAY
from igoudar.errors import Finding, Where, in_runs, unknown
from igoudar.model import Device, End, Inventory


def seated(devices: Mapping[str, Device]) -> tuple[dict[str, Device], list[Finding]]:
    """Each device in a bay with the place of its parent, if that is there; a row's has it in its own rack."""
    found, findings = {**devices}, list[Finding]()
    for device in devices.values():
        parent = devices.get(device.bay.device) if device.bay else None
        if parent is None or parent.bay:
            continue
        if device.rack not in (IN_A_BAY, parent.rack):
            said = f"{device.name} is of rack {device.rack}, and {parent.name} stands in {parent.rack}"
            where, expected = stated_at(device), f"the bay of a device in rack {device.rack}"
            findings.append(Finding("parent-elsewhere", where, said, expected, see=parent.where))
        found[device.name] = _beside(device, parent)
    return found, findings


def _beside(device: Device, parent: Device) -> Device:
    place: dict[str, Any] = {"rack": parent.rack, "hall": parent.hall, "u": parent.u, "face": parent.face}
    old = device.instead_of
    return replace(device, instead_of=replace(old, **place) if old else None, **place)


def stated_at(device: Device) -> Where:
    """Where its bay is written down: an override states some."""
    old = device.instead_of
    return (old if old and old.bay == device.bay else device).where.at("bay")


def misplaced_children(inventory: Inventory) -> Iterator[Finding]:
    """Each in a bay of its own, that its parent has, and what is no child in none."""
    taken: dict[End, Device] = {}
    for device in inventory.devices.values():
        kind = inventory.types.get(device.type)
        if device.bay is not None:
            yield from _no_such_bay(inventory, device, device.bay)
            other = taken.setdefault(device.bay, device)
            if other is not device:
                said = f"{device.bay} holds {other.name} already"
                yield Finding("bay-twice", stated_at(device), said, "a bay each", see=stated_at(other))
        if kind is not None and kind.child is not bool(device.bay):
            yield _no_child(device, kind.slug) if device.bay else _no_parent(device, kind.slug)


def _no_such_bay(inventory: Inventory, device: Device, bay: End) -> Iterator[Finding]:
    parent = inventory.devices.get(bay.device)
    if parent is None:
        yield unknown("device", bay.device, stated_at(device), inventory.devices)
        return
    kind = inventory.types.get(parent.type)
    if parent.bay:
        said = f"{parent.name} stands in a bay itself, and what does has none"
        yield Finding("unknown-bay", stated_at(device), said, f"one of {parent.bay.device}")
    elif kind is not None and bay.port not in kind.parts.device_bays:
        said = f"a {kind.slug} has no bay {bay.port!r}"
        listed = in_runs(kind.parts.device_bays)
        expected = f"one of {listed}" if listed else "a type with `device-bays`"
        yield Finding("unknown-bay", stated_at(device), said, expected, see=parent.where)


def _no_child(device: Device, slug: str) -> Finding:
    said = f"{device.name} stands in a bay, and a {slug} is made for none"
    expected = "a type with `subdevice_role: child`, or `rack` and `u`"
    return Finding("not-a-child", stated_at(device), said, expected)


def _no_parent(device: Device, slug: str) -> Finding:
    said = f"{device.name} stands in no bay, and a {slug} is made for one"
    where, expected = device.where.at("type"), "`bay` of a parent, such as chassis-1/Slot 3"
    return Finding("child-without-a-parent", where, said, expected)


def feeder_of(inventory: Inventory, device: Device) -> str:
    """The parent whose inlets feed it; empty where it has some, or its parent has none."""
    parent = inventory.devices.get(device.bay.device) if device.bay else None
    if parent is None or inventory.types[device.type].parts.inlets:
        return ""
    return parent.name if inventory.types[parent.type].parts.inlets else ""


def fed_in_bays(inventory: Inventory, inside: Iterable[tuple[Device, float | None]]) -> dict[str, float]:
    """Parent -> W that its inlets feed in its bays, of devices and what each draws; unknown ones count 0."""
    found: dict[str, float] = defaultdict(float)
    for device, watts in inside:
        if device.bay and (feeder := feeder_of(inventory, device)):
            found[feeder] += watts or 0.0
    return dict(found)
