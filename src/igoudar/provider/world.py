"""`igoudar:site:World`: the world whose devices the record is about. Everything depends on it.

A record of a twin says nothing about hardware, and the other way round: with the record of one, an update of
the other would find nothing to do. So the world of a record never changes; its update refuses before any
device is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from igoudar.provider.kit import Context, ResourceFailure
from igoudar.provider.records import RecordResource

Values = Mapping[str, Any]


class World(RecordResource):
    async def create(self, new: Values, ctx: Context) -> tuple[str, Values]:
        await ctx.log("info", f"{ctx.name}: {new['world']}")
        return ctx.name, {}

    async def update(self, old: Values, new: Values, outputs: Values, ctx: Context) -> Values:
        raise ResourceFailure(
            f"the record is about {_named(old)}, and this run would reach {_named(new)}; nothing was "
            "started; bring that world back, or drop the record with `pulumi destroy` (it touches no "
            "device), then `pulumi up`"
        )


def _named(values: Values) -> str:
    kind, _, number = str(values["world"]).partition(" ")
    return f"the twin {number}".strip() if kind == "twin" else kind


RESOURCES = [World("igoudar:site:World")]
