"""A small twin lives: boot, wires, cuts, power, isolation; two at once; killed and started again; gone."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from igoudar import twin
from igoudar.errors import DeviceFailed, Missing
from igoudar.twin import TwinHost, TwinPort, TwinSpec, TwinWire

pytestmark = [pytest.mark.image, pytest.mark.timeout(300)]
ROOT = Path(__file__).parents[2]


def _host(name: str, number: int, ports: tuple[str, ...], *, management: bool = False) -> TwinHost:
    return TwinHost(
        name=name,
        memory_mb=128,
        oob=f"192.0.2.{number}/24",
        oob_mac=f"02:00:00:00:00:{number:02x}",
        serial=f"S{number}",
        ports=tuple(TwinPort(p, f"02:00:00:00:{at:02x}:{number:02x}", 9216) for at, p in enumerate(ports, 1)),
        files=(("/etc/igoudar/greeting", f"hello from {name}\n"),),
        management=management,
    )


def _spec(name: str) -> TwinSpec:
    hosts = (
        _host("sw-1", 11, ("swp1", "swp2")),
        _host("sw-2", 12, ("swp1",)),
        _host("mgmt-1", 2, (), management=True),
    )
    return TwinSpec(
        name, "igoudar", "192.0.2.254/24", hosts, (TwinWire("one", ("sw-1", "swp1"), ("sw-2", "swp1")),)
    )


def _up(spec: TwinSpec, folder: Path) -> None:
    twin.up(spec, folder, twin.find_image(ROOT), lambda _: None)


def _out(folder: Path, host: str, command: str) -> str:
    return twin.run(folder, host, command).out.decode().strip()


def _address(folder: Path) -> None:
    for host, number in (("sw-1", 1), ("sw-2", 2)):
        _out(folder, host, f"sudo ip link set swp1 up; sudo ip address replace 10.0.0.{number}/24 dev swp1")


def _received(folder: Path, host: str, options: str) -> int:
    told = _out(folder, host, f"ping -n -c 3 -i 0.2 -W 1 {options}")
    return int(told.partition(" packets transmitted, ")[2].partition(" received")[0])


def _ours(folder: Path) -> list[str]:
    """Processes of the machine that name the folder."""
    found = subprocess.run(["pgrep", "-f", str(folder)], capture_output=True, text=True, check=False)
    return [pid for pid in found.stdout.split() if int(pid) != os.getpid()]


def _machine() -> tuple[list[str], list[str]]:
    """Interfaces and mounts of the machine."""
    links = [
        line.split(":")[1].strip()
        for line in subprocess.check_output(["ip", "-o", "link"], text=True).splitlines()
    ]
    return sorted(links), sorted(Path("/proc/self/mounts").read_text("utf-8").splitlines())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("one") / "run"
    _up(_spec("one"), path)
    _address(path)
    yield path
    twin.down(path, wipe=True)


def test_hosts_bring_what_hardware_brings(folder: Path) -> None:
    assert [s.state for s in twin.status(folder)] == ["on", "on", "on"]
    told = _out(
        folder,
        "sw-1",
        "hostname; cat /etc/igoudar/serial /etc/igoudar/greeting; id -un; systemctl is-system-running",
    )
    assert told.split("\n") == ["sw-1", "S11", "hello from sw-1", "igoudar", "running"]
    assert "02:00:00:00:02:0b" in _out(folder, "sw-1", "ip -o link show swp2")


def test_a_wire_carries_9180_bytes(folder: Path) -> None:
    assert _received(folder, "sw-1", "-M do -s 9180 10.0.0.2") == 3


def test_a_cut_wire_carries_nothing_and_comes_back(folder: Path) -> None:
    twin.cut(folder, "one")
    try:
        assert twin.cuts(folder) == ["one"]
        # big frames too: a kernel whose frames are refused instead of lost would hang here
        assert _received(folder, "sw-1", "-s 9000 10.0.0.2") == 0
        assert "state UP" in _out(folder, "sw-1", "ip -o link show swp1") or "LOWER_UP" in _out(
            folder, "sw-1", "ip -o link show swp1"
        )
    finally:
        twin.mend(folder, "one")
    assert twin.cuts(folder) == []
    assert _received(folder, "sw-1", "10.0.0.2") == 3


def test_out_of_band_ports_are_isolated(folder: Path) -> None:
    assert _received(folder, "sw-1", "192.0.2.12") == 0
    assert _received(folder, "sw-1", "192.0.2.2") == 3
    assert _received(folder, "mgmt-1", "192.0.2.11") == 3


def test_a_power_cut_keeps_what_was_synced(folder: Path) -> None:
    _out(folder, "sw-2", "echo kept > synced; sync; echo lost > unsynced")
    twin.power(folder, "sw-2", "off")
    assert [s.state for s in twin.status(folder) if s.name == "sw-2"] == ["off"]
    with pytest.raises(DeviceFailed):
        _out(folder, "sw-2", "true")
    twin.power(folder, "sw-2", "on")
    assert _out(folder, "sw-2", "cat synced; test -s unsynced || echo gone") == "kept\ngone"
    _address(folder)
    assert _received(folder, "sw-1", "10.0.0.2") == 3


def test_a_reboot_inside_comes_back_and_a_poweroff_stays_off(folder: Path) -> None:
    before = _out(folder, "sw-2", "cat /proc/sys/kernel/random/boot_id")
    twin.run(folder, "sw-2", "sudo systemd-run --no-block sh -c 'sleep 1; systemctl reboot'")
    deadline = time.monotonic() + 60
    after = before
    while after == before and time.monotonic() < deadline:
        time.sleep(1)
        try:
            after = _out(folder, "sw-2", "cat /proc/sys/kernel/random/boot_id")
        except DeviceFailed:
            continue
    assert after != before
    twin.run(folder, "sw-2", "sudo systemd-run --no-block sh -c 'sleep 1; systemctl poweroff'")
    while time.monotonic() < deadline + 60 and twin.status(folder)[1].state == "on":
        time.sleep(0.5)
    assert twin.status(folder)[1].state == "off"
    _up(_spec("one"), folder)
    _address(folder)
    assert twin.status(folder)[1].state == "on"


def test_unknown_names_are_refused(folder: Path) -> None:
    with pytest.raises(DeviceFailed, match="no cable 'two'"):
        twin.cut(folder, "two")
    with pytest.raises(DeviceFailed):
        twin.power(folder, "sw-9", "off")


def test_two_twins_do_not_meet_and_nothing_is_left(folder: Path, tmp_path: Path) -> None:
    links, mounts = _machine()
    other = (
        tmp_path
        / "a path that is much longer than a unix socket may be".replace(" ", "-")
        / ("x" * 60)
        / "run"
    )
    _up(_spec("two"), other)
    _out(
        other,
        "sw-2",
        "sudo ip link set swp1 up; sudo ip address replace 10.0.0.2/24 dev swp1; echo two > which",
    )
    assert _out(folder, "sw-2", "ls") == "synced" or "which" not in _out(folder, "sw-2", "ls")
    assert _machine() == (links, mounts)
    # the first process is killed in the middle: everything of it ends, and `up` starts it again
    unshare = int((other / "pid").read_text("utf-8"))
    os.kill(unshare, signal.SIGKILL)
    time.sleep(1)
    assert not twin.is_up(other)
    assert _ours(other) == []
    _up(_spec("two"), other)
    assert _out(other, "sw-2", "cat which") in ("two", "")
    twin.down(other, wipe=True)
    assert _ours(other) == []
    assert not other.exists()
    assert _machine() == (links, mounts)
    with pytest.raises(Missing):
        twin.status(other)
    assert _received(folder, "sw-1", "10.0.0.2") == 3


def test_a_changed_spec_boots_only_what_changed(folder: Path) -> None:
    before = {h: _out(folder, h, "cat /proc/sys/kernel/random/boot_id") for h in ("sw-1", "sw-2", "mgmt-1")}
    old = _spec("one")
    added = _host("srv-1", 21, ("eth1",))
    wire = TwinWire("two", ("sw-1", "swp2"), ("srv-1", "eth1"))
    _up(TwinSpec("one", old.login, old.gateway, (*old.hosts, added), (*old.wires, wire)), folder)
    after = {h: _out(folder, h, "cat /proc/sys/kernel/random/boot_id") for h in before}
    assert after["sw-2"] == before["sw-2"]
    assert after["mgmt-1"] == before["mgmt-1"]
    assert after["sw-1"] != before["sw-1"]
    _out(folder, "sw-1", "sudo ip link set swp2 up; sudo ip address replace 10.0.1.1/24 dev swp2")
    _out(folder, "srv-1", "sudo ip link set eth1 up; sudo ip address replace 10.0.1.2/24 dev eth1")
    assert _received(folder, "sw-1", "10.0.1.2") == 3
    _up(old, folder)
    assert [s.name for s in twin.status(folder)] == ["sw-1", "sw-2", "mgmt-1"]
