"""`igoudar drift` over switches in memory, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from igoudar.errors import DeviceFailed
from tests.site_world import FRR, SiteWorld, typed

AS = "router bgp 4200000001"


def drift(root: Path, options: str = "") -> tuple[str, int]:
    return typed(root, f"drift lab {options}".strip())


def told(root: Path) -> dict[str, Any]:
    said, _ = drift(root, "--json")
    found: dict[str, Any] = json.loads(said)
    return found


def by_hand(site: SiteWorld, name: str, path: str = FRR) -> None:
    site.file(name, path).write_text(site.file(name, path).read_text() + "! by hand\n")


def test_a_site_that_runs_its_record_has_none(root: Path, site: SiteWorld) -> None:
    assert drift(root) == ("lab: 8 switches in the record, each runs it", 0)
    assert {d["state"] for d in told(root)["switches"].values()} == {"same"}


def test_a_line_by_hand_is_shown_by_switch_and_file(root: Path, site: SiteWorld) -> None:
    by_hand(site, "leaf-2")
    by_hand(site, "spine-1", "/etc/network/interfaces")
    said, status = drift(root)
    assert status == 5
    assert "+++ b/leaf-2:/etc/frr/frr.conf" in said
    assert "+++ b/spine-1:/etc/network/interfaces" in said
    assert said.count("+! by hand") == 2
    assert said.endswith("lab: 8 switches in the record, 2 drift")
    found = told(root)
    assert found["drift"] is True
    assert list(found["switches"]["leaf-2"]["files"]) == [FRR]


def test_what_only_the_daemons_run_is_drift(root: Path, site: SiteWorld) -> None:
    text = site.record["leaf-1"][FRR]
    site.daemons_run(
        "leaf-1", text.replace(" bgp bestpath", " no bgp bestpath", 1) + "ip route 192.0.2.0/24 Null0\n"
    )
    said, status = drift(root)
    assert status == 5
    assert "+++ b/leaf-1:running-config" in said
    assert "+ip route 192.0.2.0/24 Null0" in said
    assert list(told(root)["switches"]["leaf-1"]["files"]) == ["running-config"]


def test_daemons_that_do_not_run_are_drift(root: Path, site: SiteWorld) -> None:
    site.boxes["leaf-1"].world.switch.dead = {"bgpd"}
    said, status = drift(root)
    assert (status, "not running: bgpd" in said) == (5, True)


def test_no_secret_is_shown(root: Path, site: SiteWorld) -> None:
    path = site.file("border-1")
    first = next(iter(site.values.values()))
    assert first in path.read_text()
    path.write_text(path.read_text().replace(first, "other-word") + "! by hand\n")
    site.file("leaf-1").write_text(
        site.file("leaf-1").read_text() + " neighbor 192.0.2.9 password new-word\n"
    )
    said, status = drift(root)
    assert status == 5
    assert "secret:?changed" in said
    assert "+ neighbor 192.0.2.9 password secret:?" in said
    assert not [word for word in ("other-word", "new-word", *site.values.values()) if word in said]


def test_a_silent_switch_is_named_and_drift_elsewhere_still_counts(root: Path, site: SiteWorld) -> None:
    def silent(box: Any, verb: str, when: str) -> None:
        if box.name == "leaf-3":
            raise DeviceFailed("leaf-3: no route to host")

    site.fault = silent
    said, status = drift(root)
    assert status == 4
    assert "leaf-3: no answer: leaf-3: no route to host" in said
    by_hand(site, "leaf-2")
    assert drift(root)[1] == 5


def test_an_open_transaction_is_no_drift_yet(root: Path, site: SiteWorld) -> None:
    site.open("run-1", "leaf-1", until="applied")
    said, status = drift(root)
    assert status == 4
    assert "leaf-1: open: run-1 of the stack lab is applied there" in said


def test_a_switch_that_is_offline_is_not_asked(root: Path, site: SiteWorld) -> None:
    path = root / "inventory/lab/devices.yaml"
    text = path.read_text()
    assert text.count("leaf-2: {") == 1
    path.write_text(text.replace("leaf-2: {", "leaf-2: {status: offline, "))
    by_hand(site, "leaf-2")
    said, status = drift(root)
    assert status == 0
    assert said.endswith("lab: 8 switches in the record, 1 offline")
    assert site.boxes["leaf-2"].asked == []


def test_another_box_in_its_place_is_drift(root: Path, site: SiteWorld) -> None:
    site.file("leaf-1", "/etc/igoudar/serial").write_text("OTHER\n")
    said, status = drift(root)
    assert status == 5
    assert "leaf-1: drift: the box there has the serial OTHER, the record says" in said


def test_an_update_that_ends_meanwhile_is_no_drift(
    root: Path, site: SiteWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_hand(site, "leaf-2")
    old, new = site.record, {**site.record, "leaf-2": {**site.record["leaf-2"]}}
    new["leaf-2"][FRR] += "! by hand\n"
    records = [old, new]
    monkeypatch.setattr("igoudar.record.record", lambda stack, root: records.pop(0))
    assert drift(root) == ("lab: 8 switches in the record, each runs it", 0)


def test_watch_goes_on_until_there_is_drift(
    root: Path, site: SiteWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds: list[float] = []

    def sleep(seconds: float) -> None:
        rounds.append(seconds)
        if rounds.count(7.0) == 2:
            by_hand(site, "leaf-2")

    monkeypatch.setattr("igoudar.cli.drift.time.sleep", sleep)
    said, status = drift(root, "--watch 7")
    assert (status, rounds) == (5, [7.0, 7.0, 0.0])
    assert said.count("each runs it") == 2


def test_a_stack_that_is_not_of_the_site_is_refused(root: Path, site: SiteWorld) -> None:
    said, status = drift(root, "--stack nowhere")
    assert (said, status) == ("nowhere: lab has no stack nowhere; expected one of lab", 2)


def test_before_the_first_update_there_is_no_record(root: Path, site: SiteWorld) -> None:
    site.record = {}
    assert drift(root) == ("lab: no switch is in the record; nothing was brought to it yet", 0)
