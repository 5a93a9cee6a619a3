"""Changes of a small site that must not go through, what a run left open, and drift: as before in the end."""

from __future__ import annotations

import json
import re
import shlex
import time
from datetime import date

import pytest

from igoudar.agent.install import COMMAND, VERSIONS, version
from igoudar.apply.driver import Candidate, Disguise
from igoudar.compiler import compile_site
from igoudar.live import way_in
from tests.stacks.checkout import seen_in_a_diff
from tests.twin.checkout import Checkout
from tests.twin.watched import Run, settle

BY_HAND = "ip route 198.51.100.0/25 blackhole"
pytestmark = [pytest.mark.engine, pytest.mark.image, pytest.mark.timeout(1800)]


def test_drift_on_one_switch_stops_the_change_of_all(site: Checkout) -> None:
    before = site.texts()
    site.on("leaf-2", f"sudo vtysh -c 'configure terminal' -c '{BY_HAND}'")
    site.drain("leaf-1", "leaf-2")
    said = site.shell(site.up, fails=True)
    assert "leaf-2 runs something else than its record" in said
    assert f"+{BY_HAND}" in said
    assert site.texts() == before
    said = site.shell(f"{site.refresh} --diff")
    assert BY_HAND in said
    site.shell(site.up)
    assert BY_HAND not in site.on("leaf-2", "sudo vtysh -c 'show running-config'")
    assert "bgp graceful-shutdown" in site.on("leaf-2", "sudo cat /etc/frr/frr.conf")
    site.drain()
    site.shell(site.up)
    assert site.texts() == before


def test_drift_is_seen_adopted_and_carried_by_the_next_update(site: Checkout) -> None:
    before = site.texts()
    site.on("leaf-2", f"sudo vtysh -c 'configure terminal' -c '{BY_HAND}'")
    told = json.loads(site.shell("igoudar drift small --json; [ $? = 5 ]"))
    drifted = {name: d["files"] for name, d in told["switches"].items() if d["state"] == "drift"}
    assert [*drifted] == ["leaf-2"]
    assert f"+{BY_HAND}\n" in drifted["leaf-2"]["running-config"]
    site.shell("igoudar adopt leaf-2 --site small --write")
    assert "0 errors" in site.shell("igoudar check small")
    site.shell(f"{site.refresh} && {site.up}")
    assert BY_HAND in site.on("leaf-2", "sudo cat /etc/frr/frr.conf")
    assert "each runs it" in site.shell("igoudar drift small")
    (site.inventory / "adopted/leaf-2.patch").unlink()
    site.shell(site.up)
    assert site.texts() == before


def test_a_refresh_shows_a_swapped_pair_until_it_is_put_right(site: Checkout) -> None:
    """The doctor says when LLDP has heard of it."""
    until = "timeout 180 bash -c 'until {}; do sleep 10; done'"
    refresh = f"{site.refresh} --diff"
    swap = "swapped pair: exchange the plugs in spine-1/swp1 and spine-1/swp2"
    comes, goes = seen_in_a_diff(swap)
    site.shell("igoudar twin miswire small swap spine-1/swp1 spine-1/swp2")
    try:
        site.shell(until.format(f'igoudar doctor small | grep "^{swap}"'))
        said = site.shell(refresh)
        assert len(re.findall(comes, said)) == 2
        assert "did not answer" not in said
        assert re.search(goes, site.shell("pulumi preview --stack small --non-interactive --diff"))
    finally:
        site.shell("igoudar twin mend small")
    site.shell(until.format("igoudar doctor small"))
    assert len(re.findall(goes, site.shell(refresh))) == 2
    site.shell(f"{refresh} --expect-no-changes")


