"""Where the values of a cable, a piece of a link or a power cord come from."""

from __future__ import annotations

from collections.abc import Iterator

from igoudar.cabling.catalogue import FILE as GOODS
from igoudar.cabling.laid import Pull
from igoudar.cabling.numbers import LABEL, PORT
from igoudar.cabling.pulls import pulls_of
from igoudar.cabling.tested import has_entry
from igoudar.errors import Where
from igoudar.model import Cable, Inventory
from igoudar.origins.told import By, Place, Scene, Story, Teller, amount
from igoudar.quantities import DISTANCE, LOSS, shown

_GOODS = Where(GOODS)


def cable_story(scene: Scene, cable: Cable) -> Story:
    told = Teller(f"cable {cable.key}", cable.where, scene.root)
    told.tell(
        "label",
        scene.ledger.numbers.get(LABEL, {}).get(cable.key),
        [(By.LEDGER, scene.ledger.where(LABEL, cable.key))],
    )
    for key, end in (("a", cable.a), ("b", cable.b)):
        handed = cable.handed.startswith(f"{end.device}/")
        ports: list[Place] = [(By.LEDGER, scene.ledger.where(PORT, cable.handed))] if handed else []
        told.tell(
            key, end, [*ports, *_own(cable, key), (By.RULE, cable.where)][: None if cable.derived else -1]
        )
    kept = next((row for row in scene.inventory.tested if row.cable == cable.key), None)
    ticked: list[Place] = [(By.TESTED, kept.where)] if kept and kept.status and not has_entry(cable) else []
    told.tell("status", cable.status, [*ticked, *_own(cable, "status")])
    told.tell("drained", "yes" if cable.drained else None, _own(cable, "drained"))
    told.tell("wave", cable.wave, _own(cable, "wave"))
    for number, key in enumerate(cable.via, 1):
        piece = scene.inventory.pieces[key]
        told.tell(f"piece {number}", key, [*_own(piece, "a")])
    pull = pulls_of(scene.inventory).by_key.get(cable.key)
    if pull is not None:
        _article(cable, pull, told)
        _length(scene.inventory, pull, told)
    if kept is not None:
        place: list[Place] = [(By.TESTED, kept.where)]
        told.tell("loss as tested", amount(LOSS, kept.loss_db), place)
        told.tell("length as tested", amount(DISTANCE, kept.length_m), place)
        told.tell("wire map as tested", kept.wire_map, place)
        told.tell("tested on", kept.tested, place)
    return told.story()


def _own(cable: Cable, key: str) -> list[Place]:
    return [(By.RULE if cable.derived else By.WRITTEN, cable.where.at(key))]


def _article(cable: Cable, pull: Pull, told: Teller) -> None:
    """What nobody asks for is the first of the data that fits."""
    if pull.power is not None:
        places = [*_own(cable, "cord"), *_own(cable, "medium")]
        told.tell("cord", pull.power.name, [*places, (By.DATA, _GOODS.at("power_cords").at(pull.power.name))])
    if pull.choice is None:
        return
    medium, cord, rate = pull.choice.medium, pull.choice.cord, f"{pull.choice.link.rate:g} Gbit/s"
    of_medium = _GOODS.at("media").at(medium.name)
    told.tell("medium", medium.name, [*_own(cable, "medium"), (By.DATA, of_medium)])
    link: list[Place] = [(By.DATA, of_medium.at("links").at(rate))]
    told.tell("rate", rate, link)
    told.tell("reach", shown(DISTANCE, pull.choice.reach_m), link)
    if cord is not None:
        told.tell("cord", cord.name, [*_own(cable, "cord"), (By.DATA, _GOODS.at("cords").at(cord.name))])
    told.tell("may lose", amount(LOSS, pull.choice.link.budget_db), link)


def _length(inventory: Inventory, pull: Pull, told: Teller) -> None:
    """The way with its slack, and the next stocked length."""
    cable, route, cabling = pull.cable, pull.route, inventory.cabling
    if route is not None and cabling is not None:
        slack = cabling.where.at("slack").at("tray" if route.trays else "rack")
        told.tell("way, with slack", shown(DISTANCE, route.length_m), [(By.WRITTEN, slack)])
        trays = {tray.name: tray for floor in cabling.floors.values() for tray in floor.trays}
        for name in route.trays:
            told.tell("tray", name, [*_own(cable, "trays"), (By.WRITTEN, trays[name].where)])
    if pull.length_m is not None:
        own = _own(cable, "length") if cable.length_m is not None else []
        told.tell("length", shown(DISTANCE, pull.length_m), [*own, *_stock(pull)])


def _stock(pull: Pull) -> Iterator[Place]:
    if pull.power is not None:
        yield By.DATA, _GOODS.at("power_cords").at(pull.power.name).at("stock")
    elif pull.choice is not None and pull.choice.cord is not None:
        yield By.DATA, _GOODS.at("cords").at(pull.choice.cord.name).at("stock")
    elif pull.choice is not None:
        yield By.DATA, _GOODS.at("media").at(pull.choice.medium.name).at("stock")
