"""Numbers that follow from coordinates: where a box stands says what it is called on the wire. Pure.

They need no ledger and never move because a neighbour came or went.
"""

from __future__ import annotations

from netaddr import IPAddress, IPNetwork

from igoudar.hall.places import Hall
from igoudar.model import Device, Role
from igoudar.site import Site

PER_BUILDING, PER_HALL = 1_000_000, 10_000
FIRST_BORDER, FIRST_SPINE_POD, SERVERS = 8000, 9000, 9999

# Loopbacks: a block of 1024 a hall (the reference hall has 784 switches), 10 halls a building.
HALLS, BLOCK = 10, 1024
FIRST_SLOT = {Role.LEAF: 0, Role.BORDER: 896, Role.SPINE: 960}


def switch_asn(site: Site, hall: Hall, device: Device) -> int:
    """One ASN a leaf and a border, one for all spines of a pod (`Site.asn_base` says the scheme)."""
    offset = {
        Role.LEAF: device.number,
        Role.BORDER: FIRST_BORDER + device.number,
        Role.SPINE: FIRST_SPINE_POD + device.pod,
    }[device.role]
    return _hall_base(site, hall) + offset


def server_asn(site: Site, hall: Hall, device: Device) -> int:
    """One ASN for all routed servers of a hall: a leaf takes their own prefixes and sends a default."""
    assert device.role is Role.SERVER, device.name
    return _hall_base(site, hall) + SERVERS


def _hall_base(site: Site, hall: Hall) -> int:
    return site.asn_base + hall.building * PER_BUILDING + hall.number * PER_HALL


def loopback4(site: Site, hall: Hall, device: Device) -> IPAddress:
    """Raises ValueError where the pool is too small for the coordinates."""
    return _loopback(site.pools.loopback4, hall, device)


def loopback6(site: Site, hall: Hall, device: Device) -> IPAddress:
    """The same place in the IPv6 pool."""
    return _loopback(site.pools.loopback6, hall, device)


def _loopback(pool: IPNetwork, hall: Hall, device: Device) -> IPAddress:
    slot = FIRST_SLOT[device.role] + device.number
    ends = sorted([*FIRST_SLOT.values(), BLOCK])
    limit = next(end for end in ends if end > FIRST_SLOT[device.role])
    place = ((hall.building - 1) * HALLS + hall.number) * BLOCK + slot
    if slot >= limit or hall.number >= HALLS or place >= pool.size:
        raise ValueError(f"the pool {pool} has no address for {device.name}")
    return pool[place]
