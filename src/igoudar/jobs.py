"""A job in a process of its own that ends with its parent: one request in, progress and one result out.

One JSON object on stdin, events a line on stdout. A second line on stdin, whatever it says, cancels.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import threading
import traceback
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from igoudar.errors import DeviceFailed, IgoudarError

Tell = Callable[[str, str], Awaitable[None]]
Progress = Callable[[str, str], None]  # what it is about, and what is said of it
Request = dict[str, Any]
Job = Callable[[Request, Progress, threading.Event], dict[str, Any]]
LONGEST_LINE = 1 << 30  # bytes: a result holds every text of a stack


async def run_job(
    module: str, request: Mapping[str, Any], tell: Tell, cancelled: asyncio.Event, gone: str
) -> dict[str, Any]:
    """The result of `python -m MODULE`. Raises DeviceFailed with what it said, or that it died: `gone`
    is then the rest of the sentence.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LONGEST_LINE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(ConnectionError):  # it died before it listened; what it left says so below
        process.stdin.write(json.dumps(request).encode() + b"\n")
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
    raise DeviceFailed(f"the process of {gone.format(status=process.returncode)}")


async def _pass_on(cancelled: asyncio.Event, stdin: asyncio.StreamWriter) -> None:
    await cancelled.wait()
    stdin.write(b"cancel\n")
    await stdin.drain()


def answer(job: Job) -> None:
    """The other side: do the one job that stdin asks for."""
    request: Request = json.loads(sys.stdin.readline())
    stop = threading.Event()
    threading.Thread(target=_await_cancel, args=(stop,), daemon=True).start()
    lock = threading.Lock()

    def tell(**said: Any) -> None:
        with lock:
            print(json.dumps(said), flush=True)

    def progress(name: str, text: str) -> None:
        tell(event="progress", name=name, text=text)

    try:
        result = job(request, progress, stop)
    except IgoudarError as error:
        tell(event="failed", error=str(error))
    except Exception as error:  # a defect of ours: the trace is for us
        traceback.print_exc()
        tell(event="failed", error=f"internal error: {type(error).__name__}: {error}")
    else:
        tell(event="done", result=result)


def _await_cancel(stop: threading.Event) -> None:
    sys.stdin.readline()
    stop.set()
