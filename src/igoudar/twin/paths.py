"""Where a twin keeps its things: `.igoudar/twin/<site>/` of the checkout, and the image in the cache."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from igoudar.errors import Missing
from igoudar.world import SPEC


@dataclass(frozen=True, slots=True)
class Folder:
    """The run folder of one twin. Sockets are reached by a descriptor of it, so its path may be long."""

    path: Path

    @property
    def spec(self) -> Path:
        return self.path / SPEC

    @property
    def login_key(self) -> Path:
        return self.path / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        return self.path / "known_hosts"

    @property
    def host_keys(self) -> Path:
        return self.path / "hostkeys"

    @property
    def disks(self) -> Path:
        return self.path / "disks"

    @property
    def seeds(self) -> Path:
        return self.path / "seeds"

    @property
    def logs(self) -> Path:
        return self.path / "log"

    @property
    def memory(self) -> Path:
        """Where the twin, in its own mount namespace, has a file system for the memory of its hosts."""
        return self.path / "memory"

    @property
    def pid(self) -> Path:
        return self.path / "pid"

    def socket_address(self, name: str) -> tuple[str, int]:
        """A short path to a socket in the folder, and the descriptor to close when it was used."""
        descriptor = os.open(self.path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        return f"/proc/self/fd/{descriptor}/{name}", descriptor


CONTROL, RELAY = "control.sock", "relay.sock"


@dataclass(frozen=True, slots=True)
class Image:
    """The folder that `scripts/image` prints."""

    path: Path

    @property
    def kernel(self) -> Path:
        return self.path / "linux"

    @property
    def disk(self) -> Path:
        return self.path / "disk.ext4"


def find_image(root: Path) -> Image:
    """The image of this checkout, made where it is missing. Raises Missing."""
    done = subprocess.run([root / "scripts" / "image"], stdout=subprocess.PIPE, text=True, check=False)
    lines = done.stdout.split()
    if done.returncode != 0 or not lines:
        raise Missing("the twin's image could not be made; scripts/image says why")
    return Image(Path(lines[-1]))


def is_of_another_box(mark: Path, serial: str) -> bool:
    """What belongs to a box has its serial in a file beside it; without one it is taken for this box's."""
    return mark.exists() and mark.read_text("utf-8") != serial
