"""What a role says it is: a folder `roles/<role>/` and, of it, the pure half.

`settings.py` of a role holds `Settings` (pydantic: what people may write) and `declare(settings, host)`:
all that the role will do to that host, as data. So preview and check know every package, file, port and
user without a host and without pyinfra; `__init__.py` beside it is the half that acts (`igoudar.worker`).
A `declare(settings, host, others)` is told what the other roles of its host declare, by name of the role.
`roles/order.yaml` lists all roles in the order of application, each with its reason.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import BaseModel, ConfigDict

from igoudar.errors import BadInput, Finding, Where
from igoudar.hostview import HostView
from igoudar.inventory import shown
from igoudar.malformed import malformed
from igoudar.model import SecretName
from igoudar.secret_marks import wrong_marks
from igoudar.validated import validated
from igoudar.yaml_source import Source, locate, read_source

PAGE = "docs/add-a-role.md"
NO_SECRETS: Mapping[str, SecretName] = {}


class RoleSettings(BaseModel):
    """The parent of each role's `Settings`: an unknown key is refused, a value never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


@dataclass(frozen=True, slots=True)
class RoleFile:
    """One whole file on a host.

    Its text comes from `template` (in the role's `templates/`, with `variables`), from `source` (in the
    role's `files/`, or `igoudar:<path>` inside the package), or is `text`. `mode` is octal. `validate` is
    a shell command over the candidate, written `{}`, run before it replaces the file. `notify` are
    `restart:<unit>`, `reload:<unit>` or `run:<command name>` of the same role. While the shell test
    `unless` succeeds the file is left alone, whatever it holds.
    """

    path: str
    template: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    text: str | None = None
    owner: str = "root"
    group: str = "root"
    mode: str = "0644"
    validate: str = ""
    unless: str = ""
    notify: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RoleLine:
    """One line of a file that is not ours and that is there already, such as `/etc/fstab`.

    `replaces` is a POSIX extended regular expression (`grep -E`): the one line that it finds becomes `line`;
    where it finds none, or is empty, `line` is added at the end unless it stands there. Where it finds
    several the role fails, so that nothing of somebody else's file is lost. `notify` as of a file.
    """

    path: str
    line: str
    replaces: str = ""
    notify: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RoleUnit:
    """A systemd unit by its full name. `running` None: its state is nobody's business (a oneshot)."""

    name: str
    enabled: bool = True
    running: bool | None = True


@dataclass(frozen=True, slots=True)
class RoleCommand:
    """`run` when a file of the role notified it, or when the shell test `unless` is given and fails."""

    name: str
    run: str
    unless: str = ""


@dataclass(frozen=True, slots=True)
class RolePort:
    """A port that the role opens on the out-of-band network, for checks and for the role `nftables`.

    `protocol`: tcp or udp. `source`: who may come, one address or network; empty: everybody.
    """

    number: int
    protocol: str
    source: str
    purpose: str


@dataclass(frozen=True, slots=True)
class RoleUser:
    """A login with a home and no password. `keys` are OpenSSH public key lines."""

    name: str
    keys: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Declaration:
    """All that a role does to a host, in this order: packages, users, files, lines, units, commands.

    Commands named in `before_units` run before the units are touched (sysctl, network addresses).
    `secret_lines` find secrets in the live text of its files: the group `secret` of each pattern is masked
    before the text leaves the host's worker. Files that a NOS has too are masked by its patterns besides.
    `lockout`: a mistake in it may shut everybody out, so what it changes is put back where no new login
    comes through afterwards (`igoudar.worker.lockout`).
    """

    packages: tuple[str, ...] = ()
    users: tuple[RoleUser, ...] = ()
    files: tuple[RoleFile, ...] = ()
    lines: tuple[RoleLine, ...] = ()
    before_units: tuple[RoleCommand, ...] = ()
    units: tuple[RoleUnit, ...] = ()
    commands: tuple[RoleCommand, ...] = ()
    ports: tuple[RolePort, ...] = ()
    secret_lines: tuple[str, ...] = ()
    lockout: bool = False


