"""Files of the agent: what is written is durable when the call returns. And its locks.

Everything that the agent keeps goes through a `Disk`, so that a checker can put one in memory in its place.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Attributes:
    """Owner and mode of a file."""

    uid: int
    gid: int
    mode: int


class Disk:
    """Every change that the agent makes to files goes through here, and all that it reads of its own."""

    def read(self, path: Path) -> bytes:
        """Raises FileNotFoundError."""
        return path.read_bytes()

    def has(self, path: Path) -> bool:
        return path.exists()

    def names(self, path: Path) -> list[str]:
        """What is in the folder, sorted; nothing where there is none."""
        return sorted(found.name for found in path.iterdir()) if path.is_dir() else []

    def age(self, path: Path) -> float:
        """Seconds since it was written, by the wall clock."""
        return time.time() - path.stat().st_mtime

    def write(self, path: Path, data: bytes, attributes: Attributes | None = None) -> None:
        """Replace the file in one step; without attributes it is the caller's own, 0600."""
        temporary = path.with_name(f".{path.name}.igoudar")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            _write_all(handle, data)
            if attributes is not None:
                os.fchown(handle, attributes.uid, attributes.gid)
                os.fchmod(handle, attributes.mode)
            os.fsync(handle)
        finally:
            os.close(handle)
        temporary.replace(path)
        sync_folder(path.parent)

    def folder(self, path: Path) -> None:
        """Make the folder and those above it, for root's eyes only."""
        if path.is_dir():
            return
        self.folder(path.parent)
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
        sync_folder(path.parent)

    def remove(self, path: Path) -> None:
        """Remove a file or a folder with all in it, there or not."""
        if path.is_dir() and not path.is_symlink():
            import shutil  # noqa: PLC0415 - brings three libraries that most starts do not need

            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        if path.parent.is_dir():
            sync_folder(path.parent)

    @contextlib.contextmanager
    def locked(self, path: Path) -> Iterator[None]:
        """Hold the lock file; the lock goes with the process."""
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def is_locked(self, path: Path) -> bool:
        """Whether some process holds the lock file now."""
        try:
            handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
        return False


def _write_all(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
