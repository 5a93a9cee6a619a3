"""A snapshot of the pool to a mirror, over a login of ours: what is missing there, and seen when it is whole.

What runs there is `receive.sh`. A run that broke off goes on where it was.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from secrets import token_hex
from shlex import quote

from igoudar.errors import DeviceFailed, Missing, first_and_more
from igoudar.pool import MIRRORED
from igoudar.pool.apt import Told
from igoudar.pool.folder import NAMED, megabytes
from igoudar.pool.lock import Lock
from igoudar.transport import Session

TOGETHER = 16 * 10**6  # bytes of one message, between two lines of progress; a larger file goes alone
SECONDS = 3600.0  # of one message: a slow line, or the sums of a whole pool
LISTS = "main/binary-{architecture}/Packages"
INDEX = ("InRelease", "Release", LISTS, f"{LISTS}.gz")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`files`: path below `root` -> its sha256, of the lock for packages."""

    name: str
    root: Path
    files: dict[str, str]

    def size(self, path: str) -> int:
        return (self.root / path).stat().st_size


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a mirror was sent; `bytes` of files, none where it had all."""

    files: int
    bytes: int


def snapshot_of(lock: Lock, folder: Path) -> Snapshot:
    """As `fetch` left it. Raises Missing where it is not whole."""
    root, lists = folder / lock.snapshot, f"dists/{lock.suite}"
    files = {one.file: one.sha256 for one in lock.packages.values()}
    missing = [one.file for one in lock.packages.values() if not _is_there(root / one.file, one.size)]
    for path in (f"{lists}/{name.format(architecture=lock.architecture)}" for name in INDEX):
        if _is_there(root / path):
            files[path] = hashlib.sha256((root / path).read_bytes()).hexdigest()
        else:
            missing.append(path)
    if missing:
        raise Missing(f"{root} lacks {first_and_more(missing, NAMED)}; igoudar pool fetch makes it whole")
    return Snapshot(lock.snapshot, root, files)


def _is_there(path: Path, size: int | None = None) -> bool:
    return path.is_file() and size in (None, path.stat().st_size)


def push(session: Session, snapshot: Snapshot, told: Told, pool: str = MIRRORED) -> Pushed:
    """To the mirror that the session is of. Raises DeviceFailed; what arrived stays for the next time."""
    there = _Mirror(session, pool, snapshot.name, token_hex(8))
    sums = "".join(f"{sum_}  {path}\n" for path, sum_ in snapshot.files.items())
    missing = there.does("begin", sums.encode()).splitlines()
    if missing == ["there"]:
        return Pushed(0, 0)
    if strange := [path for path in missing if path not in snapshot.files]:
        said = f"asks for {strange[0]!r}, which is not of the snapshot; look at what its shell prints"
        raise DeviceFailed(f"{session.access}: {said}")
    size, sent, done = sum(map(snapshot.size, missing)), 0, 0
    for some in _batches(snapshot, missing):
        there.does("take", _tar(snapshot, some))
        sent, done = sent + sum(map(snapshot.size, some)), done + len(some)
        told(f"{done} of {len(missing)} files, {megabytes(sent)} of {megabytes(size)}")
    there.does("end")
    return Pushed(len(missing), size)


@dataclass(frozen=True, slots=True)
class _Mirror:
    session: Session
    pool: str
    snapshot: str
    who: str

    def does(self, verb: str, stdin: bytes = b"") -> str:
        program = resources.files("igoudar.pool").joinpath("receive.sh").read_text("utf-8")
        words = ("sh", "-c", program, "receive", self.pool, self.snapshot, verb, self.who)
        done = self.session.run(f"sudo -n {' '.join(map(quote, words))}", stdin, SECONDS)
        if done.status != 0:
            said = done.err.decode("utf-8", "replace").split("\n")  # tar's last line says nothing
            why = "; ".join([line for line in said if line.strip()][:NAMED]) or f"it ended with {done.status}"
            raise DeviceFailed(f"{self.session.access}: {why}")
        return done.out.decode("utf-8", "replace")


def _batches(snapshot: Snapshot, paths: Sequence[str]) -> Iterator[list[str]]:
    some, size = list[str](), 0
    for path in paths:
        if some and size + snapshot.size(path) > TOGETHER:
            yield some
            some, size = [], 0
        some.append(path)
        size += snapshot.size(path)
    if some:
        yield some


def _tar(snapshot: Snapshot, paths: Sequence[str]) -> bytes:
    """With the files' names, texts and times, and nothing else of this machine."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", dereference=True) as tar:  # links of the pool are its own
        for path in paths:
            entry = tar.gettarinfo(snapshot.root / path, path)
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = ""
            entry.mode = 0o644
            with (snapshot.root / path).open("rb") as file:
                tar.addfile(entry, file)
    return made.getvalue()
