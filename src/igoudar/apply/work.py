"""The two jobs over the switches of a stack: bring them to the target, and read what they run."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from igoudar import runs, vendors
from igoudar.agent.masks import MARK
from igoudar.apply.change import (
    APPLY,
    Inputs,
    concerned,
    is_offline,
    switches,
    untouched,
    wanted,
    with_canary,
)
from igoudar.apply.driver import Disguise, Driver
from igoudar.apply.operator import Operator, Plan, Progress
from igoudar.apply.together import TOGETHER
from igoudar.apply.witnesses import of_site
from igoudar.drivers import driver
from igoudar.errors import BadInput, DeviceFailed, Drift
from igoudar.inventory import load
from igoudar.model import SWITCH_ROLES, Inventory
from igoudar.secrets import secret_values
from igoudar.transport import Access, access_map
from igoudar.vendors import Nos


@dataclass(slots=True)
class Work:
    """`old` and `new` are inputs of `igoudar:network:Switches`, `outputs` those of the last run."""

    root: Path
    old: Inputs
    new: Inputs
    outputs: Mapping[str, Any]

    def update(self, progress: Progress, stop: threading.Event) -> dict[str, Any]:
        """The outputs, and `said`: warnings, and a table of states where a switch missed the last word.

        Raises DeviceFailed or Drift with such a table; then nothing is changed.
        """
        unconfirmed = self.outputs.get("unconfirmed") or {}
        names = concerned(self.old, self.new, unconfirmed)
        settings = self.new[APPLY]
        report = runs.Report(id=runs.new_id(), stack=settings["stack"])
        left = untouched(self.new, unconfirmed, names)
        if not names:
            return {"txn": report.id, "unconfirmed": left, "unreachable": {}, "said": ""}
        inventory, folders, access = self._reach()
        plan = Plan(
            id=report.id,
            stack=settings["stack"],
            wants={name: wanted(self.old, self.new, name) for name in names},
            waves=with_canary(settings["waves"], names),
            window=float(settings["window"]),
            restore=float(settings["restore"]),
            values=self._values(names),
            patterns=_patterns(inventory, folders, names),
            rules={name: folders[inventory.devices[name].nos].impact for name in names},
            keys=_keys(inventory, access),
        )
        drivers, witnesses = _drivers(inventory, folders, access, names), of_site(inventory.site, access)
        operator = Operator(plan, drivers, witnesses, report, progress, stop)
        report.states = dict.fromkeys(names, "not asked")
        runs.write(report, self.root)  # a run that is killed leaves at least its id
        try:
            operator.run()
        except Exception as error:
            kind = Drift if isinstance(error, Drift) else DeviceFailed
            raise kind(f"{error}\n{self._written(report)}") from error
        said = self._written(report)
        silent = {n: {"run": report.id} for n, state in report.states.items() if state == "unconfirmed"}
        told = {"txn": report.id, "unconfirmed": left | silent, "unreachable": {}}
        warned = "".join(f"{warning}\n" for warning in report.warnings)
        return {**told, "said": f"{warned}{said}" if silent or warned else ""}

    def _written(self, report: runs.Report) -> str:
        """The report is on disk; what of it belongs on a terminal."""
        shown = runs.write(report, self.root).relative_to(self.root)
        return f"{runs.table(report.states)}\n  report: {shown}/report.md"

    def read(self, progress: Progress) -> dict[str, Any]:
        """`{inputs, unreachable}`: live texts in place of recorded ones.

        A silent switch keeps its record, and so does one with an open transaction: it may go back yet.
        """
        names = sorted(n for n in switches(self.old) if not is_offline(self.old, n))
        inventory, folders, access = self._reach()
        known = [n for n in names if n in inventory.devices]
        drivers = _drivers(inventory, folders, access, known)
        patterns = _patterns(inventory, folders, known)
        values = self._values(known, missing_ok=True)
        live, silent = dict(self.old), dict[str, str]()

        def look(name: str) -> None:
            paths = tuple(sorted(p for p in self.old[name] if p.startswith("/")))
            try:
                found = drivers[name].read(
                    paths, Disguise(tuple(self.old[name].values()), values, patterns[name])
                )
                if found.open is not None:
                    raise DeviceFailed(
                        f"{name}: {found.open['id']} is open there; run again when it is settled"
                    )
                live[name] = dict(found.texts)
                progress(name, "read")
            except DeviceFailed as error:
                silent[name] = str(error)
                progress(name, f"keeps its record: {error}")
            finally:
                drivers[name].close()

        with ThreadPoolExecutor(TOGETHER) as pool:
            list(pool.map(look, known))
        return {"inputs": live, "unreachable": silent}

    def _reach(self) -> tuple[Inventory, Mapping[str, Nos], Mapping[str, Access]]:
        """The site as it is now, what its NOS folders say, and the way to each device."""
        current = self.new if APPLY in self.new else self.old
        inventory = load(self.root / current[APPLY]["site"], self.root)
        return inventory, vendors.load(self.root / "templates"), access_map(inventory, self.root)

    def _values(self, names: Iterable[str], *, missing_ok: bool = False) -> dict[str, str]:
        """Values of every mark in the target; those of the record only help to mask, and may be gone."""
        current = self.new if APPLY in self.new else self.old
        reference = current[APPLY]["secrets"]
        target = _marks(files for n in names if (files := switches(self.new).get(n)))
        values = secret_values(reference, target, self.root) if not missing_ok else {}
        for mark in _marks(files for n in names if (files := switches(self.old).get(n))) - set(values):
            try:
                values |= secret_values(reference, [mark], self.root)
            except BadInput:
                continue
        return values


def _drivers(
    inventory: Inventory, folders: Mapping[str, Nos], access: Mapping[str, Access], names: Iterable[str]
) -> dict[str, Driver]:
    if silent := [n for n in names if n not in access]:
        raise DeviceFailed(f"{', '.join(silent)}: no out-of-band address; write `oob` into the inventory")
    return {n: driver(folders[inventory.devices[n].nos].driver, access[n]) for n in names}


def _keys(inventory: Inventory, access: Mapping[str, Access]) -> dict[str, str]:
    """Host keys of all switches of the site: each may ask the witnesses."""
    switches = (n for n, device in inventory.devices.items() if device.role in SWITCH_ROLES and n in access)
    return {n: access[n].host_key for n in switches if access[n].host_key}


def _patterns(
    inventory: Inventory, folders: Mapping[str, Nos], names: Iterable[str]
) -> dict[str, tuple[str, ...]]:
    return {n: tuple(p.pattern for p in folders[inventory.devices[n].nos].secret_lines) for n in names}


def _marks(texts: Iterable[Mapping[str, str]]) -> set[str]:
    return {mark for files in texts for text in files.values() for mark in re.findall(MARK, text)}
