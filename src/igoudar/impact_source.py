"""Reading `impact.yaml` of a NOS folder: pydantic here, frozen `impact_rules.Rules` out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

from igoudar.errors import BadInput, Finding, Where
from igoudar.impact_rules import (
    OF_SESSIONS,
    Class,
    Event,
    FileRules,
    Restart,
    Rule,
    Rules,
    Scope,
    SessionLines,
)
from igoudar.schema import Entry, one_of
from igoudar.validated import validated
from igoudar.yaml_source import read_source

FILE = "impact.yaml"


def pattern(value: object) -> re.Pattern[str]:
    try:
        return re.compile(str(value))
    except re.error as error:
        raise ValueError(f"a regular expression: {error}") from error


Pattern = Annotated[re.Pattern[str], BeforeValidator(pattern)]
Seconds = Annotated[float, Field(ge=0, lt=1000)]
_Class = Annotated[Class, one_of(Class)]


class _RuleIn(Entry):
    section: Pattern = re.compile("")
    line: Pattern
    impact: _Class
    added: _Class | None = None
    removed: _Class | None = None
    changed: _Class | None = None
    resets: Annotated[Scope, one_of(Scope)] | None = None
    seconds: Seconds | None = None
    source: str

    def classes(self) -> dict[Event, Class]:
        return {event: getattr(self, event) or self.impact for event in Event}

    def frozen(self) -> Rule:
        return Rule(self.section, self.line, self.classes(), self.resets, self.seconds or 0.0, self.source)


class _FileIn(Entry):
    path: Annotated[str, StringConstraints(pattern=r"^/[a-z0-9/._-]+$")]
    ignore: Pattern
    rules: list[_RuleIn]


class _SessionsIn(Entry):
    file: str
    instance: Pattern
    neighbour: Pattern
    ports: str
    port: Pattern
    address: Pattern


class _RestartIn(Entry):
    seconds: Seconds
    drained: Seconds
    source: str


class _ImpactFile(Entry):
    sources: dict[str, str]
    restart: _RestartIn
    sessions: _SessionsIn
    files: list[_FileIn]


def read_rules(path: Path, shown: str, files: Sequence[str]) -> Rules:
    """The rules; `files` are the paths that the NOS folder renders. Raises BadInput."""
    source = read_source(path, shown)
    read, wrong = validated(source, _ImpactFile)
    if read is None:
        raise BadInput([*source.findings, *wrong])
    where = Where(shown)
    if found := [*_files(read, files, where), *_sources(read, where), *_groups(read, where)]:
        raise BadInput(found)
    told = read.sessions
    return Rules(
        sources=read.sources,
        restart=Restart(read.restart.seconds, read.restart.drained, read.restart.source),
        sessions=SessionLines(told.file, told.instance, told.neighbour, told.ports, told.port, told.address),
        files={f.path: FileRules(f.ignore, tuple(rule.frozen() for rule in f.rules)) for f in read.files},
    )


def _files(read: _ImpactFile, files: Sequence[str], where: Where) -> Iterator[Finding]:
    """Each file that is rendered has rules, and no other."""
    told = [file.path for file in read.files]
    for path in files:
        if told.count(path) != 1:
            said = f"{path} stands here {told.count(path)} times"
            yield Finding("impact-file", where.at("files"), said, "each file of device.yaml once")
    for place, path in enumerate(told):
        if path not in files:
            said, at = f"{path} is not a file of device.yaml", where.at("files").at(place).at("path")
            yield Finding("impact-file", at, said, f"one of {', '.join(files)}")
    for key in ("file", "ports"):
        if (path := getattr(read.sessions, key)) not in files:
            said, at = f"{path} is not a file of device.yaml", where.at("sessions").at(key)
            yield Finding("impact-file", at, said, f"one of {', '.join(files)}")


def _rules(read: _ImpactFile, where: Where) -> Iterator[tuple[_RuleIn, Where]]:
    for place, file in enumerate(read.files):
        for number, rule in enumerate(file.rules):
            yield rule, where.at("files").at(place).at("rules").at(number)


def _sources(read: _ImpactFile, where: Where) -> Iterator[Finding]:
    """Each figure has a source, and only what resets something has a figure of its own."""
    named = [(read.restart.source, where.at("restart"))]
    for rule, at in _rules(read, where):
        named.append((rule.source, at))
        resets = Class.RESETS in rule.classes().values()
        for key, value in (("resets", rule.resets), ("seconds", rule.seconds)):
            if resets and value is None:
                said = f"the line resets something, and {key!r} is missing"
                yield Finding("impact-figure", at, said, "what is reset, and for how many seconds")
            if not resets and value is not None:
                said = f"the line is never of the class 'resets', and has {key!r}"
                yield Finding("impact-figure", at.at(key), said, "only lines that reset something have it")
    for name, at in named:
        if name not in read.sources:
            said = f"there is no source {name!r}"
            yield Finding("impact-source", at.at("source"), said, f"one of {', '.join(read.sources)}")


def _groups(read: _ImpactFile, where: Where) -> Iterator[Finding]:
    """The named groups that the patterns need, and no others."""
    at, told = where.at("sessions"), read.sessions
    wanted = {"instance": {"vrf"}, "neighbour": {"peer", "group"}, "port": {"port"}, "address": {"address"}}
    for key, names in wanted.items():
        if set(getattr(told, key).groupindex) != names:
            yield _wrong_groups(at.at(key), "the named groups " + ", ".join(sorted(names)))
    for rule, place in _rules(read, where):
        names = set(rule.line.groupindex)
        if names - {"peer", "key", "thing"}:
            yield _wrong_groups(place.at("line"), "no named groups but peer, key and thing")
        elif rule.resets is Scope.PEER and "peer" not in names:
            yield _wrong_groups(place.at("line"), "the named group peer, since its sessions are reset")
        elif "thing" in names and (rule.resets is None or rule.resets in OF_SESSIONS):
            yield _wrong_groups(place.at("line"), "no named group thing, since no thing is reset")


def _wrong_groups(at: Where, expected: str) -> Finding:
    return Finding("impact-groups", at, "the pattern does not fit", expected)
