"""Readings of rack PDUs: what is one, what of the plan it does not fit, and what is too much."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igoudar.errors import Severity
from igoudar.hall.measured import excesses, measured, mismatches
from igoudar.hall.readings import merged, read_readings, written
from igoudar.hall.totals import totals
from igoudar.inventory import load
from igoudar.model import Inventory, Status
from tests.errors import ROOT

HEAD = "time,rack,feed,device,outlet,leg,watts,amps,volts,power_factor"
T = "2026-11-24T10:00:00Z"


@pytest.fixture(scope="module")
def lab() -> Inventory:
    return load(ROOT / "inventory/lab", ROOT)


def file_of(folder: Path, *rows: str, head: str = HEAD) -> Path:
    path = folder / "readings.csv"
    path.write_text("\n".join((head, *rows)) + "\n", "utf-8")
    return path


def read(lab: Inventory, folder: Path, *rows: str) -> Inventory:
    readings, findings = read_readings(file_of(folder, *rows), "readings.csv")
    assert not findings
    return replace(lab, readings=tuple(readings))


@pytest.mark.parametrize(
    ("cells", "code", "said"),
    [
        ("a01,A,,,,nan,,,", "wrong-cell", "watts: 'nan' does not fit"),
        ("a01,A,,,,-4,,,", "wrong-cell", "watts: '-4' does not fit"),
        ("a01,A,,,,inf,,,", "wrong-cell", "watts: 'inf' does not fit"),
        ("a01,A,,,,1.2 kW,,,", "wrong-cell", "watts: '1.2 kW' does not fit"),
        ("a01,A,,,,,3.5,,", "no-watts", "feed A of rack a01 has amps alone"),
        ("a01,A,,,,,,230,", "no-watts", "feed A of rack a01 has volts alone"),
        ("a01,A,,,,,,,", "no-watts", "feed A of rack a01 has no amount"),
        ("a01,,,,,5,,,", "no-point", "of which feed of rack a01"),
        ("a01,L1,,,,5,,,", "wrong-cell", "feed: 'L1' does not fit"),
        (",A,,,,5,,,", "wrong-cell", "there is no rack"),
        ("a01,A,,,,5,3,230,1.2", "wrong-cell", "power_factor: '1.2' does not fit"),
    ],
)
def test_what_is_no_reading(tmp_path: Path, cells: str, code: str, said: str) -> None:
    readings, findings = read_readings(file_of(tmp_path, f"{T},{cells}"), "readings.csv")

    assert readings == []
    assert [(f.code, f.where.line) for f in findings] == [(code, 2)]
    assert said in findings[0].message


@pytest.mark.parametrize(
    "time", ["", "2026-11-24T10:00:00", "yesterday", "1764000000", "0001-01-01T00:00:00+14:00"]
)
def test_a_time_without_its_zone_is_none(tmp_path: Path, time: str) -> None:
    _, (finding,) = read_readings(file_of(tmp_path, f"{time},a01,A,,,,5,,,"), "readings.csv")
    assert finding.code == "wrong-cell"


def test_amps_and_volts_count_whole_without_a_power_factor(tmp_path: Path, lab: Inventory) -> None:
    found = read(lab, tmp_path, f"{T},a01,A,,,,,2,230,", f"{T},a01,B,,,,,2,230,0.5")
    assert measured(found).racks == {"a01": 460 + 230}


def test_semicolons_go_with_decimal_commas(tmp_path: Path) -> None:
    path = file_of(tmp_path, f"{T};a01;A;2,5;230", head="Time;rack;feed;amps;volts")
    readings, findings = read_readings(path, "readings.csv")

    assert (findings, [reading.w for reading in readings]) == ([], [575.0])


def test_the_highest_of_a_point_counts_and_phases_are_added_up(tmp_path: Path, lab: Inventory) -> None:
    rows = [
        f"{T},a01,A,,,L1,100,,,",
        f"{T},a01,A,,,L2,50,,,",
        "2026-11-24T11:00:00+01:00,a01,B,,,,20,,,",
        "2026-11-24T11:00:00Z,a01,A,,,L1,70,,,",
    ]
    assert measured(read(lab, tmp_path, *rows)).racks == {"a01": 170}


def test_one_point_twice_at_one_time_is_refused(tmp_path: Path) -> None:
    rows = (f"{T},a01,A,,,,1,,,", "2026-11-24T11:00:00+01:00,a01,A,,,,2,,,")
    _, (finding,) = read_readings(file_of(tmp_path, *rows), "readings.csv")
    assert (finding.code, finding.where.line, finding.see and finding.see.line) == ("reading-twice", 3, 2)


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ("a99,A,,,,5,,,", "unknown-rack"),
        ("a01,A,srv-99,,,5,,,", "unknown-device"),
        ("a02,A,leaf-1,,,5,,,", "reading-elsewhere"),
    ],
)
def test_what_the_plan_does_not_have(tmp_path: Path, lab: Inventory, cells: str, code: str) -> None:
    found = read(lab, tmp_path, f"{T},{cells}")
    assert [f.code for f in mismatches(found)] == [code]
    assert not measured(found).devices
    assert not [*excesses(found)]


def test_a_feed_that_the_rack_does_not_have(tmp_path: Path, lab: Inventory) -> None:
    one = replace(lab, racks={**lab.racks, "a01": replace(lab.racks["a01"], feeds={"A": "busway-a"})})
    found = read(one, tmp_path, f"{T},a01,B,,,,5,,,")
    assert [f.code for f in mismatches(found)] == ["unknown-feed"]


def test_what_is_planned_draws_nothing(tmp_path: Path, lab: Inventory) -> None:
    box = replace(lab.devices["srv-1"], status=Status.PLANNED)
    planned = replace(lab, devices={**lab.devices, "srv-1": box})
    rows = (f"{T},{box.rack},A,srv-1,,,%s,,,", f"{T},{box.rack},B,srv-1,,,0,,,")
    assert [f.code for f in mismatches(read(planned, tmp_path, rows[0] % 90, rows[1]))] == [
        "reading-of-planned"
    ]
    assert not [*mismatches(read(planned, tmp_path, rows[0] % 0, rows[1]))]


def test_more_than_allocated_warns_and_more_than_the_rack_may_draw_is_an_error(
    tmp_path: Path, lab: Inventory
) -> None:
    """The lab's racks may draw 12.5 kW each."""
    rack = lab.devices["srv-1"].rack
    over = read(lab, tmp_path, f"{T},{rack},,srv-1,,,5000,,,")
    (device, whole) = sorted(excesses(over), key=lambda f: f.subject)
    assert (device.code, device.severity, device.subject) == (
        "measured-over-allocated", Severity.WARNING, "device srv-1",
    )  # fmt: skip
    assert (whole.code, whole.subject, whole.amount, whole.unit) == (
        "measured-over-allocated", f"rack {rack}", 5000, "W",
    )  # fmt: skip

    (error,) = excesses(read(lab, tmp_path, f"{T},{rack},A,,,,6000,,,", f"{T},{rack},B,,,,6501,,,"))
    assert (error.code, error.severity, error.amount) == ("measured-over-power", Severity.ERROR, 12501)


