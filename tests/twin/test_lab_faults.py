"""Faults of `pulumi up` over all switches of the lab: all new or all old, no orphans; the next ends it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from igoudar import twin
from tests.twin.lab_checkout import SWITCHES, UP, drain, shell, short_windows
from tests.twin.lab_run import TWIN, Run, orders, orders_once_still, orphans, settle, texts

pytestmark = [pytest.mark.twin, pytest.mark.engine, pytest.mark.image, pytest.mark.timeout(900)]
REFRESH = "pulumi refresh --stack lab --yes --skip-preview --non-interactive"
FINISH = f"{UP} --refresh"


@dataclass(frozen=True, slots=True)
class Fault:
    """`step`: what the transaction says before `act`. `unlock`: the engine could not free its lock."""

    name: str
    step: str
    act: Callable[[Run], None]
    unlock: bool = False


def nobody_is_left(run: Run) -> None:
    """No process of it lives, and what happens now the switches do themselves."""
    assert orphans(run.mark) == {}
    before = orders_once_still()
    settle()
    assert orders() == before


def killed(name: str) -> Callable[[Run], None]:
    """And what hung on it does not live on, nor tells a switch to write.

    Of what the engine has below it the engine itself cleans up, which may take as long as going back does.
    """

    def act(run: Run) -> None:
        hung = run.kill(name)
        assert orphans(run.mark, hung) == {}
        if name not in ("engine", "terminal"):
            run.ended()
        nobody_is_left(run)

    return act


def interrupted(times: int) -> Callable[[Run], None]:
    def act(run: Run) -> None:
        for _ in range(times):
            run.interrupt()
            time.sleep(0.5)
        run.ended()
        nobody_is_left(run)

    return act


def rebooted(run: Run) -> None:
    """The canary: `toggle` drains all, and then waves begin with the first leaf of the third pair."""
    twin.power(TWIN, "leaf-3", "cycle")
    run.ended()


FAULTS = (
    Fault("engine killed in a wave", "wave 3", killed("engine"), unlock=True),
    Fault("engine killed at the vote", "prepare", killed("engine"), unlock=True),
    Fault("terminal killed", "wave 2", killed("terminal"), unlock=True),
    Fault("language host killed", "stage", killed("language host"), unlock=True),
    Fault("provider killed", "wave 4", killed("provider")),
    Fault("transaction killed", "wave 1", killed("transaction")),
    Fault("interrupted once", "wave 2", interrupted(1)),
    Fault("interrupted twice", "wave 5", interrupted(2), unlock=True),
    Fault("a switch rebooted in its wave", "wave 1", rebooted),
)


@pytest.fixture(scope="module", autouse=True)
def windows(checkout: Path) -> None:
    short_windows(checkout)


def toggle(checkout: Path) -> None:
    """Every switch drained, or none."""
    text = (checkout / "inventory" / "lab" / "devices.yaml").read_text("utf-8")
    drain(checkout, *(() if "drained: true" in text else SWITCHES))


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_all_new_or_all_old(checkout: Path, fault: Fault) -> None:
    shell(checkout, "igoudar unlock lab")  # what a failed test before may have left
    before = texts()
    toggle(checkout)
    run = Run(checkout, terminal="terminal" in fault.name)
    run.until(fault.step)
    time.sleep(random.Random(fault.name).uniform(0, 2))
    fault.act(run)
    status = run.ended()
    assert status != 0 or fault.unlock, run.told()
    settle()
    after = texts()
    changed = [name for name in SWITCHES if after[name] != before[name]]
    assert changed in ([], list(SWITCHES)), f"mixed\n{run.told()}"
    if fault.unlock:
        shell(checkout, "igoudar unlock lab")
    said = shell(checkout, FINISH)
    assert all(old != new for old, new in zip(before.values(), texts().values(), strict=True)), said
    if fault is FAULTS[0]:  # it takes as long as a fault; the others refresh as they finish
        shell(checkout, f"{REFRESH} --expect-no-changes")


def test_a_worker_that_is_killed_is_made_up_for(checkout: Path) -> None:
    """The roles of servers and switches run in workers of their own."""
    site = checkout / "inventory" / "lab" / "site.yaml"
    text = site.read_text("utf-8")
    site.write_text(text.replace("timezone: Africa/El_Aaiun", "timezone: Africa/Casablanca"), "utf-8")
    run = Run(checkout)
    run.until("ServerGroup .* updating")
    time.sleep(1)
    run.kill("worker")
    assert run.ended() != 0
    nobody_is_left(run)
    site.write_text(text, "utf-8")
    shell(checkout, UP)
