"""Network operating systems: a folder each under `templates/`, found by name, described by `device.yaml`."""

from __future__ import annotations

import ast
import pkgutil
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, StringConstraints

from igoudar.errors import BadInput, Finding, Severity, Where
from igoudar.impact_rules import Rules
from igoudar.impact_source import FILE as IMPACT
from igoudar.impact_source import Pattern, read_rules
from igoudar.model import Attachment, Device, Inventory, Status
from igoudar.schema import Entry
from igoudar.validated import validated
from igoudar.yaml_source import locate, read_source

FILE = "device.yaml"
PACKAGE = Path(__file__).parent
DRIVERS, VALIDATORS = "drivers", "validate/oracles"  # in this package
AGENT, COMMIT_CONFIRM = "agent", "commit-confirm"  # what GOES_BACK of a driver may say


class Feature(StrEnum):
    """What an intent may ask of a NOS; `check` refuses a device whose NOS lacks one that it needs."""

    ACCESS = "access"
    ROUTED = "routed"
    SESSIONS = "sessions"


class InDoubt(StrEnum):
    """Who settles a switch whose transaction is in doubt (design 6)."""

    DEVICE = "device"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class NosFile:
    """One file of a device: its path there, its template, the offline validator that judges it."""

    path: str
    template: str
    validator: str


@dataclass(frozen=True, slots=True)
class Nos:
    """A NOS folder. `defaults` are values that the daemons do not print back; templates leave them out too.

    `driver` is a module of `igoudar.drivers`. `role` brings what a switch needs before its text.
    `secret_lines` find secrets in live text: the group `secret` of each pattern. `impact`: what a change of
    each kind of line costs.
    """

    name: str
    folder: Path
    title: str
    driver: str
    role: str
    files: tuple[NosFile, ...]
    port_pattern: re.Pattern[str]
    features: frozenset[Feature]
    in_doubt: InDoubt
    secret_lines: tuple[re.Pattern[str], ...]
    defaults: Mapping[str, int]
    impact: Rules
    where: Where


def _feature(value: object) -> Feature:
    try:
        return Feature(str(value))
    except ValueError as error:
        raise ValueError(f"one of {', '.join(Feature)}") from error


def _in_doubt(value: object) -> InDoubt:
    try:
        return InDoubt(str(value))
    except ValueError as error:
        raise ValueError(f"one of {', '.join(InDoubt)}") from error


class _FileIn(Entry):
    path: Annotated[str, StringConstraints(pattern=r"^/[a-z0-9/._-]+$")]
    template: Annotated[str, StringConstraints(pattern=r"^[a-z0-9/._-]+\.j2$")]
    validator: str


class _DeviceFile(Entry):
    title: str
    driver: str
    role: str
    files: list[_FileIn]
    port_pattern: Pattern
    features: list[Annotated[Feature, BeforeValidator(_feature)]]
    in_doubt: Annotated[InDoubt, BeforeValidator(_in_doubt)]
    secret_lines: list[Pattern]
    defaults: dict[str, int]


def load(templates: Path) -> dict[str, Nos]:
    """Every folder of `templates` with a `device.yaml`, by name. Raises BadInput."""
    root = templates.parent
    found: dict[str, Nos] = {}
    findings: list[Finding] = []
    for path in sorted(templates.glob(f"*/{FILE}")):
        try:
            found[path.parent.name] = _read(path, f"{templates.name}/{path.parent.name}/{FILE}")
        except BadInput as error:
            findings += error.findings
    if findings:
        raise BadInput(locate(findings, root))
    return found


def _read(path: Path, shown: str) -> Nos:
    source = read_source(path, shown)
    read, wrong = validated(source, _DeviceFile)
    if read is None:
        raise BadInput([*source.findings, *wrong])
    files = tuple(NosFile(f.path, f.template, f.validator) for f in read.files)
    if missing := [*_unknown(read, shown), *_without_template(read, path.parent, shown)]:
        raise BadInput(missing)
    if unsettled := [*_unsettled(read, shown)]:
        raise BadInput(unsettled)
    rules = read_rules(path.with_name(IMPACT), shown.replace(FILE, IMPACT), [f.path for f in files])
    return Nos(
        name=path.parent.name,
        folder=path.parent,
        title=read.title,
        driver=read.driver,
        role=read.role,
        files=files,
        port_pattern=read.port_pattern,
        features=frozenset(read.features),
        in_doubt=read.in_doubt,
        secret_lines=tuple(read.secret_lines),
        defaults=read.defaults,
        impact=rules,
        where=Where(shown, 1),
    )


def _unknown(read: _DeviceFile, shown: str) -> Iterator[Finding]:
    """A driver and validators that are no modules of ours. None is imported: they act, and this reads."""
    wanted = [("driver", DRIVERS, read.driver, "driver")]
    wanted += [
        ("validator", VALIDATORS, file.validator, f"files[{n}].validator")
        for n, file in enumerate(read.files)
    ]
    for kind, folder, name, place in wanted:
        known = sorted(m.name for m in pkgutil.iter_modules([str(PACKAGE / folder)]))
        if name not in known:
            said, where = f"there is no {kind} {name!r}", Where(shown, 0, place)
            hint = f"each module of src/igoudar/{folder}/ is one"
            yield Finding("not-a-module", where, said, f"one of {', '.join(known)}", hint)


