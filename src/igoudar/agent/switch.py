"""The files and daemons of a switch with ifupdown2 and FRR: read, validate, put in place, activate.

Exit statuses of reloads say little (FRR's reload stops half-way and ends with 0), so what is judged is what
lives afterwards: every daemon that the list of daemons names, and the same process where a reload was meant.
"""

from __future__ import annotations

import grp
import json
import pwd
import re
import shlex
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .disk import Attributes, Disk
from .protocol import Refused
from .running import canonical

DAEMONS_FILE, FRR_FILE, INTERFACES_FILE = "/etc/frr/daemons", "/etc/frr/frr.conf", "/etc/network/interfaces"
OWN_FILES = (FRR_FILE, INTERFACES_FILE)
ALWAYS = ("zebra", "staticd", "mgmtd")  # run whatever the list says
RELOAD = "/usr/lib/frr/frr-reload.py"
QUIET = ("--log-level", "error")
VALIDATE_SECONDS, RELOAD_SECONDS = 20, 240
INTERFACES_SHARE = 0.6
LEAST_SECONDS = 1.0  # of a try, and for daemons whose interfaces took all of the rest
IFRELOAD = "ifreload"
UNDER_WAY = ("activating", "deactivating")
DRAIN_SECONDS = 3.0  # datacenter profile: updates go out at once; the rest is the neighbours' work
SETTLE_SECONDS, SETTLE_STEP = 15.0, 0.2  # until daemons that were told to start live
WRONG = re.compile(r"(?i)error|invalid|unknown|unsupported")
WATCH_UNIT = "igoudar-agent-watch.service"
# What frr-reload.py prints of itself: headings, and lines of its log below an error.
NOISE = re.compile(r"\s*$|=+$|Lines To |\d{4}-\d\d-\d\d \S+ +(INFO|DEBUG):")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
RUNNING, SUMMARY = "show running-config no-header", "show bgp vrf all summary json"


@dataclass(frozen=True)
class Done:
    status: int
    said: str


