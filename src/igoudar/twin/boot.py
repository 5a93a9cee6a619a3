"""Starting a twin and waiting until its hosts answer."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from igoudar.errors import DeviceFailed, Missing
from igoudar.transport import Access, Relay, connect
from igoudar.twin.control import alive, ask, open_relay
from igoudar.twin.paths import Folder, Image
from igoudar.twin.preconditions import kernel_trial, preconditions, search_path, unshare_words
from igoudar.twin.seed import make_keys, public_line
from igoudar.twin.spec import TwinHost, TwinSpec

SUPERVISOR_SECONDS = 15
HOST_SECONDS = 240
BANNER_SECONDS = 3
POLL_SECONDS = 0.4
TOGETHER = 8
SETTLED = ("running", "degraded")

Progress = Callable[[str], None]


def up(spec: TwinSpec, path: Path, image: Image, progress: Progress) -> None:
    """Bring the twin to `spec` and wait for all its hosts. Raises Missing or DeviceFailed.

    Completes a twin that runs already, or was stopped half-way; hosts that are off are switched on.
    """
    folder = Folder(path)
    if lacks := list(preconditions(spec, path)):
        raise Missing("\n".join(lacks))
    for part in (folder.path, folder.disks, folder.seeds, folder.logs, folder.path / "uml"):
        part.mkdir(parents=True, exist_ok=True)
    make_keys(folder, spec)
    if not alive(folder):
        if said := kernel_trial(image):
            raise Missing(said)
        _forget_foreign_disks(folder, image)
        _start_supervisor(folder, image)
    beside = folder.spec.with_suffix(".new")
    beside.write_text(spec.to_json(), "utf-8")
    beside.replace(folder.spec)
    begun = time.monotonic()
    progress(f"starting {len(spec.hosts)} hosts and {len(spec.wires)} wires")
    ask(folder, do="adopt")
    wait_for(folder, spec, spec.names(), progress)
    progress(f"{len(spec.hosts)} hosts up after {time.monotonic() - begun:.0f} s")


def _forget_foreign_disks(folder: Folder, image: Image) -> None:
    """A host's disk holds what differs from one image; with another image it is worth nothing."""
    stamp = folder.path / "image"
    if stamp.exists() and stamp.read_text("utf-8") == str(image.disk):
        return
    for disk in folder.disks.glob("*.cow"):
        disk.unlink()
    stamp.write_text(str(image.disk), "utf-8")


def _start_supervisor(folder: Folder, image: Image) -> None:
    end(folder)
    words = [
        *unshare_words(),
        sys.executable,
        "-m",
        "igoudar.twin.supervisor",
        str(folder.path),
        str(image.path),
    ]
    with (folder.logs / "supervisor.log").open("ab") as log:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, "PATH": search_path()},
        )
    folder.pid.write_text(f"{process.pid}\n", "utf-8")
    deadline = time.monotonic() + SUPERVISOR_SECONDS
    while not alive(folder):
        if process.poll() is not None or time.monotonic() > deadline:
            lines = (folder.logs / "supervisor.log").read_text("utf-8", "replace").splitlines()
            raise Missing(
                f"the twin's first process did not start: {lines[-1] if lines else 'it said nothing'}"
            )
        time.sleep(0.05)


def end(folder: Folder) -> None:
    """Stop the twin if it runs; return when its first process is gone."""
    with contextlib.suppress(Missing, DeviceFailed):
        ask(folder, do="stop")
    pid = int(folder.pid.read_text("utf-8")) if folder.pid.exists() else 0
    deadline = time.monotonic() + 5
    while pid and _is_ours(pid, folder):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    folder.pid.unlink(missing_ok=True)


def _is_ours(pid: int, folder: Folder) -> bool:
    """Whether the process is the twin's `unshare`; a number may be another's by now."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z" and str(folder.path).encode() in command.split(b"\0")


def wait_for(folder: Folder, spec: TwinSpec, names: tuple[str, ...], progress: Progress) -> None:
    """Until each host lets us in and its init has settled. Raises DeviceFailed with those that do not."""
    deadline = time.monotonic() + HOST_SECONDS
    begun, said = time.monotonic(), 0.0
    waiting, failed = set(names), dict[str, str]()
    with ThreadPoolExecutor(TOGETHER) as pool:
        futures = {pool.submit(_settled, folder, spec, spec.host(name), deadline): name for name in names}
        while waiting:
            for future in [f for f in futures if f.done()]:
                name = futures.pop(future)
                waiting.discard(name)
                if problem := future.result():
                    failed[name] = problem
            if time.monotonic() - said > 3 and waiting:
                said = time.monotonic()
                shown = ", ".join(sorted(waiting)[:4]) + (", ..." if len(waiting) > 4 else "")
                count = f"{len(names) - len(waiting)} of {len(names)}"
                progress(f"{count} up after {said - begun:.0f} s, not yet: {shown}")
            time.sleep(0.1)
    if failed:
        raise DeviceFailed("\n".join(f"{name}: {problem}" for name, problem in sorted(failed.items())))


def _settled(folder: Folder, spec: TwinSpec, host: TwinHost, deadline: float) -> str:
    """Empty when the host is up, else what is wrong."""
    problem = "no answer"
    while time.monotonic() < deadline:
        if _banner(folder, host):
            try:
                with connect(access(folder, spec, host)) as session:
                    told = session.run("systemctl is-system-running --wait", timeout=60).out
            except DeviceFailed as error:
                problem = str(error)
            else:
                state = told.decode("utf-8", "replace").strip()
                if state in SETTLED:
                    return ""
                problem = f"its init says {state!r}"
        time.sleep(POLL_SECONDS)
    return f"{problem}; its console is in {folder.logs / host.name}.log"


def _banner(folder: Folder, host: TwinHost) -> bool:
    """Whether sshd speaks: cheaper to ask for, again and again, than a login."""
    try:
        with open_relay(folder, host.oob.partition("/")[0], 22) as sock:
            sock.settimeout(BANNER_SECONDS)
            return sock.recv(4) == b"SSH-"
    except (DeviceFailed, OSError):
        return False


def access(folder: Folder, spec: TwinSpec, host: TwinHost) -> Access:
    return Access(
        host=host.name,
        address=host.oob.partition("/")[0],
        user=spec.login,
        key_path=folder.login_key,
        host_key=public_line(folder.host_keys / host.name),
        via=Relay(folder.path),
    )
