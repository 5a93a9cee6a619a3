"""`data/cabling.yaml`: what can be bought to join two ports, each number with unit and source."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from igoudar.cabling import goods
from igoudar.errors import Finding, Where, unknown
from igoudar.quantities import Decibels, Kind, Metres, Millimetres, Percent, quantity
from igoudar.schema import Entry, Given, Label, Source
from igoudar.validated import data_file

FILE = "inventory/data/cabling.yaml"
RATE = Kind("a rate", ("Gbit/s",), "25 Gbit/s", high=1e5)
ATTENUATION = Kind("an attenuation", ("dB/km",), "3.0 dB/km", high=1e4)
Rate = Annotated[float, quantity(RATE, low=0.01)]
Attenuation = Annotated[float, quantity(ATTENUATION)]
Polish = Literal["", "upc", "apc"]
Gender = Literal["", "male", "female"]


Stock = Annotated[list[Metres], Field(min_length=1)]


class _RackIn(Entry):
    unit: Millimetres
    open_unit: Millimetres
    base: Millimetres
    source: Source


class _TraysIn(Entry):
    apart: Millimetres
    source: Source


class _TesterIn(Entry):
    length_share: Percent
    length: Metres
    source: Source
    plugs: Annotated[dict[Label, Decibels], Field(min_length=1)]
    plugs_source: Source


class _MatedIn(Entry):
    loss: Decibels
    source: Source


class _PortIn(Entry):
    connector: Label
    rate: Rate
    pluggable: bool = False


class _AdapterIn(Entry):
    port: Label
    takes: Label
    source: Source


class _LinkIn(Entry):
    """`module` and what follows: of optics."""

    reach: Metres
    source: Source
    module: str = ""
    connector: str = ""
    fibre: str = ""
    polish: Polish = ""
    gender: Gender = ""
    polarity: str = ""
    budget: Decibels | None = None
    tails: list[Annotated[int, Field(ge=2, le=8)]] = Field(default_factory=list)


class _MediumIn(Entry):
    links: Annotated[dict[Rate, _LinkIn], Field(min_length=1)]
    connectors: list[Label] = Field(default_factory=list)
    stock: list[Metres] = Field(default_factory=list)
    wire_map: str = ""


class _EndIn(Entry):
    connector: Label
    polish: Polish = ""
    gender: Gender = ""


class _CordIn(_EndIn):
    fibre: Label
    polarity: str = ""
    loss: Attenuation
    stock: Stock
    source: Source
    far: _EndIn | None = None
    tails: Annotated[int, Field(ge=1, le=8)] = 1
    wire_map: str = ""


class _PowerCordIn(Entry):
    """`inlet` and `outlets`: NetBox's types of the power ports that it joins."""

    inlet: Label
    outlets: Annotated[list[Label], Field(min_length=1)]
    stock: Stock
    source: Source


class _PanelIn(Entry):
    """`gender`: of the port of a cassette."""

    connector: Label
    source: Source
    gender: Gender = ""


class _PolarityIn(Entry):
    """What pieces of a link do whose module wants this of a single cord."""

    crosses: Annotated[list[Given], Field(min_length=1)]
    straight: list[Given]
    source: Source


class _File(Entry):
    rack: _RackIn
    trays: _TraysIn
    tester: _TesterIn
    mated: _MatedIn
    ports: dict[Label, _PortIn]
    adapters: dict[Label, _AdapterIn] = Field(default_factory=dict)
    media: dict[Label, _MediumIn]
    cords: dict[Label, _CordIn] = Field(default_factory=dict)
    polarities: dict[str, _PolarityIn]
    panels: dict[Label, _PanelIn] = Field(default_factory=dict)
    power_cords: dict[Label, _PowerCordIn] = Field(default_factory=dict)


def read_goods(root: Path) -> tuple[goods.Goods, list[Finding]]:
    """Those of a checkout; nothing where it has no such file."""
    file, findings = data_file(root, FILE, _File)
    if file is None:
        return goods.NOTHING, findings
    made = _goods(file)
    return made, [*findings, *_loose_ends(made)]


