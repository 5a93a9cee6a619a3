"""The lab as a newcomer meets it: `scripts/lab`, and a verification that sees what is wrong."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
IGOUDAR = str(ROOT / ".venv" / "bin" / "igoudar")
LLDP_SECONDS = 45  # four intervals of the role lldpd, and some
pytestmark = [pytest.mark.twin, pytest.mark.engine, pytest.mark.image, pytest.mark.timeout(1500)]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)


def on(host: str, command: str) -> str:
    done = run(IGOUDAR, "twin", "exec", "lab", host, command)
    assert done.returncode == 0, done.stderr
    return done.stdout


def failures(wait: int) -> list[dict[str, Any]]:
    """What `igoudar verify` finds wrong; its status says the same."""
    done = run(IGOUDAR, "verify", "lab", "--wait", str(wait), "--json")
    assert done.returncode in (0, 4), done.stderr
    bad = [check for check in json.loads(done.stdout)["checks"] if not check["passed"]]
    assert bool(bad) == (done.returncode == 4)
    return bad


def test_it_ends_with_the_times_and_one_line(lab: str) -> None:
    lines = lab.splitlines()
    counted = next(
        n for n, line in enumerate(lines) if line.startswith("lab: ") and "checks passed" in line[:40]
    )
    assert " 0 failed" in lines[counted]
    stages = [line.split()[0] for line in lines if line.endswith(" s") and line.split()[-2].isdigit()]
    assert stages[-1] == "all"
    assert {"packages", "python", "engine", "twin", "pulumi", "verify"} <= set(stages)


def test_each_host_of_ours_has_its_logs_on_the_log_server(lab: str) -> None:
    done = run(IGOUDAR, "verify", "lab", "--wait", "60", "--json")
    logs = [check for check in json.loads(done.stdout)["checks"] if check["kind"] == "logs"]
    roles = json.loads(run(IGOUDAR, "roles", "lab", "--plan", "--json").stdout)
    assert {check["host"] for check in logs} == {"mgmt-2"}
    assert len(logs) == len(roles["hosts"])
    assert all(check["passed"] for check in logs)


def test_logs_that_do_not_arrive_are_seen_and_none_is_lost(lab: str) -> None:
    """The receiver is away: the hosts keep what they say, and send it when it is back."""
    units = "igoudar-logs-space.timer igoudar-logs.service"  # the timer would start it again
    on("mgmt-2", f"sudo systemctl stop {units}")
    word = f"kept-{time.time_ns()}"
    try:
        on("srv-4", f"logger {word}")
        bad = failures(wait=5)
    finally:
        on("mgmt-2", f"sudo systemctl start {units}")
    assert {check["kind"] for check in bad} == {"logs"}
    assert len({check["subject"] for check in bad}) == len(bad) > 15
    deadline = time.monotonic() + 60
    while not on("mgmt-2", f"sudo grep -rh {word} /var/log/igoudar/srv-4 || true"):
        assert time.monotonic() < deadline
        time.sleep(1)


def test_run_again_it_has_nothing_to_do(lab: str) -> None:
    before = run("git", "status", "--porcelain").stdout
    done = run("scripts/lab", "--no-drills")
    assert done.returncode == 0, done.stdout[-3000:]
    assert "nothing was to do" in done.stdout
    assert run("git", "status", "--porcelain").stdout == before


def test_a_cut_cable_is_seen_and_mended(lab: str) -> None:
    cut = run(IGOUDAR, "twin", "cut", "lab", "leaf-1/swp1")
    assert cut.returncode == 0, cut.stderr
    try:
        bad = failures(wait=8)
    finally:
        run(IGOUDAR, "twin", "mend", "lab")
    told = {(check["kind"], check["host"]) for check in bad}
    assert {("bgp", "leaf-1"), ("bgp", "spine-1"), ("bfd", "leaf-1"), ("route", "leaf-1")} <= told
    assert not [check for check in bad if check["kind"] in ("reach", "isolation", "world")]


def test_a_way_where_none_is_meant_is_seen(lab: str) -> None:
    """The loopback of a leaf made reachable from inside a tenant's VRF."""
    loopback = on("leaf-1", "ip -4 -o addr show dev lo scope global").split()[3].partition("/")[0]
    route = f"local {loopback} dev lo vrf fisc-prod"
    on("leaf-1", f"sudo ip route add {route}")
    try:
        bad = failures(wait=10)
    finally:
        on("leaf-1", f"sudo ip route del {route}")
    assert {(check["kind"], check["host"]) for check in bad} >= {("isolation", "srv-1")}
    assert all(loopback in check["subject"] for check in bad if check["kind"] == "isolation")


def test_an_address_on_the_wrong_host_is_seen(lab: str) -> None:
    """srv-3 takes another address than the model gives it: its own VPC no longer finds it."""
    own = on("srv-3", "ip -4 -o addr show dev eth1 scope global").split()[3]
    other = f"{own.rpartition('.')[0]}.250/{own.partition('/')[2]}"
    gateway = on("srv-3", "ip -4 route show default").split()[2]
    back = f"sudo ip addr replace {own} dev eth1; sudo ip route replace default via {gateway} dev eth1"
    on("srv-3", f"sudo ip addr add {other} dev eth1; sudo ip addr del {own} dev eth1")
    try:
        bad = failures(wait=5)
    finally:
        on("srv-3", f"{back}; sudo ip addr del {other} dev eth1")
    assert ("interfaces", "srv-3") in {(check["kind"], check["host"]) for check in bad}


def test_the_cable_doctor_names_what_hands_did(lab: str) -> None:
    """The small twin has each kind of mistake (hosts/test_doctor_twin.py); LLDP remembers for 40 seconds."""
    assert run(IGOUDAR, "doctor", "lab").returncode == 0
    assert run(IGOUDAR, "twin", "miswire", "lab", "racks", "a04", "a05").returncode == 0
    try:
        time.sleep(LLDP_SECONDS)
        done = run(IGOUDAR, "doctor", "lab", "--json")
    finally:
        assert run(IGOUDAR, "twin", "mend", "lab").returncode == 0
    found = json.loads(done.stdout)["statements"]
    assert done.returncode == 5
    assert [(s["certainty"], [m["kind"] for m in s["candidates"][0]]) for s in found] == [
        ("exact", ["swapped racks"])
    ]


def test_roles_are_planned_and_done_without_pulumi(lab: str) -> None:
    roles = (IGOUDAR, "roles", "lab", "--limit", "srv-2", "--limit", "leaf-1")
    planned = run(*roles, "--plan", "--exit-code")
    assert planned.returncode == 0, planned.stdout + planned.stderr
    assert planned.stdout == "lab: 0 of 2 hosts would change\n"
    on("srv-2", "sudo sed -i '$ s/.*/# by hand/' /etc/chrony/chrony.conf")
    planned = run(*roles, "--plan", "--exit-code")
    assert planned.returncode == 5, planned.stderr
    assert "srv-2\n--- /etc/chrony/chrony.conf\n" in planned.stdout
    assert "\n-# by hand\n" in planned.stdout
    assert "\n  unit chrony.service: restart\n" in planned.stdout
    done = run(*roles, "--role", "chrony", "--yes")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("lab: 1 of 2 hosts changed\n")
    assert "by hand" not in on("srv-2", "cat /etc/chrony/chrony.conf")
    again = run(*roles, "--plan", "--exit-code")
    assert again.returncode == 0, again.stdout


def test_afterwards_nothing_is_wrong(lab: str) -> None:
    assert failures(wait=120) == []