def test_half_a_rack_is_not_measured(tmp_path: Path, lab: Inventory) -> None:
    found = read(lab, tmp_path, f"{T},a01,A,,,,100,,,")
    assert measured(found).racks == {}
    (warned,) = excesses(found)
    assert (warned.code, warned.subject) == ("feed-not-read", "rack a01")


def test_a_rack_whose_devices_are_all_read_is_their_sum(tmp_path: Path, lab: Inventory) -> None:
    boxes = [d.name for d in lab.devices.values() if d.rack == "a01"]
    found = read(lab, tmp_path, *(f"{T},a01,,{name},,,10,,," for name in boxes))
    assert measured(found).racks == {"a01": 10 * len(boxes)}
    assert (totals(found)[1].read, totals(found)[1].measured_w) == (1, 10 * len(boxes))
    assert not measured(read(lab, tmp_path, *(f"{T},a01,,{name},,,10,,," for name in boxes[1:]))).racks


@given(
    st.lists(
        st.tuples(st.sampled_from("AB"), st.sampled_from(["1", "2", "3"]), st.floats(0, 1e5)), max_size=8
    )
)
def test_what_is_written_is_read_again(rows: list[tuple[str, str, float]]) -> None:
    from tempfile import TemporaryDirectory  # noqa: PLC0415 - a folder an example

    with TemporaryDirectory() as name:
        lines = [f"2026-11-24T10:00:{n:02}Z,a01,{f},srv-1,{o},,{w!r},,," for n, (f, o, w) in enumerate(rows)]
        first, wrong = read_readings(file_of(Path(name), *lines), "x")
        (Path(name) / "kept.csv").write_text(written(first), "utf-8")
        again, odd = read_readings(Path(name) / "kept.csv", "x")
    assert not [*wrong, *odd]
    assert {(r.point, r.time) for r in again} == {(r.point, r.time) for r in first}
    assert {r.point: r.w for r in again} == pytest.approx({r.point: r.w for r in first})


