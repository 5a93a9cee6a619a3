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
from tests.twin.lab_run import TWIN, Run, orphans, settle, texts

pytestmark = [pytest.mark.twin, pytest.mark.engine, pytest.mark.image, pytest.mark.timeout(900)]
FINISH = f"{UP} --refresh"


@dataclass(frozen=True, slots=True)
class Fault:
    """`step`: what the transaction says before `act`. `unlock`: the engine could not free its lock."""

    name: str
    step: str
    act: Callable[[Run, Path], None]
    unlock: bool = False
    fails: bool = True


def killed(name: str) -> Callable[[Run, Path], None]:
    """And what hung on it does not live on."""

    def act(run: Run, checkout: Path) -> None:
        run.kill(name)
        if name not in ("engine", "terminal"):
            run.ended()
        assert orphans(run.mark) == {}

    return act


def interrupted(times: int) -> Callable[[Run, Path], None]:
    def act(run: Run, checkout: Path) -> None:
        for _ in range(times):
            run.interrupt()
            time.sleep(0.5)
        run.ended()
        assert orphans(run.mark) == {}

    return act


def without_a_witness(run: Run, checkout: Path) -> None:
    twin.power(TWIN, "mgmt-3", "off")
    assert run.ended() == 0, run.told()
    twin.power(TWIN, "mgmt-3", "on")


def another_up(run: Run, checkout: Path) -> None:
    """The engine's lock keeps it out; the first goes on."""
    said = shell(checkout, UP, fails=True)
    assert "lock" in said
    assert run.ended() == 0, run.told()


FAULTS = (
    Fault("engine killed in a wave", "wave 3", killed("engine"), unlock=True),
    Fault("engine killed at the vote", "prepare", killed("engine"), unlock=True),
    Fault("terminal killed", "wave 2", killed("terminal"), unlock=True),
    Fault("language host killed", "stage", killed("language host"), unlock=True),
    Fault("provider killed", "wave 4", killed("provider")),
    Fault("transaction killed", "wave 1", killed("transaction")),
    Fault("interrupted once", "wave 2", interrupted(1)),
    Fault("interrupted twice", "wave 5", interrupted(2), unlock=True),
    Fault("one witness without power", "stage", without_a_witness, fails=False),
    Fault("two at once", "wave 1", another_up, fails=False),
)


@pytest.fixture(scope="module", autouse=True)
def windows(checkout: Path) -> None:
    short_windows(checkout)


def toggle(checkout: Path) -> None:
    """Every switch drained, or none."""
    text = (checkout / "inventory" / "lab" / "devices.yaml").read_text("utf-8")
    drain(checkout, *(() if "drained: true" in text else SWITCHES))


@pytest.mark.parametrize(("seed", "fault"), [*enumerate(FAULTS)], ids=[fault.name for fault in FAULTS])
def test_all_new_or_all_old(checkout: Path, seed: int, fault: Fault) -> None:
    before = texts()
    toggle(checkout)
    run = Run(checkout, terminal="terminal" in fault.name)
    run.until(fault.step)
    time.sleep(random.Random(seed).uniform(0, 2))
    fault.act(run, checkout)
    status = run.ended()
    assert (status != 0) is fault.fails or fault.unlock, run.told()
    settle()
    after = texts()
    changed = [name for name in SWITCHES if after[name] != before[name]]
    assert changed in ([], list(SWITCHES)), f"mixed\n{run.told()}"
    if fault.unlock:
        shell(checkout, "igoudar unlock lab")
    said = shell(checkout, FINISH)
    assert all(old != new for old, new in zip(before.values(), texts().values(), strict=True)), said


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
    assert orphans(run.mark) == {}
    site.write_text(text, "utf-8")
    shell(checkout, UP)