def _unsettled(read: _DeviceFile, shown: str) -> Iterator[Finding]:
    """A switch that nobody would put back, and one about which `in_doubt` says what its driver cannot do."""
    back = _goes_back(PACKAGE / DRIVERS / f"{read.driver}.py")
    if back not in (AGENT, COMMIT_CONFIRM):
        yield Finding(
            "no-way-back",
            Where(shown, 0, "driver"),
            f"the driver {read.driver!r} has neither an agent on the switch nor the switch's own "
            "commit-confirm, so a change that is cut off would stay half done",
            f"a driver with GOES_BACK = {AGENT!r} or {COMMIT_CONFIRM!r}",
        )
        return
    right = InDoubt.DEVICE if back == AGENT else InDoubt.OPERATOR
    if read.in_doubt is not right:
        who = "settles by itself" if back == AGENT else "cannot ask the witnesses by itself"
        said = f"a switch of the driver {read.driver!r} {who}"
        yield Finding("wrong-in-doubt", Where(shown, 0, "in_doubt"), said, f"in_doubt: {right}")


def _goes_back(module: Path) -> str:
    """The module's constant, read and not imported."""
    for node in ast.parse(module.read_text("utf-8")).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="GOES_BACK")], value=ast.Constant(value=told)):
                return str(told)
    return ""


def _without_template(read: _DeviceFile, folder: Path, shown: str) -> Iterator[Finding]:
    for position, file in enumerate(read.files):
        if not (folder / file.template).is_file():
            where, said = (
                Where(shown, 0, f"files[{position}].template"),
                f"there is no template {file.template}",
            )
            yield Finding("no-template", where, said, f"a file of {folder.name}/")


def check(inventory: Inventory, folders: Mapping[str, Nos]) -> Iterator[Finding]:
    """Each switch has a NOS that exists, ports that it knows, and can do what is asked of it."""
    wanted = _wanted(inventory)
    yield from _in_doubt_of(inventory, folders)
    for device in inventory.switches():
        if device.status is Status.PLANNED:
            continue
        nos = folders.get(device.nos)
        if nos is None:
            listed = ", ".join(folders) or "none yet"
            said = f"there is no NOS {device.nos!r}"
            yield Finding("unknown-nos", device.where.at("nos"), said, f"one of {listed}")
            continue
        yield from _ports(inventory, device, nos)
        for feature in sorted(wanted.get(device.name, set()) - nos.features):
            said = f"{device.name} is to do {str(feature)!r}, which {nos.title} cannot"
            yield Finding("missing-feature", device.where.at("nos"), said, "a NOS that can")


def _in_doubt_of(inventory: Inventory, folders: Mapping[str, Nos]) -> Iterator[Finding]:
    """Whoever runs the site must know which switches wait for them."""
    for nos in folders.values():
        names = [d.name for d in inventory.switches() if d.nos == nos.name]
        if names and nos.in_doubt is InDoubt.OPERATOR:
            said = f"{', '.join(names)}: {nos.title} does not ask the witnesses by itself after a cut"
            hint = "the next `pulumi up` or `igoudar recover` makes such a switch whole"
            where = Where(nos.where.file, 0, "in_doubt")
            yield Finding("in-doubt-operator", where, said, hint=hint, severity=Severity.WARNING)


def check_roles(folders: Mapping[str, Nos], roles: Collection[str]) -> Iterator[Finding]:
    """The role that each NOS wants on its switches is one of the checkout's."""
    for nos in folders.values():
        if nos.role not in roles:
            where, said = Where(nos.where.file, 0, "role"), f"there is no role {nos.role!r}"
            yield Finding("unknown-role", where, said, f"one of {', '.join(roles)}")


def _ports(inventory: Inventory, device: Device, nos: Nos) -> Iterator[Finding]:
    hardware = inventory.types[device.type]
    strange = [p for p in hardware.data_ports if not nos.port_pattern.fullmatch(p)]
    if strange:
        said = f"{nos.title} has no ports called {', '.join(strange[:4])}"
        yield Finding("port-name", hardware.where, said, f"names that match {nos.port_pattern.pattern}")


def _wanted(inventory: Inventory) -> dict[str, set[Feature]]:
    """Features by switch: those of the servers cabled to it, and sessions on borders."""
    kinds = {
        server: Feature.ROUTED if subnet.attachment is Attachment.ROUTED else Feature.ACCESS
        for vpc in inventory.vpcs.values()
        for subnet in vpc.subnets
        for server in subnet.servers
    }
    wanted: dict[str, set[Feature]] = {}
    for cable in inventory.cables.values():
        for near, far in ((cable.a, cable.b), (cable.b, cable.a)):
            if far.device in kinds:
                wanted.setdefault(near.device, set()).add(kinds[far.device])
    for session in inventory.sessions.values():
        border = inventory.waves[session.wave].border.device
        wanted.setdefault(border, set()).add(Feature.SESSIONS)
    return wanted
