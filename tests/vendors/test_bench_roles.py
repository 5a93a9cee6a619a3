"""`scripts/bench roles` on two hosts, by every engine that is ours: what it measures has to happen.

Ansible is left out: it would come from a registry and take a minute; its playbook is looked at without it.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

from igoudar.roles import Declaration, RoleCommand, RoleFile, RoleUnit, RoleUser

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "scripts"))
bench: Any = importlib.import_module("bench_parts.roles")
playbook: Any = importlib.import_module("bench_parts.role_playbook")
pytestmark = pytest.mark.timeout(900)
TOLD = Declaration(
    packages=("a",),
    users=(RoleUser("amina", ("ssh-ed25519 AAAA amina",)),),
    files=(
        RoleFile(
            "/etc/a.conf",
            text="a\n",
            validate="a -t -f {} && true",
            notify=("restart:a.service", "run:late"),
        ),
    ),
    before_units=(RoleCommand("zone", "set-zone", unless="zone-is-right"),),
    units=(RoleUnit("a.service"),),
    commands=(RoleCommand("late", "do-late"),),
)


@pytest.fixture(scope="module")
def found() -> list[Any]:
    """Figures of two hosts. Skips, with the reason, where this machine cannot have them."""
    if lack := bench.lacking():
        pytest.skip(lack)
    engines = [bench.Case("exec", 2), bench.Case("pyinfra", 2), bench.Case("ours", 2, processes=2, runs=3)]
    figures: list[Any] = bench.measure(engines)
    return figures


def test_every_engine_configures_both_hosts_and_then_finds_nothing_to_do(found: list[Any]) -> None:
    changed = {f.case.engine: [run["changed"] for run in f.runs] for f in found}

    assert changed == {"exec": [2, 0], "pyinfra": [2, 0], "ours": [2, 0, 0]}


def test_client_and_hosts_are_counted_apart(found: list[Any]) -> None:
    used = {f.case.engine: [(run["client"] > 0, run["targets"] > 0) for run in f.runs] for f in found}

    assert used == {"exec": [(True, True)] * 2, "pyinfra": [(True, True)] * 2, "ours": [(True, True)] * 3}
    operations, ours = (next(f for f in found if f.case.engine == e) for e in ("pyinfra", "ours"))
    assert operations.per_host("targets", 1) > ours.per_host("targets", 1)  # some fifty execs against one


def test_a_worker_holds_no_more_files_after_each_run(found: list[Any]) -> None:
    ours = next(f for f in found if f.case.engine == "ours")

    assert len({run["files"] for run in ours.runs}) == 1
    assert all(line.count("|") == 4 for line in bench.steady(ours)[1:])
    assert [line.count("|") for line in bench.table(f for f in found if f.case.runs == 2)] == [9] * 4


def test_the_playbook_has_a_task_for_all_that_a_role_declares() -> None:
    tasks = list(playbook.tasks(TOLD))
    by_name = {task["name"]: task for task in tasks}

    assert list(by_name) == [
        "packages",
        "login amina",
        "folder /home/amina/.ssh",
        "file /home/amina/.ssh/authorized_keys",
        "file /etc/a.conf",
        "command zone",
        "unit a.service",
        "restart a.service",
        "command late",
    ]
    changed = f"{by_name['file /etc/a.conf']['register']} is changed"
    assert by_name["file /etc/a.conf"]["ansible.builtin.copy"]["validate"] == "sh -c 'a -t -f %s && true'"
    assert by_name["restart a.service"]["when"] == changed
    assert by_name["command late"]["when"] == changed
    assert "zone-is-right" in by_name["command zone"]["ansible.builtin.shell"]["cmd"]
