"""A delivery: which box is which device, what does not fit, and that what is written is read again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from igoudar.inventory import load
from igoudar.tree import write_all
from tests.errors import run
from tests.repository import repository
from tests.unit.test_patterns import ROWS

HEAD = "serial,type,name,asset\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The lab with four planned servers in two racks: node-b01-1 to node-b02-2."""
    made = repository(tmp_path)
    (made / "inventory/lab/rows.yaml").write_text(yaml.safe_dump(ROWS), "utf-8")
    return made


def receive(root: Path, text: str, options: str = "") -> tuple[list[str], int]:
    (root / "note.csv").write_text(text, "utf-8")
    *lines, last = run(f"receive lab note.csv {options}", root).splitlines()
    return lines, int(last.removeprefix("exit "))


def test_boxes_without_a_name_go_from_below_rack_by_rack(root: Path) -> None:
    lines, status = receive(
        root, HEAD + "S1,generic-server-2,,\nS2,generic-server-2,node-b01-1,A7\nS3,generic-server-2,,\n"
    )

    assert [line.split() for line in lines[1:4]] == [
        ["node-b01-1", "S2", "b01", "1"], ["node-b01-2", "S1", "b01", "2"], ["node-b02-1", "S3", "b02", "1"],
    ]  # fmt: skip
    assert "node-b02-2 of the type generic-server-2 still have no box" in lines[4]
    assert (lines[-1], status) == ("3 boxes for lab; nothing was written; --write does", 5)
    assert not (root / "inventory/lab/units").exists()


def test_what_is_written_is_read_and_kept(root: Path) -> None:
    assert receive(root, HEAD + "S1,generic-server-2,node-b01-2,A1\n", "--write")[1] == 0
    assert receive(root, HEAD + "S2,generic-server-2,,\n", "--write")[1] == 0

    devices = load(root / "inventory/lab", root).devices
    assert {n: d.serial for n, d in devices.items() if n.startswith("node-")} == {
        "node-b01-1": "S2", "node-b01-2": "S1", "node-b02-1": "", "node-b02-2": "",
    }  # fmt: skip
    text = (root / "inventory/lab/units/h1.csv").read_text("utf-8")
    assert text == "name,serial,asset,oob_mac,host_key\nnode-b01-1,S2,,,\nnode-b01-2,S1,A1,,\n"


def test_a_note_of_a_french_office(root: Path) -> None:
    """Semicolons between cells, and a head as people write it."""
    assert receive(root, "Serial;Type;Name;Asset\nS1;generic-server-2;node-b01-2;A1\n", "--write")[1] == 0
    text = (root / "inventory/lab/units/h1.csv").read_text("utf-8")
    assert text == "name,serial,asset,oob_mac,host_key\nnode-b01-2,S1,A1,,\n"


def test_what_is_written_can_be_read(root: Path) -> None:
    """A MAC address that is delivered twice; a file that is not named after its hall."""
    note = (
        "serial,type,oob_mac\nS1,generic-server-2,02:00:00:00:00:09\nS2,generic-server-2,02:00:00:00:00:09\n"
    )
    lines, status = receive(root, note, "--write")
    assert (status, lines) == (2, [
        "note.csv:3: the MAC address 02:00:00:00:00:09 is delivered twice; expected each box once; "
        "see note.csv:2",
    ])  # fmt: skip

    other = root / "inventory/lab/units/first.csv"
    other.parent.mkdir()
    other.write_text("name,serial\nnode-b01-1,S1\n", "utf-8")
    assert receive(root, HEAD + "S2,generic-server-2,,\n", "--write")[1] == 0
    assert load(root / "inventory/lab", root).devices["node-b01-2"].serial == "S2"
    assert other.read_text("utf-8") == "name,serial\nnode-b01-1,S1\n"


def test_nothing_delivered_is_nothing_written(root: Path) -> None:
    assert receive(root, HEAD, "--write")[0][-1] == "0 boxes for lab; nothing was written"


def test_as_json(root: Path) -> None:
    (root / "note.csv").write_text("serial,part_number\nS1,\n", "utf-8")
    said = run("receive lab note.csv --json", root)
    assert said.splitlines()[-1] == "exit 2"
    (root / "note.csv").write_text(HEAD + "S1,generic-server-2,,\n", "utf-8")
    told = json.loads(run("receive lab note.csv --json", root).rpartition("exit ")[0])

    assert told["boxes"] == [{"name": "node-b01-1", "serial": "S1", "rack": "b01", "u": "1"}]
    assert (told["written"], [f["code"] for f in told["findings"]]) == (False, ["not-delivered"])


