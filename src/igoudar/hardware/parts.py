"""What a hardware type is. Lengths in mm, masses in kg, power in W; None where the file does not say."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, ClassVar

from igoudar.errors import Where

MODULE = "{module}"
ONE_PAIR = frozenset({"2-post-frame"})  # of rails, with nothing behind them
NOWHERE = Where("")


class Leg(StrEnum):
    """A phase; the files call them A, B and C, which here are feeds."""

    L1 = "L1"
    L2 = "L2"
    L3 = "L3"


@dataclass(frozen=True, slots=True)
class InterfaceType:
    """`kind` is NetBox's interface type slug such as `25gbase-x-sfp28`."""

    name: str
    kind: str
    mgmt_only: bool = False


@dataclass(frozen=True, slots=True)
class Inlet:
    """`maximum_w` of a PSU is mostly its rating: those of redundant ones do not add up."""

    name: str
    type: str
    maximum_w: float | None = None
    allocated_w: float | None = None


@dataclass(frozen=True, slots=True)
class Outlet:
    """`inlet` is empty where the file does not say which one feeds it (a transfer switch has two)."""

    name: str
    type: str
    inlet: str = ""
    leg: Leg | None = None


@dataclass(frozen=True, slots=True)
class Passive:
    """A port of a panel: copper or fibre that goes through. `positions`: fibres or pairs."""

    name: str
    type: str
    positions: int = 1


@dataclass(frozen=True, slots=True)
class Through:
    """Position `at` of a front port leads to position `rear_at` of the rear port `rear`."""

    front: str
    rear: str
    at: int = 1
    rear_at: int = 1


@dataclass(frozen=True, slots=True)
class Bay:
    """`position` need not be unique, nor there: it is what `{module}` stands for in what is put in."""

    name: str
    position: str = ""


@dataclass(frozen=True, slots=True)
class Components:
    """What sits in or on a device or a module, in the order of the file."""

    interfaces: tuple[InterfaceType, ...] = ()
    consoles: tuple[Passive, ...] = ()
    console_servers: tuple[Passive, ...] = ()
    inlets: tuple[Inlet, ...] = ()
    outlets: tuple[Outlet, ...] = ()
    fronts: tuple[Passive, ...] = ()
    rears: tuple[Passive, ...] = ()
    through: tuple[Through, ...] = ()
    module_bays: tuple[Bay, ...] = ()
    device_bays: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeviceType:
    """`units`: 0 for what stands beside the U (a vertical PDU) or in a bay of its parent.

    `powered` False means that there is no inlet, not that it draws nothing: a tray on a busbar does.
    `airflow` is empty where the file does not say. `chassis`: in which type's bays the modules are, of a type
    that is made of that and of modules (`fitted`).
    """

    kind: ClassVar[str] = "device"
    slug: str
    manufacturer: str
    model: str
    units: float
    full_depth: bool
    parts: Components
    kg: float | None = None
    airflow: str = ""
    part_number: str = ""
    parent: bool = False
    child: bool = False
    powered: bool | None = None
    where: Where = NOWHERE
    chassis: str = ""

    @property
    def bare(self) -> str:
        """Slug of the type as it is bought, whatever is in its bays."""
        return self.chassis or self.slug

    @property
    def interfaces(self) -> tuple[InterfaceType, ...]:
        return self.parts.interfaces

    @property
    def data_ports(self) -> tuple[str, ...]:
        return tuple(i.name for i in self.parts.interfaces if not i.mgmt_only)


@dataclass(frozen=True, slots=True)
class ModuleType:
    kind: ClassVar[str] = "module"
    manufacturer: str
    model: str
    parts: Components
    kg: float | None = None
    airflow: str = ""
    part_number: str = ""
    profile: str = ""
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class Door:
    """`clear_mm`: from the rails of its side to its inner face. `open_share`: of its area, by its holes."""

    clear_mm: float | None = None
    open_share: float | None = None


@dataclass(frozen=True, slots=True)
class RackType:
    """`width_in`: between the rails, in inches as the trade counts them. `first`: the lowest number of a U.

    Files say nothing of doors, nor of how many `cords` and `cables` may lead into it: overrides do.
    """

    kind: ClassVar[str] = "rack"
    slug: str
    manufacturer: str
    model: str
    form_factor: str
    width_in: int
    units: int
    first: int = 1
    descending: bool = False
    outer_width_mm: float | None = None
    outer_height_mm: float | None = None
    outer_depth_mm: float | None = None
    mounting_depth_mm: float | None = None
    kg: float | None = None
    load_kg: float | None = None
    front: Door | None = None
    rear: Door | None = None
    cords: int | None = None
    cables: int | None = None
    where: Where = NOWHERE

    @property
    def cabinet(self) -> bool:
        """Whether it is built for doors; a frame is open."""
        return "cabinet" in self.form_factor

    @property
    def bounded(self) -> bool:
        """Whether rails, a wall or a door at its back bound the depth of what hangs on those in front."""
        return self.form_factor not in ONE_PAIR


def installed(module: ModuleType, bay: Bay) -> Components:
    """What the module brings to the device, named by the bay that it is in."""

    def named(part: Any) -> Any:
        """The part with every text of it named; a leg is no text."""
        if type(part) is str:
            return part.replace(MODULE, bay.position)
        texts = {f.name: getattr(part, f.name) for f in fields(part)}
        return replace(part, **{key: named(text) for key, text in texts.items() if type(text) is str})

    kinds = {f.name: getattr(module.parts, f.name) for f in fields(Components)}
    return Components(**{kind: tuple(named(part) for part in parts) for kind, parts in kinds.items()})
