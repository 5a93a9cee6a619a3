"""`ServerGroup` behind the provider kit, with real workers and hosts that nobody can reach."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from igoudar.group_inputs import server_group_inputs
from igoudar.provider.group_state import host_digest
from igoudar.provider.kit import Context, Kind, PartialFailure
from igoudar.provider.server_group import ServerGroup
from igoudar.roles import Declaration, RoleFile
from igoudar.worker.pool import Pool
from igoudar.worker.results import NO_ROLE, Change, HostResult, RoleResult

ROOT = Path(__file__).parents[2]


def inputs(text: str = "one\n", hosts: tuple[str, ...] = ("far-north", "far-south")) -> dict[str, Any]:
    told = {h: {"base": Declaration(files=(RoleFile("/etc/x", text=text),))} for h in hosts}
    return server_group_inputs("inventory/lab", "row", told, dict.fromkeys(told, "S"))


def done(recorded: dict[str, Any]) -> dict[str, Any]:
    empty: dict[str, Any] = {"failed": {}, "notBegun": {}, "reboot": {}}
    return {"done": {h: host_digest(recorded, h) for h in recorded["hosts"]}, **empty}


def context() -> Context:
    return Context(
        "row", "urn:pulumi:lab::igoudar::igoudar:server:ServerGroup::row", False, asyncio.Event(), None
    )


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServerGroup]:
    """In a checkout of its own: no twin runs there, and no host key is known."""
    shutil.copytree(ROOT / "inventory", tmp_path / "inventory")
    (tmp_path / "roles").symlink_to(ROOT / "roles")
    (tmp_path / "Pulumi.yaml").touch()
    monkeypatch.chdir(tmp_path)
    pool = Pool()
    yield ServerGroup(pool)
    pool.close()


def test_a_failure_is_recorded_by_host_and_done_again(group: ServerGroup) -> None:
    with pytest.raises(PartialFailure) as first:
        asyncio.run(group.create(inputs(), context()))
    outputs = first.value.outputs

    both = ["far-north", "far-south"]
    assert (outputs["done"], [*outputs["failed"]], [*outputs["notBegun"]]) == ({}, both, [])
    assert "no host key is known" in first.value.reasons[0]
    assert "2 of 2 hosts failed, the others are done" in first.value.reasons[-1]
    diff = asyncio.run(group.diff(inputs(), inputs(), outputs, context()))
    assert diff.changes == {
        '["failed"]["far-north"]': Kind.DELETE,
        '["failed"]["far-south"]': Kind.DELETE,
    }


def test_an_update_leaves_hosts_alone_that_have_nothing_to_do(group: ServerGroup) -> None:
    outputs = done(inputs())

    assert asyncio.run(group.update(inputs(), inputs(), outputs, context())) == outputs
    assert asyncio.run(group.delete("row", inputs(), outputs, context())) is None


def test_a_record_without_serials_is_read(group: ServerGroup) -> None:
    """Of before they were recorded."""
    recorded = {key: value for key, value in inputs().items() if key != "serials"}
    found, said_of = asyncio.run(group.read("row", recorded, {}, context()))
    assert found == recorded
    assert sorted(said_of["unreachable"]) == ["far-north", "far-south"]


def reports(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(folder.glob(".igoudar/runs/*/report.json"))]


def test_a_run_leaves_a_report_from_its_beginning(
    group: ServerGroup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is killed leaves what stood there when it began."""
    begun = []

    def killed(*_: Any, **__: Any) -> None:
        begun.extend(reports(tmp_path))
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr("igoudar.provider.server_group.run_roles", killed)
        with pytest.raises(SystemExit):
            asyncio.run(group.create(inputs(), context()))
    (report,) = begun

    assert (report["stack"], report["of"], report["outcome"]) == ("lab", "hosts of row", "running")
    assert report["states"] == {"far-north": "running", "far-south": "running"}


