"""`igoudar:network:Switches`: all switches of a stack, one property a switch, `{path: text}`.

Check and diff are pure. Create and update run the transaction over the switches whose text differs from the
record. Read answers with live text. Delete and a vanished property touch no device.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from igoudar import vendors
from igoudar.apply.change import APPLY, concerned, impacts, is_offline, recorded, serial, switches
from igoudar.apply.client import in_process
from igoudar.impact import Impact, summary
from igoudar.provider.kit import Context, Diff, Kind, Resource, ResourceFailure
from igoudar.provider.records import changed_paths
from igoudar.tree import find_root

Values = Mapping[str, Any]


class Switches(Resource):
    """Outputs: `txn`, the last run; `unconfirmed`, switch -> {run}; `unreachable`, switch -> why.

    A switch is `unconfirmed` that did not answer the last word; it asks the witnesses and keeps its text.
    """

    token = "igoudar:network:Switches"

    async def check(self, new: Values, old: Values) -> tuple[Values, list[tuple[str, str]]]:
        """An offline switch keeps its record: what is recorded is what it runs."""
        return recorded(new, old), []

    async def diff(self, old: Values, new: Values, outputs: Values, ctx: Context) -> Diff:
        """Texts, another box under a name, and what was left unconfirmed; how to apply is no change.

        What the change costs is a line beside the resource: no property, since nothing of it is recorded.
        """
        paths = dict(changed_paths(switches(old), switches(new)))
        for name in switches(new):
            if name in old and serial(old, name) != serial(new, name):
                paths[f'["{APPLY}"]["marks"]["{name}"]["serial"]'] = Kind.UPDATE
        waiting = {*(outputs.get("unconfirmed") or {})} & {*switches(new)}
        for name in sorted(n for n in waiting if not is_offline(new, n)):
            paths[f'["unconfirmed"]["{name}"]'] = Kind.DELETE
        if costs := _impacts(old, new):
            await ctx.log("info", summary(costs))
        return Diff(paths)

    async def create(self, new: Values, ctx: Context) -> tuple[str, Values]:
        return ctx.name, await self._update({}, new, {}, ctx)

    async def update(self, old: Values, new: Values, outputs: Values, ctx: Context) -> Values:
        return await self._update(old, new, outputs, ctx)

    async def read(
        self, identity: str, inputs: Values, outputs: Values, ctx: Context
    ) -> tuple[Values, Values]:
        result = await self._run("read", inputs, {}, outputs, ctx)
        silent = result["unreachable"]
        for name, why in sorted(silent.items()):
            await ctx.log("warning", f"{name} did not answer, its record is kept: {why}")
        known = outputs.get("unconfirmed") or {}
        left = {n: told for n, told in known.items() if n in silent or is_offline(inputs, n)}
        return result["inputs"], {**outputs, "unconfirmed": left, "unreachable": silent}

    async def delete(self, identity: str, inputs: Values, outputs: Values, ctx: Context) -> None:
        return None

    async def _update(self, old: Values, new: Values, outputs: Values, ctx: Context) -> Values:
        count = len(concerned(old, new, outputs.get("unconfirmed") or {}))
        await ctx.log("info", f"{count} of {len(switches(new))} switches change", ephemeral=True)
        result = await self._run("update", old, new, outputs, ctx)
        said = result.pop("said")
        if said:
            await ctx.log("warning", said)
        return result

    async def _run(self, run: str, old: Values, new: Values, outputs: Values, ctx: Context) -> dict[str, Any]:
        root = find_root(Path.cwd())

        async def tell(name: str, text: str) -> None:
            await ctx.log("info", f"{name}: {text}" if name else text, ephemeral=True)

        request = {"old": old, "new": new, "outputs": outputs}
        result = await in_process(run, root, request, tell, ctx.cancelled)
        if ctx.cancelled.is_set() and run == "read":
            raise ResourceFailure("interrupted")
        return result


def _impacts(old: Values, new: Values) -> dict[str, Impact]:
    folders = vendors.load(find_root(Path.cwd()) / "templates")
    return impacts(old, new, {name: nos.impact for name, nos in folders.items()})


RESOURCES = [Switches()]
