"""What the switches of a site run now, secrets masked; for `igoudar diff --live`. Changes nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from igoudar import vendors
from igoudar.apply.driver import Disguise, FrrDriver
from igoudar.apply.together import TOGETHER
from igoudar.compiler import Compiled
from igoudar.errors import DeviceFailed
from igoudar.transport import access_map


def live_texts(compiled: Compiled, root: Path) -> dict[str, dict[str, str]]:
    """switch -> path -> text. Raises DeviceFailed with every switch that does not answer."""
    inventory = compiled.design.inventory
    access, folders = access_map(inventory, root), vendors.load(root / "templates")
    silent: list[str] = []

    def look(name: str) -> tuple[str, dict[str, str]]:
        driver = FrrDriver(access[name])
        target = compiled.switches[name]
        patterns = tuple(p.pattern for p in folders[inventory.devices[name].nos].secret_lines)
        try:
            return name, dict(
                driver.read(tuple(sorted(target)), Disguise(tuple(target.values()), {}, patterns)).texts
            )
        except DeviceFailed as error:
            silent.append(str(error))
            return name, {}
        finally:
            driver.close()

    names = [name for name in compiled.switches if name not in compiled.offline]
    with ThreadPoolExecutor(TOGETHER) as pool:
        found = dict(pool.map(look, names))
    if silent:
        raise DeviceFailed("\n".join(sorted(silent)))
    return found