@dataclass(frozen=True, slots=True)
class RoleFolder:
    """A role as found on disk. `position` is its place in the order of application.

    `sees_others`: it is asked after the other roles of a host, wherever it stands in that order.
    """

    name: str
    path: Path
    position: int
    module: ModuleType
    sees_others: bool

    def settings(
        self, data: Mapping[str, Any], where: Where, secrets: Mapping[str, SecretName] = NO_SECRETS
    ) -> RoleSettings:
        """What people wrote for this role, checked. `where` is the place of `data`, `secrets` are the site's.

        Raises BadInput.
        """
        entry, findings = validated(Source(where.file, dict(data), ()), self.module.Settings)
        if entry is not None:
            findings += wrong_marks(data, entry, where.file, secrets)
        if entry is None or findings:
            raise BadInput(replace(f, where=_inside(where, f.where.path)) for f in findings)
        assert isinstance(entry, RoleSettings)
        return entry

    def declare(
        self, settings: RoleSettings, host: HostView, others: Mapping[str, Declaration]
    ) -> Declaration:
        """What the role does to `host`; texts are still templates. Raises BadInput.

        `others`: what the other roles of the host declared; that matters to a role that `sees_others`.
        """
        seen = (others,) if self.sees_others else ()
        try:
            told = self.module.declare(settings, host, *seen)
        except BadInput:
            raise
        except Exception as error:  # a role is what people write
            said = f"declare for {host.name}: {type(error).__name__}: {error}"
            raise BadInput([self._broken(line_of(error, self.file) or self._declares, said)]) from error
        wrong = malformed(told) if isinstance(told, Declaration) else "declare returns no Declaration"
        if wrong:
            raise BadInput([self._broken(self._declares, wrong)])
        assert isinstance(told, Declaration)
        return told

    @property
    def file(self) -> Path:
        return self.path / "settings.py"

    @property
    def _declares(self) -> int:
        line: int = self.module.declare.__code__.co_firstlineno
        return line

    def _broken(self, line: int, said: str) -> Finding:
        where = Where(shown(self.file, self.path.parent.parent), line)
        return Finding("broken-role", where, said, f"a declaration as {PAGE} has it")


def load_roles(folder: Path, root: Path | None = None) -> dict[str, RoleFolder]:
    """All roles of `folder` by name, in the order of `order.yaml`. Raises BadInput."""
    return dict(_load_roles(folder.resolve(), (root or folder.parent).resolve()))


@lru_cache(maxsize=8)
def _load_roles(folder: Path, root: Path) -> dict[str, RoleFolder]:
    source = read_source(folder / "order.yaml", shown(folder / "order.yaml", root))
    order, findings = _order(source)
    present = {p.parent.name for p in folder.glob("*/settings.py")}
    for at, name in enumerate(order):
        if name not in present:
            where = Where(source.file, 0, f"roles[{at}].role")
            hint = f"make {shown(folder / name / 'settings.py', root)} or take the entry out"
            findings.append(Finding("unknown-role", where, f"there is no role {name!r}", hint=hint))
    for name in sorted(present - set(order)):
        where = Where(shown(folder / name / "settings.py", root), 1)
        said = ("the role has no place in the order", "an entry in order.yaml with its reason")
        findings.append(Finding("role-without-order", where, *said))
    if findings:
        raise BadInput(locate(findings, root))
    return {name: _load(folder / name, at, root) for at, name in enumerate(order)}


def _order(source: Source) -> tuple[list[str], list[Finding]]:
    if source.findings:
        return [], list(source.findings)
    listed = source.data.get("roles") if isinstance(source.data, dict) else None
    where = Where(source.file, 1, "roles")
    if not isinstance(listed, list):
        return [], [Finding("wrong-type", where, "no list of roles", "roles: [{role: ..., why: ...}]")]
    findings, names = [], []
    for at, entry in enumerate(listed):
        good = isinstance(entry, dict) and set(entry) == {"role", "why"}
        if not good or not all(isinstance(v, str) and v for v in entry.values()):
            here = Where(source.file, 0, f"roles[{at}]")
            findings.append(Finding("wrong-type", here, "not an entry of the order", "{role: ..., why: ...}"))
            continue
        if entry["role"] in names:
            here = Where(source.file, 0, f"roles[{at}].role")
            findings.append(Finding("duplicate-name", here, f"{entry['role']!r} stands twice", "each once"))
        names.append(entry["role"])
    return names, findings


