"""What the switches of a site run now, secrets masked; for `igoudar diff --live`. Changes nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from igoudar import vendors
from igoudar.apply.driver import Disguise
from igoudar.apply.together import TOGETHER
from igoudar.compiler import Compiled
from igoudar.drivers import driver
from igoudar.errors import DeviceFailed
from igoudar.transport import access_map


def live_texts(compiled: Compiled, root: Path) -> dict[str, dict[str, str]]:
    """switch -> path -> text. Raises DeviceFailed with every switch that does not answer."""
    inventory = compiled.design.inventory
    access, folders = access_map(inventory, root), vendors.load(root / "templates")
    silent: list[str] = []

    def look(name: str) -> tuple[str, dict[str, str]]:
        nos, target = folders[inventory.devices[name].nos], compiled.switches[name]
        disguise = Disguise(tuple(target.values()), {}, tuple(p.pattern for p in nos.secret_lines))
        switch = driver(nos.driver, access[name])
        try:
            return name, dict(switch.read(tuple(sorted(target)), disguise).texts)
        except DeviceFailed as error:
            silent.append(str(error))
            return name, {}
        finally:
            switch.close()

    names = [name for name in compiled.switches if name not in compiled.offline]
    with ThreadPoolExecutor(TOGETHER) as pool:
        found = dict(pool.map(look, names))
    if silent:
        raise DeviceFailed("\n".join(sorted(silent)))
    return found
