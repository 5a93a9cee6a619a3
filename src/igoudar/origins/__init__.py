"""`explain SITE OBJECT`: each value of one object, with its unit, and the line that it comes from.

The values are those that the checks use; of each, the places that may say it are looked through in the order
in which they count, and the first at which it stands is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from igoudar.assemble import Documents
from igoudar.cable_key import cable_key, device_of, ends_of
from igoudar.cabling.numbers import LABEL
from igoudar.errors import BadInput, Finding, Where, nearest
from igoudar.facility.kinds import kind_halls
from igoudar.inventory import ledger_of, load_hall, load_whole, read_documents
from igoudar.ledger import Ledger
from igoudar.model import Inventory
from igoudar.one_hall import all_names, halls_of, halls_with
from igoudar.origins.cable import cable_story
from igoudar.origins.plant import loop_story, unit_story
from igoudar.origins.standing import device_story, hall_story, rack_story
from igoudar.origins.told import By, Origin, Scene, Story, Teller

__all__ = ["By", "Origin", "Story", "origins"]
MOST_NEAR = 20_000  # names to look through for one that is alike
KINDS = ("rack", "device", "hall", "unit", "loop", "cable")


def origins(folder: Path, root: Path, wanted: str) -> list[Story]:
    """Of all objects of this name: `a05`, or as findings say it, `rack a05`.

    A cable has its two ends, one of them, or the number on its label. Raises BadInput.
    """
    documents, ledger = read_documents(folder, root), ledger_of(folder, root)()
    kind, _, rest = wanted.partition(" ")
    kind, name = (kind, rest) if rest and kind in KINDS else ("", wanted)
    key = _key(name, ledger) if kind in ("", "cable") else ""
    kinds = {hall.name: hall.where for hall in kind_halls(documents.sites)}
    for inventory in _parts(documents, (folder, root), key or name):
        scene = Scene(inventory, ledger, kinds, root)
        if found := [s for s in _named(scene, name, key) if kind in ("", s.name.partition(" ")[0])]:
            return found
    if found := [*_absent(documents, name, root)]:
        return found
    raise BadInput([_unknown(documents, inventory, wanted, name)])


def _key(name: str, ledger: Ledger) -> str:
    """Of a cable by its number or its ends in any order; one end as it is; empty of what is none."""
    if name.isdigit():
        labels = ledger.numbers.get(LABEL, {})
        return next((key for key, number in labels.items() if str(number) == name), "")
    return cable_key(*ends_of(name)) if "/" in name else ""


def _parts(documents: Documents, place: tuple[Path, Path], wanted: str) -> Iterator[Inventory]:
    """The hall that has it, or any for what is of the site; of a cable all halls, too: it may join two."""
    names = {device_of(end) for end in ends_of(wanted)}
    halls = halls_with(documents, names) or halls_of(documents)[:1]
    if len(halls) == 1:
        yield load_hall(documents, place, halls[0])
    if len(halls) != 1 or "/" in wanted:
        yield load_whole(documents, place)


def _named(scene: Scene, name: str, key: str) -> Iterator[Story]:
    inventory, plant = scene.inventory, scene.inventory.plant
    if name in inventory.racks:
        yield rack_story(scene, inventory.racks[name])
    if name in inventory.devices:
        yield device_story(scene, inventory.devices[name])
    if name in inventory.halls:
        yield hall_story(scene, inventory.halls[name])
    if name in plant.units:
        yield unit_story(scene, plant.units[name])
    if name in plant.loops:
        yield loop_story(scene, plant.loops[name])
    cables = (*inventory.laid(), *(cable for cable in inventory.cables.values() if cable.via))
    for cable in cables if key else ():
        if key in (cable.key, str(cable.a), str(cable.b)):
            yield cable_story(scene, cable)


def _absent(documents: Documents, name: str, root: Path) -> Iterator[Story]:
    """What a row gives and an override takes away."""
    for file, document in documents.sites:
        if name in document.overrides and document.overrides[name].absent:
            where = Where(file, 0, "overrides").at(name)
            told = Teller(f"absent {name}", where, root)
            told.tell("absent", "yes", [(By.OVERRIDE, where.at("absent"))])
            yield told.story()


def _unknown(documents: Documents, inventory: Inventory, said: str, name: str) -> Finding:
    plant = (*halls_of(documents), *inventory.plant.units, *inventory.plant.loops)
    known = [*plant, *all_names(documents), *inventory.cables, *inventory.cords]
    hint = nearest(name, known if len(known) <= MOST_NEAR else plant)
    expected = f"the name of a {', '.join(KINDS[:-1])}, or a cable by its ends, one end or its number"
    return Finding(
        "unknown-object", Where("OBJECT"), f"{inventory.site.name} has no {said!r}", expected, hint
    )
