"""The two jobs over the switches of a stack: bring them to the target, and read what they run."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from igoudar import runs
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
from igoudar.apply.reach import NO_WAY, Reach, reach
from igoudar.apply.together import TOGETHER
from igoudar.apply.witnesses import of_site
from igoudar.errors import BadInput, DeviceFailed, Drift
from igoudar.inventory import load
from igoudar.secrets import secret_values


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
        way = self._reach()
        plan = Plan(
            id=report.id,
            stack=settings["stack"],
            wants={name: wanted(self.old, self.new, name) for name in names},
            waves=with_canary(settings["waves"], names),
            window=float(settings["window"]),
            restore=float(settings["restore"]),
            values=self._values(names),
            patterns={name: way.patterns(name) for name in names},
            rules={name: way.nos(name).impact for name in names},
            keys=_keys(way),
        )
        drivers, witnesses = _drivers(way, names), of_site(way.inventory.site, way.access)
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
        """The report is on disk; what of it belongs on a terminal.

        A full disk here makes no failure of a change that is decided, and hides no state of one that failed.
        """
        try:
            shown = f"{runs.write(report, self.root).relative_to(self.root)}/report.md"
        except OSError as error:
            shown = f"it could not be written ({error.strerror})"
        return f"{runs.table(report.states)}\n  report: {shown}"

    def read(self, progress: Progress) -> dict[str, Any]:
        """`{inputs, unreachable}`: live texts in place of recorded ones.

        A silent switch keeps its record, and so does one with an open transaction: it may go back yet.
        """
        names = sorted(n for n in switches(self.old) if not is_offline(self.old, n))
        way = self._reach()
        known = [n for n in names if n in way.inventory.devices]
        drivers = _drivers(way, known)
        values = self._values(known, missing_ok=True)
        live, silent = dict(self.old), dict[str, str]()

        def look(name: str) -> None:
            paths = tuple(sorted(p for p in self.old[name] if p.startswith("/")))
            try:
                found = drivers[name].read(
                    paths, Disguise(tuple(self.old[name].values()), values, way.patterns(name))
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

    def _reach(self) -> Reach:
        """To the site as it is now."""
        current = self.new if APPLY in self.new else self.old
        return reach(load(self.root / current[APPLY]["site"], self.root), self.root)

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


def _drivers(way: Reach, names: Sequence[str]) -> dict[str, Driver]:
    """Raises DeviceFailed with all to which there is no way."""
    if silent := [n for n in names if n not in way.access]:
        raise DeviceFailed(f"{', '.join(silent)}: {NO_WAY}")
    return way.drivers(names)


def _keys(way: Reach) -> dict[str, str]:
    """Host keys of all switches of the site: each may ask the witnesses."""
    found = {d.name: way.access[d.name].host_key for d in way.inventory.switches() if d.name in way.access}
    return {name: key for name, key in found.items() if key}


def _marks(texts: Iterable[Mapping[str, str]]) -> set[str]:
    return {mark for files in texts for text in files.values() for mark in re.findall(MARK, text)}
