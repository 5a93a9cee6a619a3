"""`igoudar:server:ServerGroup`: the hosts of a row, or all switches as hosts; roles by worker processes.

Check and diff are pure. Create and update touch only the hosts whose roles differ from the record or
failed the last time; what failed is recorded, named and done again by the next update. Read is a plan over
every host, so a refresh shows live text. Delete touches no host.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from igoudar.group_inputs import host_documents
from igoudar.provider.group_state import hosts_to_do, live, outputs_after, remaining
from igoudar.provider.kit import Context, Diff, Kind, PartialFailure, Resource
from igoudar.provider.records import changed_paths
from igoudar.tree import find_root
from igoudar.worker.pool import Pool, run_roles
from igoudar.worker.results import HostResult

Values = Mapping[str, Any]
Results = dict[str, HostResult]


class ServerGroup(Resource):
    """Inputs as in `igoudar.group_inputs`, outputs as in `group_state`. Its workers live as long as it."""

    token = "igoudar:server:ServerGroup"

    def __init__(self, pool: Pool | None = None) -> None:
        self.pool = pool or Pool()

    async def diff(self, old: Values, new: Values, outputs: Values) -> Diff:
        """Order and site are how, not what: alone they are no reason to touch a host."""
        paths = dict(changed_paths(_what(remaining(old, new, outputs)), _what(new)))
        failed = outputs.get("failed") or {}
        for host in hosts_to_do(new, outputs):
            if host in failed:
                paths[f'["failed"]["{host}"]'] = Kind.DELETE
            elif not any(path.startswith(f'["hosts"]["{host}"]') for path in paths):
                paths[f'["hosts"]["{host}"]'] = Kind.UPDATE
        return Diff(paths)

    async def create(self, new: Values, ctx: Context) -> tuple[str, Values]:
        results = await self._run(new, sorted(new["hosts"]), ctx)
        return ctx.name, _judged(ctx.name, new, outputs_after(new, results, {}))

    async def update(self, old: Values, new: Values, outputs: Values, ctx: Context) -> Values:
        results = await self._run(new, hosts_to_do(new, outputs), ctx)
        return _judged(ctx.name, new, outputs_after(new, results, outputs))

    async def read(
        self, identity: str, inputs: Values, outputs: Values, ctx: Context
    ) -> tuple[Values, Values]:
        results = await self._run(inputs, sorted(inputs["hosts"]), ctx, plan=True)
        found, said_of = live(inputs, outputs, results)
        for host, why in sorted(said_of["unreachable"].items()):
            await ctx.log("warning", f"{host} did not answer, its record is kept: {why}")
        return found, said_of

    async def delete(self, identity: str, inputs: Values, outputs: Values, ctx: Context) -> None:
        return None

    async def _run(
        self, inputs: Values, names: Sequence[str], ctx: Context, *, plan: bool = False
    ) -> Results:
        """The roles of some hosts, in a thread; progress is shown beside the resource as it comes."""
        if not names:
            return {}
        documents, root = host_documents(inputs), find_root(Path.cwd())
        loop, done = asyncio.get_running_loop(), set[str]()

        def progress(result: HostResult) -> None:
            done.add(result.host)
            text = f"{len(done)} of {len(names)} hosts: {result.host} {said(result)}"
            asyncio.run_coroutine_threadsafe(ctx.log("info", text, ephemeral=True), loop)

        async with _thread_event(ctx.cancelled) as stop:
            return await asyncio.to_thread(
                run_roles,
                root / inputs["_group"]["site"],
                root,
                {name: documents[name] for name in names},
                plan=plan,
                progress=progress,
                pool=self.pool,
                cancelled=stop,
            )


def said(result: HostResult) -> str:
    """A host's result in a few words."""
    if result.status != "ok":
        return f"{result.status}: {result.message}"
    count = len(result.changes)
    return f"{count} change{'' if count == 1 else 's'} in {result.seconds:.1f} s"


def _what(inputs: Values) -> dict[str, Any]:
    return {key: value for key, value in inputs.items() if key != "_group"}


def _judged(name: str, new: Values, outputs: dict[str, Any]) -> dict[str, Any]:
    """The outputs, or a partial failure that carries them."""
    if not outputs["failed"]:
        return outputs
    reasons = [f"{host}: {why}" for host, why in sorted(outputs["failed"].items())]
    count = f"{len(reasons)} of {len(new['hosts'])} hosts failed, the others are done"
    raise PartialFailure(
        name, outputs, new, [*reasons, f"{count}; mend them, then `pulumi up` does what is left"]
    )


@asynccontextmanager
async def _thread_event(event: asyncio.Event) -> AsyncIterator[threading.Event]:
    """The same event for threads, while it is used."""
    stop = threading.Event()

    async def follow() -> None:
        await event.wait()
        stop.set()

    task = asyncio.create_task(follow())
    try:
        yield stop
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


RESOURCES = [ServerGroup()]
