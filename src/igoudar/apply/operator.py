"""The steps of a transaction over all switches of a change (design 6).

    read       only the switches of the change; finish an open transaction of our own stack
    judge      live against record and target; drift stops everything before it starts
    stage      every candidate on its switch, judged there; nothing live changes
    wave       arm, apply, verify over a new login; a switch whose daemons restart is drained before
    all waves  the whole expectation, where there was more than one
    prepare    every switch reaches the witnesses in its new state, and is bound to what they will hold
    vote       commit is proposed to the witnesses: what a majority holds is decided, the point of no return
    confirm    all, again and again for a window; who never answered is `unconfirmed`, and asks by itself

Whatever fails before `prepare`, Cancel and defects of ours included, puts every armed switch back. After a
`prepare` was sent only the witnesses say which way: a majority for abort puts all back, a majority for
commit confirms all, and without a majority nothing is touched.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from igoudar.agent.voting import ABORT, COMMIT
from igoudar.apply.change import INTERFACES, RUNNING, Texts, Todo, Wanted, judge, mode
from igoudar.apply.driver import AgentRefused, Candidate, Disguise, Driver, Ended, Live
from igoudar.apply.expectation import Progressing, expected_sessions
from igoudar.apply.left_open import UNDECIDED, LeftOpen, others
from igoudar.apply.together import Cancelled, WindowKeeper, each
from igoudar.apply.witnesses import Witnesses
from igoudar.errors import DeviceFailed, Drift, another_box
from igoudar.impact_rules import Rules
from igoudar.runs import Report

VERIFY_SECONDS = 60.0
POLL_SECONDS = 1.0
RESTORE_TRIES = 2
VOTING = 16  # switches at once, each of which logs in at the witnesses: more would only wait for each other

Progress = Callable[[str, str], None]  # switch or empty, text


@dataclass(frozen=True, slots=True)
class Plan:
    """A change: `waves` of names, everything else by name. `window` and `restore` in seconds."""

    id: str
    stack: str
    wants: Mapping[str, Wanted]
    waves: Sequence[Sequence[str]]
    window: float
    restore: float
    values: Mapping[str, str]
    patterns: Mapping[str, tuple[str, ...]]
    keys: Mapping[str, str] = field(default_factory=dict)  # host keys, which the witnesses let in
    rules: Mapping[str, Rules] = field(kw_only=True)  # of the NOS: what a changed line costs


@dataclass(slots=True)
class Operator:
    """One run over one plan. `drivers` by name. `stop` is set from outside to cancel.

    `touched`: switches that may hold a candidate; `armed`: those that may have an open window; `applied`:
    those that were told to change; `now`: how far the change is, once it is known who changes; `bound`: a
    `prepare` was sent, so that only the witnesses say which way; `decided`: what they said, empty where no
    majority did, None while they were not asked; `left_open`: the same of earlier runs.
    `verify_seconds`: how long a switch may take until it is as it should be.
    """

    plan: Plan
    drivers: Mapping[str, Driver]
    witnesses: Witnesses
    report: Report
    progress: Progress
    stop: threading.Event
    verify_seconds: float = VERIFY_SECONDS
    live: dict[str, Live] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    armed: set[str] = field(default_factory=set)
    applied: set[str] = field(default_factory=set)
    bound: bool = False
    decided: str | None = None
    begun: float = field(default_factory=time.monotonic)
    left_open: LeftOpen = field(init=False)
    now: Progressing = field(init=False)

    def __post_init__(self) -> None:
        self.left_open = LeftOpen(self.witnesses)

    def run(self) -> Report:
        """Raises DeviceFailed or Drift when nothing was changed in the end; the report says the states."""
        try:
            go = self._prepared()
            with WindowKeeper(self._extend, self.armed, self.plan.window):
                self._in_waves(go)
                if go:
                    self._agreed(go)
                with self._step("confirm"):
                    each(go, self._confirm)
        except Exception as error:
            self._undone(error)
            raise
        finally:
            for driver in self.drivers.values():
                driver.close()
        unconfirmed = "unconfirmed" in self.report.states.values()
        self.report.outcome = "unconfirmed" if unconfirmed else "done"
        return self.report

    # -- steps

    def _prepared(self) -> list[str]:
        """Read, judge, stage: the switches to change. Nothing live is changed yet."""
        names = sorted(self.plan.wants)
        self.report.states = dict.fromkeys(names, "not asked")
        with self._step("read"):
            each(names, self._read, self.stop)
        go = self._judged(names)
        before = {name: live.texts for name, live in self.live.items()}
        self.now = Progressing(self.plan.wants, before, frozenset(go), self.applied)
        with self._step("stage"):
            each(go, self._stage, self.stop)
            if go:
                self.witnesses.enrol(self.plan.keys.values())
        return go

    def _read(self, name: str) -> None:
        driver, want = self.drivers[name], self.plan.wants[name]
        live = self._seen(name, driver.read)
        if live.open is not None:
            if live.open["stack"] != self.plan.stack:
                raise DeviceFailed(f"{name}: {others(live.open)}")
            self._finish_open(name, live.open)
            live = self._seen(name, driver.read)
        if want.serial and live.serial != want.serial:
            raise DeviceFailed(f"{name}: {another_box(live.serial, want.serial)}")
        self.live[name] = live
        self.report.states[name] = "old"

    def _finish_open(self, name: str, opened: Mapping[str, Any]) -> None:
        """A run of our stack left it open."""
        self.left_open.finish(self.drivers[name], opened, lambda text: self._say(name, text))

    def _judged(self, names: Sequence[str]) -> list[str]:
        """Switches to change. All drift is gathered before it stops the run."""
        go: list[str] = []
        drifted: list[str] = []
        for name in names:
            live = self.live[name]
            try:
                if judge(self.plan.wants[name], live.texts, fresh=live.fresh) is Todo.GO:
                    go.append(name)
                else:
                    self.report.states[name] = "recorded"
                    self._say(name, "runs the text already")
            except Drift as drift:
                drifted.append(str(drift))
        if drifted:
            raise Drift("\n".join([*drifted, _DRIFT_ADVICE]))
        return go

    def _stage(self, name: str) -> None:
        target = self._target(name)
        values = {m: v for m, v in self.plan.values.items() if any(m in text for text in target.values())}
        self.touched.add(name)  # before it is asked: an answer that is lost may still have staged it
        candidate = Candidate(target, values, self.plan.patterns[name])
        self.drivers[name].stage(self.plan.id, self.plan.stack, candidate)

    def _in_waves(self, go: Sequence[str]) -> None:
        """Each wave has to be as it should before the next begins; in the end all have to."""
        waves = list(self._waves(go))
        for number, wave in enumerate(waves, 1):
            with self._step(f"wave {number}"):
                for work in (self._arm, self._apply, self._verify):
                    each(wave, work, self.stop)
        if len(waves) > 1:
            with self._step("all waves"):
                each(go, self._look_again, self.stop)

    def _arm(self, name: str) -> None:
        self.armed.add(name)
        self.drivers[name].arm(self.plan.id, self.live[name].digest, self.plan.window, self.plan.restore)

    def _apply(self, name: str) -> None:
        how = mode(self.live[name].texts, self._target(name), self.plan.rules[name])
        if how == "restart" and self.plan.wants[name].relieved and self.live[name].sessions:
            how = "drain"
        self._say(name, _DOING[how])
        self.applied.add(name)
        if problem := self.drivers[name].apply(self.plan.id, how):
            self.report.warnings.append(f"{name}: {problem}")
            self._say(name, problem)

    def _verify(self, name: str) -> None:
        """Over a new login, with what the daemons would still have to be told."""
        self._await(name, self.drivers[name].verify)
        self._say(name, "verified over a new login")

    def _look_again(self, name: str) -> None:
        """All are new: sessions that had to wait for both ends, and what a later wave may have broken."""
        self.drivers[name].close()
        self._await(name, self.drivers[name].read)

    def _seen(self, name: str, look: Callable[..., Live]) -> Live:
        return look(self._paths(name), self._disguise(name), interfaces=self._readdressed(name))

    def _readdressed(self, name: str) -> bool:
        """Whether the change is one of the interfaces too, or may be; if not, they are not looked at."""
        want = self.plan.wants[name]
        return want.record is None or want.record.get(INTERFACES) != want.target.get(INTERFACES)

    def _await(self, name: str, look: Callable[..., Live]) -> None:
        """Polls until the switch runs its target and the sessions that should be up are up.

        Where only sessions are missing, it has been told all; then these alone are waited for. A switch that
        has ended the transaction meanwhile will not get there.
        """
        deadline = time.monotonic() + self.verify_seconds
        before, problem = self.live[name], "no answer"
        wanted = expected_sessions(name, self.now, before.sessions)
        while time.monotonic() < deadline:
            if self.stop.is_set():
                raise Cancelled("interrupted before the last word")
            try:
                seen = self._seen(name, look)
            except DeviceFailed as error:
                problem = str(error)
            else:
                if seen.open is None or seen.open["id"] != self.plan.id:
                    raise DeviceFailed(f"{name}: gave the change up by itself: {_ENDED}")
                problem = _unlike(seen, before, self._target(name))
                if not problem:
                    look = self.drivers[name].read
                    problem = _down(seen, wanted)
                if not problem:
                    return
            time.sleep(min(POLL_SECONDS, self.verify_seconds / 10))
        raise DeviceFailed(f"{name}: not as it should be after {self.verify_seconds:.0f} s: {problem}")

    def _agreed(self, go: Sequence[str]) -> None:
        """Every switch votes, then the witnesses decide. Returns where they hold commit, else raises."""
        with self._step("prepare"):
            self.bound = True
            each(go, self._prepare, self.stop, VOTING)
        self._vote(COMMIT)
        if not self.decided:
            raise DeviceFailed(f"undecided: {UNDECIDED}")
        if self.decided == ABORT:
            raise DeviceFailed(f"a switch or another run gave {self.plan.id} up before it was decided")

    def _prepare(self, name: str) -> None:
        self.drivers[name].prepare(self.plan.id, self.witnesses.told(), self.plan.window)

    def _vote(self, value: str) -> None:
        """Not to be interrupted: what is proposed may be held."""
        with self._step("vote"):
            self.decided = self.witnesses.propose(self.plan.id, value)

    def _confirm(self, name: str) -> None:
        """The last word, until it is heard or the window must be over. Never raises."""
        self.report.states[name] = "unconfirmed"
        deadline = time.monotonic() + self.plan.window
        while True:
            try:
                self.drivers[name].confirm(self.plan.id)
            except Exception as error:
                if isinstance(error, AgentRefused) or time.monotonic() >= deadline:
                    self._say(name, f"did not take the last word: {error}")
                    return
                self.drivers[name].close()
                time.sleep(min(POLL_SECONDS, self.plan.window / 10))
            else:
                self.report.states[name] = "new"
                self.armed.discard(name)
                return

    # -- the way back

    def _undone(self, error: Exception) -> None:
        """Every switch that was touched is put back where that may be; the report says what became of each.

        A switch that is bound waits for the witnesses: nobody else may say that it goes back.
        """
        self.report.error = str(error)
        if self.bound and self.decided is None:
            self._vote(ABORT)
        if self.bound and self.decided != ABORT:
            self.report.outcome = "unconfirmed" if self.decided == COMMIT else "undecided"
            self.report.states |= dict.fromkeys(self.armed, self.report.outcome)
            return
        if isinstance(error, Drift):
            self.report.outcome = "drift"
        else:
            self.report.outcome = "put back" if self.armed else "not started"
        if self.touched:
            self._say("", f"putting {len(self.touched)} switches back")
            with self._step("restore"):
                each(sorted(self.touched), self._restore)

    def _restore(self, name: str) -> None:
        """Never raises: a switch that cannot be asked goes back by itself."""
        problem: Exception | None = None
        for _ in range(RESTORE_TRIES):
            try:
                ended = self.drivers[name].restore(self.plan.id)
            except AgentRefused as refused:
                problem = refused
                break
            except Exception as error:
                problem = error
                self.drivers[name].close()
            else:
                self.report.states[name] = _state(ended)
                self._say(name, "; ".join(filter(None, (f"{ended.outcome}: {ended.why}", ended.problem))))
                return
        if name in self.armed and getattr(problem, "code", "") != "unknown-id":
            self.report.states[name] = "unreachable"
            self._say(name, f"goes back by itself within {self.plan.window:.0f} s: {problem}")

    # -- parts

    def _target(self, name: str) -> Texts:
        return self.plan.wants[name].target

    def _paths(self, name: str) -> tuple[str, ...]:
        want = self.plan.wants[name]
        return tuple(sorted({*want.target, *(p for p in want.record or () if p != RUNNING)}))

    def _disguise(self, name: str) -> Disguise:
        known = (self._target(name), self.plan.wants[name].record or {})
        desired = tuple(text for texts in known for text in texts.values())
        return Disguise(desired, self.plan.values, self.plan.patterns[name])

    def _waves(self, go: Sequence[str]) -> Iterator[list[str]]:
        """Those that carry nothing yet go first and together, nobody can miss them; unnamed ones last."""
        idle = {n for n in go if self.live[n].fresh or self.live[n].texts == self.plan.wants[n].base}
        named = {name for wave in self.plan.waves for name in wave}
        busy = [[n for n in wave if n not in idle] for wave in self.plan.waves]
        for wave in (sorted(idle), *busy, [n for n in go if n not in named | idle]):
            if names := [n for n in wave if n in go]:
                yield names

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        self._say("", name)
        begun = time.monotonic()
        try:
            yield
        finally:
            self.report.seconds[name] = round(time.monotonic() - begun, 2)

    def _extend(self, name: str) -> None:
        self.drivers[name].extend(self.plan.id, self.plan.window)

    def _say(self, name: str, text: str) -> None:
        self.report.steps.append((round(time.monotonic() - self.begun, 2), name, text))
        self.progress(name, text)


def _state(ended: Ended) -> str:
    if ended.problem:
        return "not running"
    return "restored" if ended.outcome == "restored" else "old"


_DOING = {
    "reload": "reloading",
    "restart": "restarting its daemons",
    "drain": "draining it, then restarting its daemons",
}
_DRIFT_ADVICE = (
    "nothing was started. `pulumi refresh` takes what they run into the record, and the next `pulumi up` "
    "replaces it; or change the inventory so that it says the same."
)

_ENDED = "its window ended without a word, or it was told to by another run; look at `igoudar txn`"


def _unlike(seen: Live, before: Live, target: Texts) -> str:
    """What is not as it should be, sessions apart; empty where all is."""
    if seen.missing:
        return f"not running: {', '.join(seen.missing)}"
    files = {path: text for path, text in seen.texts.items() if path != RUNNING}
    if wrong := sorted(path for path in target if files.get(path) != target[path]):
        return f"other text in {', '.join(wrong)}"
    if seen.residue:
        return f"the daemons do not run all of it: {'; '.join(seen.residue[:3])}"
    if broken := [line for line in seen.interfaces if line not in before.interfaces]:
        return f"interfaces are not as told: {'; '.join(broken[:3])}"
    return ""


def _down(seen: Live, sessions: set[str]) -> str:
    down = sorted(key for key in sessions if seen.sessions.get(key) != "Established")
    return f"sessions down: {', '.join(down)}" if down else ""
