"""What daemons run otherwise, carried over to frr.conf: of every golden text, whatever is changed in it."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from igoudar.agent.running import canonical, drift
from igoudar.carry import CannotCarry, carried
from tests import golden

FRR = "/etc/frr/frr.conf"
OWN = "ip prefix-list OWN"
EVPN = (
    " !\n address-family l2vpn evpn\n  neighbor FABRIC activate\n  advertise-all-vni\n exit-address-family\n"
)
BFD = (
    "bfd\n profile fabric\n  detect-multiplier 4\n  transmit-interval 500\n  receive-interval 500\n"
    " exit\n !\nexit\n!\n"
)
NUMBERS = st.lists(st.integers(0, 10**6), max_size=12)


@cache
def texts() -> list[str]:
    return [files[FRR] for files in golden.compiled("lab").switches.values()]


def border() -> str:
    return golden.compiled("lab").switches["border-1"][FRR]


def without(text: str, numbers: list[int]) -> str:
    """The text without some of its statements, and without what stands inside of these."""
    lines, left, skip = text.splitlines(), list[str](), -1
    chosen = {number % len(lines) for number in numbers}
    for at, line in enumerate(lines):
        depth = len(line) - len(line.lstrip())
        word = line.strip()
        if skip >= 0 and (depth > skip or word.startswith("exit")):
            continue
        skip = -1
        if at in chosen and word not in ("!", "end") and not word.startswith(("exit", "frr ", "service ")):
            skip = depth if at + 1 < len(lines) and opens(lines, at, depth) else -1
            continue
        left.append(line)
    return "".join(f"{line}\n" for line in left)


def opens(lines: list[str], at: int, depth: int) -> bool:
    following = lines[at + 1]
    return len(following) - len(following.lstrip()) > depth or following.strip().startswith("exit")


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 7),
    st.lists(st.integers(0, 10**6), max_size=12),
    st.lists(st.integers(0, 10**6), max_size=12),
)
def test_after_it_the_file_says_what_the_daemons_run(which: int, file: list[int], daemons: list[int]) -> None:
    """Both have lost lines of the same text: so statements and whole blocks come and go."""
    written, running = without(texts()[which], file), without(texts()[which], daemons)
    after = carried(written, drift(canonical(written), canonical(running)))
    assert canonical(after) == canonical(running)
    assert after.endswith("end\n")


def changed(old: str, new: str) -> tuple[str, str]:
    """What is carried over, and FRR's own text of it."""
    text = border()
    assert text.count(old) == 1, old
    theirs = text.replace(old, new)
    return carried(text, drift(canonical(text), canonical(theirs))), theirs


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (" neighbor swp2 description spine-2/swp9\n", " neighbor swp2 description by hand\n"),
        (" bgp router-id 10.255.7.129\n", " bgp router-id 10.255.7.130\n"),
        (" neighbor FABRIC bfd profile fabric\n", ""),
        (
            " ip route 198.51.100.0/24 blackhole\n",
            " ip route 192.0.20.0/24 blackhole\n ip route 198.51.100.0/24 blackhole\n",
        ),
        ("permit 25\n match ipv6 address prefix-list AGGREGATES\nexit\n!\n", "permit 25\nexit\n!\n"),
        (BFD, ""),
        (f"{OWN} seq 5 permit 198", f"{OWN} seq 4 permit 192.0.2.0/24\n{OWN} seq 5 permit 198"),
        (EVPN, ""),
    ],
)
def test_what_is_changed_in_place_stands_as_frr_writes_it(old: str, new: str) -> None:
    ours, theirs = changed(old, new)
    assert ours == theirs


def test_a_neighbour_is_made_before_anything_is_said_of_it() -> None:
    text = border()
    added = "".join(
        f"+router bgp 4201018001 > neighbor 192.0.2.9 {what}\n"
        for what in ("description hand-made", "password secret:bgp-north@1", "remote-as 65000")
    )
    after = carried(text, f"--- kept\n+++ running\n{added}").splitlines()
    at = after.index(" neighbor 192.0.2.9 remote-as 65000")
    assert after[at + 1 : at + 3] == [
        " neighbor 192.0.2.9 description hand-made",
        " neighbor 192.0.2.9 password secret:bgp-north@1",
    ]


def test_a_new_vrf_with_its_instance_is_a_block_with_an_end() -> None:
    told = [
        "router bgp 65009 vrf red",
        "router bgp 65009 vrf red > address-family ipv4 unicast",
        "router bgp 65009 vrf red > address-family ipv4 unicast > redistribute connected",
        "vrf red",
        "vrf red > vni 4001",
    ]
    after = carried(border(), "".join(f"+{line}\n" for line in told))
    assert "vrf red\n vni 4001\nexit-vrf\n!\n" in after
    block = (
        "router bgp 65009 vrf red\n !\n address-family ipv4 unicast\n  redistribute connected\n"
        " exit-address-family\nexit\n!\n"
    )
    assert block in after


def test_what_is_in_the_file_already_is_not_written_twice() -> None:
    line = "vrf world > ip route 192.0.2.0/24 blackhole"
    assert carried(border(), f"+{line}\n") == border()


def test_what_would_not_come_out_right_is_refused() -> None:
    with pytest.raises(CannotCarry, match="the text has no 'router bgp 1'"):
        carried(border(), "+router bgp 1 > bgp router-id 192.0.2.1\n")
    with pytest.raises(CannotCarry, match="router bgp 4201018001"):
        carried(border(), "-router bgp 4201018001\n")
