"""What can be bought to join two ports. Lengths in m, rates in Gbit/s, losses in dB.

A medium is what people write: a way to join two ports, at some rates. Of copper, or with its modules on, it
is one article of a stocked length; of optics it is a module at each end and a cord between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from igoudar.hall.places import OPEN_IN, Rack


@dataclass(frozen=True, slots=True)
class RackSize:
    """Height of one U, of one OU of an open rack, and of the lower edge of the lowest one above the floor."""

    unit_mm: float
    open_unit_mm: float
    base_mm: float

    def unit_of(self, rack: Rack) -> float:
        return self.open_unit_mm if rack.width_in == OPEN_IN else self.unit_mm


@dataclass(frozen=True, slots=True)
class PortKind:
    """What NetBox's interface type stands for. `connector` is the cage of what is pluggable."""

    name: str
    connector: str
    rate: float
    pluggable: bool


@dataclass(frozen=True, slots=True)
class Adapter:
    """Makes of a port's connector a smaller one, at the rate of what is plugged into that."""

    name: str
    port: str
    takes: str


@dataclass(frozen=True, slots=True)
class Plug:
    """The end of a cord, or what a module wants to meet; empty where it has none of it.

    `gender` is that of the thing itself: a male module wants a female cord. `polarity` is of the whole cord.
    """

    connector: str
    fibre: str = ""
    polish: str = ""
    gender: str = ""
    polarity: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A medium at one rate. `module` and its `plug` where it is of optics, `budget_db` is what may be lost
    between both modules. `tails`: into how many one assembly may be broken out.
    """

    rate: float
    reach_m: float
    source: str
    module: str = ""
    plug: Plug | None = None
    budget_db: float | None = None
    tails: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Medium:
    """`connectors`: of ports that it goes into itself; empty: every pluggable one.

    `stock_m` in order; of optics it is the cord's, and empty here.
    """

    name: str
    links: Mapping[float, Link]
    connectors: tuple[str, ...] = ()
    stock_m: tuple[float, ...] = ()
    wire_map: str = ""

    @property
    def optical(self) -> bool:
        return any(link.plug for link in self.links.values())


@dataclass(frozen=True, slots=True)
class Cord:
    """A fibre cord. `far` is the end at the other side; of a harness there are `tails` of it."""

    name: str
    near: Plug
    far: Plug
    stock_m: tuple[float, ...]
    loss_db_km: float
    source: str
    tails: int = 1
    wire_map: str = ""


@dataclass(frozen=True, slots=True)
class PanelPort:
    """`gender`: of the port itself, where a panel has a plug of its own inside."""

    connector: str
    gender: str = ""


@dataclass(frozen=True, slots=True)
class Polarity:
    """Polarities of pieces that a link may have: transmit and receive change sides over those that cross."""

    crosses: tuple[str, ...]
    straight: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PowerCord:
    """From an outlet to an inlet, by NetBox's types of both."""

    name: str
    inlet: str
    outlets: tuple[str, ...]
    stock_m: tuple[float, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Goods:
    """All of `data/cabling.yaml`; media in order of preference, cords too.

    `panels`: by NetBox's type of a port of a panel. `polarities`: by that which a module wants of one cord.

    `mated_db` is what a pair of connectors between both ends may lose. `apart_mm`: trays for power and data.
    A tester's length may differ by `length_share` of it and `length_m`. `plugs_db`: by fibre, what each
    plug of a cable may lose at the tester's own.
    """

    size: RackSize
    ports: Mapping[str, PortKind] = field(default_factory=dict)
    adapters: tuple[Adapter, ...] = ()
    media: Mapping[str, Medium] = field(default_factory=dict)
    cords: Mapping[str, Cord] = field(default_factory=dict)
    power_cords: Mapping[str, PowerCord] = field(default_factory=dict)
    panels: Mapping[str, PanelPort] = field(default_factory=dict)
    polarities: Mapping[str, Polarity] = field(default_factory=dict)
    mated_db: float = 0.0
    apart_mm: float = 0.0
    length_share: float = 0.0
    length_m: float = 0.0
    plugs_db: Mapping[str, float] = field(default_factory=dict)


NOTHING = Goods(RackSize(0.0, 0.0, 0.0))
