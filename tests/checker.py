"""A checker of the transaction: the product's own operator, agents and registers in memory, step by step.

A run is one change of three switches. Before each message of the operator faults may happen, by a schedule of
(step, fault); then everything heals, windows end, switches ask, and what is left must be all new or all old,
and as the operator said. A run is cheap, so every schedule is tried from the start.

    crash          the operator is killed            opiso      it is cut off from all
    iso D          a switch is cut off from all      cutw D     it is cut off from the witnesses
    opw W          the operator is cut off from a witness       wit W      a witness is down, its disk kept
    boot D         a switch is started anew          slow D     its window ends although all live
    lost           the message is lost               mute       its answer is lost
    late           the message is lost, and comes when everything else is over
    hand D         somebody changes a switch by hand (`overwritten` looks at that, not `wrong`)
"""

from __future__ import annotations

import atexit
import contextlib
import os
import random
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

from igoudar.agent.clock import Clock
from igoudar.agent.core import Agent
from igoudar.agent.disk import Attributes, Disk
from igoudar.agent.journal import Journal, Store
from igoudar.agent.protocol import Refused
from igoudar.agent.switch import Switch
from igoudar.agent.voting import Ballot, Witness, decided
from igoudar.agent.windows import boot, look
from igoudar.apply import change
from igoudar.apply import operator as product
from igoudar.apply.change import FRR, Texts, Wanted
from igoudar.apply.driver import AgentDriver, AgentRefused
from igoudar.apply.operator import Operator, Plan
from igoudar.errors import DeviceFailed, Drift
from igoudar.impact import Impact, impact
from igoudar.impact_rules import Rules
from igoudar.runs import Report
from igoudar.witness.__main__ import answer
from igoudar.witness.register import Register
from tests.factory import RULES

OLD, NEW = "router bgp 1\n old\nexit\n", "router bgp 1\n new\nexit\n"
BY_HAND = "router bgp 1\n by hand\nexit\n"
WINDOW = 8.0
TOGETHER, APART = [["leaf-0", "leaf-1", "leaf-2"]], [["leaf-1"], ["leaf-0", "leaf-2"]]
WAVES = TOGETHER
FAULTS_OF_DEVICES = ("iso", "cutw", "boot", "slow")
FAULTS_OF_MESSAGES = ("lost", "mute", "late")
Fault = tuple[str, int]
Schedule = tuple[tuple[int, Fault], ...]
Step = tuple[str, int, str]  # who hears of it (`dev`, `wit`; `own`: a switch by itself), which, of what


class Killed(BaseException):
    """The operator is gone: nothing of it runs any more."""


class Name(str):
    """A path in memory, where making one costs next to nothing."""

    __slots__ = ()

    def __truediv__(self, part: str) -> Name:
        return Name(f"{self}/{part}")

    @property
    def parent(self) -> Name:
        return Name(self.rpartition("/")[0])


class MemoryDisk(Disk):
    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def read(self, path: Path) -> bytes:
        try:
            return self.files[str(path)]
        except KeyError:
            raise FileNotFoundError(str(path)) from None

    def has(self, path: Path) -> bool:
        return str(path) in self.files

    def names(self, path: Path) -> list[str]:
        begin = f"{path}/"
        return sorted({name[len(begin) :].split("/")[0] for name in self.files if name.startswith(begin)})

    def age(self, path: Path) -> float:
        return 0.0

    def write(self, path: Path, data: bytes, attributes: Attributes | None = None) -> None:
        self.files[str(path)] = data

    def folder(self, path: Path) -> None:
        """Folders are names only."""

    def remove(self, path: Path) -> None:
        gone = [name for name in self.files if name == str(path) or name.startswith(f"{path}/")]
        for name in gone:
            del self.files[name]

    @contextlib.contextmanager
    def locked(self, path: Path) -> Iterator[None]:
        yield

    def is_locked(self, path: Path) -> bool:
        return True  # the watcher lives; `Device.watch` is what it does


