"""What the switches of a site run now, secrets masked: for `diff --live`, `drift`, `adopt`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from igoudar.apply.change import RUNNING
from igoudar.apply.driver import Disguise, Driver, Live
from igoudar.apply.reach import NO_WAY, reach
from igoudar.apply.together import TOGETHER
from igoudar.apply.witnesses import Witnesses, of_site
from igoudar.compiler import Compiled
from igoudar.errors import DeviceFailed
from igoudar.inventory import load
from igoudar.model import Inventory, Status
from igoudar.texts import Texts


@dataclass(frozen=True, slots=True)
class Seen:
    """`live` by switch; `silent`: switch -> why nobody can say what it runs."""

    live: Mapping[str, Live]
    silent: Mapping[str, str]


def look(inventory: Inventory, root: Path, texts: Texts) -> Seen:
    """What the switches of `texts` run. These say which files each has, and where secrets stand in them.

    The values of secrets are not needed: a switch remembers those that it was brought to.
    """
    way = reach(inventory, root)
    drivers = way.drivers(texts)
    silent = {n: f"{n}: {NO_WAY}" for n in {*texts} - {*drivers}}
    found: dict[str, Live] = {}

    def ask(name: str) -> None:
        files = {path: text for path, text in texts[name].items() if path != RUNNING}
        try:
            disguise = Disguise(tuple(files.values()), {}, way.patterns(name))
            found[name] = drivers[name].read(tuple(sorted(files)), disguise)
        except DeviceFailed as error:
            silent[name] = str(error)
        finally:
            drivers[name].close()

    with ThreadPoolExecutor(TOGETHER) as pool:
        list(pool.map(ask, drivers))
    return Seen(dict(sorted(found.items())), silent)


@contextmanager
def way_in(folder: Path, root: Path) -> Iterator[tuple[dict[str, Driver], Witnesses]]:
    """Drivers of all switches of a site that stand and are not offline, and its witnesses."""
    way = reach(load(folder, root), root)
    left_out = (Status.PLANNED, Status.OFFLINE)
    drivers = way.drivers(d.name for d in way.inventory.switches() if d.status not in left_out)
    try:
        yield drivers, of_site(way.inventory.site, way.access)
    finally:
        for one in drivers.values():
            one.close()


def live_texts(compiled: Compiled, root: Path) -> dict[str, dict[str, str]]:
    """switch -> path -> text. Raises DeviceFailed with every switch that does not answer."""
    wanted = {name: files for name, files in compiled.switches.items() if name not in compiled.offline}
    seen = look(compiled.design.inventory, root, wanted)
    if seen.silent:
        raise DeviceFailed("\n".join(sorted(seen.silent.values())))
    return {name: dict(live.texts) for name, live in seen.live.items()}
