"""The way to the switches of a site: drivers, and what masks secrets in their texts. Opens nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from igoudar import vendors
from igoudar.apply.driver import Driver
from igoudar.drivers import driver
from igoudar.model import Inventory
from igoudar.transport import Access, access_map
from igoudar.vendors import Nos

NO_WAY = "no out-of-band address; write `oob` into the inventory"


@dataclass(frozen=True, slots=True)
class Reach:
    """The site as it is now, what its NOS folders say, and the way to each device that has one."""

    inventory: Inventory
    folders: Mapping[str, Nos]
    access: Mapping[str, Access]

    def nos(self, name: str) -> Nos:
        return self.folders[self.inventory.devices[name].nos]

    def drivers(self, names: Iterable[str]) -> dict[str, Driver]:
        """Of those to which there is a way."""
        return {n: driver(self.nos(n).driver, self.access[n]) for n in names if n in self.access}

    def patterns(self, name: str) -> tuple[str, ...]:
        """Of secret lines."""
        return tuple(pattern.pattern for pattern in self.nos(name).secret_lines)


def reach(inventory: Inventory, root: Path) -> Reach:
    return Reach(inventory, vendors.load(root / "templates"), access_map(inventory, root))
