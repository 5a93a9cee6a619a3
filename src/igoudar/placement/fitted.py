"""Modules of the devices of a request: as of devices of the inventory, each is of a type that has them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from igoudar.errors import Finding, Where
from igoudar.hall.modules import Catalogue, Fitting
from igoudar.hardware import ModuleType
from igoudar.model import Device, Inventory
from igoudar.placement.request import DevicesIn, RequestFile


def with_modules(
    request: RequestFile, inventory: Inventory, modules: Iterable[ModuleType], top: Where
) -> tuple[RequestFile, Inventory, list[Finding]]:
    """The request with devices of types that their modules make, the inventory with these types, and every
    module that is not known or does not fit. `top`: the request.
    """
    fitting = Fitting({**inventory.types}, {**inventory.facts}, Catalogue.of(modules))
    entries = [
        entry.model_copy(update={"type": fitting.device(_one(entry, top.at("devices").at(position))).type})
        for position, entry in enumerate(request.devices)
    ]
    made = replace(inventory, types=fitting.types, facts=fitting.facts)
    return request.model_copy(update={"devices": entries}), made, fitting.findings


def _one(entry: DevicesIn, where: Where) -> Device:
    return Device(entry.names, entry.type, entry.role, 0, "", "", 0, where, modules=entry.modules)
