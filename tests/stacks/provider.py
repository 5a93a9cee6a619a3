"""A provider for tests, on the same kit: a `Box` holds texts in a file, and does as its inputs ask.

files: {path: text}   fail: create fails half-way once   slow: seconds that create and update take
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from igoudar.process import die_with_parent
from igoudar.provider.kit import Context, Diff, Kind, PartialFailure, Resource, ResourceFailure, serve
from igoudar.provider.records import changed_paths

Values = Mapping[str, Any]


class Box(Resource):
    token = "test:index:Box"

    def __init__(self, store: Path) -> None:
        self.store = store

    def _write(self, event: str, **told: Any) -> None:
        with (self.store / "events").open("a", encoding="utf-8") as log:
            log.write(json.dumps({"event": event, "pid": os.getpid(), **told}) + "\n")

    async def check(self, new: Values, old: Values) -> tuple[Values, list[tuple[str, str]]]:
        return new, [("files", "must not be empty")] if new.get("files") == {} else []

    async def diff(self, old: Values, new: Values, outputs: Values, ctx: Context) -> Diff:
        left = {f'["left"]["{name}"]': Kind.DELETE for name in outputs.get("left", {})}
        return Diff({**dict(changed_paths(old, new)), **left})

    async def create(self, new: Values, ctx: Context) -> tuple[str, Values]:
        await self._work(new, ctx)
        if new.get("fail") and not (self.store / "failed").exists():
            (self.store / "failed").touch()
            outputs = {"done": 1, "left": {"two": "no route to host"}}
            raise PartialFailure(ctx.name, outputs, {**new, "fail": False}, ["one of two did not answer"])
        (self.store / f"{ctx.name}.json").write_text(json.dumps(new["files"]), "utf-8")
        return ctx.name, {"done": len(new["files"])}

    async def update(self, old: Values, new: Values, outputs: Values, ctx: Context) -> Values:
        await self._work(new, ctx)
        (self.store / f"{ctx.name}.json").write_text(json.dumps(new["files"]), "utf-8")
        return {"done": len(new["files"])}

    async def read(
        self, identity: str, inputs: Values, outputs: Values, ctx: Context
    ) -> tuple[Values, Values] | None:
        path = self.store / f"{identity}.json"
        if not path.exists():
            return inputs, outputs
        return {**inputs, "files": json.loads(path.read_text("utf-8"))}, outputs

    async def delete(self, identity: str, inputs: Values, outputs: Values, ctx: Context) -> None:
        self._write("delete", name=identity)

    async def _work(self, new: Values, ctx: Context) -> None:
        self._write("begin", name=ctx.name)
        await ctx.log("info", "working", ephemeral=True)
        deadline = time.monotonic() + float(new.get("slow", 0))
        while time.monotonic() < deadline:
            if ctx.cancelled.is_set():
                self._write("restored", name=ctx.name)
                raise ResourceFailure("interrupted; everything is as before")
            await asyncio.sleep(0.05)
        self._write("end", name=ctx.name)


if __name__ == "__main__":
    die_with_parent()
    asyncio.run(serve("0.1.0", [Box(Path(sys.argv.pop(1)))]))
