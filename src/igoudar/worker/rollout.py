"""Roles over many hosts, wave by wave: the next wave begins when the one before is good."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence

from igoudar.errors import IgoudarError
from igoudar.host_waves import Course, Rollout
from igoudar.worker.results import NOT_BEGUN, SILENT, HostResult

Run = Callable[[Sequence[str]], Mapping[str, HostResult]]
Told = Callable[[str], None]

INTERRUPTED = "the run was interrupted"


def run_in_waves(
    over: Course,
    kinds: Mapping[str, str],
    away: Mapping[str, str],
    run: Run,
    *,
    waiting: Collection[str] = (),
    told: Told = lambda _: None,
    cancelled: threading.Event | None = None,
) -> dict[str, HostResult]:
    """A result for every host of `kinds` (host -> what it has to do); `run` brings some of them there.

    `away`: those that the last run left failed or silent, and why; `waiting`: whom it did not begin. `told`
    hears of each wave as it begins. What earlier waves did is told although a later one cannot begin.
    Where nothing was begun the status is `not begun`, with the reason.
    """
    rollout, found = Rollout.begun(over, kinds, away, waiting), dict[str, HostResult]()
    while wave := rollout.next():
        if cancelled is not None and cancelled.is_set() and found:
            rollout.stopped = INTERRUPTED
            break
        if len(wave) < len(kinds):
            told(f"wave of {len(wave)}, {len(rollout.left) - len(wave)} to come: {', '.join(wave)}")
        try:
            results = run(wave)
        except IgoudarError as error:
            if not found:
                raise
            results = {name: HostResult(name, "failed", message=str(error)) for name in wave}
        found |= results
        bad = {name: result for name, result in results.items() if result.status != "ok"}
        silent = {name: result.message for name, result in bad.items() if result.status == SILENT}
        failed = {name: result.message for name, result in bad.items() if name not in silent}
        rollout.ended(wave, failed, silent)
    not_begun = rollout.not_begun().items()
    return found | {name: HostResult(name, NOT_BEGUN, message=why) for name, why in not_begun}


def kind_of(roles: Mapping[str, object]) -> str:
    """Hosts with the same roles are tried by one of them."""
    return " ".join(roles)
