"""`scripts/bench roles` on two hosts, by every engine that is ours: what it measures has to happen.

Ansible is left out: it would come from a registry and take a minute; its playbook is looked at without it.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from igoudar.roles import Declaration, RoleCommand, RoleFile, RoleUnit, RoleUser

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "scripts"))
bench: Any = importlib.import_module("bench_parts.roles")
playbook: Any = importlib.import_module("bench_parts.role_playbook")
stand_ins: Any = importlib.import_module("bench_parts.stand_ins")
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
    engines = [bench.Case("exec", 2), bench.Case("none", 2), bench.Case("pyinfra", 2)]
    figures, failed = bench.measure([*engines, bench.Case("ours", 2, processes=2, runs=3)])
    assert failed == ["none, 2 hosts, 1 processes, 2 runs: its process ended with 1"]  # and the rest goes on
    return list(figures)


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

    assert {run["workers"] for run in ours.runs} == {2}
    assert len({run["files"] for run in ours.runs}) == 1
    assert all(run["rss"] > 2 * 20_000 for run in ours.runs)  # kB
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


def _figures(engine: str, client: float, targets: float) -> Any:
    runs = ({"client": client, "targets": targets, "wall": 1.0}, {"client": 1.0, "targets": 1.0, "wall": 1.0})
    return bench.Figures(bench.Case(engine, 10), 0.5, runs)


def test_ratios_are_of_medians_of_one_run_and_of_engines_that_were_measured() -> None:
    found = [_figures("ours", 2.0, 4.0), _figures("ours", 9.0, 4.0), _figures("ours", 3.0, 4.0)]
    found += [_figures("ansible", 75.0, 100.0), bench.Figures(bench.Case("exec", 20), 0.5, found[0].runs)]

    assert bench.ratios(found)[2:] == [
        "| client, ansible over ours | 10 | 25.00 | 1.00 | at least 20 |",
        "| targets, ansible over ours | 10 | 25.00 | 1.00 | at least 30 |",
    ]


def test_what_a_stand_in_starts_runs_apart_until_its_unit_is_stopped(tmp_path: Path) -> None:
    programs = {}
    for name in ("systemd-run", "systemctl"):
        programs[name] = tmp_path / name
        text = stand_ins.FILES[f"/usr/bin/{name}"].replace("/run/bench-", f"{tmp_path}/unit-")
        programs[name].write_text(text, "utf-8")
    begun = tmp_path / "begun"
    words = ["-q", "--collect", "--unit=a", "-p", "Type=exec", "/bin/sh", "-c", f"echo $$ >{begun}; sleep 60"]
    subprocess.run(["sh", programs["systemd-run"], *words], check=True, timeout=30)
    _wait_until(lambda: begun.exists() and begun.read_text() != "")
    process = Path(f"/proc/{begun.read_text().strip()}")
    assert os.getsid(int(process.name)) != os.getsid(0)

    subprocess.run(["sh", programs["systemctl"], "stop", "a.service"], check=True, timeout=30)

    _wait_until(lambda: not process.exists() or " Z " in (process / "stat").read_text())


def _wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
