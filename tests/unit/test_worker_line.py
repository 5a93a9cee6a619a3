"""One line of somebody else's file: what the script makes of it, and that operations make the same."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pyinfra.api.config import Config
from pyinfra.api.connect import connect_all
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.inventory import Inventory
from pyinfra.api.operations import run_ops
from pyinfra.api.state import State
from pyinfra.context import ctx_host, ctx_state

from igoudar.errors import Where
from igoudar.malformed import malformed
from igoudar.role_clashes import clashes
from igoudar.role_document import as_document
from igoudar.roles import Declaration, RoleCommand, RoleFile, RoleLine, RoleUnit
from igoudar.worker.calls import configure, going
from igoudar.worker.operations import Operations
from igoudar.worker.report import told_of
from igoudar.worker.script import Packages
from tests.scratch_host import ScratchHost, role

BEFORE = '# settings\n#OPTS="-a"\nOPTS="-b c"\n\tlast: \'x\' \\ $y `z`'
# line, expression, text after; None: refused
CASES: dict[str, tuple[str, str, str | None]] = {
    "there": ("# settings", "", BEFORE),
    "there and found": ('OPTS="-b c"', "^OPTS=", BEFORE),
    "added after a last line without an end": ("new 'q'", "", f"{BEFORE}\nnew 'q'\n"),
    "a part of a line is not the line": ("settings", "", f"{BEFORE}\nsettings\n"),
    "not found, so added": ("NEW=1", "^NEW=", f"{BEFORE}\nNEW=1\n"),
    "replaced": ("OPTS=\"\\n$(x)\"", "^OPTS=", BEFORE.replace('\nOPTS="-b c"', '\nOPTS="\\n$(x)"')),
    "the first replaced": ("# ours", "^# s", BEFORE.replace("# settings", "# ours")),
    "the last replaced": ("last", "^[[:space:]]last:", BEFORE.replace("\tlast: 'x' \\ $y `z`", "last\n")),
    "with a tab": ("\tlast: 2", "last", BEFORE.replace("last: 'x' \\ $y `z`", "last: 2\n")),
    "an option in its first letter": ("-e x", "^-v", f"{BEFORE}\n-e x\n"),
    "several found": ("OPTS=1", "OPTS", None),
    "there, and another found": ('OPTS="-b c"', "OPTS", None),
    "no expression": ("x", "a(b", None),
}  # fmt: skip


@pytest.fixture
def host(tmp_path: Path) -> ScratchHost:
    found = ScratchHost(tmp_path / "host")
    (found.folder / "etc" / "x").write_text(BEFORE)
    (found.folder / "etc" / "x").chmod(0o640)
    return found


def line_of(host: ScratchHost, text: str, replaces: str = "", *notify: str) -> RoleLine:
    return RoleLine(f"{host.folder}/etc/x", text, replaces, notify)


@pytest.mark.parametrize("case", CASES)
def test_what_becomes_of_a_file(host: ScratchHost, case: str) -> None:
    text, replaces, after = CASES[case]
    one = line_of(host, text, replaces)
    if after is None:
        failed = host.run([role("base", one)])
        assert failed.status == host.run([role("base", one)], plan=True).status == "failed"
        assert "expression" in failed.message
    else:
        assert bool(host.apply(role("base", one))) == (after != BEFORE)
    assert host.texts() == {"x": after or BEFORE}
    assert (host.folder / "etc" / "x").stat().st_mode & 0o777 == 0o640


def test_a_plan_shows_the_line_alone(host: ScratchHost) -> None:
    told = Declaration(
        lines=(line_of(host, "# settings"), line_of(host, "A=1"), line_of(host, "OPTS=2", "^OPTS"))
    )
    planned = host.run([role("base", *told.lines)], plan=True)
    path = told.lines[0].path

    assert [*told_of(planned, {"base": as_document(told)})] == [
        f"--- {path}\n+++ {path}\n@@ at the end @@\n+A=1\n",
        f'--- {path}\n+++ {path}\n@@ -3 +3 @@\n-OPTS="-b c"\n+OPTS=2\n',
    ]
    assert host.texts() == {"x": BEFORE}


def test_a_link_stays_a_link(host: ScratchHost) -> None:
    (host.folder / "etc" / "y").symlink_to("x")
    host.apply(role("base", RoleLine(f"{host.folder}/etc/y", "new")))

    assert (host.folder / "etc" / "y").is_symlink()
    assert host.texts()["x"] == f"{BEFORE}\nnew\n"


def test_its_word_reaches_the_unit(host: ScratchHost) -> None:
    host.vendor_unit("x.service")
    count = RoleCommand("count", f"echo x >>{host.folder}/count")
    steps = (line_of(host, "A=1", "", "restart:x.service", "run:count"), RoleUnit("x.service"), count)

    assert host.apply(role("base", *steps)) == [
        "line etc/x: add",
        "unit x.service: restart",
        "command count: run",
    ]


def test_a_file_that_is_not_there(host: ScratchHost) -> None:
    one = RoleLine(f"{host.folder}/etc/none", "A=1")

    assert "no such file" in host.run([role("base", one)], plan=True).message
    assert "no such file" in host.run([role("base", one)]).message
    coming = host.run([role("base", Packages(("no-such-package-here",)), one)], plan=True)
    assert host.said(coming)[1:] == ["line etc/none: add"], "its package brings it"


def test_a_file_of_ours_that_becomes_somebody_elses_stays(host: ScratchHost) -> None:
    ours = host.file("etc/z", "one\n")
    host.apply(role("base", ours))

    assert host.apply(role("base", RoleLine(ours.path, "one"))) == []
    assert host.apply(role("base")) == []
    assert host.texts()["z"] == "one\n"


def test_operations_make_the_same(host: ScratchHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pyinfra runs them for real on this machine, where `sudo` is a stand-in that changes nothing."""
    sudo = host.folder / "bin" / "sudo"
    sudo.write_text('#!/bin/sh\nwhile [ "${1#-}" != "$1" ]; do shift; done\nexec "$@"\n')
    sudo.chmod(0o755)
    monkeypatch.setenv("PATH", f"{host.folder}/bin:{os.environ['PATH']}")
    for case, (text, replaces, after) in CASES.items():
        (host.folder / "etc" / "x").write_text(BEFORE)
        good, changed = operated(Declaration(lines=(line_of(host, text, replaces),)))

        assert (good, changed) == (after is not None, after is not None and after != BEFORE), case
        assert host.texts() == {"x": after or BEFORE}, case
        assert (host.folder / "etc" / "x").stat().st_mode & 0o777 == 0o640


