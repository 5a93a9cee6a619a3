"""`igoudar:server:ServerGroup`: the hosts of a row, or all switches as hosts; roles by worker processes.

Check and diff are pure. Create and update touch only the hosts whose roles differ from the record or
failed the last time, wave by wave; what failed or was not begun is recorded, named and done by the next
update, and each run leaves a report. Cordoned hosts are left alone. Read is a plan over every other
host, so a refresh shows live text. Delete touches no host.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from igoudar.group_inputs import host_documents
from igoudar.provider.group_state import (
    course_of,
    hosts_to_do,
    live,
    not_cordoned,
    outputs_after,
    remaining,
)
from igoudar.provider.kit import Context, Diff, Kind, PartialFailure, Resource
from igoudar.provider.records import changed_paths
from igoudar.tree import find_root
from igoudar.worker.pool import Pool, run_roles, silent_of
from igoudar.worker.report import GroupReport, said
from igoudar.worker.results import HostResult
from igoudar.worker.rollout import kind_of, run_in_waves

Values = Mapping[str, Any]
Results = dict[str, HostResult]


class ServerGroup(Resource):
    """Inputs as in `igoudar.group_inputs`, outputs as in `group_state`. Its workers live as long as it."""

    token = "igoudar:server:ServerGroup"

    def __init__(self, pool: Pool | None = None) -> None:
        self.pool = pool or Pool()

    async def diff(self, old: Values, new: Values, outputs: Values, ctx: Context) -> Diff:
        """Order and site are how, not what: alone they are no reason to touch a host."""
        paths = dict(changed_paths(_what(remaining(old, new, outputs)), _what(new)))
        failed = outputs.get("failed") or {}
        for host in hosts_to_do(new, outputs):
            why = (f'["hosts"]["{host}"]', f'["serials"]["{host}"]')
            if host in failed:
                paths[f'["failed"]["{host}"]'] = Kind.DELETE
            elif not any(path.startswith(why) for path in paths):
                paths[why[0]] = Kind.UPDATE
        return Diff(paths)

    async def create(self, new: Values, ctx: Context) -> tuple[str, Values]:
        return ctx.name, await self._apply(new, not_cordoned(new), {}, ctx)

    async def update(self, old: Values, new: Values, outputs: Values, ctx: Context) -> Values:
        return await self._apply(new, hosts_to_do(new, outputs), outputs, ctx)

    async def read(
        self, identity: str, inputs: Values, outputs: Values, ctx: Context
    ) -> tuple[Values, Values]:
        results = await self._run(inputs, not_cordoned(inputs), ctx)
        found, said_of = live(inputs, outputs, results)
        for host, why in sorted(said_of["unreachable"].items()):
            await ctx.log("warning", f"{host} did not answer, its record is kept: {why}")
        for host, result in sorted(results.items()):
            if left_over := ", ".join(map(str, result.left_over)):
                await ctx.log("warning", f"{host}: no role declares it any more; next update: {left_over}")
        for host in inputs["_group"].get("cordoned", ()):
            await ctx.log("warning", f"{host} is cordoned, it was not asked and its record is kept")
        await _tell_reboots(said_of, inputs, ctx)
        return found, said_of

    async def delete(self, identity: str, inputs: Values, outputs: Values, ctx: Context) -> None:
        return None

    async def _apply(
        self, new: Values, names: Sequence[str], outputs: Values, ctx: Context
    ) -> dict[str, Any]:
        """The outputs after a run over some hosts, which leaves a report where there is anything to do."""
        if not names:
            return outputs_after(new, {}, outputs)
        report = GroupReport(find_root(Path.cwd()), ctx.stack, ctx.name, names)
        try:
            results = await self._run(
                new, names, ctx, report, _away(outputs), waiting=outputs.get("notBegun") or ()
            )
        except BaseException as error:
            report.ended(str(error) or type(error).__name__)
            raise
        told = report.over(results.values())
        after = outputs_after(new, results, outputs)
        await _tell_reboots(after, new, ctx)
        return _judged(ctx.name, new, after, told)

    async def _run(
        self,
        inputs: Values,
        names: Sequence[str],
        ctx: Context,
        report: GroupReport | None = None,
        away: Mapping[str, str] | None = None,
        *,
        waiting: Collection[str] = (),
    ) -> Results:
        """The roles of some hosts, in a thread; progress is shown beside the resource as it comes.

        Without a report it is a plan, of all at once.
        """
        if not names:
            return {}
        documents, root = host_documents(inputs), find_root(Path.cwd())
        loop, done = asyncio.get_running_loop(), set[str]()

        def tell(text: str) -> None:
            asyncio.run_coroutine_threadsafe(ctx.log("info", text, ephemeral=True), loop)

        def progress(result: HostResult) -> None:
            done.add(result.host)
            if report is not None:
                report.heard(result)
            tell(f"{len(done)} of {len(names)} hosts: {result.host} {said(result)}")

        async with _thread_event(ctx.cancelled) as stop:

            def work(some: Sequence[str]) -> Results:
                return run_roles(
                    root / inputs["_group"]["site"],
                    root,
                    {name: documents[name] for name in some},
                    serials=inputs.get("serials", {}),
                    stores=dict.fromkeys(some, inputs["_group"].get("secrets", "")),
                    plan=report is None,
                    by=f"pulumi up, stack {ctx.stack}",
                    progress=progress,
                    pool=self.pool,
                    cancelled=stop,
                )

            if report is None:
                return await asyncio.to_thread(work, names)

            def run() -> Results:
                kinds = {name: kind_of(documents[name]) for name in names}
                over, known = course_of(inputs), {n: why for n, why in (away or {}).items() if n in names}
                known |= silent_of(over.others(names), root / inputs["_group"]["site"], root, self.pool)
                return run_in_waves(over, kinds, known, work, waiting=waiting, told=tell, cancelled=stop)

            return await asyncio.to_thread(run)


def _what(inputs: Values) -> dict[str, Any]:
    return {key: value for key, value in inputs.items() if key != "_group"}


def _judged(name: str, new: Values, outputs: dict[str, Any], report: str) -> dict[str, Any]:
    """The outputs, or a partial failure that carries them and names the report."""
    here, not_begun = not_cordoned(new), outputs["notBegun"]
    failed = {host: why for host, why in outputs["failed"].items() if host in here}
    if not failed and not not_begun:
        return outputs
    reasons = [f"{host}: {why}" for host, why in failed.items()]
    by_reason: dict[str, list[str]] = {}
    for host, why in not_begun.items():
        by_reason.setdefault(why, []).append(host)
    reasons += [f"{', '.join(hosts)}: not begun: {why}" for why, hosts in by_reason.items()]
    left = f", {len(not_begun)} were not begun" if not_begun else ""
    count = f"{len(failed)} of {len(new['hosts'])} hosts failed{left}, the others are done"
    next_step = f"{count}; mend them, then `pulumi up` does what is left; report: {report}"
    raise PartialFailure(name, outputs, new, [*reasons, next_step])


async def _tell_reboots(outputs: Values, inputs: Values, ctx: Context) -> None:
    if wanted := outputs["reboot"]:
        said = "; ".join(f"{host} wants a reboot: {why}" for host, why in wanted.items())
        await ctx.log("warning", f"{said}; `igoudar reboot {Path(inputs['_group']['site']).name}`")


def _away(outputs: Values) -> dict[str, str]:
    """Hosts that may not be up, by what is recorded of them: in a few words."""
    silent = dict.fromkeys(outputs.get("unreachable") or {}, "silent at the last refresh")
    return {**silent, **dict.fromkeys(outputs.get("failed") or {}, "failed the last time")}


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