def left_open(site: Checkout, id_: str, *names: str) -> None:
    """These switches run another text and gave their vote for it, and their operator is gone."""
    compiled = compile_site(site.inventory, root=site.folder, today=date.today())
    with way_in(site.inventory, site.folder) as (drivers, witnesses):
        for name in names:
            old = compiled.switches[name]
            new = {
                path: text.replace("log syslog informational", "log syslog warnings")
                for path, text in old.items()
            }
            base = drivers[name].read(tuple(sorted(old)), Disguise(tuple(old.values()))).digest
            drivers[name].stage(id_, "small", Candidate(new, {}, ()))
            drivers[name].arm(id_, base, 600, 60)
            assert drivers[name].apply(id_, "reload") == ""
            drivers[name].prepare(id_, witnesses.told(), 600)


def upgraded(site: Checkout, name: str) -> None:
    """Its agent was another version until its role put ours in place, in the middle of what is open."""
    other = f"cd {VERSIONS} && mv {version()} other && sed -i s,{version()},other, {COMMAND}"
    site.on(name, f"sudo sh -c {shlex.quote(f'{other} && echo {{}} | {COMMAND} status')}")
    said = site.shell(f"igoudar roles small --limit {name} --role frr_switch --yes")
    assert f"+PYTHONPATH={VERSIONS}/{version()} " in said
    assert site.on(name, f"ls {VERSIONS}").split() == [version()]


def held(site: Checkout, id_: str) -> str:
    """Asked at the witness itself."""
    return site.on("mgmt-1", f"sudo igoudar-witness look {id_}").strip()


@pytest.mark.parametrize(("word", "id_"), [("abort", "test-nobody"), ("commit", "test-decided")])
def test_what_a_run_left_open_is_shown_and_finished(site: Checkout, word: str, id_: str) -> None:
    before = site.texts()
    id_ = f"{id_}-{time.time_ns()}"
    left_open(site, id_, "leaf-1", "leaf-2")
    upgraded(site, "leaf-1")
    told = json.loads(site.shell("igoudar txn small --json; [ $? = 4 ]"))
    assert told["open"][id_]["switches"] == {"leaf-1": "prepared", "leaf-2": "prepared"}
    assert held(site, id_) == "none", "looking decided nothing"
    if word == "commit":
        with way_in(site.inventory, site.folder) as (_, witnesses):
            assert witnesses.propose(id_, "commit") == "commit"
    else:
        assert "its operator may live" in site.shell("igoudar recover small --yes", fails=True)
        assert held(site, id_) == "none"
    take_over = "--take-over" if word == "abort" else ""
    assert "nothing is open" in site.shell(f"igoudar recover small --yes {take_over}")
    assert held(site, id_) == word
    assert "nothing open, none silent; 1 of 1 witnesses" in site.shell("igoudar txn small")
    after = site.texts()
    changed = [name for name in site.switches if after[name] != before[name]]
    assert changed == (["leaf-1", "leaf-2"] if word == "commit" else [])
    if word == "commit":
        site.shell(f"{site.refresh} && {site.up}")
        assert site.texts() == before


def test_another_box_comes_to_the_text_of_the_one_before(site: Checkout) -> None:
    before, devices = site.texts(), site.inventory / "devices.yaml"
    text = devices.read_text("utf-8")
    old, new = "L-1", "L-91"
    devices.write_text(text.replace(old, new), "utf-8")
    said = site.shell(site.up, fails=True)
    assert f"the box there has the serial {old}, the inventory says {new}" in said
    assert site.texts() == before, "what is meant for the new box is not done to the old one"
    site.shell("igoudar twin up small")
    assert "fresh" in site.on("leaf-1", "test -e /usr/sbin/igoudar-agent || echo fresh")
    said = site.shell("pulumi preview --stack small --non-interactive --diff")
    assert f'"{old}" => "{new}"' in said
    run = Run(site)
    run.until("leaf-1: restarting")
    run.kill("transaction")
    assert run.ended() != 0
    settle(site)
    site.shell(site.up)
    assert site.texts() == before
    assert " 0 failed" in site.shell("igoudar verify small")
    devices.write_text(text, "utf-8")
    site.shell(f"igoudar twin up small && {site.up}")
    assert site.texts() == before
