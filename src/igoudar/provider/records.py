"""Records: circuits, sessions, VPCs, and what racks have of one. Their diffs are true and nested.

Each stands in Pulumi's state exactly as the stack described it. `Read` answers with the record: what is
live is judged by `igoudar verify`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from igoudar.provider.kit import Context, Diff, Kind, Resource

TOKENS = ("igoudar:uplink:Circuit", "igoudar:uplink:Session", "igoudar:tenant:Vpc")
Values = Mapping[str, Any]


class RecordResource(Resource):
    """One class for all record tokens; the inputs are the record, there are no outputs."""

    def __init__(self, token: str) -> None:
        self.token = token

    async def diff(self, old: Values, new: Values, outputs: Values, ctx: Context) -> Diff:
        return Diff(dict(changed_paths(old, new)))

    async def create(self, new: Values, ctx: Context) -> tuple[str, Values]:
        return ctx.name, {}

    async def update(self, old: Values, new: Values, outputs: Values, ctx: Context) -> Values:
        return {}

    async def read(
        self, identity: str, inputs: Values, outputs: Values, ctx: Context
    ) -> tuple[Values, Values]:
        return inputs, outputs

    async def delete(self, identity: str, inputs: Values, outputs: Values, ctx: Context) -> None:
        return None


def changed_paths(old: Any, new: Any, path: str = "") -> list[tuple[str, Kind]]:
    """Property paths at which two values differ, as deep as both are mappings."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        found: list[tuple[str, Kind]] = []
        for key in sorted({*old, *new}):
            here = f'{path}["{key}"]' if path else f'["{key}"]'
            if key not in old:
                found.append((here, Kind.ADD))
            elif key not in new:
                found.append((here, Kind.DELETE))
            else:
                found += changed_paths(old[key], new[key], here)
        return found
    return [] if old == new else [(path, Kind.UPDATE)]


RESOURCES = [RecordResource(token) for token in TOKENS]
