"""What a switch remembers of transactions, under /var/lib/igoudar.

txn/<id>/journal.json   state, stack, window, base, witnesses; written whole, before every answer
txn/<id>/candidate/     the new files, secrets filled in; and request.json as it came
txn/<id>/voted.json     from the vote on: what will be confirmed.json if it is decided so
txn/<id>/saved/         the files as they were; and manifest.json with owners and modes
txn/<id>/*.room         nothing: space that is given up when it is needed, see `keep_room`
open                    the id that is open; it counts only while that journal says so
confirmed.json          the last confirmed texts with marks, the values of these, and what ran then
key                     random; live text leaves the switch only as a digest keyed with it
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from .disk import Disk
from .protocol import OPEN, Outcome, Refused, State
from .voting import Witness

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
REMEMBERED_SECONDS = 366 * 86400  # a late message of an older transaction is not to be expected
DOUBT, END = "doubt.room", "end.room"
ROOM = 1 << 16  # bytes: a few journals and folders, in blocks of 4 KiB


@dataclass(frozen=True)
class Journal:
    """`deadline` is in seconds of the clock of the boot `boot`; `base` the digest of live text when armed.

    `window` and `restore`, the bound of a restore, all tries included, are in seconds.
    `detail` is why it ended so, `problem` what did not work when it was put back.
    `worker` names the process that is applying (id and start time), empty for none. `witnesses` are those
    that decide it, from `prepare` on.
    """

    id: str
    state: State
    stack: str = ""
    window: float = 0.0
    restore: float = 10.0
    deadline: float = 0.0
    boot: str = ""
    base: str = ""
    mode: str = ""
    worker: str = ""
    outcome: str = ""
    detail: str = ""
    problem: str = ""
    at: str = ""
    witnesses: tuple[Witness, ...] = ()

    @property
    def open(self) -> bool:
        return self.state in OPEN

    def with_(self, **changes: Any) -> Journal:
        return replace(self, **changes)

    def finished(self, outcome: Outcome, detail: str) -> Journal:
        return replace(self, state=State.FINISHED, outcome=str(outcome), detail=detail, worker="")


class Store:
    """The folder of the agent; all writes go through `disk`."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        self.folder = folder
        self.disk = disk

    @property
    def lock(self) -> Path:
        return self.folder / "lock"

    @property
    def watching(self) -> Path:
        """Held by the process that ends windows."""
        return self.folder / "watching"

    def txn(self, id_: str) -> Path:
        if not ID.fullmatch(id_):
            raise Refused("bad-request", f"{id_!r} is not an id of a transaction")
        return self.folder / "txn" / id_

    def journal(self, id_: str) -> Journal | None:
        path = self.txn(id_) / "journal.json"
        try:
            data = json.loads(self.disk.read(path))
        except FileNotFoundError:
            return None
        known = {f.name for f in fields(Journal)}
        values = {key: value for key, value in data.items() if key in known}
        told = tuple(Witness(**witness) for witness in values.get("witnesses", ()))
        values |= {"state": State(values["state"]), "witnesses": told}
        return Journal(**values)

    def save(self, journal: Journal) -> None:
        folder = self.txn(journal.id)
        self.disk.folder(folder)
        self.disk.write(folder / "journal.json", json.dumps(asdict(journal)).encode())

    def keep_room(self, id_: str, texts: int) -> None:
        """A disk that becomes full after this stops neither the doubt about an id nor its end, either way.

        `texts`: bytes of all that may have to be written then. Raises OSError.
        """
        for part, size in ((DOUBT, ROOM), (END, ROOM + texts)):
            self.disk.write(self.txn(id_) / part, bytes(size))

    def give_room(self, id_: str, part: str) -> None:
        if self.disk.has(room := self.txn(id_) / part):
            self.disk.remove(room)

    def pointed(self) -> Journal | None:
        """The journal that `open` names. The pointer is written before that says so, and goes after."""
        try:
            id_ = self.disk.read(self.folder / "open").decode().strip()
        except FileNotFoundError:
            return None
        return self.journal(id_) if id_ else None

    def open(self) -> Journal | None:
        """The transaction that is open."""
        journal = self.pointed()
        return journal if journal is not None and journal.open else None

    def point(self, id_: str) -> None:
        self.disk.write(self.folder / "open", id_.encode())

    def unpoint(self) -> None:
        self.disk.remove(self.folder / "open")

    def all(self) -> list[Journal]:
        folder = self.folder / "txn"
        names = [name for name in self.disk.names(folder) if ID.fullmatch(name)]
        return [j for name in names if (j := self.journal(name)) is not None]

    def candidates(self) -> list[dict[str, Any]]:
        """What was asked for by transactions that are not finished: they alone have candidates."""
        txn = self.folder / "txn"
        files = (txn / id_ / "candidate" / "request.json" for id_ in self.disk.names(txn))
        return [self.load(file) for file in files if self.disk.has(file)]

    def drop_orphans(self) -> None:
        """Folders that were begun and never got a journal: a candidate that was cut off."""
        folder = self.folder / "txn"
        for name in self.disk.names(folder):
            if not self.disk.has(folder / name / "journal.json"):
                self.disk.remove(folder / name)

    def forget_old(self) -> None:
        """Finished ids are remembered for a year."""
        for journal in self.all():
            folder = self.txn(journal.id)
            if (
                journal.state is State.FINISHED
                and self.disk.age(folder / "journal.json") > REMEMBERED_SECONDS
            ):
                self.disk.remove(folder)

    def key(self) -> bytes:
        path = self.folder / "key"
        try:
            return self.disk.read(path)
        except FileNotFoundError:
            self.disk.folder(self.folder)
            self.disk.write(path, os.urandom(32))
            return self.disk.read(path)

    def load(self, path: Path) -> dict[str, Any]:
        """A JSON object of ours; empty where there is none."""
        try:
            data = json.loads(self.disk.read(path))
        except FileNotFoundError:
            return {}
        return data if isinstance(data, dict) else {}