class MemoryStore(Store):
    """Journals as they are; the rest goes by the disk."""

    def __init__(self, disk: MemoryDisk) -> None:
        super().__init__(cast("Path", Name("/s")), disk)
        self.journals: dict[str, Journal] = {}
        self.named = ""

    def journal(self, id_: str) -> Journal | None:
        return self.journals.get(id_)

    def save(self, journal: Journal) -> None:
        self.journals[journal.id] = journal

    def pointed(self) -> Journal | None:
        return self.journals.get(self.named)

    def point(self, id_: str) -> None:
        self.named = id_

    def unpoint(self) -> None:
        self.named = ""

    def all(self) -> list[Journal]:
        return [self.journals[id_] for id_ in sorted(self.journals)]

    def drop_orphans(self) -> None:
        """A candidate and its journal come together here."""

    def forget_old(self) -> None:
        """No year passes."""


class MemorySwitch(Switch):
    disk: MemoryDisk

    def path(self, path: str) -> Path:
        return cast("Path", Name(f"/live{path}"))

    def has(self, path: str) -> bool:
        return True

    def attributes(self, path: str) -> Attributes:
        return Attributes(0, 0, 0o644)

    def serial(self) -> str:
        return "S"

    def _bytes(self, path: Path) -> bytes:
        return self.disk.files.get(str(path), b"")

    def validate(self, folder: Path, paths: Any) -> None:
        """Every candidate is good."""

    def activate(self, mode: str, seconds: float, *, interfaces: bool = True, again: bool = False) -> str:
        return ""

    def drain(self) -> None:
        """Nobody sends packets here."""

    def start_watch(self) -> None:
        """It lives."""

    def running(self) -> str:
        return self._bytes(self.path(FRR)).decode()

    def told(self) -> tuple[dict[str, str], str]:
        return {}, self.running()

    def residue(self, running: str) -> list[str]:
        return []

    def wrong_interfaces(self) -> list[str]:
        return []

    def daemons(self) -> dict[str, int]:
        return {}

    def expected_daemons(self) -> set[str]:
        return set()


class MemoryClock(Clock):
    def __init__(self) -> None:
        self.time, self.booted = 100.0, 1

    def now(self) -> float:
        return self.time

    def boot(self) -> str:
        return str(self.booted)

    def wall(self) -> str:
        return ""

    def sleep(self, seconds: float) -> None:
        self.time += seconds


class MemoryBallot(Ballot):
    def __init__(self, world: World, number: int) -> None:
        self.world, self.number = world, number

    def pause(self) -> None:
        """No time passes."""

    def know(self, witnesses: Sequence[Witness]) -> None:
        """They are known."""

    def _all(self, witnesses: Sequence[Witness], words: str) -> list[str | None]:
        return [self.world.ask(("dev", self.number), n, words) for n in range(len(witnesses))]


class Device:
    def __init__(self, world: World, number: int) -> None:
        self.name = f"leaf-{number}"
        self.disk, self.clock = MemoryDisk(), MemoryClock()
        self.disk.files[f"/live{FRR}"] = OLD.encode()
        switch = MemorySwitch(self.disk)
        self.agent = Agent(MemoryStore(self.disk), switch, self.clock, MemoryBallot(world, number))
        self.disk.files["/s/key"] = b"k"

    @property
    def live(self) -> str:
        return self.disk.files[f"/live{FRR}"].decode()

    def window_ends(self) -> None:
        journal = self.agent.store.open()
        if journal is not None:
            self.clock.time = max(self.clock.time, journal.deadline)
            look(self.agent, -1)

    def boot(self) -> None:
        self.clock.booted += 1
        boot(self.agent)


@cache
def _shelf() -> Path:
    """Where the registers of this process lie: in memory, where the machine has a folder there."""
    memory = "/dev/shm"
    folder = tempfile.mkdtemp(dir=memory if os.access(memory, os.W_OK) else None)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def empty_register(number: int) -> Register:
    """Of a witness; one world at a time has it."""
    folder = _shelf() / str(number)
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    return Register(folder)


