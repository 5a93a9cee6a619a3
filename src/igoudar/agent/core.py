"""The verbs of the agent: each is one message of the operator, or one thing that happens by itself.

The lock is held while the journal changes, never while daemons reload: a window can end, and be extended,
during an apply. Whoever restores first ends the process that is applying.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .clock import Clock
from .disk import Attributes, Disk, locked
from .journal import Journal, Store
from .masks import Masker, fill
from .protocol import OPEN, REPEATED, Event, Outcome, Refused, State, move
from .running import canonical, drift
from .switch import RESTORE_SECONDS, Switch

Request = Mapping[str, Any]
Answer = dict[str, Any]
SHORTEST_WINDOW, LONGEST_WINDOW = 1.0, 3600.0
WATCH_SECONDS = 0.25


class Agent:
    """`wake` starts the watcher that ends windows."""

    def __init__(self, store: Store, switch: Switch, clock: Clock) -> None:
        self.store = store
        self.switch = switch
        self.clock = clock
        self.disk: Disk = store.disk

    def wake(self) -> None:
        self.switch.run(["systemctl", "start", "--no-block", "igoudar-agent-watch.service"], 10)

    # -- what an operator asks

    def read(self, request: Request) -> Answer:
        """Serial, live text with secrets masked, its digest, what is open, drift of the running daemons."""
        live = self.switch.live(request["paths"])
        kept = self.store.load(self.store.folder / "confirmed.json")
        masker = self._masker(request, kept)
        said = {path: masker.text(data.decode("utf-8", "replace")) for path, data in live.items()}
        now = canonical(masker.text(self.switch.running()))
        before = kept.get("running", "")
        return {
            "serial": self.switch.serial(),
            "files": said,
            "digest": self._digest(live),
            "open": self._open(),
            "running_drift": drift(before, now) if before and now else "",
            "daemons": self.switch.daemons(),
            "sessions": self.switch.sessions(),
        }

    def verify(self, request: Request) -> Answer:
        """`read`, and what the daemons still have to be told."""
        return {
            **self.read(request),
            "residue": self.switch.residue(),
            "missing": sorted(self.switch.expected_daemons() - set(self.switch.daemons())),
        }

    def stage(self, request: Request) -> Answer:
        """Write the candidate, secrets filled in, and judge it. Nothing live changes."""
        id_ = request["id"]
        self.store.txn(id_)
        with self._lock():
            journal = self.store.journal(id_)
            if journal is not None:
                move(journal.state, Event.STAGE)
            folder = self.store.txn(id_) / "candidate"
            self.disk.remove(folder)
            for path, text in request["files"].items():
                target = folder / path.lstrip("/")
                self.disk.folder(target.parent)
                self.disk.write(target, fill(text, request["values"]).encode())
            self.disk.write(folder / "request.json", json.dumps({"files": request["files"]}).encode())
            try:
                self.switch.validate(folder, request["files"])
            except Refused:
                self.disk.remove(self.store.txn(id_))
                raise
            self.store.save(Journal(id_, State.STAGED, stack=request["stack"], at=self.clock.wall()))
        return {"state": State.STAGED}

    def arm(self, request: Request) -> Answer:
        """From here on the switch restores itself when the window ends."""
        id_, window = request["id"], float(request["window"])
        if not SHORTEST_WINDOW <= window <= LONGEST_WINDOW:
            raise Refused("bad-request", f"a window of {window:g} s; expected 1 to 3600")
        with self._lock():
            journal = self._known(id_)
            other = self.store.open()
            if other is not None and other.id != id_:
                left = max(0.0, other.deadline - self.clock.now())
                raise Refused("other-open", f"{other.id} of {other.stack} is open here for {left:.0f} s more")
            state = move(journal.state, Event.ARM)
            if journal.state is State.STAGED:
                live = self.switch.live(self._candidate(id_))
                if self._digest(live) != request["base"]:
                    raise Refused("base-differs", "the live text is not what it was when it was read")
                self._save(id_, live)
            journal = self._window(journal, state, window).with_(base=request["base"])
            self.store.point(id_)
            self.store.save(journal)
        self.wake()
        return {"state": journal.state, "left": window}

    def extend(self, request: Request) -> Answer:
        with self._lock():
            journal = self._opened(request["id"])
            journal = self._window(journal, move(journal.state, Event.EXTEND), float(request["window"]))
            self.store.save(journal)
        return {"state": journal.state, "left": journal.window}

    def apply(self, request: Request) -> Answer:
        """Put the candidate in place and activate it. A problem is told, not undone: the operator decides."""
        id_, mode = request["id"], request["mode"]
        if mode not in ("reload", "restart"):
            raise Refused("bad-request", f"mode {mode!r}; expected reload or restart")
        with contextlib.suppress(PermissionError):  # a group of its own, so that it can be ended as a whole
            os.setpgid(0, 0)
        with self._lock():
            journal = self._opened(id_)
            journal = journal.with_(state=move(journal.state, Event.APPLY), mode=mode, worker=os.getpid())
            self.store.save(journal)
        self.switch.put(self._candidate(id_))
        problem = self.switch.activate(mode)
        with self._lock():
            journal = self._opened(id_)
            self.store.save(journal.with_(worker=0, detail=problem))
        return {"state": journal.state, "problem": problem}

    def confirm(self, request: Request) -> Answer:
        id_ = request["id"]
        with self._lock():
            if answer := self._repeated(id_, Event.CONFIRM):
                return answer
            journal = self._opened(id_)
            move(journal.state, Event.CONFIRM)
            texts = self.store.load(self.store.txn(id_) / "candidate" / "request.json").get("files", {})
            masker = Masker(texts.values(), request.get("values", {}), request.get("patterns", ()))
            kept = {"id": id_, "files": texts, "running": canonical(masker.text(self.switch.running()))}
            self.disk.write(self.store.folder / "confirmed.json", json.dumps(kept).encode())
            self._finish(journal, Outcome.CONFIRMED, "")
        return {"state": State.FINISHED, "outcome": Outcome.CONFIRMED}

    def restore(self, request: Request) -> Answer:
        id_ = request["id"]
        with self._lock():
            if answer := self._repeated(id_, Event.RESTORE):
                return answer
            journal = self._known(id_)
            if journal.open and (self.store.open() or journal).id != id_:
                raise Refused("not-open", f"{id_} is not the open transaction")
            outcome = self._back(journal, Event.RESTORE, "asked by the operator")
        return {"state": State.FINISHED, "outcome": outcome}

    def status(self, request: Request) -> Answer:
        return {"open": self._open(), "transactions": [vars_of(j) for j in self.store.all()[-20:]]}

    # -- what happens by itself

    def watch(self) -> None:
        """Restores when the window ends; returns when nothing is open."""
        while (journal := self.store.open()) is not None:
            if journal.boot != self.clock.boot() or self.clock.now() >= journal.deadline:
                with self._lock():
                    again = self.store.open()
                    if again is None or (again.id == journal.id and self.clock.now() < again.deadline):
                        continue
                    self._back(again, Event.WINDOW_ENDS, "the window ended without a word")
            self.clock.sleep(WATCH_SECONDS)

    def boot(self) -> None:
        """Before networking and daemons start: files back, nothing to activate yet."""
        with self._lock():
            journal = self.store.open()
            if journal is not None:
                if journal.state is not State.ARMED:
                    self._put_back(journal.id)
                move(journal.state, Event.BOOT)
                self._finish(journal, Outcome.RESTORED, "the switch was started while it was open")
            for staged in self.store.all():
                if staged.state is State.STAGED:
                    self._finish(staged, Outcome.DROPPED, "the switch was started before it was armed")
            self.store.forget_old()

    # -- parts

    def _lock(self) -> contextlib.AbstractContextManager[None]:
        self.disk.folder(self.store.folder)
        return locked(self.store.lock)

    def _masker(self, request: Request, kept: Mapping[str, Any]) -> Masker:
        desired = [*request.get("desired", {}).values(), *kept.get("files", {}).values()]
        return Masker(desired, request.get("values", {}), request.get("patterns", ()))

    def _digest(self, live: Mapping[str, bytes]) -> str:
        """Keyed, so that a digest of secrets tells nothing."""
        whole = hmac.new(self.store.key(), digestmod=hashlib.sha256)
        for path in sorted(live):
            whole.update(f"{path}\0{len(live[path])}\0".encode() + live[path])
        return whole.hexdigest()

    def _open(self) -> Answer | None:
        journal = self.store.open()
        if journal is None:
            return None
        left = max(0.0, journal.deadline - self.clock.now()) if journal.boot == self.clock.boot() else 0.0
        return {"id": journal.id, "stack": journal.stack, "state": journal.state, "left": round(left, 1)}

    def _known(self, id_: str) -> Journal:
        journal = self.store.journal(id_)
        if journal is None:
            raise Refused("unknown-id", f"no transaction {id_} is known here")
        if journal.state is State.FINISHED:
            raise Refused("finished", f"{id_} is finished here: {journal.outcome}")
        return journal

    def _opened(self, id_: str) -> Journal:
        journal = self._known(id_)
        if journal.state not in OPEN:
            raise Refused("not-open", f"{id_} is not open here")
        return journal

    def _repeated(self, id_: str, event: Event) -> Answer | None:
        """A message that came twice is answered twice, when it ended as it asks for."""
        journal = self.store.journal(id_)
        if journal is None or journal.state is not State.FINISHED:
            return None
        if journal.outcome in REPEATED[event]:
            return {"state": journal.state, "outcome": journal.outcome}
        raise Refused("finished", f"{id_} is finished here: {journal.outcome}")

    def _window(self, journal: Journal, state: State, window: float) -> Journal:
        return journal.with_(
            state=state, window=window, deadline=self.clock.now() + window, boot=self.clock.boot()
        )

    def _candidate(self, id_: str) -> dict[str, bytes]:
        folder = self.store.txn(id_) / "candidate"
        paths = self.store.load(folder / "request.json")["files"]
        return {path: (folder / path.lstrip("/")).read_bytes() for path in paths}

    def _save(self, id_: str, live: Mapping[str, bytes]) -> None:
        folder = self.store.txn(id_) / "saved"
        self.disk.remove(folder)
        manifest: dict[str, list[int]] = {}
        for path, data in live.items():
            target = folder / path.lstrip("/")
            self.disk.folder(target.parent)
            self.disk.write(target, data)
            found = self.switch.attributes(path)
            manifest[path] = [found.uid, found.gid, found.mode]
        self.disk.write(folder / "manifest.json", json.dumps(manifest).encode())

    def _put_back(self, id_: str) -> None:
        folder = self.store.txn(id_) / "saved"
        for path, (uid, gid, mode) in self.store.load(folder / "manifest.json").items():
            data = (folder / path.lstrip("/")).read_bytes()
            self.disk.write(self.switch.path(path), data, Attributes(uid, gid, mode))

    def _back(self, journal: Journal, event: Event, why: str) -> Outcome:
        state = move(journal.state, event)
        if state is State.FINISHED:
            outcome = Outcome.DROPPED
        else:
            journal = journal.with_(state=state)
            self.store.save(journal)
            _end_group(journal.worker)
            self._put_back(journal.id)
            problem = self.switch.activate("restart", RESTORE_SECONDS)
            outcome, why = Outcome.RESTORED, f"{why}; {problem}" if problem else why
        self._finish(journal, outcome, why)
        return outcome

    def _finish(self, journal: Journal, outcome: Outcome, why: str) -> None:
        """The journal says so first, then the pointer and the copies go."""
        self.store.save(journal.finished(outcome, why))
        if (journal.open or outcome is Outcome.CONFIRMED) and self._pointed(journal.id):
            self.store.unpoint()
        for part in ("saved", "candidate"):
            self.disk.remove(self.store.txn(journal.id) / part)

    def _pointed(self, id_: str) -> bool:
        try:
            return (self.store.folder / "open").read_text("utf-8").strip() == id_
        except FileNotFoundError:
            return False


def _end_group(worker: int) -> None:
    """The process that is applying, and what it started."""
    if worker > 1 and worker != os.getpid():
        for end in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                end(worker, signal.SIGKILL)


def vars_of(journal: Journal) -> Answer:
    return {k: getattr(journal, k) for k in ("id", "stack", "state", "outcome", "detail", "at")}


STORE = Path("/var/lib/igoudar")
VERBS = ("read", "verify", "stage", "arm", "extend", "apply", "confirm", "restore", "status")
