"""`igoudar roles`, as it is typed, over hosts that answer as the test says; the real ones are on the twin."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from igoudar.inventory import load
from igoudar.twin.passwords import passwords_of
from igoudar.worker.results import Change, HostResult, RoleResult
from tests.errors import checkout, run

BASE = "  base may lock everybody out: the host goes back unless a new login comes through\n"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stored(checkout(tmp_path_factory.mktemp("roles")))


def stored(root: Path) -> Path:
    """With values of the secrets in files of hosts."""
    passwords_of(load(root / "inventory/lab", root), root)
    return root


class Hosts:
    """What each would change, by host; those in `silent` do not answer, those in `broken` fail when told."""

    def __init__(self) -> None:
        self.changes: dict[str, tuple[Change, ...]] = {}
        self.silent: set[str] = set()
        self.broken: set[str] = set()
        self.asked: list[tuple[bool, dict[str, list[str]], dict[str, str]]] = []

    def run(self, site: Path, root: Path, hosts: Mapping[str, Any], **more: Any) -> dict[str, HostResult]:
        self.asked.append((more["plan"], {h: [*roles] for h, roles in hosts.items()}, more["serials"]))
        found = {}
        for host, roles in hosts.items():
            found[host] = self.answer(host, roles, plan=more["plan"])
            more["progress"](found[host])
        return found

    def answer(self, host: str, roles: Mapping[str, Any], *, plan: bool) -> HostResult:
        if host in self.silent:
            return HostResult(host, "unreachable", message=f"{host} does not answer; look at its power")
        changes = self.changes.get(host, ())
        told = tuple(RoleResult(role, changes if role == "base" else ()) for role in roles)
        if host in self.broken and not plan:
            return HostResult(host, "failed", told, "role base: file /etc/hostname: no room", 0.25)
        return HostResult(host, "ok", told, seconds=0.25)


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> Hosts:
    found = Hosts()
    monkeypatch.setattr("igoudar.worker.pool.run_roles", found.run)
    monkeypatch.setattr("igoudar.transport.access.require_host_keys", lambda *_: None)  # none is reached
    return found


def renamed(host: str, old: str | None = "localhost\n") -> tuple[Change, ...]:
    return (Change("file", "/etc/hostname", "text", old), Change("command", "hostname", "run"))


def test_a_plan_is_the_very_diff_and_changes_nothing(root: Path, hosts: Hosts) -> None:
    hosts.changes = {"srv-1": renamed("srv-1")}
    said = run("roles lab --plan --limit srv-* --role base", root)
    assert (
        f"srv-1\n{BASE}--- /etc/hostname\n+++ /etc/hostname\n@@ -1 +1 @@\n-localhost\n+srv-1\n"
        "  command hostname: run\n"
    ) in said
    assert said.endswith("lab: 1 of 8 hosts would change\nexit 0\n")
    ((plan, asked, serials),) = hosts.asked
    assert plan
    assert set(map(tuple, asked.values())) == {("base",)}
    assert sorted(asked) == sorted(serials) == [f"srv-{n}" for n in range(1, 9)]
    assert run("roles lab --plan --exit-code --limit srv-1", root).endswith("exit 5\n")
    assert run("roles lab --plan --exit-code --limit srv-2", root).endswith("exit 0\n")


def test_what_hosts_get_alike_stands_once(root: Path, hosts: Hosts) -> None:
    mode = (Change("file", "/etc/hosts", "mode"),)
    hosts.changes = dict.fromkeys([f"srv-{n}" for n in range(1, 9)] + ["leaf-1", "leaf-2"], mode)
    said = run("roles lab --plan", root)
    shown = re.findall(rf"^.*\n{BASE}  file /etc/hosts: mode 0644 root:root$", said, re.MULTILINE)
    assert shown == [
        "leaf-1, leaf-2, srv-1, srv-2, srv-3, srv-4, srv-5, srv-6 and 2 more\n"
        f"{BASE}  file /etc/hosts: mode 0644 root:root"
    ]


def test_without_a_terminal_only_yes_does_it(root: Path, hosts: Hosts) -> None:
    hosts.changes = {"srv-1": renamed("srv-1")}
    said = run("roles lab --limit srv-1", root)
    assert "nothing was done: nobody sits at this terminal; --yes does it\n" in said
    assert said.endswith("lab: 1 of 1 host would change\nexit 0\n")
    assert [plan for plan, _, _ in hosts.asked] == [True]


def test_what_is_to_do_is_done_group_after_group(root: Path, hosts: Hosts) -> None:
    hosts.changes = {name: renamed(name) for name in ("srv-1", "leaf-1", "mgmt-1")}
    said = run("roles lab --yes", root)
    assert said.endswith("lab: 3 of 19 hosts changed\nexit 0\n")
    first, *then = [(plan, [*asked]) for plan, asked, _ in hosts.asked]
    assert first[0]
    assert len(first[1]) == 19
    assert then == [(False, ["mgmt-1"]), (False, ["leaf-1"]), (False, ["srv-1"])]
    reports = sorted((root / ".igoudar/runs").glob("*/report.md"))[-3:]
    assert [r.read_text("utf-8").splitlines()[2] for r in reports].count(
        "Stack lab, by hand, hosts of switches: **done**."
    ) == 1


def test_after_a_host_that_fails_no_other_group_begins(root: Path, hosts: Hosts) -> None:
    hosts.changes = {name: renamed(name) for name in ("srv-1", "leaf-1", "mgmt-1")}
    hosts.broken, hosts.silent = {"leaf-1"}, {"srv-3"}
    said = run("roles lab --yes", root)
    assert "leaf-1: failed: role base: file /etc/hostname: no room\n" in said
    assert "srv-3: unreachable: srv-3 does not answer; look at its power\n" in said
    assert "srv-1: not begun: a host before it failed\n" in said
    assert said.endswith("exit 4\n")
    assert [[*asked] for _, asked, _ in hosts.asked[1:]] == [["mgmt-1"], ["leaf-1"]]


def test_each_wave_begins_when_the_one_before_is_good(root: Path, hosts: Hosts) -> None:
    managers = ("mgmt-1", "mgmt-2", "mgmt-3")
    hosts.changes = {name: renamed(name) for name in managers}
    plan = run("roles lab --plan", root)
    assert "management in 3 waves: mgmt-3; mgmt-2; mgmt-1\n" in plan  # the bastion last
    said = run("roles lab --yes", root)
    assert [[*asked] for _, asked, _ in hosts.asked[2:]] == [["mgmt-3"], ["mgmt-2"], ["mgmt-1"]]
    assert "wave of 1, 2 to come: mgmt-3\n1 of 3 hosts: mgmt-3 2 changes in 0.2 s\n" in said
    assert "3 of 3 hosts: mgmt-1 2 changes" in said
    hosts.broken = {"mgmt-2"}
    said = run("roles lab --yes", root)
    assert [[*asked] for _, asked, _ in hosts.asked[6:]] == [["mgmt-3"], ["mgmt-2"]]
    assert "mgmt-1: not begun: mgmt-2 failed, which went first\n" in said
    report = max(
        (root / ".igoudar/runs").glob("*/report.md"), key=lambda path: path.stat().st_mtime_ns
    ).read_text("utf-8")
    assert "| mgmt-1 | not begun | mend what stopped the run before its turn" in report


def test_who_is_down_counts_as_away(root: Path, hosts: Hosts) -> None:
    hosts.changes, hosts.silent = {"mgmt-1": renamed("mgmt-1")}, {"mgmt-2"}
    said = run("roles lab --yes", root)
    assert len(hosts.asked) == 1
    assert (
        "mgmt-1: not begun: dns: of mgmt-1, mgmt-2 1 may be away at once, and mgmt-2 is (does not answer)"
        in said
    )
    assert said.endswith("exit 4\n")


def test_a_cordoned_host_is_left_alone_and_said(tmp_path: Path, hosts: Hosts) -> None:
    root = stored(checkout(tmp_path))
    devices = root / "inventory/lab/devices.yaml"
    devices.write_text(devices.read_text("utf-8").replace("srv-1: {", "srv-1: {cordoned: true, "), "utf-8")
    hosts.changes = {name: renamed(name) for name in ("srv-1", "srv-2")}
    said = run("roles lab --plan --limit srv-[12]", root)
    assert said.endswith(
        "srv-1: cordoned in the inventory: it is left alone\nlab: 1 of 1 host would change\nexit 0\n"
    )
    told = run("roles lab --plan --json --limit srv-[12]", root)
    assert json.loads(told[told.index("{\n") : told.rindex("exit ")])["cordoned"] == ["srv-1"]
    assert [[*asked] for _, asked, _ in hosts.asked] == [["srv-2"]] * 2


def test_nothing_to_do_asks_nobody(root: Path, hosts: Hosts) -> None:
    assert run("roles lab", root).endswith("lab: 0 of 19 hosts would change\nexit 0\n")
    assert len(hosts.asked) == 1


def test_a_machine_reads_it(root: Path, hosts: Hosts) -> None:
    hosts.changes, hosts.silent = {"srv-1": renamed("srv-1", None)}, {"srv-2"}
    said = run("roles lab --plan --json --limit srv-1 --limit srv-2", root)
    told = json.loads(said[said.index("{\n") : said.rindex("exit ")])
    assert told["plan"] is True
    assert told["hosts"]["srv-2"]["status"] == "unreachable"
    base = next(role for role in told["hosts"]["srv-1"]["roles"] if role["role"] == "base")
    change = {"kind": "file", "name": "/etc/hostname", "what": "text", "old": None, "place": 0}
    assert base["changes"][0] == change


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--limit srv-99", "'srv-99' is no host of lab with roles; expected srv-"),
        ("--limit leaf-1 --role bgp_hots", "'bgp_hots' is no role of these hosts; expected base, chrony"),
        ("--role bgp_hots", "'bgp_hots' is no role of the hosts of lab; expected bgp_host"),
        ("--exit-code --yes --plan --limit pdu", "'pdu' is no host of lab with roles; expected "),
    ],
)
def test_a_host_or_role_that_is_none_is_said(root: Path, hosts: Hosts, words: str, said: str) -> None:
    found = run(f"roles lab {words}", root)
    assert said in found
    assert found.endswith("exit 2\n")
    assert hosts.asked == []
