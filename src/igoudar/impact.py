"""What a change of a switch's text costs, by the rules of its NOS folder (`impact.yaml`). Pure.

A line is judged by the first rule that knows it within its section. The class of a change is that of its
worst line:

    hitless   nobody notices; the daemons are told by a reload
    resets    a reload too, and some sessions start anew, or a policy, an address or a link works otherwise
    restart   a reload cannot do it: the daemons are started anew

A line that no rule knows counts as `restart`. What stands in a section that is new as a whole, or gone as a
whole, is told by the section's first line. A list of lines with the same `thing` that is new or gone as a
whole is told by those who use it. A `resets` that reaches no session which was there before resets nothing,
but for a line of a port that stays: where no session runs over it, a server's frames do.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from igoudar.impact_rules import (
    NO_RULES,
    NOTHING,
    OF_SESSIONS,
    STEP,
    Class,
    Event,
    FileRules,
    Line,
    Rule,
    Rules,
    Scope,
    Section,
    Texts,
    lines,
    rule_of,
)

SHOWN = 4  # names of switches of one impact that a summary writes out
_PLURALS = {Scope.POLICY: "policies", Scope.ADDRESS: "addresses", Scope.LINK: "links"}
_BY_COST = tuple(Class)


@dataclass(frozen=True, slots=True)
class Decided:
    """A line of the worst class. `event` is empty where it is not about a line of the text."""

    file: str
    line: str
    event: str

    def __str__(self) -> str:
        return f"{self.file}: {self.line} ({self.event})" if self.event else self.line


@dataclass(frozen=True, slots=True)
class Impact:
    """Of one switch. `sessions`: `<vrf> <neighbour>`, sorted. `seconds`: lost at worst, by one flow.

    `drained`: its neighbours are told to avoid it before its daemons stop; `alone`: seconds that those lose
    all the same who have no other way, such as a server on one leaf.
    """

    kind: Class
    sessions: tuple[str, ...] = ()
    things: tuple[tuple[Scope, str], ...] = ()
    seconds: float = 0.0
    lines: tuple[Decided, ...] = ()
    drained: bool = False
    alone: float = 0.0

    def __str__(self) -> str:
        lost = f" ({self.seconds:g} s)"
        if self.kind is Class.HITLESS:
            return str(self.kind)
        if self.kind is Class.RESTART:
            told = f"restart, {_sessions(len(self.sessions))}"
            if self.drained:
                lost = f", drained first ({self.seconds:g} s; without another way {self.alone:g} s)"
            return f"{told}{lost if self.sessions else ''}"
        counts = Counter(scope for scope, _ in self.things)
        hit = [_sessions(len(self.sessions))] if self.sessions else []
        hit += [f"{n} {scope if n == 1 else _PLURALS[scope]}" for scope, n in sorted(counts.items())]
        return f"resets {' and '.join(hit)}{lost}"


@dataclass(frozen=True, slots=True)
class Change:
    """One line that came or went. `rule` and `groups` are of the rule that knows it."""

    file: str
    section: Section
    text: str
    event: Event
    rule: Rule | None
    groups: Mapping[str, str]

    @property
    def decided(self) -> Decided:
        return Decided(self.file, STEP.join((*self.section, self.text)), self.event)


def impact(before: Texts, after: Texts, rules: Rules, *, relieved: bool = False) -> Impact:
    """Of a change from one text to another, path -> text. Keys that are no paths are left out.

    `relieved`: others can carry what the switch carries, so that it is drained before it stops.
    """
    told = _Sessions(before, rules)
    found = [_judged(change, told) for change in changes(before, after, rules)]
    if not found:
        return Impact(Class.HITLESS)
    reset = [(hit, change) for kind, hit, change in found if kind is Class.RESETS]
    seconds = max((change.rule.seconds for _, change in reset if change.rule), default=0.0)
    worst = max((kind for kind, _, _ in found), key=_BY_COST.index)
    decided = tuple(dict.fromkeys(change.decided for kind, _, change in found if kind is worst))
    for texts, when in ((before, "before"), (after, "afterwards")):
        if not instances(texts, rules):
            worst, decided = Class.RESTART, (Decided("", f"it has no instance {when}", ""),)
    if worst is Class.RESTART:
        drained = relieved and bool(told.all)
        alone = max(seconds, rules.restart.seconds)
        seconds = max(seconds, rules.restart.drained) if drained else alone
        return Impact(worst, told.all, (), seconds, decided, drained, alone if drained else 0.0)
    sessions = {name for hit, change in reset for name in hit if _scope(change) in OF_SESSIONS}
    things = {_thing(change) for hit, change in reset if not hit or _scope(change) not in OF_SESSIONS}
    return Impact(worst, tuple(sorted(sessions)), tuple(sorted(things)), seconds, decided)


def summary(impacts: Mapping[str, Impact]) -> str:
    """One line over all switches: those of the same impact together, the cheapest first."""
    alike: dict[str, list[str]] = {}
    for name in sorted(impacts, key=lambda n: (_BY_COST.index(impacts[n].kind), n)):
        alike.setdefault(str(impacts[name]), []).append(name)
    return "impact: " + "; ".join(f"{_names(names)} {told}" for told, names in alike.items())


def changes(before: Texts, after: Texts, rules: Rules) -> Iterator[Change]:
    """Every line that decides something, in the order of files; those of whole sections only if unknown."""
    for path in sorted(p for p in {*before, *after} if p.startswith("/")):
        if before.get(path, "") == after.get(path, ""):
            continue
        of_file = rules.files.get(path, NO_RULES)
        old, new = (Counter(lines(texts.get(path, ""), of_file.ignore)) for texts in (before, after))
        gone = [_change(path, line, Event.REMOVED, of_file) for line in old - new]
        come = [_change(path, line, Event.ADDED, of_file) for line in new - old]
        both = {_key(c) for c in gone if c.rule} & {_key(c) for c in come if c.rule}
        for found, other in ((gone, new), (come, old)):
            lists = _lists(other, of_file)
            for change in found:
                if change.rule is not None and _is_told_elsewhere(change, other, lists):
                    continue
                event = Event.CHANGED if change.rule and _key(change) in both else change.event
                yield replace(change, event=event)


def instances(texts: Texts, rules: Rules) -> bool:
    """Whether any session could be there."""
    text = texts.get(rules.sessions.file, "")
    return any(not above and rules.sessions.instance.fullmatch(t) for above, t in lines(text, NOTHING))


def _change(file: str, line: Line, event: Event, rules: FileRules) -> Change:
    rule, groups = rule_of(*line, rules) or (None, {})
    return Change(file, *line, event, rule, groups)


def _lists(text: Mapping[Line, int], rules: FileRules) -> set[tuple[int, str]]:
    """The lists of a text that stand below nothing: (rule, name)."""
    known = [found for (section, line) in text if not section and (found := rule_of(section, line, rules))]
    return {(id(rule), groups["thing"]) for rule, groups in known if "thing" in groups}


def _is_told_elsewhere(change: Change, other: Mapping[Line, int], lists: set[tuple[int, str]]) -> bool:
    """Whether its section, or the list that it is of, is not in the other text at all."""
    if change.section:
        return (change.section[:-1], change.section[-1]) not in other
    return "thing" in change.groups and (id(change.rule), change.groups["thing"]) not in lists


def _key(change: Change) -> tuple[Section, int, tuple[tuple[str, str], ...]]:
    """What makes two lines the same line with another value."""
    known = tuple(sorted((name, value) for name, value in change.groups.items() if name != "thing"))
    return change.section, id(change.rule), known


def _judged(change: Change, told: _Sessions) -> tuple[Class, frozenset[str], Change]:
    """Its class, and the sessions that it reaches."""
    if change.rule is None:
        return Class.RESTART, frozenset(), change
    kind = change.rule.classes[change.event]
    if kind is not Class.RESETS:
        return kind, frozenset(), change
    hit = told.reached(change)
    is_link = change.rule.scope is Scope.PORT and bool(change.section)
    concerns_sessions = not is_link and (change.rule.scope in OF_SESSIONS or "peer" in change.groups)
    return (kind if hit or not concerns_sessions else Class.HITLESS), hit, change


def _scope(change: Change) -> Scope | None:
    return change.rule.scope if change.rule else None


def _thing(change: Change) -> tuple[Scope, str]:
    assert change.rule is not None
    assert change.rule.scope is not None
    scope = Scope.LINK if change.rule.scope is Scope.PORT else change.rule.scope
    return scope, change.groups.get("thing") or (*change.section, change.text)[0]


class _Sessions:
    """The sessions that there are before a change, and which of them a line reaches."""

    def __init__(self, texts: Texts, rules: Rules) -> None:
        self.texts, self.rules, self.told = texts, rules, rules.sessions

    @cached_property
    def _members(self) -> dict[str, dict[str, set[str]]]:
        """Line of an instance -> neighbour or peer group -> its neighbours."""
        found: dict[str, dict[str, set[str]]] = {}
        groups: set[tuple[str, str]] = set()
        for section, text in lines(self.texts.get(self.told.file, ""), NOTHING):
            if not section and self.told.instance.fullmatch(text):
                found.setdefault(text, {})
            elif len(section) == 1 and section[0] in found and (m := self.told.neighbour.fullmatch(text)):
                peer, group = m["peer"], m["group"]
                found[section[0]].setdefault(peer, set()).add(peer)
                if group:
                    found[section[0]].setdefault(group, set()).add(peer)
                    groups.add((section[0], group))
        for instance, group in groups:
            found[instance][group].discard(group)
        return found

    @cached_property
    def _networks(self) -> list[tuple[str, ipaddress.IPv4Network | ipaddress.IPv6Network]]:
        """(port, a network that it is in)."""
        found = []
        for section, text in lines(self.texts.get(self.told.ports, ""), NOTHING):
            port = self.told.port.fullmatch(section[0]) if len(section) == 1 else None
            if port and (address := self.told.address.fullmatch(text)):
                found.append((port["port"], ipaddress.ip_interface(address["address"]).network))
        return found

    def _names(self, instance: str, peer: str | None = None) -> frozenset[str]:
        """Sessions of an instance: all, or those of a neighbour or a peer group."""
        members, found = self._members.get(instance, {}), self.told.instance.fullmatch(instance)
        vrf = (found["vrf"] if found else None) or "default"
        wanted = members.get(peer, set()) if peer else set().union(*members.values())
        return frozenset(f"{vrf} {name}" for name in wanted)

    @property
    def all(self) -> tuple[str, ...]:
        return tuple(sorted({name for instance in self._members for name in self._names(instance)}))

    def reached(self, change: Change) -> frozenset[str]:
        """By its neighbour where the line names one, else by its scope."""
        top = (*change.section, change.text)[0]
        if peer := change.groups.get("peer"):
            return self._names(top, peer)
        match _scope(change):
            case Scope.SWITCH:
                return frozenset(self.all)
            case Scope.INSTANCE:
                return self._names(top)
            case Scope.PORT:
                return self._over(top)
        return frozenset()

    def _over(self, top: str) -> frozenset[str]:
        """Sessions over the port whose section begins with this line."""
        found = self.told.port.fullmatch(top)
        if found is None:
            return frozenset()
        mine = [network for port, network in self._networks if port == found["port"]]
        return frozenset(name for name in self.all if _is_at(name.split()[1], found["port"], mine))


def _is_at(peer: str, port: str, networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    if peer == port:
        return True
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    return any(address in network for network in networks)


def _sessions(count: int) -> str:
    return f"{count or 'no'} session{'' if count == 1 else 's'}"


def _names(names: Sequence[str]) -> str:
    if len(names) <= SHOWN + 1:
        return ", ".join(names)
    return f"{', '.join(names[:SHOWN])} and {len(names) - SHOWN} more"
