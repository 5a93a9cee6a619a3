"""What a NOS folder says of changed lines, as frozen data, and how a text becomes lines. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

Texts = Mapping[str, str]
Section = tuple[str, ...]
Line = tuple[Section, str]
STEP = " > "  # between the lines of a section, as rules and people read it


class Class(StrEnum):
    HITLESS = "hitless"
    RESETS = "resets"
    RESTART = "restart"


class Event(StrEnum):
    """`changed`: a line of the same rule, section and key went and another came."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Scope(StrEnum):
    """What a line resets. Sessions: of its neighbour or peer group, its instance, its port, or all."""

    PEER = "peer"
    INSTANCE = "instance"
    PORT = "port"
    SWITCH = "switch"
    POLICY = "policy"
    ADDRESS = "address"
    LINK = "link"


OF_SESSIONS = frozenset({Scope.PEER, Scope.INSTANCE, Scope.PORT, Scope.SWITCH})


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of line. Both patterns match the whole: `line` without indentation, `within` its section.

    Named groups: `peer`, a neighbour or a peer group; `key`, what else tells two such lines of a section
    apart; `thing`, the name of what is reset where no session is. `seconds`: packets lost so long, at worst.
    """

    within: re.Pattern[str]
    line: re.Pattern[str]
    classes: Mapping[Event, Class]
    scope: Scope | None
    seconds: float
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class FileRules:
    """`ignore`: lines that say nothing, such as comments and ends of sections."""

    ignore: re.Pattern[str]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class SessionLines:
    """How sessions are found in the texts: `instance` (group `vrf`) holds `neighbour` (`peer`, `group`).

    A session runs over the `port` (group `port`) whose name its neighbour is, or whose `address` (group
    `address`) has the neighbour's in its network.
    """

    file: str
    instance: re.Pattern[str]
    neighbour: re.Pattern[str]
    ports: str
    port: re.Pattern[str]
    address: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Restart:
    """Seconds for which packets are lost when the daemons start anew: at once, and drained before."""

    seconds: float
    drained: float
    source: str


@dataclass(frozen=True)
class Rules:
    """All of a NOS folder. `sources` by the word that rules use."""

    sources: Mapping[str, str]
    restart: Restart
    sessions: SessionLines
    files: Mapping[str, FileRules]


NOTHING = re.compile(r"(?!)")
NO_RULES = FileRules(NOTHING, ())


def lines(text: str, ignore: re.Pattern[str]) -> Iterator[Line]:
    """Every line with the lines that it stands below, by indentation."""
    above: list[tuple[int, str]] = []
    for raw in text.splitlines():
        told = raw.strip().removesuffix("\\").rstrip()
        if not told or ignore.fullmatch(told):
            continue
        depth = len(raw) - len(raw.lstrip())
        while above and above[-1][0] >= depth:
            above.pop()
        yield tuple(line for _, line in above), told
        above.append((depth, told))


def rule_of(section: Section, text: str, rules: FileRules) -> tuple[Rule, Mapping[str, str]] | None:
    """The first rule that knows the line, and the named groups of its pattern that matched."""
    for rule in _within(section, rules):
        if found := rule.line.fullmatch(text):
            return rule, {name: value for name, value in found.groupdict().items() if value is not None}
    return None


@lru_cache(maxsize=4096)
def _within(section: Section, rules: FileRules) -> tuple[Rule, ...]:
    place = STEP.join(section)
    return tuple(rule for rule in rules.rules if rule.within.fullmatch(place))
