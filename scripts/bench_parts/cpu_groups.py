"""CPU seconds of all processes of a group, those that ended too, by cgroup (version 1 or 2). Needs root."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

V1 = Path("/sys/fs/cgroup/cpuacct")
V2 = (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified"))
REMOVE_SECONDS = 10.0


class CpuGroup:
    """One folder of the hierarchy. Every process that its processes start is in it too."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def join(self) -> None:
        """The calling process moves in."""
        (self.folder / "cgroup.procs").write_text("0")

    def seconds(self) -> float:
        with suppress(FileNotFoundError):
            return int((self.folder / "cpuacct.usage").read_text()) / 1e9
        words = (self.folder / "cpu.stat").read_text().split()
        return int(words[words.index("usage_usec") + 1]) / 1e6

    def processes(self) -> list[int]:
        """Their numbers as the calling process sees them; 0 for one in a place that it cannot see into."""
        return [int(word) for word in (self.folder / "cgroup.procs").read_text().split()]


@contextmanager
def cpu_groups(*names: str) -> Iterator[dict[str, CpuGroup]]:
    """New groups of these names, removed in the end, when all of their processes must have ended."""
    parent = hierarchy() / f"igoudar-bench-{os.getpid()}"
    groups = {name: CpuGroup(parent / name) for name in names}
    for group in groups.values():
        group.folder.mkdir(parents=True)
    try:
        yield groups
    finally:
        for folder in (*(group.folder for group in groups.values()), parent):
            _remove(folder)


def hierarchy() -> Path:
    """The root of what counts CPU here. Raises FileNotFoundError."""
    if (V1 / "cpuacct.usage").exists():
        return V1
    for folder in V2:
        if (folder / "cgroup.procs").exists():
            return folder
    raise FileNotFoundError("no cgroup that counts CPU is mounted below /sys/fs/cgroup")


def _remove(folder: Path) -> None:
    deadline = time.monotonic() + REMOVE_SECONDS
    while True:
        try:
            folder.rmdir()
        except OSError:  # a process is ending
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
