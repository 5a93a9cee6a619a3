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

from pydantic import BeforeValidator, StringConstraints, ValidationInfo

from igoudar.errors import Finding, Severity, Where, nearest, unknown
from igoudar.meaning import explained, known
from igoudar.quantities import KINDS, read, shown
from igoudar.schema import Entry

MOST_DAYS = 366
_WORD = re.compile(r"\w+")


def _day(value: Any) -> date:
    try:
        return date.fromisoformat(value if re.fullmatch(r"\d{4}-\d\d-\d\d", value) else "")
    except (TypeError, ValueError) as error:
        raise ValueError("a day such as 2027-03-31") from error


def _amount(value: Any, info: ValidationInfo) -> tuple[float, str] | None:
    """Of the kind that findings with the waiver's code have. None for a code that no waiver may name."""
    code = info.data.get("code", "")
    meant = explained(code)
    if meant is None or not meant.waive:
        return None
    if not meant.amount:
        raise ValueError(f"no limit, for {code} has no amount")
    return read(KINDS[meant.amount], value), meant.amount


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class WaiverIn(Entry):
    """`object` is what the finding is about, as `check --json` says in `subject`."""

    code: Text
    object: Text
    reason: Text
    person: Text
    until: Annotated[date, BeforeValidator(_day)]
    limit: Annotated[tuple[float, str] | None, BeforeValidator(_amount)] = None  # stands after its code


@dataclass(frozen=True, slots=True)
class Waiver:
    """`limit`: a number and its base unit; where its amount is worse, the finding stands again."""

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
        hint = _instead(waiver.object, {f.subject for f in findings if f.code == waiver.code and f.subject})
        yield Finding("waiver-matches-nothing", where, said, "a finding that `igoudar check` has", hint)
    for finding in mine:
        if waiver.limit is not None:
            yield from _exceeded(waiver, waiver.limit, finding)


def _instead(name: str, others: set[str]) -> str:
    """What to do about an object of which nothing is found, and the nearest of which something is."""
    if near := nearest(name, sorted(others)):
        return near
    if not others:
        return "remove it"
    words = {*_WORD.findall(name)}
    most = max(sorted(others), key=lambda other: len(words & {*_WORD.findall(other)}))
    return f"remove it; the nearest of which it is found is {most!r}"


def _exceeded(waiver: Waiver, limit: tuple[float, str], finding: Finding) -> Iterator[Finding]:
    where, (number, unit) = waiver.where.at("limit"), limit
    most = f"at {'least' if finding.less_is_worse else 'most'} {shown(KINDS[unit], number)}"
    if finding.amount is None or finding.unit != unit:
        said = f"how much it is now nobody knows, so the waiver of {waiver.person} does not cover it"
        yield Finding("waiver-exceeded", where, said, f"{most}, or no limit", see=finding.where)
    elif finding.is_worse_than(number):
        now, than = shown(KINDS[unit], finding.amount), "less" if finding.less_is_worse else "more"
        said = f"it is {now} now, {than} than the waiver of {waiver.person} covers"
        yield Finding("waiver-exceeded", where, said, most, see=finding.where)


def _waived(finding: Finding, waiver: Waiver) -> Finding:
    hint = f"waived until {waiver.until} by {waiver.person}: {waiver.reason}"
    return replace(finding, severity=Severity.INFO, hint=hint, see=waiver.where)
