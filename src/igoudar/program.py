"""`run`: what `__main__.py` calls. Compiles the site that the stack names and registers its resources."""

from __future__ import annotations

import importlib
from pathlib import Path

import pulumi

from igoudar.agent.masks import marks
from igoudar.compiler import Compiled, compile_halls, compile_site
from igoudar.day import today
from igoudar.errors import BadInput, Finding, IgoudarError, Severity, Where, lines
from igoudar.roles import file_texts
from igoudar.scope import within
from igoudar.secret_marks import Shape, shapes
from igoudar.secrets import require_values
from igoudar.stack_files import KEYS, StackFile
from igoudar.tree import find_root, site_folder

COMMAND = "igoudar plan {site}"


def run() -> None:
    """Configuration: the keys of `igoudar.stack_files`; `igoudar:site` is compulsory."""
    config = pulumi.Config("igoudar")
    site = config.require("site")
    told = {key: value for key in KEYS if (value := config.get(key)) is not None}
    root, real = find_root(Path.cwd()), not pulumi.runtime.is_dry_run()
    stack = StackFile(pulumi.get_stack(), told)
    try:
        part = prepare(stack, root, real=real)
    except IgoudarError as error:
        raise pulumi.RunError(str(error)) from None
    stacks = importlib.import_module("stacks")
    _tell(part, site)
    stacks.register(part, frozenset(stack.words("layers", stacks.LAYERS)))
    pulumi.export("switches", len(part.switches))
    pulumi.export("hosts", len(part.hosts))


def prepare(run: StackFile, root: Path, *, real: bool) -> Compiled:
    """What the stack of this run has of its site. Raises IgoudarError, before anything is registered.

    The run's configuration must be that of the stack's file, because every other stack of the site was
    compared with the file. A real run has a value for every secret that it will bring to a switch or a host.
    """
    folder, halls = site_folder(run.told["site"], root), run.words("scope", ())
    if halls:
        compiled = compile_halls(folder, halls, root=root, today=today())
    else:
        compiled = compile_site(folder, root=root, today=today())
    if run not in compiled.stacks:
        where, said = Where(run.at("site").file), "this run has other settings under igoudar: than stand here"
        raise BadInput([Finding("other-settings", where, said, "the same, for other stacks to see")])
    part = within(compiled, run.words("scope", tuple(compiled.design.inventory.halls)))
    stacks = importlib.import_module("stacks")
    if real:
        layers = run.words("layers", stacks.LAYERS)
        wanted = _wanted(part, switches=stacks.TEXTS in layers, hosts=stacks.ROLES in layers)
        named = [s for s in part.design.inventory.secrets.values() if s.mark in wanted]
        require_values(run.told.get("secrets", ""), named, run.at("secrets"), root, wanted)
    return part


def _wanted(part: Compiled, *, switches: bool, hosts: bool) -> dict[str, Shape]:
    """Marks in texts that are brought to switches or hosts, and what their values may be there."""
    found: dict[str, Shape] = {}
    if hosts:
        touched = (roles for name, roles in part.hosts.items() if name not in part.cordoned)
        found = shapes(file_texts(told for roles in touched for told in roles.values()))
    if switches:
        online = (files for name, files in part.switches.items() if name not in part.offline)
        found |= {m: Shape.WORD for files in online for text in files.values() for m in marks(text)}
    return found


def _tell(compiled: Compiled, site: str) -> None:
    """Warnings once each; errors and numbers that are not in the ledger stop a real run before it begins."""
    errors = [f for f in compiled.findings if f.severity is Severity.ERROR]
    if errors:
        raise pulumi.RunError("\n".join(line for _, line in lines(errors)))
    for _, line in lines(f for f in compiled.findings if f.severity is Severity.WARNING):
        pulumi.log.warn(line)
    for name in compiled.offline:
        if not compiled.design.inventory.devices[name].cordoned:
            pulumi.log.warn(f"{name} is offline in the inventory: it is not touched until it is back")
    for name in compiled.cordoned:
        pulumi.log.warn(f"{name} is cordoned in the inventory: it is not touched until it no longer is")
    if not compiled.plan.provisional:
        return
    told = ", ".join(f"{kind} of {owner}" for kind, owner in sorted(compiled.plan.provisional)[:5])
    count = len(compiled.plan.provisional)
    said = f"{count} numbers are not in the ledger yet ({told}{', ...' if count > 5 else ''})"
    if not pulumi.runtime.is_dry_run():
        raise pulumi.RunError(
            f"{said}: run `{COMMAND.format(site=site)}` and commit the ledger, then `pulumi up`"
        )
    pulumi.log.warn(
        f"{said}; the preview shows provisional ones: `{COMMAND.format(site=site)}` writes them down"
    )
