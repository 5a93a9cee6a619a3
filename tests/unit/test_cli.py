"""The commands as they are typed, in a checkout of their own."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from igoudar import checks
from igoudar.compiler import compile_site
from igoudar.resources import cabling_records
from tests.errors import ROOT, run
from tests.repository import commit, git, repository

LEDGER = "inventory/lab/ledger.yaml"
NEW_TENANT = (
    "tenant: {name}\nvpcs:\n  v:\n    subnets:\n      s: {{ipv4: 172.20.0.0/24, servers: [{server}]}}\n"
)
SERVER = (
    "{type: generic-server-2, role: server, number: 9, rack: a05, u: 20, serial: LAB00099, "
    "oob: 192.0.2.120/24}"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path)


def typed(root: Path, command: str) -> tuple[list[str], int]:
    *lines, last = run(command, root).splitlines()
    return lines, int(last.removeprefix("exit "))


def answer(root: Path, command: str) -> Any:
    said = run(command, root)
    return json.loads(said[: said.rindex("exit ")])


def tenant(root: Path, name: str, server: str) -> None:
    (root / "inventory/lab/tenants" / f"{name}.yaml").write_text(NEW_TENANT.format(name=name, server=server))


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


# check


def test_a_good_site_is_counted_and_has_status_0(root: Path) -> None:
    lines, status = typed(root, "check lab")

    assert (lines[-1], status) == ("lab: 0 errors, 7 warnings", 0)
    assert all(": warning: " in line for line in lines[:-1])


def test_strict_counts_warnings_as_errors(root: Path) -> None:
    lines, status = typed(root, "check lab --strict")

    assert (lines[-1], status) == ("lab: 7 errors, 0 warnings", 3)


def test_what_a_site_has_is_counted(root: Path) -> None:
    told = answer(root, "count lab --json")

    assert told["all"] == told["buildings"]["1"]
    assert told["all"]["devices"] == {
        "spine": 2, "border": 2, "oob": 1, "management": 3, "leaf": 4, "server": 8, "upstream": 2,
        "equipment": 10,
    }  # fmt: skip
    assert (told["all"]["racks"], told["all"]["racks_w"], told["all"]["unknown"]) == (5, 62_500, 0)
    assert (told["all"]["management"], told["all"]["cables"]) == (21, 44)
    lines, status = typed(root, "count lab")
    assert (lines[0].split()[0], status) == ("building", 0)
    assert lines[1].split() == ["1", "1", "5", "32", "70", "kW", "62.5", "kW", "8.55", "kW"]


def test_findings_as_json_have_these_keys(root: Path) -> None:
    replace_in(root / "inventory/lab/site.yaml", "fabric_mtu: 9216", "fabric_mtu: jumbo")

    assert answer(root, "check lab --json") == [
        {
            "code": "wrong-type",
            "expected": "a whole number",
            "file": "inventory/lab/site.yaml",
            "hint": "",
            "line": 10,
            "message": "'jumbo' does not fit",
            "path": "site.fabric_mtu",
            "severity": "error",
            "subject": "",
        }
    ]


def test_json_of_a_good_site_has_the_warnings_and_status_0(root: Path) -> None:
    found = answer(root, "check lab --json")

    assert {f["severity"] for f in found} == {"warning"}
    assert all(f["line"] > 0 and f["file"] and f["message"] for f in found)


@pytest.mark.parametrize(
    "site", ["lab", "lab/", "inventory/lab", "./inventory/lab", "inventory/../inventory/lab"]
)
def test_a_site_is_a_name_or_a_path(root: Path, site: str) -> None:
    lines, status = typed(root, f"check {site}")

    assert status == 0
    assert lines[0].startswith("inventory/lab/site.yaml:28: ")


def test_commands_work_from_any_folder_of_the_checkout(root: Path) -> None:
    for folder, site in ((root / "stacks", "lab"), (root / "inventory" / "lab", ".")):
        assert typed(folder, f"check {site}")[1] == 0


def test_a_site_has_a_name(root: Path) -> None:
    _, said = _process(root, "check", "", stderr=subprocess.PIPE).communicate()

    assert said.endswith(b"Error: Invalid value for 'SITE': a site has a name\n")


@pytest.mark.parametrize("site", [".", "inventory", ".."])
def test_a_folder_of_sites_is_none(root: Path, site: str) -> None:
    lines, status = typed(root, f"check {site}")

    assert "sites lie in this folder, it is none; expected one of lab" in lines[0]
    assert status == 2


def test_outside_of_a_checkout_there_is_nothing_to_do(tmp_path_factory: pytest.TempPathFactory) -> None:
    lines, status = typed(tmp_path_factory.mktemp("nowhere"), "check lab")

    assert [line.partition(": ")[2] for line in lines] == [
        "no Pulumi.yaml here or above; expected a checkout of the project"
    ]
    assert status == 2


@pytest.mark.parametrize(
    ("error", "said"),
    [(KeyError("x"), "KeyError: 'x'"), (BrokenPipeError("to a host"), "RuntimeError: to a host")],
)
def test_a_defect_of_ours_is_one_sentence_and_a_trace_in_a_file(
    root: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def broken(design: object) -> None:
        raise error

    monkeypatch.setattr(checks, "check", broken)
    lines, status = typed(root / "stacks", "check lab")
    (file,) = (root / ".igoudar" / "crashes").iterdir()

    assert (lines, status) == ([f"internal error: {said}; the trace is in {file}"], 1)
    assert f"{type(error).__name__}: {error}" in file.read_text()


def _process(root: Path, *words: str, **options: Any) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "TERM": "xterm-256color"}
    command = [sys.executable, "-c", "from igoudar.cli import main; main()", *words]
    return subprocess.Popen(command, cwd=root, env=environment, **options)


def test_colours_are_for_terminals_only(root: Path) -> None:
    piped, _ = _process(root, "check", "lab", stdout=subprocess.PIPE).communicate()
    near, far = pty.openpty()
    with _process(root, "check", "lab", stdout=far) as running:
        os.close(far)
        shown = b""
        while True:
            try:
                if not (chunk := os.read(near, 65536)):
                    break
            except OSError:  # the end of a terminal
                break
            shown += chunk
        assert running.wait() == 0
    os.close(near)

    assert b"\x1b[" not in piped
    assert b"\x1b[33m" in shown


@pytest.mark.parametrize("command", ["check lab", "check --help", "--help"])
def test_a_reader_that_goes_away_is_no_mistake(root: Path, command: str) -> None:
    with _process(root, *command.split(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        said = running.stderr.read()

    assert said == b""
    assert running.returncode == 0


# plan


def test_a_plan_gives_what_is_missing_and_is_then_done(root: Path) -> None:
    tenant(root, "new", "srv-7")
    before = (root / LEDGER).read_text()

    dry, _ = typed(root, "plan lab --dry-run")
    assert (root / LEDGER).read_text() == before
    lines, status = typed(root, "plan lab")

    assert status == 0
    assert lines[:-1] == dry[:-1]
    assert (lines[-1], dry[-1]) == (f"{LEDGER}: 7 numbers changed", f"{LEDGER}: 7 numbers would change")
    assert {line.split()[0] for line in lines[:-1]} == {"given"}
    assert typed(root, "plan lab") == ([f"{LEDGER}: 0 numbers changed"], 0)
    assert typed(root, "check lab")[1] == 0
    added = git(root, "diff", "--numstat", LEDGER).split()
    assert added[:2] == ["7", "0"], "one line a number, and no other moves"


def test_a_plan_as_json(root: Path) -> None:
    tenant(root, "new", "srv-7")

    changes = answer(root, "plan lab --dry-run --json")

    assert {c["change"] for c in changes} == {"given"}
    assert [set(c) for c in changes] == [{"change", "kind", "owner", "number"}] * 7


def test_a_tenant_that_leaves_releases_its_numbers(root: Path) -> None:
    (root / "inventory/lab/tenants/sante.yaml").unlink()
    lines, _ = typed(root, "plan lab")

    assert {line.split()[0] for line in lines[:-1]} == {"released"}
    assert "resting:" in (root / LEDGER).read_text()


def test_a_rename_keeps_every_number(root: Path) -> None:
    before = answer(root, "plan lab --dry-run --json")
    replace_in(
        root / "inventory/lab/tenants/fisc.yaml",
        "      web: {",
        "      www: {was: web, ",
    )
    changes = answer(root, "plan lab --json")

    assert before == []
    given = {(c["kind"], c["number"]) for c in changes if c["change"] == "given"}
    released = {(c["kind"], c["number"]) for c in changes if c["change"] == "released"}
    assert given == released != set()
    assert "resting" not in (root / LEDGER).read_text()


def test_a_pool_that_is_empty_is_said_at_the_line_of_who_asks(root: Path) -> None:
    tenant(root, "new", "srv-7")
    replace_in(root / "inventory/lab/site.yaml", "l3vni: 50000-59999", "l3vni: 54016-54018")
    replace_in(root / LEDGER, "vrf:sante/prod: 57356", "vrf:sante/prod: 54017")
    replace_in(root / LEDGER, "vrf:world: 55114", "vrf:world: 54018")
    before = (root / LEDGER).read_text()
    lines, status = typed(root, "plan lab")

    assert status == 3
    assert [line.partition("; ")[0] for line in lines] == [
        "inventory/lab/tenants/new.yaml:3: vpcs.v: no l3vni is left for vrf:new/v"
    ]
    assert (root / LEDGER).read_text() == before


def _clash(root: Path, *, on_main: bool = True) -> tuple[str, str]:
    """Two tenants with one VLAN; the first may be on `main`, the second came with the working tree."""
    tenant(root, "zzz", "srv-7")
    typed(root, "plan lab")
    if on_main:
        commit(root, "zzz")
    replace_in(root / "inventory/lab/devices.yaml", "  srv-7:", "  srv-9: " + SERVER + "\n  srv-7:")
    replace_in(
        root / "inventory/lab/cables.yaml",
        "  - {a: srv-7/eth1",
        "  - {a: srv-9/eth1, b: leaf-4/swp20}\n  - {a: srv-7/eth1",
    )
    tenant(root, "aaa", "srv-9")
    typed(root, "plan lab")
    path = root / LEDGER
    rows = dict(
        re.findall(r"^    (vrf:\w+/v): (\d+)$", path.read_text().partition("  vlan:")[2], re.MULTILINE)
    )
    head, vlan, tail = path.read_text().partition("  vlan:")
    path.write_text(
        head + vlan + tail.replace(f"vrf:aaa/v: {rows['vrf:aaa/v']}", f"vrf:aaa/v: {rows['vrf:zzz/v']}")
    )
    return rows["vrf:aaa/v"], rows["vrf:zzz/v"]


def test_a_clash_names_both_owners_and_plan_moves_the_one_that_is_not_on_main(root: Path) -> None:
    _, applied = _clash(root)
    lines, status = typed(root, "check lab")
    assert status == 2
    assert f"vlan {applied} is held by vrf:aaa/v and by vrf:zzz/v" in lines[0]

    lines, status = typed(root, "plan lab")

    assert status == 0
    assert [line.split()[:2] + line.split()[3:] for line in lines[:-1]] == [["moved", "vlan", "vrf:aaa/v"]]
    assert f"    vrf:zzz/v: {applied}\n" in (root / LEDGER).read_text()
    assert typed(root, "check lab")[1] == 0


@pytest.mark.parametrize("base", ["nowhere", "HEAD~9"])
def test_without_a_base_nobody_can_say_who_gives_way(root: Path, base: str) -> None:
    _clash(root)
    before = (root / LEDGER).read_text()
    lines, status = typed(root, f"plan lab --base {base}")

    assert status == 2
    assert "expected a branch or commit of this checkout; name one by --base" in lines[0]
    assert (root / LEDGER).read_text() == before


def test_what_is_on_main_twice_is_for_people(root: Path) -> None:
    _clash(root)
    commit(root, "both")
    before = (root / LEDGER).read_text()
    lines, status = typed(root, "plan lab")

    assert status == 2
    assert lines[0].endswith("both are in the ledger of main: take one entry out by hand and plan again")
    assert (root / LEDGER).read_text() == before


# render, diff, explain, new


def test_render_writes_the_golden_texts(root: Path, tmp_path: Path) -> None:
    lines, status = typed(root, "render lab --out out")
    golden = (ROOT / "tests/golden/lab/leaf-1/etc-frr-frr.conf").read_text()

    assert status == 0
    assert (root / "out/leaf-1/etc/frr/frr.conf").read_text() == golden
    files = [p for p in (root / "out").rglob("*") if p.is_file()]
    assert lines == [f"{len(files)} files of 19 devices in out"]


def test_render_of_two_devices(root: Path) -> None:
    typed(root, "render lab --out out --device leaf-1 --device srv-1")

    assert {p.name for p in (root / "out").iterdir()} == {"leaf-1", "srv-1"}


def test_render_where_nothing_can_be_written(root: Path) -> None:
    lines, status = typed(root, "render lab --out /proc/nothing")

    assert status != 0
    assert "Could not open file '/proc/nothing/" in lines[-1]


def test_diff_shows_the_lines_of_a_change_and_nothing_else(root: Path) -> None:
    assert typed(root, "diff lab --exit-code") == (["lab: 0 files of 0 devices differ"], 0)
    replace_in(
        root / "inventory/lab/uplinks.yaml",
        "max_prefixes4: 1000\n    max_prefixes6: 1000\n    password: bgp-north",
        "max_prefixes4: 2000\n    max_prefixes6: 1000\n    password: bgp-north",
    )
    lines, status = typed(root, "diff lab --exit-code")

    assert status == 5
    assert lines[-2:] == ["impact: border-1 hitless", "lab: 1 files of 1 devices differ"]
    assert [line for line in lines if re.match(r"[-+](?![-+])", line)] == [
        "-  neighbor 203.0.113.1 maximum-prefix 1000 80 restart 30 force",
        "+  neighbor 203.0.113.1 maximum-prefix 2000 80 restart 30 force",
    ]
    (told,) = answer(root, "diff lab --json")
    assert (told["path"], told["impact"]["class"]) == ("/etc/frr/frr.conf", "hitless")
    place = (
        "/etc/frr/frr.conf: router bgp 64500 vrf world > address-family ipv4 unicast > neighbor 203.0.113.1"
    )
    assert told["impact"]["lines"] == [
        f"{place} maximum-prefix {n} 80 restart 30 force (changed)" for n in (1000, 2000)
    ]


def test_diff_of_a_site_that_the_base_does_not_have(root: Path) -> None:
    assert typed(root, "new acme")[1] == 0
    lines, status = typed(root, "diff acme")

    assert status == 0
    assert lines[-1].endswith("files of 7 devices differ")


def test_diff_of_a_base_that_cannot_be_read_says_so(root: Path) -> None:
    replace_in(root / "inventory/lab/site.yaml", "fabric_mtu: 9216", "fabric_mtu: jumbo")
    commit(root, "broken")
    replace_in(root / "inventory/lab/site.yaml", "fabric_mtu: jumbo", "fabric_mtu: 9216")
    lines, status = typed(root, "diff lab")

    assert status == 2
    assert lines == [
        "main:inventory/lab/site.yaml:10: site.fabric_mtu: 'jumbo' does not fit; expected a whole number"
    ]


def test_check_says_of_which_commit_a_file_cannot_be_read(root: Path) -> None:
    replace_in(root / "inventory/lab/site.yaml", "fabric_mtu: 9216", "fabric_mtu: jumbo")
    commit(root, "broken")
    replace_in(root / "inventory/lab/site.yaml", "fabric_mtu: jumbo", "fabric_mtu: 9216")
    (told,) = [line for line in typed(root, "check lab")[0] if ": info: " in line]

    assert "not compared with main" in told
    assert "main:inventory/lab/site.yaml:10: site.fabric_mtu: 'jumbo' does not fit" in told


def test_plan_says_of_which_commit_the_ledger_cannot_be_read(root: Path) -> None:
    whole = (root / LEDGER).read_text()
    (root / LEDGER).write_text("[]\n")
    commit(root, "broken")
    (root / LEDGER).write_text(whole)
    _clash(root, on_main=False)
    lines, status = typed(root, "plan lab")

    assert status == 2
    assert lines[0].startswith(f"main:{LEDGER}:1: this is not a ledger; ")


def test_explain_takes_the_only_site(root: Path) -> None:
    lines, status = typed(root / "stacks", "explain leaf-4:/etc/frr/frr.conf:2")

    assert status == 0
    assert lines[0] == "leaf-4:/etc/frr/frr.conf:2: hostname leaf-4"


@pytest.mark.parametrize(
    ("selected", "said"),
    [
        ("lab", "leaf-4:/etc/frr/frr.conf:2: hostname leaf-4"),
        (
            "acme",
            "leaf-4: no such device; expected one of leaf-1, leaf-2, mgmt-1, spine-1, spine-2, srv-1, srv-2",
        ),
        ("none", "Error: name a site by --site: one of acme, lab, or any path"),
    ],
)
def test_explain_of_several_sites_takes_that_of_the_selected_stack(
    root: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    selected: str,
    said: str,
) -> None:
    typed(root, "new acme")
    tools = tmp_path_factory.mktemp("tools")
    (tools / "pulumi").write_text(f"#!/bin/sh\n[ {selected} != none ] && echo {selected}\n")
    (tools / "pulumi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")

    lines, status = typed(root, "explain leaf-4:/etc/frr/frr.conf:2")

    assert said in lines
    assert status == (0 if selected == "lab" else 2)


@pytest.mark.parametrize("name", ["a", "dakhla-2", "x" * 63])
def test_a_new_site_checks_plans_and_renders(root: Path, name: str) -> None:
    lines, status = typed(root, f"new {name}")

    assert status == 0
    assert lines[0] == f"made inventory/{name} and Pulumi.{name}.yaml; now try"
    assert typed(root, f"check {name}") == ([f"{name}: 0 errors, 0 warnings"], 0)
    assert typed(root, f"plan {name}") == ([f"inventory/{name}/ledger.yaml: 0 numbers changed"], 0)
    assert typed(root, f"render {name} --out out")[1] == 0
    pulled = cabling_records(compile_site(root / "inventory" / name, root=root, today=date.today()))
    assert {cable["label"] for cable in pulled["h1"].values()} == {0}, "it says nothing of its cabling"
    assert f"igoudar:site: {name}\n" in (root / f"Pulumi.{name}.yaml").read_text()
    assert typed(root, f"new {name}")[1] == 2


@pytest.mark.parametrize("name", ["Lab", "a_b", "-a", "x" * 64, "../x", "types", "data", "a/b"])
def test_a_new_site_needs_a_new_name(root: Path, name: str) -> None:
    assert typed(root, f"new -- {name}")[1] == 2
    assert git(root, "status", "--short") == ""


def test_a_new_site_that_fails_leaves_nothing(root: Path) -> None:
    (root / "inventory/types/generic/generic-switch-32.yaml").unlink()
    commit(root, "no switches")

    lines, status = typed(root, "new acme")

    assert status == 2
    assert lines[0] == "inventory/acme was taken away again:"
    assert "there is no type 'generic-switch-32'" in lines[1]
    assert git(root, "status", "--short") == ""
