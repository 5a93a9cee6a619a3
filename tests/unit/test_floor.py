"""What the devices of a hall say of themselves, against the records of its racks and cables."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from igoudar.doctor import End
from igoudar.doctor.told import SERIAL_FILES, told
from igoudar.errors import DeviceFailed
from igoudar.hall import unit_row
from igoudar.hall.as_found import Differs, Floor, Found, cables_as_found, not_answered, racks_as_found
from igoudar.hall.cable_order import cable_order
from igoudar.hall.work_order import work_order
from igoudar.jobs import run_job
from igoudar.provider import floor as provider
from igoudar.provider.floor import Asking, FloorResource
from igoudar.provider.kit import Context, ResourceFailure
from igoudar.verify import cables
from igoudar.verify import floor as asking
from igoudar.verify.floor import found_on_floor
from tests.doctor_cases import case_world
from tests.host_world import Hosts
from tests.repository import repository

ROOT = Path(__file__).parents[2]
DAY = date(2026, 11, 26)
Values = Mapping[str, Any]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = repository(tmp_path_factory.mktemp("checkout"))
    (made / "Pulumi.lab.yaml").write_text("config: {'igoudar:site': lab}\n", "utf-8")
    return made


def ask(root: Path, monkeypatch: pytest.MonkeyPatch, hosts: Hosts) -> Floor:
    monkeypatch.setattr(cables, "Logins", hosts)
    monkeypatch.setattr(cables, "AGAIN_SECONDS", 0)
    said = json.dumps(found_on_floor(root, "lab", lambda _: None))
    return Floor.from_json(json.loads(said))


# -- the asking


def test_serials_and_a_swapped_pair(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = case_world("swapped-pair", root)
    found = ask(root, monkeypatch, Hosts(world, ["srv-1"], serials={"leaf-1": "LAB00009", "oob-1": "S"}))

    assert found.serials == {"leaf-1": "LAB00009"}, "nobody asks a switch of the out-of-band network"
    assert found.silent == {"srv-1": "srv-1: no answer"}
    (swap,) = found.differs
    assert swap.ends == {"leaf-1/swp1", "leaf-2/swp1", "spine-1/swp1", "spine-1/swp2"}
    assert swap.said == (
        "swapped pair: exchange the plugs in spine-1/swp1 and spine-1/swp2; or those in leaf-1/swp1 and "
        "leaf-2/swp1"
    )
    assert "srv-1/eth1" in found.unproven
    assert "leaf-1/swp2" not in found.unproven


def test_a_device_without_a_cable_is_asked_too(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = replace(case_world("as-planned", root).plan, cables=())
    monkeypatch.setattr(asking, "plan_of", lambda *_, **__: plan)
    hosts = Hosts(case_world("as-planned", root), serials={"srv-1": "LAB00013"})
    assert ask(root, monkeypatch, hosts).serials == {"srv-1": "LAB00013"}


def test_a_cable_that_is_in_no_plan_has_a_key(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = case_world("as-planned", root)
    world.plugs.append([port for port in world.free if port.device in ("leaf-1", "leaf-2")])
    (extra,) = ask(root, monkeypatch, Hosts(world)).differs

    assert (extra.extra, extra.hall) == ("leaf-1/swp20 -- leaf-2/swp20", "h1")


def test_a_device_that_is_off_makes_no_cable_missing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = case_world("as-planned", root)
    place = world.where(End("leaf-1", "swp11"))
    assert place is not None
    world.plugs[place[0]] = [None, None]
    for silent in ([], ["srv-1"]):
        found = ask(root, monkeypatch, Hosts(world, silent))
        assert [one.ends for one in found.differs] == ([] if silent else [{"leaf-1/swp11", "srv-1/eth1"}])
        assert ("leaf-1/swp11" in found.unproven) is bool(silent)


def test_a_stack_of_another_hall_asks_nobody_of_this_one(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = root / "Pulumi.lab.yaml"
    before = file.read_text("utf-8")
    file.write_text("config: {'igoudar:site': lab, 'igoudar:scope': h9}\n", "utf-8")
    found = ask(root, monkeypatch, Hosts(case_world("swapped-pair", root), serials={"leaf-1": "LAB00009"}))
    file.write_text(before, "utf-8")

    assert found == Floor({}, {})


def test_a_stack_without_a_site_is_said(root: Path) -> None:
    with pytest.raises(DeviceFailed, match=r"Pulumi.other.yaml names no `igoudar:site`"):
        found_on_floor(root, "other", lambda _: None)


def test_the_serial_is_read_where_agent_and_roles_read_it(tmp_path: Path) -> None:
    for place in ("src/igoudar/agent/switch.py", "src/igoudar/worker/bundle.sh"):
        text = (ROOT / place).read_text("utf-8")
        assert text.index(SERIAL_FILES[0]) < text.index(SERIAL_FILES[1])
    (*shell, script) = cables.commands_for([], False)["serial"]
    one, two = tmp_path / "one", tmp_path / "two"
    script = script.replace(SERIAL_FILES[0], str(one)).replace(SERIAL_FILES[1], str(two))
    for file, text, serial in ((None, "", ""), (two, "S2\n", "S2"), (one, " S1 \n", "S1")):
        if file:
            file.write_text(text, "utf-8")
        done = subprocess.run([*shell, script], capture_output=True, text=True, check=False)
        printed = {"serial": {"rc": done.returncode, "out": done.stdout}}
        assert told("a", [], printed, True).serial == serial


# -- the records


def box(name: str, serial: str) -> dict[str, str]:
    return {"device": name, "type": "server", "serial": serial, "status": "active"}


RACKS: dict[str, Any] = {
    "a01": {"height": 47, "units": {"u10": box("srv-1", "S1"), "u11": box("srv-2", "S2")}},
    "a02": {"height": 47, "units": {"u10": box("srv-3", "")}},
}
PLAN = {"label": 17, "ends": "", "article": "dac", "length": "3 m", "status": "connected"}
CABLES = {"a/1 -- s/1": PLAN, "b/1 -- s/2": {**PLAN, "label": 9}, "p/PSU1 -- rpdu/outlet1": PLAN}
SWAP = Differs("swapped pair: exchange", frozenset({"a/1", "b/1", "s/1", "s/2"}), "", "h1")
EXTRA = Differs("extra: take it out", frozenset({"a/9", "b/9"}), "a/9 -- b/9", "h1")


def test_a_unit_shows_the_serial_that_was_read_and_the_order_is_to_exchange_it() -> None:
    found = racks_as_found("h1-a", RACKS, Floor({"srv-1": "S9", "srv-2": "S2"}, {}))
    order = work_order("h1-a", found.record, RACKS, DAY).markdown()

    assert found.record["a01"]["units"]["u10"] == box("srv-1", "S9")
    assert found.record["a02"] == RACKS["a02"]
    assert "- [ ] a01 u10: **srv-1**, server, serial S1; the old one has the serial S9\n" in order
    assert "srv-2**" not in order


@pytest.mark.parametrize(
    ("found", "rows", "floor", "differs"),
    [
        (provider.RESOURCES[0].found, RACKS, Floor({"srv-1": "S9"}, {}), ["a01"]),
        (provider.RESOURCES[1].found, CABLES, Floor({}, {}, (SWAP,)), ["a/1 -- s/1", "b/1 -- s/2"]),
    ],
)
def test_a_refresh_of_what_an_older_igoudar_recorded_shows_what_differs_alone(
    found: Callable[[str, Values, Floor], Found], rows: Values, floor: Floor, differs: list[str]
) -> None:
    assert found("h1-a", rows, Floor({}, {})).record == rows
    after = found("h1-a", rows, floor).record
    assert [key for key in after if after[key] != rows[key]] == differs


def test_a_box_without_a_recorded_serial_is_told_and_nothing_differs() -> None:
    found = racks_as_found("h1-a", RACKS, Floor({"srv-3": "S3"}, {}))

    assert found.record == RACKS
    assert found.notes == ("srv-3 says that its serial is S3; no serial is recorded of it",)


def test_who_does_not_answer_is_named_and_keeps_what_was_read_last_time() -> None:
    before = racks_as_found("h1-a", RACKS, Floor({"srv-1": "S9"}, {})).record
    floor = Floor({}, {"srv-1": "no way", "leaf-7": "of another row"})
    found = racks_as_found("h1-a", before, floor)

    assert found.record == before
    assert not_answered(found.asked, floor) == (
        "1 device did not answer, what is recorded of them is kept: srv-1; srv-1: no way"
    )
    assert not_answered(("srv-2",), floor) == ""
    many = Floor({}, {f"srv-{n:02}": "no way" for n in range(30)})
    assert "srv-18, srv-19 and 10 more; srv-00: no way" in not_answered([*many.silent], many)


def test_what_was_seen_stands_at_each_cable_and_is_one_line_of_work() -> None:
    found = cables_as_found("h1", CABLES, Floor({}, {}, (SWAP, EXTRA))).record
    order = cable_order("h1", found, CABLES, DAY).markdown()

    assert found["a/1 -- s/1"] == {**PLAN, "seen": "swapped pair: exchange"}
    assert found["p/PSU1 -- rpdu/outlet1"] == PLAN
    assert found["a/9 -- b/9"]["status"] == "unplanned"
    assert order.split("\n")[4:-1] == [
        "## Take out", "",
        "- [ ] **in no plan**: a/9 → b/9", "",
        "## Put right", "",
        "- [ ] **9, 17**: swapped pair: exchange",
    ]  # fmt: skip


def test_what_was_put_right_is_as_recorded_and_what_nobody_saw_stays() -> None:
    before = cables_as_found("h1", CABLES, Floor({}, {}, (SWAP, EXTRA))).record

    assert cables_as_found("h1", before, Floor({}, {})).record == CABLES
    silent = Floor({}, {"b": "no way"}, (), frozenset({"b/1", "s/2"}))
    kept = cables_as_found("h1", before, silent).record
    assert {key for key, told in kept.items() if "seen" in told} == {"b/1 -- s/2", "a/9 -- b/9"}


def test_a_link_through_panels_differs_at_its_patch_cords() -> None:
    pieces = {"a/1 -- panel/front/1": PLAN, "panel/rear/1 -- panel-2/rear/1": PLAN}
    found = cables_as_found("h1", pieces, Floor({}, {}, (SWAP,)))

    assert [key for key, told in found.record.items() if "seen" in told] == ["a/1 -- panel/front/1"]
    assert found.notes == ()


def test_what_is_about_no_cable_of_the_record_is_said() -> None:
    vague = Differs("ambiguous: extra", frozenset({"a/9"}), "", "h1")

    assert cables_as_found("h1", CABLES, Floor({}, {}, (vague,))).notes == ("ambiguous: extra",)
    assert cables_as_found("h2", CABLES, Floor({}, {}, (vague, EXTRA))).notes == ()


# -- the provider


class Heard(Context):
    said: list[str]

    async def log(self, severity: str, text: str, *, ephemeral: bool = False) -> None:
        self.said.append(f"{severity}{' for now' if ephemeral else ''}: {text}")


def context(name: str) -> Heard:
    made = Heard(name, f"urn:pulumi:lab::igoudar::t::{name}", False, asyncio.Event(), None)
    object.__setattr__(made, "said", [])
    return made


def answering(monkeypatch: pytest.MonkeyPatch, *answers: Values | Exception) -> list[Values]:
    asked: list[Values] = []

    async def run_job(module: str, request: Values, tell: Any, *_: Any) -> Values:
        asked.append(request)
        await asyncio.sleep(0)
        await tell("", "3 of 9 hosts asked")
        answer = answers[len(asked) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(provider, "run_job", run_job)
    return asked


def racks(asking: Asking) -> FloorResource:
    one, _ = provider.RESOURCES
    return FloorResource(one.token, one.rows, one.ordered, one.seen, asking)


@pytest.mark.parametrize("recorded", [RACKS, unit_row.rows_of(RACKS)])
def test_the_order_reads_lines_and_what_an_older_igoudar_recorded(recorded: Values) -> None:
    moved = {"a01": {"units": {"u12": "srv-1 | server | S1 | active", "u11": RACKS["a01"]["units"]["u11"]}}}
    resource = racks(Asking())

    assert "- [ ] a01 u10 → a01 u12: **srv-1**" in resource.order("h1-a", recorded, moved, DAY).markdown()
    assert resource.order("h1-a", recorded, unit_row.rows_of(RACKS), DAY).sections == ()


ANSWER = {"serials": {"srv-1": "S9"}, "silent": {"srv-2": "no way"}, "differs": [], "unproven": []}


def test_all_records_of_a_refresh_have_one_asking_and_the_next_refresh_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = answering(monkeypatch, ANSWER, {**ANSWER, "serials": {}})
    one, two = context("h1-a"), context("h1-b")

    async def refreshes() -> list[tuple[Values, Values]]:
        resource = racks(Asking())
        both = await asyncio.gather(*(resource.read(c.name, RACKS, {}, c) for c in (one, two)))
        return [*both, await resource.read("h1-a", RACKS, {}, one)]

    first, second, third = asyncio.run(refreshes())
    assert asked == [{"root": str(ROOT), "stack": "lab"}] * 2
    assert first == second
    assert first[0]["a01"]["units"]["u10"] == "srv-1 | server | S9 | active"
    assert third == (RACKS, {})
    assert two.said == [
        "info for now: 3 of 9 hosts asked",
        "warning: 1 device did not answer, what is recorded of them is kept: srv-2; srv-2: no way",
    ]


def test_where_nobody_could_be_asked_the_refresh_fails_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answering(monkeypatch, DeviceFailed("the twin has no known_hosts"), DeviceFailed("it ended"))
    stopped = context("h1-a")
    with pytest.raises(ResourceFailure, match="no known_hosts"):
        asyncio.run(racks(Asking()).read("h1-a", RACKS, {}, context("h1-a")))
    stopped.cancelled.set()
    with pytest.raises(ResourceFailure, match="interrupted"):
        asyncio.run(racks(Asking()).read("h1-a", RACKS, {}, stopped))


def test_an_interrupt_ends_the_asking_at_once(root: Path) -> None:
    async def stopped() -> None:
        cancelled = asyncio.Event()
        cancelled.set()
        request = {"root": str(root), "stack": "lab"}
        await run_job("igoudar.verify", request, tell, cancelled, provider.GONE)

    async def tell(name: str, text: str) -> None:
        raise AssertionError(text)

    with pytest.raises(DeviceFailed, match="the asking ended with status 1; nothing was changed"):
        asyncio.run(stopped())


# -- the resource's records


def test_cables_are_lines_for_the_engine_and_those_of_before_are_read() -> None:
    told = {"label": 7, "ends": "a/b", "article": "dac", "length": "2 m", "status": "connected"}
    line = "7 | a/b | dac | 2 m | connected"
    _, resource = provider.RESOURCES
    swap = Differs("swapped", frozenset({"a/p"}), "", "h1")

    before = {"a/p -- b/p": {**told, "label": 7.0}}
    assert resource.order("h1", before, {"a/p -- b/p": line}, DAY).sections == ()
    assert resource.order("h1", {}, {"a/p -- b/p": line}, DAY).sections != ()
    for recorded in (line, {**told, "label": 7.0}):
        found = resource.found("h1", {"a/p -- b/p": recorded}, Floor({}, {}, (swap,)))
        assert found.record == {"a/p -- b/p": f"{line} | seen: swapped"}
