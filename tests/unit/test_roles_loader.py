"""Roles found on disk: what is wrong with them, or with what people write for them, has its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from igoudar.errors import BadInput, Where
from igoudar.hostview import HostView
from igoudar.malformed import malformed
from igoudar.model import Role
from igoudar.render_roles import render_declaration
from igoudar.role_clashes import clashes
from igoudar.roles import (
    Declaration,
    RoleCommand,
    RoleFile,
    RolePort,
    RoleUnit,
    load_roles,
    packages,
)

HOST = HostView(
    "h",
    "s",
    "s.example",
    Role.SERVER,
    1,
    "UTC",
    "igoudar",
    (),
    "eth0",
    "",
    "192.0.2.0/24",
    "",
    (),
    (),
    (),
    (),
)
SETTINGS = """
from igoudar.roles import Declaration, RoleFile, RoleSettings
class Settings(RoleSettings):
    seconds: int = 1
def declare(settings, host):
    return Declaration(files=(RoleFile("/etc/x", template="x.j2", variables={"seconds": settings.seconds}),))
"""


def role(
    folder: Path, name: str = "one", settings: str = SETTINGS, template: str = "{{ seconds }}\n"
) -> Path:
    (folder / "roles" / name / "templates").mkdir(parents=True)
    (folder / "roles" / name / "settings.py").write_text(settings)
    (folder / "roles" / name / "templates" / "x.j2").write_text(template)
    acts = f"from pyinfra.api.deploy import deploy\n@deploy()\ndef {name}(told):\n    pass\n"
    (folder / "roles" / name / "__init__.py").write_text(acts)
    order(folder, f"roles: [{{role: {name}, why: a test}}]\n")
    return folder / "roles"


def order(folder: Path, text: str) -> None:
    (folder / "roles" / "order.yaml").write_text(text)


def said(folder: Path) -> list[str]:
    with pytest.raises(BadInput) as caught:
        load_roles(folder)
    return str(caught.value).splitlines()


def test_a_role_is_found_by_its_folder(tmp_path: Path) -> None:
    one = load_roles(role(tmp_path))["one"]
    told = render_declaration(one.declare(one.settings({"seconds": 7}, Where("d.yaml")), HOST, {}), one)

    assert told.files[0].text == "7\n"


def test_wrong_settings_are_said_at_the_inventory_line(tmp_path: Path) -> None:
    one = load_roles(role(tmp_path))["one"]
    with pytest.raises(BadInput) as caught:
        one.settings({"seconds": "soon", "minute": 1}, Where("devices.yaml", 0, "devices.h.settings.one"))

    assert [str(f.where) for f in caught.value.findings] == [
        "devices.yaml: devices.h.settings.one.minute",
        "devices.yaml: devices.h.settings.one.seconds",
    ]


def test_the_order_names_every_role_and_no_other(tmp_path: Path) -> None:
    folder = role(tmp_path)
    order(tmp_path, "roles:\n  - {role: two, why: gone}\n  - {role: two, why: again}\n  - three\n")
    messages = said(folder)

    assert [m.split(": ")[0] for m in messages] == [
        "roles/one/settings.py:1",
        "roles/order.yaml:2",
        "roles/order.yaml:3",
        "roles/order.yaml:3",
        "roles/order.yaml:4",
    ]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("x = (", "cannot be imported: SyntaxError"),
        ("def declare(settings, host): ...", "has no class Settings(RoleSettings)"),
        ("from igoudar.roles import RoleSettings as Settings", "has no declare(settings, host)"),
    ],
)
def test_a_broken_role_is_a_finding(tmp_path: Path, settings: str, expected: str) -> None:
    assert expected in said(role(tmp_path, settings=settings))[0]


@pytest.mark.parametrize(
    ("template", "line", "expected"),
    [
        ("a\n{{ minutes }}\n", 2, "'minutes' is undefined"),
        ("a\nb\n{% if %}\n", 3, "Expected an expression"),
        ("{{ 1 // 0 }}\n", 1, "division"),
        ("a", 1, "does not end with a newline"),
    ],
)
def test_a_broken_template_is_a_finding(tmp_path: Path, template: str, line: int, expected: str) -> None:
    one = load_roles(role(tmp_path, template=template))["one"]
    with pytest.raises(BadInput) as caught:
        render_declaration(one.declare(one.settings({}, Where("d.yaml")), HOST, {}), one)

    (finding,) = caught.value.findings
    assert (finding.where.file, finding.where.line) == ("roles/one/templates/x.j2", line)
    assert expected in finding.message


def test_a_mark_of_a_secret_is_refused_where_it_was_written(tmp_path: Path) -> None:
    """In a template, in `declare`, in what people write; nothing fills it in on a host."""
    told = 'Declaration(files=(RoleFile("/etc/x", text="key secret:k@3\\n"),))'
    declares = SETTINGS.split("    return", maxsplit=1)[0] + f"    return {told}\n"
    for name, settings, template, expected in (
        ("one", SETTINGS, "a\nkey secret:k@3\n", ("roles/one/templates/x.j2", 2)),
        ("two", declares, "", ("roles/two/settings.py", 6)),
    ):
        (tmp_path / name).mkdir()
        folder = load_roles(role(tmp_path / name, name, settings, template))[name]
        with pytest.raises(BadInput) as caught:
            render_declaration(folder.declare(folder.settings({}, Where("d.yaml")), HOST, {}), folder)
        (finding,) = caught.value.findings
        assert (finding.where.file, finding.where.line) == expected
        assert "secret:k@3 cannot be filled in here" in finding.message

    free = SETTINGS.replace("seconds: int = 1", "seconds: list[str] = []")
    (tmp_path / "three").mkdir()
    one = load_roles(role(tmp_path / "three", settings=free))["one"]
    with pytest.raises(BadInput) as caught:
        one.settings({"seconds": ["1", "secret:k@3"]}, Where("d.yaml", 0, "h.one"))
    assert [str(f.where) for f in caught.value.findings] == ["d.yaml: h.one.seconds[1]"]


@pytest.mark.parametrize(
    "told",
    [
        Declaration(files=(RoleFile("etc/x", text="x\n"),)),
        Declaration(files=(RoleFile("/etc/../x", text="x\n"),)),
        Declaration(files=(RoleFile("/etc/$(reboot)", text="x\n"),)),
        Declaration(files=(RoleFile("/etc/x", text="x\n", mode="644"),)),
        Declaration(files=(RoleFile("/etc/x"),)),
        Declaration(files=(RoleFile("/etc/x", text="x\n", notify=("restart:x.service",)),)),
        Declaration(files=(RoleFile("/etc/ssh/sshd_config.d/x.conf", text="x\n"),)),
        Declaration(files=(RoleFile("/etc/x", text="x\n"), RoleFile("/etc/x", text="y\n"))),
        Declaration(packages=("a b",)),
        Declaration(packages="a"),  # type: ignore[arg-type]
        Declaration(units=(RoleUnit("a.service"), RoleUnit("a.service", running=False))),
        Declaration(commands=(RoleCommand("a", "true"),)),
        Declaration(commands=(RoleCommand("a", "true", "x"), RoleCommand("a", "x", "y"))),
        Declaration(units=(RoleUnit("chrony"),)),
        Declaration(before_units=(RoleCommand("a b", "true"),)),
        Declaration(secret_lines=("^key (.+)$",)),
        Declaration(secret_lines=("^key ((?P<secret>.+)$",)),
        Declaration(ports=(RolePort(0, "tcp", "", "x"),)),
        Declaration(ports=(RolePort(80, "sctp", "", "x"),)),
        Declaration(ports=(RolePort(80, "tcp", "192.0.2.1/24", "x"),)),
        Declaration(ports=(RolePort(80, "tcp", "", 'x" accept'),)),
    ],
)
def test_a_declaration_that_no_script_can_carry(told: Declaration) -> None:
    assert malformed(told)


def test_two_roles_that_own_one_thing() -> None:
    file, port = RoleFile("/etc/x", text="x\n"), RolePort(53, "udp", "any", "DNS")
    declared = {
        "a": Declaration(files=(file,), ports=(port,)),
        "b": Declaration(files=(file,), ports=(port,)),
    }

    assert [f.message for f in clashes(declared, "h", Where("d.yaml"))] == [
        "file /etc/x of h belongs to the roles a and b",
        "port 53/udp of h belongs to the roles a and b",
    ]


def test_two_roles_that_want_different_states_of_a_unit() -> None:
    off = RoleUnit("x.service", enabled=False, running=False)
    units = {"a": off, "b": off, "c": RoleUnit("x.service")}
    declared = {name: Declaration(units=(unit,)) for name, unit in units.items()}

    assert [f.message for f in clashes(declared, "h", Where("d.yaml"))] == [
        "the roles a and c want different states of x.service of h"
    ]


def test_a_role_may_be_told_of_the_others(tmp_path: Path) -> None:
    """By the number of what it takes, and whether it stands before them or not."""
    more = SETTINGS.replace("(settings, host)", "(settings, host, others)").replace(
        "settings.seconds", "len(others)"
    )
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    alone, told = load_roles(role(tmp_path / "one")), load_roles(role(tmp_path / "two", settings=more))
    others = {"a": Declaration(), "b": Declaration()}

    assert [one["one"].sees_others for one in (alone, told)] == [False, True]
    said = [
        one["one"].declare(one["one"].settings({}, Where("d.yaml")), HOST, others) for one in (alone, told)
    ]
    assert [d.files[0].variables["seconds"] for d in said] == [1, 2]


def test_packages_stand_once() -> None:
    assert packages([Declaration(packages=("b", "a")), Declaration(packages=("a",))]) == ["a", "b"]
