"""A switch in a folder for tests of its agent: files are real, daemons and time are not, power can fail."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from igoudar.agent.clock import Clock
from igoudar.agent.core import Agent
from igoudar.agent.disk import Attributes, Disk
from igoudar.agent.journal import Store
from igoudar.agent.protocol import Refused
from igoudar.agent.switch import Done, Switch
from igoudar.agent.voting import HERE, Ballot, Witness
from igoudar.agent.windows import boot, ended, look

FRR, DAEMONS, INTERFACES = "/etc/frr/frr.conf", "/etc/frr/daemons", "/etc/network/interfaces"
PATHS = (DAEMONS, FRR, INTERFACES)
MARK, SECRET = "secret:bgp-north@1", "swordfish"
PATTERN = r"^ *(no )?neighbor \S+ password (?P<secret>.+)$"
OLD = {
    DAEMONS: "bgpd=yes\n",
    FRR: "router bgp 65001\n neighbor swp1 remote-as external\nexit\n",
    INTERFACES: "auto lo\niface lo inet loopback\n",
}
NEW = {
    DAEMONS: "bgpd=yes\n",
    FRR: f"router bgp 65001\n neighbor swp1 remote-as external\n neighbor swp1 password {MARK}\nexit\n",
    INTERFACES: "auto lo\niface lo inet loopback\n\nauto swp1\niface swp1\n",
}
WINDOW = 8.0
RESTORE = 10.0
WITNESSES = tuple(Witness(f"mgmt-{n}", f"192.0.2.{n}", "ssh-ed25519 AAAA") for n in (1, 2, 3))


class PowerCut(BaseException):
    """Nothing after it is carried out."""


class FailingDisk(Disk):
    """`left`: changes until the power fails; None: never. `full`: what part of a path cannot be written.

    `free`: bytes that are left on it; None: enough.
    """

    def __init__(self) -> None:
        self.left: int | None = None
        self.steps = 0
        self.full = ""
        self.free: int | None = None

    def _step(self) -> None:
        self.steps += 1
        if self.left is not None:
            if self.left == 0:
                raise PowerCut
            self.left -= 1

    def write(self, path: Path, data: bytes, attributes: Attributes | None = None) -> None:
        self._step()
        if self.full and self.full in str(path):
            raise OSError(28, "No space left on device", str(path))
        before = _size(path)
        if self.free is not None:
            if len(data) > self.free:
                raise OSError(28, "No space left on device", str(path))
            self.free += before - len(data)
        super().write(path, data, attributes)

    def remove(self, path: Path) -> None:
        if path.exists():
            self._step()
            if self.free is not None:
                self.free += _size(path)
            super().remove(path)


def _size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder; 0 where there is none."""
    files = path.rglob("*") if path.is_dir() else (path,)
    return sum(file.stat().st_size for file in files if file.is_file())


class FakeClock(Clock):
    def __init__(self) -> None:
        self.time = 1000.0
        self.booted = 1

    def now(self) -> float:
        return self.time

    def boot(self) -> str:
        return f"boot-{self.booted}"

    def sleep(self, seconds: float) -> None:
        self.time += seconds


class FakeSwitch(Switch):
    """`running` is what daemons run: the files as they were at the last activation."""

    def __init__(self, disk: FailingDisk, root: Path) -> None:
        super().__init__(disk, root)
        self.failing = disk
        self.runs = dict[str, bytes]()
        self.activations: list[str] = []
        self.watchable = True
        self.watching = -1
        self.dead = set[str]()
        self.drained = 0
        self.said = ""  # by frr-reload, on its way to an error

    def run(self, words: Sequence[str], seconds: float) -> Done:
        if words[:3] == ["vtysh", "-C", "-f"]:
            bad = [line for line in Path(words[3]).read_text().splitlines() if "misspelt" in line]
            return Done(2, f"line 3: % Unknown command: {bad[0]}") if bad else Done(0, "")
        if words[0] == "vtysh" and "running-config" in words[-1]:
            return Done(0, self.runs.get(FRR, b"").decode())
        return Done(0, "")

    def activate(self, mode: str, seconds: float, *, interfaces: bool = True, again: bool = False) -> str:
        self.failing._step()
        self.runs = self.live(PATHS)
        self.activations.append(mode if interfaces else f"{mode} without interfaces")
        self.failing._step()
        return f"{mode} of frr: {self.said}" if self.said else ""

    def drain(self) -> None:
        self.drained += 1

    def residue(self, running: str) -> list[str]:
        return [self.said] if self.said else []

    def told(self) -> tuple[dict[str, str], str]:
        return {}, self.running()

    def daemons(self) -> dict[str, int]:
        living = {"bgpd": 7, "zebra": 8, "staticd": 9, "mgmtd": 10}
        return {name: pid for name, pid in living.items() if name not in self.dead}

    def start_watch(self) -> None:
        if self.watchable:
            self.watch_file.parent.mkdir(parents=True, exist_ok=True)
            self.watching = os.open(self.watch_file, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self.watching, fcntl.LOCK_EX)

    watch_file = Path()


