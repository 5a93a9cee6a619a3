"""Durable file operations: when a call returns, a power cut does not undo it. And the one lock."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
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
    """Every change that the agent makes to files goes through here."""

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
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        if path.parent.is_dir():
            sync_folder(path.parent)


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


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file; the lock goes with the process."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def is_locked(path: Path) -> bool:
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
