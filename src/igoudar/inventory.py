"""`load`: the folder of a site, and the hardware types beside it, as one frozen `Inventory`.

Reads files and nothing else. Three phases, each of which says all that is wrong in it before it stops:
the files are YAML; the entries have the right shape; the names in them lead somewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import cache
from pathlib import Path

from igoudar.all_halls import shared_of
from igoudar.assemble import Documents, assemble
from igoudar.cabling.catalogue import read_goods
from igoudar.cabling.derived import with_derived
from igoudar.cabling.tested import read_tested, with_tested
from igoudar.errors import BadInput, Finding, Severity, Where
from igoudar.facility.library import FOLDER as FACILITY
from igoudar.facility.library import read_facility
from igoudar.facility.profile import read_profile
from igoudar.facility.rest import Rest
from igoudar.hall import facts
from igoudar.hall.limits import read_limits
from igoudar.hall.readings import read_kept
from igoudar.hall.units import read_units
from igoudar.hardware import ModuleType, read_type
from igoudar.ledger import Ledger, read_ledger
from igoudar.model import Inventory
from igoudar.one_hall import OF_PLANTS, judged, of_hall, with_plants, without_loose_ends
from igoudar.references import broken_power, broken_references
from igoudar.seats import with_racks
from igoudar.site_files import SiteFile, TenantFile
from igoudar.some_halls import part_of
from igoudar.validated import validated
from igoudar.yaml_source import locate, read_source

LEDGER = "ledger.yaml"
LOCK = "packages.lock.yaml"  # of the pool (igoudar.pool.lock)


def ledger_of(folder: Path, root: Path) -> Callable[[], Ledger]:
    """Reads the ledger of a site when it is first asked for, and no more than once. Raises BadInput."""
    return cache(lambda: read_ledger(folder / LEDGER, shown(folder / LEDGER, root), root))


def load(folder: Path, root: Path, ledger: Callable[[], Ledger] | None = None) -> Inventory:
    """The site in `folder`; hardware types come from `types/` beside it, else from `root/inventory/types`.

    `ledger`: `ledger_of` the site, where others read it, too. Findings carry paths relative to `root` where
    the folder lies inside it. Raises BadInput.
    """
    return load_whole(read_documents(folder, root), (folder, root), ledger)


def load_whole(
    documents: Documents, place: tuple[Path, Path], ledger: Callable[[], Ledger] | None = None
) -> Inventory:
    """All that `read_documents` read of a site; `place`: its folder and the root. Raises BadInput."""
    return _inventory(documents, *place, ledger or ledger_of(*place))


def load_hall(documents: Documents, place: tuple[Path, Path], hall: str) -> Inventory:
    """One hall of what `read_documents` read of a site; `place`: its folder and the root. Raises BadInput."""
    part, ledger = of_hall(documents, hall), ledger_of(*place)
    try:
        return _inventory(part, *place, ledger, part=True)
    except BadInput as error:
        if not any(finding.code in OF_PLANTS for finding in error.findings):
            raise
    return _inventory(with_plants(part, documents, hall), *place, ledger, part=True)


def load_shared(documents: Documents, place: tuple[Path, Path], halls: Collection[str]) -> Rest:
    """All halls of a site as some of them need it to judge what all share. Raises BadInput."""
    less, copies = shared_of(documents, halls)
    inventory, findings = assemble(less, shown(*place))
    if inventory is None or findings:
        raise BadInput(locate(findings, place[1]))
    inventory, _ = with_derived(without_loose_ends(inventory), ledger_of(*place), less.part)
    if findings := broken_power(inventory):
        raise BadInput(locate(findings, place[1]))
    like = {copy.hall: inventory.racks[copy.like].hall for copy in copies}
    return Rest(inventory, frozenset(halls), like, copies)


def load_halls(folder: Path, root: Path, halls: Collection[str]) -> Inventory:
    """Some halls, and what others have that these are tied to. Raises BadInput."""
    documents, place = read_documents(folder, root), (folder, root)
    part = part_of(documents, halls)
    return load_whole(documents, place) if part is None else load_part(part, place, ledger_of(*place))


def load_part(documents: Documents, place: tuple[Path, Path], ledger: Callable[[], Ledger]) -> Inventory:
    """What `igoudar.some_halls.part_of` has left of the documents. Raises BadInput."""
    return _inventory(documents, *place, ledger, part=True)


def read_documents(folder: Path, root: Path) -> Documents:
    """All files of a site, nothing counted out yet. Raises BadInput."""
    holds_sites = root.is_relative_to(folder.absolute()) or folder.absolute() == root / "inventory"
    if not folder.is_dir() or holds_sites:
        where = Where(shown(folder, root))
        said = "sites lie in this folder, it is none" if holds_sites else "there is no such folder"
        known = sorted(p.parent.name for p in (root / "inventory").glob("*/site.yaml"))
        expected = f"one of {', '.join(known)}, or the path of a folder" if known else "the folder of a site"
        raise BadInput([Finding("no-such-site", where, said, expected)])
    documents, findings = _documents(folder, root)
    if findings:
        raise BadInput(locate(findings, root))
    return with_racks(documents)


def _inventory(
    documents: Documents, folder: Path, root: Path, ledger: Callable[[], Ledger], *, part: bool = False
) -> Inventory:
    inventory, findings = assemble(documents, shown(folder, root))
    if inventory is None or findings:
        raise BadInput(locate(findings, root))
    if part:
        inventory = without_loose_ends(inventory)
    inventory, findings = with_derived(inventory, ledger, documents.part)
    inventory = with_tested(inventory)
    findings = [*findings, *broken_references(inventory)]
    if findings := judged(findings) if part else findings:
        raise BadInput(locate(findings, root))
    return inventory


def shown(path: Path, root: Path) -> str:
    """How a path is named in findings."""
    absolute = path.absolute()
    return str(absolute.relative_to(root)) if absolute.is_relative_to(root) else str(absolute)


def site_files(folder: Path) -> Iterator[Path]:
    """Every YAML file of a site but ledger and lock, in order of name; hidden files are left alone."""
    for path in sorted(folder.rglob("*.y*ml")):
        inside = path.relative_to(folder)
        if path.suffix in (".yaml", ".yml") and str(inside) not in (LEDGER, LOCK) and not _hidden(inside):
            yield path


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def types_folder(folder: Path, root: Path) -> Path:
    beside = folder.parent / "types"
    return beside if beside.is_dir() else root / "inventory" / "types"


def _documents(folder: Path, root: Path) -> tuple[Documents, list[Finding]]:
    documents, findings = Documents(), list[Finding]()
    for path in site_files(folder):
        source = read_source(path, shown(path, root))
        findings += source.findings
        tenant = path.relative_to(folder).parts[0] == "tenants"
        kind = TenantFile if tenant else SiteFile
        entry, wrong = validated(source, kind)
        findings += wrong
        if isinstance(entry, TenantFile):
            documents.tenants.append((source.file, entry))
        elif isinstance(entry, SiteFile):
            documents.sites.append((source.file, entry))
    documents.units, wrong = read_units(folder, shown(folder, root))
    findings += wrong
    documents.readings, wrong_readings = read_kept(folder, shown(folder, root))
    findings += wrong_readings
    documents.tested, wrong_results = read_tested(folder, shown(folder, root))
    findings += wrong_results
    types = types_folder(folder, root)
    (documents.facts, documents.rack_facts), wrong = facts.read_facts(types, shown(types / facts.FILE, root))
    documents.limits, bad = read_limits(root)
    documents.goods, odd_goods = read_goods(root)
    findings += [*wrong, *bad, *odd_goods]
    documents.facility, wrong = read_facility(types, shown(types, root), root)
    documents.facility.profile, bad = read_profile(folder, shown(folder, root), documents.sites)
    findings += [*wrong, *bad]
    for path in sorted(types.rglob("*.y*ml")):
        if path == types / facts.FILE or path.is_relative_to(types / FACILITY):
            continue
        name = shown(path, root)
        hardware, odd = read_type(path, name)
        findings += [finding for finding in odd if finding.severity is Severity.ERROR]
        documents.warnings += [finding for finding in odd if finding.severity is not Severity.ERROR]
        if isinstance(hardware, ModuleType):
            documents.modules.append(hardware)
        elif hardware is not None:
            documents.types.append(hardware)
    return documents, findings
