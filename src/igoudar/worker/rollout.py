"""Roles over many hosts, wave by wave: the next wave begins when the one before is good."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

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
    told: Told = lambda _: None,
    cancelled: threading.Event | None = None,
) -> dict[str, HostResult]:
    """A result for every host of `kinds` (host -> what it has to do); `run` brings some of them there.

    `away`: those that the last run left failed or silent, and why. `told` hears of each wave as it begins.
    Where nothing was begun the status is `not begun`, with the reason.
    """
    rollout, found = Rollout.begun(over, kinds, away), dict[str, HostResult]()
    while wave := rollout.next():
        if cancelled is not None and cancelled.is_set() and found:
            rollout.stopped = INTERRUPTED
            break
        if len(wave) < len(kinds):
            told(f"wave of {len(wave)}, {len(rollout.left) - len(wave)} to come: {', '.join(wave)}")
        results = run(wave)
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
