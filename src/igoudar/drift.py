"""Drift: where a switch runs something else than the record of its stack says. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from igoudar.apply.change import RUNNING, serial, switches
from igoudar.errors import other_serial
from igoudar.model import Inventory
from igoudar.texts import differences

Inputs = Mapping[str, Any]


class State(StrEnum):
    """`open`: a transaction is under way or was left there, so what it runs may yet change.

    `offline`, `cordoned`: by the inventory's word nobody asks it; `gone`: the inventory knows it no more.
    """

    SAME = "same"
    DRIFT = "drift"
    OPEN = "open"
    SILENT = "no answer"
    OFFLINE = "offline"
    CORDONED = "cordoned"
    GONE = "gone"


class Found(Protocol):
    """What is needed of `igoudar.apply.driver.Live`."""

    @property
    def serial(self) -> str: ...
    @property
    def texts(self) -> Mapping[str, str]: ...
    @property
    def open(self) -> Mapping[str, Any] | None: ...


class Seen(Protocol):
    """The same of `igoudar.live.Seen`."""

    @property
    def live(self) -> Mapping[str, Found]: ...
    @property
    def silent(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True)
class Drifted:
    """One switch. `files`: path -> unified diff, from the record to what is live; `said`: one sentence."""

    name: str
    stack: str
    state: State
    said: str = ""
    files: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"stack": self.stack, "state": str(self.state), "said": self.said, "files": dict(self.files)}


def asked(record: Inputs, inventory: Inventory) -> dict[str, Mapping[str, str]]:
    """switch -> recorded texts, of those to ask: they are in the inventory, and not left alone."""
    devices = inventory.devices
    return {
        name: files
        for name, files in switches(record).items()
        if name in devices and not devices[name].left_alone
    }


def compare(stack: str, record: Inputs, seen: Seen, inventory: Inventory) -> Iterator[Drifted]:
    """Every switch of the record, by name."""
    live, silent = seen.live, seen.silent
    for name in sorted(switches(record)):
        if name in live:
            yield _one(name, stack, record, live[name])
        elif name in silent:
            yield Drifted(name, stack, State.SILENT, silent[name])
        elif name in inventory.devices:
            state = State(inventory.devices[name].left_alone)
            yield Drifted(name, stack, state, f"{state} in the inventory: it was not asked")
        else:
            yield Drifted(name, stack, State.GONE, "not in the inventory any more: it was not asked")


def _one(name: str, stack: str, record: Inputs, live: Found) -> Drifted:
    if live.open is not None:
        said = f"{live.open['id']} of the stack {live.open['stack']} is {live.open['state']} there"
        return Drifted(name, stack, State.OPEN, said)
    known = serial(record, name)
    if known and live.serial != known:
        return Drifted(name, stack, State.DRIFT, other_serial(live.serial, "record", known))
    files = {path: diff for _, path, diff in differences({name: record[name]}, {name: live.texts})}
    if RUNNING in files and RUNNING not in record[name]:
        files[RUNNING] = _running(name, live.texts[RUNNING])
    return Drifted(name, stack, State.DRIFT if files else State.SAME, "", files)


def _running(name: str, told: str) -> str:
    """What the daemons run otherwise is told as a diff already; or that they do not run."""
    lines = told.splitlines(keepends=True)
    if not told.startswith("--- "):
        return told
    return "".join([f"--- a/{name}:{RUNNING}\n", f"+++ b/{name}:{RUNNING}\n", *lines[2:]])
