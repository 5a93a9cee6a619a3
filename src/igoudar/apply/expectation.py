"""Which sessions a switch must have again, at each step of a change: from the texts of both ends.

What was up before has to be up while both ends keep their lines about it, and again when both ends carry
their new text: a new password or MTU is down between the two.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

from igoudar.apply.change import FRR, INTERFACES, Texts, Wanted

Place = tuple[str, str]  # VRF or empty, neighbour
Lines = tuple[str, ...]
_INSTANCE = re.compile(r"^router bgp (\d+)(?: vrf (\S+))?$", re.MULTILINE)
_TEXTS = 4096  # of a stack, before and after: each is read once a session of its neighbours otherwise


@dataclass(frozen=True, slots=True)
class Progressing:
    """A change on its way. `before`: what each ran; of `changing`, `changed` have their new text."""

    wants: Mapping[str, Wanted]
    before: Mapping[str, Texts]
    changing: Collection[str]
    changed: Collection[str]

    def final(self, name: str) -> bool:
        """Whether it runs what it will run in the end; one that is not of the change does."""
        return name not in self.changing or name in self.changed


def expected_sessions(name: str, now: Progressing, sessions: Mapping[str, str]) -> set[str]:
    """`<vrf> <neighbour>` of those of `sessions`, the state before, that have to be up now.

    Of the fabric: where both ends speak on. With a server or with somebody else's router: where our lines
    about it stay, for nobody changes the other end at the same time.
    """
    want, text = now.wants[name], now.before[name]
    old, new = _neighbours(text.get(FRR, "")), _neighbours(want.target.get(FRR, ""))
    keep: set[str] = set()
    for key, state in sessions.items():
        vrf, _, peer = key.rpartition(" ")
        place = ("" if vrf == "default" else vrf, peer)
        if state != "Established" or place not in new:
            continue
        far = want.peers.get(peer)
        if far is None:
            kept = new[place] == old.get(place)
        elif not _speaks(now.wants.get(far), name):
            kept = False
        else:
            back = _towards(now.wants.get(far), name)
            final = now.final(name) and now.final(far)
            kept = final or (_keeps(now, name, {peer}) and _keeps(now, far, back))
        if kept:
            keep.add(key)
    return keep


def _speaks(far: Wanted | None, name: str) -> bool:
    """Whether the other end keeps a session with `name`; one that is not of the change does."""
    if far is None:
        return True
    ports = _towards(far, name)
    return any(peer in ports for _, peer in _neighbours(far.target.get(FRR, "")))


def _towards(far: Wanted | None, name: str) -> set[str]:
    return {port for port, device in far.peers.items() if device == name} if far else set()


def _keeps(now: Progressing, name: str, peers: Collection[str]) -> bool:
    """Whether the switch says the same of these neighbours, of the ports and as whom, before and after."""
    if name not in now.changing:
        return True
    return _said(now.before[name], peers) == _said(now.wants[name].target, peers)


def _said(texts: Texts, peers: Collection[str]) -> tuple[dict[Place, Lines], set[str], dict[str, Lines]]:
    about = {place: lines for place, lines in _neighbours(texts.get(FRR, "")).items() if place[1] in peers}
    who = {found.group(0) for found in _INSTANCE.finditer(texts.get(FRR, ""))}
    instances = {line for line in who if any(_of(line) == vrf for vrf, _ in about)}
    ports = {peer: _stanza(texts.get(INTERFACES, ""), peer) for peer in peers}
    return about, instances, ports


def _of(header: str) -> str:
    found = _INSTANCE.match(header)
    return (found.group(2) or "") if found else ""


def _stanza(text: str, port: str) -> Lines:
    """The lines of `iface PORT`."""
    found: list[str] = []
    inside = False
    for line in text.splitlines():
        if line and not line[0].isspace():
            inside = line.split()[:2] == ["iface", port]
        if inside and line.strip():
            found.append(line)
    return tuple(found)


@lru_cache(_TEXTS)
def _neighbours(text: str) -> Mapping[Place, Lines]:
    """(VRF or empty, neighbour) -> the lines about it, those of its peer group too; not those of a family."""
    found: dict[Place, list[str]] = {}
    vrf: str | None = None
    for line in text.splitlines():
        if not line.startswith(" "):
            instance = _INSTANCE.match(line)
            vrf = (instance.group(2) or "") if instance else None
        elif vrf is not None and line.startswith(" neighbor "):
            found.setdefault((vrf, line.split()[1]), []).append(line)
    groups = {place: lines for place, lines in found.items() if f" neighbor {place[1]} peer-group" in lines}
    return {
        (vrf, peer): (*lines, *(rest for line in lines for rest in groups.get((vrf, line.split()[-1]), ())))
        for (vrf, peer), lines in found.items()
        if (vrf, peer) not in groups
    }
