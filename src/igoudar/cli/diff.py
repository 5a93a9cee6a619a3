"""`igoudar diff`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from igoudar import base_branch, vendors
from igoudar.cli._frame import Place, json_option, show_diff, show_json, site_argument
from igoudar.day import today
from igoudar.errors import BadInput, Finding, Where
from igoudar.impact import Impact, impact, summary
from igoudar.impact_source import FILE as IMPACT
from igoudar.texts import Texts, device_texts, differences
from igoudar.waves import relieved

if TYPE_CHECKING:
    from igoudar.compiler import Compiled


@click.command()
@site_argument
@click.option(
    "--base", default="main", show_default=True, help="Compare with the render of this commit (offline)."
)
@click.option(
    "--record", metavar="STACK", help="Compare with what Pulumi's state of STACK says instead (offline)."
)
@click.option("--live", is_flag=True, help="Compare with what the switches run instead.")
@click.option("--exit-code", is_flag=True, help="Exit with 5 where there is a difference.")
@json_option
def command(site: Place, *, base: str, record: str | None, live: bool, exit_code: bool, as_json: bool) -> int:
    """Show the changed lines of each file of each device of SITE.

    What stands on the left is the base branch's render, Pulumi's record or the live devices; on the right
    the render of the working tree.
    """
    from igoudar.compiler import compile_site  # noqa: PLC0415 - imports the stacks' world

    compiled = compile_site(site.folder, root=site.root, today=today())
    new: Texts = device_texts(compiled)
    if live:
        from igoudar.live import live_texts  # noqa: PLC0415 - opens sockets, so only when asked

        new = {name: files for name, files in compiled.switches.items() if name not in compiled.offline}
        old: Texts = live_texts(compiled, site.root)
    elif record:
        from igoudar.record import recorded_texts  # noqa: PLC0415 - runs pulumi

        old, new = recorded_texts(record, site.root), compiled.switches
    else:
        old = _at_commit(site, base)
    found = list(differences(old, new))
    costs = _impacts(old, new, compiled, site.root)
    if as_json:
        told = [{"device": d, "path": p, "diff": text, "impact": _told(costs.get(d))} for d, p, text in found]
        show_json(told)
        return 5 if found and exit_code else 0
    for _, _, text in found:
        show_diff(text)
    if costs:
        click.echo(summary(costs))
    click.echo(f"{site.name}: {len(found)} files of {len({d for d, _, _ in found})} devices differ")
    return 5 if found and exit_code else 0


def _impacts(old: Texts, new: Texts, compiled: Compiled, root: Path) -> dict[str, Impact]:
    """What the change costs at each switch, as the preview says it; files of roles are not asked about."""
    folders, devices = vendors.load(root / "templates"), compiled.design.inventory.devices
    found: dict[str, Impact] = {}
    carried = relieved(compiled.design)
    for name in sorted({*new} & {*compiled.switches}):
        rules = folders[devices[name].nos].impact
        before, after = (
            {path: text for path, text in texts.get(name, {}).items() if path in rules.files}
            for texts in (old, new)
        )
        if before != after:
            found[name] = impact(before, after, rules, relieved=name in carried)
    return found


def _told(cost: Impact | None) -> dict[str, object] | None:
    """Of the whole switch; nothing of a host that is no switch."""
    if cost is None:
        return None
    return {
        "class": str(cost.kind),
        "sessions": list(cost.sessions),
        "things": [{"kind": str(scope), "name": name} for scope, name in cost.things],
        "drained": cost.drained,
        "seconds": cost.seconds,
        "seconds_without_another_way": cost.alone or cost.seconds,
        "lines": [str(line) for line in cost.lines],
    }


def _at_commit(site: Place, commit: str) -> Texts:
    """Rendered by today's code from the data, templates and roles of that commit."""
    if not site.folder.is_relative_to(site.root):
        where = Where(str(site.folder))
        raise BadInput(
            [
                Finding(
                    "outside-checkout", where, "the site lies outside of the checkout", "--live or --record"
                )
            ]
        )
    from igoudar.compiler import compile_site  # noqa: PLC0415 - imports the stacks' world

    with base_branch.tree_at(site.root, commit) as tree:
        folder = tree / site.folder.relative_to(site.root)
        if not folder.is_dir():
            return {}
        shutil.rmtree(tree / "stacks", ignore_errors=True)
        shutil.copytree(site.root / "stacks", tree / "stacks")
        for rules in (site.root / "templates").glob(f"*/{IMPACT}"):
            if (nos := tree / "templates" / rules.parent.name).is_dir():
                shutil.copy(rules, nos)  # what a change costs is known today, like today's code
        return device_texts(compile_site(Path(folder), root=tree, today=today()))