def operated(told: Declaration) -> tuple[bool, bool]:
    """Whether all went well, and whether anything changed."""
    state = State(Inventory((["@local"], {})), Config(), check_for_changes=False)
    connect_all(state)
    (local,) = state.inventory
    with ctx_state.use(state), ctx_host.use(local), going(Operations()):
        configure(told)
    try:
        run_ops(state)
    except PyinfraError:
        return False, False
    metas = [state.get_op_data_for_host(local, found).operation_meta for found in local.op_hash_order]
    return True, any(meta.did_change() for meta in metas)


LINE = RoleLine("/etc/x", "A=1")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ((RoleLine("etc/x", "A=1"),), "not an absolute plain path: 'etc/x'"),
        ((RoleLine("/etc/../x", "A=1"),), "not an absolute plain path: '/etc/../x'"),
        ((RoleLine("/etc/x", "A=1\nB=2"),), "/etc/x: not one line of text: 'A=1\\nB=2', ''"),
        ((RoleLine("/etc/x", "A=1", "("),), "/etc/x: not a regular expression: '('"),
        ((RoleLine("/etc/x", " "),), "/etc/x: not one line of text: ' ', ''"),
        ((RoleLine("/etc/x", "A=1", "A"), RoleLine("/etc/x", "AB")), "/etc/x: 'A' finds another line of"),
        ((RoleLine("/etc/x", "A=1", "", ("run:no",)),), "/etc/x: notifies 'run:no', which the role does"),
    ],
)  # fmt: skip
def test_what_cannot_be_one_line(wrong: tuple[RoleLine, ...], said: str) -> None:
    assert malformed(Declaration(lines=wrong)).startswith(said)


def test_a_line_of_a_file_that_is_written_whole() -> None:
    whole = Declaration(files=(RoleFile("/etc/x", text="\n"),), lines=(LINE,))
    one, other = Declaration(files=whole.files), Declaration(lines=whole.lines)

    assert malformed(whole) == "/etc/x: a line of a file that the role writes whole"
    for told in ({"one": one, "other": other}, {"other": other, "one": one}):
        assert [f.message for f in clashes(told, "srv-1", Where("d.yaml"))] == [
            "file /etc/x of srv-1 belongs to the role one, and the role other has a line in it"
        ]


def test_two_roles_that_replace_the_same_line() -> None:
    told = [
        Declaration(lines=(RoleLine("/etc/x", f"A={n}", "^A="), RoleLine("/etc/x", f"B={n}"))) for n in "12"
    ]
    (finding,) = clashes({"one": told[0], "two": told[1]}, "srv-1", Where("d.yaml"))

    assert finding.message == "line '^A=' of /etc/x of srv-1 belongs to the roles one and two"
