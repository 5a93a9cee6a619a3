"""The verbs of the agent: each is one message of the operator.

The lock is held while the journal changes, never while daemons reload: a window can end, and be extended,
during an apply. Whoever restores first ends the process that is applying.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .answers import MUTE, Answer, dead, ended_as, require_witnesses, seconds_of, told_of
from .clock import Clock
from .disk import Attributes
from .journal import DOUBT, END, Journal, Store
from .masks import Masker, fill, hide
from .protocol import BOUND, REPEATED, Event, Outcome, Refused, State, move
from .running import canonical, drift
from .switch import IFRELOAD, INTERFACES_FILE, LEAST_SECONDS, RELOAD_SECONDS, Switch
from .voting import Ballot, Witness
from .workers import end_worker, worker_name

Request = Mapping[str, Any]
RESTORE_TRIES = (False, True, True)  # whether one goes on with that before it
VOTED = "voted.json"
MODES = ("reload", "restart", "drain")
WAKE_SECONDS, WAKE_STEP = 10.0, 0.1


class Agent:
    """One switch. `store`, `switch`, `clock` and `ballot` are the world; all else is decided here."""

    def __init__(self, store: Store, switch: Switch, clock: Clock, ballot: Ballot) -> None:
        self.store = store
        self.switch = switch
        self.clock = clock
        self.ballot = ballot
        self.disk = store.disk

    # -- looking

    def read(self, request: Request) -> Answer:
        """What it is and runs: `_look`, and drift of the running daemons from what was confirmed."""
        kept = self._confirmed()
        found, masker, running = self._look(request, kept)
        now, before = canonical(masker.text(running)), kept.get("running", "")
        found["running_drift"] = dead(found["missing"], now) or (drift(before, now) if before else "")
        return found

    def verify(self, request: Request) -> Answer:
        """`_look`, and what the daemons still have to be told."""
        found, masker, running = self._look(request, self._confirmed())
        residue = [masker.line(line) for line in self.switch.residue(running)]
        return found | {"running_drift": "", "residue": residue}

    def _look(self, request: Request, kept: Mapping[str, Any]) -> tuple[Answer, Masker, str]:
        """Serial, live text with secrets masked, its digest, what is open, daemons and sessions; and what
        the daemons run, with secrets.

        Interfaces are compared with their file where the request does not say `"interfaces": false`.
        """
        live = self.switch.live(request["paths"])
        masker = self._masker(request, kept)
        daemons = self.switch.daemons()
        sessions, running = self.switch.told()
        found = {
            "serial": self.switch.serial(),
            "files": {path: masker.text(data.decode("utf-8", "replace")) for path, data in live.items()},
            "digest": self._digest(live),
            "open": self._open(),
            "fresh": not kept and self.store.open() is None and self.switch.fresh(),
            "daemons": daemons,
            "missing": self.switch.missing(daemons),
            "sessions": sessions,
            "interfaces": self.switch.wrong_interfaces() if request.get("interfaces", True) else [],
        }
        return found, masker, running

    def _confirmed(self) -> dict[str, Any]:
        return self.store.load(self.store.folder / "confirmed.json")

    def status(self, request: Request) -> Answer:
        return {"open": self._open(), "transactions": [told_of(j) for j in self.store.all()[-20:]]}

    # -- messages

    def stage(self, request: Request) -> Answer:
        """Write the candidate, secrets filled in, and judge it. Nothing live changes."""
        id_, files = request["id"], request["files"]
        filled = {path: fill(text, request["values"]).encode() for path, text in files.items()}
        with self.lock():
            journal = self.store.journal(id_)
            if journal is not None:
                move(journal.state, Event.STAGE)
            self._drop_staged(request["stack"])
            folder = self.store.txn(id_) / "candidate"
            for path, data in filled.items():
                target = folder / path.lstrip("/")
                self.disk.folder(target.parent)
                self.disk.write(target, data)
            known = {key: request[key] for key in ("files", "values", "patterns")}
            self.disk.write(folder / "request.json", json.dumps(known).encode())
            try:
                self.switch.validate(folder, files)
            except Refused:
                self.disk.remove(self.store.txn(id_))
                raise
            self.store.save(Journal(id_, State.STAGED, stack=request["stack"], at=self.clock.wall()))
        return {"state": State.STAGED}

    def arm(self, request: Request) -> Answer:
        """From here on the switch restores itself when the window ends."""
        id_, window, restore = request["id"], seconds_of(request, "window"), seconds_of(request, "restore")
        with self.lock():
            journal = self._known(id_)
            other = self.store.open()
            if other is not None and other.id != id_:
                left = max(0.0, other.deadline - self.clock.now())
                more = f"for {left:.0f} s more" if other.state not in BOUND else f"and {other.state}"
                raise Refused("other-open", f"{other.id} of {other.stack} is open here {more}")
            state = move(journal.state, Event.ARM)
            if journal.state is State.STAGED:
                live = self.switch.live(self._candidate(id_))
                if self._digest(live) != request["base"]:
                    raise Refused("base-differs", "the live text is not what it was when it was read")
                self._save(id_, live)
                self.store.point(id_)
            journal = self._timed(journal, state, window).with_(base=request["base"], restore=restore)
            self.store.save(journal)
            self._wake(journal)
        return {"state": journal.state, "left": window}

    def extend(self, request: Request) -> Answer:
        window = seconds_of(request, "window")
        with self.lock():
            journal = self._opened(request["id"])
            journal = self._timed(journal, move(journal.state, Event.EXTEND), window)
            self.store.save(journal)
        return {"state": journal.state, "left": journal.window}

    def apply(self, request: Request) -> Answer:
        """Put the candidate in place and activate it. A problem is told, not undone: the operator decides."""
        id_, mode = request["id"], request["mode"]
        if mode not in MODES:
            raise Refused("bad-request", f"mode {mode!r}; expected {' or '.join(MODES)}")
        with self.lock():
            journal = self._opened(id_)
            state = move(journal.state, Event.APPLY)
            end_worker(journal.worker)
            self.store.save(journal.with_(state=state, mode=mode, worker=worker_name()))
        if mode == "drain":
            self.switch.drain()
        self.switch.put(self._candidate(id_))
        problem = self.switch.activate(mode, RELOAD_SECONDS, interfaces=self._readdressed(id_))
        with self.lock():
            journal = self._opened(id_)
            if journal.state is not State.APPLIED:
                raise Refused("wrong-state", f"{id_} was put back meanwhile")
            self.store.save(journal.with_(worker="", detail=problem))
        return {"state": journal.state, "problem": problem}

    def prepare(self, request: Request) -> Answer:
        """The switch's vote: bound from here on. It must reach the witnesses by the network it now makes."""
        id_, window = request["id"], seconds_of(request, "window")
        witnesses = tuple(Witness(**witness) for witness in request["witnesses"])
        with self.lock():
            move(self._opened(id_).state, Event.PREPARE)
        if not self.ballot.reached(witnesses):
            raise Refused("no-majority", "a majority of the witnesses cannot be reached from here")
        if missing := self.switch.missing(self.switch.daemons()):
            raise Refused("daemons", f"not running: {', '.join(missing)}")
        voted = self._to_keep(id_)
        with self.lock():
            journal = self._opened(id_)
            state = move(journal.state, Event.PREPARE)
            self.disk.write(self.store.txn(id_) / VOTED, voted)
            self.store.save(self._timed(journal, state, window).with_(witnesses=witnesses))
        return {"state": state, "left": window}

    def confirm(self, request: Request) -> Answer:
        with self.lock():
            if answer := self._repeated(request["id"], Event.CONFIRM):
                return answer
            journal = self._opened(request["id"])
            move(journal.state, Event.CONFIRM)
            return ended_as(self.finish(journal, Outcome.CONFIRMED, ""))

    def restore(self, request: Request) -> Answer:
        id_ = request["id"]
        with self.lock():
            if answer := self._repeated(id_, Event.RESTORE):
                return answer
            require_witnesses(self.store.journal(id_), request)
            journal = self.back(self._known(id_), Event.RESTORE, "asked by the operator")
        return ended_as(journal)

    # -- what messages and windows share

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """One message at a time; what a crash left half finished is finished first."""
        self.disk.folder(self.store.folder)
        with self.disk.locked(self.store.lock):
            self._tidy()
            yield

    def back(self, journal: Journal, event: Event, why: str) -> Journal:
        """Leads away from the change: put back what was applied, drop what was not. Needs the lock."""
        state = move(journal.state, event)
        if state is State.FINISHED:
            return self.finish(journal, Outcome.DROPPED, why)
        ends = self.clock.now() + journal.restore
        journal = journal.with_(state=state)
        self.store.give_room(journal.id, END)
        self.store.save(journal)
        end_worker(journal.worker)
        self.put_back(journal.id)
        problem = hide(self._activated(journal, ends), self.secrets({}))
        return self.finish(journal.with_(problem=problem), Outcome.RESTORED, why)

    def _activated(self, journal: Journal, ends: float) -> str:
        """The old text runs again, by then. What a slow try leaves undone, the next goes on with."""
        interfaces, problem = self._readdressed(journal.id), ""
        for again in RESTORE_TRIES:
            seconds = max(ends - self.clock.now(), LEAST_SECONDS)
            problem = self.switch.activate("restart", seconds, interfaces=interfaces, again=again)
            if not problem or ends - self.clock.now() < LEAST_SECONDS:
                break
            interfaces = interfaces and problem.startswith(IFRELOAD)
        return problem

    def _readdressed(self, id_: str) -> bool:
        """Whether the change is one of the interfaces too; if not, they are left in peace, both ways."""
        parts = [self.store.txn(id_) / part / INTERFACES_FILE.lstrip("/") for part in ("saved", "candidate")]
        texts = [self.disk.read(part) for part in parts if self.disk.has(part)]
        return len(texts) < len(parts) or texts[0] != texts[1]

    def put_back(self, id_: str) -> None:
        """The saved files, as they were; one that was not there goes again."""
        folder = self.store.txn(id_) / "saved"
        if not self.disk.has(folder / "manifest.json"):
            raise Refused("damaged", f"what {id_} saved is gone; nothing can be put back from here")
        for path, found in self.store.load(folder / "manifest.json").items():
            if found is None:
                self.disk.remove(self.switch.path(path))
            else:
                data = self.disk.read(folder / path.lstrip("/"))
                self.disk.write(self.switch.path(path), data, Attributes(*found))

    def finish(self, journal: Journal, outcome: Outcome, why: str) -> Journal:
        """The journal says so first; what is left to do after it is done again after a crash."""
        self.store.give_room(journal.id, END)
        if outcome is Outcome.CONFIRMED and not self.disk.has(voted := self.store.txn(journal.id) / VOTED):
            self.disk.write(voted, self._to_keep(journal.id))  # it voted by an agent that was older
        journal = journal.finished(outcome, why)
        self.store.save(journal)
        self._clear(journal)
        return journal

    def _tidy(self) -> None:
        journal = self.store.pointed()
        if journal is not None and journal.state is State.FINISHED:
            self._clear(journal)

    def _clear(self, journal: Journal) -> None:
        """What is confirmed becomes known; copies with secrets go; the pointer last."""
        folder = self.store.txn(journal.id)
        if self.disk.has(folder / VOTED) and journal.outcome == Outcome.CONFIRMED:
            self.disk.write(self.store.folder / "confirmed.json", self.disk.read(folder / VOTED))
        for part in (VOTED, "saved", "candidate", DOUBT, END):
            self.disk.remove(folder / part)
        pointed = self.store.pointed()
        if pointed is not None and pointed.id == journal.id:
            self.store.unpoint()

    def _drop_staged(self, stack: str) -> None:
        """Candidates that a run of the same stack left behind, and what nobody will ask for any more."""
        self.store.drop_orphans()
        self.store.forget_old()
        for journal in self.store.all():
            if journal.state is State.STAGED and journal.stack == stack:
                self.finish(journal, Outcome.DROPPED, "another run of its stack began")

    def _wake(self, journal: Journal) -> None:
        """A watcher that ends the window must live. Raises Refused, and drops the transaction, without one.

        It gives its lock up only under ours and when nothing is open: held now, it will see this journal.
        """
        if self.disk.is_locked(self.store.watching):
            return
        self.switch.start_watch()
        waited = 0.0
        while not self.disk.is_locked(self.store.watching):
            if waited >= WAKE_SECONDS:
                if journal.state is State.ARMED:
                    self.finish(journal, Outcome.DROPPED, "nothing would have ended its window")
                raise Refused("no-watch", "igoudar-agent-watch.service does not run, nothing would restore")
            self.clock.sleep(WAKE_STEP)
            waited += WAKE_STEP

    def secrets(self, request: Request) -> dict[str, str]:
        """value -> mark, of everything that could stand in what daemons and tools say; the longest first."""
        kept = self._confirmed().get("values", {})
        for candidate in self.store.candidates():
            kept |= candidate["values"]
        known = {value: mark for mark, value in {**kept, **request.get("values", {})}.items() if value}
        return dict(sorted(known.items(), key=lambda pair: -len(pair[0])))

    def _masker(self, request: Request, kept: Mapping[str, Any]) -> Masker:
        desired = [*request["desired"], *kept.get("files", {}).values()]
        return Masker(desired, {**kept.get("values", {}), **request["values"]}, request["patterns"])

    def _to_keep(self, id_: str) -> bytes:
        """The candidate, and what the daemons make of it: just verified, not starting as after a reboot.

        Raises Refused where they do not say: nothing could be called drift of it afterwards.
        """
        known = self.store.load(self.store.txn(id_) / "candidate" / "request.json")
        masker = Masker(known["files"].values(), known["values"], known.get("patterns", ()))
        if not (running := canonical(masker.text(self.switch.running()))):
            raise Refused("daemons", MUTE)
        return json.dumps({"id": id_, **known, "running": running}).encode()

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
        left = max(0.0, journal.deadline - self.clock.now()) if self._of_this_boot(journal) else 0.0
        names = [witness.name for witness in journal.witnesses]
        told = {"id": journal.id, "stack": journal.stack, "state": journal.state, "witnesses": names}
        return {**told, "left": round(left, 1), "window": journal.window}

    def _of_this_boot(self, journal: Journal) -> bool:
        return journal.boot == self.clock.boot()

    def _known(self, id_: str) -> Journal:
        journal = self.store.journal(id_)
        if journal is None:
            raise Refused("unknown-id", f"no transaction {id_} is known here")
        if journal.state is State.FINISHED:
            raise Refused("finished", f"{id_} is finished here: {journal.outcome}, {journal.detail}")
        return journal

    def _opened(self, id_: str) -> Journal:
        journal = self._known(id_)
        if not journal.open:
            raise Refused("not-open", f"{id_} is not open here")
        if journal.state not in BOUND and not self._of_this_boot(journal):
            raise Refused("restarted", f"the switch was started anew since {id_} was armed, and goes back")
        return journal

    def _repeated(self, id_: str, event: Event) -> Answer | None:
        """A message that came twice is answered twice, when it ended as it asks for."""
        journal = self.store.journal(id_)
        if journal is None or journal.state is not State.FINISHED:
            return None
        if journal.outcome in REPEATED[event]:
            return ended_as(journal)
        raise Refused("finished", f"{id_} is finished here: {journal.outcome}, {journal.detail}")

    def _timed(self, journal: Journal, state: State, window: float) -> Journal:
        return journal.with_(
            state=state, window=window, deadline=self.clock.now() + window, boot=self.clock.boot()
        )

    def _candidate(self, id_: str) -> dict[str, bytes]:
        folder = self.store.txn(id_) / "candidate"
        paths = self.store.load(folder / "request.json")["files"]
        return {path: self.disk.read(folder / path.lstrip("/")) for path in paths}

    def _save(self, id_: str, live: Mapping[str, bytes]) -> None:
        folder = self.store.txn(id_) / "saved"
        self.disk.remove(folder)
        manifest: dict[str, list[int] | None] = {}
        for path, data in live.items():
            target = folder / path.lstrip("/")
            self.disk.folder(target.parent)
            self.disk.write(target, data)
            found = self.switch.attributes(path) if self.switch.has(path) else None
            manifest[path] = None if found is None else [found.uid, found.gid, found.mode]
        self.disk.write(folder / "manifest.json", json.dumps(manifest).encode())
        both = (*live.values(), *self._candidate(id_).values())
        self.store.keep_room(id_, 2 * sum(map(len, both)))


STORE = Path(os.environ.get("IGOUDAR_AGENT_STORE", "/var/lib/igoudar"))
VERBS = ("read", "verify", "stage", "arm", "extend", "apply", "prepare", "confirm", "restore", "status")
