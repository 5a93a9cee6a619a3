"""The reverse zones of a network, and where a site's zones are served. Pure.

The roles `dns_authoritative`, which serves them, and `unbound`, which asks there, both read this.
"""

from __future__ import annotations

from netaddr import IPNetwork

# Of the host's own resolver only: its callers ask that one, at port 53.
ADDRESS, PORT = "127.0.0.1", 5353
SUFFIX = "in-addr.arpa"


def zone_octets(network: IPNetwork) -> int:
    """How many leading octets name the zones of an IPv4 network: names in them are cut between octets."""
    return min(3, max(1, -(-network.prefixlen // 8)))


def reverse_zones(network: IPNetwork) -> tuple[str, ...]:
    """All zones of the network, without the last dot: of 192.0.2.0/24 one, of 10.0.0.0/11 thirty-two.

    One longer than /24 has the zone of the /24 around it.
    """
    octets = zone_octets(network)
    whole = network.supernet(8 * octets)[0] if network.prefixlen > 8 * octets else network
    zones = (reverse_name(str(part.ip)) for part in whole.subnet(8 * octets))
    return tuple(name.split(".", 4 - octets)[-1] for name in zones)


def reverse_name(address: str) -> str:
    """The name under which an IPv4 address is asked for: `2.2.0.192.in-addr.arpa`."""
    return ".".join((*address.split(".")[::-1], SUFFIX))
