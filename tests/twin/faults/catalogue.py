"""The faults: at which moment of a change what happens, how it is healed, and how the change may end.

`{s}` in a moment is the switch that is hit. A fault's `act` answers what the operator is told then; an empty
word where it is not there any more.
"""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from igoudar import twin
from tests.twin.bare import at_all
from tests.twin.faults.fabric import STACK, WINDOW, WITNESSES, Fabric

OLD, NEW, EITHER = frozenset({"old"}), frozenset({"new"}), frozenset({"old", "new"})
REGISTERS = "/var/lib/igoudar-witness/registers"
FILL = """
touch /fill
for size in 512M 64M 8M 1M 64K 4K; do
  while fallocate -o "$(stat -c %s /fill)" -l $size /fill 2>/dev/null; do :; done
done
"""
AWAY_SECONDS = 12
SETTLING_SECONDS = 12


@dataclass(slots=True)
class Scene:
    """A change that has come to its moment. `switch` is hit; `again` begins another operator's run."""

    fabric: Fabric
    switch: str
    process: subprocess.Popen[str]
    dice: random.Random
    again: Callable[[str], str]

    def on(self, name: str, script: str) -> str:
        return self.fabric.sh(name, script)

    def kill(self) -> str:
        self.process.kill()
        self.process.wait()
        return ""


def nothing(scene: Scene) -> None:
    """It heals by itself."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`reports`: outcomes that the operator may tell; empty where it can tell none."""

    name: str
    moment: str
    act: Callable[[Scene], str]
    ends: frozenset[str]
    heal: Callable[[Scene], None] = nothing
    reports: frozenset[str] = frozenset()
    truthful: bool = True


def says(word: str) -> Callable[[Scene], str]:
    return lambda scene: word


def kill(scene: Scene) -> str:
    return scene.kill()


def kill_soon(scene: Scene) -> str:
    """In the middle of what the message starts."""
    assert scene.process.stdin is not None
    scene.process.stdin.write("go\n")
    scene.process.stdin.flush()
    time.sleep(scene.dice.uniform(0.1, 2.0))
    return scene.kill()


def pause(scene: Scene) -> str:
    """The operator stands still past every window, and then goes on as if nothing had been."""
    scene.process.send_signal(signal.SIGSTOP)
    time.sleep(WINDOW + 2)
    scene.process.send_signal(signal.SIGCONT)
    return "go"


def no_management(scene: Scene) -> str:
    away = f"sleep 0.3; ip link set eth0 down; sleep {AWAY_SECONDS}; ip link set eth0 up"
    scene.on(scene.switch, f"systemd-run --quiet --collect sh -c '{away}'")
    time.sleep(0.6)
    return "go"


def no_power(scene: Scene) -> str:
    twin.power(scene.fabric.folder, scene.switch, "off")
    return "go"


def power(scene: Scene) -> None:
    twin.power(scene.fabric.folder, scene.switch, "on")


def no_witnesses(scene: Scene) -> str:
    scene.on(scene.switch, _routes("add"))
    return "go"


def witnesses_again(scene: Scene) -> None:
    scene.on(scene.switch, _routes("delete"))


def _routes(verb: str) -> str:
    """The operator comes by another way."""
    hosts = (f"192.0.2.{number}/32" for number in WITNESSES.values())
    return "; ".join(f"ip route {verb} blackhole {host}" for host in hosts)


def dies_without_witnesses(scene: Scene) -> str:
    no_witnesses(scene)
    return scene.kill()


def later_witnesses_again(scene: Scene) -> None:
    time.sleep(WINDOW)
    witnesses_again(scene)


def without(*names: str) -> Callable[[Scene], str]:
    def act(scene: Scene) -> str:
        for name in names:
            twin.power(scene.fabric.folder, name, "off")
        return "go"

    return act


def back(*names: str) -> Callable[[Scene], None]:
    def heal(scene: Scene) -> None:
        at_all(names, lambda name: twin.power(scene.fabric.folder, name, "on"))

    return heal


def wipe(scene: Scene) -> str:
    scene.on("mgmt-2", f"rm -f {REGISTERS}/*")
    return scene.kill()


def fill(scene: Scene) -> str:
    scene.on(scene.switch, FILL)
    return "go"


def room(scene: Scene) -> None:
    scene.on(scene.switch, "rm -f /fill")


def fill_and_die(scene: Scene) -> str:
    fill(scene)
    return scene.kill()


def later_room(scene: Scene) -> None:
    """Not before it has asked the witnesses and gone back, on a disk that is full."""
    time.sleep(WINDOW + SETTLING_SECONDS)
    room(scene)


def read_only(scene: Scene) -> str:
    scene.on(scene.switch, "echo u > /proc/sysrq-trigger; sleep 1")
    return "go"


def started_anew(scene: Scene) -> None:
    twin.power(scene.fabric.folder, scene.switch, "cycle")


