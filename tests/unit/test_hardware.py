"""Hardware types in the NetBox library's format: all files that others wrote, and each of their quirks."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igoudar.hall.facts import RAILS_IN
from igoudar.hardware import DeviceType, Leg, ModuleType, RackType, installed, read_library, read_type
from igoudar.hardware.parts import Bay
from igoudar.yaml_source import read_source

LIBRARY = Path(__file__).parents[3] / "shared" / "data" / "devicetype-library"
FILES = sorted(path for path in LIBRARY.rglob("*.y*ml") if "-types" in path.parent.parent.name)
DEVICE = "manufacturer: Acme\nmodel: One\nslug: acme-one\nu_height: 1\nis_full_depth: true\n"
MODULE = "manufacturer: Acme\nmodel: M\n"
RACK = "manufacturer: Acme\nmodel: R\nslug: acme-r\nform_factor: 4-post-cabinet\nwidth: 19\nu_height: 47\n"


@pytest.mark.skipif(not LIBRARY.is_dir(), reason="../shared/data/devicetype-library is absent")
def test_the_library_is_there() -> None:
    assert len(FILES) == 88


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_a_type_of_others_is_read_as_it_is(file: Path) -> None:
    found, findings = read_type(file, file.name)
    assert [str(f) for f in findings if f.severity == "error"] == []
    kinds = {"device-types": DeviceType, "module-types": ModuleType, "rack-types": RackType}
    assert type(found) is kinds[file.parent.parent.name]
    if not isinstance(found, DeviceType | ModuleType):
        return
    data, parts = read_source(file, file.name).data, found.parts
    for key, own in (
        ("interfaces", parts.interfaces),
        ("console-ports", parts.consoles),
        ("console-server-ports", parts.console_servers),
        ("power-ports", parts.inlets),
        ("power-outlets", parts.outlets),
        ("front-ports", parts.fronts),
        ("rear-ports", parts.rears),
        ("module-bays", parts.module_bays),
        ("device-bays", parts.device_bays),
    ):
        assert len(own) == len(data.get(key, [])), key


def read(folder: Path, text: str, name: str = "acme.yaml") -> tuple[object, list[str]]:
    (folder / name).write_text(text, "utf-8")
    found, findings = read_type(folder / name, name)
    return found, [str(finding) for finding in findings]


def device(folder: Path, more: str) -> DeviceType:
    found, findings = read(folder, f"{DEVICE}{more}")
    assert findings == []
    assert isinstance(found, DeviceType)
    return found


def module(folder: Path, more: str) -> ModuleType:
    found, findings = read(folder, f"{MODULE}{more}")
    assert findings == []
    assert isinstance(found, ModuleType)
    return found


def test_files_of_either_ending_in_folders_with_blanks(tmp_path: Path) -> None:
    folder = tmp_path / "device-types" / "Acme Café"
    folder.mkdir(parents=True)
    (folder / "One.yml").write_text("# é\n" + DEVICE.rstrip("\n"), "utf-8")
    (folder / "Two.yaml").write_text("---\n" + DEVICE, "utf-8")
    (folder / "front.png").write_bytes(b"\x89PNG")
    assert [str(path) for path, found in read_library(tmp_path) if found.type is not None] == [
        "device-types/Acme Café/One.yml",
        "device-types/Acme Café/Two.yaml",
    ]


@pytest.mark.parametrize(
    ("written", "name"),
    [("08", "08"), ("1:30", "1:30"), ("7", "7"), ("' x '", "x"), ('"Port 52"', "Port 52")],
)
def test_names_are_text_whatever_they_look_like(tmp_path: Path, written: str, name: str) -> None:
    text = f"interfaces:\n  - {{name: {written}, type: 100gbase-lr4, color: 111111}}\n"
    assert device(tmp_path, text).parts.interfaces[0].name == name


@pytest.mark.parametrize("units", ["0", "0.0", "0.5", "1", "1.0", "1.5", "16.0"])
def test_heights_of_no_half_and_whole_units(tmp_path: Path, units: str) -> None:
    found, findings = read(tmp_path, DEVICE.replace("u_height: 1", f"u_height: {units}"))
    assert findings == []
    assert isinstance(found, DeviceType)
    assert found.units == float(units)


@pytest.mark.parametrize("units", ["0.3", "-1", "101", "true", "'1'", "two"])
def test_heights_that_are_none(tmp_path: Path, units: str) -> None:
    found, findings = read(tmp_path, DEVICE.replace("u_height: 1", f"u_height: {units}"))
    assert found is None
    assert len(findings) == 1
    assert findings[0].startswith("acme.yaml: u_height: ")


@pytest.mark.parametrize(
    ("written", "kg"),
    [("9.52\nweight_unit: kg", 9.52), ("500\nweight_unit: g", 0.5), ("2\nweight_unit: lb", 0.90718474),
     ("16\nweight_unit: oz", 0.45359237)],
)  # fmt: skip
def test_masses_in_every_unit(tmp_path: Path, written: str, kg: float) -> None:
    assert device(tmp_path, f"weight: {written}\n").kg == pytest.approx(kg, rel=1e-12)


def test_a_mass_without_a_unit_is_refused(tmp_path: Path) -> None:
    found, findings = read(tmp_path, f"{DEVICE}weight: 9\n")
    assert found is None
    assert findings == ["acme.yaml: weight: a mass has no unit; expected weight_unit: one of kg, g, lb, oz"]


def test_what_is_not_said_is_not_zero(tmp_path: Path) -> None:
    found = device(tmp_path, "power-ports:\n  - {name: PS1, type: iec-60320-c14, maximum_draw: }\n")
    assert (found.kg, found.airflow, found.powered) == (None, "", None)
    assert (found.parts.inlets[0].maximum_w, found.parts.inlets[0].allocated_w) == (None, None)
    assert device(tmp_path, "is_powered: false\n").powered is False
    assert device(tmp_path, "_is_powered: false\n").powered is False


def test_a_misspelt_key_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    found, findings = read(
        tmp_path, f"{DEVICE}power-ports:\n  - {{name: PS1, type: iec-60320-c14, maxiumum draw: 75 W}}\n"
    )
    assert isinstance(found, DeviceType)
    assert findings == [
        "acme.yaml: power-ports[0][\"maxiumum draw\"]: warning: the key 'maxiumum draw' is not of the "
        "format, and what it says is not used; did you mean 'maximum_draw'?"
    ]


def test_a_slot_without_a_type_is_refused_with_its_place(tmp_path: Path) -> None:
    found, findings = read(tmp_path, f"{DEVICE}power-ports:\n  - {{name: Slot 1}}\n")
    assert found is None
    assert findings == [
        "acme.yaml: power-ports[0].type: the key 'type' is missing; expected an entry with a value"
    ]


def test_feed_legs_are_phases(tmp_path: Path) -> None:
    text = "power-ports:\n  - {name: In, type: cs8365c}\npower-outlets:\n"
    text += "".join(f"  - {{name: {n}, type: hdot-cx, power_port: In, feed_leg: {n}}}\n" for n in "ABC")
    text += "  - {name: D, type: iec-60320-c19}\n"
    legs = [outlet.leg for outlet in device(tmp_path, text).parts.outlets]
    assert legs == [Leg.L1, Leg.L2, Leg.L3, None]


def test_an_outlet_of_no_inlet(tmp_path: Path) -> None:
    text = f"{DEVICE}power-outlets:\n  - {{name: 1, type: hdot-cx, power_port: In}}\n"
    found, findings = read(tmp_path, text)
    assert found is None
    said = "1 is fed by 'In', which is no power port of the type; expected one of none"
    assert findings == [f"acme.yaml: power-outlets[0].power_port: {said}"]


def test_an_outlet_that_names_no_inlet_is_fed_by_nobody_knows_which(tmp_path: Path) -> None:
    """Quirk 14: a UPS with one inlet, a transfer switch with two, and neither is guessed."""
    for inlets in (("In",), ("Source A", "Source B")):
        text = "power-ports:\n" + "".join(f"  - {{name: {n}, type: iec-60320-c20}}\n" for n in inlets)
        text += "power-outlets:\n  - {name: 1, type: iec-60320-c13}\n"
        text += "  - {name: 2, type: iec-60320-c13, power_port: }\n"
        parts = device(tmp_path, text).parts
        assert [i.name for i in parts.inlets] == [*inlets]
        assert [(o.name, o.inlet, o.leg) for o in parts.outlets] == [("1", "", None), ("2", "", None)]


@pytest.mark.parametrize("name", ["Management1", "mgmt0", "MgmtEth0/RSP0/CPU0/0", "iDRAC", "BMC", "eth0"])
def test_a_management_port_without_its_flag_is_told(tmp_path: Path, name: str) -> None:
    """Quirk 24: it is kept as the file has it, one for data."""
    text = f"interfaces:\n  - {{name: swp1, type: 1000base-t}}\n  - {{name: {name}, type: 1000base-t}}\n"
    found, findings = read(tmp_path, DEVICE + text)
    assert isinstance(found, DeviceType)
    assert found.data_ports == ("swp1", name)
    said = f"{name} is called like a management port, has no flag, and counts as one for data"
    expected = "expected `mgmt_only: true`, or another name"
    assert findings == [f"acme.yaml: interfaces[1]: warning: {said}; {expected}"]
    flagged = device(tmp_path, text.replace("}\n", ", mgmt_only: true}\n").replace("true", "false", 1))
    assert flagged.data_ports == ("swp1",)


def test_what_only_begins_like_a_management_port(tmp_path: Path) -> None:
    names = ("eth0", "eth1", "bmcast1", "Ethernet1", "port-mgmt")
    text = "interfaces:\n" + "".join(f"  - {{name: {name}, type: 1000base-t}}\n" for name in names)
    assert device(tmp_path, text).data_ports == names


def test_inventory_items_are_no_parts(tmp_path: Path) -> None:
    """Quirk 25: with a part number and a maker, or with a role; neither is asked for anything."""
    text = "inventory-items:\n  - {name: CPU 1, manufacturer: Acme, part_id: C-1}\n"
    text += "  - {name: Fan 1, role: fan, label: F}\n"
    assert device(tmp_path, text).parts == device(tmp_path, "").parts


def test_slugs_without_their_maker_in_folders_and_files_of_other_names(tmp_path: Path) -> None:
    """Quirk 27: a type is what its file says, wherever that lies; who joins them tells two of one slug."""
    text = "manufacturer: Acme Works\nmodel: Q+\nslug: q-plus\nu_height: 1\n"
    for path in ("device-types/Acme/QPlus.yaml", "device-types/Other/Q+.yml"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text, "utf-8")
    found = [read for _, read in read_library(tmp_path)]
    assert [read.findings for read in found] == [(), ()]
    types = [read.type for read in found if isinstance(read.type, DeviceType)]
    assert [(t.slug, t.manufacturer, t.model) for t in types] == [("q-plus", "Acme Works", "Q+")] * 2


def test_a_parent_without_bays_and_its_child(tmp_path: Path) -> None:
    parent = device(tmp_path, "subdevice_role: parent\n")
    child = device(tmp_path, "subdevice_role: child\ndevice-bays:\n  - {name: Sled 1}\n")
    assert (parent.parent, parent.child, child.parent, child.child) == (True, False, False, True)
    assert child.parts.device_bays == ("Sled 1",)


def test_positions_of_bays_are_text_not_unique_and_may_be_missing(tmp_path: Path) -> None:
    text = "module-bays:\n  - {name: PS1, position: 1}\n  - {name: Fan 1, position: '1'}\n"
    text += "  - {name: Slot, position: A B}\n  - {name: X}\n"
    assert [bay.position for bay in device(tmp_path, text).parts.module_bays] == ["1", "1", "A B", ""]


def test_power_in_ports_and_in_bays_of_one_name_is_counted_once(tmp_path: Path) -> None:
    """Quirk 9: a bay is no inlet, so that what stands in both is one supply."""
    ports = "power-ports:\n  - {name: PS1, type: iec-60320-c14, maximum_draw: 715}\n"
    bays = "module-bays:\n  - {name: PS1, position: PS1}\n  - {name: PS2, position: PS2}\n"
    for text, inlets, holes in ((ports, 1, 0), (bays, 0, 2), (ports + bays, 1, 2)):
        parts = device(tmp_path, text).parts
        assert (len(parts.inlets), len(parts.module_bays)) == (inlets, holes)


def test_a_supply_with_two_inlets_of_full_rating(tmp_path: Path) -> None:
    """Quirk 15: each may carry it alone, or only one of both kinds is used; ratings are kept, not summed."""
    text = "power-ports:\n  - {name: 'PS{module} A', type: saf-d-grid, maximum_draw: 3000}\n"
    text += "  - {name: 'PS{module} B', type: dc-terminal, maximum_draw: 3000}\n"
    inlets = installed(module(tmp_path, text), Bay("Slot 1", "1")).inlets
    assert [(i.name, i.type, i.maximum_w) for i in inlets] == [
        ("PS1 A", "saf-d-grid", 3000.0),
        ("PS1 B", "dc-terminal", 3000.0),
    ]


def test_ports_that_are_bays_until_optics_are_in_them(tmp_path: Path) -> None:
    """Quirk 20."""
    text = "interfaces:\n  - {name: mgmt0, type: 1000base-t, mgmt_only: true}\n"
    text += "module-bays:\n" + "".join(f"  - {{name: Port {n}, position: '{n}'}}\n" for n in (1, 2))
    switch = device(tmp_path, text)
    optic = module(tmp_path, "interfaces:\n  - {name: 'Ethernet{module}', type: 100gbase-lr4}\n")
    assert (switch.data_ports, [bay.name for bay in switch.parts.module_bays]) == ((), ["Port 1", "Port 2"])
    ports = [i.name for bay in switch.parts.module_bays for i in installed(optic, bay).interfaces]
    assert ports == ["Ethernet1", "Ethernet2"]


def test_names_that_stand_twice_have_gaps_and_end_in_blanks(tmp_path: Path) -> None:
    """Quirk 26: all are read, in the order of the file, and nobody is told apart by guessing."""
    names = ("Port 51", "Port 52", "Port53", "Port 56", "Port 56", "'Port 57 '")
    text = "interfaces:\n" + "".join(f"  - {{name: {name}, type: 1000base-t}}\n" for name in names)
    ports = device(tmp_path, text).data_ports
    assert ports == ("Port 51", "Port 52", "Port53", "Port 56", "Port 56", "Port 57")


def test_a_module_takes_the_name_of_its_bay_wherever_it_stands(tmp_path: Path) -> None:
    text = "interfaces:\n  - {name: '{module}', type: 100gbase-lr4}\n"
    text += "  - {name: 'x{module}/{module}', type: other}\n"
    text += "power-ports:\n  - {name: 'PSU{module}', type: saf-d-grid, maximum_draw: 2700}\n"
    text += "power-outlets:\n  - {name: 'O{module}', type: other, power_port: 'PSU{module}'}\n"
    text += (
        "front-ports:\n  - {name: '{module}:A', type: mpo, rear_port: '{module}:B', rear_port_position: 9}\n"
    )
    text += "rear-ports:\n  - {name: '{module}:B', type: mpo, positions: 12}\n"
    text += "module-bays:\n  - {name: 'Bay {module}', position: '{module}/1'}\n"
    parts = installed(module(tmp_path, text), Bay("Slot 3", "3"))
    assert [i.name for i in parts.interfaces] == ["3", "x3/3"]
    assert (parts.inlets[0].name, parts.outlets[0].name, parts.outlets[0].inlet) == ("PSU3", "O3", "PSU3")
    assert (parts.through[0].front, parts.through[0].rear, parts.through[0].rear_at) == ("3:A", "3:B", 9)
    assert parts.module_bays == (Bay("Bay 3", "3/1"),)


def test_front_ports_map_many_to_one_in_the_older_form_and_not_at_all_in_the_newer(tmp_path: Path) -> None:
    text = "front-ports:\n  - {name: 1, type: lc, rear_port: R, rear_port_position: 1}\n"
    text += "  - {name: 2, type: lc, rear_port: R, rear_port_position: 2}\n"
    text += "  - {name: R, type: lc, rear_port: R}\n"
    text += "rear-ports:\n  - {name: R, type: mpo, positions: 12}\n"
    older = device(tmp_path, text).parts
    assert [(t.front, t.rear, t.rear_at) for t in older.through] == [
        ("1", "R", 1),
        ("2", "R", 2),
        ("R", "R", 1),
    ]
    newer = device(tmp_path, "front-ports:\n  - {name: 1, type: lc, positions: 2}\n").parts
    assert (newer.fronts[0].positions, newer.through) == (2, ())


def test_a_front_port_that_leads_nowhere(tmp_path: Path) -> None:
    found, findings = read(tmp_path, f"{DEVICE}front-ports:\n  - {{name: 1, type: lc, rear_port: R}}\n")
    assert found is None
    said = "1 leads to 'R', which is no rear port of the type; expected one of none"
    assert findings == [f"acme.yaml: front-ports[0].rear_port: {said}"]


@pytest.mark.parametrize("kind", ["6p6c", "1000base-t", "hardwired", "dc-terminal", "eaton-c39"])
def test_connectors_are_the_files_own_words(tmp_path: Path, kind: str) -> None:
    assert device(tmp_path, f"console-ports:\n  - {{name: c, type: {kind}}}\n").parts.consoles[0].type == kind


def test_newer_keys_of_modules(tmp_path: Path) -> None:
    text = "airflow: passive\nprofile: Transceiver\nattribute_data: {reach: 10}\ncomments: x\n"
    found = module(tmp_path, text)
    assert (found.airflow, found.profile) == ("passive", "Transceiver")


def rack(folder: Path, more: str) -> tuple[RackType, list[str]]:
    found, findings = read(folder, f"{RACK}{more}")
    assert isinstance(found, RackType)
    return found, findings


def test_a_rack_in_inches_with_a_depth_in_them(tmp_path: Path) -> None:
    found, findings = rack(tmp_path, "outer_depth: 36\nouter_unit: in\nmounting_depth: 36\n")
    assert found.outer_depth_mm == found.mounting_depth_mm == pytest.approx(914.4)
    said = "a mounting depth of 36 is taken as inches, like the outer sizes; expected millimetres"
    assert findings == [f"acme.yaml: mounting_depth: warning: {said}"]


def test_a_mounting_depth_is_in_millimetres_beside_inches_too(tmp_path: Path) -> None:
    found, findings = rack(tmp_path, "outer_depth: 42\nouter_unit: in\nmounting_depth: 762\n")
    assert (found.mounting_depth_mm, findings) == (762.0, [])


def test_a_mounting_depth_that_does_not_fit_in(tmp_path: Path) -> None:
    _, findings = rack(tmp_path, "outer_depth: 600\nouter_unit: mm\nmounting_depth: 745\n")
    said = "the mounting depth of 745 mm is more than the rack's own 600 mm; expected at most the outer depth"
    assert findings == [f"acme.yaml: mounting_depth: warning: {said}"]


def test_a_mounting_depth_that_is_only_the_nearest_that_rails_can_be_set_to(tmp_path: Path) -> None:
    """Quirk 6: 191 mm in a rack of 1200 mm bounds whatever is put into it."""
    found, findings = rack(tmp_path, "outer_depth: 1200\nouter_unit: mm\nmounting_depth: 191\n")
    assert found.mounting_depth_mm == 191.0
    said = "a mounting depth of 191 mm is little in a rack 1200 mm deep, and all must fit"
    expected = "how far apart the rails are, or `depth` of the type under `racks` of types/overrides.yaml"
    assert findings == [f"acme.yaml: mounting_depth: warning: {said}; expected {expected}"]


@pytest.mark.parametrize("inches", [10, 19, 20, 21, 23])
def test_every_distance_of_rails_of_the_format(tmp_path: Path, inches: int) -> None:
    """Quirk 7; whatever a rack may have, a device may be made for."""
    text = RACK.replace("width: 19", f"width: {inches}")
    found, findings = read(tmp_path, text)
    assert isinstance(found, RackType)
    assert (found.width_in, findings) == (inches, [])
    assert inches in RAILS_IN


@pytest.mark.parametrize("inches", ["22", "19.5", "'19'", "true"])
def test_distances_of_rails_that_are_none(tmp_path: Path, inches: str) -> None:
    found, findings = read(tmp_path, RACK.replace("width: 19", f"width: {inches}"))
    assert found is None
    assert len(findings) == 1
    assert findings[0].startswith("acme.yaml: width: ")


@pytest.mark.parametrize(
    ("form", "cabinet", "bounded"),
    [("wall-cabinet", True, True), ("4-post-frame", False, True), ("2-post-frame", False, False),
     ("4-post-cabinet", True, True), ("wall-frame", False, True), ("wall-frame-vertical", False, True),
     ("wall-cabinet-vertical", True, True)],
)  # fmt: skip
def test_every_form_factor_of_the_format(tmp_path: Path, form: str, cabinet: bool, bounded: bool) -> None:
    """Quirk 7: which have doors, and in which something bounds the depth."""
    text = RACK.replace("4-post-cabinet", form) + "max_weight: 1360\nweight_unit: kg\n"
    found, findings = read(tmp_path, text)
    assert isinstance(found, RackType)
    assert (found.form_factor, found.cabinet, found.bounded, findings) == (form, cabinet, bounded, [])
    assert found.load_kg == 1360.0


def test_a_rack_that_says_little(tmp_path: Path) -> None:
    found, findings = rack(tmp_path, "starting_unit: 1\ndesc_units: true\n")
    assert findings == []
    assert (found.units, found.first, found.descending, found.width_in) == (47, 1, True, 19)
    assert (found.outer_depth_mm, found.kg, found.load_kg) == (None, None, None)


def test_a_load_without_a_unit_and_outer_sizes_without_one(tmp_path: Path) -> None:
    found, findings = read(tmp_path, f"{RACK}max_weight: 1500\nouter_width: 600\n")
    assert found is None
    assert findings == [
        "acme.yaml: max_weight: a mass has no unit; expected weight_unit: one of kg, g, lb, oz",
        "acme.yaml: outer_width: outer sizes have no unit; expected outer_unit: mm or in",
    ]


@pytest.mark.parametrize("text", ["", "- 1\n", "a: [\n", "x: 1\n", "slug: 1\n", "form_factor: x\n"])
def test_what_is_no_type_is_said(tmp_path: Path, text: str) -> None:
    found, findings = read(tmp_path, text)
    assert found is None
    assert findings or text == ""


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
KEYS = st.sampled_from(
    ["manufacturer", "model", "slug", "u_height", "weight", "weight_unit", "interfaces", "power-ports",
     "power-outlets", "front-ports", "rear-ports", "module-bays", "form_factor", "width", "outer_unit",
     "mounting_depth", "feed_leg", "position"]
)  # fmt: skip


@given(st.dictionaries(KEYS, VALUES))
def test_whatever_a_file_holds_it_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: object
) -> None:
    import yaml  # noqa: PLC0415

    file = tmp_path_factory.mktemp("types") / "any.yaml"
    file.write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")
    found, findings = read_type(file, "any.yaml")
    assert found is not None or findings or data == {}
