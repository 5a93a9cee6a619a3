"""What verification may use of a twin: its switch for breaking things, and the world beyond its cables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from igoudar import twin
from igoudar.model import Cable, Inventory
from igoudar.twin.site import far_routers, world_addresses
from igoudar.verify.drills import Breaker
from igoudar.verify.run import Outside
from igoudar.world import twin_folder


@dataclass(frozen=True, slots=True)
class TwinBreaker:
    folder: Path

    def cut(self, cable: Cable) -> None:
        twin.cut(self.folder, cable.key)

    def mend(self, cable: Cable) -> None:
        twin.mend(self.folder, cable.key)

    def power(self, host: str, on: bool) -> None:
        twin.power(self.folder, host, "on" if on else "off")


def breaker_of(inventory: Inventory, root: Path) -> Breaker | None:
    """None where no twin of the site runs."""
    folder = twin_folder(inventory.site.name, root)
    return TwinBreaker(folder) if twin.is_up(folder) else None


def outside_of(inventory: Inventory, root: Path) -> Outside:
    """On hardware nothing is known of the world that one could ping; routes must do."""
    if not twin.is_up(twin_folder(inventory.site.name, root)):
        return Outside()
    return Outside(world_addresses(inventory), far_routers(inventory))