class Registers:
    """What the witnesses hold, by name; those in `down` do not answer."""

    def __init__(self) -> None:
        self.held: dict[str, dict[str, str]] = {w.name: {} for w in WITNESSES}
        self.down = set[str]()

    def ask(self, name: str, words: str) -> str | None:
        if name in self.down:
            return None
        match words.split():
            case ["hello"]:
                return HERE
            case ["propose", id_, value]:
                return self.held[name].setdefault(id_, value)
            case ["look", id_]:
                return self.held[name].get(id_, "none")
        raise AssertionError(words)


class FakeBallot(Ballot):
    """`cut`: the switch reaches no witness."""

    def __init__(self, folder: Path, registers: Registers) -> None:
        super().__init__(folder)
        self.registers = registers
        self.cut = False

    def pause(self) -> None:
        """No time passes."""

    def ask(self, witness: Witness, words: str, keys: Path) -> str | None:
        return None if self.cut else self.registers.ask(witness.name, words)


class World:
    """One switch with its agent; `ask` answers as the command would."""

    def __init__(self, folder: Path, registers: Registers | None = None) -> None:
        self.root = folder
        self.disk = FailingDisk()
        self.clock = FakeClock()
        self.switch = FakeSwitch(self.disk, folder)
        self.store = Store(folder / "var/lib/igoudar", self.disk)
        self.switch.watch_file = self.store.watching
        self.registers = registers or Registers()
        self.ballot = FakeBallot(self.store.folder, self.registers)
        self.agent = Agent(self.store, self.switch, self.clock, self.ballot)
        if not self.switch.path("/etc").exists():
            self._install()

    def _install(self) -> None:
        for path, text in OLD.items():
            self.switch.path(path).parent.mkdir(parents=True, exist_ok=True)
            self.switch.path(path).write_text(text)
        self.switch.path("/etc/igoudar").mkdir()
        self.switch.path("/etc/igoudar/serial").write_text("S1\n")
        self.switch.runs = self.switch.live(PATHS)

    def ask(self, verb: str, id_: str = "t1", **fields: Any) -> dict[str, Any]:
        """The answer; Refused is `{"code": ...}`."""
        full: dict[str, Any] = {"id": id_, **defaults(verb), **fields}
        if verb == "arm" and "base" not in full:
            full["base"] = self.base()
        try:
            answer: dict[str, Any] = getattr(self.agent, verb)(full)
        except Refused as refused:
            return {"code": refused.code, "error": str(refused)}
        return answer

    def base(self) -> str:
        return str(self.agent.read(defaults("read"))["digest"])

    def read(self, **fields: Any) -> dict[str, Any]:
        return self.agent.read({**defaults("read"), **fields})

    def live(self) -> dict[str, str]:
        return {path: data.decode() for path, data in self.switch.live(PATHS).items()}

    def runs(self) -> dict[str, str]:
        return {path: data.decode() for path, data in self.switch.runs.items()}

    def watch(self) -> None:
        """What the watcher would do now, if it is running."""
        if self.switch.watching >= 0 and not look(self.agent, self.switch.watching):
            os.close(self.switch.watching)
            self.switch.watching = -1

    def settle(self) -> None:
        """Time goes on until no window is open; the service manager starts a dead watcher again."""
        if self.switch.watching < 0:
            self.switch.start_watch()
        for _ in range(200):
            if self.switch.watching < 0:
                return
            self.watch()
            self.clock.sleep(0.25)
        raise AssertionError("never settled")

    def power_cycle(self) -> None:
        """Locks and daemons go; the boot unit runs, then networking and daemons start from the files."""
        self.disk.left = None
        if self.switch.watching >= 0:
            os.close(self.switch.watching)
            self.switch.watching = -1
        self.clock.booted += 1
        self.clock.time = 10.0
        boot(self.agent)
        self.switch.runs = self.switch.live(PATHS)

    def left_behind(self) -> list[str]:
        """Copies of files, and secrets, that no open transaction needs."""
        txn = self.store.folder / "txn"
        found = (
            [p for p in txn.rglob("*") if p.is_file() and p.name != "journal.json"] if txn.is_dir() else []
        )
        return sorted(str(p.relative_to(txn)) for p in found)


def defaults(verb: str) -> dict[str, Any]:
    look_ = {"desired": [], "values": {}, "patterns": [PATTERN]}
    return {
        "read": {"paths": PATHS, **look_},
        "verify": {"paths": PATHS, **look_},
        "stage": {"stack": "lab", "files": NEW, "values": {MARK: SECRET}, "patterns": [PATTERN]},
        "arm": {"window": WINDOW, "restore": RESTORE},
        "extend": {"window": WINDOW},
        "apply": {"mode": "reload"},
        "prepare": {"window": WINDOW, "witnesses": [asdict(w) for w in WITNESSES]},
    }.get(verb, {})


def filled(texts: Mapping[str, str]) -> dict[str, str]:
    return {path: text.replace(MARK, SECRET) for path, text in texts.items()}


__all__ = ["NEW", "OLD", "PATHS", "World", "ended", "filled"]
