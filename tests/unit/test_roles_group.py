"""A group over its life: what is to do, what is recorded of failures, what a refresh finds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from igoudar.group_inputs import owned, roles_of, server_group_inputs
from igoudar.provider.group_state import (
    course_of,
    hosts_to_do,
    live,
    not_cordoned,
    outputs_after,
    remaining,
)
from igoudar.roles import Declaration, RoleFile
from igoudar.worker.results import NO_ROLE, Change, HostResult, RoleResult


def inputs(text: str = "one\n", hosts: str = "abc", **serials: str) -> dict[str, Any]:
    told = {h: {"base": Declaration(files=(RoleFile("/etc/x", text=text),))} for h in hosts}
    return server_group_inputs("inventory/s", "row", told, dict.fromkeys(hosts, "S") | serials)


def ok(host: str, *changes: Change, recorded: str = "") -> HostResult:
    return HostResult(host, "ok", (RoleResult("base", changes, recorded),))


def done(recorded: dict[str, Any]) -> dict[str, Any]:
    """Outputs after all went well."""
    return outputs_after(recorded, {h: ok(h) for h in recorded["hosts"]}, {})


def test_the_first_time_everything_is_to_do() -> None:
    assert hosts_to_do(inputs(), {}) == ["a", "b", "c"]


def test_only_what_differs_is_to_do() -> None:
    assert hosts_to_do(inputs(hosts="abc"), done(inputs(hosts="ab"))) == ["c"]
    assert hosts_to_do(inputs("two\n", "ab"), done(inputs(hosts="ab"))) == ["a", "b"]
    assert hosts_to_do(inputs(hosts="ab"), done(inputs(hosts="ab"))) == []


def test_another_box_under_a_name_is_to_do() -> None:
    old, new = inputs(), inputs(b="T")
    assert hosts_to_do(new, done(old)) == ["b"]
    assert remaining(old, new, done(old))["serials"] == {"a": "S", "b": "S", "c": "S"}
    assert hosts_to_do(new, done(new)) == []
    assert remaining(old, new, done(new))["serials"] == {"a": "S", "b": "T", "c": "S"}


def test_what_an_older_igoudar_recorded_is_done() -> None:
    new = inputs()
    old = {**new, "hosts": {h: roles_of(row) for h, row in new["hosts"].items()}}

    assert hosts_to_do(new, done(old)) == []
    found, outputs = live(old, done(old), {h: ok(h) for h in "abc"})
    assert (found, outputs["done"]) == (old, done(new)["done"]), "and a refresh finds nothing"


def test_after_half_an_update_only_the_rest_is_left() -> None:
    """The engine keeps the old inputs then; what is done is not shown and not done again."""
    old, new = inputs(), inputs("two\n")
    outputs = outputs_after(
        new, {"a": ok("a"), "b": HostResult("b", "failed", (), "no"), "c": ok("c")}, done(old)
    )
    shown = remaining(old, new, outputs)["hosts"]

    assert hosts_to_do(new, outputs) == ["b"]
    assert [h for h in "abc" if shown[h] != new["hosts"][h]] == ["b"]


def test_after_half_an_update_a_revert_is_work_where_it_was_done() -> None:
    old, new = inputs(), inputs("two\n")
    outputs = outputs_after(
        new, {"a": ok("a"), "b": HostResult("b", "failed", (), "no"), "c": ok("c")}, done(old)
    )

    assert hosts_to_do(old, outputs) == ["a", "b", "c"]


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
    answers = {h: ok(h, recorded=roles_of(digests[h])["base"]) for h in "abc"}
    found, outputs = live(recorded, done(recorded), answers)

    assert (found, outputs) == (recorded, {**done(recorded), "unreachable": {}})


def test_a_refresh_shows_the_live_text_of_the_host_that_drifted() -> None:
    recorded = inputs()
    results = {h: ok(h, recorded=roles_of(recorded["hosts"][h])["base"]) for h in "bc"}
    results["a"] = ok("a", Change("file", "/etc/x", "text", "edited\n"), recorded="d0")
    found, outputs = live(recorded, done(recorded), results)

    assert owned(found["texts"]["/etc/x"], "a") == "edited\n"
    assert owned(found["texts"]["/etc/x"], "b") == owned(found["texts"]["/etc/x"], "c") == "one\n"
    assert roles_of(found["hosts"]["a"])["base"] == "d0, would change: file /etc/x: text"
    assert hosts_to_do(recorded, outputs) == ["a"]


def test_a_refresh_keeps_the_record_of_a_silent_host() -> None:
    recorded = inputs()
    results = {h: ok(h, recorded=roles_of(recorded["hosts"][h])["base"]) for h in "ab"}
    results["c"] = HostResult("c", "unreachable", (), "no route")
    found, outputs = live(recorded, done(recorded), results)

    assert (found, outputs["unreachable"]) == (recorded, {"c": "no route"})
    assert hosts_to_do(recorded, outputs) == []


def test_a_host_that_lost_a_role_is_to_do() -> None:
    told = {"base": Declaration(), "extra": Declaration(files=(RoleFile("/etc/x", text="one\n"),))}
    old = server_group_inputs("inventory/s", "row", {"a": told, "b": told}, {"a": "S", "b": "S"})
    less = {"a": {"base": told["base"]}, "b": told}
    new = server_group_inputs("inventory/s", "row", less, {"a": "S", "b": "S"})

    assert hosts_to_do(new, done(old)) == ["a"]


def test_a_refresh_finds_what_no_role_declares_any_more() -> None:
    recorded = inputs()
    results = {h: ok(h, recorded=roles_of(recorded["hosts"][h])["base"]) for h in "abc"}
    left = RoleResult(NO_ROLE, (Change("file", "/etc/y", "remove", "old\n"),))
    results["a"] = HostResult("a", "ok", (*results["a"].roles, left))
    found, outputs = live(recorded, done(recorded), results)

    assert found == recorded
    assert hosts_to_do(recorded, outputs) == ["a"]


def cordoned(told: dict[str, Any], *hosts: str) -> dict[str, Any]:
    return {**told, "_group": {**told["_group"], "cordoned": list(hosts)}}


def test_what_was_not_begun_keeps_what_is_known_of_it() -> None:
    old, new = inputs(), inputs("two\n")
    before = {**done(old), "failed": {"c": "no room"}, "done": {"a": "x", "b": done(old)["done"]["b"]}}
    results = {"a": HostResult("a", "failed", (), "why")}
    results |= {h: HostResult(h, "not begun", (), "a failed, which went first") for h in "bc"}
    outputs = outputs_after(new, results, before)

    assert outputs["notBegun"] == dict.fromkeys("bc", "a failed, which went first")
    assert outputs["failed"] == {"a": "why", "c": "no room"}
    assert outputs["done"] == {"b": done(old)["done"]["b"]}
    assert hosts_to_do(new, outputs) == ["a", "b", "c"]
    assert outputs_after(new, {h: ok(h) for h in "abc"}, outputs) == done(new)


def test_a_cordoned_host_is_no_work_and_keeps_its_record_until_it_is_back() -> None:
    old, new = inputs(), cordoned(inputs("two\n"), "b")
    outputs = outputs_after(new, {h: ok(h) for h in "ac"}, done(old))

    assert hosts_to_do(new, done(old)) == ["a", "c"]
    assert remaining(old, new, done(old))["hosts"]["b"] == new["hosts"]["b"]
    assert outputs["done"]["b"] == done(old)["done"]["b"]
    assert hosts_to_do(new, outputs) == []
    assert hosts_to_do(cordoned(new), outputs) == ["b"]


def test_who_wants_a_reboot_is_known_until_it_says_otherwise() -> None:
    new = inputs()
    wanted = {h: replace(ok(h), reboot="the kernel 1 runs, 2 is installed") for h in "ab"}
    first = outputs_after(new, {**wanted, "c": ok("c")}, {})
    silent = HostResult("a", "unreachable", (), "no route")
    digests = {h: ok(h, recorded=roles_of(new["hosts"][h])["base"]) for h in "bc"}
    answers = {"a": silent, "b": digests["b"], "c": replace(digests["c"], reboot="asked for by libc6")}
    _, after = live(new, first, answers)

    assert sorted(first["reboot"]) == ["a", "b"]
    assert after["reboot"] == {"a": "the kernel 1 runs, 2 is installed", "c": "asked for by libc6"}
    assert hosts_to_do(new, after) == [], "it is no work of a run of roles"


def test_a_record_of_before_waves_has_no_limits() -> None:
    old = inputs()
    old["_group"] = {key: old["_group"][key] for key in ("site", "name", "order", "form")}
    assert (course_of(old).limits, not_cordoned(old)) == ((), ["a", "b", "c"])
