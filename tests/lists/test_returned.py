"""What `igoudar cables lab --tested` says of files that can be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.errors import checkout, edit, run

UPLINK = "{a: leaf-1/swp1, b: spine-1/swp1"
OPTICS = [UPLINK + "}", UPLINK + ", medium: sr, mated: 2}"]
GOOD = "label,loss_db,length_m,wire_map\n639542,1.2,5.3,reversed\n744994,,2.6,straight\n"
WRONG = "Label;Loss_dB;Length_m;Wire_map;Operator\n639542;2,1;5,3;straight;amina\n744994;;7,2;pass;amina\n"
SAID = """\
results.csv:2: 639542, leaf-1/swp1 -- spine-1/swp1, loses 2.1 dB; expected at most 1.9 dB, what 100GBASE-SR4 \
bears; clean both ends, then measure again
results.csv:2: 639542, leaf-1/swp1 -- spine-1/swp1, has the wire map 'straight'; expected \
'reversed', of om4-mpo12
results.csv:3: 744994, leaf-1/swp11 -- srv-1/eth1, is 7.2 m long; expected 2.5 m, give or take 0.75 m; \
is it the cable of this label?
lab: 2 of 86 cables tested, 3 mismatches; --write keeps it
exit 5
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = checkout(tmp_path_factory.mktemp("returned"))
    edit(made, {"file": "inventory/lab/cables.yaml", "replace": OPTICS})
    return made


def said(root: Path, text: str, more: str = "") -> str:
    (root / "results.csv").write_text(text, "utf-8")
    return run(f"cables lab --tested results.csv{more}", root)


def test_results_as_planned_are_counted(root: Path) -> None:
    assert said(root, GOOD) == "lab: 2 of 86 cables tested, 0 mismatches; --write keeps it\nexit 0\n"


def test_each_mismatch_is_named_with_what_was_planned(root: Path) -> None:
    assert said(root, WRONG) == SAID


def test_json_has_findings_and_what_is_left(root: Path) -> None:
    answer = json.loads(said(root, WRONG, " --json").removesuffix("exit 5\n"))

    assert len(answer["findings"]) == 3
    assert answer["known"] == 86
    assert len(answer["left"]) == 84
    assert not {639542, 744994} & {*answer["left"]}


def test_a_patch_list_comes_back_as_it_was_written(root: Path) -> None:
    listed = run("cables lab --patch-list --out list.csv", root)
    rows = (root / "list.csv").read_text("utf-8").splitlines()
    ticked = [row.removesuffix(",,,") + ",x,amina,2026-11-26" for row in rows[1:4]]
    again = "\n".join([rows[0], *ticked, *rows[4:]])

    assert listed == "list.csv: 86 lines\nexit 0\n"
    assert said(root, again) == "lab: 3 of 86 cables ticked, 0 mismatches\nexit 0\n"


def test_one_thing_at_a_time(root: Path) -> None:
    assert said(root, GOOD, " --bill").endswith(
        "Error: --tested goes with --write, --hall and --json only\nexit 2\n"
    )


def test_labels_are_a_pdf_or_a_list(root: Path) -> None:
    assert run("cables lab --labels --out labels.pdf", root) == "labels.pdf: 176 stickers\nexit 0\n"
    assert (root / "labels.pdf").read_bytes().startswith(b"%PDF-")
    assert "a PDF is made of --labels only" in run("cables lab --bill --out bill.pdf", root)


@pytest.mark.parametrize(
    ("words", "file"), [("--labels", "/nonexistent/x.pdf"), ("--list", "/proc/x.csv"), ("--bill", "no/x.csv")]
)
def test_a_list_that_cannot_be_written(root: Path, words: str, file: str) -> None:
    said = run(f"cables lab {words} --out {file}", root)

    assert said == f"Error: Could not open file '{file}': no such file or directory\nexit 2\n"


FAR = [UPLINK + "}", UPLINK + ", medium: dac}"]
OVER = (
    "inventory/lab/cables.yaml:4: cables[0]: leaf-1/swp1 -- spine-1/swp1: 5 m of dac 100G qsfp28 are beyond"
)
WAIVED = """
waivers:
  - {code: over-reach, object: cable leaf-1/swp1 -- spine-1/swp1, reason: r, person: amina, until: 2027-01-31}
"""


def test_what_must_not_be_built_is_listed_with_its_finding(tmp_path: Path) -> None:
    root = checkout(tmp_path)
    edit(root, {"file": "inventory/lab/cables.yaml", "replace": FAR})
    for words, first in (("--list", "label,"), ("--bill", "kind,")):
        *listed, finding, last = run(f"cables lab {words}", root).splitlines()
        assert listed[0].startswith(first)
        assert len(listed) > 9
        assert finding.startswith(OVER)
        assert last == "exit 3"
    for words in ("--labels", "--patch-list"):
        finding, last = run(f"cables lab {words}", root).splitlines()
        assert (finding.startswith(OVER), last) == (True, "exit 3")
    edit(root, {"file": "inventory/lab/waivers.yaml", "write": WAIVED})
    assert run("cables lab --patch-list", root).endswith("exit 0\n")


PLANNED = [UPLINK + "}", UPLINK + ", medium: sr, mated: 2, status: planned}  # soon"]
KEPT = """\
label,cable,tested,loss_db,length_m,wire_map,status,since
639542,leaf-1/swp1 -- spine-1/swp1,2026-11-24,2.1,5.3,straight,,
744994,leaf-1/swp11 -- srv-1/eth1,2026-11-24,,7.2,pass,,
"""


