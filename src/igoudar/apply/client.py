"""The provider's side of the process that runs a transaction."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from igoudar.errors import DeviceFailed

Tell = Callable[[str, str], Awaitable[None]]
LONGEST_LINE = 1 << 30  # bytes: a result holds every text of a stack


async def in_process(
    run: str, root: Path, request: Mapping[str, Any], tell: Tell, cancelled: asyncio.Event
) -> dict[str, Any]:
    """The result of one job. Raises DeviceFailed with what it said, or that it died."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "igoudar.apply",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LONGEST_LINE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps({"run": run, "root": str(root), **request}).encode() + b"\n")
    await process.stdin.drain()
    watching = asyncio.create_task(_pass_on(cancelled, process.stdin))
    try:
        while line := await process.stdout.readline():
            told = json.loads(line)
            match told["event"]:
                case "progress":
                    await tell(told["name"], told["text"])
                case "failed":
                    raise DeviceFailed(told["error"])
                case "done":
                    result: dict[str, Any] = told["result"]
                    return result
    finally:
        watching.cancel()
        process.stdin.close()
        await process.wait()
    raise DeviceFailed(
        f"the process of the transaction ended with status {process.returncode}; switches that had not voted "
        "go back by themselves when their window ends, those that had do what the witnesses hold: see "
        "`igoudar txn`, then run again"
    )


async def _pass_on(cancelled: asyncio.Event, stdin: asyncio.StreamWriter) -> None:
    await cancelled.wait()
    stdin.write(b"cancel\n")
    await stdin.drain()
