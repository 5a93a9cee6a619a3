"""Asks the hosts of a site what sits in their ports, for the cable doctor. Reads only."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from threading import Lock
from typing import Any

from igoudar.doctor.plan import End, Observation, Plan
from igoudar.doctor.survey import both_ways, owner_of
from igoudar.doctor.told import Told, commands_for, told
from igoudar.model import HOST_ROLES, SWITCH_ROLES, Inventory, Status
from igoudar.transport import access_map
from igoudar.verify.look import Logins

Say = Callable[[str], None]
SAY_SECONDS = 2.0  # between two lines of progress
AGAIN_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Looked:
    """`plan`: with the identities that the hosts told. `refused`: host -> why it was not asked.

    `serials`: host -> of its box, of those that told it.
    """

    plan: Plan
    seen: dict[End, Observation]
    refused: Mapping[str, str]
    serials: Mapping[str, str]


def look(
    inventory: Inventory,
    plan: Plan,
    root: Path,
    *,
    carriers: bool,
    wait: float,
    say: Say,
    also: Collection[str] = (),
    seconds: float = inf,
) -> Looked:
    """Every host in use with a cable of the plan is asked, and those of `also`, over the out-of-band network.

    LLDP remembers a neighbour for a while after its plug went: as long as a port hears two, it is looked
    again, for `wait` seconds at most. After `seconds` no further host is asked.
    """
    concerned = {e.device for c in plan.cables for e in (c.a, c.b)}
    ports = _ports(inventory, in_use(inventory) & (concerned | set(also)))
    until = time.monotonic() + wait
    with Logins(access_map(inventory, root), seconds) as logins:
        while True:
            answers = _ask(logins, ports, carriers, say)
            found = gathered(plan, answers)
            two = sorted(str(e) for e, o in found[1].items() if o.others)
            if not two or time.monotonic() > until or logins.is_late():
                break
            say(f"{two[0]} hears two neighbours, of which it should soon forget one; {len(two)} such")
            time.sleep(AGAIN_SECONDS)
        refused = {h: logins.refused.get(h, "there is no way to it") for h in ports if h not in answers}
    return Looked(*found, refused, {host: said.serial for host, said in answers.items() if said.serial})


def in_use(inventory: Inventory) -> set[str]:
    """Devices that can be asked."""
    asked, devices = SWITCH_ROLES | HOST_ROLES, inventory.devices.values()
    return {d.name for d in devices if d.role in asked and d.status is Status.ACTIVE}


def _ports(inventory: Inventory, hosts: Iterable[str]) -> dict[str, list[str]]:
    """Host -> its data ports; those without a plan may hold a plug that belongs elsewhere."""
    types = {host: inventory.types[inventory.devices[host].type] for host in sorted(hosts)}
    return {host: sorted(kind.data_ports) for host, kind in types.items()}


def _ask(logins: Logins, ports: Mapping[str, list[str]], carriers: bool, say: Say) -> dict[str, Told]:
    count, lock, last = 0, Lock(), time.monotonic()

    def ask(host: str) -> dict[str, Any]:
        nonlocal count, last
        answer = logins.ask(host, {"do": "look", "commands": commands_for(ports[host], carriers)})
        with lock:
            count += 1
            if time.monotonic() - last > SAY_SECONDS:
                last = time.monotonic()
                say(f"{count} of {len(ports)} hosts asked")
        return answer

    logins.open(ports)
    outputs = logins.every(ports, ask)
    return {
        host: told(host, ports[host], outputs[host]["facts"], carriers)
        for host in ports
        if "facts" in outputs[host]
    }


def gathered(plan: Plan, answers: Mapping[str, Told]) -> tuple[Plan, dict[End, Observation]]:
    """What the hosts say of each other's identity, and of their ports.

    An address that several hosts have (an anycast gateway's) names none of them. Silence is worth something
    only where the neighbour that is meant to be there was seen to speak, a learnt address only of those who
    do not speak.
    """
    count = Counter(identity for answer in answers.values() for identity in answer.identities)
    identities = {i: host for host, answer in answers.items() for i in answer.identities if count[i] == 1}
    macs = {mac: End(host, port) for host, answer in answers.items() for mac, port in answer.macs.items()}
    known = replace(
        plan,
        identities={**plan.identities, **identities},
        macs={mac: end for mac, end in macs.items() if mac in identities},
        told=frozenset(answers),
    )
    far = both_ways(plan)
    seen = {end: said for answer in answers.values() for end, said in answer.ends.items()}
    speakers = {host for host, answer in answers.items() if answer.speaks}
    for end in [e for e, said in seen.items() if said.silent]:
        mac = seen[end].mac
        owner = owner_of(mac, known)
        speaks = owner is not None and owner.device in speakers
        seen[end] = replace(
            seen[end],
            mac="" if speaks else mac,  # who speaks and is not heard is not there, but was
            silent=end not in far or far[end].device in speakers,
        )
    return known, seen
