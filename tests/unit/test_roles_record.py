"""What Pulumi records of a group: equal text once, and every host's declarations back from it."""

from __future__ import annotations

import pytest

from igoudar.errors import IgoudarError
from igoudar.group_inputs import SHARED, host_documents, owned, roles_of, row_of, server_group_inputs
from igoudar.role_document import as_document, digest
from igoudar.roles import Declaration, RoleCommand, RoleFile, RoleUnit


def host(text: str, own: str, package: str = "chrony") -> dict[str, Declaration]:
    shared = RoleFile("/etc/shared", text=text, notify=("restart:x.service",), validate="check {}")
    return {
        "base": Declaration(
            secret_lines=("^key (?P<secret>.+)$",),
            packages=(package,),
            files=(shared, RoleFile("/etc/hostname", text=f"{own}\n")),
        ),
        "time": Declaration(
            units=(RoleUnit("x.service", running=None),), commands=(RoleCommand("c", "run"),)
        ),
    }


HOSTS = {"a": host("one\n", "a"), "b": host("two\n", "b"), "c": host("one\n", "c"), "d": host("two\n", "d")}
HOSTS["e"] = {"base": host("one\n", "e", "other")["base"]}
SERIALS = {name: f"S-{name}" for name in HOSTS}


def test_equal_text_stands_once() -> None:
    texts = server_group_inputs("inventory/s", "row", HOSTS, SERIALS)["texts"]

    assert texts["/etc/shared"] == {SHARED: "one\n", "b": "two\n", "d": "=b"}
    assert texts["/etc/hostname"] == {name: f"{name}\n" for name in HOSTS}


def test_the_rest_of_a_declaration_stands_once_too() -> None:
    declared = server_group_inputs("inventory/s", "row", HOSTS, SERIALS)["declared"]

    assert {part: [*owners] for part, owners in declared["base"].items()} == {
        "/etc/hostname": [SHARED],
        "/etc/shared": [SHARED],
        "packages": [SHARED, "e"],
        "secret_lines": [SHARED],
    }
    assert {owner for owners in declared["time"].values() for owner in owners} == {SHARED}
    assert "text" not in declared["base"]["/etc/shared"][SHARED]


def test_every_declaration_comes_back_whole_and_in_order() -> None:
    inputs = server_group_inputs("inventory/s", "row", HOSTS, SERIALS)
    assert inputs["hosts"]["e"] == f"base: {digest(as_document(HOSTS['e']['base']))}\n"
    inputs["hosts"] = {h: "".join(row.splitlines(True)[::-1]) for h, row in inputs["hosts"].items()}
    again = host_documents(inputs)

    assert again == {h: {r: as_document(d) for r, d in roles.items()} for h, roles in HOSTS.items()}
    assert list(again["a"]) == ["base", "time"]
    digests = {h: {r: digest(d) for r, d in roles.items()} for h, roles in again.items()}
    assert digests == {h: roles_of(row) for h, row in inputs["hosts"].items()}
    assert host_documents({**inputs, "hosts": digests}) == again, "as an older igoudar recorded it"


def test_what_a_refresh_found_comes_back_from_a_line() -> None:
    roles = {"base": "d0, would change: file /etc/x: text", "time": "d1, would change: line a\nb: add"}

    assert roles_of(row_of(roles)) == {**roles, "time": "d1, would change: line a b: add"}
    assert roles_of(row_of({})) == {}


def test_a_host_without_a_part_of_a_role_has_none_again() -> None:
    hosts = {**HOSTS, "f": {"base": Declaration(packages=("chrony",))}}
    inputs = server_group_inputs("inventory/s", "row", hosts, {**SERIALS, "f": "S-f"})

    assert inputs["declared"]["base"]["/etc/shared"]["f"] == ""
    assert host_documents(inputs)["f"] == {"base": {"packages": ["chrony"]}}
    assert host_documents(inputs)["a"] == {r: as_document(told) for r, told in HOSTS["a"].items()}


def test_a_record_of_another_form_is_not_read_as_if_nothing_were_asked() -> None:
    inputs = server_group_inputs("inventory/s", "row", HOSTS, SERIALS)
    del inputs["_group"]["form"]

    with pytest.raises(IgoudarError, match="row is recorded by an older igoudar; `pulumi up`"):
        host_documents(inputs)


def test_one_line_for_all_is_one_changed_text() -> None:
    before = server_group_inputs("inventory/s", "row", HOSTS, SERIALS)
    after = server_group_inputs(
        "inventory/s",
        "row",
        {h: host("one\nmore\n", h) if h in "ac" else roles for h, roles in HOSTS.items()},
        SERIALS,
    )
    shared = after["texts"]["/etc/shared"]

    assert owned(shared, "a") == owned(shared, "c") == "one\nmore\n"
    assert [h for h in HOSTS if before["hosts"][h] != after["hosts"][h]] == ["a", "c"]
    assert before["declared"] == after["declared"]
