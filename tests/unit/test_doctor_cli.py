"""`igoudar doctor`, as it is typed: files of observations, and hosts that stand in for real ones."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from igoudar.doctor import End, Kind, Observation
from igoudar.doctor.told import told
from igoudar.verify import cables
from tests import doctor_cases
from tests.cable_world import end
from tests.errors import run
from tests.host_world import Hosts
from tests.repository import repository

RECORD = json.loads((Path(__file__).parent / "data" / "verify_leaf-4.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return repository(tmp_path_factory.mktemp("checkout"))


@pytest.mark.parametrize("name", doctor_cases.HANDS)
def test_what_is_said_is_the_golden_text(name: str, root: Path) -> None:
    assert doctor_cases.outcome(name, root) == (doctor_cases.TEXTS / f"{name}.txt").read_text("utf-8")


def test_each_text_has_its_case() -> None:
    assert {p.stem for p in doctor_cases.TEXTS.glob("*.txt")} == set(doctor_cases.HANDS)


def asked(root: Path, command: str) -> tuple[dict[str, Any], int]:
    said, _, last = run(command, root).rstrip("\n").rpartition("\n")
    found: dict[str, Any] = json.loads(said[said.index("{") :])
    return found, int(last.removeprefix("exit "))


def test_programs_get_everything(root: Path) -> None:
    found = json.loads(doctor_cases.outcome("mixed", root, "--json").rpartition("exit ")[0])
    assert (found["planned"], found["good"], found["not_asked"]) == (25, 17, {})
    assert [s["certainty"] for s in found["statements"]] == ["exact"] * 5
    (swap,) = [m for s in found["statements"] for (m, *_) in s["candidates"] if m["kind"] == "swapped pair"]
    assert swap["moves"] == [
        {"from": "spine-1/swp1", "to": "spine-1/swp2"},
        {"from": "spine-1/swp2", "to": "spine-1/swp1"},
    ]


def test_a_serial_and_any_spelling_of_a_mac_are_identities(root: Path) -> None:
    seen = {
        "leaf-1/swp1": {"chassis": "LAB00001", "port": "swp1"},
        "leaf-1/swp2": {"chassis": "0200.0000.00AA", "port": "02-00-00-00-00-BB"},
    }
    file = {
        "ends": seen,
        "chassis": {"spine-2": ["02:00:00:00:00:aa"]},
        "macs": {"spine-2/swp1": "02:00:00:00:00:bb"},
    }
    (root / "seen.json").write_text(json.dumps(file))
    assert run("doctor lab --observed seen.json", root).startswith("lab: 2 of 25 cables as planned")


def test_the_out_of_band_network_is_judged_where_it_was_observed(root: Path) -> None:
    dark = {"silent": True, "link": "down"}
    (root / "seen.json").write_text(json.dumps({"ends": {"oob-1/port8": dark, "leaf-1/eth0": dark}}))
    found, status = asked(root, "doctor lab --observed seen.json --json")
    assert (found["planned"], status) == (26, 5)
    assert [[m["kind"] for m in c] for s in found["statements"] for c in s["candidates"]] == [["missing"]]


def test_an_offline_device_makes_no_cable_missing(root: Path) -> None:
    dark = {"silent": True, "link": "down", "module": True, "rx_dbm": "none"}
    (root / "seen.json").write_text(json.dumps({"ends": {"leaf-1/swp1": dark, "spine-1/swp1": dark}}))
    assert asked(root, "doctor lab --observed seen.json --json")[1] == 5
    path = root / "inventory/lab/devices.yaml"
    text = path.read_text()
    path.write_text(text.replace("serial: LAB00001,", "serial: LAB00001, status: offline,"))
    try:
        found, status = asked(root, "doctor lab --observed seen.json --json")
    finally:
        path.write_text(text)
    assert (found["statements"], status) == ([], 0)


# hosts


@pytest.fixture
def twin(root: Path) -> Iterable[None]:
    """As if a twin of the lab were there: its wires have no carrier."""
    folder = root / ".igoudar" / "twin" / "lab"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "twin.json").write_text("{}")
    (folder / "known_hosts").write_text("")
    yield
    (folder / "twin.json").unlink()


def live(root: Path, monkeypatch: pytest.MonkeyPatch, hosts: Hosts) -> tuple[dict[str, Any], int]:
    monkeypatch.setattr(cables, "Logins", hosts)
    monkeypatch.setattr(cables, "AGAIN_SECONDS", 0)
    return asked(root, "doctor lab --json")


def kinds(found: dict[str, Any]) -> list[str]:
    assert {s["certainty"] for s in found["statements"]} <= {"exact"}
    return [m["kind"] for s in found["statements"] for c in s["candidates"] for m in c]


@pytest.mark.usefixtures("twin")
@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("as-planned", []),
        ("swapped-pair", [Kind.SWAPPED_PAIR]),
        ("swapped-racks", [Kind.SWAPPED_RACKS]),
        ("wrong-port", [Kind.WRONG_PORT]),
        ("missing", [Kind.MISSING]),
        ("dead-optic", [Kind.DEAD_OPTIC]),
    ],
)
def test_hosts_of_a_twin_are_asked(
    name: str, wanted: list[Kind], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The far routers speak no LLDP: the two cables to them are neither good nor wrong."""
    found, status = live(root, monkeypatch, Hosts(doctor_cases.case_world(name, root)))
    assert kinds(found) == wanted
    assert status == (5 if wanted else 0)
    assert found["unproven"] == [["border-1/swp3", "far-north/eth1"], ["border-2/swp3", "far-south/eth1"]]
    assert found["planned"] == 25


