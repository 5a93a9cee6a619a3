"""How the reverse names of a network are cut into zones."""

from __future__ import annotations

import pytest
from netaddr import IPNetwork

from igoudar.dns_zones import reverse_name, reverse_zones


@pytest.mark.parametrize(
    ("network", "count", "first", "last"),
    [
        ("192.0.2.0/24", 1, "2.0.192.in-addr.arpa", "2.0.192.in-addr.arpa"),
        ("10.0.0.0/11", 32, "0.10.in-addr.arpa", "31.10.in-addr.arpa"),
        ("172.16.0.0/12", 16, "16.172.in-addr.arpa", "31.172.in-addr.arpa"),
        ("10.0.4.0/22", 4, "4.0.10.in-addr.arpa", "7.0.10.in-addr.arpa"),
        ("10.0.0.0/8", 1, "10.in-addr.arpa", "10.in-addr.arpa"),
        ("192.0.2.64/26", 1, "2.0.192.in-addr.arpa", "2.0.192.in-addr.arpa"),
    ],
)
def test_zones_are_cut_between_octets(network: str, count: int, first: str, last: str) -> None:
    zones = reverse_zones(IPNetwork(network))
    assert (len(zones), zones[0], zones[-1]) == (count, first, last)
    hosts = IPNetwork(network)
    assert all(reverse_name(str(hosts[n])).endswith(f".{zones[0 if n == 1 else -1]}") for n in (1, -2))
