"""Numbers handed out: `ledger.yaml`, read, extended and written back. Pure but for `read_ledger`.

A number is chosen by a stable hash of its owner's name, then by probing upwards to the next free one; so
it does not depend on neighbours or on order, and two branches rarely choose the same. It never moves while
its owner lives. A released number rests for 30 days, so that no device still holds it when it is given
again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

from igoudar.errors import BadInput, Finding, Where, step_path
from igoudar.yaml_source import locate, parse_source, read_source

_Value = TypeVar("_Value", int, str)
REST = timedelta(days=30)
HEADER = "# Numbers handed out. Written by `igoudar plan`, committed with the change that needs them.\n"


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody needs a number of `kind`, unique in `scope`, out of `low`..`high` (both included).

    `was`: the owner's name before a rename; the number goes with it.
    """

    kind: str
    owner: str
    low: int
    high: int
    where: Where
    was: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Ledger:
    """kind -> owner -> number, and for released ones kind -> `scope:number` -> date of release."""

    numbers: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    resting: Mapping[str, Mapping[str, date]] = field(default_factory=dict)
    file: str = "ledger.yaml"

    def where(self, kind: str, owner: str) -> Where:
        return Where(self.file, 0, step_path(step_path("numbers", kind), owner))


@dataclass(frozen=True, slots=True)
class Allocation:
    """All numbers that were asked for; `provisional` ones are not in the ledger yet."""

    numbers: Mapping[str, Mapping[str, int]]
    provisional: frozenset[tuple[str, str]]
    findings: tuple[Finding, ...]


def scope_of(kind: str, owner: str) -> str:
    """Numbers of hosts are unique in their subnet, all others in the site."""
    return owner.rpartition("/")[0] if kind == "host" else ""


def allocate_numbers(requests: Iterable[Request], ledger: Ledger, today: date) -> Allocation:
    """Kept numbers for owners that have one, new ones for the rest. No order of `requests` matters."""
    wanted = sorted(requests, key=lambda r: (r.kind, r.owner))
    numbers: dict[str, dict[str, int]] = {}
    taken: dict[tuple[str, str], set[int]] = {}
    for kind, owners in ledger.numbers.items():
        for owner, held in owners.items():
            taken.setdefault((kind, scope_of(kind, owner)), set()).add(held)
    for kind, slots in ledger.resting.items():
        for slot, released in slots.items():
            scope, _, last = slot.rpartition(":")
            if today - released < REST:
                taken.setdefault((kind, scope), set()).add(int(last))
    provisional: set[tuple[str, str]] = set()
    findings: list[Finding] = []
    for request in wanted:
        known = ledger.numbers.get(request.kind, {})
        number: int | None = known.get(request.owner, known.get(request.was) if request.was else None)
        if number is None or request.owner not in known:
            provisional.add((request.kind, request.owner))
        used = taken.setdefault((request.kind, request.scope), set())
        if number is None:
            number = _probe(request, used)
        if number is None:
            findings.append(_exhausted(request))
            continue
        if not request.low <= number <= request.high:
            findings.append(_outside(request, number, ledger))
        used.add(number)
        numbers.setdefault(request.kind, {})[request.owner] = number
    return Allocation(numbers, frozenset(provisional), tuple(findings))


def _probe(request: Request, used: set[int]) -> int | None:
    size = request.high - request.low + 1
    seed = f"{request.kind}\0{request.owner}".encode()
    start = int.from_bytes(hashlib.blake2b(seed, digest_size=8).digest(), "big") % max(size, 1)
    for step in range(size):
        number = request.low + (start + step) % size
        if number not in used:
            return number
    return None


def _exhausted(request: Request) -> Finding:
    return Finding(
        "pool-exhausted",
        request.where,
        f"no {request.kind} is left for {request.owner}",
        f"a free number of {request.low}-{request.high}",
        "widen the pool, or wait until released numbers have rested for 30 days",
    )


def _outside(request: Request, number: int, ledger: Ledger) -> Finding:
    return Finding(
        "number-outside-pool",
        ledger.where(request.kind, request.owner),
        f"the {request.kind} {number} of {request.owner} lies outside of its pool",
        f"a number of {request.low}-{request.high}",
        "widen the pool again; numbers in use do not move",
    )


def updated(ledger: Ledger, allocation: Allocation, today: date) -> Ledger:
    """The ledger to commit: what is asked for, and what was released today or rests still."""
    resting: dict[str, dict[str, date]] = {}
    for kind, slots in ledger.resting.items():
        resting[kind] = {slot: day for slot, day in slots.items() if today - day < REST}
    for kind, owners in ledger.numbers.items():
        kept = {(scope_of(kind, o), n) for o, n in allocation.numbers.get(kind, {}).items()}
        for owner, number in owners.items():
            scope = scope_of(kind, owner)
            if owner not in allocation.numbers.get(kind, {}) and (scope, number) not in kept:
                resting.setdefault(kind, {})[f"{scope}:{number}"] = today
    return Ledger(allocation.numbers, {k: v for k, v in resting.items() if v}, ledger.file)


