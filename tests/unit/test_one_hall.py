"""A part of a site that is one hall has what the whole has of it, at the same lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from igoudar import checks
from igoudar.compiler import check_hall, describe
from igoudar.day import today
from igoudar.errors import BadInput, Finding, Severity, Where
from igoudar.inventory import load, load_hall, read_documents
from igoudar.model import Role
from igoudar.one_hall import halls_of, halls_with, judged
from tests.errors import ROOT, checkout, run
from tests.two_halls import FILE, SECOND, two_halls

MORE = """\
overrides:
  box-h2-b02-2: {draw: 200 W}
  h2-c03: {absent: true}
cables:
  - {a: srv-1/eth2, b: box-h2-b01-1/eth1, status: planned}
"""
TEXT = SECOND + MORE


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return two_halls(tmp_path_factory.mktemp("two"), MORE)


def test_each_hall_has_what_the_whole_has_of_it(root: Path) -> None:
    place = (root / "inventory/lab", root)
    whole, documents = load(*place), read_documents(*place)
    assert halls_of(documents) == ["h1", "h2"]
    for hall in halls_of(documents):
        part = load_hall(documents, place, hall)
        assert part.racks == {n: r for n, r in whole.racks.items() if r.hall == hall}
        assert part.devices == {n: d for n, d in whole.devices.items() if d.hall == hall}
        inside = {d.name for d in part.devices.values()}
        both = {k for k, c in whole.cables.items() if {c.a.device, c.b.device} <= inside}
        assert {*part.cables} == both
    assert len(load_hall(documents, place, "h2").devices) == 10


def test_what_is_wrong_with_a_hall_is_said_of_it_alone(root: Path, tmp_path: Path) -> None:
    place = (root / "inventory/lab", root)
    file = root / FILE
    file.write_text(TEXT.replace("power: 3 kW", "power: 500 W"), "utf-8")
    documents = read_documents(*place)
    file.write_text(TEXT, "utf-8")
    over = {}
    for hall in halls_of(documents):
        found = check_hall(documents, place, hall, today())
        over[hall] = {f.subject for f in found if f.code == "rack-over-power"}
        errors = {f.subject for f in found if f.severity is Severity.ERROR}
        assert hall == "h2" or errors == {"campus"}, "two halls of 100 kW are too much for the lab"
    assert over == {"h1": set(), "h2": {f"rack h2-{name}" for name in ("b01", "b02", "b03", "c01", "c02")}}


@pytest.mark.parametrize("edit", [("", ""), ("power: 3 kW", "power: 500 W"), ("A: busway-a", "A: busway-b")])
def test_a_hall_alone_says_nothing_that_the_site_does_not(root: Path, edit: tuple[str, str]) -> None:
    place = (root / "inventory/lab", root)
    file = root / FILE
    file.write_text(TEXT.replace(*edit) if edit[0] else TEXT, "utf-8")
    documents, inventory = read_documents(*place), load(*place)
    file.write_text(TEXT, "utf-8")
    whole = {(f.code, f.subject) for f in checks.check(describe(inventory, root))}
    assert whole
    for hall in halls_of(documents):
        assert {(f.code, f.subject) for f in check_hall(documents, place, hall, today())} <= whole


@pytest.mark.parametrize(
    ("code", "path", "subject", "kept"),
    [
        ("design-pue", "campus.design_pue", "campus", False),
        ("renewable-short", "energy.renewable", "energy", False),
        ("warm-before-battery-ends", "halls.h1.air_class", "hall h1", False),
        ("warm-before-restart", "halls.h1.air_class", "hall h1", True),
        ("phase-imbalance", "units.board-a", "unit board-a", False),
        ("phase-imbalance", "hall_kinds.general.units.board", "unit board-g1", True),
        ("overload", "units.board-a", "unit board-a", True),
        ("scheme-in-pairs", "schemes.all", "rack a01", False),
        ("scheme-in-pairs", "hall_kinds.general.schemes.own", "rack a01", True),
    ],
)
def test_what_other_halls_may_mend_is_not_said_of_one(code: str, path: str, subject: str, kept: bool) -> None:
    finding = Finding(code, Where("inventory/x/site.yaml", 0, path), "it is so", subject=subject)
    assert judged([finding]) == [finding] * kept


KIND = """
hall_kinds:
  small:
    power: 100 kW
    cooling: air-indirect
    rows:
      - name: a
        racks: '01..02'
        names: '{hall}-{row}{rack}'
        height: 47 U
        devices:
          - {name: 'box-{rack}-{n}', type: generic-server-2, role: server, status: planned, u: 1}
"""
SERIES = """
hall_series:
  - {kind: small, buildings: 1, halls: '2..3', number: 2, names: 'k{hall}'}
overrides:
  box-k2-a01-1: {draw: 200 W}
"""


def test_a_kind_of_another_file_has_its_overrides(tmp_path: Path) -> None:
    place = (tmp_path / "inventory/lab", checkout(tmp_path))
    (place[0] / "kinds.yaml").write_text(KIND, "utf-8")
    (place[0] / "series.yaml").write_text(SERIES, "utf-8")
    documents = read_documents(*place)
    assert load_hall(documents, place, "k2").devices["box-k2-a01-1"].draw_w == 200
    assert halls_with(documents, {"box-k3-a02-1"}) == ["k3"]
    assert halls_with(documents, {"a01", "k2"}) == ["h1", "k2"]
    assert halls_with(documents, {"nobody"}) == []
    (place[0] / "kinds.yaml").write_text(KIND.replace("box-{rack}", "box-{rak}"), "utf-8")
    with pytest.raises(BadInput, match="rak"):
        load_hall(read_documents(*place), place, "k2")


def test_a_general_hall_of_the_reference_campus() -> None:
    """Of domain.md section 8: 400 racks, 9,216 servers."""
    place = (ROOT / "inventory/dakhla", ROOT)
    documents = read_documents(*place)
    hall = load_hall(documents, place, "g01-1")
    assert len(hall.racks) == 400
    assert sum(device.role is Role.SERVER for device in hall.devices.values()) == 9_216
    assert [*hall.halls] == ["g01-1"]


def test_cables_of_one_hall_are_those_of_the_whole_without_what_leaves_it(root: Path) -> None:
    whole, one = (run(f"cables lab{more}", root).splitlines() for more in ("", " --hall h1"))
    leaves = [line for line in whole if "srv-1/eth2" in line]

    assert len(leaves) == 2, "its line, and that no tray leads there"
    said = (
        "hall h1 of lab alone: left out are 1 written cable to other halls, and those that rules lead there"
    )
    assert f"{said}; without --hall they are in" in one
    inside = [line for line in whole[:-1] if line not in leaves]
    assert [line for line in one if said not in line and line] == [*filter(None, inside), "exit 0"]
    assert run("cables lab --hall h9", root).splitlines()[-1] == "exit 2"


def test_no_such_hall(root: Path) -> None:
    place = (root / "inventory/lab", root)
    with pytest.raises(BadInput, match="there is no hall 'h3'; expected one of h1, h2"):
        load_hall(read_documents(*place), place, "h3")
