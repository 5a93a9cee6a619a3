"""`run`: what `__main__.py` calls. Compiles the site that the stack names and registers its resources."""

from __future__ import annotations

import importlib
from datetime import date
from pathlib import Path

import pulumi

from igoudar.compiler import Compiled, compile_site
from igoudar.errors import IgoudarError, Severity
from igoudar.tree import find_root, site_folder

COMMAND = "igoudar plan {site}"


def run() -> None:
    """Configuration: `igoudar:site` (compulsory), `igoudar:layers` (comma-separated, default all)."""
    config = pulumi.Config("igoudar")
    root = find_root(Path.cwd())
    site = config.require("site")
    try:
        compiled = compile_site(site_folder(site, root), root=root, today=date.today())
    except IgoudarError as error:
        raise pulumi.RunError(str(error)) from None
    stacks = importlib.import_module("stacks")
    _tell(compiled, site)
    stacks.register(compiled, _layers(config, stacks.LAYERS))
    pulumi.export("switches", len(compiled.switches))
    pulumi.export("hosts", len(compiled.hosts))


def _layers(config: pulumi.Config, known: tuple[str, ...]) -> frozenset[str]:
    chosen = frozenset(part.strip() for part in (config.get("layers") or ",".join(known)).split(","))
    if unknown := sorted(chosen - set(known)):
        raise pulumi.RunError(
            f"igoudar:layers: there is no layer {', '.join(unknown)}; expected some of {', '.join(known)}"
        )
    return chosen


def _tell(compiled: Compiled, site: str) -> None:
    """Warnings once each; errors and numbers that are not in the ledger stop a real run before it begins."""
    errors = [f for f in compiled.findings if f.severity is Severity.ERROR]
    if errors:
        raise pulumi.RunError("\n".join(str(f) for f in errors))
    for finding in compiled.findings:
        if finding.severity is Severity.WARNING:
            pulumi.log.warn(str(finding))
    for name in compiled.offline:
        pulumi.log.warn(f"{name} is offline in the inventory: it is not touched until it is back")
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
