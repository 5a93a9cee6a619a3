"""A reboot: down, a new login after another boot, units; over hosts that answer as the test says."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from igoudar.errors import DeviceFailed
from igoudar.reboot import BACK_SECONDS, LOOK_SECONDS, UNITS_SECONDS, Reboots
from igoudar.transport import Access, Result
from tests.errors import checkout, run

ACCESS = Access("mgmt-1", "192.0.2.2", "igoudar", Path("key"), "ssh-ed25519 AAAA")
UNITS = ["chrony.service", "unbound.service"]


@dataclass
class Box:
    """`away` looks without a login after it goes down, `slow` without its units; `stuck`: it never goes."""

    away: int = 2
    slow: int = 2
    stuck: bool = False
    refuses: str = ""
    boot: int = 1
    down: int = 0
    late: int = 0
    told: list[str] = field(default_factory=list)
    now: float = 0.0

    def connect(self, _: Access) -> Box:
        if self.down:
            self.down -= 1
            raise DeviceFailed("mgmt-1: unreachable")
        return self

    def __enter__(self) -> Box:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def run(self, command: str, stdin: bytes = b"") -> Result:
        self.told.append(command)
        if "boot_id" in command:
            return Result(0, f"boot-{self.boot}\n".encode(), b"")
        if "--no-block reboot" in command:
            return self._go()
        if "is-active" in command:
            self.late -= 1
            return (
                Result(3, b"active\ninactive\n", b"") if self.late >= 0 else Result(0, b"active\n" * 2, b"")
            )
        return Result(0, b"", b"")

    def _go(self) -> Result:
        if self.refuses:
            return Result(1, b"", self.refuses.encode())
        if not self.stuck:
            self.boot, self.down, self.late = self.boot + 1, self.away, self.slow
            raise DeviceFailed("mgmt-1: lost the connection")
        return Result(0, b"", b"")

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    @property
    def reboots(self) -> Reboots:
        return Reboots("a test", connect=self.connect, clock=lambda: self.now, sleep=self.sleep)  # type: ignore[arg-type]


def test_a_host_is_back_when_it_serves_again() -> None:
    box = Box()
    result = box.reboots.reboot(ACCESS, UNITS)
    assert (result.status, result.message) == ("ok", "")
    assert result.seconds == 5 * LOOK_SECONDS  # twice no login, then one, then twice without its units
    (note,) = [command for command in box.told if "history" in command]
    assert "a test\\treboot" in note


def test_a_host_that_does_not_come_back_is_told_from_one_that_did_not_go() -> None:
    gone = Box(away=10**9).reboots.reboot(ACCESS, UNITS)
    assert gone.status == "failed"
    assert gone.message == f"did not come back in {BACK_SECONDS:.0f} s: mgmt-1: unreachable"
    assert Box(stuck=True).reboots.reboot(ACCESS, UNITS).message.endswith("s: it did not go down")
    assert (
        Box(refuses="a password is required").reboots.reboot(ACCESS, UNITS).message
        == "a password is required"
    )


def test_units_that_do_not_come_back_are_named() -> None:
    result = Box(slow=10**9).reboots.reboot(ACCESS, UNITS)
    assert result.status == "failed"
    assert result.message == f"not active after {UNITS_SECONDS:.0f} s: unbound.service"


def test_where_nobody_gets_in_nothing_is_begun() -> None:
    box = Box(down=1)
    assert box.reboots.reboot(ACCESS, UNITS).status == "unreachable"
    assert box.told == []


class Site:
    """The hosts of the lab by name: why they want a reboot, and who does not come back."""

    def __init__(self) -> None:
        self.wants: dict[str, str] = {}
        self.broken: set[str] = set()
        self.silent: set[str] = set()
        self.rebooted: list[str] = []

    def why(self, access: Access) -> str:
        if access.host in self.silent:
            raise DeviceFailed(f"{access.host} does not answer")
        return self.wants.get(access.host, "")

    def connect(self, access: Access) -> Any:
        self.rebooted.append(access.host)
        return Box(refuses="no" if access.host in self.broken else "", away=0, slow=0)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkout(tmp_path_factory.mktemp("reboot"))


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Site:
    site, real = Site(), Reboots.reboot

    def reboot(_: Reboots, access: Access, units: list[str]) -> Any:
        assert "chrony.service" in units
        box = site.connect(access)
        return real(Reboots("x", connect=lambda _: box, sleep=box.sleep), access, [])

    monkeypatch.setattr(Reboots, "why", lambda _, access: site.why(access))
    monkeypatch.setattr(Reboots, "reboot", reboot)
    return site


def test_those_that_want_it_go_one_after_the_other(root: Path, lab: Site) -> None:
    lab.wants = dict.fromkeys(("mgmt-1", "mgmt-2", "mgmt-3", "leaf-1"), "the kernel 1 runs, 2 is installed")
    said = run("reboot lab --yes", root)
    assert lab.rebooted == ["mgmt-3", "mgmt-2", "mgmt-1"]
    assert "mgmt-1 wants a reboot: the kernel 1 runs, 2 is installed\n" in said
    assert "waves: mgmt-3; mgmt-2; mgmt-1\n" in said
    assert said.endswith("lab: 3 hosts rebooted\nexit 0\n")


def test_the_first_that_does_not_come_back_ends_it(root: Path, lab: Site) -> None:
    lab.wants, lab.broken = dict.fromkeys(("mgmt-1", "mgmt-2", "srv-1"), "libc6"), {"mgmt-2"}
    said = run("reboot lab --yes", root)
    assert lab.rebooted == ["mgmt-2"]
    assert "mgmt-1: not begun: mgmt-2 failed, which went first\n" in said
    assert "srv-1: not begun: a host before it did not come back\n" in said
    assert said.endswith("exit 4\n")


def test_a_member_that_is_down_keeps_the_others_up(root: Path, lab: Site) -> None:
    lab.silent = {"mgmt-2"}
    said = run("reboot lab --yes --limit mgmt-[12]", root)
    assert lab.rebooted == []
    assert "mgmt-1: not begun: dns: of mgmt-1, mgmt-2 1 may be away at once" in said
    assert said.endswith("exit 4\n")
    said = run("reboot lab --yes --limit mgmt-1", root)
    assert lab.rebooted == [], "although nobody asked for mgmt-2"
    assert "and mgmt-2 is (does not answer)\n" in said


def test_without_a_reason_only_named_hosts_go_and_only_with_a_word(root: Path, lab: Site) -> None:
    assert run("reboot lab --yes", root).endswith("lab: 0 hosts rebooted, 0 hosts want it\nexit 0\n")
    assert "nothing was done" in run("reboot lab --limit leaf-1", root)
    assert lab.rebooted == []
    said = run("reboot lab --limit leaf-1 --limit leaf-2 --yes --json", root)
    told: Mapping[str, Any] = json.loads(re.search(r"^\{$.*^\}$", said, re.M | re.S)[0])  # type: ignore[index]
    assert {name: r["status"] for name, r in told["hosts"].items()} == {"leaf-1": "ok", "leaf-2": "ok"}
    assert told["done"] is True
    assert sorted(lab.rebooted) == ["leaf-1", "leaf-2"]
