"""Changes of the lab that must not go through, what a run left open, and drift: as before in the end."""

from __future__ import annotations

import json
import time
from datetime import date
from pathlib import Path

import pytest

from igoudar.apply.driver import Candidate, Disguise
from igoudar.compiler import compile_site
from igoudar.live import way_in
from tests.twin.lab_checkout import SWITCHES, UP, drain, on, shell, short_windows
from tests.twin.lab_run import Run, settle, texts

BY_HAND = "ip route 198.51.100.0/25 blackhole"
pytestmark = [pytest.mark.twin, pytest.mark.engine, pytest.mark.image, pytest.mark.timeout(1800)]


def test_drift_on_one_switch_stops_the_change_of_all(checkout: Path) -> None:
    before = texts()
    on("leaf-2", f"sudo vtysh -c 'configure terminal' -c '{BY_HAND}'")
    drain(checkout, "leaf-1", "leaf-2")
    said = shell(checkout, UP, fails=True)
    assert "leaf-2 runs something else than its record" in said
    assert f"+{BY_HAND}" in said
    assert texts() == before
    said = shell(checkout, "pulumi refresh --stack lab --yes --non-interactive --diff")
    assert BY_HAND in said
    shell(checkout, UP)
    assert BY_HAND not in on("leaf-2", "sudo vtysh -c 'show running-config'")
    assert "bgp graceful-shutdown" in on("leaf-2", "sudo cat /etc/frr/frr.conf")
    drain(checkout)
    shell(checkout, UP)
    assert texts() == before


def test_drift_is_seen_adopted_and_carried_by_the_next_update(checkout: Path) -> None:
    before = texts()
    on("leaf-2", f"sudo vtysh -c 'configure terminal' -c '{BY_HAND}'")
    told = json.loads(shell(checkout, "igoudar drift lab --json; [ $? = 5 ]"))
    drifted = {name: d["files"] for name, d in told["switches"].items() if d["state"] == "drift"}
    assert [*drifted] == ["leaf-2"]
    assert f"+{BY_HAND}\n" in drifted["leaf-2"]["running-config"]
    shell(checkout, "igoudar adopt leaf-2 --site lab --write")
    assert "0 errors" in shell(checkout, "igoudar check lab")
    shell(checkout, f"pulumi refresh --stack lab --yes --skip-preview --non-interactive && {UP}")
    assert BY_HAND in on("leaf-2", "sudo cat /etc/frr/frr.conf")
    assert "each runs it" in shell(checkout, "igoudar drift lab")
    (checkout / "inventory/lab/adopted/leaf-2.patch").unlink()
    shell(checkout, UP)
    assert texts() == before


def test_a_refresh_shows_a_swapped_pair_until_it_is_put_right(checkout: Path) -> None:
    """The doctor says when LLDP has heard of it."""
    until = "timeout 180 bash -c 'until {}; do sleep 3; done'"
    refresh = "pulumi refresh --stack lab --yes --skip-preview --non-interactive --diff"
    swap = "swapped pair: exchange the plugs in spine-1/swp1 and spine-1/swp2"
    shell(checkout, "igoudar twin miswire lab swap spine-1/swp1 spine-1/swp2")
    try:
        shell(checkout, until.format(f'igoudar doctor lab | grep "^{swap}"'))
        said = shell(checkout, refresh)
        assert said.count(f'+ seen: "{swap}') == 2
        assert "did not answer" not in said
        assert f'- seen: "{swap}' in shell(checkout, "pulumi preview --stack lab --non-interactive --diff")
    finally:
        shell(checkout, "igoudar twin mend lab")
    shell(checkout, until.format("igoudar doctor lab"))
    assert shell(checkout, refresh).count(f'- seen: "{swap}') == 2
    shell(checkout, f"{refresh} --expect-no-changes")


def left_open(checkout: Path, id_: str, *names: str) -> None:
    """These switches run another text and gave their vote for it, and their operator is gone."""
    compiled = compile_site(checkout / "inventory/lab", root=checkout, today=date.today())
    with way_in(checkout / "inventory/lab", checkout) as (drivers, witnesses):
        for name in names:
            old = compiled.switches[name]
            new = {
                path: text.replace("log syslog informational", "log syslog warnings")
                for path, text in old.items()
            }
            base = drivers[name].read(tuple(sorted(old)), Disguise(tuple(old.values()))).digest
            drivers[name].stage(id_, "lab", Candidate(new, {}, ()))
            drivers[name].arm(id_, base, 600, 60)
            assert drivers[name].apply(id_, "reload") == ""
            drivers[name].prepare(id_, witnesses.told(), 600)


def held(id_: str) -> list[str]:
    """Asked at each witness itself."""
    return [on(f"mgmt-{n}", f"sudo igoudar-witness look {id_}").strip() for n in (1, 2, 3)]


@pytest.mark.parametrize(("word", "id_"), [("abort", "test-nobody"), ("commit", "test-decided")])
def test_what_a_run_left_open_is_shown_and_finished(checkout: Path, word: str, id_: str) -> None:
    before = texts()
    id_ = f"{id_}-{time.time_ns()}"
    left_open(checkout, id_, "leaf-1", "leaf-2")
    told = json.loads(shell(checkout, "igoudar txn lab --json; [ $? = 4 ]"))
    assert told["open"][id_]["switches"] == {"leaf-1": "prepared", "leaf-2": "prepared"}
    assert held(id_) == ["none"] * 3, "looking decided nothing"
    if word == "commit":
        with way_in(checkout / "inventory/lab", checkout) as (_, witnesses):
            assert witnesses.propose(id_, "commit") == "commit"
    else:
        assert "its operator may live" in shell(checkout, "igoudar recover lab --yes", fails=True)
        assert held(id_) == ["none"] * 3
    take_over = "--take-over" if word == "abort" else ""
    assert "nothing is open" in shell(checkout, f"igoudar recover lab --yes {take_over}")
    assert held(id_) == [word] * 3
    assert "nothing open, none silent; 3 of 3 witnesses" in shell(checkout, "igoudar txn lab")
    after = texts()
    changed = [name for name in SWITCHES if after[name] != before[name]]
    assert changed == (["leaf-1", "leaf-2"] if word == "commit" else [])
    if word == "commit":
        shell(checkout, f"pulumi refresh --stack lab --yes --skip-preview --non-interactive && {UP}")
        assert texts() == before


def test_another_box_comes_to_the_text_of_the_one_before(checkout: Path) -> None:
    before, devices = texts(), checkout / "inventory" / "lab" / "devices.yaml"
    short_windows(checkout)
    text = devices.read_text("utf-8")
    old, new = "LAB00009", "LAB90009"
    devices.write_text(text.replace(old, new), "utf-8")
    said = shell(checkout, UP, fails=True)
    assert f"the box there has the serial {old}, the inventory says {new}" in said
    assert texts() == before, "what is meant for the new box is not done to the old one"
    shell(checkout, "igoudar twin up lab")
    assert "fresh" in on("leaf-1", "test -e /usr/sbin/igoudar-agent || echo fresh")
    said = shell(checkout, "pulumi preview --stack lab --non-interactive --diff")
    assert f'"{old}" => "{new}"' in said
    run = Run(checkout)
    run.until("leaf-1: restarting")
    run.kill("transaction")
    assert run.ended() != 0
    settle()
    shell(checkout, UP)
    assert texts() == before
    assert " 0 failed" in shell(checkout, "igoudar verify lab")
    devices.write_text(text, "utf-8")
    shell(checkout, f"igoudar twin up lab && {UP}")
    assert texts() == before