class Switch:
    """`root` is `/` but in tests; commands are run by `run`, which tests replace."""

    def __init__(self, disk: Disk, root: Path = Path("/")) -> None:
        self.disk = disk
        self.root = root

    def run(self, words: Sequence[str], seconds: float) -> Done:
        try:
            done = subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=seconds,
                check=False,
            )
        except FileNotFoundError:
            return Done(127, f"{words[0]} is not installed; the role frr_switch brings it")
        except subprocess.TimeoutExpired:
            return Done(124, f"{shlex.join(words)} did not end in {seconds:.0f} s")
        return Done(done.returncode, done.stdout.decode("utf-8", "replace"))

    def path(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def fresh(self) -> bool:
        """Whether it routes nothing yet and has no addresses but its own way in: nobody's work is lost."""
        texts = {path: self._bytes(self.path(path)).decode("utf-8", "replace") for path in OWN_FILES}
        ports = set(re.findall(r"^\s*iface\s+(\S+)", texts[INTERFACES_FILE], re.MULTILINE)) - {"lo"}
        return len(ports) <= 1 and not re.search(r"^(router|vrf|ip route|ipv6 route) ", texts[FRR_FILE], re.M)

    def serial(self) -> str:
        """Of the box: the mainboard's, or what a twin writes in its place."""
        for name in ("/etc/igoudar/serial", "/sys/class/dmi/id/product_serial"):
            try:
                return self.path(name).read_text("utf-8").strip()
            except OSError:
                continue
        return ""

    def live(self, paths: Iterable[str]) -> dict[str, bytes]:
        """Bytes of the files; one that is absent counts as empty."""
        return {path: self._bytes(self.path(path)) for path in paths}

    def has(self, path: str) -> bool:
        return self.path(path).exists()

    def attributes(self, path: str) -> Attributes:
        """Owner and mode that the file has, or should have."""
        try:
            found = self.path(path).stat()
        except FileNotFoundError:
            if not path.startswith("/etc/frr/"):
                return Attributes(0, 0, 0o644)
            return Attributes(pwd.getpwnam("frr").pw_uid, grp.getgrnam("frr").gr_gid, 0o640)
        return Attributes(found.st_uid, found.st_gid, found.st_mode & 0o7777)

    def put(self, files: Mapping[str, bytes]) -> None:
        for path, data in files.items():
            self.disk.write(self.path(path), data, self.attributes(path))

    def validate(self, folder: Path, paths: Iterable[str]) -> None:
        """Judges candidates in `folder`, named as on the switch. Raises Refused with what was said.

        A candidate that is the live text is not judged: it runs already.
        """
        judges = {
            FRR_FILE: ["vtysh", "-C", "-f"],
            INTERFACES_FILE: ["ifup", "-a", "--syntax-check", "-i"],
            DAEMONS_FILE: ["sh", "-n"],
        }
        for path in paths:
            if path not in judges:
                raise Refused("bad-request", f"{path} is not a file of this switch")
            candidate = folder / path.lstrip("/")
            if self._bytes(candidate) == self._bytes(self.path(path)):
                continue
            done = self.run([*judges[path], str(candidate)], VALIDATE_SECONDS)
            wrong = [line for line in done.said.splitlines() if WRONG.search(line)]
            # ifup ends with 1 after a mere warning, such as the MTU of a bridge
            good = not wrong and done.status in (0, 1) if path == INTERFACES_FILE else done.status == 0
            if not good:
                raise Refused("candidate", f"{path}: {'; '.join(wrong or done.said.splitlines()[-3:])}")

    def activate(self, mode: str, seconds: float, *, interfaces: bool = True, again: bool = False) -> str:
        """Interfaces, then daemons, by a reload in mode `reload`; what went wrong, empty where nothing did.

        All of it in `seconds`; a good part of them is the daemons' whatever the interfaces do. `again`: goes
        on with a try that had too little time.
        """
        before = self.daemons()
        problems: list[str] = []
        ends = time.monotonic() + seconds
        if interfaces:
            share = seconds * INTERFACES_SHARE
            done = self.run(["ifreload", "-a"], max(share, seconds - LEAST_SECONDS) if again else share)
            problems += [f"{IFRELOAD}: {_last(done.said)}"] if done.status != 0 else []
        if mode != "reload":
            done = self._restarted(ends, again=again)
        else:
            # its own log file would keep every new line, passwords too
            done = self.run([RELOAD, "--reload", "--stdout", *QUIET, str(self.path(FRR_FILE))], _left(ends))
        if done.status != 0:
            problems.append(f"{mode} of frr: {_last(done.said)}")
        after = self._settled(min(SETTLE_SECONDS, _left(ends)))
        if missing := self.missing(after):
            problems.append(f"not running: {', '.join(missing)}")
        if mode == "reload" and (moved := sorted(d for d in before if after.get(d, before[d]) != before[d])):
            problems.append(f"restarted by themselves: {', '.join(moved)}")
        return "; ".join(problems)

    def _restarted(self, ends: float, *, again: bool) -> Done:
        """systemd goes on with what it was told before: a second restart would end it half-way."""

        def ask(*words: str) -> Done:
            return self.run(["systemctl", *words, "frr"], min(VALIDATE_SECONDS, _left(ends) / 2))

        if again and ask("is-active").said.strip() in UNDER_WAY:
            return self.run(["systemctl", "start", "frr"], _left(ends))
        ask("reset-failed")
        return self.run(["systemctl", "restart", "frr"], _left(ends))

    def _settled(self, seconds: float) -> dict[str, int]:
        """The daemons, as soon as all live that should, or when they had their time."""
        deadline = time.monotonic() + seconds
        while self.missing(found := self.daemons()) and time.monotonic() < deadline:
            time.sleep(SETTLE_STEP)
        return found

    def drain(self) -> None:
        """Asks all neighbours to go round it, by a community (RFC 8326), and gives them time; not kept."""
        self.run(["vtysh", "-c", "configure terminal", "-c", "bgp graceful-shutdown"], VALIDATE_SECONDS)
        time.sleep(DRAIN_SECONDS)

    def start_watch(self) -> None:
        """`restart`, because one that is about to end counts as running for `start`."""
        self.run(["systemctl", "restart", "--no-block", WATCH_UNIT], VALIDATE_SECONDS)

    def wrong_interfaces(self) -> list[str]:
        """What ifupdown2 finds otherwise than its file says: `<interface> <attribute and value>`, sorted."""
        done = self.run(["ifquery", "-a", "--check"], VALIDATE_SECONDS)
        wrong, interface = [], ""
        for line in done.said.splitlines():
            words = line.split()
            if words[:1] == ["iface"] and len(words) > 1:
                interface = words[1]
            if words and words[-1] == "[fail]":
                wrong.append(f"{interface} {' '.join(words[:-1])}")
        return sorted(wrong)

    def expected_daemons(self) -> set[str]:
        text = self._bytes(self.path(DAEMONS_FILE)).decode("utf-8", "replace")
        named = {m.group(1) for m in re.finditer(r"^(\w+d)=yes", text, re.MULTILINE)}
        return named | set(ALWAYS)

    def missing(self, living: Iterable[str]) -> list[str]:
        """Daemons that should live and do not."""
        return sorted(self.expected_daemons() - set(living))

    def daemons(self) -> dict[str, int]:
        """Daemon -> process id, by their pid files, living ones only."""
        found: dict[str, int] = {}
        for file in self.path("/run/frr").glob("*.pid"):
            try:
                pid = int(file.read_text("ascii"))
                name = self.path(f"/proc/{pid}/comm").read_text("ascii").strip()
            except (OSError, ValueError):
                continue
            if name == file.stem:
                found[name] = pid
        return found

    def running(self) -> str:
        done = self.run(["vtysh", "-c", RUNNING], VALIDATE_SECONDS)
        return done.said if done.status == 0 else ""

    def told(self) -> tuple[dict[str, str], str]:
        """`<vrf> <neighbour>` -> state of every BGP session, and `running`; empty where no daemon answers.

        By one vtysh, which takes longer to start than to answer. Its status is that of its last question.
        """
        done = self.run(["vtysh", "-c", RUNNING, "-c", SUMMARY], VALIDATE_SECONDS)
        running, end, summary = done.said.partition("\nend\n")
        return (_sessions(summary), running + end) if end else ({}, "")

    def residue(self, running: str) -> list[str]:
        """What the daemons would still have to be told; silence means that they run the file.

        FRR's own comparison is asked where `running` does not say the same statements in the same blocks.
        """
        if running and canonical(running) == canonical(
            self._bytes(self.path(FRR_FILE)).decode("utf-8", "replace")
        ):
            return []
        done = self.run([RELOAD, "--test", *QUIET, str(self.path(FRR_FILE))], RELOAD_SECONDS)
        lines = [COLOUR.sub("", line) for line in done.said.splitlines()]
        left = [line for line in lines if not NOISE.match(line)]
        return left or ([f"frr-reload.py --test failed: {_last(done.said)}"] if done.status != 0 else [])

    def _bytes(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return b""


def _left(ends: float) -> float:
    """Seconds until then, and a moment where there are none."""
    return max(ends - time.monotonic(), SETTLE_STEP)


def _sessions(summary: str) -> dict[str, str]:
    try:
        told: dict[str, Any] = json.loads(summary)
    except ValueError:  # words: no daemon for it, or no session
        return {}
    return {
        f"{vrf} {peer}": str(facts.get("state", ""))
        for vrf, families in told.items()
        if isinstance(families, dict)
        for family in families.values()
        if isinstance(family, dict)
        for peer, facts in (family.get("peers") or {}).items()
    }


def _last(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