def _load(path: Path, position: int, root: Path) -> RoleFolder:
    """Import `settings.py` by its path, without the package's `__init__`, which needs pyinfra."""
    file = path / "settings.py"
    name = f"igoudar_role_settings_{path.name}_{abs(hash(str(path)))}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # pydantic resolves annotations through it
    try:
        spec.loader.exec_module(module)
        settings = getattr(module, "Settings", None)
        if isinstance(settings, type) and issubclass(settings, RoleSettings):
            settings.model_rebuild()  # a type that is named and not there is said here, not at its first use
    except Exception as error:
        where = Where(shown(file, root), line_of(error, file) or 1)
        said = f"cannot be imported: {type(error).__name__}: {error}".splitlines()[0]
        raise BadInput([Finding("broken-role", where, said, "a module without mistakes")]) from error
    if not isinstance(settings, type) or not issubclass(settings, RoleSettings):
        raise BadInput([_lacks(file, root, "class Settings(RoleSettings)")])
    if not callable(getattr(module, "declare", None)):
        raise BadInput([_lacks(file, root, "declare(settings, host) -> Declaration")])
    if not 2 <= len(signature(module.declare).parameters) <= 3:
        where = Where(shown(file, root), module.declare.__code__.co_firstlineno)
        taken = "declare(settings, host) or declare(settings, host, others)"
        raise BadInput([Finding("broken-role", where, "declare takes other things than a role's", taken)])
    if lacking := list(_acting_half(path, root)):
        raise BadInput(lacking)
    sees_others = len(signature(module.declare).parameters) > 2
    return RoleFolder(path.name, path, position, module, sees_others)


def _acting_half(path: Path, root: Path) -> Iterator[Finding]:
    """What its `__init__.py` lacks, which is read and not imported, for it needs pyinfra."""
    file = path / "__init__.py"
    where = Where(shown(file, root), 1)
    if not path.name.isidentifier():
        said = f"the folder's name {path.name!r} can be no function's"
        yield Finding("broken-role", where, said, "letters, digits and _")
        return
    try:
        tree = ast.parse(file.read_bytes() if file.is_file() else b"", str(file))
    except SyntaxError as error:
        said = f"cannot be imported: SyntaxError: {error.msg}"
        yield Finding(
            "broken-role", replace(where, line=error.lineno or 1), said, "a module without mistakes"
        )
        return
    functions = [found for found in tree.body if isinstance(found, ast.FunctionDef)]
    if not [f for f in functions if f.name == path.name and f.decorator_list]:
        yield _lacks(file, root, f"@deploy function {path.name}(told)")


def line_of(error: Exception, file: Path) -> int:
    """Where in `file` an error was raised, or cannot be parsed; 0 where it was elsewhere."""
    if isinstance(error, SyntaxError) and error.filename == str(file):
        return error.lineno or 0
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == str(file)]
    return (frames[-1].lineno or 0) if frames else 0


def _lacks(file: Path, root: Path, what: str) -> Finding:
    return Finding("broken-role", Where(shown(file, root), 1), f"has no {what}", f"one as {PAGE} has it")


def _inside(where: Where, path: str) -> Where:
    joint = "." if where.path and path and not path.startswith("[") else ""
    return Where(where.file, 0, f"{where.path}{joint}{path}")


def packages(declared: Iterable[Declaration]) -> list[str]:
    """Every Debian package of the declarations, sorted, each once: what an image or a mirror must hold."""
    return sorted({name for told in declared for name in told.packages})


def file_texts(declared: Iterable[Declaration]) -> Iterator[str]:
    """The rendered text of every file of the declarations."""
    return (file.text or "" for told in declared for file in told.files)
