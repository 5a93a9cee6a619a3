"""A small twin lives: boot, wires, cuts, power, isolation, changes of its hardware."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from igoudar import twin
from igoudar.errors import DeviceFailed
from igoudar.twin import TwinWire, waiting
from igoudar.twin.control import ask
from igoudar.twin.paths import Folder
from tests.twin.small import WIRE, address, host, out, received, spec, up

pytestmark = [pytest.mark.image, pytest.mark.timeout(300)]
BOOT_ID = "cat /proc/sys/kernel/random/boot_id"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("one") / "run"
    up(spec("one"), path)
    address(path)
    yield path
    twin.down(path, wipe=True)


def test_hosts_bring_what_hardware_brings(folder: Path) -> None:
    assert [s.state for s in twin.status(folder)] == ["on", "on", "on"]
    told = out(
        folder,
        "sw-1",
        "hostname; cat /etc/igoudar/serial /etc/igoudar/greeting; id -un; systemctl is-system-running",
    )
    assert told.split("\n") == ["sw-1", "S11", "hello from sw-1", "igoudar", "running"]
    assert "02:00:00:00:02:0b" in out(folder, "sw-1", "ip -o link show swp2")
    ids = {out(folder, name, "cat /etc/machine-id") for name in ("sw-1", "sw-2", "mgmt-1")}
    assert len(ids) == 3
    assert "" not in ids


def test_nothing_of_a_role_runs_yet(folder: Path) -> None:
    units = "frr lldpd chrony knot unbound kea-dhcp4-server nftables networking prometheus"
    told = out(folder, "sw-1", f"systemctl is-active ssh {units} prometheus-node-exporter || true")
    assert set(told.split()) <= {"active", "inactive"}
    assert told.split()[0] == "active"
    assert "active" not in told.split()[1:]


def test_root_has_no_way_in(folder: Path) -> None:
    told = out(folder, "sw-1", "sudo sshd -T | grep -E '^(permitrootlogin|passwordauthentication) '")
    assert set(told.splitlines()) == {"permitrootlogin no", "passwordauthentication no"}


def test_a_host_reaches_nothing_outside(folder: Path) -> None:
    routes = out(folder, "mgmt-1", "ip -4 route show default; ip -6 route show default")
    assert routes == ""
    assert out(folder, "mgmt-1", "cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null") == ""


def test_a_wire_carries_9180_bytes(folder: Path) -> None:
    assert received(folder, "sw-1", "-M do -s 9180 10.0.0.2") == 3


def test_a_cut_wire_carries_nothing_and_comes_back(folder: Path) -> None:
    twin.cut(folder, WIRE)
    try:
        assert twin.cuts(folder) == [WIRE]
        # big frames too: a kernel whose frames are refused instead of lost would hang here
        assert received(folder, "sw-1", "-s 9000 10.0.0.2") == 0
        assert "LOWER_UP" in out(folder, "sw-1", "ip -o link show swp1")
    finally:
        twin.mend(folder, WIRE)
    assert twin.cuts(folder) == []
    assert received(folder, "sw-1", "10.0.0.2") == 3


def test_out_of_band_ports_are_isolated(folder: Path) -> None:
    assert received(folder, "sw-1", "192.0.2.12") == 0
    assert received(folder, "sw-1", "192.0.2.2") == 3
    assert received(folder, "mgmt-1", "192.0.2.11") == 3


def test_a_power_cut_keeps_what_was_synced(folder: Path) -> None:
    out(folder, "sw-2", "echo kept > synced; sync; echo lost > unsynced")
    twin.power(folder, "sw-2", "off")
    assert [s.state for s in twin.status(folder) if s.name == "sw-2"] == ["off"]
    with pytest.raises(DeviceFailed):
        out(folder, "sw-2", "true")
    twin.power(folder, "sw-2", "on")
    assert out(folder, "sw-2", "cat synced; test -s unsynced || echo gone") == "kept\ngone"
    address(folder)
    assert received(folder, "sw-1", "10.0.0.2") == 3


def test_a_reboot_inside_comes_back_and_a_poweroff_stays_off(folder: Path) -> None:
    before = after = out(folder, "sw-2", BOOT_ID)
    twin.run(folder, "sw-2", "sudo systemd-run --no-block sh -c 'sleep 1; systemctl reboot'")
    deadline = time.monotonic() + 60
    while after == before and time.monotonic() < deadline:
        time.sleep(1)
        try:
            after = out(folder, "sw-2", BOOT_ID)
        except DeviceFailed:
            continue
    assert after != before
    twin.run(folder, "sw-2", "sudo systemd-run --no-block sh -c 'sleep 1; systemctl poweroff'")
    while time.monotonic() < deadline + 60 and twin.status(folder)[1].state == "on":
        time.sleep(0.5)
    time.sleep(1)
    assert twin.status(folder)[1].state == "off"
    up(spec("one"), folder)
    address(folder)
    assert twin.status(folder)[1].state == "on"


def test_a_kernel_that_hangs_in_its_boot_is_switched_off_and_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "STALLED_SECONDS", 3)
    twin.power(folder, "sw-2", "off")
    ask(Folder(folder), do="on", host="sw-2")
    kernel = subprocess.run(["pgrep", "-of", f"{folder}/disks/sw-2.cow"], capture_output=True, check=True)
    os.killpg(int(kernel.stdout), signal.SIGSTOP)
    said: list[str] = []
    waiting.wait_for(Folder(folder), twin.load_spec(folder), ("sw-2",), said.append)
    assert said.count("sw-2 does not come up; switched off and on") == 1


def test_unknown_names_are_refused(folder: Path) -> None:
    with pytest.raises(DeviceFailed, match="no cable 'two'"):
        twin.cut(folder, "two")
    with pytest.raises(DeviceFailed, match="sw-9"):
        twin.power(folder, "sw-9", "off")


def test_a_changed_spec_boots_only_what_changed(folder: Path) -> None:
    """A host more on a port that was not there before; another serial number is another machine."""
    out(folder, "sw-2", "echo old > whose; sync")
    before = {name: out(folder, name, BOOT_ID) for name in ("sw-1", "sw-2", "mgmt-1")}
    old = spec("one")
    first = host("sw-1", 11, ("swp1", "swp2", "swp3"))
    files = (("/etc/igoudar/greeting", "changed\n"),)
    second = replace(old.hosts[1], serial="S99")
    hosts = (replace(first, files=files), second, old.hosts[2], host("srv-1", 21, ("eth1",)))
    up(
        replace(old, hosts=hosts, wires=(*old.wires, TwinWire("two", ("sw-1", "swp3"), ("srv-1", "eth1")))),
        folder,
    )
    after = {name: out(folder, name, BOOT_ID) for name in before}
    assert [name for name in before if before[name] != after[name]] == ["sw-1", "sw-2"]
    assert out(folder, "sw-1", "cat /etc/igoudar/greeting") == "changed"
    assert out(folder, "sw-2", "cat whose 2>/dev/null || cat /etc/igoudar/serial") == "S99"
    out(folder, "sw-1", "sudo ip link set swp3 up; sudo ip address replace 10.0.1.1/24 dev swp3")
    out(folder, "srv-1", "sudo ip link set eth1 up; sudo ip address replace 10.0.1.2/24 dev eth1")
    assert received(folder, "sw-1", "10.0.1.2") == 3
    address(folder)
    assert received(folder, "sw-1", "10.0.0.2") == 3
    up(old, folder)
    assert [s.name for s in twin.status(folder)] == ["sw-1", "sw-2", "mgmt-1"]
    assert "swp3" not in out(folder, "sw-1", "ip -br link")