@pytest.mark.usefixtures("twin")
def test_a_host_that_is_silent_is_told_and_its_cables_are_seen_from_the_other_end(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = doctor_cases.case_world("as-planned", root)
    found, status = live(root, monkeypatch, Hosts(world, ["srv-1"]))
    assert (found["not_asked"], status) == ({"srv-1": "srv-1: no answer"}, 4)
    assert found["statements"] == [], "nobody knows what it calls itself"
    assert ["leaf-1/swp11", "srv-1/eth1"] in found["unproven"]


@pytest.mark.usefixtures("twin")
def test_a_neighbour_of_before_is_waited_for(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = Hosts(doctor_cases.case_world("as-planned", root), stale=5)
    found, _ = live(root, monkeypatch, hosts)
    assert (found["statements"], hosts.stale) == ([], 0)


# what commands print


def outputs(**printed: Any) -> dict[str, dict[str, Any]]:
    return {
        name.replace("__", " "): {"rc": 0, "out": out if isinstance(out, str) else json.dumps(out)}
        for name, out in printed.items()
    }


def link(name: str, address: str, state: str = "UP", **more: Any) -> dict[str, Any]:
    return {
        "ifname": name, "address": address, "operstate": state, "flags": ["UP"], "link_type": "ether", **more
    }  # fmt: skip


def test_a_recorded_leaf() -> None:
    names = ("swp1", "swp2", "swp12", "swp14", "swp20")
    links = [link(n, f"02:aa:00:04:00:0{k}") for k, n in enumerate(names)]
    found = told("leaf-4", names, outputs(neighbours={"lldp": RECORD["lldp"]}, links=links), True)
    assert found.speaks
    assert found.ends[End("leaf-4", "swp1")] == Observation("02:aa:00:00:00:00", "swp4", link=True)
    assert found.ends[End("leaf-4", "swp12")].port == "02:aa:00:10:00:02"
    assert found.ends[End("leaf-4", "swp20")] == Observation(silent=True, link=True)
    assert found.macs["02:aa:00:04:00:00"] == "swp1"


MODULE = """
	Identifier                                : 0x03 (SFP)
	Laser output power                        : 0.5744 mW / -2.41 dBm
	Receiver signal average optical power     : {sfp}
"""
LANES = """
	Identifier                                : 0x11 (QSFP28)
	Transmit avg optical power (Channel 1)    : 0.9500 mW / -0.22 dBm
	Rcvr signal avg optical power(Channel 1)  : 0.8000 mW / -0.97 dBm
	Rcvr signal avg optical power(Channel 2)  : 0.0000 mW / -inf dBm
"""


@pytest.mark.parametrize(
    ("printed", "rx"),
    [
        (MODULE.format(sfp="0.5010 mW / -3.00 dBm"), -3.0),
        (MODULE.format(sfp="0.0001 mW / -40.00 dBm"), -40.0),
        (LANES, float("-inf")),
        ("\tIdentifier : 0x03 (SFP)\n\tTransceiver type : passive copper\n", None),
    ],
)
def test_received_power(printed: str, rx: float | None) -> None:
    found = told("a", ["swp1"], outputs(links=[link("swp1", "02::1")], module__swp1=printed), True)
    assert found.ends[End("a", "swp1")] == Observation(link=True, module=True, rx_dbm=rx)


def test_addresses_that_a_bridge_learnt() -> None:
    addresses = [
        {"mac": "02:00:00:00:00:01", "ifname": "swp1", "flags": [], "master": "br", "state": ""},
        {"mac": "02:00:00:00:00:0f", "ifname": "swp1", "flags": [], "master": "br", "state": "permanent"},
        {"mac": "02:00:00:00:00:02", "ifname": "swp2", "flags": [], "master": "br", "state": ""},
        {"mac": "02:00:00:00:00:03", "ifname": "swp2", "flags": [], "master": "br", "state": ""},
        {"mac": "02:00:00:00:00:04", "ifname": "swp3", "flags": ["extern_learn"], "state": ""},
    ]
    links = [link(f"swp{n}", f"02::{n}") for n in (1, 2, 3)]
    found = told("a", ["swp1", "swp2", "swp3"], outputs(links=links, addresses=addresses), False)
    assert {e.port: o.mac for e, o in found.ends.items()} == {
        "swp1": "02:00:00:00:00:01",
        "swp2": "",
        "swp3": "",
    }


def test_an_address_of_a_host_that_speaks_and_is_not_heard_is_one_of_before(root: Path) -> None:
    plan = doctor_cases.case_world("as-planned", root).plan
    learnt = [{"mac": "02::1", "ifname": "swp11", "flags": [], "master": "br", "state": ""}]
    leaf = outputs(links=[link("swp11", "02::9")], addresses=learnt, neighbours={})
    for heard, mac_left in (({}, ""), (None, "02::1")):
        server = outputs(links=[link("eth1", "02::1")], **({} if heard is None else {"neighbours": heard}))
        answers = {
            "leaf-1": told("leaf-1", ["swp11"], leaf, False),
            "srv-1": told("srv-1", ["eth1"], server, False),
        }
        _, seen = cables.gathered(plan, answers)
        assert seen[end("leaf-1/swp11")].mac == mac_left


def test_a_port_that_is_switched_off_says_nothing_and_neither_does_a_broken_command() -> None:
    links = [
        {**link("swp1", "02::1"), "flags": []},
        link("swp2", "02::2", "DOWN"),
        link("br", "02::3", linkinfo={"info_kind": "bridge"}),
    ]
    found = told("a", ["swp1", "swp2"], {**outputs(links=links), "neighbours": {"rc": 1, "out": "no"}}, True)
    assert found.ends == {End("a", "swp2"): Observation(link=False)}
    assert (found.speaks, found.identities) == (False, frozenset({"02::1", "02::2"}))


def test_who_it_is_itself() -> None:
    chassis = {"local-chassis": [{"chassis": [{"id": [{"type": "mac", "value": "02:AA::1"}]}]}]}
    assert told("a", [], outputs(chassis=chassis), True).identities == {"02:aa::1"}


def test_an_address_that_two_hosts_have_names_neither(root: Path) -> None:
    plan = doctor_cases.case_world("as-planned", root).plan
    answers = {
        h: told(h, [], outputs(links=[link("vlan1", "02::9"), link("x", f"02::{h}")]), True) for h in "ab"
    }
    known, _ = cables.gathered(plan, answers)
    assert "02::9" not in known.identities
    assert known.identities["02::a"] == "a"
    assert end("a/x") not in known.macs.values()