@dataclass
class World:
    """`down`: faults that last until everything heals. `late`: messages that are still under way."""

    witnesses: int
    schedule: Schedule
    devices: list[Device] = field(default_factory=list)
    registers: list[Register] = field(default_factory=list)
    down: set[Fault] = field(default_factory=set)
    late: list[Callable[[], Any]] = field(default_factory=list)
    step: int = 0
    log: list[Step] = field(default_factory=list)
    message: str = ""
    before_message: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.devices = [Device(self, number) for number in range(3)]
        self.registers = [empty_register(number) for number in range(self.witnesses)]

    def ask(self, who: tuple[str, int], witness: int, words: str) -> str | None:
        """A switch or the operator asks a witness."""
        cuts = {("wit", witness)}
        cuts |= {("opiso", 0), ("opw", witness)} if who[0] == "op" else {("iso", who[1]), ("cutw", who[1])}
        return None if cuts & self.down else self.register(witness, words)

    def register(self, witness: int, words: str) -> str:
        return answer(words.split(), self.registers[witness])

    def deliver(self, send: Callable[[], Any], to: Step, cut: set[Fault]) -> Any:
        """One message of the operator, and what happens before it. Raises DeviceFailed without an answer."""
        self.message = ""
        self.before_message()
        self._next_step(to)
        if cut & self.down:
            raise DeviceFailed("no way")
        if self.message == "late":
            self.late.append(send)
        if self.message in ("late", "lost"):
            raise DeviceFailed("lost")
        answer = send()
        if self.message == "mute":
            raise DeviceFailed("its answer was lost")
        return answer

    def _next_step(self, told: Step) -> None:
        self.step += 1
        self.log.append(told)
        for at, fault in self.schedule:
            if at == self.step - 1:
                self._happen(fault)

    def alone(self) -> None:
        """The operator is gone, for good or ill: windows end and switches ask while faults go on."""
        for _ in range(2):
            for number, device in enumerate(self.devices):
                self._next_step(("own", number, ""))
                device.window_ends()

    def _happen(self, fault: Fault) -> None:
        kind, number = fault
        match kind:
            case "crash":
                raise Killed
            case "boot":
                self.devices[number].boot()
            case "slow":
                self.devices[number].window_ends()
                self.devices[number].window_ends()
            case "hand":
                self.devices[number].disk.files[f"/live{FRR}"] = BY_HAND.encode()
            case "lost" | "mute" | "late":
                self.message = kind
            case _:
                self.down.add(fault)

    def heal(self, *, late_first: bool) -> None:
        """Nothing is cut any more; windows end and switches ask, before or after what was under way comes."""
        self.down.clear()
        for part in (self._arrive, self._settle)[:: 1 if late_first else -1]:
            part()
        self._settle()

    def _arrive(self) -> None:
        for send in self.late:
            with contextlib.suppress(DeviceFailed):
                send()

    def arrive_one(self, dice: random.Random) -> None:
        """One of the messages that are under way, not the oldest first."""
        if self.late:
            send = self.late.pop(dice.randrange(len(self.late)))
            with contextlib.suppress(DeviceFailed):
                send()

    def _settle(self) -> None:
        """A look ends a window, the next one asks."""
        for _ in range(2):
            for device in self.devices:
                device.window_ends()


class CheckedDriver(AgentDriver):
    def __init__(self, world: World, device: Device, number: int) -> None:
        self.world, self.device, self.number, self.name = world, device, number, device.name

    def close(self) -> None:
        """Nothing is open."""

    def _ask(self, verb: str, request: Mapping[str, Any]) -> dict[str, Any]:
        def send() -> dict[str, Any]:
            try:
                told: dict[str, Any] = getattr(self.device.agent, verb)(request)
            except Refused as refused:
                raise AgentRefused(self.name, refused.code, str(refused)) from refused
            except (KeyError, OSError) as error:  # as the agent's command answers it
                raise AgentRefused(self.name, "bad-request", repr(error)) from error
            return told

        cut = {("opiso", 0), ("iso", self.number)}
        answer: dict[str, Any] = self.world.deliver(send, ("dev", self.number, verb), cut)
        return answer


