"""The key of a cable, by which records and the ledger know it: both ends, `leaf-1/swp1 -- srv-1/eth1`."""

from __future__ import annotations

JOINED = " -- "


def cable_key(*ends: str) -> str:
    """Of the two ends in any order: by device, then port."""
    return JOINED.join(sorted(ends, key=lambda end: end.partition("/")))


def ends_of(key: str) -> tuple[str, ...]:
    return tuple(key.split(JOINED))


def device_of(end: str) -> str:
    return end.partition("/")[0]
