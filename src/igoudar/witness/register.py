"""Write-once registers: the first value that anybody proposes for an id is held for good."""

from __future__ import annotations

import contextlib
import os
import re
import time
from pathlib import Path

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
VALUES = ("commit", "abort")
NONE = "none"
HALF_WRITTEN_SECONDS = 60
REMEMBERED_SECONDS = 366 * 86400  # no switch is in doubt, and no message on its way, for that long
NEWEST = 10_000  # are held whatever their age: a clock may be wrong by years, in the night it is set right
MOST = 200_000  # registers: an id every three minutes for a year; a file each, some 800 MB at worst


class Refused(Exception):
    """A proposal that is none, or for which there is no room."""


class Register:
    """A folder with a file an id. Two proposals at once: one of them is held, and both are told which."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def propose(self, id_: str, value: str) -> str:
        """The value that is held now; it is on disk before the answer. Raises Refused, OSError."""
        _require_id(id_)
        if value not in VALUES:
            raise Refused(f"{value!r} is not a value; expected commit or abort")
        held = self.folder / id_
        if not held.exists():
            self._write(held, value, self._make_room())
        text = held.read_text("ascii")
        self._sync()  # another's link may not be on disk yet
        return text

    def look(self, id_: str) -> str:
        """The value that is held, on disk too, or `none`. Decides nothing. Raises Refused, OSError."""
        _require_id(id_)
        try:
            text = (self.folder / id_).read_text("ascii")
        except FileNotFoundError:
            return NONE
        self._sync()
        return text

    def held(self) -> dict[str, str]:
        """id -> value, the newest last."""
        found = sorted(self._files(), key=lambda path: path.stat().st_mtime_ns)
        return {path.name: path.read_text("ascii") for path in found}

    def _write(self, held: Path, value: str, at: int) -> None:
        """Written beside it and linked: whoever comes second fails to link, and reads the first."""
        beside = self.folder / f".{os.urandom(8).hex()}"
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(handle, value.encode())
            os.utime(handle, ns=(at, at))
            os.fsync(handle)
        finally:
            os.close(handle)
        try:
            with contextlib.suppress(FileExistsError):
                os.link(beside, held)
        finally:
            beside.unlink()

    def _sync(self) -> None:
        sync_folder(self.folder)

    def _make_room(self) -> int:
        """Forgets what is older than a year, but for the newest, and what a crash left half written.

        The time for the next one, in ns: later than all that are held, so that their order is that in which
        they came whatever the clock said. Raises Refused when full.
        """
        now, held = time.time_ns(), list[tuple[int, Path]]()
        for path in self.folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                at = path.stat().st_mtime_ns
                if not path.name.startswith("."):
                    held.append((at, path))
                elif at < now - HALF_WRITTEN_SECONDS * 10**9:
                    path.unlink()
        held.sort()
        old = [path for at, path in held[:-NEWEST] if at < now - REMEMBERED_SECONDS * 10**9]
        for path in old:
            path.unlink(missing_ok=True)
        if len(held) - len(old) >= MOST:
            raise Refused(f"{MOST} registers are held already; none is older than a year")
        return max(now, held[-1][0] + 1) if held else now

    def _files(self) -> list[Path]:
        return [path for path in self.folder.iterdir() if not path.name.startswith(".")]


def sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _require_id(id_: str) -> None:
    if not ID.fullmatch(id_):
        raise Refused(f"{id_!r} is not an id of a transaction")