def test_what_is_read_anew_takes_the_place_of_all_outlets(tmp_path: Path, lab: Inventory) -> None:
    old = read(lab, tmp_path, f"{T},a01,A,leaf-1,1,,5,,,", f"{T},a01,B,leaf-1,2,,5,,,", f"{T},a01,A,,,,5,,,")
    new = read(lab, tmp_path, f"{T},a01,,leaf-1,,,7,,,")
    assert [(str(r.point), r.w) for r in merged(old.readings, new.readings)] == [
        ("feed A of rack a01", 5),
        ("leaf-1", 7),
    ]


def test_a_feed_of_a_device_read_anew_leaves_the_other(tmp_path: Path, lab: Inventory) -> None:
    """PDUs of A and of B export a file each."""
    a = read(lab, tmp_path, f"{T},a01,A,leaf-1,1,,5,,,", f"{T},a01,A,leaf-1,2,,5,,,").readings
    b = read(lab, tmp_path, f"{T},a01,B,leaf-1,2,,6,,,").readings
    later = read(lab, tmp_path, f"{T},a01,A,leaf-1,1,,7,,,").readings
    whole = read(lab, tmp_path, f"{T},a01,,leaf-1,,,9,,,").readings
    assert [r.w for r in merged(a, b)] == [5, 5, 6]
    assert [r.w for r in merged(merged(a, b), later)] == [6, 7]
    assert [r.w for r in merged(whole, later)] == [7]


@pytest.mark.parametrize(
    ("one", "other", "twice"),
    [
        ("A,,,", "A,,,L1", True),
        ("A,,,", "B,,,L1", False),
        ("A,leaf-1,,", "A,leaf-1,1,", True),
        ("A,leaf-1,,L1", "A,leaf-1,1,", True),
        ("A,leaf-1,1,L1", "A,leaf-1,2,", False),
        (",leaf-1,,", "A,leaf-1,,", True),
        ("A,,,", "A,leaf-1,1,", False),
        ("A,leaf-1,,", "A,leaf-2,1,", False),
    ],
)
def test_a_whole_beside_its_part(tmp_path: Path, one: str, other: str, twice: bool) -> None:
    for rows in ((one, other), (other, one)):
        file = file_of(tmp_path, *(f"{T},a01,{cells},600,,," for cells in rows))
        _, findings = read_readings(file, "readings.csv")
        assert [f.code for f in findings] == ["reading-counts-twice"] * twice