def clashes(ledger: Ledger) -> list[Finding]:
    """Numbers that two owners hold (a merge of two branches, or an edit by hand)."""
    findings: list[Finding] = []
    for kind, owners in ledger.numbers.items():
        first: dict[tuple[str, int], str] = {}
        for owner, number in sorted(owners.items()):
            other = first.setdefault((scope_of(kind, owner), number), owner)
            if other != owner:
                findings.append(
                    Finding(
                        "number-twice",
                        ledger.where(kind, owner),
                        f"{kind} {number} is held by {other} and by {owner}",
                        "each number once",
                        "run `igoudar plan`: it moves the one that was never applied",
                    )
                )
    return findings


def without_clashes(ledger: Ledger, base: Ledger) -> Ledger:
    """The ledger without the entries that clash and are not in the ledger of the base branch.

    An entry counts as applied when the base has the same owner with the same number. Where both were
    applied, or neither, the later name gives way only if it was never applied; else both stay (and clash).
    """
    numbers = {kind: dict(owners) for kind, owners in ledger.numbers.items()}
    for kind, owners in ledger.numbers.items():
        holders: dict[tuple[str, int], list[str]] = {}
        for owner, number in sorted(owners.items()):
            holders.setdefault((scope_of(kind, owner), number), []).append(owner)
        for (_, number), names in holders.items():
            applied = [n for n in names if base.numbers.get(kind, {}).get(n) == number]
            keep = applied or names[:1]
            for name in names:
                if name not in keep:
                    del numbers[kind][name]
    return replace(ledger, numbers=numbers)


def parse_ledger(text: str, shown: str) -> Ledger:
    """A ledger from text in hand (the base branch's). Raises BadInput."""
    source = parse_source(text, shown)
    if source.findings:
        raise BadInput(source.findings)
    return _ledger(source.data, shown)


def read_ledger(path: Path, shown: str, root: Path) -> Ledger:
    """The ledger of a site; an absent file is an empty one. Clashes are not judged here. Raises BadInput."""
    if not path.exists() and not path.is_symlink():
        return Ledger(file=shown)
    source = read_source(path, shown)
    if source.findings:
        raise BadInput(source.findings)
    try:
        return _ledger(source.data, shown)
    except BadInput as error:
        raise BadInput(locate(error.findings, root)) from error


def _ledger(data: object, shown: str) -> Ledger:
    findings: list[Finding] = []
    if not isinstance(data, dict) or set(data) - {"numbers", "resting"}:
        expected = "the keys 'numbers' and 'resting', as `igoudar plan` writes them"
        raise BadInput([Finding("ledger-shape", Where(shown, 1), "this is not a ledger", expected)])
    numbers = _table(data.get("numbers") or {}, int, ("numbers", shown), findings)
    days = _table(data.get("resting") or {}, str, ("resting", shown), findings)
    resting: dict[str, dict[str, date]] = {}
    for kind, slots in days.items():
        for slot, day in slots.items():
            where = Where(shown, 0, step_path(step_path("resting", kind), slot))
            try:
                resting.setdefault(kind, {})[slot] = date.fromisoformat(day)
                int(slot.rpartition(":")[2])
            except ValueError:
                findings.append(Finding("ledger-shape", where, f"{slot}: {day!r}", "scope:number and a date"))
    if findings:
        raise BadInput(findings)
    return Ledger(numbers, resting, shown)


def _table(
    data: object, kind_of: type[_Value], at: tuple[str, str], findings: list[Finding]
) -> dict[str, dict[str, _Value]]:
    section, shown = at
    out: dict[str, dict[str, _Value]] = {}
    rows = data if isinstance(data, dict) else {"": data}
    for kind, owners in rows.items():
        if not isinstance(owners, dict):
            where = Where(shown, 0, step_path(section, str(kind)))
            findings.append(
                Finding("ledger-shape", where, "this is not a table", "owner and number, a line each")
            )
            continue
        for owner, value in owners.items():
            if not isinstance(value, kind_of) or isinstance(value, bool):
                where = Where(shown, 0, step_path(step_path(section, kind), owner))
                expected = "a number" if kind_of is int else "a date"
                findings.append(Finding("ledger-shape", where, f"{value!r} does not fit", expected))
                continue
            out.setdefault(kind, {})[owner] = value
    return out


def dump_ledger(ledger: Ledger) -> str:
    """The text of `ledger.yaml`: one owner a line, sorted, so that git merges it line by line."""
    lines = [HEADER, "numbers:\n"]
    for kind in sorted(ledger.numbers):
        lines.append(f"  {kind}:\n")
        lines += [f"    {owner}: {number}\n" for owner, number in sorted(ledger.numbers[kind].items())]
    if not ledger.numbers:
        lines[-1] = "numbers: {}\n"
    if ledger.resting:
        lines.append("resting:\n")
        for kind in sorted(ledger.resting):
            lines.append(f"  {kind}:\n")
            rows = sorted(ledger.resting[kind].items())
            lines += [f'    "{slot}": "{day.isoformat()}"\n' for slot, day in rows]
    return "".join(lines)
