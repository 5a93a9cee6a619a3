"""What nobody says of what stands in a rack: how bad that is, and of which types it is said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from igoudar.errors import Severity
from igoudar.model import Device, Status


def gap(devices: Iterable[Device]) -> Severity:
    """An error once one of them stands there; of what is planned alone a warning."""
    planned = all(device.status is Status.PLANNED for device in devices)
    return Severity.WARNING if planned else Severity.ERROR


def of_types(devices: Iterable[Device]) -> Mapping[str, list[Device]]:
    """Slug of the type -> those of it, in the order in which they come."""
    found: dict[str, list[Device]] = {}
    for device in devices:
        found.setdefault(device.type, []).append(device)
    return found
