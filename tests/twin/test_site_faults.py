"""Faults of `pulumi up` over all switches of a site: all new or all old, no orphans; the next ends it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from igoudar import twin
from tests.twin.checkout import Checkout
from tests.twin.watched import Run, orders, orders_once_still, orphans, settle

pytestmark = [pytest.mark.engine, pytest.mark.image, pytest.mark.timeout(900)]


@dataclass(frozen=True, slots=True)
class Fault:
    """`step`: what the transaction says at most `within` seconds before `act`.

    `unlock`: the engine could not free its lock.
    """

    name: str
    step: str
    act: Callable[[Checkout, Run], None]
    unlock: bool = False
    within: float = 2.0


def nobody_is_left(site: Checkout, run: Run) -> None:
    """No process of it lives, and what happens now the switches do themselves."""
    assert orphans(run.mark) == {}
    before = orders_once_still(site)
    settle(site)
    assert orders(site) == before


def killed(name: str) -> Callable[[Checkout, Run], None]:
    """And what hung on it does not live on, nor tells a switch to write.

    Of what the engine has below it the engine itself cleans up, which may take as long as going back does.
    """

    def act(site: Checkout, run: Run) -> None:
        hung = run.kill(name)
        assert orphans(run.mark, hung) == {}
        if name not in ("engine", "terminal"):
            run.ended()
        nobody_is_left(site, run)

    return act


def interrupted(times: int) -> Callable[[Checkout, Run], None]:
    def act(site: Checkout, run: Run) -> None:
        for _ in range(times):
            run.interrupt()
            time.sleep(0.5)
        run.ended()
        nobody_is_left(site, run)

    return act


def rebooted(site: Checkout, run: Run) -> None:
    twin.power(site.twin, "leaf-1", "cycle")
    run.ended()


FAULTS = (
    Fault("engine killed in a wave", "wave 2", killed("engine"), unlock=True),
    Fault("engine killed at the vote", "prepare", killed("engine"), unlock=True, within=0.4),
    Fault("terminal killed", "wave 3", killed("terminal"), unlock=True, within=1.0),
    Fault("language host killed", "stage", killed("language host"), unlock=True),
    Fault("provider killed", "prepare", killed("provider"), within=0.4),
    Fault("transaction killed", "read", killed("transaction")),
    Fault("interrupted once", "wave 1", interrupted(1)),
    Fault("interrupted twice", "all waves", interrupted(2), unlock=True),
    Fault("a switch rebooted in its wave", "wave 1", rebooted),
)


def until_it_agrees(site: Checkout) -> None:
    """A switch that was just started has not heard of its neighbours, which a refresh shows."""
    deadline = time.monotonic() + 90
    while True:
        try:
            site.shell(f"{site.refresh} --expect-no-changes")
            return
        except AssertionError as error:
            if "igoudar:hall:Cabling" not in str(error) or time.monotonic() > deadline:
                raise
        time.sleep(5)


def toggle(site: Checkout) -> None:
    """Every switch drained, or none."""
    text = (site.inventory / "devices.yaml").read_text("utf-8")
    site.drain(*(() if "drained: true" in text else site.switches))


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_all_new_or_all_old(site: Checkout, fault: Fault) -> None:
    if [*site.folder.glob(".igoudar/state/.pulumi/locks/**/*.json")]:  # what a test that failed has left
        site.shell("igoudar unlock small")
    before = site.texts()
    toggle(site)
    run = Run(site, terminal="terminal" in fault.name)
    try:
        run.until(fault.step)
        time.sleep(random.Random(fault.name).uniform(0, fault.within))
        fault.act(site, run)
        status = run.ended()
    finally:
        run.gone()
    assert status != 0 or fault.unlock, run.told()
    settle(site)
    after = site.texts()
    changed = [name for name in site.switches if after[name] != before[name]]
    assert changed in ([], list(site.switches)), f"mixed\n{run.told()}"
    if fault.unlock:
        site.shell("igoudar unlock small")
    by_record = FAULTS.index(fault) % 2 == 1  # the next run knows what is recorded, and no more
    if not by_record:
        # what was decided and not recorded is a difference, once
        site.shell(site.refresh) if changed else until_it_agrees(site)
    said = site.shell(site.up)
    assert all(old != new for old, new in zip(before.values(), site.texts().values(), strict=True)), said
    if by_record or changed:
        until_it_agrees(site)


def test_a_worker_that_is_killed_is_made_up_for(site: Checkout) -> None:
    """The roles of servers and switches run in workers of their own, before the switches change."""
    before = site.texts()
    toggle(site)
    file = site.inventory / "site.yaml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("timezone: UTC", "timezone: Africa/Casablanca"), "utf-8")
    run = Run(site)
    run.until("ServerGroup .* updating")
    time.sleep(1)
    run.kill("worker")
    assert run.ended() != 0
    nobody_is_left(site, run)
    after = site.texts()
    assert len({after[name] == before[name] for name in site.switches}) == 1, f"mixed\n{run.told()}"
    file.write_text(text, "utf-8")
    said = site.shell(site.up)
    assert all(old != new for old, new in zip(before.values(), site.texts().values(), strict=True)), said
    until_it_agrees(site)
