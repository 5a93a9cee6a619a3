"""Preview of the stack of one general hall of the reference campus, by the real engine: seconds and memory.

Four times: as the campus describes it, all of it planned; in service, whose boxes have serials and addresses
and whose numbers are in the ledger; the same with a record of it; and after a server has drawn less. No
device is there: a record is what a preview says that it would be.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from netaddr import IPAddress

from bench_parts.children import cpu_of_children
from igoudar.allocate import allocate
from igoudar.compiler import describe
from igoudar.day import today
from igoudar.inventory import load_hall, load_halls, read_documents
from igoudar.ledger import Ledger, dump_ledger
from igoudar.model import Role
from igoudar.one_hall import halls_of
from tests.stacks.checkout import Checkout, make

SITE, STACK = "dakhla", "hall"
FIRST_ADDRESS = int(IPAddress("10.1.0.0"))
UNMANAGED = (Role.OOB, Role.SUPER_SPINE)
AT_MOST = 1800  # seconds of one command
EVERY = 0.05  # seconds between two looks at the memory


def lines(hall: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as name:
        checkout = replace(make(Path(name)), seconds=AT_MOST)
        _stacks(checkout.folder, hall)
        checkout.run("stack", "init", STACK)
        yield f"{hall}, planned: {_previewed(checkout)}"
        _in_service(checkout.folder, hall)
        yield f"  in service, no record yet: {_previewed(checkout)}"
        checkout.record_what_is_previewed()
        yield f"  recorded: {_previewed(checkout, '--expect-no-changes')}"
        box = f"srv-{hall}-a01-1: {{"
        checkout.edit(f"inventory/{SITE}/in-service.yaml", box, f"{box}draw: 480 W, ")
        yield f"  one server draws 480 W: {_previewed(checkout)}"


def _stacks(folder: Path, hall: str) -> None:
    """The hall in a stack, all others in another."""
    halls = halls_of(read_documents(folder / "inventory" / SITE, folder))
    for stack, scope in ((STACK, hall), ("rest", ",".join(h for h in halls if h != hall))):
        text = f"config:\n  igoudar:site: {SITE}\n  igoudar:scope: {scope}\n"
        (folder / f"Pulumi.{stack}.yaml").write_text(text, "utf-8")


def _in_service(folder: Path, hall: str) -> None:
    """Each box of the hall but management hosts, which know every box of a site."""
    place = (folder / "inventory" / SITE, folder)
    overrides, units = ["overrides:\n"], ["name,serial\n"]
    for number, device in enumerate(load_hall(read_documents(*place), place, hall).devices.values()):
        if device.role is not Role.MANAGEMENT:
            address = "" if device.role in UNMANAGED else f", oob: {IPAddress(FIRST_ADDRESS + number)}/11"
            overrides.append(f"  {device.name}: {{status: active{address}}}\n")
            units.append(f"{device.name},SN{number:06}\n")
    (place[0] / "units").mkdir()
    (place[0] / "units" / f"{hall}.csv").write_text("".join(units), "utf-8")
    (place[0] / "in-service.yaml").write_text("".join(overrides), "utf-8")
    plan = allocate(describe(load_halls(*place, [hall]), folder), Ledger(), today())
    (place[0] / "ledger.yaml").write_text(dump_ledger(Ledger(plan.numbers)), "utf-8")


def _previewed(checkout: Checkout, *words: str) -> str:
    """Seconds, CPU seconds, the most memory that all processes took together, and what was printed."""
    begun, worked = time.monotonic(), cpu_of_children()
    command = ["pulumi", "preview", "--stack", STACK, *words, "--non-interactive", "--color", "never"]
    said = checkout.folder / ".igoudar/preview.txt"
    with said.open("w", encoding="utf-8") as out:
        running = subprocess.Popen(
            command, cwd=checkout.folder, env=dict(checkout.environment), stdout=out, stderr=subprocess.STDOUT
        )
        most: dict[str, float] = {}
        while running.poll() is None:
            most = max(most, _memory(checkout.folder), key=lambda now: sum(now.values()))
            time.sleep(EVERY)
    text = said.read_text("utf-8")
    if running.returncode:
        sys.exit(text)
    took = f"{time.monotonic() - begun:.1f} s, {cpu_of_children() - worked:.1f} CPU-s"
    parts = ", ".join(f"{kind} {mb:.0f}" for kind, mb in sorted(most.items()))
    return f"{took}, {sum(most.values()):.0f} MB ({parts}), {len(text.splitlines())} lines printed"


def _memory(folder: Path) -> dict[str, float]:
    """MB that are resident, by kind of process, of those that run in the checkout."""
    found: dict[str, float] = defaultdict(float)
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            if (process / "cwd").readlink().is_relative_to(folder):
                pages = int((process / "statm").read_text("ascii").split()[1])
                found[_kind((process / "cmdline").read_bytes())] += pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    return dict(found)


def _kind(command: bytes) -> str:
    words = command.decode("utf-8", "replace").split("\0")
    name = Path(words[0]).name
    if "igoudar.provider" in words:
        return "provider"
    if any("pulumi-language-python-exec" in word for word in words):
        return "program"
    return "engine" if name == "pulumi" else "language host" if name.startswith("pulumi-language") else name
