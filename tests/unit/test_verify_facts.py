"""What a leaf of the lab said (recorded from FRR 10.3, lldpd, ifupdown2 and chrony), as flat facts."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from igoudar.verify import facts
from igoudar.verify.facts import Key, commands_for, facts_of

RECORD = json.loads((Path(__file__).parent / "data" / "verify_leaf-4.json").read_text("utf-8"))


TEXT = ("interfaces", "time")
INTERFACES, TIME = ("interfaces",), ("time",)


def outputs(**changed: Any) -> dict[str, dict[str, Any]]:
    """As `on_host.look` gives them: plain text stands as lines in the record, FRR answers at once."""
    told = {**RECORD, **changed}
    asked = [name for name in told if name not in (*TEXT, "lldp")]
    lines = [
        told[name] if isinstance(told[name], str) else json.dumps(told[name], indent=1) for name in asked
    ]
    return {
        **{name: {"rc": 0, "out": "\n".join(told[name])} for name in TEXT},
        "lldp": {"rc": 0, "out": json.dumps(told["lldp"])},
        "frr|" + "|".join(asked): {"rc": 0, "out": "\n\n".join(lines) + "\n"},
    }


@pytest.mark.parametrize(
    ("key", "values"),
    [
        (("lldp", "swp1"), {"spine-1/swp4"}),
        (("bgp", "default", "swp2", "l2VpnEvpn"), {"Established"}),
        (("bgp", "fisc-prod", "swp12", "ipv6Unicast"), {"Established"}),
        (("bfd", "fisc-prod", "swp12"), {"up"}),
        (("route", "default", "10.255.4.1/32"), {"swp1", "swp2"}),
        (("route", "fisc-prod", "172.16.1.0/24"), {"10.255.4.1", "10.255.4.3"}),
        (("route", "fisc-prod", "2001:db8:1:2::63/128"), {"10.255.4.1", "10.255.4.2"}),
        (("route", "fisc-prod", "172.16.2.17/32"), {"swp12"}),
        (("route", "fisc-prod", "0.0.0.0/0"), {"unreachable"}),
        (("route", "world", "::/0"), {"10.255.7.129", "10.255.7.130"}),
        (("route", "world", "198.51.100.64/26"), {"vlan1846"}),
        (("rt", "65000:54016"), {"10.255.4.3"}),
    ],
)
def test_a_recorded_fact(key: tuple[str, ...], values: set[str]) -> None:
    assert facts_of(outputs(), [key])[key] == values


def test_nothing_wrong_with_interfaces_is_an_empty_fact() -> None:
    assert facts_of(outputs(), [INTERFACES])[INTERFACES] == frozenset()


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (0, ""),  # as of a command that is not ifquery
        (1, ""),  # it died
        (-9, "iface lo [pass]"),  # it was killed
        (1, "iface lo [pass]"),  # it found no fault, and could not read all of the file
    ],
)
def test_interfaces_of_an_ifquery_that_failed_are_not_told(status: int, text: str) -> None:
    assert facts_of({"interfaces": {"rc": status, "out": text}}, [INTERFACES]) == {}
    assert facts_of({}, [INTERFACES]) == {}


@pytest.mark.parametrize(
    ("key", "name", "status", "told"),
    [
        (("name", "a.example"), "name a.example", 2, True),  # no such name
        (("name", "a.example"), "name a.example", -15, False),
        (("time",), "time", 1, False),
        (("lldp", "swp1"), "lldp", 1, False),
        (("rts",), "frr|targets", 1, False),
    ],
)
def test_only_a_command_that_did_its_work_tells(key: Key, name: str, status: int, told: bool) -> None:
    assert (key in facts_of({name: {"rc": status, "out": ""}}, [key])) is told


def test_what_ifquery_calls_wrong_is_named_with_its_interface() -> None:
    lines = [
        line.replace("[pass]", "[fail]") if "mtu 9216" in line else line for line in RECORD["interfaces"]
    ]
    told = outputs(interfaces=lines)
    told["interfaces"]["rc"] = 1  # as ifquery ends where it found a fault
    assert "swp1: mtu 9216" in facts_of(told, [INTERFACES])[INTERFACES]


def test_tunnel_ends_are_listed_by_vni() -> None:
    told = [{"vni": 18421, "type": "L2", "numRemoteVteps": 2, "remoteVteps": ["10.255.4.1", "10.255.4.3"]}]
    facts = facts_of(outputs(evpn=told), [("vtep", "18421"), ("vtep", "7")])
    assert facts == {("vtep", "18421"): {"10.255.4.1", "10.255.4.3"}, ("vtep", "7"): frozenset()}


def test_time_of_a_host_that_follows_a_server() -> None:
    line = "C0000202,192.0.2.2,11,1795606504.1,0.1,0.1,0.1,-1,0,0.1,0.1,0.1,64.2,Normal"
    assert facts_of(outputs(time=[line]), [TIME])[TIME] == {"192.0.2.2", "synchronised"}
    other = line.replace("Normal", "Not synchronised")
    assert facts_of(outputs(time=[other]), [TIME])[TIME] == {"192.0.2.2"}


def test_a_daemon_that_does_not_answer_has_no_facts_and_shifts_nobody_else_s() -> None:
    """vtysh says one line for the question and goes on with the next."""
    keys = [("bgp", "default", "swp2", "l2VpnEvpn"), ("bfd", "fisc-prod", "swp12"), ("rts",)]
    whole, broken = facts_of(outputs(), keys), facts_of(outputs(bgp="bgpd is not running"), keys)
    assert set(whole) == set(keys)
    assert broken == {k: v for k, v in whole.items() if k[0] != "bgp"}


def test_a_question_that_frr_refuses_has_no_answer() -> None:
    key = ("announced", "world", "203.0.113.1")
    told = {"warning": "No such neighbor or address family"}
    assert facts_of({"frr|announced world 203.0.113.1": {"rc": 0, "out": json.dumps(told)}}, [key]) == {}


def test_only_what_is_needed_is_run_and_frr_is_asked_once() -> None:
    keys = [("route", "world", "::/0"), ("rt", "65000:1"), ("rts",), ("name", "a.example"), ("time",)]
    commands = commands_for(keys)
    assert set(commands) == {"frr|routes6|targets", "name a.example", "time"}
    assert commands["frr|routes6|targets"].count("-c") == 2


def test_what_is_announced_is_asked_by_family() -> None:
    keys = [("announced", "world", "203.0.113.1"), ("announced", "world", "2001:db8::1")]
    ((name, words),) = commands_for(keys).items()
    assert name == "frr|announced world 203.0.113.1|announced world 2001:db8::1"
    assert "show bgp vrf world ipv6 unicast neighbors 2001:db8::1 advertised-routes json" in words
    told = [{"advertisedRoutes": {"198.51.100.0/24": {}}}, {"advertisedRoutes": {"2001:db8:100::/48": {}}}]
    facts = facts_of({name: {"rc": 0, "out": "\n".join(map(json.dumps, told))}}, keys)
    assert facts[keys[0]] == {"198.51.100.0/24"}
    assert facts[keys[1]] == {"2001:db8:100::/48"}


@pytest.mark.parametrize(
    ("status", "text", "told"),
    [
        (0, {"data": {"activeTargets": [{"health": "up", "labels": {"instance": "a"}}]}}, {"a"}),
        (0, {"data": {"activeTargets": [{"health": "down", "labels": {"instance": "a"}}]}}, set()),
        (0, {"data": {"activeTargets": []}}, set()),
        (7, {}, None),  # curl: nobody listens
        (2, {}, None),
    ],
)
def test_who_is_up_as_prometheus_says(status: int, text: dict[str, Any], told: set[str] | None) -> None:
    key = ("metrics", "192.0.2.4")
    ((name, words),) = commands_for([key]).items()

    assert words[-1] == "http://192.0.2.4:9090/api/v1/targets?state=active"
    assert facts_of({name: {"rc": status, "out": json.dumps(text)}}, [key]).get(key) == told


def test_whose_word_arrived_stands_in_its_own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the command itself, over a folder: not yesterday's word, not a file in which nobody wrote lately."""
    monkeypatch.setattr(facts, "KEPT", str(tmp_path))
    monkeypatch.setattr(facts, "END_BYTES", 1000)
    files = {
        "srv-1/2026-11-27.log": "2026-11-27T08:00:00 srv-1 igoudar-verify: word-2\n",
        "srv-2/2026-11-27.log": "2026-11-27T08:00:00 srv-2 igoudar-verify: word-1\n" * 99,
        "srv-3/2026-11-26.log": "2026-11-26T23:59:59 srv-3 igoudar-verify: word-2\n",
        "srv-4/2025-11-27.log": "2025-11-27T08:00:00 srv-4 igoudar-verify: word-2\n",
        "srv-5/other": "word-2\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    os.utime(tmp_path / "srv-4/2025-11-27.log", (0, 0))
    keys = [("logs", f"srv-{n}") for n in range(1, 6)]
    told = dict[str, dict[str, Any]]()
    for word in ("word-2", "word-3"):
        ((name, words),) = commands_for(keys, word).items()
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        told[word] = dict(facts_of({name: {"rc": done.returncode, "out": done.stdout}}, keys))

    assert [key for key, value in told["word-2"].items() if value == {"heard"}] == [keys[0], keys[2]]
    assert told["word-3"] == dict.fromkeys(keys, frozenset())
    assert facts_of({"logs": {"rc": 127, "out": ""}}, keys) == {}
