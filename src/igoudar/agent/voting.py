"""What the witnesses of a transaction hold, asked over SSH with this switch's own key.

A witness keeps one value an id for good: the first that anybody proposed. What a majority holds is decided.
An answer that is missing means nothing.
"""

from __future__ import annotations

import random
import subprocess
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

COMMIT, ABORT = "commit", "abort"
HERE = "here"
USER = "igoudar-witness"
HOST_KEYS = Path("/etc/ssh")
CONNECT_SECONDS, ANSWER_SECONDS = 10, 20
TRIES, PAUSE_SECONDS = 2, (0.2, 1.5)  # all switches of a change come to vote at once


@dataclass(frozen=True)
class Witness:
    """A management host: its name, out-of-band address and OpenSSH public key line."""

    name: str
    address: str
    host_key: str


def decided(values: Iterable[str | None], witnesses: int) -> str:
    """The value that a majority of so many witnesses holds; empty where none does."""
    held = list(values)
    return next((v for v in (COMMIT, ABORT) if held.count(v) > witnesses // 2), "")


class Ballot:
    """The way to the witnesses. `folder` is for the file of their keys."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def reached(self, witnesses: Sequence[Witness]) -> bool:
        """Whether a majority answers. So many are asked at first, then the rest; then those that did not."""
        self.know(witnesses)
        majority = len(witnesses) // 2 + 1
        left = self._silent(witnesses[:majority])
        if not left:
            return True
        left += self._silent(witnesses[majority:])
        for _ in range(TRIES - 1):
            if 2 * len(left) < len(witnesses):
                break
            self.pause()
            left = self._silent(left)
        return 2 * len(left) < len(witnesses)

    def know(self, witnesses: Sequence[Witness]) -> None:
        """Their keys are on disk; not written again in doubt, when that may be full."""
        keys, lines = self.folder / "witnesses", "".join(f"{w.address} {w.host_key}\n" for w in witnesses)
        if not keys.exists() or keys.read_text("ascii", "replace") != lines:
            keys.write_text(lines, "ascii")

    def _silent(self, witnesses: Sequence[Witness]) -> list[Witness]:
        """Those that do not say that they are there."""
        answers = self._all(witnesses, "hello")
        return [w for w, answer in zip(witnesses, answers, strict=True) if answer != HERE]

    def pause(self) -> None:
        time.sleep(random.uniform(*PAUSE_SECONDS))

    def propose(self, witnesses: Sequence[Witness], id_: str, value: str) -> str:
        """What is decided after the proposal; empty where that is not known."""
        self.know(witnesses)
        return decided(self._all(witnesses, f"propose {id_} {value}"), len(witnesses))

    def _all(self, witnesses: Sequence[Witness], words: str) -> list[str | None]:
        if not witnesses:
            return []
        keys = self.folder / "witnesses"
        answers: dict[Witness, str | None] = dict.fromkeys(witnesses)

        def one(witness: Witness) -> None:
            answers[witness] = self.ask(witness, words, keys)

        asking = [threading.Thread(target=one, args=(witness,)) for witness in witnesses]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join()
        return [answers[witness] for witness in witnesses]

    def ask(self, witness: Witness, words: str, keys: Path) -> str | None:
        """The witness's answer; None where there is none."""
        options = {
            "BatchMode": "yes",
            "IdentitiesOnly": "yes",
            "StrictHostKeyChecking": "yes",
            "UserKnownHostsFile": str(keys),
            "GlobalKnownHostsFile": "/dev/null",
            "ConnectTimeout": str(CONNECT_SECONDS),
            "ServerAliveInterval": "2",
            "ServerAliveCountMax": "2",
        }
        given = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
        own = [word for key in sorted(HOST_KEYS.glob("ssh_host_*_key")) for word in ("-i", str(key))]
        command = ["ssh", "-F", "none", "-T", *own, *given, f"{USER}@{witness.address}", words]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=ANSWER_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        said = done.stdout.decode("ascii", "replace").strip()
        return said if done.returncode == 0 and said in (COMMIT, ABORT, HERE) else None