class CheckedWitnesses:
    def __init__(self, world: World) -> None:
        self.world = world

    def told(self) -> tuple[Witness, ...]:
        return tuple(Witness(f"mgmt-{n}", "", "") for n in range(self.world.witnesses))

    def enrol(self, keys: Any) -> None:
        """Whose keys may come is no part of the protocol."""

    def propose(self, id_: str, value: str) -> str:
        words = f"propose {id_} {value}"
        asked = [self._one(number, words) for number in range(self.world.witnesses)]
        return decided(asked, self.world.witnesses)

    def _one(self, number: int, words: str) -> str | None:
        try:
            cut = {("opiso", 0), ("opw", number), ("wit", number)}
            to = ("wit", number, "propose")
            said: str = self.world.deliver(lambda: self.world.register(number, words), to, cut)
        except DeviceFailed:
            return None
        return said


class Time:
    """The operator's clock: it passes when it sleeps, and fast."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += max(seconds, WINDOW / 2)


def each(
    names: Sequence[str],
    work: Callable[[str], None],
    stop: threading.Event | None = None,
    together: int = 1,
) -> None:
    """One after the other; as in the product the rest goes on and the first failure is raised."""
    failures: list[Exception] = []
    for name in names:
        try:
            work(name)
        except (DeviceFailed, Drift) as error:
            failures.append(error)
    if failures:
        raise failures[0]


def operate(world: World, id_: str, target: str = NEW, *, adopt: bool = False) -> Report | None:
    """A whole run of the product's operator; None where it was killed."""
    record = None if adopt else {FRR: OLD}
    wants = {d.name: Wanted(d.name, "", {FRR: target}, record, {}, adopt, {}) for d in world.devices}
    rules = dict.fromkeys(wants, RULES)
    plan = Plan(id_, "lab", wants, WAVES, WINDOW, WINDOW, {}, dict.fromkeys(wants, ()), rules=rules)
    drivers = {d.name: CheckedDriver(world, d, number) for number, d in enumerate(world.devices)}
    report = Report(id_, "lab")
    run = Operator(
        plan, drivers, CheckedWitnesses(world), report, lambda *_: None, threading.Event(), verify_seconds=2.0
    )
    try:
        run.run()
    except Killed:
        return None
    except (DeviceFailed, Drift):
        pass
    return report


def _impact(before: Texts, after: Texts, rules: Rules) -> Impact:
    """Of the few texts of all runs, each once."""
    assert rules is RULES
    return _impact_of(tuple(before.items()), tuple(after.items()))


@cache
def _impact_of(before: tuple[tuple[str, str], ...], after: tuple[tuple[str, str], ...]) -> Impact:
    return impact(dict(before), dict(after), RULES)


@contextlib.contextmanager
def quick() -> Iterator[None]:
    """The operator without threads, and without waiting."""
    with (
        patch.object(product, "each", each),
        patch.object(change, "impact", _impact),
        patch.object(product, "time", Time()),
        patch.object(product, "WindowKeeper", lambda *_: contextlib.nullcontext()),
        patch("igoudar.agent.windows.fcntl.flock"),
        patch("igoudar.agent.core.worker_name", lambda: "1 "),  # its start time would be read from /proc
    ):
        yield


def faults(witnesses: int) -> list[Fault]:
    """Every fault of ten kinds (`lost` and `mute` are both the loss of a message)."""
    found: list[Fault] = [("crash", 0), ("opiso", 0), *((kind, 0) for kind in FAULTS_OF_MESSAGES)]
    found += [(kind, number) for kind in FAULTS_OF_DEVICES for number in range(3)]
    found += [(kind, number) for kind in ("opw", "wit") for number in range(witnesses)]
    return found


def wrong(schedule: Schedule, witnesses: int) -> str:
    """What a schedule leads to that must not be; empty where all is well."""
    world = World(witnesses, schedule)
    report = operate(world, "t1")
    unsettled = any(device.agent.store.open() for device in world.devices)
    world.alone()
    world.heal(late_first=True)
    said = _judge(world, report)
    if world.late and not said:
        world = World(witnesses, schedule)
        report = operate(world, "t1")
        world.alone()
        world.heal(late_first=False)
        said = _judge(world, report)
    return said or (_next_run(schedule, witnesses) if unsettled else "")


