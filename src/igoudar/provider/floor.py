"""`igoudar:hall:Racks` and `:Cabling`: records whose change is work for the staff on the floor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from igoudar.day import today
from igoudar.hall.cable_order import cable_order
from igoudar.hall.tick_list import Order
from igoudar.hall.work_order import work_order
from igoudar.provider.kit import Context
from igoudar.provider.records import RecordResource
from igoudar.runs import new_id
from igoudar.tree import find_root, write_whole

FOLDER = Path(".igoudar/work-orders")
Values = Mapping[str, Any]


class FloorResource(RecordResource):
    """`order` says what is to be done between two records; where something is, it is written for staff."""

    def __init__(self, token: str, order: Callable[[str, Values, Values, date], Order]) -> None:
        super().__init__(token)
        self.order = order

    async def create(self, new: Values, ctx: Context) -> tuple[str, Values]:
        await self._write({}, new, ctx)
        return ctx.name, {}

    async def update(self, old: Values, new: Values, outputs: Values, ctx: Context) -> Values:
        await self._write(old, new, ctx)
        return {}

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


RESOURCES = [
    FloorResource("igoudar:hall:Racks", work_order),
    FloorResource("igoudar:hall:Cabling", cable_order),
]
