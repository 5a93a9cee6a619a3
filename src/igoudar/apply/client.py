"""The provider's side of the process that runs a transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from igoudar.jobs import Tell, run_job

GONE = (
    "the transaction ended with status {status}; switches that had not voted go back by themselves when "
    "their window ends, those that had do what the witnesses hold: see `igoudar txn`, then run again"
)


async def in_process(
    run: str, root: Path, request: Mapping[str, Any], tell: Tell, cancelled: asyncio.Event
) -> dict[str, Any]:
    """The result of one job. Raises DeviceFailed with what it said, or that it died."""
    whole = {"run": run, "root": str(root), **request}
    return await run_job("igoudar.apply", whole, tell, cancelled, GONE)
