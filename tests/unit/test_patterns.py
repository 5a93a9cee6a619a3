"""Rows of alike racks: counting, holes, overrides; and that nobody moves when somebody goes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from igoudar.errors import BadInput, Where
from igoudar.hall.patterns import Rows, Standing, expand, override
from igoudar.hall.places import Rack
from igoudar.hall.schema import OverrideIn, RackParts, RowIn
from igoudar.inventory import load
from igoudar.model import Inventory

AT = Where("rows.yaml", 0, "rows[0]")


def maker(name: str, entry: RackParts, place: Any, where: Where) -> Rack:
    return Rack(
        name=name, height=entry.height or 47, feeds=entry.feeds, power_w=entry.power, where=where, **place
    )


def row(**more: Any) -> RowIn:
    standing = {"name": "srv-{rack}-{n}", "type": "server", "role": "server", "u": "1..4", "number": 101}
    told = {"hall": "h1", "name": "b", "racks": "01..03", "power": "12.5 kW", "devices": [standing]}
    return RowIn.model_validate(told | more)


def expanded(entry: RowIn, *overrides: tuple[str, dict[str, Any]]) -> Standing:
    found = expand([Rows(entry.hall, entry, AT)], maker)
    told = {
        name: (OverrideIn.model_validate(entry), Where("rows.yaml", 0, f"overrides.{name}"))
        for name, entry in overrides
    }
    override(found, {}, told, maker)
    return found


def test_racks_and_devices_are_counted() -> None:
    found = expanded(row())

    assert [*found.racks] == ["b01", "b02", "b03"]
    assert found.racks["b02"].position == 2
    assert found.racks["b02"].power_w == 12500
    assert len(found.devices) == 12
    last = found.devices["srv-b03-4"]
    assert (last.rack, last.u, last.number, last.hall) == ("b03", 4, 112, "h1")
    assert last.where == AT.at("devices").at(0)


def test_addresses_count_on_by_place() -> None:
    standing = {
        "name": "n-{rack}-{n}", "type": "server", "role": "server", "u": "1..2", "oob": "10.0.0.254/16"
    }  # fmt: skip
    found = expanded(row(devices=[standing]))

    assert [str(d.oob) for d in found.devices.values()] == [
        "10.0.0.254/16", "10.0.0.255/16", "10.0.1.0/16", "10.0.1.1/16", "10.0.1.2/16", "10.0.1.3/16",
    ]  # fmt: skip


def test_every_second_unit_and_some_racks_only() -> None:
    standing = {"name": "pdu-{rack}-{u}", "type": "pdu", "role": "server", "u": "2..6/2", "racks": "02..03"}
    found = expanded(row(devices=[standing], names="{hall}-{row}{rack}"))

    assert [*found.devices] == [f"pdu-h1-b{r}-{u}" for r in ("02", "03") for u in (2, 4, 6)]


@given(st.sets(st.sampled_from([f"srv-b{r:02}-{n}" for r in (1, 2, 3) for n in (1, 2, 3, 4)])))
def test_who_is_absent_moves_nobody(gone: set[str]) -> None:
    all_of_them = expanded(row()).devices
    found = expanded(row(), *((name, {"absent": True}) for name in sorted(gone)))

    assert found.findings == []
    assert found.devices == {name: d for name, d in all_of_them.items() if name not in gone}


def test_an_absent_rack_takes_what_stands_in_it() -> None:
    found = expanded(row(), ("b02", {"absent": True}))

    assert [*found.racks] == ["b01", "b03"]
    assert {d.rack for d in found.devices.values()} == {"b01", "b03"}


def test_an_override_changes_one_object_and_is_its_line() -> None:
    own = {"draw": "800 W", "u": 9, "roles": ["nftables"]}
    found = expanded(row(), ("srv-b01-2", own), ("b03", {"power": "20 kW"}))

    assert found.findings == []
    assert (found.devices["srv-b01-2"].draw_w, found.devices["srv-b01-2"].u) == (800, 9)
    assert [name for name, device in found.devices.items() if device.roles] == ["srv-b01-2"]
    assert found.devices["srv-b01-2"].where.path == "overrides.srv-b01-2"
    assert (found.devices["srv-b01-1"].draw_w, found.racks["b03"].power_w) == (None, 20_000)


def test_what_may_grow_says_how_much_is_counted_for_it() -> None:
    def numbers(**more: Any) -> dict[str, int]:
        standing = {"name": "n-{rack}-{n}", "type": "server", "role": "server", "every": 8, "every_row": 20}
        told = {"name": ["b", "c"], "racks": "01..03", "devices": [standing | {"u": "1..4"}]} | more
        return {d.name: d.number for d in expanded(row(**told)).devices.values()}

    before = numbers()
    more_racks = numbers(racks="01..05")
    assert {name: more_racks[name] for name in before} == before
    assert before["n-c02-3"] == 1 + (20 + 1) * 8 + 2


def test_an_address_of_the_same_network_is_another_one() -> None:
    standing = {"name": "n-{rack}-{n}", "type": "server", "role": "server", "u": 1, "oob": "10.0.0.1/16"}
    found = expanded(row(devices=[standing]), ("n-b01-1", {"oob": "10.0.0.9/16"}))

    assert found.findings == []
    assert str(found.devices["n-b01-1"].oob) == "10.0.0.9/16"


@pytest.mark.parametrize("first", ["b02", "srv-b02-1"])
def test_an_override_in_an_absent_rack_is_told_in_any_order(first: str) -> None:
    told: dict[str, dict[str, Any]] = {"b02": {"absent": True}, "srv-b02-1": {"draw": "900 W"}}
    found = expanded(row(), *sorted(told.items(), key=lambda item: item[0] != first))

    assert [str(f) for f in found.findings] == [
        "rows.yaml: overrides.srv-b02-1: srv-b02-1 stands in rack b02, which is absent; "
        "see rows.yaml: overrides.b02"
    ]


@pytest.mark.parametrize("entry", [{"u": None}, {"type": None}, {"feeds": None}, {"serial": None}])
def test_an_override_states_values(entry: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="a value, or no such key"):
        OverrideIn.model_validate(entry)


@pytest.mark.parametrize(
    ("more", "place"),
    [({"number": 99_990}, "number"), ({"oob": "10.0.0.250/24"}, "oob"), ({"every": 3}, "")],
)
def test_a_count_past_its_end_is_told_once(more: dict[str, Any], place: str) -> None:
    standing = {"name": "n-{rack}-{n}", "type": "server", "role": "server", "u": "1..4"}
    found = expanded(row(devices=[standing | more]))

    assert [f.where for f in found.findings] == [
        AT.at("devices").at(0).at(place) if place else AT.at("devices").at(0)
    ]
    assert found.devices == {}


ROWS = {
    "rows": [
        {
            "hall": "h1",
            "name": "b",
            "racks": "01..02",
            "height": "47 U",
            "power": "3 kW",
            "feeds": {"A": "busway-a"},
            "devices": [
                {
                    "name": "node-{rack}-{n}",
                    "type": "generic-server-2",
                    "role": "server",
                    "status": "planned",
                    "u": "1..2",
                    "number": 101,
                    "oob": "192.0.2.121/24",
                }
            ],
        }
    ]
}


def lab_with(root: Path, told: dict[str, Any]) -> Inventory:
    (root / "inventory/lab/rows.yaml").write_text(yaml.safe_dump(told), "utf-8")
    return load(root / "inventory/lab", root)


def test_rows_join_what_is_written_down(root: Path) -> None:
    inventory = lab_with(root, ROWS)

    assert {"a01", "b01", "b02"} <= inventory.racks.keys()
    assert str(inventory.devices["node-b02-2"].oob) == "192.0.2.124/24"


def test_a_name_of_both_is_refused_with_both_lines(root: Path) -> None:
    told = {"rows": [ROWS["rows"][0] | {"name": "a"}]}
    with pytest.raises(BadInput, match=r"'a01' is there already.*see inventory/lab/rows\.yaml"):
        lab_with(root, told)


TYPES = {"r48": (48, 1500.0), "r52": (52, 1900.0), "bare": (42, None)}


def of_type(name: str, entry: RackParts, place: Any, where: Where) -> Rack:
    """As the loader makes racks: what is stated, else what the type says."""
    units, load = TYPES.get(entry.type or "", (0, None))
    return Rack(
        name=name, height=entry.height.units if entry.height else units, type=entry.type or "",
        load_kg=entry.load if entry.load is not None else load, power_w=entry.power, where=where, **place,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("stated", "now", "expected"),
    [
        ({"type": "r48"}, {"type": "r52"}, (52, 1900)),
        ({"type": "r48", "height": "40 U", "load": "1 t"}, {"type": "r52"}, (52, 1900)),
        ({"type": "r48", "load": "1 t"}, {"type": "bare"}, (42, 1000)),
        ({"type": "r48"}, {"type": "r52", "height": "50 U", "load": "1.2 t"}, (50, 1200)),
        ({"type": "r48", "height": "40 U", "load": "1 t"}, {"power": "9 kW"}, (40, 1000)),
        ({"height": "40 U", "load": "1 t"}, {"type": "r52"}, (52, 1900)),
        ({"type": "r48", "height": "40 U"}, {"type": "unknown"}, (40, None)),
    ],
)
def test_a_rack_of_another_type_is_what_the_type_says(
    stated: dict[str, Any], now: dict[str, Any], expected: tuple[int, float | None]
) -> None:
    entry = row(**stated)
    found = expand([Rows(entry.hall, entry, AT)], of_type)
    line = Where("rows.yaml", 0, "overrides.b02")
    override(found, {}, {"b02": (OverrideIn.model_validate(now), line)}, of_type)
    rack = found.racks["b02"]

    assert found.findings == []
    assert (rack.height, rack.load_kg, rack.where, rack.position) == (*expected, line, 2)
    assert rack.power_w == (9000 if "power" in now else 12_500)
    assert rack.instead_of == replace(found.racks["b01"], name="b02", position=2)


def test_devices_of_a_row_stand_on_halves() -> None:
    standing = {"name": "n-{rack}-{n}", "type": "server", "role": "server", "u": "1..2.5/0.5"}
    found = expanded(row(racks="01", devices=[standing]))

    assert [str(d.u) for d in found.devices.values()] == ["1", "1.5", "2", "2.5"]
