"""`igoudar:hall:Racks` and `:Cabling`: records whose change is work for the staff on the floor.

Read asks the devices of the stack who they are and whom their ports hear; one asking serves all records of
a refresh.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from igoudar.day import today
from igoudar.errors import IgoudarError
from igoudar.hall import cable_row, unit_row
from igoudar.hall.as_found import Floor, Found, cables_as_found, not_answered, racks_as_found
from igoudar.hall.cable_order import cable_order
from igoudar.hall.tick_list import Order
from igoudar.hall.work_order import work_order
from igoudar.jobs import run_job
from igoudar.provider.kit import Context, ResourceFailure
from igoudar.provider.records import RecordResource
from igoudar.runs import new_id
from igoudar.tree import find_root, write_whole

FOLDER = Path(".igoudar/work-orders")
GONE = "the asking ended with status {status}; nothing was changed, run again"
Values = Mapping[str, Any]


@dataclass(slots=True)
class _Round:
    """One asking of a stack. `served`: records that had its answer; `listening`: those that wait for it."""

    answer: asyncio.Task[Floor]
    served: set[str] = field(default_factory=set)
    listening: list[Context] = field(default_factory=list)


class Asking:
    """The floor of each stack, asked once a refresh: a record that reads again begins another round."""

    def __init__(self) -> None:
        self.rounds: dict[str, _Round] = {}

    async def floor(self, ctx: Context) -> Floor:
        """Raises ResourceFailure where nobody could be asked."""
        this = self.rounds.get(ctx.stack)
        if this is None or ctx.urn in this.served:
            listening: list[Context] = []
            this = _Round(asyncio.create_task(_ask(ctx, listening)), listening=listening)
            self.rounds[ctx.stack] = this
        this.served.add(ctx.urn)
        this.listening.append(ctx)
        try:
            return await asyncio.shield(this.answer)
        except IgoudarError as error:
            raise ResourceFailure("interrupted" if ctx.cancelled.is_set() else str(error)) from error


async def _ask(ctx: Context, listening: list[Context]) -> Floor:
    async def tell(name: str, text: str) -> None:
        for one in listening:
            await one.log("info", text, ephemeral=True)

    request = {"root": str(find_root(Path.cwd())), "stack": ctx.stack}
    return Floor.from_json(await run_job("igoudar.verify", request, tell, ctx.cancelled, GONE))


class Rows(Protocol):
    """How a record stands in the engine, and what it says."""

    def rows_of(self, record: Values, /) -> Values: ...
    def record_of(self, rows: Values, /) -> Values: ...


class FloorResource(RecordResource):
    """`ordered` says what is to be done between two records; where something is, it is written for staff.

    `seen` is a record with what the devices said.
    """

    def __init__(
        self,
        token: str,
        rows: Rows,
        ordered: Callable[[str, Values, Values, date], Order],
        seen: Callable[[str, Values, Floor], Found],
        asking: Asking,
    ) -> None:
        super().__init__(token)
        self.rows, self.ordered, self.seen, self.asking = rows, ordered, seen, asking

    def order(self, name: str, old: Values, new: Values, day: date) -> Order:
        return self.ordered(name, self.rows.record_of(old), self.rows.record_of(new), day)

    def found(self, name: str, rows: Values, floor: Floor) -> Found:
        """What is as recorded stays so to the letter: an older igoudar wrote it otherwise, no drift."""
        record = self.rows.record_of(rows)
        found = self.seen(name, record, floor)
        same = {key for key, told in found.record.items() if key in record and told == record[key]}
        new = self.rows.rows_of(found.record)
        return replace(found, record={key: rows[key] if key in same else row for key, row in new.items()})

    async def create(self, new: Values, ctx: Context) -> tuple[str, Values]:
        await self._write({}, new, ctx)
        return ctx.name, {}

    async def update(self, old: Values, new: Values, outputs: Values, ctx: Context) -> Values:
        await self._write(old, new, ctx)
        return {}

    async def read(
        self, identity: str, inputs: Values, outputs: Values, ctx: Context
    ) -> tuple[Values, Values]:
        floor = await self.asking.floor(ctx)
        found = self.found(ctx.name, inputs, floor)
        if silent := not_answered(found.asked, floor):
            await ctx.log("warning", silent)
        for note in found.notes:
            await ctx.log("warning", note)
        return found.record, outputs

    async def delete(self, identity: str, inputs: Values, outputs: Values, ctx: Context) -> None:
        await self._write(inputs, {}, ctx)

    async def _write(self, old: Values, new: Values, ctx: Context) -> None:
        if ctx.preview:
            return
        order = self.order(ctx.name, old, new, today())
        if not order.sections:
            return
        from igoudar.hall.order_sheet import sheet  # noqa: PLC0415 - draws, which few runs need

        root = find_root(Path.cwd())
        path = root / FOLDER / f"{ctx.name}-{new_id()}.md"
        write_whole(path, order.markdown())
        write_whole(path.with_suffix(".pdf"), sheet(order))
        await ctx.log("info", f"work order: {path.relative_to(root)}, and as .pdf to print")


_asking = Asking()
RESOURCES = [
    FloorResource("igoudar:hall:Racks", unit_row, work_order, racks_as_found, _asking),
    FloorResource("igoudar:hall:Cabling", cable_row, cable_order, cables_as_found, _asking),
]
