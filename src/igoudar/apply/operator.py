"""The steps of a transaction over all switches of a change (design 6).

    read       only the switches of the change; finish an open transaction of our own stack
    judge      live against record and target; drift stops everything before it starts
    stage      every candidate on its switch, judged there; nothing live changes
    wave       arm, apply, verify over a new login
    confirm    all; those that did not answer are `unconfirmed`

A failure, a refusal or Cancel before `confirm` restores every armed switch. Until votes exist, one lost
`confirm` can leave one switch old: it is reported, and the next run asks it again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from igoudar.apply.change import RUNNING, Texts, Todo, Wanted, expected_sessions, judge, mode
from igoudar.apply.driver import Disguise, Driver, Live
from igoudar.errors import DeviceFailed, Drift, IgoudarError
from igoudar.runs import Report

TOGETHER = 32  # switches at once; each waits for its device most of the time
VERIFY_SECONDS = 60.0
POLL_SECONDS = 1.0
SETTLE_ROUNDS = 2

Progress = Callable[[str, str], None]  # switch or empty, text


class Cancelled(DeviceFailed):
    """The user interrupted before the last word."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A change: `waves` of names, everything else by name. `window` in seconds."""

    id: str
    stack: str
    wants: Mapping[str, Wanted]
    waves: Sequence[Sequence[str]]
    window: float
    values: Mapping[str, str]
    patterns: Mapping[str, tuple[str, ...]]