def test_results_are_kept_good_and_bad_and_every_check_knows_them(tmp_path: Path) -> None:
    root = checkout(tmp_path)
    edit(root, {"file": "inventory/lab/cables.yaml", "replace": OPTICS})
    first = said(root, WRONG, " --write")
    file = root / "inventory/lab/tested/h1.csv"

    assert first.endswith("lab: 2 of 86 cables tested, 3 mismatches; wrote tested/h1.csv\nexit 5\n")
    assert file.read_text("utf-8") == KEPT
    assert "h1.csv:2: 639542, leaf-1/swp1 -- spine-1/swp1, loses 2.1 dB" in run("check lab", root)
    assert ",2026-11-24\n" in run("cables lab --list", root)
    mended = said(root, "label,loss_db,length_m,wire_map,day\n639542,0.9,,reversed,2026-11-25\n", " --write")
    assert mended.endswith("1 of 86 cables tested, 0 mismatches; wrote tested/h1.csv\nexit 0\n")
    assert file.read_text("utf-8").splitlines()[1:] == [
        "639542,leaf-1/swp1 -- spine-1/swp1,2026-11-25,0.9,5.3,reversed,,", KEPT.splitlines()[2],
    ]  # fmt: skip
    checked = run("check lab", root)
    assert "639542" not in checked
    assert "h1.csv:3: 744994, leaf-1/swp11 -- srv-1/eth1, is 7.2 m long" in checked
    told = run("explain lab 639542", root)
    assert "inventory/lab/tested/h1.csv:2" in told
    waiver = WAIVED.replace("over-reach", "measured-length").replace(
        "swp1 -- spine-1/swp1", "swp11 -- srv-1/eth1"
    )
    edit(root, {"file": "inventory/lab/waivers.yaml", "write": waiver})
    assert run("check lab", root).endswith("exit 0\n")


def test_a_label_that_is_another_cables_now_takes_the_old_line_with_it(tmp_path: Path) -> None:
    root = checkout(tmp_path)
    gone = KEPT.replace("leaf-1/swp1 --", "leaf-1/swp40 --")
    edit(root, {"file": "inventory/lab/tested/h1.csv", "write": gone})

    assert said(root, "label,length_m\n639542,5\n", " --write").endswith("wrote tested/h1.csv\nexit 0\n")
    kept = (root / "inventory/lab/tested/h1.csv").read_text("utf-8").splitlines()
    assert kept[1] == "639542,leaf-1/swp1 -- spine-1/swp1,2026-11-24,,5,,,"
    assert kept[2:] == KEPT.splitlines()[2:]


def test_nothing_is_kept_of_a_file_with_an_unknown_cable(tmp_path: Path) -> None:
    root = checkout(tmp_path)

    assert said(root, GOOD + "639543,1,5,pass\n", " --write").endswith("exit 2\n")
    assert not (root / "inventory/lab/tested").exists()


def test_a_tick_makes_a_planned_cable_connected_where_it_is_written(tmp_path: Path) -> None:
    root = checkout(tmp_path)
    file = root / "inventory/lab/cables.yaml"
    edit(root, {"file": "inventory/lab/cables.yaml", "replace": PLANNED})
    before = file.read_text("utf-8")
    ticks = "label,done\n639542,x\n744994,x\n"

    assert said(root, ticks) == (
        "results.csv:2: info: 639542, leaf-1/swp1 -- spine-1/swp1, is pulled and still planned; "
        "--write makes it `connected`; see inventory/lab/cables.yaml:4: cables[0]\n"
        "lab: 2 of 86 cables ticked, 0 mismatches; --write keeps it\nexit 0\n"
    )
    assert said(root, ticks, " --write") == (
        "lab: 2 of 86 cables ticked, 0 mismatches; wrote cables.yaml\nexit 0\n"
    )
    assert file.read_text("utf-8") == before.replace("status: planned}  # soon", "status: connected}  # soon")
    assert said(root, ticks, " --write") == "lab: 2 of 86 cables ticked, 0 mismatches\nexit 0\n"


def test_a_tick_at_the_cord_of_a_rule_is_kept_beside_the_results(tmp_path: Path) -> None:
    """The cords of a server that is planned are pulled before it comes."""
    root = checkout(tmp_path)
    devices = (root / "inventory/lab/devices.yaml").read_text("utf-8")
    line = next(line for line in devices.splitlines() if line.strip().startswith("srv-8:"))
    edit(
        root,
        {"file": "inventory/lab/devices.yaml", "replace": [line, line.replace("{", "{status: planned, ", 1)]},
    )
    cords = [row.split(",") for row in run("cables lab --list --status planned", root).splitlines()[1:-1]]
    number, a, b, *_ = next(row for row in cords if row[4] == "power")
    told = said(root, f"label,done,day\n{number},x,2026-11-23\n", " --write")

    assert told.endswith("1 of 86 cables ticked, 0 mismatches; wrote tested/h1.csv\nexit 0\n")
    kept = (root / "inventory/lab/tested/h1.csv").read_text("utf-8").splitlines()[1]
    assert kept == f"{number},{' -- '.join(sorted((a, b)))},,,,,connected,2026-11-23"
    after = [row.split(",")[0] for row in run("cables lab --list --status planned", root).splitlines()[1:-1]]
    assert after == [row[0] for row in cords if row[0] != number]


def test_write_goes_with_results(root: Path) -> None:
    assert run("cables lab --list --write", root).endswith("Error: --write goes with --tested\nexit 2\n")
