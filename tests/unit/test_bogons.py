"""The dated file of what must not be heard, and how its mistakes are said."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from netaddr import IPAddress, IPNetwork

from igoudar.bogons import FILE, load_bogons
from igoudar.errors import BadInput

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("address", ["10.1.2.3", "100.64.0.1", "192.168.1.1", "224.0.0.1", "255.255.255.255"])
def test_bogons_of_ipv4(address: str) -> None:
    assert any(IPAddress(address) in network for network in load_bogons(ROOT).prefixes4)


@pytest.mark.parametrize(
    "address", ["::1", "fd00::1", "fe80::1", "ff02::1", "2001:db8::1", "3fff::1", "4000::1"]
)
def test_bogons_of_ipv6(address: str) -> None:
    assert any(IPAddress(address) in network for network in load_bogons(ROOT).prefixes6)


@pytest.mark.parametrize("network", ["9.9.9.0/24", "41.0.0.0/8", "2620:fe::/48", "2c0f::/16"])
def test_the_world_is_let_in(network: str) -> None:
    found = load_bogons(ROOT)
    assert not any(IPNetwork(network) in bogon for bogon in (*found.prefixes4, *found.prefixes6))


@pytest.mark.parametrize(
    ("written", "wrong", "said"),
    [
        ('dated: "2026-11-25"', 'dated: "last week"', "'last week' is no date"),
        ("prefix: 10.0.0.0/8", 'prefix: "fd00::/8"', "fd00::/8 is of the other family"),
        ("first: 64496, last: 64511", "first: 64511, last: 64496", "64511 is above 64496"),
        ("prefix: 127.0.0.0/8", "prefix: 127.0.0.1/8", "127.0.0.0/8"),
        ("limits:", "limit:", "limit"),
    ],
)
def test_a_mistake_is_said_with_its_file_and_line(
    tmp_path: Path, written: str, wrong: str, said: str
) -> None:
    path = tmp_path / FILE
    path.parent.mkdir(parents=True)
    shutil.copy(ROOT / FILE, path)
    assert written in path.read_text()
    path.write_text(path.read_text().replace(written, wrong, 1))
    with pytest.raises(BadInput) as caught:
        load_bogons(tmp_path)
    assert said in str(caught.value)
    assert all(f.where.file == FILE and f.where.line for f in caught.value.findings)
