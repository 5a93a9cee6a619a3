"""What a switch must have again in the middle of a change, from the texts of both ends."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from igoudar.apply.change import FRR, INTERFACES, Wanted
from igoudar.apply.expectation import Progressing, expected_sessions

BGP = "router bgp 1\n neighbor swp1 remote-as external\nexit\n"
LOCKED = BGP.replace("exit", " neighbor swp1 password secret:fabric@1\nexit")
EDGE = "router bgp 2 vrf a\n neighbor 203.0.113.1 remote-as 9\n neighbor 203.0.113.1 password {}\nexit\n"
GROUP = " neighbor S peer-group\n neighbor S timers 1 {}\n neighbor swp9 interface peer-group S\n"
UP = {"default swp1": "Established"}


def want(name: str, text: str, peers: Mapping[str, str], interfaces: str = "") -> Wanted:
    files = {FRR: text, INTERFACES: interfaces}
    return Wanted(name, "S", files, {}, {}, adopt=False, peers=peers)


def expected(
    leaf: tuple[str, str],
    spine: tuple[str, str] | None,
    changed: str = "",
    up: Mapping[str, str] = UP,
    ports: tuple[str, str] = ("", ""),
) -> set[str]:
    """At leaf-1, whose port swp1 leads to spine-1; a pair is the text before and after."""
    wants = {"leaf-1": want("leaf-1", leaf[1], {"swp1": "spine-1"}, ports[1])}
    before = {"leaf-1": {FRR: leaf[0], INTERFACES: ports[0]}}
    if spine is not None:
        wants["spine-1"] = want("spine-1", spine[1], {"swp1": "leaf-1"})
        before["spine-1"] = {FRR: spine[0], INTERFACES: ""}
    return expected_sessions("leaf-1", Progressing(wants, before, {*wants}, changed.split()), up)


def test_a_session_that_nobody_speaks_of_is_kept_in_every_wave() -> None:
    other = BGP + "router bgp 1 vrf a\n neighbor swp5 remote-as 7\nexit\n"
    for changed in ("", "leaf-1", "spine-1", "leaf-1 spine-1"):
        assert expected((BGP, other), (BGP, BGP), changed) == {*UP}
    assert expected((BGP, BGP), (BGP, BGP), up={"default swp1": "Idle"}) == set()


@pytest.mark.parametrize(
    ("changed", "kept"), [("leaf-1", False), ("spine-1", False), ("leaf-1 spine-1", True)]
)
def test_a_new_password_is_down_until_both_ends_have_it(changed: str, kept: bool) -> None:
    assert bool(expected((BGP, LOCKED), (BGP, LOCKED), changed)) is kept


def test_a_password_on_one_end_only_must_not_pass() -> None:
    assert expected((BGP, LOCKED), None, "leaf-1") == {*UP}
    assert expected((BGP, LOCKED), (BGP, BGP), "leaf-1 spine-1") == {*UP}


def test_another_as_of_the_far_end_is_waited_for() -> None:
    moved = BGP.replace("router bgp 1", "router bgp 3")
    assert expected((BGP, BGP), (BGP, moved), "leaf-1") == set()
    assert expected((BGP, BGP), (BGP, moved), "leaf-1 spine-1") == {*UP}


def test_another_mtu_of_the_port_is_waited_for() -> None:
    ports = ("auto swp1\niface swp1\n    mtu 1500\n", "auto swp1\niface swp1\n    mtu 9216\n")
    assert expected((BGP, BGP), (BGP, LOCKED), "leaf-1", ports=ports) == set()
    assert expected((BGP, BGP), (BGP, BGP), "leaf-1 spine-1", ports=ports) == {*UP}


def test_a_session_that_the_far_end_gives_up_is_not_waited_for() -> None:
    assert expected((BGP, BGP), (BGP, "hostname spine-1\n"), "leaf-1 spine-1") == set()
    assert expected((BGP, "hostname leaf-1\n"), (BGP, BGP), "leaf-1 spine-1") == set()


def test_a_server_that_moves_to_another_vrf_is_not_waited_for_in_the_old() -> None:
    in_a = BGP + "router bgp 1 vrf a\n neighbor swp9 remote-as external\nexit\n"
    up = {**UP, "a swp9": "Established"}
    assert expected((in_a, in_a.replace("vrf a", "vrf b")), None, "leaf-1", up) == {*UP}


@pytest.mark.parametrize(("now", "kept"), [("secret:north@1", True), ("secret:north@2", False)])
def test_a_new_password_with_a_strangers_router_is_not_waited_for(now: str, kept: bool) -> None:
    up = {"a 203.0.113.1": "Established"}
    texts = (EDGE.format("secret:north@1"), EDGE.format(now))
    assert bool(expected(texts, None, "leaf-1", up)) is kept


def test_lines_of_the_peer_group_count() -> None:
    text, up = "router bgp 1\n" + GROUP + "exit\n", {"default swp9": "Established"}
    assert expected((text.format(3), text.format(3)), None, "leaf-1", up) == {*up}
    assert expected((text.format(3), text.format(9)), None, "leaf-1", up) == set()
