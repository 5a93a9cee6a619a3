"""Numbers handed out: `ledger.yaml`, read, extended and written back. Pure but for `read_ledger`.

A number is chosen by a stable hash of its owner's name, then by probing upwards to the next free one; so
it does not depend on neighbours or on order, and two branches rarely choose the same. It never moves while
its owner lives. A released number rests for 30 days, so that no device still holds it when it is given
again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
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

    `was`: names that the owner may have in the ledger since a rename; the number goes with it.
    """

    kind: str
    owner: str
    low: int
    high: int
    where: Where
    was: tuple[str, ...] = ()
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
    """All numbers that were asked for; `provisional` ones are not in the ledger yet.

    `ledger` is the one that was read, under the names that its owners have today.
    """

    numbers: Mapping[str, Mapping[str, int]]
    provisional: frozenset[tuple[str, str]]
    findings: tuple[Finding, ...]
    ledger: Ledger


def scope_of(kind: str, owner: str) -> str:
    """Numbers of hosts are unique in their subnet, of ports in their switch, all others in the site."""
    if kind == "port":
        return owner.partition("/")[0]
    return owner.rpartition("/")[0] if kind == "host" else ""


def allocate_numbers(requests: Iterable[Request], ledger: Ledger, today: date) -> Allocation:
    """Kept numbers for owners that have one, new ones for the rest. No order of `requests` matters."""
    wanted = sorted(requests, key=lambda r: (r.kind, r.owner))
    known = renamed(ledger, wanted)
    taken = _taken(known, today)
    numbers: dict[str, dict[str, int]] = {}
    provisional: set[tuple[str, str]] = set()
    findings = clashes(known, wanted)
    for request in wanted:
        if request.owner not in ledger.numbers.get(request.kind, {}):
            provisional.add((request.kind, request.owner))
        used = taken.setdefault((request.kind, request.scope), set())
        number = known.numbers.get(request.kind, {}).get(request.owner)
        if number is None:
            number = _probe(request, used)
        if number is None:
            findings.append(_exhausted(request))
            continue
        if not request.low <= number <= request.high:
            findings.append(_outside(request, number, ledger))
        used.add(number)
        numbers.setdefault(request.kind, {})[request.owner] = number
    return Allocation(numbers, frozenset(provisional), tuple(findings), known)


def renamed(ledger: Ledger, requests: Iterable[Request]) -> Ledger:
    """The ledger under today's names: numbers go to heirs of names that nobody bears, rests with the scope.

    Where the heir's own name is in the ledger too, it was another's who is gone: that number has no owner.
    """
    wanted = sorted(requests, key=lambda r: (r.kind, r.owner))
    owners, scopes = {(r.kind, r.owner) for r in wanted}, {(r.kind, r.scope) for r in wanted}
    numbers = {kind: dict(rows) for kind, rows in ledger.numbers.items()}
    moved: dict[tuple[str, str], str] = {}
    for request in wanted:
        kind, owner, rows = request.kind, request.owner, numbers.get(request.kind, {})
        for before in {(kind, scope_of(kind, name)) for name in request.was} - scopes:
            moved.setdefault(before, request.scope)
        heir_of = next((n for n in request.was if n in rows and (kind, n) not in owners), None)
        if heir_of is not None:
            if owner in rows:
                rows[f"{owner} (gone)"] = rows.pop(owner)
            rows[owner] = rows.pop(heir_of)
    resting: dict[str, dict[str, date]] = {}
    for kind, slots in ledger.resting.items():
        for slot, day in slots.items():
            scope, _, number = slot.rpartition(":")
            now = f"{moved.get((kind, scope), scope)}:{number}"
            rests = resting.setdefault(kind, {})
            rests[now] = max(day, rests.get(now, day))
    return Ledger(numbers, resting, ledger.file)


def _taken(ledger: Ledger, today: date) -> dict[tuple[str, str], set[int]]:
    """Numbers that nobody may be given, by kind and scope."""
    taken: dict[tuple[str, str], set[int]] = {}
    for kind, owners in ledger.numbers.items():
        for owner, held in owners.items():
            taken.setdefault((kind, scope_of(kind, owner)), set()).add(held)
    for kind, slots in ledger.resting.items():
        for slot, released in slots.items():
            scope, _, last = slot.rpartition(":")
            if today - released < REST:
                taken.setdefault((kind, scope), set()).add(int(last))
    return taken


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


def updated(allocation: Allocation, today: date) -> Ledger:
    """The ledger to commit: what is asked for, and what was released today or rests still."""
    before = allocation.ledger
    resting: dict[str, dict[str, date]] = {}
    for kind, slots in before.resting.items():
        resting[kind] = {slot: day for slot, day in slots.items() if today - day < REST}
    for kind, owners in before.numbers.items():
        kept = {(scope_of(kind, o), n) for o, n in allocation.numbers.get(kind, {}).items()}
        for owner, number in owners.items():
            scope = scope_of(kind, owner)
            if owner not in allocation.numbers.get(kind, {}) and (scope, number) not in kept:
                resting.setdefault(kind, {})[f"{scope}:{number}"] = today
    return Ledger(allocation.numbers, {k: v for k, v in resting.items() if v}, before.file)


def clashes(ledger: Ledger, requests: Iterable[Request] | None = None) -> list[Finding]:
    """Numbers that two owners hold, of all or of those who ask: a merge of two branches, an edit by hand."""
    findings: list[Finding] = []
    for kind, number, names in _holders(ledger, requests):
        findings += [
            Finding(
                "number-twice",
                ledger.where(kind, name),
                f"{kind} {number} is held by {names[0]} and by {name}",
                "each number once",
                "run `igoudar plan`: it moves the one that was never applied",
            )
            for name in names[1:]
        ]
    return findings


def _holders(ledger: Ledger, requests: Iterable[Request] | None) -> Iterator[tuple[str, int, list[str]]]:
    """Kind, number and its owners by name, where there are several."""
    asking = None if requests is None else {(r.kind, r.owner) for r in requests}
    for kind, rows in ledger.numbers.items():
        holders: dict[tuple[str, int], list[str]] = {}
        for owner, number in sorted(rows.items()):
            if asking is None or (kind, owner) in asking:
                holders.setdefault((scope_of(kind, owner), number), []).append(owner)
        for (_, number), names in holders.items():
            if len(names) > 1:
                yield kind, number, names


def without_clashes(ledger: Ledger, base: Ledger, requests: Iterable[Request]) -> Ledger:
    """The ledger without the entries that clash and are not in the ledger of the base branch.

    An entry counts as applied when the base has its owner, or a name that `requests` say it had, with the
    same number. Where none was applied the first name keeps it; where several were, these stay and clash.
    """
    was = {(r.kind, r.owner): r.was for r in requests}
    numbers = {kind: dict(rows) for kind, rows in ledger.numbers.items()}
    for kind, number, names in _holders(ledger, requests):
        known = base.numbers.get(kind, {})
        applied = [n for n in names if number in {known.get(o) for o in (n, *was.get((kind, n), ()))}]
        for name in names:
            if name not in (applied or names[:1]):
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
    numbers = _table(data.get("numbers"), int, ("numbers", shown), findings)
    days = _table(data.get("resting"), str, ("resting", shown), findings)
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
    rows = {} if data is None else data if isinstance(data, dict) else {"": data}
    for kind, owners in rows.items():
        if not isinstance(owners, dict):
            where = Where(shown, 0, step_path(section, kind) if kind else section)
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
