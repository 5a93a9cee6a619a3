"""How the files of the NetBox device-type library spell a type; keys that we have no use for are let pass.

The format has had several forms, and files of all of them are about: what only one of them has is optional.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field

# Keys of the format that say nothing about what is computed here.
UNUSED = {
    "front_image", "rear_image", "comments", "description", "label", "enabled", "color", "bridge", "poe",
    "poe_mode", "poe_type", "rf_role", "inventory-items", "attribute_data", "part_id", "role",
    "_is_power_source",
}  # fmt: skip


LARGEST = 1_000_000


def _text(value: Any) -> Any:
    """Numbers are text where a name or a position is asked for: `position: 1`, `color: 111111`."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _stripped(value: Any) -> Any:
    value = _text(value)
    return value.strip() if isinstance(value, str) else value


def _number(value: Any) -> Any:
    """Not what `true` would be, nor text."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a number")
    return Decimal(str(value))


def _amount(value: Any) -> Any:
    """Nothing at all is nothing said."""
    if value is None or value == "":
        return None
    number = _number(value)
    if not 0 <= number <= LARGEST:
        raise ValueError(f"a number from 0 to {LARGEST}")
    return number


Text = Annotated[str, BeforeValidator(_stripped), Field(min_length=1)]
Word = Annotated[str, BeforeValidator(lambda value: "" if value is None else _stripped(value))]
Number = Annotated[Decimal | None, BeforeValidator(_amount)]
WeightUnit = Literal["kg", "g", "lb", "oz"]
Slug = Annotated[str, Field(pattern=r"^[-a-zA-Z0-9_]+$", max_length=100)]


Units = Annotated[Decimal, BeforeValidator(_number), Field(ge=0, le=100, multiple_of=Decimal("0.5"))]


class Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class Named(Shape):
    name: Text
    type: Text


class InterfaceShape(Named):
    mgmt_only: bool = False


class InletShape(Named):
    maximum_draw: Number = None
    allocated_draw: Number = None


class OutletShape(Named):
    power_port: Word = ""
    feed_leg: Literal["A", "B", "C"] | None = None


class PassiveShape(Named):
    """A front port of the older form names its rear port; `positions` came with the newer one."""

    positions: Annotated[int, Field(ge=1, le=1024)] = 1
    rear_port: Word = ""
    rear_port_position: Annotated[int, Field(ge=1, le=1024)] = 1


class ModuleBayShape(Shape):
    name: Text
    position: Word = ""


class DeviceBayShape(Shape):
    name: Text


class PartsShape(Shape):
    manufacturer: Text
    model: Text
    part_number: Word = ""
    weight: Number = None
    weight_unit: WeightUnit | None = None
    airflow: Word = ""
    interfaces: list[InterfaceShape] = Field(default_factory=list)
    console_ports: list[Named] = Field(default_factory=list, alias="console-ports")
    console_server_ports: list[Named] = Field(default_factory=list, alias="console-server-ports")
    power_ports: list[InletShape] = Field(default_factory=list, alias="power-ports")
    power_outlets: list[OutletShape] = Field(default_factory=list, alias="power-outlets")
    front_ports: list[PassiveShape] = Field(default_factory=list, alias="front-ports")
    rear_ports: list[PassiveShape] = Field(default_factory=list, alias="rear-ports")
    module_bays: list[ModuleBayShape] = Field(default_factory=list, alias="module-bays")
    device_bays: list[DeviceBayShape] = Field(default_factory=list, alias="device-bays")


class DeviceShape(PartsShape):
    slug: Slug
    u_height: Units = Decimal(1)
    is_full_depth: bool = True
    subdevice_role: Literal["parent", "child"] | None = None
    is_powered: bool | None = Field(default=None, validation_alias=AliasChoices("is_powered", "_is_powered"))


class ModuleShape(PartsShape):
    profile: Word = ""


class RackShape(Shape):
    manufacturer: Text
    model: Text
    slug: Slug
    form_factor: Literal[
        "wall-cabinet", "4-post-frame", "2-post-frame", "4-post-cabinet", "wall-frame",
        "wall-frame-vertical", "wall-cabinet-vertical",
    ]  # fmt: skip
    width: Literal[10, 19, 20, 21, 23]
    u_height: Annotated[int, Field(ge=1, le=100)]
    starting_unit: Annotated[int, Field(ge=1)] = 1
    desc_units: bool = False
    outer_width: Number = None
    outer_height: Number = None
    outer_depth: Number = None
    outer_unit: Literal["mm", "in"] | None = None
    mounting_depth: Number = None
    weight: Number = None
    max_weight: Number = None
    weight_unit: WeightUnit | None = None