def _next_run(schedule: Schedule, witnesses: int) -> str:
    """Everything heals, and another run of the stack comes before any window ends."""
    world = World(witnesses, schedule)
    operate(world, "t1")
    world.down.clear()
    world.schedule = ()
    report = operate(world, "t2")
    world.heal(late_first=True)
    said = _judge(world, report)
    return f"next run: {said}" if said else ""


def _judge(world: World, report: Report | None) -> str:
    live = {device.live for device in world.devices}
    if len(live) > 1:
        return "mixed: " + " ".join("new" if d.live == NEW else "old" for d in world.devices)
    if any(device.agent.store.open() for device in world.devices):
        return "still open"
    states = set(report.states.values()) if report is not None else set()
    if states & {"new", "unconfirmed"} and live != {NEW}:
        return "reported new, is old"
    if states & {"old", "restored"} and live != {OLD}:
        return "reported old, is new"
    return ""


def by_hand(witnesses: int) -> Iterator[tuple[int, int, tuple[int, Fault] | None]]:
    """Before which message a switch that is not armed yet may be changed by hand, and one fault beside it."""
    world = World(witnesses, ())
    operate(world, "t1")
    for number in range(len(world.devices)):
        armed = world.log.index(("dev", number, "arm"))
        for at in range(armed + 1):
            yield number, at, None
            for later, possible in places(((at, ("hand", number)),), witnesses):
                for fault in possible if later >= at else ():
                    yield number, at, (later, fault)


def overwritten(number: int, at: int, beside: tuple[int, Fault] | None, witnesses: int) -> str:
    """What becomes of a change by hand that nobody saw; empty where it and all else stay as they were."""
    schedule = ((at, ("hand", number)), *((beside,) if beside else ()))
    world = World(witnesses, schedule)
    report = operate(world, "t1")
    world.alone()
    world.heal(late_first=True)
    wanted = [BY_HAND if n == number else OLD for n in range(len(world.devices))]
    if [device.live for device in world.devices] != wanted:
        return "a change by hand is lost" if world.devices[number].live != BY_HAND else "mixed"
    return "reported new" if report is not None and report.outcome == "done" else ""


def places(schedule: Schedule, witnesses: int) -> Iterator[tuple[int, list[Fault]]]:
    """Where a further fault may happen, and which: before each message, then while switches are alone."""
    world, every = World(witnesses, schedule), faults(witnesses)
    operate(world, "t1")
    messages = world.step
    world.alone()
    lasting = [fault for fault in every if fault[0] in ("iso", "cutw", "boot", "wit")]
    for at, step in enumerate(world.log):
        yield at, [fault for fault in (every if at < messages else lasting) if _meets(fault, step)]


def _meets(fault: Fault, step: Step) -> bool:
    """Whether it makes a difference that a fault comes just before this step and not before the next one.

    What befalls one switch or one witness commutes with what only others hear of. A switch that asks
    (`own`, `prepare`) meets the witnesses, and so does one that is started anew or whose window ends.
    """
    (kind, number), (who, whom, of) = fault, step
    asks = who == "own" or of == "prepare"
    match kind:
        case "iso" | "cutw":
            return who in ("dev", "own") and whom == number
        case "boot" | "slow":
            return who in ("wit", "own") or whom == number
        case "opw":
            return (who, whom) == ("wit", number)
        case "wit":  # also between the proposals to the others: a switch in doubt may ask then
            return asks or who == "wit"
    return True


def schedules(first: Fault, witnesses: int) -> Iterator[Schedule]:
    """All schedules of one or two faults that begin with this one."""
    for at, possible in places((), witnesses):
        if first in possible:
            yield ((at, first),)
            for later, seconds in places(((at, first),), witnesses):
                for second in seconds if later >= at else ():
                    yield (at, first), (later, second)


def violations(first: Fault, witnesses: int) -> tuple[int, dict[str, Schedule]]:
    """How many schedules were tried, and one for each thing that must not be."""
    found: dict[str, Schedule] = {}
    tried = 0
    with quick():
        for schedule in schedules(first, witnesses):
            tried += 1
            if said := wrong(schedule, witnesses):
                found.setdefault(said, schedule)
    return tried, found
