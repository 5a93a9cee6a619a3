"""`igoudar:hall:Racks`: the racks of a row; a change of what stands in them is a work order for the staff."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from igoudar.day import today
from igoudar.hall.work_order import work_order
from igoudar.provider.kit import Context
from igoudar.provider.records import RecordResource
from igoudar.runs import new_id
from igoudar.tree import find_root

FOLDER = Path(".igoudar/work-orders")
Values = Mapping[str, Any]


class Racks(RecordResource):
    def __init__(self) -> None:
        super().__init__("igoudar:hall:Racks")

    async def create(self, new: Values, ctx: Context) -> tuple[str, Values]:
        await self._order({}, new, ctx)
        return ctx.name, {}

    async def update(self, old: Values, new: Values, outputs: Values, ctx: Context) -> Values:
        await self._order(old, new, ctx)
        return {}

    async def _order(self, old: Values, new: Values, ctx: Context) -> None:
        if ctx.preview or not (text := work_order(ctx.name, old, new, today())):
            return
        root = find_root(Path.cwd())
        path = root / FOLDER / f"{ctx.name}-{new_id()}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".new")
        beside.write_text(text, "utf-8")
        beside.replace(path)
        await ctx.log("info", f"work order: {path.relative_to(root)}")


RESOURCES = [Racks()]
