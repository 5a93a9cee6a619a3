"""Findings that a person answers for, for a time: a waiver names one finding of `check`.

One that covers nothing any more is an error itself. What cannot be read, and names that lead nowhere, cannot
be waived: which codes may be, `explained/*.yaml` says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, StringConstraints

from igoudar.errors import Finding, Severity, Where, nearest, unknown
from igoudar.meaning import explained, known
from igoudar.quantities import MASS, POWER, Kind, read, shown
from igoudar.schema import Entry

MOST_DAYS = 366
AMOUNTS: tuple[Kind, ...] = (POWER, MASS)  # of what findings tell how much there is


def _day(value: Any) -> date:
    try:
        return date.fromisoformat(value if re.fullmatch(r"\d{4}-\d\d-\d\d", value) else "")
    except (TypeError, ValueError) as error:
        raise ValueError("a day such as 2027-03-31") from error


def _amount(value: Any) -> tuple[float, str]:
    for kind in AMOUNTS:
        try:
            return read(kind, value), kind.base
        except ValueError:
            continue
    raise ValueError(f"one of {', '.join(kind.name for kind in AMOUNTS)} with its unit such as 13 kW")


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class WaiverIn(Entry):
    """`object` is what the finding is about, as `check --json` says in `subject`."""

    code: Text
    object: Text
    reason: Text
    person: Text
    until: Annotated[date, BeforeValidator(_day)]
    limit: Annotated[tuple[float, str] | None, BeforeValidator(_amount)] = None


@dataclass(frozen=True, slots=True)
class Waiver:
    """`limit`: a number and its base unit, above which the finding stands again."""

    code: str
    object: str
    reason: str
    person: str
    until: date
    limit: tuple[float, str] | None
    where: Where


def waive(findings: Iterable[Finding], waivers: Iterable[Waiver], today: date) -> list[Finding]:
    """The same findings, those that a waiver covers as information; and what is wrong with waivers."""
    found, seen = list(findings), dict[tuple[str, str], Waiver]()
    for waiver in waivers:
        other = seen.setdefault((waiver.code, waiver.object), waiver)
        if other is not waiver:
            said = f"{waiver.code} for {waiver.object} is waived twice"
            found.append(Finding("waiver-twice", waiver.where, said, "one waiver", see=other.where))
            continue
        wrong = list(_judged(waiver, found, today))
        if not any(w.severity is Severity.ERROR for w in wrong):
            found = [_waived(f, waiver) if _is_meant(f, waiver) else f for f in found]
        found += wrong
    return found


def _is_meant(finding: Finding, waiver: Waiver) -> bool:
    return (finding.code, finding.subject) == (waiver.code, waiver.object)


def _judged(waiver: Waiver, findings: list[Finding], today: date) -> Iterator[Finding]:
    where = waiver.where
    meant = explained(waiver.code)
    if meant is None:
        yield unknown("code", waiver.code, where.at("code"), [code for code, m in known().items() if m.waive])
        return
    if not meant.waive:
        said, hint = f"{waiver.code} cannot be waived", f"mend it: `igoudar explain {waiver.code}`"
        yield Finding("not-to-waive", where.at("code"), said, "a code that a waiver may cover", hint)
        return
    latest = today + timedelta(days=MOST_DAYS)
    if waiver.until < today:
        said = f"the waiver of {waiver.code} for {waiver.object} ended on {waiver.until}"
        yield Finding("waiver-expired", where.at("until"), said, "a later day, or the matter mended")
    if waiver.until > latest:
        said = f"the waiver lasts until {waiver.until}"
        yield Finding("waiver-too-long", where.at("until"), said, f"at most {MOST_DAYS} days from today")
    mine = [finding for finding in findings if _is_meant(finding, waiver)]
    if not mine:
        said = f"nothing is found of {waiver.code} for {waiver.object}"
        others = {finding.subject for finding in findings if finding.code == waiver.code}
        hint = nearest(waiver.object, sorted(others)) or "remove it"
        yield Finding("waiver-matches-nothing", where, said, "a finding that `igoudar check` has", hint)
    for finding in mine:
        if waiver.limit is not None:
            yield from _exceeded(waiver, waiver.limit, finding)


def _exceeded(waiver: Waiver, limit: tuple[float, str], finding: Finding) -> Iterator[Finding]:
    where = waiver.where.at("limit")
    if finding.amount is None or limit[1] != finding.unit:
        said = f"the limit is in {limit[1]}"
        expected = (
            f"an amount in {finding.unit}" if finding.unit else f"no limit: {waiver.code} has no amount"
        )
        yield Finding("waiver-limit", where, said, expected)
    elif finding.amount > limit[0]:
        kind = next(kind for kind in AMOUNTS if kind.base == limit[1])
        said = f"it is {shown(kind, finding.amount)} now, more than the waiver of {waiver.person} covers"
        yield Finding("waiver-exceeded", where, said, f"at most {shown(kind, limit[0])}", see=finding.where)


def _waived(finding: Finding, waiver: Waiver) -> Finding:
    hint = f"waived until {waiver.until} by {waiver.person}: {waiver.reason}"
    return replace(finding, severity=Severity.INFO, hint=hint, see=waiver.where)