def no_bgpd(scene: Scene) -> str:
    scene.on(scene.switch, "pkill -9 bgpd")
    return "go"


def another_run(scene: Scene) -> str:
    said = scene.again(STACK)
    assert said == "done", said
    return "go"


def another_stack(scene: Scene) -> str:
    said = scene.again("other")
    assert said.startswith("not started"), said
    return "go"


def yesterday(scene: Scene) -> str:
    scene.on(scene.switch, "date -s '-1 day'")
    return scene.kill()


def today(scene: Scene) -> None:
    scene.on(scene.switch, f"date -s @{time.time():.0f}")


BACK, STOPPED = frozenset({"put back"}), frozenset({"not started"})
DONE, UNHEARD = frozenset({"done"}), frozenset({"unconfirmed"})

SUITE = (
    Fault("killed with a candidate written", "stage after {s}", kill, OLD),
    Fault("killed with one armed", "arm after {s}", kill, OLD),
    Fault("killed in the middle of a reload", "apply before {s}", kill_soon, OLD),
    Fault("killed with a wave applied", "verify after {s}", kill, OLD),
    Fault("killed between votes", "prepare after {s}", kill, OLD),
    Fault("killed before the decision", "propose before all", kill, OLD),
    Fault("killed after the decision", "propose after all", kill, NEW),
    Fault("killed between last words", "confirm after {s}", kill, NEW),
    Fault("paused past the window", "verify before {s}", pause, OLD, reports=BACK),
    Fault("paused past the window with all votes", "propose before all", pause, OLD, reports=BACK),
    Fault("operator cut off", "apply before {s}", says("cut"), OLD, reports=BACK),
    Fault("operator cut off with all votes", "propose before all", says("cut"), OLD),
    Fault("management of a switch lost", "apply before {s}", no_management, OLD, reports=BACK),
    Fault("management of a switch lost before the last word", "confirm before {s}", no_management, NEW),
    Fault("rebooted while armed", "apply before {s}", no_power, OLD, power, BACK),
    Fault("rebooted while applied", "apply after {s}", no_power, OLD, power, BACK),
    Fault("rebooted after its vote", "propose before all", no_power, NEW, power, UNHEARD),
    Fault("cut from the witnesses", "prepare before {s}", no_witnesses, OLD, witnesses_again, BACK),
    Fault(
        "in doubt without witnesses", "propose after all", dies_without_witnesses, NEW, later_witnesses_again
    ),
    Fault("one witness down", "prepare before {s}", without("mgmt-2"), NEW, back("mgmt-2"), DONE),
    Fault("one witness wiped", "propose after all", wipe, NEW),
    Fault("an answer lost", "apply after {s}", says("lose"), OLD, reports=BACK),
    Fault("a last word's answer lost", "confirm after {s}", says("lose"), NEW, reports=DONE),
    Fault("a message that comes late", "apply before {s}", says("late"), OLD, reports=BACK),
    Fault("a candidate refused", "wrong word {s}", says("go"), OLD, reports=STOPPED),
    Fault("a change that cuts its own sessions", "wrong peers {s}", says("go"), OLD, reports=BACK),
    Fault("full disk", "apply before {s}", fill, OLD, room, BACK),
    Fault("full disk once applied", "verify before {s}", fill, OLD, room, BACK),
    Fault("read-only disk", "apply before {s}", read_only, OLD, started_anew, BACK),
    Fault("bgpd crashes after apply", "verify before {s}", no_bgpd, EITHER),
    Fault("two operators at once", "verify before {s}", another_run, NEW, truthful=False),
    Fault("clock set back a day", "apply after {s}", yesterday, OLD, today),
)
MORE = (
    Fault("killed before the first is armed", "arm before {s}", kill, OLD),
    Fault("killed before votes", "prepare before {s}", kill, OLD),
    Fault("killed with one applied", "apply after {s}", kill, OLD),
    Fault("management of a switch lost while it is verified", "verify before {s}", no_management, OLD),
    Fault("operator cut off before the last word", "confirm before {s}", says("cut"), NEW, reports=UNHEARD),
    Fault(
        "two witnesses down",
        "propose before all",
        without("mgmt-2", "mgmt-3"),
        EITHER,
        back("mgmt-2", "mgmt-3"),
    ),
    Fault("a vote's answer lost", "prepare after {s}", says("lose"), OLD, reports=BACK),
    Fault("a vote that comes late", "prepare before {s}", says("late"), OLD, reports=BACK),
    Fault("a last word that comes late", "confirm before {s}", says("late"), NEW, reports=DONE),
    Fault("full disk at the start", "stage before {s}", fill, OLD, room, STOPPED),
    Fault("full disk with all votes", "propose before all", fill_and_die, OLD, later_room),
    Fault("an operator of another stack", "verify before {s}", another_stack, NEW, reports=DONE),
)
ALL = (*SUITE, *MORE)
