"""A group over its life: what is to do, what is recorded of failures, what a refresh finds."""

from __future__ import annotations

from typing import Any

from igoudar.group_inputs import owned, server_group_inputs
from igoudar.provider.group_state import hosts_to_do, live, outputs_after
from igoudar.roles import Declaration, RoleFile
from igoudar.worker.results import Change, HostResult, RoleResult


def inputs(text: str = "one\n", hosts: str = "abc") -> dict[str, Any]:
    told = {h: {"base": Declaration(files=(RoleFile("/etc/x", text=text),))} for h in hosts}
    return server_group_inputs("inventory/s", "row", told)


def ok(host: str, *changes: Change, recorded: str = "") -> HostResult:
    return HostResult(host, "ok", (RoleResult("base", changes, recorded),))


def test_the_first_time_everything_is_to_do() -> None:
    assert hosts_to_do({}, inputs(), {}) == ["a", "b", "c"]


def test_only_what_differs_or_failed_is_to_do() -> None:
    old = inputs(hosts="ab")

    assert hosts_to_do(old, inputs(hosts="abc"), {}) == ["c"]
    assert hosts_to_do(old, inputs(hosts="ab"), {"failed": {"b": "no"}}) == ["b"]
    assert hosts_to_do(old, inputs("two\n", "ab"), {}) == ["a", "b"]


def test_a_failure_is_kept_until_it_is_mended() -> None:
    new = inputs()
    first = outputs_after(new, {"a": ok("a"), "b": HostResult("b", "failed", (), "why"), "c": ok("c")}, {})
    second = outputs_after(new, {"b": ok("b")}, first)

    assert (sorted(first["done"]), first["failed"]) == (["a", "c"], {"b": "why"})
    assert (sorted(second["done"]), second["failed"]) == (["a", "b", "c"], {})
    assert outputs_after(inputs(hosts="a"), {}, second)["done"].keys() == {"a"}


def test_a_refresh_without_drift_is_the_record() -> None:
    recorded = inputs()
    digests = recorded["hosts"]
    found, silent = live(recorded, {h: ok(h, recorded=digests[h]["base"]) for h in "abc"})

    assert (found, silent) == (recorded, {})


def test_a_refresh_shows_the_live_text_of_the_host_that_drifted() -> None:
    recorded = inputs()
    results = {h: ok(h, recorded=recorded["hosts"][h]["base"]) for h in "bc"}
    results["a"] = ok("a", Change("file", "/etc/x", "text", "edited\n"), recorded="d0")
    found, _ = live(recorded, results)

    assert owned(found["texts"]["/etc/x"], "a") == "edited\n"
    assert owned(found["texts"]["/etc/x"], "b") == owned(found["texts"]["/etc/x"], "c") == "one\n"
    assert found["hosts"]["a"]["base"] == "d0, would change: file /etc/x: text"
    assert hosts_to_do(found, recorded, {}) == ["a"]


def test_a_refresh_keeps_the_record_of_a_silent_host() -> None:
    recorded = inputs()
    results = {h: ok(h, recorded=recorded["hosts"][h]["base"]) for h in "ab"}
    results["c"] = HostResult("c", "unreachable", (), "no route")
    found, silent = live(recorded, results)

    assert (found, silent) == (recorded, {"c": "no route"})
