"""`compile_site`: from the files of a site to every text of every device, offline.

The same function serves `pulumi`, the `igoudar` command and the tests. It reads the checkout and nothing
else.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from igoudar import adopted, checks, role_findings, ssh_certificates, stack_files, vendors
from igoudar.allocate import allocate, settled
from igoudar.assemble import Documents
from igoudar.bogons import load_bogons
from igoudar.cabling.pulls import port_kinds, whole_port
from igoudar.checks import leaving, tenants
from igoudar.declared import Declaring
from igoudar.derive import derive
from igoudar.design import Design, Plan
from igoudar.errors import BadInput, CheckFailed, Finding, Severity, Where, in_order
from igoudar.hall.part import Part
from igoudar.hostview import HostViews
from igoudar.intent import DeviceIntent
from igoudar.inventory import ledger_of, load_hall, load_part, load_whole, read_documents, shown
from igoudar.judged_hall import found_of_all, judge
from igoudar.ledger import Ledger, clashes
from igoudar.model import SWITCH_ROLES, Device, Inventory, Role, Status
from igoudar.one_hall import OF_TIES, halls_of
from igoudar.pool import lock as pool
from igoudar.render import render_all
from igoudar.roles import Declaration, RoleFolder, load_roles
from igoudar.some_halls import part_of
from igoudar.stack_files import StackFile, stacks_of
from igoudar.vendors import Nos
from igoudar.waivers import waive
from igoudar.yaml_source import locate

Texts = Mapping[str, str]
_Thing = TypeVar("_Thing")


@dataclass(frozen=True, slots=True)
class Compiled:
    """Everything that follows from the files.

    `switches`: switch -> path on the device -> whole text, secrets as marks. `hosts`: host (switches too) ->
    role in order of application -> declaration with rendered texts. `offline`: switches that are left alone,
    cordoned ones too; `cordoned`: hosts of any kind. `stacks`: those of the site, each with its halls.
    `adopted`: what is rendered for switches that carry an adopted patch, without it.
    """

    site: str
    folder: str
    design: Design
    plan: Plan
    intents: Mapping[str, DeviceIntent]
    switches: Mapping[str, Texts]
    base: Mapping[str, Texts]
    hosts: Mapping[str, Mapping[str, Declaration]]
    findings: tuple[Finding, ...]
    stacks: tuple[StackFile, ...] = ()
    adopted: Mapping[str, Texts] = field(default_factory=dict)

    @property
    def offline(self) -> tuple[str, ...]:
        devices = self.design.inventory.devices
        return tuple(name for name in self.switches if devices[name].left_alone)

    @property
    def cordoned(self) -> tuple[str, ...]:
        devices = self.design.inventory.devices
        return tuple(name for name in sorted({*self.switches, *self.hosts}) if devices[name].cordoned)


def describe(inventory: Inventory, root: Path) -> Design:
    """What the checkout's stacks say of the site."""
    try:
        design: Design = _stacks(root).describe(inventory)
    except Exception as error:  # stacks are what people write
        raise BadInput([_broken_stack(error, root / "stacks")]) from error
    return design


def _stacks(root: Path) -> Any:
    """The package of the checkout."""
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    return importlib.import_module("stacks")


