"""Lists for who buys, labels, pulls and tests, and what comes back from them."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from igoudar.cabling.labels import Label, end_text, labels_of
from igoudar.cabling.laid import Pull
from igoudar.cabling.lists import Cables, all_cables, as_csv, bill, key_of, label_rows, patch_list
from igoudar.cabling.numbers import LABEL, cable_requests
from igoudar.cabling.pulls import pulls_of
from igoudar.cabling.results import COLUMNS, Returned, judged, matched, read_returned, untouched
from igoudar.cabling.sheets import code, runs, sheets
from igoudar.errors import Finding, Severity
from igoudar.hall.units import table_of
from igoudar.ledger import Ledger, allocate_numbers
from igoudar.model import Cable, CableStatus, End, Inventory
from tests import cabling_hall
from tests.cabling_hall import AT, GOODS, Size, hall

DAY = date(2026, 11, 26)


def made(inventory: Inventory) -> Cables:
    numbers = allocate_numbers(cable_requests(inventory), Ledger(), DAY).numbers
    labels = labels_of(inventory, Ledger(numbers), DAY)
    return Cables(inventory, pulls_of(inventory).by_key, labels)


@pytest.fixture(scope="module")
def cables() -> Cables:
    return made(hall(Size(rows=3, racks=3, servers=2, spines=2)))


def test_both_ends_stand_on_a_label_the_near_one_first(cables: Cables) -> None:
    key = "leaf-a01-1/swp1 -- srv-a01-1/eth1"

    assert end_text(cables.inventory, End("leaf-a01-1", "swp1")) == "0H1.A01-46:swp1"
    label = cables.labels[key]
    assert {label.a, label.b} == {"0H1.A01-01:eth1/0H1.A01-46:swp1", "0H1.A01-46:swp1/0H1.A01-01:eth1"}


def test_texts_of_labels_are_unique_and_lead_back_to_their_end(cables: Cables) -> None:
    rows = label_rows(cables)
    near = {str(row["text"]).split("/", 1)[0]: row["end"] for row in rows}

    assert len({row["text"] for row in rows}) == len(rows) == 2 * len(cables.inventory.cables)
    assert len(near) == len(rows)
    for cable in cables.inventory.cables.values():
        for end in (cable.a, cable.b):
            assert near[end_text(cables.inventory, end)] == str(end)


def test_a_number_that_is_not_in_the_ledger_is_no_label(cables: Cables) -> None:
    numbers = {key: label.number for key, label in cables.labels.items()}
    gone = next(iter(numbers))
    labels = labels_of(
        cables.inventory, Ledger({LABEL: {k: n for k, n in numbers.items() if k != gone}}), DAY
    )

    assert [key for key, label in labels.items() if not label.number] == [gone]


def test_the_patch_list_walks_along_one_row_and_back_along_the_next(cables: Cables) -> None:
    rows = patch_list(cables)
    walked = list(dict.fromkeys(row["from_rack"] for row in rows))

    there = [f"a{n:02}" for n in (1, 2, 3)]
    back = [f"b{n:02}" for n in (4, 3, 2, 1)]
    assert walked == [*there, *back, *(f"c{n:02}" for n in (1, 2, 3))]
    assert Counter(row["label"] for row in rows) == Counter(one.number for one in cables.labels.values())
    for row in rows:
        if row["from_rack"] == row["to_rack"]:
            assert int(row["from_u"] or 0) >= int(row["to_u"] or 0)


def test_lists_are_the_same_whatever_the_order_of_the_files(cables: Cables) -> None:
    inventory = cables.inventory
    turned = Cables(
        cabling_hall.replace(
            inventory,
            cables=dict(sorted(inventory.cables.items(), reverse=True)),
            devices=dict(sorted(inventory.devices.items(), reverse=True)),
            racks=dict(sorted(inventory.racks.items(), reverse=True)),
        ),
        dict(sorted(cables.pulls.items(), reverse=True)),
        dict(sorted(cables.labels.items(), reverse=True)),
    )
    for listed in (all_cables, label_rows, patch_list, bill):
        assert as_csv(listed(turned)) == as_csv(listed(cables))


def test_the_bill_counts_an_assembly_once_and_every_cable() -> None:
    one = made(hall(Size(rows=1, racks=4, servers=3, spines=2)))
    count = {(row["kind"], row["article"]): 0 for row in bill(one)}
    for row in bill(one):
        count[row["kind"], row["article"]] += int(row["count"] or 0)

    assert count["cable", "dac 25G sfp28"] == 4 * 3 * 2
    assert count["cable", "cat6a 1G 8p8c"] == 4 * (3 + 2)
    broken_out = [n for (_, article), n in count.items() if article and "to 4 qsfp28" in str(article)]
    assert sum(broken_out) == 2 * 2  # eight leaves on two ports of each of two spines


def test_optics_need_a_module_at_each_end() -> None:
    size = Size(rows=1, racks=2, servers=1, spines=1)
    inventory = hall(size, meshes=[{**cabling_hall.section(size)["meshes"][0], "medium": "dr"}])
    count = {(row["kind"], row["article"]): row["count"] for row in bill(made(inventory))}

    assert count["module", "400GBASE-DR4"] == 1
    assert count["module", "100GBASE-DR"] == 4
    assert count["cord", "os2-mpo12-4lc"] == 1


def test_only_cables_of_a_state(cables: Cables) -> None:
    assert not patch_list(cables.chosen(frozenset({CableStatus.PLANNED})))
    assert patch_list(cables.chosen(frozenset({CableStatus.CONNECTED}))) == patch_list(cables)


@given(st.lists(st.booleans(), max_size=40))
def test_runs_are_the_dark_modules(line: list[bool]) -> None:
    found = runs(line)
    again = [any(start <= at < start + length for start, length in found) for at in range(len(line))]

    assert again == line
    assert len(found) == len(re.findall("1+", "".join("01"[dark] for dark in line)))


def test_the_code_is_that_of_the_number() -> None:
    plain = segno.make_qr("639542", error="m").matrix

    assert code("639542") == tuple(tuple(bool(m) for m in line) for line in plain)
    assert code("639542") != code("639543")


def test_sheets_are_the_same_bytes_and_a_page_for_24(cables: Cables) -> None:
    rows = label_rows(cables)[:49]
    first = sheets("Labels", rows)

    assert first == sheets("Labels", rows)
    assert first.startswith(b"%PDF-")
    assert first.count(b"/Type /Page\n") == 3


def planned_results(cables: Cables) -> list[dict[str, str]]:
    return [
        {
            "label": str(cables.labels[key].number),
            "length_m": f"{pull.length_m}",
            "loss_db": f"{pull.loss_db or 0}",
            "wire_map": pull.choice.wire_map if pull.choice else "",
        }
        for key, pull in cables.pulls.items()
    ]


def written(rows: list[dict[str, str]], comma: str = ",") -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys(), delimiter=comma)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def known_of(cables: Cables) -> dict[int, Cable]:
    return key_of(cables.labels, cables.inventory.cables.values())


def back(text: str, file: str) -> Returned:
    return read_returned(table_of(text, file, (), COLUMNS, others=True), file)


def told(text: str, known: Mapping[int, Cable], pulls: Mapping[str, Pull]) -> tuple[Finding, ...]:
    return judged(matched(back(text, "x.csv"), known, DAY), pulls, GOODS)


def found(cables: Cables, text: str) -> list[tuple[str, int]]:
    known = key_of(cables.labels, cables.inventory.cables.values())
    findings = told(text, known, cables.pulls)
    return [(finding.code, finding.where.line) for finding in findings]


def test_a_hall_as_planned_has_no_mismatch(cables: Cables) -> None:
    text = written(planned_results(cables))
    known = key_of(cables.labels, cables.inventory.cables.values())

    assert not found(cables, text)
    assert not found(cables, "\ufeff" + written(planned_results(cables), ";").replace(".", ","))
    assert not untouched(back(text, "results.csv"), known)


@given(st.data())
def test_each_mismatch_is_named_with_its_line(data: st.DataObject) -> None:
    cables = CABLES
    rows = planned_results(cables)
    picked = data.draw(st.sets(st.integers(0, len(rows) - 1), max_size=5))
    expected = []
    for at in sorted(picked):
        pull = list(cables.pulls.values())[at]
        planned = pull.length_m or 0
        leeway = GOODS.length_share * planned + GOODS.length_m
        off = data.draw(st.sampled_from([-1.01, -0.99, 0.99, 1.01])) * leeway
        rows[at]["length_m"] = f"{max(planned + off, 0)}"
        if abs(max(planned + off, 0) - planned) > leeway:
            expected.append(("measured-length", at + 2))
        wanted = pull.choice.wire_map if pull.choice else ""
        rows[at]["wire_map"] = data.draw(st.sampled_from(["straight", "crossed", "pass", "open 3"]))
        if rows[at]["wire_map"] == "open 3" or (wanted and rows[at]["wire_map"] not in (wanted, "pass")):
            expected.append(("measured-wire-map", at + 2))

    assert sorted(found(cables, written(rows))) == sorted(expected)


@pytest.mark.parametrize(
    ("word", "wrong"),
    [("FAIL", True), ("open", True), ("Short 1-2", True), ("split pair", True), ("reversed", True),
     ("miswire", True), ("Failed", True), ("pass", False), ("OK", False), ("", False), ("n/a", False)],
)  # fmt: skip
def test_a_broken_wire_is_a_mismatch_where_no_wire_map_is_planned(word: str, wrong: bool) -> None:
    key = next(k for k, p in CABLES.pulls.items() if p.choice and not p.choice.wire_map)
    text = f"label,wire_map\n{CABLES.labels[key].number},{word}\n"

    assert found(CABLES, text) == [("measured-wire-map", 2)] * wrong


CABLES = made(hall(Size(rows=1, racks=2, servers=2, spines=1)))


def test_ticks_say_what_is_left() -> None:
    planned, _ = cabling_hall.cabled(cabling_hall.planned(cabling_hall.bare(Size(1, 1, 2, 1)), "srv-a01-1"))
    cables = made(planned)
    known = key_of(cables.labels, cables.inventory.cables.values())
    rows = [dict(row) for row in patch_list(cables)]
    ticked = {label for label, cable in known.items() if cable.status is CableStatus.PLANNED}
    text = as_csv([{**row, "done": "x" if row["label"] in ticked else ""} for row in rows])
    returned = back(text, "list.csv")

    assert {code for code, _ in found(cables, text)} == {"pulled"}
    assert len(found(cables, text)) == len(ticked) == 3
    assert set(untouched(returned, known)) == known.keys() - ticked


def test_a_tick_at_what_was_to_be_taken_out_says_what_to_do() -> None:
    known = {n: replace(c, status=CableStatus.DECOMMISSIONING) for n, c in known_of(CABLES).items()}
    number = min(known)
    (finding,) = told(f"label,done\n{number},x\n", known, CABLES.pulls)

    assert (finding.code, finding.severity) == ("taken-out", Severity.INFO)
    assert str(finding).startswith(
        f"x.csv:2: info: {number}, {known[number].key}, is taken out; delete the entry"
    )
    assert not told(f"label,done\n{number},\n", known, CABLES.pulls)


def test_a_label_is_a_number_whatever_zeros_stand_before_it() -> None:
    known = key_of(CABLES.labels, CABLES.inventory.cables.values())
    number = min(known)
    text = f"label,done\n0{number},yes\n"

    assert found(CABLES, text) == []
    assert untouched(back(text, "x.csv"), known) == sorted(known)[1:]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (f"label,done\n\n{'1' * 5000},x\n", "wrong-value", 3),
        ("label,done\n1234567890,x\n", "wrong-value", 2),
        ("label,done\n١,x\n", "unknown-cable", 2),
        ("label,length_m\n1,0,7\n", "no-csv", 2),
        ("label;length_m\n1\n", "no-csv", 2),
        ("label,length_m,Label\n1,7,2\n", "unknown-column", 1),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(text: str, code: str, line: int) -> None:
    assert found(CABLES, text) == [(code, line)]


@pytest.mark.parametrize(
    "text", ["", "label\n1\n", "a,b\n1,2\n", 'label,done\n"1,x\n', "\x00", "label,done\n\x00,x\n"]
)
def test_what_is_no_list_is_a_finding_and_no_trace(text: str) -> None:
    assert back(text, "x.csv").findings or not back(text, "x.csv").measured


@given(
    st.sampled_from(["label,done\n", "label,loss_db,wire_map\n", ""]),
    st.text(alphabet='label,done;"\n\r\0x1-. ', max_size=60),
)
def test_no_text_is_a_trace(head: str, text: str) -> None:
    told(head + text, {1: Cable(End("a", "b"), End("c", "d"), AT)}, {})


def test_a_label_without_a_number_has_no_key() -> None:
    cable = Cable(End("a", "b"), End("c", "d"), AT)

    assert not key_of({cable.key: Label(0, "", "")}, [cable])