def test_a_failure_names_its_report(group: ServerGroup, tmp_path: Path) -> None:
    with pytest.raises(PartialFailure) as caught:
        asyncio.run(group.create(inputs(), context()))
    (report,) = reports(tmp_path)
    path = f".igoudar/runs/{report['id']}/report.md"

    assert caught.value.reasons[-1].endswith(f"report: {path}")
    assert (report["outcome"], report["states"]) == (
        "failed",
        {"far-north": "unreachable", "far-south": "unreachable"},
    )
    assert {step[1] for step in report["steps"]} == {"far-north", "far-south"}
    text = (tmp_path / path).read_text()
    assert "Stack lab, hosts of row: **failed**." in text
    assert "| far-north | unreachable | look at its power" in text


def test_a_run_with_nothing_to_do_or_that_only_looks_leaves_none(group: ServerGroup, tmp_path: Path) -> None:
    asyncio.run(group.update(inputs(), inputs(), done(inputs()), context()))
    asyncio.run(group.read("row", inputs(), {"done": {}}, context()))

    assert reports(tmp_path) == []


def test_a_changed_line_is_one_path_and_its_hosts(group: ServerGroup) -> None:
    diff = asyncio.run(group.diff(inputs(), inputs("two\n"), done(inputs()), context()))

    assert diff.changes == {
        '["hosts"]["far-north"]': Kind.UPDATE,
        '["hosts"]["far-south"]': Kind.UPDATE,
        '["texts"]["/etc/x"]["*"]': Kind.UPDATE,
    }
    assert asyncio.run(group.diff(inputs(), inputs(), done(inputs()), context())).changes == {}


def test_a_role_that_leaves_a_host_is_shown(group: ServerGroup) -> None:
    old = inputs()
    told = {"base": Declaration()}
    new = server_group_inputs(
        "inventory/lab", "row", dict.fromkeys(old["hosts"], told), dict.fromkeys(old["hosts"], "S")
    )
    diff = asyncio.run(group.diff(old, new, done(old), context()))

    assert diff.changes['["texts"]["/etc/x"]'] == Kind.DELETE
    assert diff.changes['["hosts"]["far-north"]'] == Kind.UPDATE


def test_a_refresh_names_what_no_role_declares_any_more(
    group: ServerGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = RoleResult(NO_ROLE, (Change("file", "/etc/y", "remove", "old\n"),))
    results = {"far-north": HostResult("far-north", "ok", (RoleResult("base"), left))}
    monkeypatch.setattr("igoudar.provider.server_group.run_roles", lambda *_, **__: results)
    said: list[str] = []

    class Told(Context):
        async def log(self, severity: str, message: str, *, ephemeral: bool = False) -> None:
            said.append(f"{severity}: {message}")

    ctx = Told(**{f.name: getattr(context(), f.name) for f in fields(Context)})
    asyncio.run(group.read("row", inputs(hosts=("far-north",)), {"done": {}}, ctx))

    assert said == ["warning: far-north: no role declares it any more; next update: file /etc/y: remove"]


def test_a_host_that_was_left_with_another_text_is_shown(group: ServerGroup) -> None:
    diff = asyncio.run(group.diff(inputs(), inputs(), done(inputs("two\n")), context()))

    assert diff.changes == {'["hosts"]["far-north"]': Kind.UPDATE, '["hosts"]["far-south"]': Kind.UPDATE}


def test_a_refresh_keeps_the_record_of_what_is_silent(group: ServerGroup) -> None:
    found, outputs = asyncio.run(group.read("row", inputs(), {"done": {}}, context()))

    assert found == inputs()
    assert sorted(outputs["unreachable"]) == ["far-north", "far-south"]


def test_a_cancelled_run_is_a_failure_of_what_was_left(group: ServerGroup) -> None:
    async def interrupted() -> None:
        ctx = context()
        ctx.cancelled.set()
        await group.create(inputs(), ctx)

    with pytest.raises(PartialFailure) as caught:
        asyncio.run(interrupted())

    assert set(caught.value.outputs["failed"].values()) == {"cancelled"}