@dataclass(slots=True)
class Operator:
    """One run over one plan. `drivers` by name. `stop` is set from outside to cancel."""

    plan: Plan
    drivers: Mapping[str, Driver]
    report: Report
    progress: Progress
    stop: threading.Event
    live: dict[str, Live] = field(default_factory=dict)
    armed: set[str] = field(default_factory=set)
    begun: float = field(default_factory=time.monotonic)

    def run(self) -> Report:
        """Raises DeviceFailed or Drift when nothing was changed in the end; the report says the states."""
        names = sorted(self.plan.wants)
        self.report.states = dict.fromkeys(names, "old")
        try:
            with self._step("read"):
                self._each(names, self._read)
            go = self._judged(names)
            with self._step("stage"):
                self._staged(go)
            with self._extending():
                for number, wave in enumerate(self._waves(go), 1):
                    with self._step(f"wave {number}"):
                        self._wave(wave)
                self._check_stop()
                with self._step("confirm"):
                    self._confirm(go)
        except IgoudarError as error:
            self.report.error = str(error)
            self.report.outcome = "drift" if isinstance(error, Drift) else "restored"
            self._restore_all()
            raise
        finally:
            for driver in self.drivers.values():
                driver.close()
        self.report.outcome = "done"
        return self.report

    # -- steps

    def _read(self, name: str) -> None:
        driver, want = self.drivers[name], self.plan.wants[name]
        live = driver.read(self._paths(name), self._disguise(name))
        if live.open is not None:
            if live.open["stack"] != self.plan.stack:
                raise DeviceFailed(
                    f"{name}: {live.open['id']} of the stack {live.open['stack']} is open there for "
                    f"{live.open['left']:.0f} s more; wait, then run again"
                )
            self._say(name, f"puts {live.open['id']} back, which a run left open")
            driver.restore(str(live.open["id"]))
            live = driver.read(self._paths(name), self._disguise(name))
        if want.serial and live.serial != want.serial:
            raise DeviceFailed(
                f"{name}: the box there has the serial {live.serial or 'unknown'}, the inventory says "
                f"{want.serial}; correct whichever is wrong"
            )
        self.live[name] = live

    def _judged(self, names: Sequence[str]) -> list[str]:
        """Switches to change. All drift is gathered before it stops the run."""
        go: list[str] = []
        drifted: list[str] = []
        for name in names:
            try:
                if judge(self.plan.wants[name], self.live[name].texts) is Todo.GO:
                    go.append(name)
                else:
                    self.report.states[name] = "recorded"
                    self._say(name, "runs the text already")
            except Drift as drift:
                drifted.append(str(drift))
        if drifted:
            raise Drift("\n".join([*drifted, _DRIFT_ADVICE]))
        return go

    def _staged(self, names: Sequence[str]) -> None:
        def stage(name: str) -> None:
            values = {
                m: v for m, v in self.plan.values.items() if any(m in t for t in self._target(name).values())
            }
            self.drivers[name].stage(self.plan.id, self.plan.stack, self._target(name), values)

        try:
            self._each(names, stage)
        except IgoudarError:
            self._each(names, lambda name: _drop(self.drivers[name], self.plan.id), quiet=True)
            raise

    def _wave(self, names: Sequence[str]) -> None:
        self._check_stop()
        self._each(names, self._arm)
        self._check_stop()
        self._each(names, self._apply)
        self._check_stop()
        self._each(names, self._verify)

    def _arm(self, name: str) -> None:
        self.armed.add(name)  # before it is asked: an answer that is lost may still have armed it
        self.drivers[name].arm(self.plan.id, self.live[name].digest, self.plan.window)

    def _apply(self, name: str) -> None:
        how = mode(self.live[name].texts, self._target(name))
        self._say(name, "restarting its daemons" if how == "restart" else "reloading")
        if problem := self.drivers[name].apply(self.plan.id, how):
            self._say(name, problem)

    def _verify(self, name: str) -> None:
        """Polls until the switch runs its target and the sessions that should be up are up."""
        deadline = time.monotonic() + VERIFY_SECONDS
        targets = {n: w.target for n, w in self.plan.wants.items()}
        wanted = expected_sessions(self.plan.wants[name], self.live[name].sessions, targets)
        problem = "no answer"
        while time.monotonic() < deadline:
            self._check_stop()
            try:
                seen = self.drivers[name].verify(self._paths(name), self._disguise(name))
            except DeviceFailed as error:
                problem = str(error)
            else:
                problem = _unlike(seen, self._target(name), wanted)
                if not problem:
                    self._say(name, "verified over a new login")
                    return
            time.sleep(POLL_SECONDS)
        raise DeviceFailed(f"{name}: not as it should be after {VERIFY_SECONDS:.0f} s: {problem}")

    def _confirm(self, names: Sequence[str]) -> None:
        """From the first `confirm` on nothing is taken back."""

        def confirm(name: str) -> None:
            try:
                self.drivers[name].confirm(self.plan.id, self.plan.patterns[name])
            except DeviceFailed as error:
                self.report.states[name] = "unconfirmed"
                self._say(name, f"did not answer the last word: {error}")
            else:
                self.report.states[name] = "new"
                self.armed.discard(name)

        self._each(names, confirm)

    def _restore_all(self) -> None:
        def restore(name: str) -> None:
            try:
                self.drivers[name].restore(self.plan.id)
                self.report.states[name] = "restored"
            except DeviceFailed as error:
                self.report.states[name] = "unreachable"
                self._say(name, f"goes back by itself within {self.plan.window:.0f} s: {error}")

        if self.armed:
            self._say("", f"putting {len(self.armed)} switches back")
            self._each(sorted(self.armed), restore, quiet=True)

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
        for wave in self.plan.waves:
            if names := [name for name in wave if name in go]:
                yield names

    def _each(self, names: Sequence[str], work: Callable[[str], None], *, quiet: bool = False) -> None:
        """All at once; every failure is gathered before the first is raised."""
        if not names:
            return
        failures: list[IgoudarError] = []
        with ThreadPoolExecutor(min(TOGETHER, len(names))) as pool:
            for future in [pool.submit(work, name) for name in names]:
                try:
                    future.result()
                except IgoudarError as error:
                    failures.append(error)
        if failures and not quiet:
            if len(failures) == 1 or isinstance(failures[0], Cancelled):
                raise failures[0]
            raise DeviceFailed("\n".join(str(f) for f in failures))

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        self._say("", name)
        begun = time.monotonic()
        try:
            yield
        finally:
            self.report.seconds[name] = round(time.monotonic() - begun, 2)

    @contextmanager
    def _extending(self) -> Iterator[None]:
        """Keeps the windows of armed switches open, every third of a window."""
        done = threading.Event()

        def extend() -> None:
            while not done.wait(self.plan.window / 3):
                self._each(sorted(self.armed), self._extend, quiet=True)

        thread = threading.Thread(target=extend, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _extend(self, name: str) -> None:
        self.drivers[name].extend(self.plan.id, self.plan.window)

    def _check_stop(self) -> None:
        if self.stop.is_set():
            raise Cancelled("interrupted before the last word; every switch is put back")

    def _say(self, name: str, text: str) -> None:
        self.report.steps.append((round(time.monotonic() - self.begun, 2), name, text))
        self.progress(name, text)


_DRIFT_ADVICE = (
    "nothing was started. `pulumi refresh` takes what they run into the record, and the next `pulumi up` "
    "replaces it; or change the inventory so that it says the same."
)


def _drop(driver: Driver, id_: str) -> None:
    driver.restore(id_)


def _unlike(seen: Live, target: Texts, sessions: set[str]) -> str:
    """What is not as it should be; empty where all is."""
    if seen.missing:
        return f"not running: {', '.join(seen.missing)}"
    files = {path: text for path, text in seen.texts.items() if path != RUNNING}
    if wrong := sorted(path for path in target if files.get(path) != target[path]):
        return f"other text in {', '.join(wrong)}"
    if seen.residue:
        return f"the daemons do not run all of it: {'; '.join(seen.residue[:3])}"
    down = sorted(key for key in sessions if seen.sessions.get(key) != "Established")
    return f"sessions down: {', '.join(down)}" if down else ""