def _goods(file: _File) -> goods.Goods:
    return goods.Goods(
        size=goods.RackSize(file.rack.unit, file.rack.open_unit, file.rack.base),
        ports={n: goods.PortKind(n, p.connector, p.rate, p.pluggable) for n, p in file.ports.items()},
        adapters=tuple(goods.Adapter(n, a.port, a.takes) for n, a in file.adapters.items()),
        media={name: _medium(name, entry) for name, entry in file.media.items()},
        cords={name: _cord(name, entry) for name, entry in file.cords.items()},
        panels={n: goods.PanelPort(p.connector, p.gender) for n, p in file.panels.items()},
        polarities={n: goods.Polarity((*p.crosses,), (*p.straight,)) for n, p in file.polarities.items()},
        power_cords={name: _power_cord(name, entry) for name, entry in file.power_cords.items()},
        mated_db=file.mated.loss,
        apart_mm=file.trays.apart,
        length_share=file.tester.length_share / 100,
        length_m=file.tester.length,
        plugs_db=file.tester.plugs,
    )


def _medium(name: str, entry: _MediumIn) -> goods.Medium:
    links = {rate: _link(rate, link) for rate, link in entry.links.items()}
    stock = tuple(sorted(set(entry.stock)))
    return goods.Medium(name, links, tuple(entry.connectors), stock, entry.wire_map)


def _link(rate: float, entry: _LinkIn) -> goods.Link:
    plug = goods.Plug(entry.connector, entry.fibre, entry.polish, entry.gender, entry.polarity)
    return goods.Link(
        rate=rate,
        reach_m=entry.reach,
        source=entry.source,
        module=entry.module,
        plug=plug if entry.module else None,
        budget_db=entry.budget,
        tails=tuple(entry.tails),
    )


def _cord(name: str, entry: _CordIn) -> goods.Cord:
    def plug(end: _EndIn) -> goods.Plug:
        return goods.Plug(end.connector, entry.fibre, end.polish, end.gender, entry.polarity)

    return goods.Cord(
        name=name,
        near=plug(entry),
        far=plug(entry.far or entry),
        stock_m=tuple(sorted(set(entry.stock))),
        loss_db_km=entry.loss,
        source=entry.source,
        tails=entry.tails,
        wire_map=entry.wire_map,
    )


def _power_cord(name: str, entry: _PowerCordIn) -> goods.PowerCord:
    stock = tuple(sorted(set(entry.stock)))
    return goods.PowerCord(name, entry.inlet, tuple(entry.outlets), stock, entry.source)


def _loose_ends(made: goods.Goods) -> Iterator[Finding]:
    """Connectors that nothing else of the file has, and media that cannot be bought."""
    cages = {port.connector for port in made.ports.values()}
    ends = {plug.connector for cord in made.cords.values() for plug in (cord.near, cord.far)}
    where = Where(FILE)

    def loose(connector: str, known: set[str], at: Where) -> Iterator[Finding]:
        if connector not in known:
            said = f"nothing has the connector {connector!r}"
            yield Finding("unknown-connector", at, said, f"one of {', '.join(sorted(known))}")

    for cord in made.cords.values():
        if cord.near.fibre not in made.plugs_db:
            at = where.at("cords").at(cord.name).at("fibre")
            yield unknown("fibre", cord.near.fibre, at, made.plugs_db)
    for adapter in made.adapters:
        at = where.at("adapters").at(adapter.name)
        yield from loose(adapter.port, cages, at.at("port"))
        yield from loose(adapter.takes, cages, at.at("takes"))
    for medium in made.media.values():
        at = where.at("media").at(medium.name)
        for number, connector in enumerate(medium.connectors):
            yield from loose(connector, cages, at.at("connectors").at(number))
        for link in medium.links.values():
            if link.plug:
                yield from loose(link.plug.connector, ends, at.at("links").at(f"{link.rate:g} Gbit/s"))
        if not medium.stock_m and not medium.optical:
            said = f"no length of {medium.name} is stocked, and no cord goes with it"
            yield Finding("no-stock", at, said, "`stock`, or a `module` and its connector at each rate")
