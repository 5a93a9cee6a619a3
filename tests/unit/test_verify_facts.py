"""What a leaf of the lab said (recorded from FRR 10.3, lldpd, ifupdown2 and chrony), as flat facts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from igoudar.verify.facts import commands_for, facts_of

RECORD = json.loads((Path(__file__).parent / "data" / "verify_leaf-4.json").read_text("utf-8"))


def outputs(**changed: Any) -> dict[str, dict[str, Any]]:
    """As `on_host.look` gives them: plain text stands as a list of lines in the record."""
    told = {**RECORD, **changed}
    return {
        name: {"rc": 0, "out": "\n".join(out) if name in ("interfaces", "time") else json.dumps(out)}
        for name, out in told.items()
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
    assert facts_of(outputs())[key] == values


def test_nothing_wrong_with_interfaces_is_no_fact() -> None:
    assert ("interfaces",) not in facts_of(outputs())


def test_what_ifquery_calls_wrong_is_named_with_its_interface() -> None:
    lines = [
        line.replace("[pass]", "[fail]") if "mtu 9216" in line else line for line in RECORD["interfaces"]
    ]
    assert "swp1: mtu 9216" in facts_of(outputs(interfaces=lines))[("interfaces",)]


def test_tunnel_ends_are_listed_by_vni() -> None:
    told = [{"vni": 18421, "type": "L2", "numRemoteVteps": 2, "remoteVteps": ["10.255.4.1", "10.255.4.3"]}]
    assert facts_of(outputs(evpn=told))[("vtep", "18421")] == {"10.255.4.1", "10.255.4.3"}


def test_time_of_a_host_that_follows_a_server() -> None:
    line = "C0000202,192.0.2.2,11,1795606504.1,0.1,0.1,0.1,-1,0,0.1,0.1,0.1,64.2,Normal"
    assert facts_of(outputs(time=[line]))[("time",)] == {"192.0.2.2", "synchronised"}
    assert (
        "synchronised" not in facts_of(outputs(time=[line.replace("Normal", "Not synchronised")]))[("time",)]
    )


def test_a_daemon_that_does_not_answer_has_no_facts() -> None:
    broken = {**outputs(), "bgp": {"rc": 1, "out": "bgpd is not running\n"}}
    assert not [key for key in facts_of(broken) if key[0] == "bgp"]


def test_only_the_commands_that_are_needed_are_run() -> None:
    keys = [("route", "world", "::/0"), ("rt", "65000:1"), ("rts",), ("name", "a.example")]
    assert set(commands_for(keys)) == {"routes4", "routes6", "targets", "name a.example"}
