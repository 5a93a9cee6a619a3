"""What a role did for the host before serves the next one where nothing could tell the two apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from igoudar.compiler import compile_site
from igoudar.declared import Declaring
from igoudar.errors import BadInput
from igoudar.hostview import HostViews
from igoudar.render_roles import Rendered, render_after, render_declaration
from igoudar.roles import Declaration, RoleCommand, RoleFile, RoleFolder, load_roles
from igoudar.secret_marks import brought
from tests import factory
from tests.unit.test_roles_loader import HOST, role

ROOT = Path(__file__).parents[2]
NO_MARKS: frozenset[str] = frozenset()


@pytest.fixture
def one(tmp_path: Path) -> RoleFolder:
    return load_roles(role(tmp_path, template="{{ told }}\n"))["one"]


def file(told: object, path: str = "/etc/x") -> RoleFile:
    return RoleFile(path, template="x.j2", variables={"told": told})


def after(one: RoleFolder, first: Declaration, second: Declaration) -> tuple[Rendered, Rendered]:
    known = render_after(None, first, one, NO_MARKS)
    return known, render_after(known, second, one, NO_MARKS)


def test_the_same_declaration_is_the_same_object(one: RoleFolder) -> None:
    told = [Declaration(packages=("a",), files=(file(n), file(["b"], "/etc/y"))) for n in (1, 1, 2)]
    known, again = after(one, told[0], told[1])
    other = render_after(again, told[2], one, NO_MARKS).told

    assert again is known
    assert [f.text for f in other.files] == ["2\n", "['b']\n"]
    assert other.files[1] is known.told.files[1]


@pytest.mark.parametrize(
    ("first", "second"),
    [(1, True), (1, 1.0), ([1], (1,)), ({"a": 1, "b": 2}, {"b": 2, "a": 1}), ([0], [False]), ("1", 1)],
)
def test_what_is_equal_and_reads_otherwise_is_made_anew(
    one: RoleFolder, first: object, second: object
) -> None:
    _, again = after(one, Declaration(files=(file(first),)), Declaration(files=(file(second),)))
    assert again.told.files[0].text == f"{second}\n"


def test_less_files_and_other_words_are_not_taken_for_the_same(one: RoleFolder) -> None:
    both = Declaration(files=(file(1), file(1, "/etc/y")))
    for other in (
        Declaration(files=both.files[:1]),
        Declaration(),
        replace(both, files=both.files[::-1]),
        replace(both, packages=("a",)),
        replace(both, files=(both.files[0], replace(both.files[1], mode="0600"))),
    ):
        _, again = after(one, both, other)
        assert again.told == render_declaration(other, one)


def test_a_secret_is_found_behind_files_that_are_the_same(one: RoleFolder) -> None:
    plain = Declaration(files=(file("a"),))
    for other, marks in (
        (replace(plain, before_units=(RoleCommand("c", "echo secret:k@1"),)), {"secret:k@1"}),
        (replace(plain, files=(*plain.files, RoleFile("/etc/y", text="secret:k@1\n"))), {"secret:k@1"}),
        (replace(plain, files=(*plain.files, RoleFile("/etc/y", text="secret:k@1\n"))), NO_MARKS),
    ):
        known = render_after(None, plain, one, frozenset(marks))
        with pytest.raises(BadInput):
            render_after(known, other, one, frozenset(marks))
    kept = Declaration(files=(replace(file("secret:k@1"), mode="0600"),))
    known = render_after(None, kept, one, frozenset({"secret:k@1"}))
    with pytest.raises(BadInput, match="secret:k@1 cannot be filled in here"):
        render_after(known, kept, one, NO_MARKS)


COUNTS = """
from igoudar.roles import Declaration, RoleFile, RoleSettings
class Settings(RoleSettings):
    names: list[str] = []
def declare(settings, host):
    settings.names.append(host.name)
    return Declaration(files=(RoleFile("/etc/x", template="x.j2", variables={"told": settings.names}),))
"""


def test_what_a_role_does_to_its_settings_is_of_one_host(tmp_path: Path) -> None:
    declaring = Declaring(load_roles(role(tmp_path, settings=COUNTS, template="{{ told }}\n")), {})
    inventory = factory.site()
    for name in sorted(inventory.devices)[:3]:
        told, wrong = declaring.of(inventory.devices[name], {}, replace(HOST, name=name), ["one"])
        assert (told["one"].files[0].text, wrong) == (f"['{name}']\n", [])


def alone(site: str) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """Host, what it has of each role in the whole site, and made for it alone."""
    compiled = compile_site(ROOT / "inventory" / site, root=ROOT, today=date(2026, 11, 27))
    roles, views = load_roles(ROOT / "roles"), HostViews(compiled.plan)
    inventory = compiled.design.inventory
    written = {n: told for group in compiled.plan.design.servers.groups for n, told in group.settings.items()}
    for name, told in compiled.hosts.items():
        found: dict[str, Declaration] = {}
        for key in sorted(told, key=lambda r: roles[r].sees_others):
            data = written[name].get(key, {})
            settings = roles[key].settings(data, inventory.site.where, inventory.secrets)
            held = {mark for _, mark in brought(settings)}
            found[key] = render_declaration(
                roles[key].declare(settings, views.of(name), found), roles[key], held
            )
        yield name, told, {key: found[key] for key in told}


def test_every_host_of_the_lab_has_what_it_had_alone() -> None:
    hosts = 0
    for name, together, one in alone("lab"):
        assert together == one, name
        hosts += 1
    assert hosts == 19
