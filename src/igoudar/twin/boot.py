"""Starting and ending a twin, from outside of its namespaces."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from igoudar.errors import DeviceFailed, Missing
from igoudar.twin.control import alive, ask
from igoudar.twin.paths import CONTROL, RELAY, Folder, Image
from igoudar.twin.preconditions import kernel_trial, preconditions, search_path, unshare_words
from igoudar.twin.seed import make_keys
from igoudar.twin.spec import TwinSpec
from igoudar.twin.waiting import Progress, wait_for
from igoudar.world import ID

SUPERVISOR_SECONDS = 15
END_SECONDS = 5
MADE_OF = "made-of"  # the folder of the image that the disks are differences of
KEEPS = "the image is newer than this twin: its hosts keep theirs until the twin is taken down"


def up(spec: TwinSpec, path: Path, image: Image, progress: Progress) -> None:
    """Bring the twin to `spec` and wait for all its hosts. Raises Missing or DeviceFailed.

    Completes a twin that runs already, or was stopped half-way; hosts that are off are switched on.
    """
    folder = Folder(path.absolute())
    begun = time.monotonic()
    with _alone(folder, progress):
        running = _running(folder)
        if lacks := list(preconditions(spec, folder.path, running or frozenset())):
            raise Missing("\n".join(lacks))
        for part in (folder.disks, folder.seeds, folder.logs, folder.path / "uml", folder.memory):
            part.mkdir(parents=True, exist_ok=True)
        make_keys(folder, spec)
        if running is None:
            image = _image_of(folder, image, progress)
            if said := kernel_trial(image):
                raise Missing(said)
            _start_supervisor(folder, image)
        elif _made_of(folder) not in (None, image):
            progress(KEEPS)
        beside = folder.spec.with_suffix(".new")
        beside.touch(mode=0o600)  # files of far routers hold passwords
        beside.write_text(spec.to_json(), "utf-8")
        beside.replace(folder.spec)
        progress(f"{len(spec.hosts)} hosts, {len(spec.wires)} wires; {len(running or ())} hosts run already")
        ask(folder, do="adopt")
    wait_for(folder, spec, spec.names(), progress)
    progress(f"{len(spec.hosts)} of {len(spec.hosts)} up after {time.monotonic() - begun:.0f} s")


def down(path: Path, *, wipe: bool = False) -> None:
    """End the twin and drop its disks; `wipe`: its keys too, that is, the whole folder."""
    folder = Folder(path.absolute())
    if not folder.path.is_dir():
        return
    with _alone(folder, lambda _: None):
        _end(folder)
        if wipe:
            shutil.rmtree(folder.path)
            return
        folder.spec.unlink(missing_ok=True)
        for part in (folder.disks, folder.seeds, folder.logs, folder.path / "uml", folder.memory):
            shutil.rmtree(part, ignore_errors=True)
        for name in (CONTROL, RELAY, "out.bpf", MADE_OF, ID):
            (folder.path / name).unlink(missing_ok=True)


@contextlib.contextmanager
def _alone(folder: Folder, progress: Progress) -> Iterator[None]:
    """One `up` or `down` at a time; a lock ends with its process, however that ends."""
    lock = folder.path / "lock"
    while True:
        folder.path.mkdir(parents=True, exist_ok=True)
        with lock.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                progress(f"another command starts or ends the twin in {folder.path}; waiting for it")
                fcntl.flock(file, fcntl.LOCK_EX)
            if not lock.exists() or lock.stat().st_ino != os.fstat(file.fileno()).st_ino:
                continue  # the folder was wiped meanwhile
            yield
            return


def _running(folder: Folder) -> frozenset[str] | None:
    """Names of hosts that are on; None where no twin runs."""
    if not alive(folder):
        return None
    hosts = ask(folder, do="status")["hosts"] if folder.spec.exists() else []
    return frozenset(h["name"] for h in hosts if h["state"] == "on")


def _made_of(folder: Folder) -> Image | None:
    stamp = folder.path / MADE_OF
    return Image(Path(stamp.read_text("utf-8"))) if stamp.exists() else None


def _image_of(folder: Folder, image: Image, progress: Progress) -> Image:
    """The image that the twin's disks are differences of, where there are any; else the one given."""
    made_of, disks = _made_of(folder), list(folder.disks.glob("*.cow"))
    if disks and made_of and made_of != image and made_of.disk.exists() and made_of.kernel.exists():
        progress(KEEPS)
        return made_of
    if disks and made_of != image:
        progress("the image of this twin's disks is gone: its hosts begin anew")
        for disk in disks:
            disk.unlink()
    if not list(folder.disks.glob("*.cow")):
        (folder.path / ID).write_text(secrets.token_hex(3), "ascii")
    (folder.path / MADE_OF).write_text(str(image.path), "utf-8")
    return image


def _start_supervisor(folder: Folder, image: Image) -> None:
    _end(folder)
    log = folder.logs / "supervisor.log"
    words = [*unshare_words(), sys.executable, "-m", "igoudar.twin.supervisor"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*words, str(folder.path), str(image.path)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            env={**os.environ, "PATH": search_path()},
        )
    folder.pid.write_text(f"{process.pid}\n", "utf-8")
    deadline = time.monotonic() + SUPERVISOR_SECONDS
    while not alive(folder):
        if process.poll() is not None or time.monotonic() > deadline:
            lines = log.read_text("utf-8", "replace").splitlines() or ["it said nothing"]
            raise Missing(f"the twin's first process did not start: {lines[-1]}")
        time.sleep(0.05)


def _end(folder: Folder) -> None:
    """Stop the twin if it runs; return when its first process is gone."""
    with contextlib.suppress(Missing, DeviceFailed):
        ask(folder, do="stop")
    pid = int(folder.pid.read_text("utf-8") or 0) if folder.pid.exists() else 0
    deadline = time.monotonic() + END_SECONDS
    while pid and _is_ours(pid, folder):
        if time.monotonic() > deadline:
            with contextlib.suppress(ProcessLookupError):
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
