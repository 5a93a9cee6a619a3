"""What is to be done to which switch: pure decisions from the record, the target and what is live."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from igoudar.errors import Drift
from igoudar.impact import Impact, impact
from igoudar.impact_rules import Class, Rules
from igoudar.texts import unified

APPLY = "_apply"
RUNNING = "running-config"  # beside the files of live text: how the daemons differ from what was confirmed
DEAD = ("not running:", "the daemons do not tell")
FRR, INTERFACES = "/etc/frr/frr.conf", "/etc/network/interfaces"

Texts = Mapping[str, str]
Inputs = Mapping[str, Any]


class Todo(Enum):
    GO = "go"
    RECORD = "record"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One switch of a change. `record` is None where there is none, or where it was of another box.

    `peers`: BGP neighbour -> device at the other end. `relieved`: others can carry what it carries.
    """

    name: str
    serial: str
    target: Texts
    record: Texts | None
    base: Texts
    adopt: bool
    peers: Mapping[str, str]
    relieved: bool = False


def switches(inputs: Inputs) -> dict[str, Texts]:
    """The switches of a record, without `_apply`."""
    return {name: files for name, files in inputs.items() if not name.startswith("_")}


def serial(inputs: Inputs, name: str) -> str:
    return str(inputs.get(APPLY, {}).get("marks", {}).get(name, {}).get("serial", ""))


def is_offline(inputs: Inputs, name: str) -> bool:
    return bool(inputs[APPLY]["marks"][name]["status"] == "offline")


def recorded(new: Inputs, old: Inputs) -> dict[str, Any]:
    """The inputs that may be recorded: an offline switch keeps its record, its box too, or has none."""
    kept, marks = dict(new), dict(new[APPLY]["marks"])
    for name in switches(new):
        if is_offline(new, name):
            del kept[name]
            if name in old:
                kept[name] = old[name]
                marks[name] = {**marks[name], "serial": serial(old, name)}
    return {**kept, APPLY: {**new[APPLY], "marks": marks}}


def untouched(new: Inputs, unconfirmed: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """What is known of switches that a run left alone, and that are still there."""
    return {n: told for n, told in unconfirmed.items() if n in switches(new) and n not in names}


def concerned(old: Inputs, new: Inputs, unconfirmed: Mapping[str, Any]) -> list[str]:
    """Switches that the change touches, sorted."""
    before, after = switches(old), switches(new)
    return sorted(
        name
        for name, files in after.items()
        if not is_offline(new, name)
        and (before.get(name) != files or serial(old, name) != serial(new, name) or name in unconfirmed)
    )


def wanted(old: Inputs, new: Inputs, name: str) -> Wanted:
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
        relieved=bool(marks.get("relieved")),
    )


def with_canary(waves: Sequence[Sequence[str]], names: Collection[str]) -> list[list[str]]:
    """The waves of a change of `names`, with one switch before all others."""
    found = [[n for n in wave if n in names] for wave in waves]
    first, *rest = [wave for wave in found if wave] or [[]]
    return [wave for wave in (first[:1], first[1:], *rest) if wave]


def impacts(old: Inputs, new: Inputs, rules: Mapping[str, Rules]) -> dict[str, Impact]:
    """What the change costs at each switch that it touches; `rules` by NOS folder.

    A box without a record of its own is begun anew.
    """
    found: dict[str, Impact] = {}
    for name in concerned(old, new, {}):
        want = wanted(old, new, name)
        of_nos = rules[new[APPLY]["marks"][name]["nos"]]
        found[name] = impact(want.record or {}, want.target, of_nos, relieved=want.relieved)
    return found


def judge(want: Wanted, live: Texts, *, fresh: bool = False) -> Todo:
    """What to do about a switch that runs `live`. Raises Drift where nothing may start.

    Without a record it must run its base text, be fresh from the installer, or carry `adopt`.
    """
    if live == want.target:
        return Todo.RECORD
    if want.record is not None:
        if live in (want.record, want.base):
            return Todo.GO
        raise Drift(_drift(want, want.record, live, "its record"))
    if live == want.base or want.adopt or fresh:
        return Todo.GO
    said = _drift(want, want.base, live, "its base text, and it has no record")
    raise Drift(f"{said}\n  `adopt: true` in the inventory lets the target replace what it runs")


def _drift(want: Wanted, expected: Texts, live: Texts, than: str) -> str:
    lines = [f"{want.name} runs something else than {than}:"]
    for path in sorted({*expected, *live}):
        if expected.get(path, "") != live.get(path, ""):
            lines.append(unified(expected.get(path, ""), live.get(path, ""), f"{want.name}:{path}").rstrip())
    return "\n".join(lines)


def mode(live: Texts, target: Texts, rules: Rules) -> str:
    """`restart` where FRR cannot be brought to the target by a reload, else `reload`."""
    dead = live.get(RUNNING, "").startswith(DEAD)
    return "restart" if dead or impact(live, target, rules).kind is Class.RESTART else "reload"
