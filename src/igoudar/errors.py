"""What can go wrong, and how it is said.

    IgoudarError            1  a defect of ours, or of the machine under us
    |-- BadInput            2  what people wrote cannot be read (findings, all of a phase at once)
    |-- CheckFailed         3  what people wrote can be read and must not be built (findings)
    |-- DeviceFailed        4  a device or the network failed; everything is as it was before
    |   `-- Undecided       4  a device did not answer the last word; says which, and what to do next
    |-- Drift               5  the world differs from the record
    `-- Missing             1  a tool, a package or a right that this machine does not have

The number is the exit status of `igoudar`.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")


def step_path(path: str, step: str | int) -> str:
    """`devices` and `leaf-1` give `devices.leaf-1`; other keys are quoted, list positions in brackets."""
    if isinstance(step, int):
        return f"{path}[{step}]"
    if not _PLAIN_KEY.fullmatch(step):
        return f"{path}[{json.dumps(step, ensure_ascii=False)}]"
    return f"{path}.{step}" if path else step


@dataclass(frozen=True, slots=True, order=True)
class Where:
    """A place in what people write. `file` is relative to the folder the command ran in where possible."""

    file: str
    line: int = 0
    path: str = ""

    def at(self, step: str | int) -> Where:
        """The same place, one step deeper in the document; the line is found again by `yaml_source`."""
        return Where(self.file, 0, step_path(self.path, step))

    def as_json(self) -> dict[str, str | int]:
        return {"file": self.file, "line": self.line, "path": self.path}

    def __str__(self) -> str:
        head = f"{self.file}:{self.line}" if self.line else self.file
        return f"{head}: {self.path}" if self.path else head


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about one place: what is wrong; what was expected; what to do.

    `expected` is what a right value would be, as a noun: "a mapping", "one of a, b".

    `code` is a stable kebab-case word such as `duplicate-serial`, the key of waivers and of documentation.
    `see` is the other place where two of them do not go together. `subject` is the object, such as
    `rack a01`, where a line stands for many; `amount` how much there is of it, in `unit`, the base unit of a
    kind of quantities, and whether more of it is worse, or less.
    """

    code: str
    where: Where
    message: str
    expected: str = ""
    hint: str = ""
    severity: Severity = Severity.ERROR
    see: Where | None = None
    subject: str = ""
    amount: float | None = None
    unit: str = ""
    less_is_worse: bool = False

    def __str__(self) -> str:
        expected = f"expected {self.expected}" if self.expected else ""
        said = "; ".join(part for part in (self.message, expected, self.advice) if part)
        mark = "" if self.severity is Severity.ERROR else f"{self.severity}: "
        return f"{self.where}: {mark}{said}"

    @property
    def advice(self) -> str:
        """What to do, and where else to look."""
        return "; ".join(part for part in (self.hint, f"see {self.see}" if self.see else "") if part)

    def is_worse_than(self, amount: float) -> bool:
        """Whether there is an amount, and it is worse than this one."""
        if self.amount is None:
            return False
        return self.amount < amount if self.less_is_worse else self.amount > amount

    def as_json(self) -> dict[str, str | int | float]:
        worse = "less" if self.less_is_worse else "more"
        return {
            **self.where.as_json(),
            "code": self.code,
            "severity": str(self.severity),
            "message": self.message,
            "expected": self.expected,
            "hint": self.advice,
            "subject": self.subject,
            **({} if self.amount is None else {"amount": self.amount, "unit": self.unit, "worse": worse}),
        }


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sorted by file, line, path and code, each said once."""
    unique = dict.fromkeys(findings)
    return tuple(sorted(unique, key=lambda f: (f.where.file, f.where.line, f.where.path, f.code, f.message)))


MANY = 20  # findings of one kind about one line: from here on the first is shown, and how many there are


def lines(findings: Iterable[Finding]) -> list[tuple[Finding, str]]:
    """What people read, in the order given: a line of a pattern may be wrong in thousands of places alike."""
    groups: dict[tuple[str, Where, Severity], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.code, finding.where, finding.severity), []).append(finding)
    found: list[tuple[Finding, str]] = []
    for group in groups.values():
        if len(group) < MANY:
            found += ((finding, str(finding)) for finding in group)
        else:
            found.append((group[0], f"{group[0]}; and {len(group) - 1:,} more of this kind at this line"))
    return found


HINTS = 10  # a search among thousands costs, and one list of mistakes needs no more


def nearest(name: str, known: Iterable[str]) -> str:
    """`did you mean 'x'?`, or nothing where nothing known is near."""
    near = difflib.get_close_matches(name, [*known], n=1)
    return f"did you mean {near[0]!r}?" if near else ""


def unknown(kind: str, name: str, where: Where, known: Collection[str]) -> Finding:
    """There is no such `kind`, a word of the field such as `hall`; the first of those that there are."""
    listed = sorted(known)
    expected = f"one of {first_few(listed, 8)}" if listed else f"a {kind} of the site, which has none yet"
    code = f"unknown-{kind.replace(' ', '-')}"
    return Finding(code, where, f"there is no {kind} {name!r}", expected, nearest(name, listed))


def first_few(names: Sequence[str], most: int) -> str:
    """`a, b, ...` where there are more than so many."""
    return ", ".join([*names[:most], *(["..."] if len(names) > most else [])])


def first_and_more(names: Sequence[str], most: int) -> str:
    """`a, b and 7 more` where there are more than so many."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def and_more(count: int) -> str:
    """After the first of `count`: how many there are beside it."""
    return f" and {count - 1} more" if count > 1 else ""


def in_runs(names: Iterable[str]) -> str:
    """`eth0, swp1 to swp32`: runs of neighbours are shortened."""
    runs: list[list[str]] = []
    for name in names:
        word, number = _numbered(name)
        if runs and word and (word, number - 1) == _numbered(runs[-1][-1]):
            runs[-1].append(name)
        else:
            runs.append([name])
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)


def _numbered(name: str) -> tuple[str, int]:
    word = name.rstrip("0123456789")
    return word, int(name.removeprefix(word) or -1)


def other_serial(found: str, whose: str, meant: str) -> str:
    """Two serials of what should be one box: that of the box, and what the inventory or the record says."""
    return f"the box there has the serial {found or 'unknown'}, the {whose} says {meant}"


def another_box(found: str, meant: str) -> str:
    """Another box than the inventory's, to which nothing is done."""
    return f"{other_serial(found, 'inventory', meant)}; correct whichever is wrong"


class IgoudarError(Exception):
    """The root; its text is for the user, one or more whole sentences."""

    exit_code = 1


class Missing(IgoudarError):
    """A tool, a package or a right that this machine does not have."""


class _WithFindings(IgoudarError):
    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = in_order(findings)
        super().__init__("\n".join(line for _, line in lines(self.findings)))


class BadInput(_WithFindings):
    """What people wrote cannot be read."""

    exit_code = 2


class CheckFailed(_WithFindings):
    """What people wrote can be read and must not be built."""

    exit_code = 3


class DeviceFailed(IgoudarError):
    """A device or the network failed; everything is as it was before."""

    exit_code = 4


class Undecided(DeviceFailed):
    """A device did not answer the last word."""


class Drift(IgoudarError):
    """The world differs from the record."""

    exit_code = 5
