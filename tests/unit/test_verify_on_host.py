"""The file that runs on hosts, run for real in a network namespace of its own, without root."""

from __future__ import annotations

import json
import os
import subprocess
from importlib import resources
from typing import Any

import pytest

from igoudar.verify import on_host

SCRIPT = resources.files("igoudar.verify").joinpath("on_host.py").read_text("utf-8")
NAMESPACE = ("unshare", "-n") if os.geteuid() == 0 else ("unshare", "-Urn")


def in_namespace(script: str) -> Any:
    """What the last line of `script` prints, run behind `on_host` in a namespace with `lo` up."""
    up = "subprocess.run('ip link set lo up', shell=True, check=True)"
    done = subprocess.run(
        [*NAMESPACE, "python3", "-"],
        input=f"{SCRIPT}\n{up}\n{script}\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode and "unshare" in done.stderr:
        pytest.skip(f"no network namespace without root here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def probes(*asked: dict[str, Any], wires: str = "true") -> Any:
    """Results of probes after the shell commands `wires`."""
    return in_namespace(f"subprocess.run({wires!r}, shell=True, check=True)\nmain({look(*asked)!r})")[
        "probes"
    ]


def look(*probes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"do": "look", "probes": list(probes), "tries": 2, "wait": 0.3, **more}


def test_pings_both_families_and_says_who_answered() -> None:
    asked = [{"id": a, "kind": "icmp", "to": a} for a in ("127.0.0.1", "::1")]
    assert probes(*asked) == {"127.0.0.1": {"answer": "127.0.0.1"}, "::1": {"answer": "::1"}}


def test_silence_has_a_reason() -> None:
    blackhole = "ip addr add 192.0.2.1/24 dev lo; ip route add blackhole 198.51.100.0/24"
    asked = [
        {"id": "no route", "kind": "icmp", "to": "203.0.113.1"},
        {"id": "blackhole", "kind": "icmp", "to": "198.51.100.1"},
    ]
    told = probes(*asked, wires=blackhole)
    assert told["no route"] == {"silent": "Network is unreachable"}
    assert "silent" in told["blackhole"]


def test_what_could_not_be_sent_is_no_silence() -> None:
    asked = [
        {"id": "no device", "kind": "icmp", "to": "127.0.0.1", "device": "eth9"},
        {"id": "no source", "kind": "icmp", "to": "127.0.0.1", "from": "192.0.2.7"},
    ]
    assert probes(*asked) == {
        "no device": {"unsent": "No such device"},
        "no source": {"unsent": "Cannot assign requested address"},
    }


def test_a_whole_packet_passes_and_one_byte_more_does_not() -> None:
    wires = "ip link set lo mtu 9000; ip addr add 172.16.0.1/32 dev lo; ip addr add 2001:db8::1/128 dev lo"
    asked = [
        {"id": f"{to} {size}", "kind": "icmp", "to": to, "size": size, "df": True}
        for to in ("172.16.0.1", "2001:db8::1")
        for size in (9000, 9001)
    ]
    told = probes(*asked, wires=wires)
    assert told["172.16.0.1 9000"] == {"answer": "172.16.0.1"}
    assert told["2001:db8::1 9000"] == {"answer": "2001:db8::1"}
    assert told["172.16.0.1 9001"] == {"silent": "Message too long"}
    assert told["2001:db8::1 9001"] == {"silent": "Message too long"}


def test_an_answerer_says_its_name_until_it_is_hushed() -> None:
    """`hush` needs the marker in the command line; the test's own process is told by `python3 -`."""
    wires = "ip addr add 172.16.0.1/32 dev lo; ip addr add 2001:db8::1/128 dev lo nodad"
    at = [["172.16.0.1", 7007], ["2001:db8::1", 7007]]
    ask = look(
        {"id": "four", "kind": "udp", "to": "172.16.0.1", "port": 7007},
        {"id": "six", "kind": "udp", "to": "2001:db8::1", "port": 7007},
        {"id": "nobody", "kind": "udp", "to": "127.0.0.1", "port": 7007},
    )
    script = f"""
subprocess.run({wires!r}, shell=True, check=True)
pid = answer({{"at": {at!r}, "name": "srv-1", "seconds": 30}})["pid"]
first = look({ask!r})["probes"]
hush({{"pid": pid, "marker": "not-this-run"}})
second = look({ask!r})["probes"]
new = answer({{"at": {at!r}, "name": "srv-2", "seconds": 30, "instead": pid, "marker": "python3"}})["pid"]
os.waitpid(pid, 0)
renewed = look({ask!r})["probes"]
hush({{"pid": new, "marker": "python3"}})
os.waitpid(new, 0)
third = look({ask!r})["probes"]
print(json.dumps([first, second, renewed, third]))
"""
    first, second, renewed, third = in_namespace(script)
    assert first == {"four": {"answer": "srv-1"}, "six": {"answer": "srv-1"}, "nobody": {"answer": "refused"}}
    assert second == first, "a marker of another run ends nothing"
    assert [renewed[family] for family in ("four", "six")] == [{"answer": "srv-2"}] * 2
    assert third["four"] == {"answer": "refused"}


def test_a_stream_counts_what_did_not_come_back() -> None:
    """A third of the way through the target goes away for half a second."""
    script = """
import threading
subprocess.run("ip addr add 172.16.0.1/32 dev lo", shell=True, check=True)
def lose():
    time.sleep(0.8)
    subprocess.run("ip addr del 172.16.0.1/32 dev lo", shell=True, check=True)
    time.sleep(0.5)
    subprocess.run("ip addr add 172.16.0.1/32 dev lo", shell=True, check=True)
threading.Thread(target=lose).start()
flows = [{"id": "a", "kind": "icmp", "to": "172.16.0.1"}, {"id": "b", "kind": "icmp", "to": "127.0.0.1"}]
main({"do": "stream", "flows": flows, "interval": 0.01, "least": 1.5, "settle": 0.6, "most": 8,
      "grace": 0.2})
"""
    told = in_namespace(script)
    lossy, clean = told["flows"]["a"], told["flows"]["b"]
    assert 30 <= lossy["lost"] <= 75
    assert lossy["back"]
    assert 0.4 <= lossy["last"] - lossy["first"] <= 0.7
    assert lossy["longest"] >= 25
    assert clean["lost"] == 0
    assert clean["sent"] > 120
    assert told["seconds"] < 5


ADDRESS, ALIAS = (1, bytes((192, 0, 2, 9))), (5, b"\x01x\x00")
POINTER = (12, b"\x05srv-1\xc0\x13")  # the rest of the name stands in the question


@pytest.mark.parametrize(
    ("records", "answer"),
    [
        ([ADDRESS], "192.0.2.9"),
        ([], "rcode 3"),
        ([ALIAS, ADDRESS], "192.0.2.9"),
        ([POINTER], "srv-1.lab.example"),
    ],
)
def test_an_answer_of_a_resolver(records: list[tuple[int, bytes]], answer: str) -> None:
    query = on_host.dns_query(7, "mgmt-1.lab.example", 1)
    code = b"\x81\x80" if records else b"\x81\x83"
    packet = query[:2] + code + query[4:6] + len(records).to_bytes(2, "big") + query[8:]
    for kind, data in records:
        packet += b"\xc0\x0c" + kind.to_bytes(2, "big") + b"\0\1\0\0\0\x3c"
        packet += len(data).to_bytes(2, "big") + data
    assert on_host.dns_answer(packet, len(query)) == answer


def offer(ident: bytes, kind: int) -> bytes:
    """A reply of 192.0.2.2 with 192.0.2.9, an empty option and one that nobody asked for in it."""
    fixed = b"\x02\x01\x06\0" + ident + bytes(8) + bytes((192, 0, 2, 9)) + bytes(216)
    options = bytes((0, 1, 4, 255, 255, 255, 0, 53, 1, kind, 54, 4, 192, 0, 2, 2, 255))
    return b"\x45" + bytes(8) + b"\x11" + bytes(18) + fixed + on_host.DHCP_MAGIC + options


def test_an_offer_of_an_address() -> None:
    ident = b"mine"
    nothing = (b"", b"")
    assert on_host.dhcp_offer(offer(ident, 2), ident) == (bytes((192, 0, 2, 2)), bytes((192, 0, 2, 9)))
    assert on_host.dhcp_offer(offer(b"his.", 2), ident) == nothing
    assert on_host.dhcp_offer(offer(ident, 6), ident) == nothing, "a refusal"
    assert on_host.dhcp_offer(on_host.dhcp_discover(ident, bytes(6)), ident) == nothing


def test_an_echo_reply_is_told_from_a_request() -> None:
    request = on_host.echo_request(4, 77, 3, b"abcd")
    assert on_host.checksum(request) == 0
    header = bytes([0x45]) + bytes(19)
    assert on_host.echo_reply(4, header + request) is None
    assert on_host.echo_reply(4, header + b"\0" + request[1:]) == (77, 3)