def test_everything_that_does_not_fit_is_said_at_once_and_nothing_written(root: Path) -> None:
    note = HEAD + (
        "LAB00001,generic-server-2,,\n"
        "S1,generic-server-3,,\n"
        "S2,generic-server-2,node-b01-9,\n"
        "S3,generic-switch-32,node-b01-1,\n"
        "S4,generic-server-2,srv-1,\n"
        "S5,generic-switch-32,,\n"
        "S6,generic-server-2,,\n"
        "S6,generic-server-2,,\n"
    )
    lines, status = receive(root, note, "--write")

    assert status == 2
    assert lines == [
        "note.csv:2: the serial LAB00001 is that of spine-1; expected a box that is not there yet; "
        "see inventory/lab/devices.yaml:4: devices.spine-1",
        "note.csv:3: there is no type 'generic-server-3'; expected the slug of a type, or its part number; "
        "did you mean 'generic-server-2'?",
        "note.csv:4: there is no device 'node-b01-9'; expected a planned device; did you mean 'node-b01-2'?",
        "note.csv:5: node-b01-1 is to be a generic-server-2, the box is a generic-switch-32; "
        "expected a generic-server-2; see inventory/lab/rows.yaml:3: rows[0].devices[0]",
        "note.csv:6: srv-1 has the serial LAB00013 already; expected a device without a serial; "
        "another box: docs/runbooks/rma.md; see inventory/lab/devices.yaml:17: devices.srv-1",
        "note.csv:7: no device of the type generic-switch-32 waits for a box; "
        "expected a planned device without a serial",
        "note.csv:9: the serial S6 is delivered twice; expected each box once; see note.csv:8",
    ]
    assert not (root / "inventory/lab/units").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "note.csv: the file is empty; expected a head: serial"),
        ("type\nx\n", "note.csv:1: the column 'serial' is missing; expected serial, type, part_number"),
        ("serial,tipe\nS1,x\n", "note.csv:1: there is no column 'tipe'; expected some of serial, type"),
        ("serial,serial\nS1,S2\n", "note.csv:1: the column 'serial' stands twice; expected each column once"),
        ("serial,type\nS1\n", "note.csv:2: the line has 1 cells; expected 2, as many as the head"),
        ('serial,type\n"S1,x\n', "note.csv:2: this is no CSV"),
        ("serial,oob_mac\nS1,01:00:5e:00:00:01\n", "note.csv:2: oob_mac: '01:00:5e:00:00:01' does not fit"),
        ("serial,name\n,node-b01-1\n", "note.csv:2: there is no serial; expected a value in this column"),
        ("serial,name\nS1,Node\n", "note.csv:2: name: 'Node' does not fit"),
    ],
)
def test_a_note_that_cannot_be_read(root: Path, text: str, said: str) -> None:
    lines, status = receive(root, text)

    assert status == 2
    assert lines[0].startswith(said)


def test_an_asset_tag_of_a_box_that_is_there(root: Path) -> None:
    assert receive(root, HEAD + "S1,generic-server-2,node-b01-2,A1\n", "--write")[1] == 0
    lines, status = receive(root, HEAD + "S2,generic-server-2,node-b01-1,A1\n", "--write")
    assert (status, lines) == (2, [
        "note.csv:2: the asset tag A1 is that of node-b01-2; expected a box that is not there yet; "
        "see inventory/lab/units/h1.csv:2",
    ])  # fmt: skip


def test_all_files_or_none(tmp_path: Path) -> None:
    """The second cannot be written: a folder is where it is made ready."""
    first, second = tmp_path / "h1.csv", tmp_path / "h2.csv"
    first.write_text("before", "utf-8")
    (tmp_path / "h2.csv.new").mkdir()
    with pytest.raises(OSError, match="h2"):
        write_all({first: "after", second: "after"})
    assert first.read_text("utf-8") == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["h1.csv", "h2.csv.new"]

    (tmp_path / "h2.csv.new").rmdir()
    write_all({first: "after", second: "too"})
    assert (first.read_text("utf-8"), second.read_text("utf-8")) == ("after", "too")
