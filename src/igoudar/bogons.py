"""What must not be heard from another network, read from the dated file `inventory/data/bogons.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

from netaddr import IPNetwork
from pydantic import Field

from igoudar.errors import BadInput, Finding, Where, step_path
from igoudar.schema import Entry, SubnetAddress
from igoudar.validated import needed_file
from igoudar.yaml_source import locate

FILE = "inventory/data/bogons.yaml"
Asn = Annotated[int, Field(ge=0, le=4294967295)]


@dataclass(frozen=True, slots=True)
class Bogons:
    """Prefixes with everything inside them, ASN ranges with both ends, and the limits of the world's routes.

    `prefix_length4` and `prefix_length6` are the longest accepted, in bits; `as_path_length` in AS numbers.
    """

    dated: date
    prefixes4: tuple[IPNetwork, ...]
    prefixes6: tuple[IPNetwork, ...]
    asns: tuple[tuple[int, int], ...]
    prefix_length4: int
    prefix_length6: int
    as_path_length: int


class _Prefix(Entry):
    prefix: SubnetAddress
    why: str
    source: str


class _Asns(Entry):
    first: Asn
    last: Asn
    why: str
    source: str


class _Limit(Entry):
    value: Annotated[int, Field(ge=1, le=255)]
    unit: str
    source: str


class _Limits(Entry):
    prefix_length4: _Limit
    prefix_length6: _Limit
    as_path_length: _Limit


class _File(Entry):
    dated: str
    sources: dict[str, str]
    prefixes4: list[_Prefix]
    prefixes6: list[_Prefix]
    asns: list[_Asns]
    limits: _Limits


def load_bogons(root: Path) -> Bogons:
    """The file of the checkout at `root`. Raises BadInput."""
    read = needed_file(root, FILE, _File)
    if wrong := _wrong(read):
        raise BadInput(locate(wrong, root))
    return Bogons(
        dated=date.fromisoformat(read.dated),
        prefixes4=tuple(p.prefix for p in read.prefixes4),
        prefixes6=tuple(p.prefix for p in read.prefixes6),
        asns=tuple((a.first, a.last) for a in read.asns),
        prefix_length4=read.limits.prefix_length4.value,
        prefix_length6=read.limits.prefix_length6.value,
        as_path_length=read.limits.as_path_length.value,
    )


def _finding(steps: tuple[int | str, ...], message: str) -> Finding:
    path = ""
    for step in steps:
        path = step_path(path, step)
    return Finding("bad-bogons", Where(FILE, 0, path), message.removeprefix("Value error, "))


def _wrong(read: _File) -> list[Finding]:
    findings: list[Finding] = []
    try:
        date.fromisoformat(read.dated)
    except ValueError:
        findings.append(
            _finding(("dated",), f"{read.dated!r} is no date; expected a date such as 2026-11-25")
        )
    for key, version in (("prefixes4", 4), ("prefixes6", 6)):
        for position, entry in enumerate(getattr(read, key)):
            if entry.prefix.version != version:
                findings.append(_finding((key, position), f"{entry.prefix} is of the other family"))
    for position, asns in enumerate(read.asns):
        if asns.first > asns.last:
            findings.append(_finding(("asns", position), f"{asns.first} is above {asns.last}"))
    return findings
