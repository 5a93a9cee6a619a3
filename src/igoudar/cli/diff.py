"""`igoudar diff`."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from igoudar import base_branch
from igoudar.cli._frame import Place, json_option, show_diff, show_json, site_argument, today
from igoudar.errors import BadInput, Finding, Where
from igoudar.texts import Texts, device_texts, differences


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
    if as_json:
        show_json([{"device": d, "path": p, "diff": text} for d, p, text in found])
    else:
        for _, _, text in found:
            show_diff(text)
        devices = len({device for device, _, _ in found})
        click.echo(f"{site.name}: {len(found)} files of {devices} devices differ")
    return 5 if found and exit_code else 0


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
        return device_texts(compile_site(Path(folder), root=tree, today=today()))