def _broken_stack(error: Exception, folder: Path) -> Finding:
    """At the innermost line of `stacks/`. Raises an error that did not come from there."""
    places = [(f.filename, f.lineno or 0) for f in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        places.append((error.filename or "", error.lineno or 0))
    inside = [(Path(file), line) for file, line in places if Path(file).is_relative_to(folder)]
    if not inside and (folder / "__init__.py").is_file():
        raise error
    file, line = inside[-1] if inside else (folder, 0)
    said = f"{type(error).__name__}: {error.msg if isinstance(error, SyntaxError) else error}"
    return Finding("broken-stack", Where(shown(file, folder.parent), line), said, "a module without mistakes")


def sound(ledger: Ledger, root: Path) -> Ledger:
    """The same, refused where two owners hold one number. Raises BadInput."""
    if found := clashes(ledger):
        raise BadInput(locate(found, root))
    return ledger


def compile_site(
    folder: Path, *, root: Path, today: date, documents: Documents | None = None, locking: bool = False
) -> Compiled:
    """All texts and all findings. Raises BadInput, or CheckFailed where a finding makes texts impossible.

    `documents`: the files of the site, where read already. `locking`: the lock of its pool is not judged.
    """
    place, ledger = (folder, root), ledger_of(folder, root)
    inventory = load_whole(documents or read_documents(*place), place, ledger)
    return _compiled(describe(inventory, root), ledger, place, today, locking=locking)


def compile_halls(folder: Path, halls: Collection[str], *, root: Path, today: date) -> Compiled:
    """Texts and records of some halls, as `compile_site` has them, in the time and memory of these.

    Findings are those of `check_hall`, and what is wrong with texts and numbers of these halls. All halls are
    compiled where the records of these depend on more than part of the others: `part_of`, `_needs_all`.
    """
    place, ledger = (folder, root), ledger_of(folder, root)
    documents = read_documents(*place)
    known = [hall for hall in halls_of(documents) if hall in halls]
    less = None if known == halls_of(documents) else part_of(documents, known)
    compiled = None if less is None else _compiled_part(documents, less, ledger, place, today)
    return compiled or compile_site(folder, root=root, today=today, documents=documents)


def _compiled_part(
    documents: Documents,
    less: Documents,
    ledger: Callable[[], Ledger],
    place: tuple[Path, Path],
    today: date,
) -> Compiled | None:
    """None where it needs all halls, or where only the whole can tell whether something is wrong."""
    part = less.part
    assert part is not None
    try:
        halls = sorted(part.halls)
        shared = found_of_all(documents, place, halls)
        checked = [
            finding
            for hall in halls
            for finding in judge(describe(load_hall(documents, place, hall), place[1]), shared, today)
        ]
        inventory = load_part(less, place, ledger)
        if _needs_all(inventory, part):
            return None
        checked = [finding for finding in checked if finding.code not in OF_TIES]
        if part.tied and any(finding.severity is Severity.ERROR for finding in checked):
            return None
        design = describe(inventory, place[1])
        checked += _of_ties(design, halls)
        compiled = _compiled(design, ledger, place, today, (part, checked))
    except BadInput:
        return None
    if not settled(compiled.design, ledger()):
        return None
    elsewhere = {f"{tenant}/{vpc}" for tenant, vpc in part.elsewhere}
    vpcs = {n: v for n, v in inventory.vpcs.items() if f"{v.tenant}/{v.name}" not in elsewhere}
    return replace(compiled, design=replace(compiled.design, inventory=replace(inventory, vpcs=vpcs)))


def _needs_all(inventory: Inventory, part: Part) -> bool:
    """A management host in service knows every box of the site by name; and all tails of one port, whose
    far ends may stand anywhere, are one assembly of one length.
    """
    devices = inventory.devices
    if any(_knows_all(device) and device.hall in part.halls for device in devices.values()):
        return True
    kinds = port_kinds(inventory)
    tails = (
        whole_port(end.port, kinds[devices[end.device].type])
        for cable in inventory.cables.values()
        if {devices[end.device].hall in part.halls for end in (cable.a, cable.b)} == {True, False}
        for end in (cable.a, cable.b)
        if devices[end.device].hall not in part.halls
    )
    return any(port is not None and port[1] is not None for port in tails)


def _knows_all(device: Device) -> bool:
    return device.role is Role.MANAGEMENT and device.status not in (Status.PLANNED, Status.OFFLINE)


def _compiled(
    design: Design,
    ledger: Callable[[], Ledger],
    place: tuple[Path, Path],
    today: date,
    part: tuple[Part, list[Finding]] | None = None,
    *,
    locking: bool = False,
) -> Compiled:
    """`part`: halls that texts are wanted of, and what was found in them; without it all, checked here."""
    (folder, root), inventory = place, design.inventory
    stacks = stacks_of(folder, root)
    patches = adopted.read(folder, root)
    signed, locked = ssh_certificates.read(folder, root), pool.read_lock(folder, root)
    nos_folders = vendors.load(root / "templates")
    roles = load_roles(root / "roles")
    numbers = sound(ledger(), root)
    plan = allocate(design, numbers, today)
    halls = part[0].halls if part else frozenset(inventory.halls)
    checked = part[1] if part else waive(checks.check(design), inventory.waivers, today)
    found = [*inventory.warnings, *plan.findings, *checked, *vendors.check(inventory, nos_folders)]
    found += vendors.check_roles(nos_folders, roles)
    signed = {name: one for name, one in signed.items() if not part or name in inventory.devices}
    found += ssh_certificates.check(signed, inventory, today)
    found += stack_files.check(stacks, inventory, _stacks(root).LAYERS)
    _stop_on_errors(found, root)
    derived = derive(plan, load_bogons(root))
    found += derived.findings
    _stop_on_errors(found, root)
    intents = _those(derived.intents, inventory, halls)
    base = render_all(_those(derived.base, inventory, halls), nos_folders)
    target = render_all(intents, nos_folders)
    found += (*base.findings, *target.findings)
    _stop_on_errors(found, root)
    if part:
        patches = tuple(patch for patch in patches if patch.device in target.texts)
    patched, said = adopted.put_on(patches, target.texts, inventory)
    found += said
    _stop_on_errors(found, root)
    snapshot = locked.snapshot
    hosts, wrong = _declarations(HostViews(plan, signed, snapshot), roles, nos_folders, halls, root)
    found += (*wrong, *role_findings.written_twice(hosts, target.texts, inventory.devices))
    found += () if locking else pool.check(locked, hosts, inventory.site)
    _stop_on_errors(found, root)
    return Compiled(
        site=inventory.site.name,
        folder=shown(folder, root),
        design=design,
        plan=plan,
        intents=intents,
        switches=_chosen(inventory, {**target.texts, **patched}, base.texts),
        base=base.texts,
        hosts=hosts,
        findings=in_order(locate(found, root)),
        stacks=stacks,
        adopted={name: target.texts[name] for name in patched},
    )


def check_hall(documents: Documents, place: tuple[Path, Path], hall: str, today: date) -> tuple[Finding, ...]:
    """What is wrong with one hall of a site, its folder and the root in `place`. Raises BadInput.

    Its racks, power, cooling, cables and network as designed, and what it shares with other halls: units,
    building, campus, energy. No text, no number.
    """
    shared = found_of_all(documents, place, [hall])
    inventory = load_hall(documents, place, hall)
    found = judge(describe(inventory, place[1]), shared, today)
    if (tied := _tied(documents, place, inventory, hall)) is not None:
        found = [*(finding for finding in found if finding.code not in OF_TIES), *tied]
    return in_order(locate(found, place[1]))


def _tied(
    documents: Documents, place: tuple[Path, Path], inventory: Inventory, hall: str
) -> list[Finding] | None:
    """`OF_TIES` of a hall, judged with what others have of them. None where they have nothing.

    What is wrong with another hall is for that to say; then nothing is known of the ties.
    """
    leaves = _border_leaves(inventory, [hall])
    if not leaves and not any(subnet.servers for vpc in inventory.vpcs.values() for subnet in vpc.subnets):
        return None
    less = part_of(documents, [hall])
    if less is not None and less.part is not None and not (leaves or less.part.tied):
        return None
    try:
        known = load_whole(documents, place) if less is None else load_part(less, place, ledger_of(*place))
        found = _of_ties(describe(known, place[1]), [hall])
    except BadInput:
        return []
    others = {*_lines_of_servers(known, {*known.halls} - {hall})}
    return [finding for finding in found if finding.where not in others]


def _of_ties(design: Design, halls: Collection[str]) -> list[Finding]:
    """What is judged of some halls with more than these; of borders where one of theirs leaves."""
    leaves = _border_leaves(design.inventory, halls)
    said = [*tenants.check(design), *(leaving.check(design) if leaves else ())]
    return [finding for finding in said if finding.code in OF_TIES]


def _border_leaves(inventory: Inventory, halls: Collection[str]) -> bool:
    borders = (d for d in inventory.devices.values() if d.role is Role.BORDER and d.hall in halls)
    return any(border.status is Status.DECOMMISSIONING for border in borders)


def _lines_of_servers(inventory: Inventory, halls: Collection[str]) -> Iterator[Where]:
    """Where VPCs name servers of some halls."""
    for vpc in inventory.vpcs.values():
        for subnet in vpc.subnets:
            for position, server in enumerate(subnet.servers):
                if inventory.devices[server].hall in halls:
                    yield subnet.where.at("servers").at(position)


def _those(things: Mapping[str, _Thing], inventory: Inventory, halls: Collection[str]) -> dict[str, _Thing]:
    """Of devices in some halls."""
    return {name: thing for name, thing in things.items() if inventory.devices[name].hall in halls}


def _stop_on_errors(found: list[Finding], root: Path) -> None:
    if any(f.severity is Severity.ERROR for f in found):
        raise CheckFailed(locate(found, root))


def _chosen(inventory: Inventory, target: Mapping[str, Texts], base: Mapping[str, Texts]) -> dict[str, Texts]:
    """What each switch is to carry: its target text, or the base text while it waits or leaves."""
    waiting = (Status.STAGED, Status.DECOMMISSIONING)
    return {
        name: base[name] if inventory.devices[name].status in waiting else target[name] for name in target
    }


def _declarations(
    views: HostViews,
    roles: Mapping[str, RoleFolder],
    folders: Mapping[str, Nos],
    halls: Collection[str],
    root: Path,
) -> tuple[dict[str, dict[str, Declaration]], list[Finding]]:
    """host -> role -> declaration, for the hosts of every server group; a switch has its NOS's role too."""
    hosts: dict[str, dict[str, Declaration]] = {}
    findings: list[Finding] = []
    plan, devices = views.plan, views.plan.design.inventory.devices
    declaring = Declaring(roles, views.plan.design.inventory.secrets)
    for group in plan.design.servers.groups:
        for name in group.hosts:
            device = devices[name]
            if device.hall not in halls:
                continue
            own = (folders[device.nos].role,) if device.role in SWITCH_ROLES else ()
            wanted = dict.fromkeys((*group.roles[name], *own))
            chosen = sorted(wanted, key=lambda r: roles[r].position if r in roles else 0)
            told, wrong = declaring.of(
                device, group.settings[name], views.of(name), [r for r in chosen if r in roles]
            )
            findings += (*wrong, *role_findings.given_and_settled(device, chosen, roles, root))
            hosts[name] = told
    return hosts, [*findings, *role_findings.of_boxes_without_roles(plan, halls)]
