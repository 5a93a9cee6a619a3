"""What is to be done to which switch: pure decisions from the record, the target and what is live."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from igoudar.errors import Drift
from igoudar.texts import unified

APPLY = "_apply"
RUNNING = "running-config"  # beside the files of live text: how the daemons differ from what was confirmed
FRR, DAEMONS = "/etc/frr/frr.conf", "/etc/frr/daemons"
_INSTANCE = re.compile(r"^router bgp (\d+)(?: vrf (\S+))?$", re.MULTILINE)
_DEFAULTS = re.compile(r"^frr defaults (\S+)$", re.MULTILINE)

Texts = Mapping[str, str]
Inputs = Mapping[str, Any]


class Todo(Enum):
    GO = "go"
    RECORD = "record"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One switch of a change. `record` is None where there is none, or where it was of another box.

    `peers`: BGP neighbour -> device at the other end. `before`: digest of the text that it may have gone
    back to, where the last word of an earlier run was not answered; else empty.
    """

    name: str
    serial: str
    target: Texts
    record: Texts | None
    base: Texts
    adopt: bool
    peers: Mapping[str, str]
    before: str = ""


def switches(inputs: Inputs) -> dict[str, Texts]:
    """The switches of a record, without `_apply`."""
    return {name: files for name, files in inputs.items() if not name.startswith("_")}


def serial(inputs: Inputs, name: str) -> str:
    return str(inputs.get(APPLY, {}).get("marks", {}).get(name, {}).get("serial", ""))


def is_offline(inputs: Inputs, name: str) -> bool:
    return bool(inputs[APPLY]["marks"][name]["status"] == "offline")


def recorded(new: Inputs, old: Inputs) -> dict[str, Any]:
    """The inputs that may be recorded: an offline switch keeps its record, or has none."""
    kept = dict(new)
    for name in switches(new):
        if is_offline(new, name):
            del kept[name]
            if name in old:
                kept[name] = old[name]
    return kept


def concerned(old: Inputs, new: Inputs, unconfirmed: Mapping[str, Any]) -> list[str]:
    """Switches that the change touches, sorted."""
    before, after = switches(old), switches(new)
    return sorted(
        name
        for name, files in after.items()
        if not is_offline(new, name)
        and (before.get(name) != files or serial(old, name) != serial(new, name) or name in unconfirmed)
    )


def digest(texts: Texts) -> str:
    """Of the files of a switch, secrets masked; drift of its daemons does not count."""
    files = {path: text for path, text in texts.items() if path != RUNNING}
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def wanted(old: Inputs, new: Inputs, unconfirmed: Mapping[str, Any], name: str) -> Wanted:
    marks = new[APPLY]["marks"][name]
    same_box = serial(old, name) == marks["serial"]
    return Wanted(
        name=name,
        serial=marks["serial"],
        target=new[name],
        record=switches(old).get(name) if same_box else None,
        base=marks["base"],
        adopt=bool(marks["adopt"]),
        peers=marks.get("peers", {}),
        before=str(unconfirmed.get(name, {}).get("before", "")),
    )


def judge(want: Wanted, live: Texts) -> Todo:
    """What to do about a switch that runs `live`. Raises Drift where nothing may start."""
    if live == want.target:
        return Todo.RECORD
    if want.record is not None:
        if live in (want.record, want.base) or (want.before and digest(live) == want.before):
            return Todo.GO
        raise Drift(_drift(want, want.record, live, "its record"))
    if live == want.base or want.adopt:
        return Todo.GO
    said = _drift(want, want.base, live, "its base text, and it has no record")
    raise Drift(f"{said}\n  `adopt: true` in the inventory lets the target replace what it runs")


def _drift(want: Wanted, expected: Texts, live: Texts, than: str) -> str:
    lines = [f"{want.name} runs something else than {than}:"]
    for path in sorted({*expected, *live}):
        if expected.get(path, "") != live.get(path, ""):
            lines.append(unified(expected.get(path, ""), live.get(path, ""), f"{want.name}:{path}").rstrip())
    return "\n".join(lines)


def mode(live: Texts, target: Texts) -> str:
    """`restart` where FRR cannot be brought to the target by a reload, else `reload`."""
    before, after = live.get(FRR, ""), target.get(FRR, "")
    old, new = _instances(before), _instances(after)
    moved = any(new[vrf] != asn for vrf, asn in old.items() if vrf in new)
    if not old or moved or not new:
        return "restart"
    if live.get(DAEMONS) != target.get(DAEMONS) or _DEFAULTS.findall(before) != _DEFAULTS.findall(after):
        return "restart"
    return "reload"


def _instances(text: str) -> dict[str, str]:
    return {found.group(2) or "": found.group(1) for found in _INSTANCE.finditer(text)}


def expected_sessions(want: Wanted, before: Mapping[str, str], targets: Mapping[str, Texts]) -> set[str]:
    """`<vrf> <neighbour>` of sessions that were up and that the texts of both ends keep."""
    text = want.target.get(FRR, "")
    keep: set[str] = set()
    for key, state in before.items():
        peer = key.rpartition(" ")[2]
        far = targets.get(want.peers.get(peer, ""))
        gone = far is not None and not _INSTANCE.search(far.get(FRR, ""))
        if state == "Established" and f" neighbor {peer} " in text and not gone:
            keep.add(key)
    return keep
