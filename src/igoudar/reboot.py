"""Reboots a host and waits until it serves again: a new login after another boot, then its units.

One host at a time; who goes together is for `igoudar.host_waves` to say.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from shlex import quote

from igoudar.errors import DeviceFailed
from igoudar.host_history import PATH
from igoudar.transport import Access, Session, connect
from igoudar.worker.lockout import FOLDER
from igoudar.worker.results import BUSY, SILENT, HostResult
from igoudar.worker.shell import shell_text

BACK_SECONDS = 900.0  # a server with much memory tests it for ten minutes before it boots
UNITS_SECONDS = 180.0
LOOK_SECONDS = 2.0
BOOT = "cat /proc/sys/kernel/random/boot_id"
# Not in the middle of a run of roles, nor while a host is about to go back by itself.
HELD = 75
STATE = PATH.rpartition("/")[0]
GO = f"""sudo -n sh -c '
    [ ! -s {FOLDER}/armed ] || {{ echo "its last change waits for a new login" >&2; exit 1; }}
    mkdir -p {STATE}
    exec flock -n -E {HELD} {STATE}/lock systemctl --no-block reboot'"""
# The host's own judgement, as a run of roles has it; it prints why, or nothing.
ASK = """STATE=/
say() { printf '%s' "$2"; }
encode() { printf '%s' "$1"; }
"""


@dataclass(frozen=True, slots=True)
class Reboots:
    """`say` hears of each step; `by`: in whose name, for the history of each host."""

    by: str
    say: Callable[[str, str], None] = lambda host, text: None
    connect: Callable[[Access], Session] = connect
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def why(self, access: Access) -> str:
        """Why the host wants a reboot, or empty. Raises DeviceFailed."""
        record = shell_text("host_record.sh")
        with self.connect(access) as session:
            result = session.run("sh -s", f"{ASK}{record}\ntell_reboot\n".encode())
        return result.out.decode(errors="replace").strip()

    def reboot(self, access: Access, units: Sequence[str]) -> HostResult:
        """`units`: those that have to be active again. Never raises for what the host does."""
        host, began = access.host, self.clock()

        def ended(status: str, message: str = "") -> HostResult:
            return HostResult(host, status, message=message, seconds=round(self.clock() - began, 1))

        try:
            before = self._go(access)
        except DeviceFailed as error:
            return ended(SILENT, str(error))
        if before.startswith("!"):
            return ended("failed", before[1:])
        self.say(host, "goes down")
        if (why := self._back(access, before)) or (why := self._units(access, units)):
            return ended("failed", why)
        return ended("ok")

    def _go(self, access: Access) -> str:
        """The boot that ends now, or `!` and why it does not. Raises DeviceFailed where nothing was begun."""
        with self.connect(access) as session:
            boot = session.run(BOOT).out.decode().strip()
            line = f"$(date -u +%Y-%m-%dT%H:%M:%SZ)\\t{self.by}\\treboot\\n"
            note = f'mkdir -p {STATE} && printf "{line}" >>{PATH}'
            session.run(f"sudo -n sh -c {quote(note)}")
            try:
                result = session.run(GO)
            except DeviceFailed:  # it is faster than its answer
                return boot
        if result.status == HELD:
            return f"!{BUSY}"
        return boot if result.status in (0, -1) else f"!{result.err.decode(errors='replace').strip()}"

    def _back(self, access: Access, before: str) -> str:
        """Why there was no new login after another boot, or empty."""
        deadline, last = self.clock() + BACK_SECONDS, "it did not go down"
        while self.clock() < deadline:
            self.sleep(LOOK_SECONDS)
            try:
                with self.connect(access) as session:
                    found = session.run(BOOT).out.decode().strip()
            except DeviceFailed as error:
                last = str(error)
                continue
            if found and found != before:
                self.say(access.host, "is back")
                return ""
            last = "it did not go down"
        return f"did not come back in {BACK_SECONDS:.0f} s: {last}"

    def _units(self, access: Access, units: Sequence[str]) -> str:
        """Which units are not active in time, or empty."""
        if not units:
            return ""
        deadline, last = self.clock() + UNITS_SECONDS, ""
        while True:
            try:
                with self.connect(access) as session:
                    result = session.run(f"systemctl is-active -- {' '.join(map(quote, units))}")
                states = result.out.decode(errors="replace").split()
                missing = [unit for unit, state in zip(units, states, strict=False) if state != "active"]
                last = f"not active after {UNITS_SECONDS:.0f} s: {', '.join(missing)}"
                if len(states) == len(units) and not missing:
                    return ""
            except DeviceFailed as error:
                last = str(error)
            if self.clock() > deadline:
                return last
            self.sleep(LOOK_SECONDS)
