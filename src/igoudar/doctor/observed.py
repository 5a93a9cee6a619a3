"""A file of observations, as `igoudar doctor --observed` takes it (docs/cable-doctor.md). Reads one file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from math import inf
from pathlib import Path
from typing import Annotated, Any, Literal

from netaddr import EUI, mac_unix_expanded, valid_mac
from pydantic import BeforeValidator, Field, StringConstraints

from igoudar.doctor.plan import End, Observation, Plan
from igoudar.errors import BadInput, Finding, Where, nearest
from igoudar.schema import Entry, Mac, Port
from igoudar.validated import validated
from igoudar.yaml_source import Source, locate, read_source

Name = Annotated[str, StringConstraints(min_length=1, max_length=255)]


def _power(value: Any) -> float:
    """dBm; `none` is no light at all."""
    if value == "none":
        return -inf
    if isinstance(value, bool) or not isinstance(value, int | float) or not -60 <= value <= 20:
        raise ValueError("a power in dBm from -60 to 20, or none")
    return float(value)


class NeighbourIn(Entry):
    chassis: Name
    port: Name


class EndIn(Entry):
    chassis: Name | None = None
    port: Name | None = None
    others: list[NeighbourIn] = Field(default=[])
    mac: Mac | None = None
    silent: bool = False
    link: Literal["up", "down"] | None = None
    module: bool | None = None
    rx_dbm: Annotated[float | None, BeforeValidator(_power)] = None


class ObservedFile(Entry):
    chassis: dict[str, Annotated[list[Name], Field(min_length=1)]] = Field(default={})
    macs: dict[Port, Mac] = Field(default={})
    ends: dict[Port, EndIn]


@dataclass(frozen=True, slots=True)
class Observed:
    """`plan`: with the identities that the file adds."""

    plan: Plan
    seen: dict[End, Observation]


def read_observed(path: Path, shown: str, plan: Plan, root: Path) -> Observed:
    """Raises BadInput with everything that is wrong in the file; `shown` is its name in findings."""
    source = _source(path, shown)
    read, wrong = validated(source, ObservedFile)
    if read is None:
        raise BadInput(locate([*source.findings, *wrong], root))
    if wrong := list(_wrong(read, plan, shown)):
        raise BadInput(locate(wrong, root))
    identities = {canonical(i): d for d, named in read.chassis.items() for i in named}
    known = replace(
        plan,
        identities={canonical(i): d for i, d in plan.identities.items()} | identities,
        macs={mac: End(e.device, e.port) for e, mac in read.macs.items()},
        told=frozenset(read.chassis),
    )
    return Observed(known, {End(e.device, e.port): _observation(told) for e, told in read.ends.items()})


@cache
def canonical(identity: str) -> str:
    """A MAC address in one spelling; a serial as it is."""
    return str(EUI(identity, dialect=mac_unix_expanded)) if valid_mac(identity) else identity


def _observation(told: EndIn) -> Observation:
    port = told.port or ""
    return Observation(
        chassis=canonical(told.chassis or ""),
        port=canonical(port),
        mac=told.mac or "",
        silent=told.silent,
        link=None if told.link is None else told.link == "up",
        module=told.module,
        rx_dbm=told.rx_dbm,
        others=tuple((canonical(o.chassis), canonical(o.port)) for o in told.others),
    )


def _source(path: Path, shown: str) -> Source:
    """JSON, read by its own reader, which is fast; what is wrong in it by that of YAML, which knows lines."""
    twice = False

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal twice
        found = dict(pairs)
        twice = twice or len(found) < len(pairs)
        return found

    try:
        data = json.loads(path.read_bytes(), object_pairs_hook=once, parse_constant=str)
    except OSError as error:
        said = f"the file cannot be read: {(error.strerror or 'input or output failed').lower()}"
        return _refused(Finding("unreadable", Where(shown), said, "a readable file"))
    except json.JSONDecodeError as error:
        said = f"this is not JSON: {error.msg[0].lower()}{error.msg[1:]}"
        return _refused(Finding("json-syntax", Where(shown, error.lineno), said))
    except UnicodeDecodeError:
        return _refused(Finding("not-utf8", Where(shown), "the file is not UTF-8", "UTF-8 text"))
    except RecursionError:
        return _refused(Finding("json-depth", Where(shown), "values are nested too deeply"))
    if twice:  # an observation would be hidden
        said = "a name stands twice in the same object"
        findings = read_source(path, shown).findings
        return _refused(*(findings or [Finding("duplicate-name", Where(shown), said, "each name once")]))
    return Source(shown, data, ())


def _refused(*findings: Finding) -> Source:
    return Source(findings[0].where.file, None, findings)


def _wrong(read: ObservedFile, plan: Plan, shown: str) -> Iterator[Finding]:
    top = Where(shown)
    for section, ends in (("ends", read.ends), ("macs", read.macs)):
        here = top.at(section)
        for end in ends:
            if end.port not in plan.ports.get(end.device, ()):
                yield _unknown(End(end.device, end.port), here.at(str(end)), plan)
    owners: dict[str, str] = {canonical(i): d for i, d in plan.identities.items()}
    here = top.at("chassis")
    for device, named in read.chassis.items():
        if device not in plan.ports:
            yield _no_device(device, here.at(device), plan)
        for identity in named:
            if (other := owners.setdefault(canonical(identity), device)) != device:
                said = f"{identity} is the chassis of {other} as well"
                yield Finding("duplicate-chassis", here.at(device), said, "one device a chassis")
    of: dict[str, str] = {}
    for end, mac in read.macs.items():
        if (first := of.setdefault(mac, str(end))) != str(end):
            said = f"{mac} is the address of {first} as well"
            yield Finding("duplicate-mac", top.at("macs").at(str(end)), said, "one port an address")
    for end, told in read.ends.items():
        for code, said, expected in _at_odds(told):
            yield Finding(code, top.at("ends").at(str(end)), said, expected)


def _at_odds(told: EndIn) -> Iterator[tuple[str, str, str]]:
    """What one end cannot say at once, or only half of it: code, message, what was expected."""
    if told.port and not told.chassis:
        said = "a neighbour's port without its chassis"
        yield "half-a-neighbour", said, "chassis and port, as LLDP tells them"
    if told.silent and (told.chassis or told.others):
        yield "silent-neighbour", "the end is silent and hears a neighbour", "one of both"
    if told.others and not told.chassis:
        yield "half-a-neighbour", "others without a first neighbour", "chassis and port"


def _unknown(end: End, where: Where, plan: Plan) -> Finding:
    if end.device not in plan.ports:
        return _no_device(end.device, where, plan)
    said = f"{end.device} has no port {end.port!r}"
    return Finding("unknown-port", where, said, hint=nearest(end.port, plan.ports[end.device]))


def _no_device(name: str, where: Where, plan: Plan) -> Finding:
    return Finding("unknown-device", where, f"there is no device {name!r}", hint=nearest(name, plan.ports))
