"""Cables that rules give: which port, whatever else is there; and what people write beside them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from igoudar.cabling.numbers import LABEL, PORT, cable_requests
from igoudar.cabling.pulls import pulls_of
from igoudar.cabling.schema import CablingIn, cabling_of
from igoudar.errors import Finding, Where
from igoudar.ledger import Ledger, allocate_numbers, updated
from igoudar.model import Cable, CableStatus, End, Inventory, Role, Status
from igoudar.yaml_source import parse_source
from tests import cabling_hall
from tests.cabling_hall import AT, Size, bare, cabled, device, hall, keys, with_device, without_device

DAY = date(2026, 11, 26)
SMALL = Size(rows=2, racks=3, servers=2, spines=2)


def expected(size: Size) -> set[str]:
    """The same cables, counted by hand."""
    found: set[frozenset[str]] = set()
    for row in range(size.rows):
        letter = cabling_hall.NAMES[row]
        for rack in range(1, size.racks + 1):
            name = f"{letter}{rack:02}"
            for n in range(1, size.servers + 1):
                server = f"srv-{name}-{n}"
                found.add(frozenset({f"{server}/eth1", f"leaf-{name}-1/swp{n}"}))
                found.add(frozenset({f"{server}/eth2", f"leaf-{name}-2/swp{n}"}))
                found.add(frozenset({f"{server}/eth0", f"oob-{name}/port{n}"}))
            for leaf in (1, 2):
                found.add(frozenset({f"leaf-{name}-{leaf}/eth0", f"oob-{name}/port{43 - leaf}"}))
                place = 2 * (rack - 1) + leaf - 1
                for spine in range(1, size.spines + 1):
                    port = f"swp{place // 4 + 1}s{place % 4}"
                    found.add(frozenset({f"leaf-{name}-{leaf}/up{spine}", f"spine-{letter}-{spine}/{port}"}))
    return {" -- ".join(sorted(ends)) for ends in found}


@pytest.mark.parametrize("size", [SMALL, Size(1, 1, 1, 1), Size(3, 5, 4, 4)])
def test_every_port_is_where_counting_puts_it(size: Size) -> None:
    made = hall(size)

    assert {" -- ".join(sorted(key.split(" -- "))) for key in keys(made)} == expected(size)
    assert all(cable.derived for cable in made.cables.values())
    assert not pulls_of(made).findings


def test_tails_of_a_port_are_one_assembly_of_one_length() -> None:
    pulls = pulls_of(hall(Size(rows=1, racks=4, servers=1, spines=1))).by_key.values()
    tails = [pull for pull in pulls if pull.host == "spine-a-1/swp1"]

    assert len(tails) == 4
    assert len({pull.length_m for pull in tails}) == 1
    assert len({pull.route.length_m for pull in tails if pull.route}) > 1
    assert all(pull.length_m and pull.route and pull.length_m >= pull.route.length_m for pull in tails)


SERVERS = st.tuples(st.sampled_from(["a01", "a02", "a03", "b01", "b02", "b03"]), st.integers(3, 40))


def with_servers(inventory: Inventory, places: set[tuple[str, int]]) -> Inventory:
    for n, (rack, u) in enumerate(sorted(places)):
        inventory = with_device(inventory, device(f"new-{rack}-{u}", Role.SERVER, 900 + n, (rack, u)))
    return inventory


@given(st.sets(SERVERS, max_size=6), st.sets(SERVERS, max_size=6), st.permutations(range(6)))
@settings(max_examples=40)
def test_a_device_that_comes_or_goes_moves_no_other(
    before: set[tuple[str, int]], more: set[tuple[str, int]], order: list[int]
) -> None:
    few, wrong = cabled(with_servers(bare(SMALL), before))
    many, also_wrong = cabled(with_servers(bare(SMALL), before | more))
    shuffled = bare(SMALL)
    names = sorted(shuffled.devices)
    mixed = {n: shuffled.devices[n] for at in order for n in names[at::6]}
    again, _ = cabled(with_servers(replace(shuffled, devices=mixed), before))

    assert not wrong
    assert not also_wrong
    assert keys(few) <= keys(many)
    new = {f"new-{rack}-{u}" for rack, u in more - before}
    added = keys(many) - keys(few)
    assert all({end.device for end in (many.cables[key].a, many.cables[key].b)} & new for key in added)
    assert len(added) == 3 * len(new)
    assert keys(again) == keys(few)


REST = {"in_racks": [
    {"devices": "server", "port": "eth1", "to": "leaf", "to_u": 46, "u": "1..2", "onto": "swp1..2",
     "rest": "swp17..48"},
]}  # fmt: skip


@given(
    st.sets(st.integers(3, 40), max_size=8),
    st.sets(st.integers(3, 40), max_size=8),
    st.sets(st.integers(3, 40), max_size=4),
)
@settings(max_examples=40)
def test_a_port_out_of_the_ledger_stays_while_others_come_and_go(
    first: set[int], more: set[int], gone: set[int]
) -> None:
    small, ledger = Size(1, 1, 2, 1), Ledger()
    held: dict[str, int] = {}
    for us in (first, (first | more) - gone, first | more):
        site = with_servers(bare(small, **REST), {("a01", u) for u in sorted(us)[:8]})
        made, findings = cabled(site, ledger)
        allocation = allocate_numbers(cable_requests(made), ledger, DAY)
        assert not allocation.findings
        ports = allocation.numbers.get(PORT, {})
        assert not findings
        assert len(ports) == len(sorted(us)[:8])
        before = ledger.numbers.get(PORT, {})
        assert {owner: ports[owner] for owner in ports.keys() & before.keys()} == {
            owner: held[owner] for owner in ports.keys() & before.keys()
        }
        assert len(set(ports.values())) == len(ports)
        for owner, number in ports.items():
            assert f"leaf-a01-1/swp{number} -- {owner.split('/', 1)[1]}" in keys(made)
        ledger, held = updated(allocation, DAY), {**held, **ports}


def test_what_is_written_of_a_port_out_of_the_ledger_is_added_to_it() -> None:
    site = with_servers(bare(Size(1, 1, 2, 1), **REST), {("a01", 9)})
    made, _ = cabled(site)
    (given,) = (cable for cable in made.cables.values() if cable.handed)
    more, findings = cabled(cabling_hall.with_cable(site, Cable(given.b, given.a, AT, medium="aoc")))
    other = Cable(End("leaf-a01-1", "swp48"), End("leaf-a01-2", "swp48"), AT)
    _, wrong = cabled(cabling_hall.with_cable(site, other))

    assert not findings
    assert more.cables[given.key].medium == "aoc"
    assert more.cables[given.key].handed == given.handed
    for one in (made, more):
        asked = [request for request in cable_requests(one) if request.kind == PORT]
        number = int(given.b.port.removeprefix("swp"))
        assert [(r.owner, r.low, r.high) for r in asked] == [("leaf-a01-1/new-a01-9/eth1", number, number)]
    assert [f.code for f in wrong] == ["port-by-ledger"]


def test_a_label_never_changes_and_goes_with_a_renamed_device() -> None:
    made = hall(SMALL)
    first = allocate_numbers(cable_requests(made), Ledger(), DAY)
    labels = first.numbers[LABEL]
    fewer, _ = cabled(without_device(bare(SMALL), "srv-a01-1"))
    renamed, _ = cabled(
        with_device(
            without_device(bare(SMALL), "srv-a01-1"),
            replace(bare(SMALL).devices["srv-a01-1"], name="web-1", was="srv-a01-1"),
        )
    )
    after = allocate_numbers(cable_requests(fewer), updated(first, DAY), DAY).numbers[LABEL]
    moved = allocate_numbers(cable_requests(renamed), updated(first, DAY), DAY).numbers[LABEL]

    assert len(set(labels.values())) == len(labels) == len(made.cables)
    assert {key: labels[key] for key in after} == after
    assert sorted(moved.values()) == sorted(labels.values())
    assert moved["leaf-a01-1/swp1 -- web-1/eth1"] == labels["leaf-a01-1/swp1 -- srv-a01-1/eth1"]


def test_equal_ends_are_one_cable_and_the_written_one_says_more() -> None:
    ends = (End("leaf-a01-1", "swp1"), End("srv-a01-1", "eth1"))
    written = Cable(*ends, AT, CableStatus.PLANNED, "aoc", length_m=5)
    made, findings = cabled(cabling_hall.with_cable(bare(SMALL), written))

    assert not findings
    assert keys(made) == keys(hall(SMALL))
    assert made.cables[written.key] == replace(written, derived=True)
    pull = pulls_of(made).by_key[written.key]
    assert (pull.choice and pull.choice.article, pull.length_m) == ("aoc 25G sfp28", 5)


def test_a_written_cable_on_a_port_of_a_rule_names_both() -> None:
    written = Cable(End("leaf-a01-1", "swp1"), End("srv-a02-1", "eth9"), Where("cables.yaml", 7))
    _, findings = cabled(cabling_hall.with_cable(bare(SMALL), written))

    (found,) = findings
    assert (found.code, found.where) == ("port-derived", written.where)
    assert written.key in found.message
    assert "leaf-a01-1/swp1 -- srv-a01-1/eth1" in found.message


def test_planned_devices_have_planned_cables() -> None:
    made, _ = cabled(cabling_hall.planned(bare(SMALL), "srv-a01-1"))
    status = {key: cable.status for key, cable in made.cables.items()}

    assert status["leaf-a01-1/swp1 -- srv-a01-1/eth1"] is CableStatus.PLANNED
    assert status["leaf-a01-1/swp2 -- srv-a01-2/eth1"] is CableStatus.CONNECTED


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"u": "5..6", "onto": "swp1..2", "to_u": 46}, "no-port-by-rule"),
        ({"u": "1..2", "onto": "swp1..3"}, "counts-differ"),
        ({"u": "1..2", "onto": "swp1..2", "to_u": 40}, "no-switch"),
        ({"u": "1..2", "onto": "swp1..2"}, "which-switch"),
        ({"u": "1..2", "onto": "swp1..2", "to_u": 46, "beside": 9}, "no-switch"),
        ({"u": "1..2", "onto": "port1..2", "to_u": 46}, "unknown-port"),
        ({"u": "1..2", "onto": "swp1..2", "to_u": 46, "port": "eth7"}, "unknown-port"),
    ],
)
def test_what_is_wrong_with_a_rule_is_said_once(rule: dict[str, object], code: str) -> None:
    rules = [{"devices": "server", "port": "eth1", "to": "leaf", **rule}]
    entry = CablingIn.model_validate(cabling_hall.section(SMALL) | {"in_racks": rules, "meshes": []})
    findings: list[Finding] = []
    cabling = cabling_of(entry, AT, findings)
    _, more = cabled(replace(bare(SMALL), cabling=cabling))

    assert [f.code for f in (findings or more)] == [code]


def test_two_rules_for_one_port_are_an_error() -> None:
    twice = cabling_hall.section(SMALL)["in_racks"]
    _, findings = cabled(bare(SMALL, in_racks=[*twice, {**twice[0], "port": "eth2"}]))

    assert {f.code for f in findings} == {"port-twice"}
    assert len(findings) == 1


def test_the_example_of_the_docs_is_what_the_files_take() -> None:
    text = (Path(__file__).parents[2] / "docs" / "cables.md").read_text("utf-8")
    source = parse_source(text.split("```yaml\n")[1].split("```")[0], "docs/cables.md")
    findings: list[Finding] = []
    made = cabling_of(CablingIn.model_validate(source.data["cabling"]), AT, findings)

    assert not [*source.findings, *findings]
    assert (len(made.in_racks), len(made.meshes), len(made.floors["h1"].trays)) == (2, 1, 3)


def building(rules: list[dict[str, object]]) -> tuple[Inventory, list[Finding]]:
    """Two halls of a kind and one of none; in each four spines, of two planes, and a super-spine of each."""
    small = bare(Size(1, 1, 1, 1))
    one = small.halls["h1"]
    halls = {f"h{n}": replace(one, name=f"h{n}", number=n) for n in (1, 2, 3)}
    racks, devices = {}, {}
    for name in halls:
        rack = replace(small.racks["a01"], name=f"{name}-a01", hall=name)
        racks[rack.name] = rack
        for role, many in ((Role.SPINE, 4), (Role.SUPER_SPINE, 2)):
            for n in range(1, many + 1):
                made = device(f"{role}-{name}-{n}", role, n, (rack.name, 10 * n + many))
                devices[made.name] = replace(made, hall=name, type="spine")
    findings: list[Finding] = []
    section = {"slack": {"rack": "0.3 m", "tray": "1 m"}, "meshes": rules}
    cabling = cabling_of(CablingIn.model_validate(section), AT, findings, {"big": ["h1", "h2"]})
    made_of = replace(small, halls=halls, racks=racks, devices=devices, cabling=cabling)
    inventory, more = cabled(made_of)
    return inventory, [*findings, *more]


def plane(n: int, **more: object) -> dict[str, object]:
    return {
        "devices": "spine", "kind": "big", "numbers": f"{n}..4/2", "ports": "swp97..100", "to": "super-spine",
        "to_halls": "1..2", "to_numbers": n, "links": 2, "onto": "swp1..8", "length": "100 m", **more,
    }  # fmt: skip


def test_planes_of_spines_over_the_halls_of_a_building() -> None:
    """Counted by hand: the second spine of plane 1 in hall 2 has the last two of eight ports there."""
    inventory, findings = building([plane(1), plane(2)])

    assert findings == []
    assert len(inventory.cables) == 2 * 4 * 2 * 2, "spines of two halls, super-spines of both, two links"
    there = {str(c.a): str(c.b) for c in inventory.cables.values()}
    assert [there[f"spine-h1-1/swp{n}"] for n in range(97, 101)] == [
        "super-spine-h1-1/swp1", "super-spine-h1-1/swp2", "super-spine-h2-1/swp1", "super-spine-h2-1/swp2",
    ]  # fmt: skip
    assert there["spine-h2-3/swp100"] == "super-spine-h2-1/swp8"
    assert there["spine-h2-4/swp97"] == "super-spine-h1-2/swp7"
    assert not any("h3" in key for key in inventory.cables)
    assert not pulls_of(inventory).findings, "100 m are said, so no trays need to lead there"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"onto": "swp1..7"}, "counts-differ"),
        ({"ports": "swp97..98"}, "counts-differ"),
        ({"kind": "bog"}, "unknown-kind"),
        ({"numbers": "1..2/2", "onto": "swp1..4"}, "no-port-by-rule"),
        ({"to_halls": "2..3"}, "no-port-by-rule"),
        ({"to_numbers": 7}, "rule-hits-nothing"),
    ],
)
def test_what_is_wrong_with_a_plane(more: dict[str, object], code: str) -> None:
    assert code in {finding.code for finding in building([plane(1, **more)])[1]}


def test_what_stands_nowhere_yet_has_a_label_unless_the_site_says_no() -> None:
    made = hall(SMALL, label_planned=False)
    server = next(d for d in made.devices.values() if d.role is Role.SERVER)
    some = replace(made, devices={**made.devices, server.name: replace(server, status=Status.PLANNED)})
    labels = [request.owner for request in cable_requests(some) if request.kind == LABEL]

    told = hall(SMALL)
    assert len(labels) == len(made.cables) - 3
    assert len([r for r in cable_requests(replace(told, devices=some.devices)) if r.kind == LABEL]) == len(
        made.cables
    )
    assert not any(f"{server.name}/" in owner for owner in labels)
